//! What is to be written to Xero: stored before the first call, and until it is known what became of it.
//!
//! Owns the states of one posting and the rules of sending it exactly once. Calls nothing: a worker asks for the next
//! step, stores that it begins it, does it, and stores how it ended. Any step may be the last before a crash.
//!
//! Xero forgets an `Idempotency-Key` six minutes after its first use. Inside five minutes a repetition under the same
//! key is safe; later a new key is needed, and that is safe only when a search in Xero, made long enough after the
//! last send for that to have arrived, finds nothing.

use std::time::Duration;

use kernel::{IntentId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::history::{History, What};
use crate::intent_state::{Existing, How, IntentState, Waiting, WaitsOn};
use crate::lease::{Lease, LeaseHeld};

/// A repetition under the same key is safe this long after the key's first use; Xero's own span is a minute longer.
pub const SAME_KEY_SPAN: Duration = Duration::from_secs(5 * 60);
/// A request that was sent longer ago than this has arrived or never will.
pub const ARRIVED_AFTER: Duration = Duration::from_secs(5 * 60);
/// Longer than one call to Xero may take.
const LEASE_SPAN: Duration = Duration::from_secs(90);

/// The durable record of one posting.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Intent {
    /// Names it; the same decision has the same name.
    pub id: IntentId,
    /// The kind of record it becomes, such as `manual_journals`.
    pub kind: String,
    /// Who decided that it be posted.
    pub actor: String,
    /// A digest of what is sent: the same name with other content is another decision.
    pub content: String,
    /// Where it stands.
    pub state: IntentState,
    /// Counts the `Idempotency-Key`s used.
    pub epoch: u32,
    /// Sends whose outcome is not known.
    pub open: Option<OpenSends>,
    /// When Xero was searched without success since the last send.
    pub looked_at: Option<Timestamp>,
    /// The record in Xero that it is already, while that is brought to what is wanted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub existing: Option<Existing>,
    /// Records in Xero that it was, and that are out of the books since.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub former: Vec<String>,
    /// The worker at it.
    pub lease: Lease,
    /// What happened, for whoever asks.
    pub history: History,
}

/// Sends under one key whose outcome is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenSends {
    /// The first under the present key.
    pub first_at: Timestamp,
    /// The last.
    pub last_at: Timestamp,
}

/// What a worker does next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Send it.
    Send,
    /// Search Xero for its mark.
    LookUp,
    /// Nothing before then.
    Wait {
        /// When to look again.
        until: Timestamp,
    },
    /// Nothing at all.
    Nothing,
}

/// A send under way: what its end is measured against.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sending {
    /// The `Idempotency-Key`.
    pub key: String,
    before: Option<OpenSends>,
    looked_before: Option<Timestamp>,
}

impl Intent {
    /// A posting that somebody decided on.
    pub fn new(id: IntentId, kind: &str, actor: &str, content: String, now: Timestamp) -> Self {
        let mut history = History::default();
        history.add(now, What::Planned, actor.to_owned());
        Self {
            id,
            kind: kind.to_owned(),
            actor: actor.to_owned(),
            content,
            state: IntentState::Open,
            epoch: 0,
            open: None,
            looked_at: None,
            existing: None,
            former: Vec::new(),
            lease: Lease::default(),
            history,
        }
    }

    /// Whether it waits for what a person can correct in its content, and was never in Xero.
    pub fn is_correctable(&self) -> bool {
        let waits = match &self.state {
            IntentState::Waiting(waiting) => matches!(waiting.on, WaitsOn::Person | WaitsOn::LockDate { .. }),
            _ => false,
        };
        waits && self.existing.is_none() && self.former.is_empty()
    }

    /// What to do now. Decides from the record alone.
    pub fn next_step(&self, now: Timestamp) -> Step {
        if self.state != IntentState::Open {
            return Step::Nothing;
        }
        if let Some(until) = self.lease.until.filter(|until| now < *until) {
            return Step::Wait { until };
        }
        let Some(open) = self.open else { return Step::Send };
        if now < after(open.first_at, SAME_KEY_SPAN) {
            return if self.looked_at.is_some() { Step::Send } else { Step::LookUp };
        }
        // Under a new key only when a search that could not miss the last send found nothing.
        match self.looked_at {
            Some(looked) if after(open.last_at, ARRIVED_AFTER) <= looked => Step::Send,
            _ if after(open.last_at, ARRIVED_AFTER) <= now => Step::LookUp,
            _ => Step::Wait { until: after(open.last_at, ARRIVED_AFTER) },
        }
    }

    /// Begins a send: to be stored before the call.
    pub fn begin_send(&mut self, now: Timestamp) -> Result<Sending, LeaseHeld> {
        self.lease.take(now, LEASE_SPAN)?;
        let (before, looked_before) = (self.open, self.looked_at.take());
        let same_key = before.filter(|open| now < after(open.first_at, SAME_KEY_SPAN));
        if same_key.is_none() {
            self.epoch += 1;
        }
        self.open = Some(OpenSends { first_at: same_key.map_or(now, |open| open.first_at), last_at: now });
        self.history.add(now, What::Sent, format!("under key {}", self.epoch));
        Ok(Sending { key: self.key(), before, looked_before })
    }

    /// Begins a search: to be stored before the call.
    pub fn begin_look(&mut self, now: Timestamp) -> Result<(), LeaseHeld> {
        self.lease.take(now, LEASE_SPAN).map(|_| ())
    }

    /// The present `Idempotency-Key`; at most 80 characters.
    fn key(&self) -> String {
        format!("{}:{}", self.id, self.epoch)
    }

    /// Xero is as was wanted.
    pub fn done(&mut self, now: Timestamp, xero_id: String, losses: Vec<String>, what: What) {
        self.history.add(now, what, xero_id.clone());
        match self.existing.take().map(|existing| existing.how) {
            None | Some(How::Edit) => self.close(IntentState::Done { xero_id, at: now, losses }),
            Some(How::Withdraw) => self.close(IntentState::Withdrawn { xero_id, at: now }),
            Some(How::Replace) => {
                self.forget(xero_id);
                self.close(IntentState::Open);
            }
        }
    }

    /// A record that is not this posting any more.
    fn forget(&mut self, xero_id: String) {
        self.former.push(xero_id);
        // Whoever voids and posts anew that often searches among the last ones.
        let extra = self.former.len().saturating_sub(FORMER_MAX);
        self.former.drain(..extra);
    }

    /// Somebody entered it by hand, or leaves what is in Xero as it is. Refused where a send is under way or unknown.
    pub fn record(&mut self, now: Timestamp, actor: &str, reason: &str) -> bool {
        let settled = self.open.is_none() && self.lease.until.is_none_or(|until| until <= now);
        let possible = settled && matches!(self.state, IntentState::Open | IntentState::Waiting(_));
        if possible {
            self.history.add(now, What::Recorded, format!("{actor}: {reason}"));
            let state = match self.existing.take() {
                None => {
                    let (actor, reason) = (actor.to_owned(), reason.to_owned());
                    IntentState::Recorded { actor, reason, at: now }
                }
                Some(Existing { xero_id, .. }) => {
                    let losses = vec![format!("{actor} left it as it was in Xero: {reason}")];
                    IntentState::Done { xero_id, at: now, losses }
                }
            };
            self.close(state);
        }
        possible
    }

    /// Xero said no, for certain: nothing of it is there, and a repetition needs a key of its own, because Xero answers
    /// the old one with the same refusal.
    pub fn refused(&mut self, now: Timestamp, waiting: Waiting) {
        self.history.add(now, What::Refused, format!("{}: {}", waiting.code, waiting.cause));
        self.close(IntentState::Waiting(waiting));
    }

    /// The call was not made, or had no effect for certain; earlier sends stay as unknown as they were.
    pub fn not_sent(&mut self, now: Timestamp, sending: &Sending, reason: &str) {
        (self.open, self.looked_at) = (sending.before, sending.looked_before);
        self.lease.release();
        self.history.add(now, What::NotSent, reason.to_owned());
    }

    /// Nothing is sent until something changes; what was sent before stays unknown.
    pub fn wait(&mut self, now: Timestamp, waiting: Waiting) {
        self.lease.release();
        self.history.add(now, What::Waits, format!("{}: {}", waiting.code, waiting.cause));
        self.state = IntentState::Waiting(waiting);
    }

    /// The answer was lost.
    pub fn unknown(&mut self, now: Timestamp, reason: &str) {
        self.lease.release();
        self.history.add(now, What::Lost, reason.to_owned());
    }

    /// Xero was searched and has nothing of that mark.
    pub fn absent(&mut self, now: Timestamp) {
        self.looked_at = Some(now);
        self.lease.release();
        self.history.add(now, What::Absent, String::new());
    }

    /// A search that did not come to an end.
    pub fn not_looked(&mut self, now: Timestamp, reason: &str) {
        self.lease.release();
        self.history.add(now, What::NotLooked, reason.to_owned());
    }

    /// What it waited for has changed, or somebody wants it tried again; answers whether that is so.
    pub fn resume(&mut self, now: Timestamp, reason: &str) -> bool {
        let waits = matches!(self.state, IntentState::Waiting(_));
        if waits {
            self.history.add(now, What::Resumed, reason.to_owned());
            self.state = IntentState::Open;
        }
        waits
    }

    /// Whether nothing of it is in Xero, and nothing can have been sent: it waits, and may still become something else.
    pub fn is_unsent(&self) -> bool {
        self.open.is_none() && self.existing.is_none() && matches!(self.state, IntentState::Waiting(_))
    }

    /// Other content takes the place of what was refused, and goes on its way. Not of what is in Xero, or may be.
    pub fn change(&mut self, now: Timestamp, content: String, reason: &str) -> bool {
        let possible = self.is_unsent();
        if possible {
            self.history.add(now, What::Changed, reason.to_owned());
            self.content = content;
            self.state = IntentState::Open;
        }
        possible
    }

    /// What is in Xero as it was sent shall be changed to other content, or taken out of the books; answers whether that
    /// is possible: not of what somebody has changed there.
    pub fn revise(&mut self, now: Timestamp, how: How, content: String, reason: &str) -> bool {
        let IntentState::Done { xero_id, losses, .. } = &self.state else { return false };
        if !losses.is_empty() {
            return false;
        }
        self.existing = Some(Existing { xero_id: xero_id.clone(), how });
        self.history.add(now, What::Changed, reason.to_owned());
        self.content = content;
        self.close(IntentState::Open);
        true
    }

    /// Xero does not let the record be changed, for certain: it is taken out of the books and posted anew.
    pub fn replace(&mut self, now: Timestamp, reason: &str) {
        if let Some(existing) = &mut self.existing {
            existing.how = How::Replace;
            self.history.add(now, What::Replaced, reason.to_owned());
        }
    }

    /// A record that it was, or is, is out of the books, and not by us: a person says whether it is posted anew. Answers
    /// whether that is news.
    pub fn undone(&mut self, now: Timestamp, gone: &str, waiting: Waiting) -> bool {
        let ours = self.open.is_some() || self.lease.until.is_some_and(|until| now < until);
        let how = match (&self.state, &self.existing) {
            (IntentState::Done { xero_id, .. }, _) if xero_id == gone => How::Edit,
            (IntentState::Open | IntentState::Waiting(_), Some(existing)) if existing.xero_id == gone => existing.how,
            _ => return false,
        };
        match how {
            // Whether it was ours, the worker at it finds out.
            How::Replace if ours => return false,
            How::Withdraw => self.done(now, gone.to_owned(), Vec::new(), What::Found),
            How::Edit | How::Replace => {
                self.history.add(now, What::Undone, waiting.cause.clone());
                self.existing = None;
                self.forget(gone.to_owned());
                self.close(IntentState::Waiting(waiting));
            }
        }
        true
    }

    /// What of it was not in Xero as it was sent when it was last changed there; answers whether that is news.
    pub fn compared(&mut self, now: Timestamp, seen: &str, changed: Option<Timestamp>, found: Vec<String>) -> bool {
        let IntentState::Done { xero_id, at, losses } = &mut self.state else { return false };
        // Of what was read before we changed it nothing follows.
        if xero_id != seen || changed.is_some_and(|changed| changed < *at) {
            return false;
        }
        let news = *losses != found;
        if news {
            let words = match found.first() {
                None => "as it was sent again".to_owned(),
                Some(first) => format!("not as it was sent, {first}"),
            };
            *losses = found;
            self.history.add(now, What::Edited, words);
        }
        news
    }

    fn close(&mut self, state: IntentState) {
        self.state = state;
        self.open = None;
        self.looked_at = None;
        self.lease.release();
    }
}

/// Former records kept.
const FORMER_MAX: usize = 8;

fn after(at: Timestamp, span: Duration) -> Timestamp {
    at.saturating_add(span).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + second).unwrap()
    }

    fn fresh() -> Intent {
        Intent::new("j-1".parse().unwrap(), "manual_journals", "sam", "content".into(), at(0))
    }

    fn sent_and_lost(second: i64) -> Intent {
        let mut intent = fresh();
        intent.begin_send(at(second)).unwrap();
        intent.unknown(at(second + 25), "no answer");
        intent
    }

    fn waiting() -> Waiting {
        let (code, cause, fix) = ("period_locked".into(), "c".into(), "f".into());
        Waiting { on: WaitsOn::Person, code, cause, fix, raw: Vec::new(), since: at(0) }
    }

    #[test]
    fn what_was_never_sent_is_sent_and_what_ended_is_left_alone() {
        let mut intent = fresh();
        assert_eq!(intent.next_step(at(0)), Step::Send);
        let first = intent.begin_send(at(0)).unwrap();
        assert_eq!(first.key, "j-1:1");
        assert!(matches!(intent.next_step(at(10)), Step::Wait { .. }), "another worker is at it");
        assert!(intent.begin_send(at(10)).is_err());
        intent.done(at(11), "x".into(), Vec::new(), What::Answered);
        assert_eq!(intent.next_step(at(100_000)), Step::Nothing);
    }

    #[test]
    fn after_a_lost_answer_xero_is_searched_and_inside_five_minutes_the_key_stays_the_same() {
        let mut intent = sent_and_lost(0);
        assert_eq!(intent.next_step(at(30)), Step::LookUp);
        intent.begin_look(at(30)).unwrap();
        intent.absent(at(31));
        assert_eq!(intent.next_step(at(31)), Step::Send);
        assert_eq!(intent.begin_send(at(31)).unwrap().key, "j-1:1");
        intent.unknown(at(56), "no answer");
        assert_eq!(intent.next_step(at(60)), Step::LookUp, "the search was made before the last send");
    }

    #[test]
    fn a_new_key_is_used_only_after_a_search_that_could_not_miss_the_last_send() {
        let mut intent = sent_and_lost(0);
        intent.absent(at(40));
        // Six minutes later the old search says nothing: the request may have arrived since.
        assert_eq!(intent.next_step(at(400)), Step::LookUp);
        intent.absent(at(400));
        assert_eq!(intent.next_step(at(401)), Step::Send);
        assert_eq!(intent.begin_send(at(401)).unwrap().key, "j-1:2");
    }

    #[test]
    fn near_the_end_of_a_keys_life_nothing_is_sent_under_either_key() {
        let mut intent = sent_and_lost(0);
        intent.absent(at(30));
        intent.begin_send(at(250)).unwrap();
        intent.unknown(at(275), "no answer");
        // The key's five minutes are over, and the second send may still arrive until 550.
        assert_eq!(intent.next_step(at(320)), Step::Wait { until: at(550) });
        assert_eq!(intent.next_step(at(550)), Step::LookUp);
    }

    #[test]
    fn a_worker_that_died_after_its_call_leaves_an_unknown_outcome() {
        let mut intent = fresh();
        intent.begin_send(at(0)).unwrap();
        assert_eq!(intent.next_step(at(89)), Step::Wait { until: at(90) });
        assert_eq!(intent.next_step(at(90)), Step::LookUp);
    }

    #[test]
    fn a_call_without_effect_leaves_things_as_they_were() {
        let mut intent = fresh();
        let sending = intent.begin_send(at(0)).unwrap();
        intent.not_sent(at(1), &sending, "60 calls in this minute");
        assert_eq!((intent.next_step(at(1)), intent.open), (Step::Send, None));
        let mut intent = sent_and_lost(0);
        intent.absent(at(30));
        let open = intent.open;
        let sending = intent.begin_send(at(40)).unwrap();
        intent.not_sent(at(41), &sending, "60 calls in this minute");
        assert_eq!(intent.open, open, "the first send is still unknown");
    }

    #[test]
    fn m27_after_a_refusal_a_retry_has_a_key_of_its_own() {
        let mut intent = fresh();
        intent.begin_send(at(0)).unwrap();
        intent.refused(at(1), waiting());
        assert_eq!(intent.next_step(at(2)), Step::Nothing);
        assert!(intent.resume(at(3), "the lock date moved"));
        assert!(!intent.resume(at(3), "again"), "already open");
        assert_eq!(intent.next_step(at(3)), Step::Send);
        assert_eq!(intent.begin_send(at(3)).unwrap().key, "j-1:2");
    }

    #[test]
    fn b5_waiting_for_an_authorisation_forgets_no_send() {
        let mut intent = sent_and_lost(0);
        intent.wait(at(30), waiting());
        assert!(intent.resume(at(4_000), "connected again"));
        assert_eq!(intent.next_step(at(4_000)), Step::LookUp);
    }

    #[test]
    fn what_may_be_in_xero_keeps_its_content() {
        let mut intent = sent_and_lost(0);
        intent.wait(at(30), waiting());
        assert!(!intent.change(at(31), "other".into(), "moved"), "an earlier send may still arrive");
        let mut intent = fresh();
        assert!(!intent.change(at(1), "other".into(), "moved"), "it does not wait");
        intent.begin_send(at(1)).unwrap();
        intent.refused(at(2), waiting());
        assert!(intent.change(at(3), "other".into(), "moved"));
        assert_eq!(intent.begin_send(at(4)).unwrap().key, "j-1:2", "other content, another key");
    }

    #[test]
    fn b15_what_may_be_in_xero_cannot_be_recorded_as_entered_by_hand() {
        let mut intent = sent_and_lost(0);
        assert!(!intent.record(at(40), "sam", "entered by hand"));
        let mut intent = fresh();
        intent.begin_send(at(0)).unwrap();
        assert!(!intent.record(at(1), "sam", "entered by hand"), "it is just being sent");
        intent.refused(at(2), waiting());
        assert!(intent.record(at(3), "sam", "entered by hand"));
        assert_eq!(intent.next_step(at(4)), Step::Nothing);
    }

    fn posted() -> Intent {
        let mut intent = fresh();
        intent.begin_send(at(0)).unwrap();
        intent.done(at(1), "x".into(), Vec::new(), What::Answered);
        intent
    }

    #[test]
    fn m29_what_is_in_xero_is_changed_under_a_key_of_its_own_and_stays_the_same_record() {
        let mut intent = posted();
        assert!(intent.revise(at(10), How::Edit, "other".into(), "asked for by sam"));
        assert!(!intent.revise(at(10), How::Edit, "third".into(), "asked for by kim"), "it is on its way");
        assert!(!intent.change(at(10), "third".into(), "moved"), "what is in Xero does not become something else");
        assert_eq!(intent.begin_send(at(11)).unwrap().key, "j-1:2");
        intent.done(at(12), "x".into(), Vec::new(), What::Answered);
        assert_eq!(intent.state, IntentState::Done { xero_id: "x".into(), at: at(12), losses: Vec::new() });
        assert_eq!((intent.existing.clone(), intent.content.as_str()), (None, "other"));
        intent.compared(at(13), "x", Some(at(13)), vec!["line 1".into()]);
        assert!(!intent.revise(at(14), How::Edit, "third".into(), "sam"), "somebody has changed it in Xero");
    }

    #[test]
    fn m30_what_is_not_wanted_any_more_is_withdrawn_by_whoever_does_it() {
        let mut intent = posted();
        assert!(intent.revise(at(10), How::Withdraw, "content".into(), "sam"));
        let mut seen = intent.clone();
        assert!(seen.undone(at(11), "x", waiting()), "a person was quicker");
        intent.done(at(11), "x".into(), Vec::new(), What::Answered);
        for withdrawn in [intent, seen] {
            assert_eq!(withdrawn.state, IntentState::Withdrawn { xero_id: "x".into(), at: at(11) });
            assert_eq!(withdrawn.next_step(at(1_000)), Step::Nothing);
        }
    }

    #[test]
    fn m29_where_xero_lets_nothing_be_changed_it_is_voided_and_posted_anew() {
        let mut intent = posted();
        intent.revise(at(10), How::Edit, "other".into(), "sam");
        let sending = intent.begin_send(at(11)).unwrap();
        intent.not_sent(at(12), &sending, "posted journals are final");
        intent.replace(at(12), "x");
        intent.begin_send(at(13)).unwrap();
        assert!(!intent.undone(at(13), "x", waiting()), "it is us who void it");
        intent.done(at(14), "x".into(), Vec::new(), What::Answered);
        assert_eq!((intent.next_step(at(14)), intent.former.as_slice()), (Step::Send, &["x".to_owned()][..]));
        intent.begin_send(at(15)).unwrap();
        intent.done(at(16), "y".into(), Vec::new(), What::Answered);
        assert!(!intent.undone(at(17), "x", waiting()), "of the former record nothing follows");
        assert!(intent.undone(at(18), "y", waiting()), "of this one it does");
    }

    #[test]
    fn m28_what_somebody_voids_while_it_is_to_be_changed_waits_for_a_person() {
        let mut intent = posted();
        intent.revise(at(10), How::Edit, "other".into(), "sam");
        assert!(intent.undone(at(11), "x", waiting()));
        assert!(intent.resume(at(12), "asked for by sam"));
        assert_eq!((intent.next_step(at(12)), intent.existing.clone()), (Step::Send, None), "posted anew");
    }

    #[test]
    fn b15_a_change_that_is_given_up_leaves_the_record_as_it_is() {
        let mut intent = posted();
        intent.revise(at(10), How::Edit, "other".into(), "sam");
        intent.begin_send(at(11)).unwrap();
        intent.refused(at(12), waiting());
        assert!(intent.record(at(13), "kim", "as agreed"));
        let IntentState::Done { xero_id, losses, .. } = &intent.state else { panic!("{:?}", intent.state) };
        assert_eq!((xero_id.as_str(), losses.len()), ("x", 1), "what is there is not what was wanted");
    }

    #[test]
    fn what_was_read_before_a_change_says_nothing_of_it() {
        let mut intent = posted();
        assert!(!intent.compared(at(20), "x", Some(at(0)), vec!["line 1".into()]));
        assert!(!intent.compared(at(20), "y", Some(at(5)), vec!["line 1".into()]), "another record");
        assert!(intent.compared(at(20), "x", Some(at(5)), vec!["line 1".into()]));
    }
}
