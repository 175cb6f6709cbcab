//! S3: objects, and what it tells to queues.

use aws_sdk_s3::error::ProvideErrorMetadata;
use aws_sdk_s3::primitives::ByteStream;
use serde_json::{Value, json};

use super::{DOCUMENTS, EVERYTHING, Services, UPLOADS, bodies, receive};

async fn put(services: &Services, key: &str, body: &[u8]) {
    let request = services.s3().put_object().bucket(DOCUMENTS).key(key).body(ByteStream::from(body.to_vec()));
    request.send().await.unwrap();
}

async fn keys(services: &Services, prefix: &str) -> Vec<String> {
    let answer = services.s3().list_objects_v2().bucket(DOCUMENTS).prefix(prefix).send().await.unwrap();
    assert_eq!(usize::try_from(answer.key_count().unwrap()).unwrap(), answer.contents().len());
    answer.contents().iter().map(|object| object.key().unwrap().to_owned()).collect()
}

/// What the queue was told: event and key of each record, as sent.
async fn told(services: &Services, queue: &str) -> Vec<(String, String)> {
    let messages = receive(services, queue).await;
    let records = bodies(&messages).into_iter().map(|body| serde_json::from_str::<Value>(body).unwrap());
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let one = |event: Value| {
        assert_eq!(event["Records"].as_array().unwrap().len(), 1);
        (text(&event["Records"][0]["eventName"]), text(&event["Records"][0]["s3"]["object"]["key"]))
    };
    records.map(one).collect()
}

/// Keys that are written differently in addresses, in XML and in events.
const AWKWARD: [&str; 6] = [
    "incoming/plain.pdf",
    "incoming/two words + one.pdf",
    "incoming/a&b=c<d>'e\"f;g.pdf",
    "incoming/Zoë — 北京 🚚.pdf",
    "incoming/100%25 of it?#.pdf",
    "incoming//deep/er~(1)*!.pdf",
];

#[tokio::test(flavor = "multi_thread")]
async fn an_object_comes_back_as_it_was_put_under_any_key() {
    let services = Services::start().await;
    let s3 = services.s3();
    let every_byte: Vec<u8> = (0..=255).cycle().take(200_000).collect();
    for key in AWKWARD {
        let body = ByteStream::from(every_byte.clone());
        let put = s3.put_object().bucket(DOCUMENTS).key(key).content_type("application/pdf").body(body);
        let etag = put.send().await.unwrap().e_tag().unwrap().to_owned();
        let got = s3.get_object().bucket(DOCUMENTS).key(key).send().await.unwrap();
        assert_eq!((got.content_type(), got.e_tag()), (Some("application/pdf"), Some(etag.as_str())), "{key}");
        assert!(got.body.collect().await.unwrap().into_bytes() == every_byte, "{key}");
        let head = s3.head_object().bucket(DOCUMENTS).key(key).send().await.unwrap();
        assert_eq!((head.content_length(), head.e_tag()), (Some(200_000), Some(etag.as_str())), "{key}");
    }
    let mut sorted = AWKWARD.map(str::to_owned).to_vec();
    sorted.sort_unstable();
    assert_eq!(keys(&services, "incoming/").await, sorted);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_put_replaces_and_a_deletion_removes_once_and_for_all() {
    let services = Services::start().await;
    let s3 = services.s3();
    put(&services, "a.txt", b"first").await;
    put(&services, "a.txt", b"second").await;
    put(&services, "empty.txt", b"").await;
    let got = s3.get_object().bucket(DOCUMENTS).key("a.txt").send().await.unwrap();
    assert_eq!(got.body.collect().await.unwrap().into_bytes(), "second");
    let head = s3.head_object().bucket(DOCUMENTS).key("empty.txt").send().await.unwrap();
    assert_eq!((head.content_length(), head.e_tag()), (Some(0), Some("\"d41d8cd98f00b204e9800998ecf8427e\"")));
    for _ in 0..2 {
        s3.delete_object().bucket(DOCUMENTS).key("a.txt").send().await.unwrap();
        let got = s3.get_object().bucket(DOCUMENTS).key("a.txt").send().await.unwrap_err();
        assert!(got.as_service_error().unwrap().is_no_such_key(), "{got:?}");
        let head = s3.head_object().bucket(DOCUMENTS).key("a.txt").send().await.unwrap_err();
        assert!(head.as_service_error().unwrap().is_not_found(), "{head:?}");
    }
    assert_eq!(keys(&services, "").await, ["empty.txt"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listing_holds_what_begins_with_its_prefix_in_order() {
    let services = Services::start().await;
    for key in ["b/2", "a/1", "b/10", "ba", "B/1", "b/1"] {
        put(&services, key, b"x").await;
    }
    assert_eq!(keys(&services, "").await, ["B/1", "a/1", "b/1", "b/10", "b/2", "ba"]);
    assert_eq!(keys(&services, "b/").await, ["b/1", "b/10", "b/2"]);
    assert_eq!(keys(&services, "b/1").await, ["b/1", "b/10"]);
    assert_eq!(keys(&services, "c").await, [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_bucket_an_endless_key_and_an_unsigned_request_are_refused() {
    let services = Services::start().await;
    let s3 = services.s3();
    let get = s3.get_object().bucket("nobodys").key("a.txt").send().await.unwrap_err();
    assert_eq!(get.code(), Some("NoSuchBucket"));
    let put_there = s3.put_object().bucket("nobodys").key("a.txt").body(ByteStream::from_static(b"x")).send().await;
    assert_eq!(put_there.unwrap_err().code(), Some("NoSuchBucket"));
    let list = s3.list_objects_v2().bucket("nobodys").send().await.unwrap_err();
    assert!(list.as_service_error().unwrap().is_no_such_bucket(), "{list:?}");
    put(&services, &"k".repeat(1024), b"x").await;
    let endless = s3.put_object().bucket(DOCUMENTS).key("k".repeat(1025)).body(ByteStream::from_static(b"x"));
    assert_eq!(endless.send().await.unwrap_err().code(), Some("KeyTooLongError"));
    let address = format!("{}/{DOCUMENTS}/{}", services.embedded.endpoint("S3"), "k".repeat(1024));
    let unsigned = local::caller::plain_client().unwrap().get(address).send().await.unwrap();
    assert_eq!(unsigned.status().as_u16(), 403);
    assert!(unsigned.text().await.unwrap().contains("<Code>AccessDenied</Code>"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queue_is_told_of_what_its_prefix_and_suffix_let_through() {
    let services = Services::start().await;
    for key in ["incoming/a.pdf", "incoming/a.txt", "outgoing/a.pdf", "incoming/b.pdf.bak", "incoming/deep/b.pdf"] {
        put(&services, key, b"x").await;
    }
    services.s3().delete_object().bucket(DOCUMENTS).key("incoming/a.pdf").send().await.unwrap();
    services.s3().delete_object().bucket(DOCUMENTS).key("never there").send().await.unwrap();
    let created = |key: &str| ("ObjectCreated:Put".to_owned(), key.to_owned());
    assert_eq!(told(&services, UPLOADS).await, [created("incoming/a.pdf"), created("incoming/deep/b.pdf")]);
    let all = told(&services, EVERYTHING).await;
    assert_eq!(all.len(), 6, "{all:?}");
    assert_eq!(all[5], ("ObjectRemoved:Delete".to_owned(), "incoming/a.pdf".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_encoded_in_events_as_s3_encodes_them() {
    let services = Services::start().await;
    for key in AWKWARD {
        put(&services, key, b"x").await;
    }
    let encoded: Vec<String> = told(&services, UPLOADS).await.into_iter().map(|(_, key)| key).collect();
    let expected = [
        "incoming/plain.pdf",
        "incoming/two+words+%2B+one.pdf",
        "incoming/a%26b%3Dc%3Cd%3E%27e%22f%3Bg.pdf",
        "incoming/Zo%C3%AB+%E2%80%94+%E5%8C%97%E4%BA%AC+%F0%9F%9A%9A.pdf",
        "incoming/100%2525+of+it%3F%23.pdf",
        "incoming//deep/er%7E%281%29*%21.pdf",
    ];
    assert_eq!(encoded, expected);
    // The way back that a reader of events takes.
    for (encoded, key) in encoded.iter().zip(AWKWARD) {
        let pair = format!("k={encoded}");
        assert_eq!(url::form_urlencoded::parse(pair.as_bytes()).next().unwrap().1, key);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_says_what_s3_says() {
    let services = Services::start().await;
    put(&services, "incoming/a.pdf", b"hello").await;
    services.s3().delete_object().bucket(DOCUMENTS).key("incoming/a.pdf").send().await.unwrap();
    let messages = receive(&services, EVERYTHING).await;
    let events: Vec<Value> = bodies(&messages).iter().map(|body| serde_json::from_str(body).unwrap()).collect();
    let record = &events[0]["Records"][0];
    let head = json!([record["eventVersion"], record["eventSource"], record["awsRegion"], record["eventTime"]]);
    assert_eq!(head, json!(["2.1", "aws:s3", "eu-west-1", "2026-11-24T03:00:00.250Z"]));
    assert_eq!(record["s3"]["bucket"]["name"], DOCUMENTS);
    assert_eq!(record["s3"]["bucket"]["arn"], format!("arn:aws:s3:::{DOCUMENTS}"));
    let object = &record["s3"]["object"];
    assert_eq!((&object["size"], &object["eTag"]), (&json!(5), &json!("5d41402abc4b2a76b9719d911017c592")));
    // Readers with a type for S3's events need these to be there.
    for field in ["userIdentity", "requestParameters", "responseElements"] {
        assert!(record[field].is_object(), "{field} is missing");
    }
    let removed = &events[1]["Records"][0]["s3"]["object"];
    let fields: Vec<&String> = removed.as_object().unwrap().keys().collect();
    assert_eq!(fields, ["key", "sequencer"], "of a removed object only its key is told");
}
