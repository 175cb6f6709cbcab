//! What Xero says about a submitted element: each message with its place, and the two shapes in which it is reported.
//!
//! Sources: "HTTP Requests and Responses" and the 400 examples of the Accounting specification. A 400 echoes the whole
//! element with `Message`; a bulk answer (`summarizeErrors=false`) shows the element in short with `Description`. Messages
//! about a line or the contact sit on that line or contact and nowhere else, so that nobody reads the top alone.

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::element::Element;
use super::endpoints::Endpoint;

/// The part of an element that a message is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Place {
    #[default]
    Whole,
    Line(usize),
    Contact,
}

/// One message and its place.
#[derive(Clone, Debug)]
pub(super) struct Reason {
    place: Place,
    text: String,
}

/// Why an element was not saved: at least one reason.
#[derive(Clone, Debug, Default)]
pub(super) struct Refusal(Vec<Reason>);

impl Refusal {
    /// Moves all reasons to one place.
    pub(super) fn at(mut self, place: Place) -> Self {
        self.0.iter_mut().for_each(|reason| reason.place = place);
        self
    }

    /// The messages alone.
    pub(super) fn texts(&self) -> Vec<String> {
        self.0.iter().map(|reason| reason.text.clone()).collect()
    }
}

impl From<Vec<String>> for Refusal {
    fn from(texts: Vec<String>) -> Self {
        Self(texts.into_iter().map(|text| Reason { place: Place::Whole, text }).collect())
    }
}

impl From<String> for Refusal {
    fn from(text: String) -> Self {
        Self::from(vec![text])
    }
}

impl From<&str> for Refusal {
    fn from(text: &str) -> Self {
        Self::from(text.to_owned())
    }
}

/// What is found while an element is read: reasons to refuse it, and what Xero only remarks.
#[derive(Debug, Default)]
pub(super) struct Remarks {
    errors: Vec<Reason>,
    warnings: Vec<String>,
    place: Place,
}

impl Remarks {
    /// Messages from here on are about this place.
    pub(super) fn turn_to(&mut self, place: Place) {
        self.place = place;
    }

    pub(super) fn refuse(&mut self, text: impl Into<String>) {
        self.errors.push(Reason { place: self.place, text: text.into() });
    }

    pub(super) fn refuse_all(&mut self, texts: Vec<String>) {
        texts.into_iter().for_each(|text| self.refuse(text));
    }

    pub(super) fn warn(&mut self, text: impl Into<String>) {
        self.warnings.push(text.into());
    }

    pub(super) fn is_refused(&self) -> bool {
        !self.errors.is_empty()
    }

    /// The warnings of an element that may be saved.
    pub(super) fn verdict(self) -> Result<Vec<String>, Refusal> {
        if self.errors.is_empty() { Ok(self.warnings) } else { Err(Refusal(self.errors)) }
    }
}

/// The whole element as submitted, with its messages, as the 400 has it.
pub(super) fn echoed(endpoint: Endpoint, element: Element<'_>, refusal: &Refusal) -> Value {
    let mut out = element.0.clone();
    if element.id(endpoint.id_field()).is_none() {
        out.insert(endpoint.id_field().to_owned(), json!(Uuid::nil().to_string()));
    }
    out.insert("HasErrors".to_owned(), json!(true));
    place_all(&mut out, refusal, "Message");
    Value::Object(out)
}

/// The element in short, as a bulk answer has it.
pub(super) fn listed(endpoint: Endpoint, element: Element<'_>, refusal: &Refusal) -> Value {
    let mut out = Map::new();
    let id = element.text(endpoint.id_field()).map_or(Uuid::nil().to_string(), str::to_owned);
    out.insert(endpoint.id_field().to_owned(), json!(id));
    for name in ["InvoiceNumber", "CreditNoteNumber", "PurchaseOrderNumber", "Name", "Narration"] {
        if let Some(text) = element.text(name) {
            out.insert(name.to_owned(), json!(text));
        }
    }
    // A journal's line has no errors in Xero's schema: there the messages sit at the top of a bulk answer.
    for (name, place) in [("LineItems", true), ("Contact", false)] {
        let about = |reason: &Reason| matches!((reason.place, place), (Place::Line(_), true) | (Place::Contact, false));
        if let Some(part) = element.0.get(name).filter(|_| refusal.0.iter().any(about)) {
            out.insert(name.to_owned(), part.clone());
        }
    }
    out.insert("StatusAttributeString".to_owned(), json!("ERROR"));
    if matches!(endpoint, Endpoint::Invoices | Endpoint::CreditNotes) {
        out.insert("HasErrors".to_owned(), json!(true));
    }
    place_all(&mut out, refusal, "Description");
    Value::Object(out)
}

/// A refused account in a bulk answer: a known fault of Xero's hides why, and that, it was refused.
pub(super) fn hidden(element: Element<'_>) -> Value {
    let mut out = Map::new();
    out.insert("AccountID".to_owned(), json!(Uuid::nil().to_string()));
    for name in ["Code", "Name", "Type"] {
        if let Some(text) = element.text(name) {
            out.insert(name.to_owned(), json!(text));
        }
    }
    Value::Object(out)
}

/// Puts each message where it belongs; one whose place was not submitted goes to the top.
fn place_all(out: &mut Map<String, Value>, refusal: &Refusal, key: &str) {
    let shown = |reason: &Reason| json!({ key: reason.text });
    let mut top: Vec<Value> = Vec::new();
    let lines = ["LineItems", "JournalLines"].into_iter().find(|name| out.get(*name).is_some_and(Value::is_array));
    for line in lines.and_then(|name| out.get_mut(name)?.as_array_mut()).into_iter().flatten() {
        if let Some(line) = line.as_object_mut() {
            line.insert("ValidationErrors".to_owned(), json!([]));
        }
    }
    if let Some(contact) = out.get_mut("Contact").and_then(Value::as_object_mut) {
        contact.insert("HasValidationErrors".to_owned(), json!(false));
    }
    for reason in &refusal.0 {
        let holder = match reason.place {
            Place::Whole => None,
            Place::Line(at) => lines.and_then(|name| out.get_mut(name)?.get_mut(at)?.as_object_mut()),
            Place::Contact => out.get_mut("Contact").and_then(Value::as_object_mut),
        };
        let Some(holder) = holder else {
            top.push(shown(reason));
            continue;
        };
        if reason.place == Place::Contact {
            holder.insert("HasValidationErrors".to_owned(), json!(true));
        }
        let list = holder.entry("ValidationErrors").or_insert_with(|| json!([]));
        if let Some(list) = list.as_array_mut() {
            list.push(shown(reason));
        }
    }
    out.insert("ValidationErrors".to_owned(), Value::Array(top));
}
