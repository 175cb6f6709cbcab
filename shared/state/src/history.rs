//! What happened to a posting, in order and in plain words.

use kernel::Timestamp;
use serde::{Deserialize, Serialize};

/// Entries kept: the first of them tell how it began, the last how it stands.
const KEPT_MAX: usize = 40;
/// Of those, the ones at the beginning.
const FIRST_KEPT: usize = 10;
/// Longest detail kept.
const DETAIL_CHARS_MAX: usize = 300;

/// The entries of one posting.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct History {
    /// Oldest first.
    pub entries: Vec<HistoryEntry>,
    /// Entries left out between the first and the last.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub left_out: u64,
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryEntry {
    /// When.
    pub at: Timestamp,
    /// What.
    pub what: What,
    /// More of it; never content.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub detail: String,
}

/// What can happen to a posting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// Somebody decided on it.
    Planned,
    /// A call began.
    Sent,
    /// The call was not made, or had no effect for certain.
    NotSent,
    /// Xero's answer says that it is there.
    Answered,
    /// No usable answer came.
    Lost,
    /// A search found it.
    Found,
    /// A search found nothing.
    Absent,
    /// A search did not come to an end.
    NotLooked,
    /// Xero said no.
    Refused,
    /// It waits for something.
    Waits,
    /// It is tried again.
    Resumed,
    /// It was changed, and goes on its way.
    Changed,
    /// Xero does not let it be changed: it is voided and posted anew.
    Replaced,
    /// Somebody entered it by hand.
    Recorded,
    /// Somebody took it out of the books in Xero.
    Undone,
    /// Somebody changed it in Xero.
    Edited,
}

impl History {
    /// Everything that ever happened.
    pub fn count(&self) -> u64 {
        self.entries.len() as u64 + self.left_out
    }

    /// Adds what happened.
    pub fn add(&mut self, at: Timestamp, what: What, detail: String) {
        let detail = detail.chars().take(DETAIL_CHARS_MAX).collect();
        self.entries.push(HistoryEntry { at, what, detail });
        if self.entries.len() > KEPT_MAX {
            self.entries.remove(FIRST_KEPT);
            self.left_out += 1;
        }
    }
}

impl HistoryEntry {
    /// One line for whoever asks what happened.
    pub fn in_words(&self) -> String {
        let said = match self.what {
            What::Planned => "Decided on by",
            What::Sent => "Sent to Xero",
            What::NotSent => "Not sent:",
            What::Answered => "Xero accepted it as",
            What::Lost => "Whether Xero took it is not known:",
            What::Found => "Found in Xero as",
            What::Absent => "Searched for in Xero and not found",
            What::NotLooked => "The search in Xero did not come to an end:",
            What::Refused => "Xero refused it,",
            What::Waits => "Waits,",
            What::Resumed => "Tried again:",
            What::Changed => "Changed:",
            What::Replaced => "Voided and posted anew, since Xero does not let it be changed:",
            What::Undone => "Taken out of the books in Xero:",
            What::Edited => "Compared with Xero:",
            What::Recorded => "Recorded as entered by hand by",
        };
        format!("{said} {}", self.detail).trim_end().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_history_keeps_how_it_began_and_how_it_stands() {
        let mut history = History::default();
        for number in 0..100 {
            history.add(Timestamp::UNIX_EPOCH, What::Lost, number.to_string());
        }
        let details: Vec<&str> = history.entries.iter().map(|entry| entry.detail.as_str()).collect();
        assert_eq!((details.len(), history.left_out), (KEPT_MAX, 60));
        assert_eq!((details[0], details[9], details[10], details[39]), ("0", "9", "70", "99"));
        assert_eq!(history.entries[0].in_words(), "Whether Xero took it is not known: 0");
    }
}
