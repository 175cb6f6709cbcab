//! What a run reads: pure, from the head and the reason for the run.

use kernel::{Timestamp, iso_week};

use crate::head::{Reading, Step, SyncHead, Trigger};
use mirror::entities::ENTITIES;

/// Names of kinds.
pub type Kinds = std::collections::BTreeSet<String>;

/// Kinds that are listed whole at each run: Xero offers no time filter for them, and they are short.
const WHOLE_EACH_RUN: &[&str] = &["organisation", "tax_rates", "tracking_categories"];

/// The steps of a run.
///
/// A first run reads everything. Later runs read changes; once a week, and whenever a person asks, also what changes
/// without moving Xero's time stamp. Bank transfers always come with bank transactions, and currencies hardly ever
/// change, so quiet days ask for neither. `kinds` names the only kinds to read, where not all are wanted.
pub(crate) fn steps(head: &SyncHead, trigger: Trigger, kinds: Option<&Kinds>, now: Timestamp) -> Vec<Step> {
    let due = head.swept_week != iso_week(now);
    let thorough = match trigger {
        Trigger::Person | Trigger::Connected => true,
        Trigger::Schedule => due,
        Trigger::WebhookGap | Trigger::Webhook => false,
    };
    let mut steps = Vec::new();
    for entity in ENTITIES.iter().filter(|entity| kinds.is_none_or(|kinds| kinds.contains(entity.name))) {
        let reading = match entity.name {
            _ if !head.loaded && entity.by_time => Some(Reading::Changes),
            name if WHOLE_EACH_RUN.contains(&name) => Some(Reading::Everything),
            "currencies" => (thorough || !head.loaded).then_some(Reading::Everything),
            "accounts" | "items" if thorough => Some(Reading::Everything),
            "bank_transfers" if !thorough => Some(Reading::IfTransfersTouched),
            _ => Some(Reading::Changes),
        };
        steps.extend(reading.map(|reading| Step { entity: entity.name.to_owned(), reading }));
        if entity.name == "invoices" && thorough && head.loaded {
            steps.push(Step { entity: "invoices".to_owned(), reading: Reading::OpenDocuments });
        }
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_quiet_day_asks_for_at_most_fourteen_lists() {
        let now = at("2026-11-24T03:00:00Z");
        let head = SyncHead { loaded: true, swept_week: iso_week(now), ..SyncHead::default() };
        let steps = steps(&head, Trigger::Schedule, None, now);
        let certain = steps.iter().filter(|step| step.reading != Reading::IfTransfersTouched).count();
        assert_eq!(certain, 14, "{steps:?}");
    }

    #[test]
    fn a_first_run_reads_every_kind_and_a_new_week_sweeps() {
        let now = at("2026-11-24T03:00:00Z");
        assert_eq!(steps(&SyncHead::default(), Trigger::Connected, None, now).len(), ENTITIES.len());
        let head = SyncHead { loaded: true, swept_week: "2026-W47".into(), ..SyncHead::default() };
        let sweep = steps(&head, Trigger::Schedule, None, now);
        assert!(sweep.iter().any(|step| step.reading == Reading::OpenDocuments));
        assert!(sweep.iter().any(|step| step.entity == "currencies"));
    }

    #[test]
    fn a_person_who_asks_gets_what_moves_no_time_stamp_too() {
        let now = at("2026-11-24T03:00:00Z");
        let head = SyncHead { loaded: true, swept_week: iso_week(now), ..SyncHead::default() };
        let asked = steps(&head, Trigger::Person, None, now);
        assert!(asked.iter().any(|step| step.reading == Reading::OpenDocuments));
        assert!(asked.iter().any(|step| step.entity == "items" && step.reading == Reading::Everything));
    }

    #[test]
    fn a_run_of_some_kinds_reads_those_alone() {
        let now = at("2026-11-24T03:00:00Z");
        let head = SyncHead { loaded: true, swept_week: iso_week(now), ..SyncHead::default() };
        let kinds = Kinds::from(["invoices".to_owned()]);
        let steps = steps(&head, Trigger::Schedule, Some(&kinds), now);
        assert_eq!(steps, [Step { entity: "invoices".to_owned(), reading: Reading::Changes }]);
    }
}
