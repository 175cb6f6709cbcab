//! Sales invoices and purchase orders as orders, in words that are nobody's: for a product that ships or awaits goods.
//!
//! A view of mirrored records, computed and never stored. A sales invoice is a sales order; a purchase order announces
//! goods. A change of theirs is an order event when something of the order changed: a payment alone is none.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::feed::{Change, ChangeKind};
use crate::record::text_of;

/// The kinds of records that are orders.
pub const ORDER_ENTITIES: &[&str] = &["invoices", "purchase_orders"];

/// Which way the goods go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderKind {
    /// Goods leave: a sales invoice.
    Sales,
    /// Goods arrive: a purchase order.
    Purchase,
}

/// Where an order stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderStatus {
    /// Not approved yet: nothing to do.
    Draft,
    /// Approved: ship it, or await it.
    Confirmed,
    /// Voided or deleted.
    Cancelled,
    /// A status of Xero's that is not known here; `xero_status` has it.
    Unknown,
}

/// An order.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Order {
    /// See [`OrderKind`].
    pub kind: OrderKind,
    /// See [`OrderStatus`].
    pub status: OrderStatus,
    /// Xero's own word for it.
    pub xero_status: String,
    /// Whether a sales order is paid in full, or a purchase order billed.
    pub settled: bool,
    /// Its number in Xero.
    pub number: Option<String>,
    /// Its reference.
    pub reference: Option<String>,
    /// The customer or supplier, as a contact of Xero's.
    pub contact_id: Option<String>,
    /// ISO 8601 date.
    pub date: Option<String>,
    /// When the goods are expected; purchase orders only.
    pub expected_date: Option<String>,
    /// When it is to be paid; sales orders only.
    pub due_date: Option<String>,
    /// ISO 4217.
    pub currency: Option<String>,
    /// Decimal text, with tax.
    pub total: Option<String>,
    /// Where the goods go; purchase orders only.
    pub delivery: Option<Delivery>,
    /// What is ordered.
    pub lines: Vec<OrderLine>,
}

/// Where goods go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Delivery {
    /// As Xero has it, lines and all.
    pub address: Option<String>,
    /// Who receives them.
    pub attention: Option<String>,
    /// Whom to call.
    pub telephone: Option<String>,
    /// What to mind.
    pub instructions: Option<String>,
}

/// A line of an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OrderLine {
    /// Xero's id of the line.
    pub line_id: Option<String>,
    /// The item's code; lines without one are charges or words.
    pub item_code: Option<String>,
    /// What it says.
    pub description: Option<String>,
    /// Decimal text.
    pub quantity: Option<String>,
    /// Decimal text, in the order's currency.
    pub unit_amount: Option<String>,
    /// Decimal text.
    pub line_amount: Option<String>,
}

/// What happened to an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderEvent {
    /// Seen for the first time.
    Created,
    /// Something of it changed.
    Changed,
    /// Voided or deleted.
    Cancelled,
    /// There again.
    Restored,
}

/// Fields of Xero's of which an order has something. `Total` is not among them: it follows the lines.
const ORDER_FIELDS: &[&str] = &[
    "Status",
    "InvoiceNumber",
    "PurchaseOrderNumber",
    "Reference",
    "Contact",
    "Date",
    "DueDate",
    "DeliveryDate",
    "ExpectedArrivalDate",
    "CurrencyCode",
    "DeliveryAddress",
    "AttentionTo",
    "Telephone",
    "DeliveryInstructions",
    "LineItems",
    "LineAmountTypes",
];

/// What a change says to somebody who handles orders; `None` when it says nothing.
pub fn order_event(change: &Change) -> Option<(OrderEvent, Order)> {
    let order = order(&change.entity, &change.record)?;
    let event = match change.change {
        ChangeKind::Created => OrderEvent::Created,
        ChangeKind::Deleted | ChangeKind::Voided => OrderEvent::Cancelled,
        ChangeKind::Restored => OrderEvent::Restored,
        ChangeKind::Updated | ChangeKind::Archived | ChangeKind::Merged => OrderEvent::Changed,
    };
    let touched = event != OrderEvent::Changed || change.differences_cut || change.differences.iter().any(of_order);
    touched.then_some((event, order))
}

fn of_order(difference: &crate::Difference) -> bool {
    let top = difference.field.split(['.', '[']).next().unwrap_or_default();
    ORDER_FIELDS.contains(&top)
}

/// The order in a record; `None` for a bill and for every other kind.
pub fn order(entity: &str, record: &Map<String, Value>) -> Option<Order> {
    let kind = match (entity, text_of(record, "Type")) {
        ("invoices", "ACCREC") => OrderKind::Sales,
        ("purchase_orders", _) => OrderKind::Purchase,
        _ => return None,
    };
    let xero_status = text_of(record, "Status");
    let any = |names: &[&str]| names.iter().find_map(|name| optional(record, name));
    let lines = record.get("LineItems").and_then(Value::as_array);
    Some(Order {
        kind,
        status: status(xero_status),
        xero_status: xero_status.to_owned(),
        settled: matches!(xero_status, "PAID" | "BILLED"),
        number: any(&["InvoiceNumber", "PurchaseOrderNumber"]),
        reference: any(&["Reference"]),
        contact_id: record.get("Contact").and_then(Value::as_object).and_then(|of| optional(of, "ContactID")),
        date: any(&["Date"]),
        expected_date: any(&["ExpectedArrivalDate", "DeliveryDate"]),
        due_date: any(&["DueDate"]),
        currency: any(&["CurrencyCode"]),
        total: any(&["Total"]),
        delivery: (kind == OrderKind::Purchase).then(|| Delivery {
            address: any(&["DeliveryAddress"]),
            attention: any(&["AttentionTo"]),
            telephone: any(&["Telephone"]),
            instructions: any(&["DeliveryInstructions"]),
        }),
        lines: lines.into_iter().flatten().filter_map(Value::as_object).map(line).collect(),
    })
}

fn status(xero_status: &str) -> OrderStatus {
    match xero_status {
        "DRAFT" | "SUBMITTED" => OrderStatus::Draft,
        "AUTHORISED" | "PAID" | "BILLED" => OrderStatus::Confirmed,
        "VOIDED" | "DELETED" => OrderStatus::Cancelled,
        _ => OrderStatus::Unknown,
    }
}

fn line(of: &Map<String, Value>) -> OrderLine {
    OrderLine {
        line_id: optional(of, "LineItemID"),
        item_code: optional(of, "ItemCode"),
        description: optional(of, "Description"),
        quantity: optional(of, "Quantity"),
        unit_amount: optional(of, "UnitAmount"),
        line_amount: optional(of, "LineAmount"),
    }
}

fn optional(of: &Map<String, Value>, name: &str) -> Option<String> {
    of.get(name).and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Difference;
    use kernel::Timestamp;
    use serde_json::json;

    fn change(change: ChangeKind, entity: &str, record: Value, fields: &[&str]) -> Change {
        let difference =
            |field: &&str| Difference { field: (*field).to_owned(), from: Value::Null, to: json!("something") };
        Change {
            position: 1,
            at: Timestamp::UNIX_EPOCH,
            run: "r".parse().unwrap(),
            entity: entity.to_owned(),
            id: "1".to_owned(),
            change,
            differences: fields.iter().map(difference).collect(),
            differences_cut: false,
            record: record.as_object().cloned().unwrap(),
            bytes: None,
            call: None,
        }
    }

    #[test]
    fn s2_each_status_of_xeros_has_its_neutral_word_and_an_unknown_one_is_no_order_to_ship() {
        let of = |xero: &str| order("purchase_orders", json!({ "Status": xero }).as_object().unwrap()).unwrap();
        for (xero, status, settled) in [
            ("DRAFT", OrderStatus::Draft, false),
            ("SUBMITTED", OrderStatus::Draft, false),
            ("AUTHORISED", OrderStatus::Confirmed, false),
            ("BILLED", OrderStatus::Confirmed, true),
            ("DELETED", OrderStatus::Cancelled, false),
            ("UNDERREVIEW", OrderStatus::Unknown, false),
        ] {
            assert_eq!((of(xero).status, of(xero).settled), (status, settled), "{xero}");
        }
    }

    #[test]
    fn s2_a_bill_is_no_order_and_a_payment_alone_is_no_event() {
        let (sale, bill) = (json!({ "Type": "ACCREC", "Status": "AUTHORISED" }), json!({ "Type": "ACCPAY" }));
        let says = |record: &Value, kind, fields: &[&str]| {
            order_event(&change(kind, "invoices", record.clone(), fields)).map(|(event, _)| event)
        };
        assert_eq!(says(&bill, ChangeKind::Created, &[]), None);
        assert_eq!(says(&sale, ChangeKind::Created, &[]), Some(OrderEvent::Created));
        assert_eq!(says(&sale, ChangeKind::Voided, &["Status"]), Some(OrderEvent::Cancelled));
        assert_eq!(says(&sale, ChangeKind::Updated, &["AmountPaid", "AmountDue", "Payments"]), None);
        assert_eq!(says(&sale, ChangeKind::Updated, &["LineItems[a].Quantity"]), Some(OrderEvent::Changed));
        assert_eq!(says(&sale, ChangeKind::Updated, &["Contact.ContactID"]), Some(OrderEvent::Changed));
    }
}
