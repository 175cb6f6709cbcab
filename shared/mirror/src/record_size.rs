//! Records larger than a row of the table may be: what is too long of them is kept as a count and a digest.
//!
//! DynamoDB keeps at most 400 KB a row. A document of a thousand lines would not fit, and one record that cannot be
//! stored must never stop the others; so its longest list becomes a stand-in that still changes whenever the list does.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};

use crate::differences::json_bytes;

/// Longest record kept, as JSON: a row's 400 KB less its keys, its version and what the row says beside the record.
pub const RECORD_BYTES_MAX: usize = 380 * 1024;

/// Makes a record fit. `LineItems` becomes `LineItemsOmitted` with `Count` and `Sha256`.
pub(crate) fn fit(mut fields: Map<String, Value>) -> Map<String, Value> {
    while json_bytes(&fields) > RECORD_BYTES_MAX {
        let longest = fields.iter().max_by_key(|(_, value)| json_bytes(value)).map(|(name, _)| name.clone());
        let Some((name, value)) = longest.and_then(|name| fields.remove_entry(&name)) else { break };
        fields.insert(format!("{name}Omitted"), stand_in(&value));
    }
    fields
}

fn stand_in(value: &Value) -> Value {
    let count = match value {
        Value::Array(items) => items.len(),
        _ => 1,
    };
    let digest = ring::digest::digest(&ring::digest::SHA256, value.to_string().as_bytes());
    json!({ "Count": count, "Sha256": URL_SAFE_NO_PAD.encode(digest) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(lines: usize) -> Map<String, Value> {
        let line = |at: usize| json!({ "LineItemID": at.to_string(), "Description": "x".repeat(200) });
        let lines: Vec<Value> = (0..lines).map(line).collect();
        Map::from_iter([("InvoiceID".to_owned(), json!("i")), ("LineItems".to_owned(), Value::Array(lines))])
    }

    #[test]
    fn a_record_of_a_thousand_long_lines_fits_and_still_shows_that_a_line_changed() {
        assert_eq!(fit(record(10)), record(10));
        let mut large = record(5_000);
        let before = fit(large.clone());
        assert!(json_bytes(&before) < 1_000);
        assert_eq!(
            (before["InvoiceID"].clone(), before["LineItemsOmitted"]["Count"].clone()),
            (json!("i"), json!(5_000))
        );
        large["LineItems"][4_999]["Description"] = json!("y");
        assert_ne!(fit(large), before);
    }
}
