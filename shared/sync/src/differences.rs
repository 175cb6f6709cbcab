//! What changed between two forms of a record, field by field.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// One changed field.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Difference {
    /// The field's path: `Status`, `LineItems[<id>].UnitAmount`.
    pub field: String,
    /// What it was; `null` when it was not there.
    pub from: Value,
    /// What it is; `null` when it is gone.
    pub to: Value,
}

/// Most differences kept of one change; the record itself is always whole.
pub const DIFFERENCES_MAX: usize = 100;

/// The changed fields, in the order of their names.
pub fn differences(before: &Map<String, Value>, after: &Map<String, Value>) -> Vec<Difference> {
    let mut found = Vec::new();
    compare_objects("", before, after, &mut found);
    found.truncate(DIFFERENCES_MAX);
    found
}

fn compare_objects(path: &str, before: &Map<String, Value>, after: &Map<String, Value>, found: &mut Vec<Difference>) {
    let mut names: Vec<&String> = before.keys().chain(after.keys()).collect();
    names.sort_unstable();
    names.dedup();
    for name in names {
        let field = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        compare(field, before.get(name), after.get(name), found);
    }
}

fn compare(field: String, before: Option<&Value>, after: Option<&Value>, found: &mut Vec<Difference>) {
    match (before, after) {
        (Some(before), Some(after)) if before == after => (),
        (Some(Value::Object(before)), Some(Value::Object(after))) => compare_objects(&field, before, after, found),
        (Some(Value::Array(before)), Some(Value::Array(after))) => compare_lists(&field, before, after, found),
        (before, after) => {
            let whole = |value: Option<&Value>| value.cloned().unwrap_or(Value::Null);
            found.push(Difference { field, from: whole(before), to: whole(after) });
        }
    }
}

/// Lists of things with an id are compared by id, so that a moved line is no change and an inserted one is one change.
fn compare_lists(field: &str, before: &[Value], after: &[Value], found: &mut Vec<Difference>) {
    let Some(id_name) = id_name(before, after) else {
        for at in 0..before.len().max(after.len()) {
            compare(format!("{field}[{at}]"), before.get(at), after.get(at), found);
        }
        return;
    };
    let id = |item: &Value| item.get(id_name).and_then(Value::as_str).unwrap_or_default().to_owned();
    for old in before {
        let new = after.iter().find(|new| id(new) == id(old));
        compare(format!("{field}[{}]", id(old)), Some(old), new, found);
    }
    for new in after.iter().filter(|new| !before.iter().any(|old| id(old) == id(new))) {
        compare(format!("{field}[{}]", id(new)), None, Some(new), found);
    }
}

/// The ids Xero gives to things in lists.
const LIST_IDS: &[&str] =
    &["LineItemID", "PaymentID", "AllocationID", "TrackingOptionID", "CreditNoteID", "PrepaymentID", "OverpaymentID"];

fn id_name(before: &[Value], after: &[Value]) -> Option<&'static str> {
    let everywhere =
        |name: &&&str| before.iter().chain(after).all(|item| item.get(**name).is_some_and(Value::is_string));
    LIST_IDS.iter().find(everywhere).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(before: &str, after: &str, expected: &str) {
        let read = |text| serde_json::from_str::<Map<String, Value>>(text).unwrap();
        let shown: Vec<String> = differences(&read(before), &read(after))
            .iter()
            .map(|difference| format!("{} {}→{}", difference.field, difference.from, difference.to))
            .collect();
        assert_eq!(shown.join("; "), expected);
    }

    #[test]
    fn m15_a_change_is_told_field_by_field() {
        check(
            r#"{"Status":"DRAFT","Total":"5.00"}"#,
            r#"{"Status":"AUTHORISED","Total":"5.00","Url":"u"}"#,
            r#"Status "DRAFT"→"AUTHORISED"; Url null→"u""#,
        );
        check(r#"{"Contact":{"ContactID":"a"}}"#, r#"{"Contact":{"ContactID":"b"}}"#, r#"Contact.ContactID "a"→"b""#);
    }

    #[test]
    fn lines_are_compared_by_their_id() {
        check(
            r#"{"LineItems":[{"LineItemID":"1","UnitAmount":"5.00"},{"LineItemID":"2","UnitAmount":"7.00"}]}"#,
            r#"{"LineItems":[{"LineItemID":"2","UnitAmount":"8.00"},{"LineItemID":"1","UnitAmount":"5.00"}]}"#,
            r#"LineItems[2].UnitAmount "7.00"→"8.00""#,
        );
    }

    #[test]
    fn a_change_of_a_thousand_fields_is_cut_at_the_bound() {
        let many: String = (0..1000).map(|n| format!(r#""f{n}":"x","#)).collect();
        let after: Map<String, Value> = serde_json::from_str(&format!("{{{}\"z\":1}}", many)).unwrap();
        assert_eq!(differences(&Map::new(), &after).len(), DIFFERENCES_MAX);
    }
}
