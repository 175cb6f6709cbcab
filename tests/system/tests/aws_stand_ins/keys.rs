//! KMS and the rest: what is sealed opens under its own context alone, and what is not served is said.

use aws_sdk_kms::error::ProvideErrorMetadata;
use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::DataKeySpec;

use super::Services;

const KEY: &str = "alias/TokenKey";

#[tokio::test(flavor = "multi_thread")]
async fn a_ciphertext_opens_under_its_own_encryption_context_alone() {
    let services = Services::start().await;
    let kms = services.kms();
    let encrypted = kms.encrypt().key_id(KEY).plaintext(Blob::new("a token"));
    let encrypted = encrypted.encryption_context("owner", "acme").encryption_context("purpose", "tokens");
    let blob = encrypted.send().await.unwrap().ciphertext_blob.unwrap();
    // A map has no order: the context is the same however it is written. Tried often, because clients shuffle it.
    for _ in 0..20 {
        let opened = kms.decrypt().key_id(KEY).ciphertext_blob(blob.clone());
        let opened = opened.encryption_context("purpose", "tokens").encryption_context("owner", "acme").send().await;
        assert_eq!(opened.unwrap().plaintext.unwrap().as_ref(), b"a token");
    }
    let contexts: [&[(&str, &str)]; 6] = [
        &[],
        &[("owner", "acme")],
        &[("owner", "other"), ("purpose", "tokens")],
        &[("Owner", "acme"), ("purpose", "tokens")],
        &[("owner", "tokens"), ("purpose", "acme")],
        &[("owner", "acme"), ("purpose", "tokens"), ("more", "yes")],
    ];
    for context in contexts {
        let request = kms.decrypt().key_id(KEY).ciphertext_blob(blob.clone());
        let request = context.iter().fold(request, |request, (name, value)| request.encryption_context(*name, *value));
        let refused = request.send().await.unwrap_err();
        assert!(refused.as_service_error().unwrap().is_invalid_ciphertext_exception(), "{context:?}: {refused:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_data_key_is_new_each_time_and_unwraps_to_itself() {
    let services = Services::start().await;
    let kms = services.kms();
    let mut seen = Vec::new();
    for (spec, bytes) in [(DataKeySpec::Aes256, 32), (DataKeySpec::Aes256, 32), (DataKeySpec::Aes128, 16)] {
        let made = kms.generate_data_key().key_id(KEY).key_spec(spec).encryption_context("owner", "acme");
        let made = made.send().await.unwrap();
        let (plain, wrapped) = (made.plaintext.unwrap(), made.ciphertext_blob.unwrap());
        assert_eq!(plain.as_ref().len(), bytes);
        assert!(!wrapped.as_ref().windows(bytes).any(|window| window == plain.as_ref()), "it lies in the clear");
        let opened = kms.decrypt().ciphertext_blob(wrapped.clone()).encryption_context("owner", "acme");
        assert_eq!(opened.send().await.unwrap().plaintext.unwrap(), plain);
        assert!(!seen.contains(&plain));
        seen.push(plain);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_altered_cut_or_empty_ciphertext_is_refused() {
    let services = Services::start().await;
    let kms = services.kms();
    let made = kms.encrypt().key_id(KEY).plaintext(Blob::new("a token")).send().await.unwrap();
    let blob = made.ciphertext_blob.unwrap().into_inner();
    for at in 0..blob.len() {
        let mut altered = blob.clone();
        altered[at] ^= 1;
        let refused = kms.decrypt().ciphertext_blob(Blob::new(altered)).send().await.unwrap_err();
        assert!(refused.as_service_error().unwrap().is_invalid_ciphertext_exception(), "byte {at}: {refused:?}");
    }
    let cut = kms.decrypt().ciphertext_blob(Blob::new(&blob[..5])).send().await.unwrap_err();
    assert_eq!(cut.code(), Some("InvalidCiphertextException"));
    let empty = kms.decrypt().ciphertext_blob(Blob::new(Vec::new())).send().await.unwrap_err();
    assert_eq!(empty.code(), Some("ValidationException"));
    assert_eq!(
        kms.decrypt().ciphertext_blob(Blob::new(blob)).send().await.unwrap().plaintext.unwrap().as_ref(),
        b"a token"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_action_that_is_not_served_says_so() {
    let services = Services::start().await;
    let kms = services.kms().list_keys().send().await.unwrap_err();
    assert_eq!(kms.code(), Some("UnknownOperationException"));
    let dynamodb = services.dynamodb().list_backups().send().await.unwrap_err();
    assert_eq!(dynamodb.code(), Some("UnknownOperationException"));
    let sqs = services.sqs().list_message_move_tasks().source_arn("arn").send().await.unwrap_err();
    assert!(sqs.message().unwrap().contains("ListMessageMoveTasks"), "{sqs:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_of_an_unknown_id_is_not_found() {
    let services = Services::start().await;
    // The reader of secrets is tried with the real SDK beside the other ports; this is the answer it meets.
    let request = local::caller::plain_client().unwrap().post(services.embedded.endpoint("SECRETS_MANAGER"));
    let request = request.header("x-amz-target", "secretsmanager.GetSecretValue");
    let answer = request.body(r#"{"SecretId":"arn:aws:secretsmanager:eu-west-1:000000000000:secret:Nobodys"}"#);
    let answer = answer.send().await.unwrap();
    assert_eq!(answer.status().as_u16(), 400);
    let refusal: serde_json::Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
    assert_eq!(refusal["__type"], "ResourceNotFoundException");
}
