//! Granular scopes: what we ask for, what it is for, and what is missing.
//!
//! Source: Xero's scopes page and granular scopes FAQ. Broad scopes are never asked for: apps made since 2 March 2026
//! cannot have them, and a single scope that an app may not use makes the whole consent fail for everyone.

/// One scope and the purpose to show a person before consent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scope {
    /// As in the authorise request.
    pub name: &'static str,
    /// What we do with it, in words for a bookkeeper.
    pub purpose: &'static str,
}

/// Every scope the system needs, in the order in which it is asked for.
pub const NEEDED: &[Scope] = &[
    Scope { name: "openid", purpose: "know which Xero user connects" },
    Scope { name: "profile", purpose: "know which Xero user connects" },
    Scope { name: "email", purpose: "tell you which Xero user connected" },
    Scope { name: "offline_access", purpose: "keep in step while nobody is signed in" },
    Scope { name: "accounting.invoices", purpose: "read and send invoices, bills, credit notes and purchase orders" },
    Scope { name: "accounting.payments", purpose: "read payments, prepayments and overpayments" },
    Scope { name: "accounting.banktransactions", purpose: "read bank transactions and transfers" },
    Scope { name: "accounting.manualjournals", purpose: "read and post manual journals" },
    Scope { name: "accounting.contacts", purpose: "read and match customers and suppliers" },
    Scope {
        name: "accounting.settings",
        purpose: "read the organisation, its accounts, tax rates, currencies, items and tracking",
    },
    Scope { name: "accounting.attachments", purpose: "attach documents" },
    Scope { name: "accounting.reports.trialbalance.read", purpose: "prove that balances agree" },
];

/// Asked for by those apps alone that Xero has an agreement with: for any other app it makes the consent fail.
pub const STATEMENT_LINES: Scope = Scope {
    name: "finance.bankstatementsplus.read",
    purpose: "read bank statement lines and what they are matched with",
};

/// Whether a grant lets statement lines be read.
pub fn reads_statement_lines(granted: &[String]) -> bool {
    granted.iter().any(|scope| scope == STATEMENT_LINES.name)
}

/// The scope parameter of an authorise request.
pub fn parameter<'a>(scopes: impl IntoIterator<Item = &'a Scope>) -> String {
    scopes.into_iter().map(|scope| scope.name).collect::<Vec<_>>().join(" ")
}

/// The needed scopes that a grant lacks. A write scope contains its `.read` sibling.
pub fn missing(granted: &[String]) -> Vec<&'static str> {
    let lacks = |scope: &&Scope| !granted.iter().any(|have| have == scope.name);
    NEEDED.iter().filter(lacks).map(|scope| scope.name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn b12_a_partial_grant_names_what_is_missing() {
        let mut granted: Vec<String> = NEEDED.iter().map(|scope| scope.name.to_owned()).collect();
        assert!(missing(&granted).is_empty());
        granted.retain(|scope| scope != "accounting.manualjournals");
        assert_eq!(missing(&granted), ["accounting.manualjournals"]);
    }

    #[test]
    fn no_broad_scope_is_ever_asked_for() {
        let asked = parameter(NEEDED);
        assert!(!asked.contains("accounting.transactions") && !asked.contains("accounting.reports.read"));
        assert!(!asked.contains("finance."), "only an app with an agreement may ask for it");
    }
}
