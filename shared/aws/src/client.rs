//! What every AWS client needs: region, credentials, address, one HTTP client.

use std::sync::Arc;
use std::time::Duration;

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_http_client::tls::{self, TlsContext, TrustStore};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use memchr::memmem::Finder;

/// A missing or malformed variable, by name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the environment variable {0} is missing; Lambda sets it, elsewhere set it by hand")]
pub struct SettingsError(pub String);

/// Region, credentials and addresses, read once.
#[derive(Clone)]
pub struct AwsSettings {
    region: String,
    keys: Credentials,
    credentials: SharedCredentialsProvider,
    http: SharedHttpClient,
    lookup: Lookup,
}

/// Finds a variable by name.
type Lookup = Arc<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// One try of a call; a call is tried up to three times.
const ATTEMPT: Duration = Duration::from_secs(4);
/// A call with all its tries.
const OPERATION: Duration = Duration::from_secs(12);
const CONNECT: Duration = Duration::from_secs(2);

impl AwsSettings {
    /// Reads the environment that Lambda gives.
    pub fn from_env() -> Result<Self, SettingsError> {
        Self::with(|name| std::env::var(name).ok())
    }

    /// The same from variables of another place, so that one process can speak to several deployments.
    pub fn with<F>(lookup: F) -> Result<Self, SettingsError>
    where
        F: Fn(&str) -> Option<String> + Send + Sync + 'static,
    {
        let required = |name: &str| lookup(name).ok_or_else(|| SettingsError(name.to_owned()));
        let (id, secret) = (required("AWS_ACCESS_KEY_ID")?, required("AWS_SECRET_ACCESS_KEY")?);
        let session = lookup("AWS_SESSION_TOKEN").filter(|token| !token.is_empty());
        let credentials = Credentials::new(id, secret, session, None, "environment");
        Ok(Self {
            region: required("AWS_REGION")?,
            credentials: SharedCredentialsProvider::new(credentials.clone()),
            keys: credentials,
            http: http_client(),
            lookup: Arc::new(lookup),
        })
    }

    /// A variable, if it is set.
    pub(crate) fn variable(&self, name: &str) -> Option<String> {
        (self.lookup)(name)
    }

    /// The settings for one service's client. `service` is the suffix of its address variable, such as `SQS`.
    pub fn config(&self, service: &str) -> aws_types::SdkConfig {
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(CONNECT)
            .operation_attempt_timeout(ATTEMPT)
            .operation_timeout(OPERATION)
            .build();
        let builder = aws_types::SdkConfig::builder()
            .behavior_version(aws_smithy_runtime_api::client::behavior_version::BehaviorVersion::v2026_01_12())
            .region(aws_types::region::Region::new(self.region.clone()))
            .credentials_provider(self.credentials.clone())
            .http_client(self.http.clone())
            .retry_config(RetryConfig::standard().with_max_attempts(3))
            .timeout_config(timeouts);
        match self.endpoint(service) {
            Some(address) => builder.endpoint_url(address).build(),
            None => builder.build(),
        }
    }

    /// The region.
    pub(crate) fn region(&self) -> &str {
        &self.region
    }

    /// The keys that sign.
    pub(crate) fn keys(&self) -> &Credentials {
        &self.keys
    }

    /// The address of a service, where it is not AWS's own.
    pub(crate) fn endpoint(&self, service: &str) -> Option<String> {
        let of_service = self.variable(&format!("AWS_ENDPOINT_URL_{service}"));
        of_service.or_else(|| self.variable("AWS_ENDPOINT_URL")).filter(|address| !address.is_empty())
    }
}

/// Trusts Amazon's own roots only: reading the system's whole bundle costs four times the start of the process.
fn http_client() -> SharedHttpClient {
    let mut trust = TrustStore::empty();
    for root in amazon_roots() {
        trust = trust.with_pem_certificate(root);
    }
    let context = TlsContext::builder().with_trust_store(trust).build();
    let builder = aws_smithy_http_client::Builder::new()
        .tls_provider(tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring));
    match context {
        Ok(context) => builder.tls_context(context).build_https(),
        // Without a context of our own the system's bundle is trusted, which holds Amazon's roots as well.
        Err(_) => builder.build_https(),
    }
}

/// The roots of Amazon Trust Services, by the names in their certificates.
const AMAZON_NAMES: &[&str] = &["Amazon Root CA", "Starfield Services Root Certificate Authority"];

fn amazon_roots() -> impl Iterator<Item = String> {
    // A plain search through all roots took half of a cold start's instructions.
    let names: Vec<Finder<'_>> = AMAZON_NAMES.iter().map(Finder::new).collect();
    let amazons = move |der: &[u8]| names.iter().any(|name| name.find(der).is_some());
    webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter().filter(move |der| amazons(der)).map(|der| {
        let text = STANDARD.encode(der);
        format!("-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_five_roots_of_amazon_are_found() {
        assert_eq!(amazon_roots().count(), 5);
    }
}
