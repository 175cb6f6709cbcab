//! What is kept in a folder is there again after a restart, and only there.

use std::collections::HashMap;
use std::path::PathBuf;

use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_kms::primitives::Blob;
use aws_sdk_s3::primitives::ByteStream;
use local::embedded::queue_url;

use super::{DEAD, DOCUMENTS, LIVE, RECEIVES_MAX, Services, TABLE, bodies, receive};

/// A folder that goes with the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("counterfoil-stand-ins-{name}-{}", std::process::id()));
        drop(std::fs::remove_dir_all(&path));
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

async fn send(services: &Services, body: &str) {
    let request = services.sqs().send_message().queue_url(queue_url(LIVE)).message_body(body);
    request.message_group_id("g").message_deduplication_id(body).send().await.unwrap();
}

fn item(sort: &str) -> HashMap<String, AttributeValue> {
    [("PK", "p"), ("SK", sort)].map(|(name, value)| (name.to_owned(), AttributeValue::S(value.into()))).into()
}

#[tokio::test(flavor = "multi_thread")]
async fn objects_messages_rows_and_keys_survive_a_restart() {
    let folder = Folder::new("kept");
    let long_key = "päth/".repeat(150);
    let body: Vec<u8> = (0..=255).chain(*b"\n\n{}\n").collect();
    let sealed = {
        let services = Services::keeping(Some(folder.0.clone())).await;
        for key in ["a.pdf", "gone.pdf", &long_key] {
            let put = services.s3().put_object().bucket(DOCUMENTS).key(key).content_type("application/pdf");
            put.body(ByteStream::from(body.clone())).send().await.unwrap();
        }
        services.s3().delete_object().bucket(DOCUMENTS).key("gone.pdf").send().await.unwrap();
        services.dynamodb().put_item().table_name(TABLE).set_item(Some(item("kept"))).send().await.unwrap();
        for _ in 0..2 {
            send(&services, "waiting").await;
        }
        assert_eq!(bodies(&receive(&services, LIVE).await), ["waiting"], "received once before the restart");
        services.embedded.save().unwrap();
        let sealed = services.kms().encrypt().key_id("alias/TokenKey").plaintext(Blob::new("a token"));
        sealed.encryption_context("owner", "acme").send().await.unwrap().ciphertext_blob.unwrap()
    };
    let services = Services::keeping(Some(folder.0.clone())).await;
    for key in ["a.pdf", &long_key] {
        let got = services.s3().get_object().bucket(DOCUMENTS).key(key).send().await.unwrap();
        assert_eq!(got.content_type(), Some("application/pdf"));
        assert!(got.body.collect().await.unwrap().into_bytes() == body, "{key}");
    }
    assert_eq!(services.s3().list_objects_v2().bucket(DOCUMENTS).send().await.unwrap().key_count(), Some(2));
    let got = services.dynamodb().get_item().table_name(TABLE).set_key(Some(item("kept"))).send().await.unwrap();
    assert_eq!(got.item(), Some(&item("kept")));
    let opened = services.kms().decrypt().ciphertext_blob(sealed).encryption_context("owner", "acme");
    assert_eq!(opened.send().await.unwrap().plaintext.unwrap().as_ref(), b"a token");
    // Still hidden, still known to deduplication, and its receives go on counting.
    send(&services, "waiting").await;
    assert!(receive(&services, LIVE).await.is_empty());
    for _ in 1..RECEIVES_MAX {
        services.pass(30);
        assert_eq!(bodies(&receive(&services, LIVE).await), ["waiting"]);
    }
    services.pass(30);
    assert!(receive(&services, LIVE).await.is_empty());
    assert_eq!(bodies(&receive(&services, DEAD).await), ["waiting"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_folder_everything_goes_with_the_services() {
    let sealed = {
        let services = Services::start().await;
        services.dynamodb().put_item().table_name(TABLE).set_item(Some(item("kept"))).send().await.unwrap();
        services.embedded.save().unwrap();
        let sealed = services.kms().encrypt().key_id("alias/TokenKey").plaintext(Blob::new("a token")).send().await;
        sealed.unwrap().ciphertext_blob.unwrap()
    };
    let services = Services::start().await;
    let got = services.dynamodb().get_item().table_name(TABLE).set_key(Some(item("kept"))).send().await.unwrap();
    assert_eq!(got.item(), None);
    assert!(services.kms().decrypt().ciphertext_blob(sealed).send().await.is_err(), "the keys are other keys");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_file_is_named_instead_of_taken_for_nothing() {
    let folder = Folder::new("damaged");
    {
        let services = Services::keeping(Some(folder.0.clone())).await;
        let put = services.s3().put_object().bucket(DOCUMENTS).key("a.pdf").body(ByteStream::from_static(b"x"));
        put.send().await.unwrap();
        services.embedded.save().unwrap();
    }
    let object = std::fs::read_dir(folder.0.join("objects")).unwrap().next().unwrap().unwrap().path();
    for file in [object, folder.0.join("queues.json"), folder.0.join("keys.seed")] {
        let kept = std::fs::read(&file).unwrap();
        for damage in [&b""[..], b"nonsense"] {
            std::fs::write(&file, damage).unwrap();
            let settings = local::embedded::EmbeddedSettings {
                keep: Some(folder.0.clone()),
                clock: std::sync::Arc::new(aws::SystemClock),
                secrets: std::collections::BTreeMap::new(),
            };
            let refused = local::embedded::Embedded::start(&super::plan(), settings).await.err();
            let words = format!("{:#}", refused.expect("it starts on a damaged file"));
            assert!(words.contains(&file.display().to_string()), "{words}");
        }
        std::fs::write(&file, kept).unwrap();
    }
    assert_eq!(Services::keeping(Some(folder.0.clone())).await.embedded.endpoint("none"), "");
}
