//! What happens in a customer's books beside us: another product that is connected to the same organisation.

use kernel::{TenantId, XeroUserId};
use ports::{HttpRequest, HttpResponse, Method, Transport};
use serde_json::Value;
use simulator::xero::{AppSettings, Consent, Xero};
use url::Url;

const CALLBACK: &str = "https://other.example/callback";

/// Another vendor's app, connected to an organisation.
pub struct OtherApp {
    xero: Xero,
    tenant: TenantId,
    token: String,
}

impl OtherApp {
    /// Connects an app of such a number, which Xero has not certified.
    pub async fn connect(xero: &Xero, number: u32, user: XeroUserId, tenant: TenantId) -> Self {
        let settings = AppSettings {
            name: format!("Other product {number}"),
            client_id: format!("5D1E{number:028}"),
            redirect_uris: vec![CALLBACK.to_owned()],
            certified: false,
            ..AppSettings::default()
        };
        xero.register_app(settings.clone());
        xero.set_consent(Consent::Allow { user, tenants: vec![tenant], only_scopes: Vec::new() });
        let mut authorize = Url::parse("https://login.xero.com/identity/connect/authorize").unwrap();
        authorize.query_pairs_mut().extend_pairs([
            ("response_type", "code"),
            ("client_id", &settings.client_id),
            ("redirect_uri", CALLBACK),
            ("scope", "openid offline_access accounting.invoices accounting.payments"),
            ("state", "other"),
        ]);
        let back = send(xero, Method::Get, authorize.as_str(), Vec::new(), String::new()).await;
        let back = Url::parse(back.header("location").unwrap()).unwrap();
        let code = back.query_pairs().find(|(name, _)| name == "code").expect("Xero gives a code").1.into_owned();
        let form = [
            ("grant_type", "authorization_code"),
            ("code", &code),
            ("redirect_uri", CALLBACK),
            ("client_id", &settings.client_id),
            ("client_secret", &settings.client_secret),
        ];
        let form = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let kind = vec![("content-type".to_owned(), "application/x-www-form-urlencoded".to_owned())];
        let answer = send(xero, Method::Post, "https://identity.xero.com/connect/token", kind, form).await;
        let answer: Value = serde_json::from_slice(&answer.body).unwrap();
        Self { xero: xero.clone(), tenant, token: answer["access_token"].as_str().unwrap().to_owned() }
    }

    /// Uses a credit (a credit note, prepayment or overpayment, by its collection) on an invoice.
    pub async fn allocate(&self, collection: &str, credit: &str, invoice: &str, amount: &str) {
        let body = format!(r#"{{"Amount":{amount},"Invoice":{{"InvoiceID":"{invoice}"}}}}"#);
        self.call(Method::Put, &format!("{collection}/{credit}/Allocations"), body).await;
    }

    /// Takes an allocation back.
    pub async fn take_back(&self, collection: &str, credit: &str, allocation: &str) {
        self.call(Method::Delete, &format!("{collection}/{credit}/Allocations/{allocation}"), String::new()).await;
    }

    async fn call(&self, method: Method, path: &str, body: String) {
        let url = format!("https://api.xero.com/api.xro/2.0/{path}");
        let mut headers = vec![
            ("authorization".to_owned(), format!("Bearer {}", self.token)),
            ("xero-tenant-id".to_owned(), self.tenant.to_string()),
            ("accept".to_owned(), "application/json".to_owned()),
            ("content-type".to_owned(), "application/json".to_owned()),
        ];
        if method == Method::Put {
            headers.push(("idempotency-key".to_owned(), format!("other-{path}")));
        }
        let answer = send(&self.xero, method, &url, headers, body).await;
        assert_eq!(answer.status, 200, "{path}: {:?}", answer.body);
    }
}

async fn send(xero: &Xero, method: Method, url: &str, headers: Vec<(String, String)>, body: String) -> HttpResponse {
    let request = HttpRequest {
        method,
        url: url.to_owned(),
        headers,
        body: body.into(),
        timeout: std::time::Duration::from_secs(10),
        response_bytes_max: 1 << 20,
    };
    xero.send(request).await.unwrap()
}
