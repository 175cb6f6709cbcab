//! What each kind of entry means, and what a bookkeeper does about it.
//!
//! Owns the words. A posting that says itself why it needs somebody is not talked over.

use crate::sheet::{Finding, FindingKind, Said};

/// What an entry means and what to do about it.
pub fn words(finding: &Finding) -> Said {
    if let Some(said) = &finding.said {
        return said.clone();
    }
    let (code, cause, fix) = of_kind(finding.kind);
    Said { code: code.to_owned(), cause: cause.to_owned(), fix: fix.to_owned() }
}

fn of_kind(kind: FindingKind) -> (&'static str, &'static str, &'static str) {
    use FindingKind::*;
    match kind {
        ForeignEntry => (
            "foreign_entry",
            "This record in Xero uses the account, and no schedule knows of it.",
            "If it belongs to a schedule, approve or import that schedule; if not, code it to another account in Xero.",
        ),
        HostJournal => (
            "host_journal",
            "Your product posted this journal itself, outside of schedules.",
            "Check that it belongs on this account; if not, void it in Xero.",
        ),
        UnclaimedJournal => (
            "unclaimed_journal",
            "This journal in Xero carries our mark, but no posting is known to have become it.",
            "If a posting of the same content is still on its way, wait for it; if not, void one of two in Xero.",
        ),
        NotPublished => (
            "not_published",
            "The period has ended, and this release is in no journal yet.",
            "Publish releases, or wait for the coming night.",
        ),
        OnItsWay => ("on_its_way", "This journal has not reached Xero yet.", "Wait a few minutes and tie out again."),
        Waiting => ("waiting", "This journal waits for something.", "See the posting for what to do."),
        RecordedByHand => (
            "recorded_by_hand",
            "This journal was recorded as entered by hand or not wanted, so it was never sent.",
            "If somebody entered it by hand, that entry is listed as well and the two cancel; if not, enter it in Xero.",
        ),
        VoidedInXero => (
            "voided_in_xero",
            "Somebody voided or deleted this journal in Xero.",
            "Try the posting again to post it anew, or change the schedule.",
        ),
        EditedInXero => (
            "edited_in_xero",
            "Somebody changed this journal in Xero, and it is not as it was sent.",
            "Correct it in Xero to what was sent, or void it there and post it anew.",
        ),
        PostedSince => (
            "posted_since",
            "This journal came into the books just after Xero's balance was read.",
            "Nothing is wrong: tie out again.",
        ),
        DatedLater => (
            "dated_later",
            "A lock date kept this journal out of its period, and it was dated into a later one.",
            "Nothing to do: it counts from its date on.",
        ),
        BroughtIn => (
            "brought_in",
            "The schedule was running before it came here: what put this on the account is no journal of ours.",
            "It should be matched by the entries that did put it there, or by the account's opening balance.",
        ),
        SchedulesDiffer => (
            "schedules_differ",
            "The journals of the schedules on this account do not add up to the schedules.",
            "Tie out again; if it stays, tell the operator.",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::Money;

    #[test]
    fn every_kind_says_what_it_is_and_what_to_do_and_a_posting_speaks_for_itself() {
        let amount = Money::new(1, "GBP".parse().unwrap());
        let kinds: Vec<FindingKind> = serde_json::from_str(
            r#"["foreign_entry","host_journal","unclaimed_journal","not_published","on_its_way","waiting",
                "recorded_by_hand","voided_in_xero","edited_in_xero","posted_since","dated_later","brought_in",
                "schedules_differ"]"#,
        )
        .unwrap();
        for kind in kinds {
            let said = words(&Finding::new(kind, amount));
            assert_eq!(serde_json::to_value(kind).unwrap(), said.code.as_str());
            assert!(said.cause.ends_with('.') && said.fix.ends_with('.'), "{said:?}");
        }
        let said = Said::new("period_locked", "The books are locked.", "Unlock them.");
        let finding = Finding { said: Some(said.clone()), ..Finding::new(FindingKind::Waiting, amount) };
        assert_eq!(words(&finding), said);
    }
}
