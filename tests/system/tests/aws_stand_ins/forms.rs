//! Files posted by signed forms and read by signed links, as a browser and a person do.

use std::time::Duration;

use bytes::Bytes;
use ports::{BlobError, Blobs, Clock, DownloadTerms, UploadForm, UploadTerms};
use ring::digest::{SHA256, digest};
use serde_json::Value;

use super::{EVERYTHING, Services, bodies, receive};

const KEY: &str = "incoming/acme/d-1.pdf";
const FILE: &[u8] = b"%PDF-1.7 a bill \r\n--not-the-boundary\r\n of two lines";

fn sha256(body: &[u8]) -> [u8; 32] {
    digest(&SHA256, body).as_ref().try_into().unwrap()
}

fn terms(services: &Services) -> UploadTerms {
    UploadTerms {
        key: KEY.into(),
        content_type: "application/pdf".into(),
        bytes: (1, 100),
        sha256: sha256(FILE),
        expires_at: services.clock.now().saturating_add(Duration::from_secs(300)).unwrap(),
    }
}

fn signed(services: &Services) -> UploadForm {
    services.blobs().sign_upload(&terms(services), services.clock.now())
}

/// Posts a form as a browser does; answers status and S3's code.
async fn post(form: &UploadForm, file: &[u8]) -> (u16, String) {
    let mut body = Vec::new();
    for (name, value) in &form.fields {
        let part = format!("--b0undary\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
        body.extend_from_slice(part.as_bytes());
    }
    let head = "--b0undary\r\nContent-Disposition: form-data; name=\"file\"; filename=\"bill.pdf\"\r\nContent-Type: application/pdf\r\n\r\n";
    body.extend_from_slice(head.as_bytes());
    body.extend_from_slice(file);
    body.extend_from_slice(b"\r\n--b0undary--\r\n");
    let client = local::caller::plain_client().unwrap();
    let request = client.post(&form.url).header("content-type", "multipart/form-data; boundary=b0undary").body(body);
    let answer = request.send().await.unwrap();
    let (status, text) = (answer.status().as_u16(), answer.text().await.unwrap());
    let code = text.split("<Code>").nth(1).and_then(|rest| rest.split('<').next()).unwrap_or_default();
    (status, code.to_owned())
}

fn edited(services: &Services, field: &str, value: &str) -> UploadForm {
    let mut form = signed(services);
    form.fields.iter_mut().filter(|(name, _)| name == field).for_each(|(_, old)| *old = value.to_owned());
    form
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_uploads_its_file_and_nothing_else() {
    let services = Services::start().await;
    assert_eq!(post(&signed(&services), FILE).await, (201, String::new()));
    let messages = receive(&services, EVERYTHING).await;
    let told: Value = serde_json::from_str(bodies(&messages)[0]).unwrap();
    let record = &told["Records"][0];
    assert_eq!((&record["eventName"], &record["s3"]["object"]["key"]), (&"ObjectCreated:Post".into(), &KEY.into()));
    let version = record["s3"]["object"]["versionId"].as_str().unwrap();
    assert_eq!(services.blobs().read(KEY, Some(version), 100).await.unwrap(), FILE);
    let refused = |form: UploadForm, file: &'static [u8], expected: (u16, &'static str)| async move {
        let (status, code) = post(&form, file).await;
        assert_eq!((status, code.as_str()), expected);
    };
    refused(edited(&services, "key", "incoming/other/d-1.pdf"), FILE, (403, "AccessDenied")).await;
    refused(edited(&services, "Content-Type", "text/html"), FILE, (403, "AccessDenied")).await;
    refused(edited(&services, "x-amz-server-side-encryption", "AES256"), FILE, (403, "AccessDenied")).await;
    refused(edited(&services, "x-amz-signature", "00"), FILE, (403, "SignatureDoesNotMatch")).await;
    refused(edited(&services, "policy", "e30="), FILE, (403, "SignatureDoesNotMatch")).await;
    refused(signed(&services), b"another file", (400, "BadDigest")).await;
    refused(signed(&services), b"", (400, "EntityTooSmall")).await;
    refused(signed(&services), &[7; 101], (400, "EntityTooLarge")).await;
    let mut extra = signed(&services);
    extra.fields.push(("acl".into(), "public-read".into()));
    refused(extra, FILE, (403, "AccessDenied")).await;
    assert_eq!(receive(&services, EVERYTHING).await.len(), 0, "nothing of that was stored");
    let form = signed(&services);
    services.pass(300);
    refused(form, FILE, (403, "AccessDenied")).await;
    assert_eq!(receive(&services, EVERYTHING).await.len(), 1, "the first one comes back, and no other");
}

#[tokio::test(flavor = "multi_thread")]
async fn versions_stay_readable_and_a_link_gives_one_of_them_for_its_time() {
    let services = Services::start().await;
    let blobs = services.blobs();
    let put = async |body: &'static [u8]| {
        blobs.put(KEY, "application/pdf", sha256(body), Bytes::from_static(body)).await.unwrap().unwrap()
    };
    let (first, second) = (put(b"first").await, put(b"second").await);
    assert_eq!(blobs.read(KEY, Some(&first), 100).await.unwrap(), "first");
    assert_eq!(blobs.read(KEY, None, 100).await.unwrap(), "second");
    assert!(matches!(blobs.read(KEY, Some(&second), 5).await, Err(BlobError::TooLong { bytes_max: 5 })));
    assert!(matches!(blobs.read("incoming/none.pdf", None, 5).await, Err(BlobError::Missing)));
    assert!(matches!(blobs.read(KEY, Some("none"), 5).await, Err(BlobError::Missing)));
    let wrong = blobs.put(KEY, "application/pdf", [0; 32], Bytes::from_static(b"third")).await;
    assert!(matches!(wrong, Err(BlobError::Unavailable(_))), "a file that is not what it should be is not stored");

    let terms = DownloadTerms {
        key: KEY,
        version: Some(&first),
        content_type: "application/pdf",
        disposition: "attachment; filename=\"bill.pdf\"",
        valid_for: Duration::from_secs(60),
    };
    let link = blobs.sign_download(&terms, services.clock.now()).await.unwrap();
    let client = local::caller::plain_client().unwrap();
    let answer = client.get(&link).send().await.unwrap();
    assert_eq!(answer.headers()["content-disposition"], "attachment; filename=\"bill.pdf\"");
    assert_eq!((answer.status().as_u16(), answer.text().await.unwrap().as_str()), (200, "first"));
    let other = link.replace("d-1", "d-2");
    assert_eq!(client.get(other).send().await.unwrap().status().as_u16(), 403, "another key");
    let inline = link.replace("attachment", "inline");
    assert_eq!(client.get(inline).send().await.unwrap().status().as_u16(), 403, "another disposition");
    services.pass(60);
    assert_eq!(client.get(&link).send().await.unwrap().status().as_u16(), 403, "its time is over");
}
