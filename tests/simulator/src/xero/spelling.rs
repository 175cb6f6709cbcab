//! Values in the spellings that clients meet rarely: amounts and flags as text, by a seed.
//!
//! Source: the samples of Bank Transfers, Overpayments and batch payments, where `Amount` and `IsReconciled` are strings.
//! Which fields are written so is not documented; a seed picks some, the same ones in every answer.

use serde_json::Value;

use super::dice::Dice;

/// Fields that may come as text.
const FIELDS: &[&str] = &[
    "Amount",
    "AmountCredited",
    "AmountDue",
    "AmountPaid",
    "BankAmount",
    "CurrencyRate",
    "IsReconciled",
    "LineAmount",
    "Quantity",
    "RemainingCredit",
    "SubTotal",
    "TaxAmount",
    "Total",
    "TotalTax",
    "UnitAmount",
];

/// Rewrites the fields that the seed picks, at any depth.
pub(super) fn loosen(elements: &mut [Value], seed: u64) {
    let mut dice = Dice::new(seed);
    let picked: Vec<&str> = FIELDS.iter().copied().filter(|_| dice.chance(50)).collect();
    elements.iter_mut().for_each(|element| rewrite(element, &picked));
}

fn rewrite(value: &mut Value, picked: &[&str]) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| rewrite(item, picked)),
        Value::Object(fields) => {
            for (name, inner) in fields.iter_mut() {
                match inner {
                    Value::Number(_) | Value::Bool(_) if picked.contains(&name.as_str()) => {
                        *inner = Value::String(inner.to_string());
                    }
                    _ => rewrite(inner, picked),
                }
            }
        }
        _ => (),
    }
}
