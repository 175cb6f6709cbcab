//! Every sample event below `events/` is one its function understands.
#![allow(clippy::unwrap_used)]

use serde_json::{Value, json};
use system::town::Town;

/// The samples of one function, by file name.
fn samples(function: &str) -> Vec<(String, Vec<u8>)> {
    let folder = local::build::checkout().join("events").join(function);
    let mut found: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), std::fs::read(&path).unwrap()))
        .collect();
    found.sort();
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn each_sample_is_answered_by_its_function_as_its_name_says() {
    let town = Town::start(5).await;
    let mut tried = 0;
    for plan in &town.stack.plan.functions {
        let function = town.stack.function(&plan.name).unwrap();
        for (name, event) in samples(&plan.name) {
            let answer = function.invoke(event.into()).await.unwrap_or_else(|error| panic!("{name}: {error}"));
            let answer: Value = serde_json::from_slice(&answer).unwrap();
            match plan.name.as_str() {
                "sync-worker" => {
                    let failed = answer["batchItemFailures"].as_array().unwrap().len();
                    assert_eq!(failed, usize::from(name == "unreadable.json"), "{name}: {answer}");
                }
                "journal-posting" => {
                    let failed = answer["batchItemFailures"].as_array().unwrap().len();
                    assert_eq!(failed, usize::from(name == "post-unknown.json"), "{name}: {answer}");
                }
                "document-publishing" => {
                    let failed = answer["batchItemFailures"].as_array().unwrap().len();
                    assert_eq!(failed, usize::from(name == "post-unknown.json"), "{name}: {answer}");
                }
                "document-upload" | "document-reading" | "bank-reconciliation" => {
                    let failed = answer["batchItemFailures"].as_array().unwrap().len();
                    let bad = ["unreadable.json", "foreign.json"].contains(&name.as_str());
                    assert_eq!(failed, usize::from(bad), "{name}: {answer}");
                }
                "daily-sync" => assert_eq!(answer["failures"], 0, "{name}: {answer}"),
                "oauth-callback" => assert_eq!(answer["statusCode"], 302, "{name}: {answer}"),
                // Signed with a key of the samples' own, which no deployment has.
                "xero-webhook" => assert_eq!(answer["statusCode"], 401, "{name}: {answer}"),
                _ => assert!(answer["statusCode"].as_u64().unwrap() < 500, "{name}: {answer}"),
            }
            assert_ne!(answer, json!(null));
            tried += 1;
        }
    }
    assert!(tried >= 20, "{tried} samples");
}
