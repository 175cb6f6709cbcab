//! What changed between two forms of a record, field by field.
//!
//! Bounded in number and in bytes, because a change is stored beside up to 249 others in one row.

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

/// Most differences kept of one change.
pub const DIFFERENCES_MAX: usize = 100;
/// Most bytes kept of one change's differences, as JSON.
pub const DIFFERENCES_BYTES_MAX: usize = 64 * 1024;
/// Longest value kept in a difference, as JSON; of a longer one only the fact that it changed is kept.
pub const VALUE_BYTES_MAX: usize = 8 * 1024;

/// The changed fields of a record.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Differences {
    /// In the order of their names, as many as the bounds allow.
    pub kept: Vec<Difference>,
    /// Whether a bound left something out; the record itself is whole all the same.
    pub cut: bool,
}

/// The changed fields, in the order of their names.
pub fn differences(before: &Map<String, Value>, after: &Map<String, Value>) -> Differences {
    let mut found = Vec::new();
    compare_objects("", before, after, &mut found);
    let mut differences = Differences { kept: Vec::new(), cut: found.len() > DIFFERENCES_MAX };
    let mut bytes = 0;
    for mut difference in found.into_iter().take(DIFFERENCES_MAX) {
        for value in [&mut difference.from, &mut difference.to] {
            if json_bytes(value) > VALUE_BYTES_MAX {
                *value = Value::Null;
                differences.cut = true;
            }
        }
        bytes += difference.field.len() + json_bytes(&difference.from) + json_bytes(&difference.to);
        if bytes > DIFFERENCES_BYTES_MAX {
            differences.cut = true;
            break;
        }
        differences.kept.push(difference);
    }
    differences
}

/// The length of a value as JSON.
pub(crate) fn json_bytes<T: Serialize>(value: &T) -> usize {
    let mut counter = ByteCounter(0);
    // Writing into a counter cannot fail, and neither can a tree of JSON values.
    serde_json::to_writer(&mut counter, value).map_or(usize::MAX, |()| counter.0)
}

/// Counts what is written to it and keeps nothing.
struct ByteCounter(usize);

impl std::io::Write for ByteCounter {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
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
        let found = differences(&read(before), &read(after));
        assert!(!found.cut);
        let shown: Vec<String> = found
            .kept
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
        let found = differences(&Map::new(), &after);
        assert_eq!((found.kept.len(), found.cut), (DIFFERENCES_MAX, true));
    }

    #[test]
    fn long_values_and_many_bytes_are_cut_and_the_cut_is_told() {
        let after = |value: String| Map::from_iter([("Description".to_owned(), Value::String(value))]);
        let found = differences(&Map::new(), &after("x".repeat(VALUE_BYTES_MAX)));
        assert_eq!((found.kept[0].to.clone(), found.cut), (Value::Null, true));
        let many = (0..50).map(|at| (format!("Field{at:02}"), Value::String("x".repeat(4_000)))).collect();
        let found = differences(&Map::new(), &many);
        assert!(found.cut && json_bytes(&found.kept) < DIFFERENCES_BYTES_MAX + 8 * 1024);
    }
}
