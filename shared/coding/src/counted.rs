//! The documents that a suggestion's counts and words speak of.
//!
//! Owns which those are: the newest with a line like the wanted one, if they have what is suggested, or else the newest of
//! all. What is suggested, other modules weigh; here is only counted.

use std::collections::BTreeSet;

use uuid::Uuid;

use crate::past::PastKind;
use crate::resemblance::Resemblance;
use crate::weights::{AccountKey, Weighed};

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
        let like = |least: Resemblance| all.iter().copied().filter(move |line| line.resemblance >= least);
        let is_chosen = |line: &Weighed<'a>| line.account == chosen;
        let most = like(Resemblance::None).map(|line| line.resemblance).max().unwrap_or(Resemblance::None);
        // Where all that read alike agree, they are told together, though some are closer than others.
        let least = match most {
            Resemblance::Closest if like(Resemblance::Text).all(|line| is_chosen(&line)) => Resemblance::Text,
            most => most,
        };
        let levels = Resemblance::ALL.into_iter().filter(|level| *level <= least);
        let resemblance = levels.into_iter().find(|level| like(*level).any(|line| is_chosen(&line)));
        let resemblance = resemblance.unwrap_or(Resemblance::None);
        let newest = newest_documents(like(resemblance));
        let lines = if newest.iter().any(is_chosen) { newest } else { like(resemblance).collect() };
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
