//! Signatures of forms by which browsers post files to S3.
//!
//! Source: S3's page "Browser-Based Uploads Using POST (AWS Signature Version 4)". The SDK signs no forms.

use aws_credential_types::Credentials;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kernel::Timestamp;
use ports::UploadTerms;
use ring::hmac;
use serde_json::{Value, json};

/// Where a form posts to, and how files are encrypted there.
pub(crate) struct Target<'a> {
    pub(crate) bucket: &'a str,
    pub(crate) region: &'a str,
    /// The KMS key of the bucket.
    pub(crate) storage_key: &'a str,
}

/// The fields of a form. Each but the policy and its signature is a condition of the policy: S3 refuses any other value,
/// and any further field.
pub(crate) fn fields(
    keys: &Credentials,
    target: &Target<'_>,
    terms: &UploadTerms,
    now: Timestamp,
) -> Vec<(String, String)> {
    let (day, instant) = (now.strftime("%Y%m%d").to_string(), now.strftime("%Y%m%dT%H%M%SZ").to_string());
    let mut fields = vec![
        ("key", terms.key.clone()),
        ("Content-Type", terms.content_type.clone()),
        ("success_action_status", "201".to_owned()),
        ("x-amz-server-side-encryption", "aws:kms".to_owned()),
        ("x-amz-server-side-encryption-aws-kms-key-id", target.storage_key.to_owned()),
        ("x-amz-checksum-algorithm", "SHA256".to_owned()),
        ("x-amz-checksum-sha256", STANDARD.encode(terms.sha256)),
        ("x-amz-algorithm", "AWS4-HMAC-SHA256".to_owned()),
        ("x-amz-credential", format!("{}/{day}/{}/s3/aws4_request", keys.access_key_id(), target.region)),
        ("x-amz-date", instant),
    ];
    fields.extend(keys.session_token().map(|token| ("x-amz-security-token", token.to_owned())));
    let mut conditions: Vec<Value> = fields.iter().map(|(name, value)| json!({ *name: value })).collect();
    conditions.push(json!({ "bucket": target.bucket }));
    conditions.push(json!(["content-length-range", terms.bytes.0, terms.bytes.1]));
    let expires_at = terms.expires_at.strftime("%Y-%m-%dT%H:%M:%S.000Z").to_string();
    let policy = STANDARD.encode(json!({ "expiration": expires_at, "conditions": conditions }).to_string());
    let signature = hex(signature(keys.secret_access_key(), &day, target.region, &policy).as_ref());
    fields.push(("policy", policy));
    fields.push(("x-amz-signature", signature));
    fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// The signature of Signature Version 4, whose string to sign is the policy in base64.
fn signature(secret: &str, day: &str, region: &str, policy: &str) -> hmac::Tag {
    let sign = |key: &[u8], text: &str| hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text.as_bytes());
    let mut key = sign(format!("AWS4{secret}").as_bytes(), day);
    for part in [region, "s3", "aws4_request"] {
        key = sign(key.as_ref(), part);
    }
    sign(key.as_ref(), policy)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The key, the policy and the signature of the example in AWS's page on signing POST policies.
    #[test]
    fn the_signature_is_that_of_awss_own_example() {
        let policy = "eyAiZXhwaXJhdGlvbiI6ICIyMDE1LTEyLTMwVDEyOjAwOjAwLjAwMFoiLA0KICAiY29uZGl0aW9ucyI6IFsNCiAgICB7ImJ1Y2tldCI6ICJzaWd2NGV4YW1wbGVidWNrZXQifSwNCiAgICBbInN0YXJ0cy13aXRoIiwgIiRrZXkiLCAidXNlci91c2VyMS8iXSwNCiAgICB7ImFjbCI6ICJwdWJsaWMtcmVhZCJ9LA0KICAgIHsic3VjY2Vzc19hY3Rpb25fcmVkaXJlY3QiOiAiaHR0cDovL3NpZ3Y0ZXhhbXBsZWJ1Y2tldC5zMy5hbWF6b25hd3MuY29tL3N1Y2Nlc3NmdWxfdXBsb2FkLmh0bWwifSwNCiAgICBbInN0YXJ0cy13aXRoIiwgIiRDb250ZW50LVR5cGUiLCAiaW1hZ2UvIl0sDQogICAgeyJ4LWFtei1tZXRhLXV1aWQiOiAiMTQzNjUxMjM2NTEyNzQifSwNCiAgICB7IngtYW16LXNlcnZlci1zaWRlLWVuY3J5cHRpb24iOiAiQUVTMjU2In0sDQogICAgWyJzdGFydHMtd2l0aCIsICIkeC1hbXotbWV0YS10YWciLCAiIl0sDQoNCiAgICB7IngtYW16LWNyZWRlbnRpYWwiOiAiQUtJQUlPU0ZPRE5ON0VYQU1QTEUvMjAxNTEyMjkvdXMtZWFzdC0xL3MzL2F3czRfcmVxdWVzdCJ9LA0KICAgIHsieC1hbXotYWxnb3JpdGhtIjogIkFXUzQtSE1BQy1TSEEyNTYifSwNCiAgICB7IngtYW16LWRhdGUiOiAiMjAxNTEyMjlUMDAwMDAwWiIgfQ0KICBdDQp9";
        let tag = signature("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "20151229", "us-east-1", policy);
        assert_eq!(hex(tag.as_ref()), "8afdbf4008c03f22c2cd3cdb72e4afbb1f6a588f3255ac628749a66d7f09699e");
    }

    #[test]
    fn every_field_is_a_condition_and_nothing_else_is_free() {
        let keys = Credentials::new("KEY", "secret", Some("token".to_owned()), None, "test");
        let terms = UploadTerms {
            key: "uploads/acme/t/d".into(),
            content_type: "application/pdf".into(),
            bytes: (5, 5),
            sha256: [7; 32],
            expires_at: "2026-11-24T03:05:00Z".parse().unwrap(),
        };
        let target = Target { bucket: "documents", region: "eu-west-1", storage_key: "arn:key" };
        let fields = fields(&keys, &target, &terms, "2026-11-24T03:00:00Z".parse().unwrap());
        let policy = fields.iter().find(|(name, _)| name == "policy").unwrap();
        let policy: Value = serde_json::from_slice(&STANDARD.decode(&policy.1).unwrap()).unwrap();
        assert_eq!(policy["expiration"], "2026-11-24T03:05:00.000Z");
        let conditions = policy["conditions"].as_array().unwrap();
        assert!(conditions.contains(&json!({ "bucket": "documents" })));
        assert!(conditions.contains(&json!(["content-length-range", 5, 5])));
        for (name, value) in fields.iter().filter(|(name, _)| name != "policy" && name != "x-amz-signature") {
            assert!(conditions.contains(&json!({ name: value })), "{name}");
        }
        assert!(fields.iter().any(|(name, value)| name == "x-amz-security-token" && value == "token"));
    }
}
