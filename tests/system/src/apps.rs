//! Two Xero apps in one town: their secrets, served in the place of the stack's own, which knows one app.

use std::collections::BTreeMap;
use std::sync::Arc;

use local::embedded::http::{Server, bind, serve, text};
use local::embedded::secret_arn;
use local::stack::APP;
use serde_json::{Value, json};
use simulator::xero::AppSettings;

/// Our name of the app to which connections move.
pub const NEW_APP: &str = "certified";

/// Its webhook key before the present one; while keys are rotated, both are good.
pub const KEY_BEFORE: &str = "c2ltdWxhdGVkLXdlYmhvb2sta2V5LWJlZm9yZS1yb3RhdGlvbg==";

/// The app to which connections move.
pub fn new_app() -> AppSettings {
    AppSettings {
        name: "Ledger Lane Certified".to_owned(),
        client_id: "5D1E0000000000000000000000000002".to_owned(),
        client_secret: "simulated-client-secret-of-the-new-app".to_owned(),
        webhook_key: "c2ltdWxhdGVkLXdlYmhvb2sta2V5LW9mLXRoZS1uZXctYXBw".to_owned(),
        ..AppSettings::default()
    }
}

/// Serves the secrets of both apps, where there are two; answers what the functions' environment needs for it.
pub(crate) async fn secrets(second: Option<&AppSettings>) -> (Option<Server>, BTreeMap<String, String>) {
    let Some(second) = second else { return (None, BTreeMap::new()) };
    let first = AppSettings::default();
    let app = |name: &str, app: &AppSettings, new: bool| {
        json!({
            "name": name, "client_id": app.client_id, "client_secret": app.client_secret,
            "certified": new, "connects_new": new,
        })
    };
    let apps = json!([app(APP, &first, false), app(NEW_APP, second, true)]);
    let keys = json!({ APP: [first.webhook_key], NEW_APP: [second.webhook_key, KEY_BEFORE] });
    let by_arn: Arc<BTreeMap<String, String>> = Arc::new(BTreeMap::from([
        (secret_arn("XeroApps"), apps.to_string()),
        (secret_arn("XeroWebhookKeys"), keys.to_string()),
    ]));
    let server = serve(bind(0).await.unwrap(), 64 * 1024, move |request| {
        let by_arn = by_arn.clone();
        async move {
            let wanted: Value = serde_json::from_slice(request.body()).unwrap_or_default();
            let arn = wanted["SecretId"].as_str().unwrap_or_default();
            let answer = json!({ "ARN": arn, "SecretString": by_arn.get(arn) });
            text(200, "application/x-amz-json-1.1", answer.to_string())
        }
    });
    let server = server.unwrap();
    let environment = BTreeMap::from([("AWS_ENDPOINT_URL_SECRETS_MANAGER".to_owned(), server.url())]);
    (Some(server), environment)
}
