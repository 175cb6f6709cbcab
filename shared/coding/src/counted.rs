//! The documents that a suggestion's counts and words speak of.
//!
//! Owns which those are: the newest with a line like the wanted one, if they have what is suggested, or else the newest of
//! all. What is suggested, other modules weigh; here is only counted.

use std::collections::BTreeSet;

use uuid::Uuid;

use crate::past::PastKind;
use crate::weights::{AccountKey, Resemblance, Weighed};

/// Documents that are counted: a person can look through as many. More only where these have nothing of what is suggested.
pub const COUNTED_DOCUMENTS_MAX: usize = 12;

/// Lines of the documents that are counted.
pub(crate) struct Counted<'a> {
    /// The newest first.
    lines: Vec<Weighed<'a>>,
    /// What they all have in common with the wanted line.
    pub(crate) resemblance: Resemblance,
}

impl<'a> Counted<'a> {
    /// Of lines that come the newest first.
    pub(crate) fn of(all: &[Weighed<'a>], chosen: AccountKey<'a>) -> Self {
        let most = all.iter().map(|line| line.resemblance).max().unwrap_or(Resemblance::None);
        let like = |least: Resemblance| all.iter().copied().filter(move |line| line.resemblance >= least);
        let tries = [(most, true), (most, false), (Resemblance::None, true)];
        let has = |lines: &Vec<Weighed<'a>>| lines.iter().any(|line| line.account == chosen);
        let found = tries.into_iter().find_map(|(least, newest)| {
            let lines = if newest { newest_documents(like(least)) } else { like(least).collect() };
            has(&lines).then_some((lines, least))
        });
        let (lines, resemblance) = found.unwrap_or((all.to_vec(), Resemblance::None));
        Self { lines, resemblance }
    }

    /// Documents with such a line.
    pub(crate) fn documents_where(&self, such: impl Fn(&Weighed<'a>) -> bool) -> u32 {
        let documents: BTreeSet<Uuid> =
            self.lines.iter().filter(|line| such(line)).map(|line| line.kept.document_id).collect();
        u32::try_from(documents.len()).unwrap_or(u32::MAX)
    }

    /// How many of the newest documents have such a line: those newer than every document that has none. Documents of one
    /// date are in no order.
    pub(crate) fn newest_in_a_row(&self, such: impl Fn(&Weighed<'a>) -> bool) -> u32 {
        let have: BTreeSet<Uuid> =
            self.lines.iter().filter(|line| such(line)).map(|line| line.kept.document_id).collect();
        let without = self.lines.iter().find(|line| !have.contains(&line.kept.document_id)).map(|line| line.kept.date);
        self.documents_where(|line| without.is_none_or(|date| line.kept.date > date))
    }

    /// The newest line with that account.
    pub(crate) fn newest_of(&self, account: AccountKey<'a>) -> Option<&Weighed<'a>> {
        self.lines.iter().find(|line| line.account == account)
    }

    /// What the documents are, where they are all of one kind.
    pub(crate) fn kind(&self) -> Option<PastKind> {
        let first = self.lines.first()?.kept.kind;
        self.lines.iter().all(|line| line.kept.kind == first).then_some(first)
    }
}

fn newest_documents<'a>(lines: impl Iterator<Item = Weighed<'a>>) -> Vec<Weighed<'a>> {
    let mut documents = BTreeSet::new();
    let within = |line: &Weighed<'a>| {
        documents.insert(line.kept.document_id);
        documents.len() <= COUNTED_DOCUMENTS_MAX
    };
    lines.take_while(within).collect()
}
