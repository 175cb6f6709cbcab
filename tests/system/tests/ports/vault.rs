//! The Vault port: sealing bound to an owner, and named secrets.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use aws::{AwsSettings, KmsVault, SecretsReader};
use local::embedded::http::{bind, serve, text};
use ports::{Vault, VaultError};
use secrecy::{ExposeSecret, SecretString};

use crate::adapters::{LOST_SECRET, SECRET, Services, services, world};
use crate::on_both;

/// A vault with one secret.
pub struct Scene {
    vault: Arc<dyn Vault>,
    _services: Option<Services>,
}

impl Scene {
    fn in_memory() -> Self {
        let vault = world().vault;
        vault.set_secret(SECRET.0, SECRET.1);
        Self { vault, _services: None }
    }

    async fn on_aws() -> Self {
        let services = services().await;
        let vault = Arc::new(KmsVault::new(&services.settings, "alias/TokenKey".into()));
        Self { vault, _services: Some(services) }
    }
}

on_both!(
    a_sealed_text_opens_for_its_owner,
    nobody_else_opens_it,
    an_altered_text_does_not_open,
    a_secret_is_read_by_its_name_and_an_absent_one_is_named,
);

const OWNER: &str = "acme#00000000-0000-4000-8000-000000000001";

async fn a_sealed_text_opens_for_its_owner(scene: Scene) {
    let long = "refresh-token ".repeat(2_000);
    for plain in ["a token", "", "with\nlines\nand ünïcode 🚚", &long] {
        for owner in [OWNER, "ö", "a\nb"] {
            let sealed = scene.vault.seal(owner, &plain.into()).await.unwrap();
            assert!(plain.is_empty() || !sealed.contains(plain), "it lies in the clear");
            assert!(sealed.is_ascii(), "{sealed}");
            assert_eq!(scene.vault.open(owner, &sealed).await.unwrap().expose_secret(), plain, "{owner}");
        }
    }
}

#[track_caller]
fn unopenable(what: &str, outcome: Result<SecretString, VaultError>) {
    assert!(matches!(outcome, Err(VaultError::Unopenable)), "{what}: {outcome:?}");
}

async fn nobody_else_opens_it(scene: Scene) {
    let sealed = scene.vault.seal(OWNER, &"a token".into()).await.unwrap();
    let longer = format!("{OWNER} ");
    for other in ["other#00000000-0000-4000-8000-000000000001", &OWNER[..OWNER.len() - 1], &longer, "ACME"] {
        unopenable(other, scene.vault.open(other, &sealed).await);
    }
    assert!(scene.vault.open(OWNER, &sealed).await.is_ok());
}

async fn an_altered_text_does_not_open(scene: Scene) {
    let sealed = scene.vault.seal(OWNER, &"a token that is long enough".into()).await.unwrap();
    // Every third character, so that length, wrapped key, nonce, text and tag are all met.
    for at in (0..sealed.len()).step_by(3) {
        let other = if sealed.as_bytes()[at] == b'B' { "C" } else { "B" };
        let altered = format!("{}{other}{}", &sealed[..at], &sealed[at + 1..]);
        unopenable(&altered, scene.vault.open(OWNER, &altered).await);
    }
    let another = scene.vault.seal(OWNER, &"another token that is long enough".into()).await.unwrap();
    let spliced = format!("{}{}", &sealed[..sealed.len() / 2], &another[another.len() / 2..]);
    let longer = format!("{sealed}AAAA");
    for wrong in [
        "",
        "v1.",
        "v1.AAAA",
        "v1.AAAAAAAAAAAAAAAAAAAAAAAA",
        "nonsense",
        "ü",
        &spliced,
        &longer,
        &sealed[..sealed.len() - 8],
    ] {
        unopenable(wrong, scene.vault.open(OWNER, wrong).await);
    }
    assert!(scene.vault.open(OWNER, &sealed).await.is_ok());
}

async fn a_secret_is_read_by_its_name_and_an_absent_one_is_named(scene: Scene) {
    for renew in [false, true, true, false] {
        assert_eq!(scene.vault.secret(SECRET.0, renew).await.unwrap().expose_secret(), SECRET.1, "renew {renew}");
        for absent in ["ABSENT_SECRET", LOST_SECRET] {
            let outcome = scene.vault.secret(absent, renew).await;
            assert!(matches!(outcome, Err(VaultError::NoSecret(name)) if name == absent), "{outcome:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_sealing_never_looks_like_another() {
    let scene = Scene::on_aws().await;
    let first = scene.vault.seal(OWNER, &"a token".into()).await.unwrap();
    let second = scene.vault.seal(OWNER, &"a token".into()).await.unwrap();
    let common = first.bytes().zip(second.bytes()).take_while(|(one, other)| one == other).count();
    assert!(common < 12, "{first} and {second}");
}

/// A secret store that counts its calls and answers with the number of the call, or fails.
async fn counting_store(fails_from: usize) -> (local::embedded::http::Server, Arc<AtomicUsize>, AwsSettings) {
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = calls.clone();
    let server = serve(bind(0).await.unwrap(), 4096, move |_| {
        let call = counted.fetch_add(1, Ordering::AcqRel) + 1;
        async move {
            let answer = format!(r#"{{"ARN":"arn","Name":"Keys","SecretString":"call {call}"}}"#);
            let refusal = r#"{"__type":"AccessDeniedException","message":"not allowed"}"#.to_owned();
            if call < fails_from {
                text(200, "application/x-amz-json-1.1", answer)
            } else {
                text(400, "application/x-amz-json-1.1", refusal)
            }
        }
    });
    let server = server.unwrap();
    let variables = BTreeMap::from([
        ("AWS_REGION", "eu-west-1".to_owned()),
        ("AWS_ACCESS_KEY_ID", "key".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "secret".to_owned()),
        ("AWS_ENDPOINT_URL", server.url()),
        ("KEYS", "arn:aws:secretsmanager:eu-west-1:000000000000:secret:Keys".to_owned()),
    ]);
    let settings = AwsSettings::with(move |name| variables.get(name).cloned()).unwrap();
    (server, calls, settings)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_renewals_makes_one_call_to_the_secret_store() {
    let (_server, calls, settings) = counting_store(usize::MAX).await;
    let reader = Arc::new(SecretsReader::new(&settings));
    let mut readers = tokio::task::JoinSet::new();
    for number in 0..20 {
        let reader = reader.clone();
        readers.spawn(async move { reader.read("KEYS", number % 2 == 0).await.unwrap().expose_secret().to_owned() });
    }
    assert!(readers.join_all().await.iter().all(|secret| secret == "call 1"));
    assert_eq!(calls.load(Ordering::Acquire), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_call_to_the_secret_store_is_not_remembered_as_a_secret() {
    let (_server, calls, settings) = counting_store(0).await;
    let reader = SecretsReader::new(&settings);
    for call in 1..=3 {
        let outcome = reader.read("KEYS", false).await;
        assert!(matches!(outcome, Err(VaultError::Unavailable(_))), "{outcome:?}");
        assert_eq!(calls.load(Ordering::Acquire), call);
    }
}
