//! A run's changes as rows for a spreadsheet: one row for each changed field, as RFC 4180 has it.

use lambda_kit::ApiReply;
use serde_json::Value;

/// What each row says of its item …
const ITEM: [&str; 9] = ["position", "at", "run_id", "entity", "id", "change", "result", "reason", "bytes"];
/// … of the call that brought it …
const CALL: [&str; 4] = ["records", "calls", "bytes", "millis"];
/// … and of one field.
const FIELD: [&str; 3] = ["field", "from", "to"];

/// The answer for items as the JSON answer has them, and where to read on.
pub fn csv<'a>(items: impl Iterator<Item = &'a Value>, next: Option<String>) -> ApiReply {
    let call = CALL.map(|name| format!("call_{name}"));
    let mut text = [ITEM.join(","), call.join(","), FIELD.join(",")].join(",");
    text.push_str("\r\n");
    for item in items {
        let of_call = CALL.iter().map(|name| cell(&item["call"][*name]));
        let head: Vec<String> = ITEM.iter().map(|name| cell(&item[*name])).chain(of_call).collect();
        let differences = item["differences"].as_array().filter(|found| !found.is_empty());
        match differences {
            None => text.push_str(&row(&head, &Value::Null)),
            Some(differences) => text.extend(differences.iter().map(|difference| row(&head, difference))),
        }
    }
    let mut reply = ApiReply::text(200, "text/csv; charset=utf-8; header=present", text);
    reply.headers.extend(next.map(|next| ("x-next-cursor", next)));
    reply
}

fn row(head: &[String], difference: &Value) -> String {
    let tail = FIELD.map(|name| cell(&difference[name]));
    let cells: Vec<&str> = head.iter().chain(&tail).map(String::as_str).collect();
    format!("{}\r\n", cells.join(","))
}

/// A value as a cell. What a spreadsheet would take for a formula is told to be text.
fn cell(value: &Value) -> String {
    let text = match value {
        Value::Null => return String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let formula = value.is_string() && text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let text = if formula { format!("'{text}") } else { text };
    let quoted = text.contains([',', '"', '\r', '\n']);
    if quoted { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn o18_each_changed_field_is_a_row_and_nothing_is_taken_for_a_formula() {
        let item = |differences: Value| {
            json!({ "position": 7, "at": "2026-11-24T03:00:00Z", "run_id": "r", "entity": "contacts", "id": "c",
                "change": "updated", "result": "applied", "bytes": 812, "differences": differences,
                "call": { "records": 40, "calls": 1, "bytes": 9_000, "millis": 120 } })
        };
        let differences = json!([
            { "field": "Name", "from": "Oak, \"Row\"", "to": "=HYPERLINK(1)" },
            { "field": "Addresses", "from": null, "to": [1] },
        ]);
        let failed = json!({ "at": "2026-11-24T03:00:00Z", "run_id": "r", "entity": "items", "id": null,
            "result": "unreadable", "reason": "an element has no ItemID" });
        let items = [item(differences), item(json!([])), failed];
        let reply = csv(items.iter(), Some("n".to_owned()));
        let lines: Vec<&str> = reply.body.split("\r\n").collect();
        let columns = "position,at,run_id,entity,id,change,result,reason,bytes";
        assert_eq!(lines[0], format!("{columns},call_records,call_calls,call_bytes,call_millis,field,from,to"));
        let same = "7,2026-11-24T03:00:00Z,r,contacts,c,updated,applied,,812,40,1,9000,120";
        assert_eq!(lines[1], format!(r#"{same},Name,"Oak, ""Row""",'=HYPERLINK(1)"#));
        assert_eq!(lines[2], format!("{same},Addresses,,[1]"));
        assert_eq!(lines[3], format!("{same},,,"));
        assert_eq!(lines[4], ",2026-11-24T03:00:00Z,r,items,,,unreadable,an element has no ItemID,,,,,,,,");
        assert!(reply.headers.contains(&("x-next-cursor", "n".to_owned())));
    }
}
