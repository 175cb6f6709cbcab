//! A list answer, cut into its elements without reading them: each is parsed alone, so that one unreadable record
//! costs itself and a page of a thousand never stands in memory as a tree.

use kernel::place_of;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::error::XeroError;

/// Xero's paging block, on paged endpoints that were asked for a page.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct Pagination {
    /// The page this is, from 1.
    pub page: u32,
    /// Pages in all.
    pub page_count: u32,
    /// Records in all.
    pub item_count: u64,
}

/// One list answer.
#[derive(Debug)]
pub struct Page<'a> {
    /// The elements as they lie in the body.
    pub elements: Vec<&'a RawValue>,
    /// The paging block, if there is one.
    pub pagination: Option<Pagination>,
}

/// Most elements taken from one answer; unpaged lists are refused by Xero above 100,000.
const ELEMENTS_MAX: usize = 100_000;

/// Cuts an answer's body. `collection` is the list's key, such as `Invoices`.
pub fn cut<'a>(body: &'a [u8], collection: &str) -> Result<Page<'a>, XeroError> {
    let unreadable =
        |reason: String| XeroError::Unreadable { status: 200, content_type: "application/json".to_owned(), reason };
    let whole: std::collections::BTreeMap<&str, &RawValue> =
        serde_json::from_slice(body).map_err(|error| unreadable(place_of(&error)))?;
    let list = whole.get(collection).ok_or_else(|| unreadable(format!("no list named {collection}")))?;
    let elements: Vec<&RawValue> = serde_json::from_str(list.get()).map_err(|error| unreadable(place_of(&error)))?;
    if elements.len() > ELEMENTS_MAX {
        return Err(unreadable(format!("more than {ELEMENTS_MAX} elements")));
    }
    let pagination = whole.get("pagination").and_then(|block| serde_json::from_str(block.get()).ok());
    Ok(Page { elements, pagination })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_cut_without_reading_its_elements() {
        let body = br#"{"Id":"x","pagination":{"page":1,"pageSize":2,"pageCount":3,"itemCount":5},"Items":[{"a":1.10},{"b":[2]}]}"#;
        let page = cut(body, "Items").unwrap();
        assert_eq!(page.elements.iter().map(|raw| raw.get()).collect::<Vec<_>>(), [r#"{"a":1.10}"#, r#"{"b":[2]}"#]);
        assert_eq!(page.pagination, Some(Pagination { page: 1, page_count: 3, item_count: 5 }));
        assert!(cut(body, "Invoices").is_err());
        assert!(cut(b"<html>", "Items").is_err());
    }
}
