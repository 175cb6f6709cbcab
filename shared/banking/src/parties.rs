//! What the bank calls whom: a name over the door, a short one, another spelling.
//!
//! Owns that a name is learnt from several pairs that agree, never from one: rows that are together for other reasons tell
//! that the bank's words for a party and the books' contact are the same, and rows for which less speaks are told by it.

use crate::columns::Columns;
use crate::pairs::Pair;

/// Pairs that must agree.
const AGREED: usize = 2;
/// Times that rows must come together whom nothing but amount and days speaks for.
const TIMES: usize = 4;

/// Gives rows of the bank the party that the books have for their words, where other reasons put rows of both together.
pub(crate) fn learn(bank: &mut Columns<'_>, books: &Columns<'_>, pairs: &[Pair]) {
    let told = pairs.iter().filter(|pair| pair.shared == 1 || pair.evidence.reference || pair.evidence.id);
    give(bank, &known(bank, books, told, AGREED));
}

/// The same of rows that nothing else puts together but that they come at the same times.
pub(crate) fn learn_series(bank: &mut Columns<'_>, books: &Columns<'_>, pairs: &[Pair]) {
    give(bank, &known(bank, books, pairs.iter(), TIMES));
}

fn give(bank: &mut Columns<'_>, known: &[(u32, u32)]) {
    for party in &mut bank.party {
        if let Ok(at) = known.binary_search_by_key(party, |(words, _)| *words) {
            *party = known[at].1;
        }
    }
}

/// The bank's words and the contact that they mean, in order of the words.
fn known<'p>(
    bank: &Columns<'_>,
    books: &Columns<'_>,
    told: impl Iterator<Item = &'p Pair>,
    least: usize,
) -> Vec<(u32, u32)> {
    let of_pair = |pair: &Pair| (bank.party[pair.one as usize], books.party[pair.other as usize]);
    let mut told: Vec<(u32, u32)> = told.map(of_pair).filter(|(words, contact)| *words != 0 && *contact != 0).collect();
    told.sort_unstable();
    let mut known = Vec::new();
    for same_words in told.chunk_by(|one, next| one.0 == next.0) {
        let most = same_words.chunk_by(|one, next| one == next).max_by_key(|agreed| agreed.len()).unwrap_or_default();
        // Words that stand for many tell none of them.
        if most.len() >= least && most.len() * 4 >= same_words.len() * 3 {
            known.extend(most.first());
        }
    }
    known
}
