//! A small stage for tests of the simulated Xero: one app, one user, one organisation, a clock that stands still.
#![allow(clippy::unwrap_used)] // A test may stop where it stands.
#![allow(dead_code)] // Each test file uses a part.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine;
use bytes::Bytes;
use jiff::SignedDuration;
use kernel::{TenantId, Timestamp, XeroUserId};
use ports::{Clock, HttpRequest, HttpResponse, Method, Transport, TransportError};
use serde_json::{Value, json};
use simulator::xero::{
    AppId, AppSettings, Consent, DemoSettings, GRANULAR_SCOPES, Role, UserSettings, Xero, XeroSettings,
};

/// A clock that moves when told.
pub struct StillClock(Mutex<Timestamp>);

impl StillClock {
    /// At an instant.
    pub fn at(text: &str) -> Arc<Self> {
        Arc::new(Self(Mutex::new(text.parse().unwrap())))
    }

    /// Moves on.
    pub fn pass(&self, secs: i64) {
        let mut now = self.0.lock().unwrap();
        *now = now.checked_add(SignedDuration::from_secs(secs)).unwrap();
    }
}

impl Clock for StillClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

/// Everything a test needs.
pub struct Scene {
    pub xero: Xero,
    pub clock: Arc<StillClock>,
    pub app: AppId,
    pub user: XeroUserId,
    pub tenant: TenantId,
    pub tokens: Value,
    pub keys: AtomicUsize,
}

pub const REDIRECT: &str = "http://localhost:3000/oauth/callback";

impl Scene {
    /// A connected organisation of so many invoices.
    pub async fn with(invoices: usize) -> Self {
        Self::set(DemoSettings::sized(11, invoices)).await
    }

    /// A connected organisation.
    pub async fn set(demo: DemoSettings) -> Self {
        let mut scene = Self::unconnected(demo);
        scene.tokens = scene.connect().await;
        scene
    }

    /// A connected organisation of five invoices in a Xero of other settings.
    pub async fn ruled(settings: XeroSettings) -> Self {
        let mut scene = Self::within(settings, DemoSettings::sized(11, 5));
        scene.tokens = scene.connect().await;
        scene
    }

    /// Everything but a consent.
    pub fn unconnected(demo: DemoSettings) -> Self {
        Self::within(XeroSettings::default(), demo)
    }

    /// Everything but a consent, in a Xero of other settings.
    pub fn within(settings: XeroSettings, demo: DemoSettings) -> Self {
        Self::of_app(settings, demo, AppSettings::default())
    }

    /// The same for an app that may ask for what is stated.
    pub fn of_app(settings: XeroSettings, demo: DemoSettings, app: AppSettings) -> Self {
        let clock = StillClock::at("2026-10-05T09:00:00Z");
        let xero = Xero::new(settings, clock.clone());
        let app = xero.register_app(app);
        let user = xero.register_user(UserSettings::default());
        let tenant = xero.register_organisation(&demo);
        xero.set_role(user, tenant, Role::Adviser);
        xero.set_consent(Consent::Allow { user, tenants: vec![tenant], only_scopes: Vec::new() });
        Self { xero, clock, app, user, tenant, tokens: Value::Null, keys: Default::default() }
    }

    /// Goes to the consent page; the address it sends the browser to, if any.
    pub async fn authorize(&self, scope: &str, extra: &str) -> Option<String> {
        let client = AppSettings::default().client_id;
        let scope = scope.replace(' ', "%20");
        let redirect = REDIRECT.replace(':', "%3A").replace('/', "%2F");
        let url = format!(
            "https://login.xero.com/identity/connect/authorize?response_type=code&client_id={client}&redirect_uri={redirect}&scope={scope}&state=st%201{extra}"
        );
        let answer = self.raw(Method::Get, &url, &[], "").await.unwrap();
        assert!(answer.status == 302 || answer.status == 200);
        answer.header("location").map(str::to_owned)
    }

    /// Consents and changes the code.
    pub async fn connect(&self) -> Value {
        let back = self.authorize(&all_scopes(), "").await.unwrap();
        let answer = self.redeem(&parameter(&back, "code").unwrap(), "").await;
        assert_eq!(answer.status, 200, "{}", text(&answer));
        body(&answer)
    }

    pub async fn redeem(&self, code: &str, extra: &str) -> HttpResponse {
        let redirect = REDIRECT.replace(':', "%3A").replace('/', "%2F");
        self.token(&format!("grant_type=authorization_code&code={code}&redirect_uri={redirect}{extra}")).await.unwrap()
    }

    pub async fn refresh(&self, token: &str) -> HttpResponse {
        self.token(&format!("grant_type=refresh_token&refresh_token={token}")).await.unwrap()
    }

    pub async fn token(&self, form: &str) -> Result<HttpResponse, TransportError> {
        let settings = AppSettings::default();
        let basic = format!("{}:{}", settings.client_id, settings.client_secret);
        let basic = format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(basic));
        let headers = [("Authorization", basic.as_str()), ("Content-Type", "application/x-www-form-urlencoded")];
        self.raw(Method::Post, "https://identity.xero.com/connect/token", &headers, form).await
    }

    pub fn access(&self) -> String {
        self.tokens["access_token"].as_str().unwrap_or_default().to_owned()
    }

    pub async fn raw(
        &self,
        method: Method,
        url: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Result<HttpResponse, TransportError> {
        let request = HttpRequest {
            method,
            url: url.to_owned(),
            headers: headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
            body: Bytes::from(body.to_owned()),
            timeout: Duration::from_secs(10),
            response_bytes_max: 64 << 20,
        };
        self.xero.send(request).await
    }

    /// A call of `/connections` below that path.
    pub async fn connections(&self, method: Method, rest: &str) -> Result<HttpResponse, TransportError> {
        let bearer = format!("Bearer {}", self.access());
        let url = format!("https://api.xero.com/connections{rest}");
        self.raw(method, &url, &[("Authorization", &bearer), ("Accept", "application/json")], "").await
    }

    /// A call of the Accounting API by a caller who waits so long.
    pub async fn hurried(
        &self,
        method: Method,
        path: &str,
        payload: &str,
        timeout: Duration,
    ) -> Result<HttpResponse, TransportError> {
        let headers = [
            ("Authorization", format!("Bearer {}", self.access())),
            ("xero-tenant-id", self.tenant.to_string()),
            ("Accept", "application/json".to_owned()),
            ("Content-Type", "application/json".to_owned()),
        ];
        let request = HttpRequest {
            method,
            url: format!("https://api.xero.com/api.xro/2.0{}", escaped(path)),
            headers: headers.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect(),
            body: Bytes::from(payload.to_owned()),
            timeout,
            response_bytes_max: 64 << 20,
        };
        self.xero.send(request).await
    }

    /// A call of the Accounting API with the usual headers and more.
    pub async fn call(&self, method: Method, path: &str, more: &[(&str, &str)], payload: &str) -> HttpResponse {
        self.try_call(method, path, more, payload).await.unwrap()
    }

    pub async fn try_call(
        &self,
        method: Method,
        path: &str,
        more: &[(&str, &str)],
        payload: &str,
    ) -> Result<HttpResponse, TransportError> {
        let (bearer, tenant) = (format!("Bearer {}", self.access()), self.tenant.to_string());
        let mut headers = vec![
            ("Authorization", bearer.as_str()),
            ("xero-tenant-id", tenant.as_str()),
            ("Accept", "application/json"),
        ];
        if !payload.is_empty() {
            headers.push(("Content-Type", "application/json"));
        }
        headers.extend_from_slice(more);
        let url = format!("https://api.xero.com/api.xro/2.0{}", escaped(path));
        self.raw(method, &url, &headers, payload).await
    }

    pub async fn get(&self, path: &str) -> Value {
        let answer = self.call(Method::Get, path, &[], "").await;
        assert_eq!(answer.status, 200, "{path}: {}", text(&answer));
        body(&answer)
    }

    pub async fn put(&self, path: &str, payload: Value) -> HttpResponse {
        self.call(Method::Put, path, &[("Idempotency-Key", &self.fresh_key())], &payload.to_string()).await
    }

    pub async fn post(&self, path: &str, payload: Value) -> HttpResponse {
        self.call(Method::Post, path, &[("Idempotency-Key", &self.fresh_key())], &payload.to_string()).await
    }

    /// A key that no call before had.
    fn fresh_key(&self) -> String {
        format!("key-{}", self.keys.fetch_add(1, Ordering::Relaxed))
    }

    /// A write that must succeed; the first element of the answer.
    pub async fn made(&self, path: &str, payload: Value) -> Value {
        first(&self.put(path, payload).await)
    }

    /// Some active contact's id.
    pub async fn contact(&self) -> String {
        self.get("/Contacts?page=1").await["Contacts"][0]["ContactID"].as_str().unwrap().to_owned()
    }

    /// An account's id by its code.
    pub async fn account(&self, code: &str) -> String {
        let accounts = self.get("/Accounts").await;
        let found = accounts["Accounts"].as_array().unwrap().iter().find(|each| each["Code"] == code);
        found.unwrap()["AccountID"].as_str().unwrap().to_owned()
    }

    /// The body of a bill over 120.00 in all.
    pub async fn bill(&self, status: &str) -> Value {
        let contact = self.contact().await;
        json!({
            "Type": "ACCPAY", "Status": status, "Contact": { "ContactID": contact }, "Date": "2026-10-01",
            "DueDate": "2026-10-31", "InvoiceNumber": "SUP-9912", "LineAmountTypes": "Exclusive",
            "LineItems": [{
                "Description": "Hosting", "Quantity": 1, "UnitAmount": 100.00, "AccountCode": "463", "TaxType": "INPUT2",
            }],
        })
    }
}

/// The only element of a successful answer's list.
pub fn first(answer: &HttpResponse) -> Value {
    assert_eq!(answer.status, 200, "{}", text(answer));
    let body = body(answer);
    let list = body.as_object().unwrap().values().find_map(Value::as_array).unwrap();
    list[0].clone()
}

/// Every validation message of a 400, joined.
pub fn messages(answer: &HttpResponse) -> String {
    assert_eq!(answer.status, 400, "{}", text(answer));
    fn collect(value: &Value, out: &mut Vec<String>) {
        match value {
            Value::Object(fields) => fields.iter().for_each(|(name, inner)| match inner.as_str() {
                Some(text) if name == "Message" => out.push(text.to_owned()),
                _ => collect(inner, out),
            }),
            Value::Array(items) => items.iter().for_each(|item| collect(item, out)),
            _ => (),
        }
    }
    let mut out = Vec::new();
    collect(&body(answer), &mut out);
    out.join("; ")
}

pub fn all_scopes() -> String {
    let wanted = GRANULAR_SCOPES.iter().filter(|scope| !scope.ends_with(".read") || scope.contains("reports"));
    wanted.copied().collect::<Vec<_>>().join(" ")
}

pub fn parameter(url: &str, name: &str) -> Option<String> {
    let query = url.split_once('?')?.1;
    let pair = query.split('&').find_map(|pair| pair.strip_prefix(&format!("{name}=")))?;
    Some(pair.to_owned())
}

pub fn body(answer: &HttpResponse) -> Value {
    serde_json::from_slice(&answer.body).unwrap_or_else(|_| panic!("not JSON: {}", text(answer)))
}

pub fn text(answer: &HttpResponse) -> String {
    String::from_utf8_lossy(&answer.body).into_owned()
}

fn escaped(path: &str) -> String {
    path.replace(' ', "%20").replace('"', "%22").replace('>', "%3E").replace('<', "%3C")
}
