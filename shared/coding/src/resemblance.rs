//! Which past lines the wanted one reads like.
//!
//! Owns two steps. First, whether a line is about the same at all: most letters of both descriptions are in common words.
//! Then, which of those lines are the closest: by the words of the wanted line that some of them have and others have not,
//! for what all have in common tells nothing apart. So in "Rent of the house at the green, unit 12" it is the 12 that counts.

use kernel::Currency;

use crate::history::Kept;
use crate::words::{likeness, word_likeness};

/// Likeness from which a line reads like another, per mille: most of their letters are common.
const READS_LIKE_MIN: u16 = 600;
/// Lines less like the wanted one than the closest by more than this are not as close, per mille.
const AS_LIKE: u16 = 100;
/// The same for telling words: a tenth of one that a single line has.
const AS_TELLING: usize = 100;

/// What is looked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted<'a> {
    /// Of the description.
    pub(crate) words: &'a [String],
    /// Without tax, in minor units.
    pub(crate) amount: Option<(Currency, i64)>,
}

/// What a line has in common with the wanted one; the more, the greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Resemblance {
    /// The supplier.
    None,
    /// The amount to the penny. Counts only where no description reads alike.
    Amount,
    /// Most of the description.
    Text,
    /// As much of the description as any line has.
    Closest,
}

impl Resemblance {
    /// All, the greatest first.
    pub(crate) const ALL: [Self; 4] = [Self::Closest, Self::Text, Self::Amount, Self::None];
}

/// What each line has in common with the wanted one.
pub(crate) fn resemblances(lines: &[&Kept], wanted: Wanted<'_>) -> Vec<Resemblance> {
    let alike: Vec<u16> = lines.iter().map(|kept| likeness(&kept.words, wanted.words)).collect();
    let reads_like: Vec<usize> = (0..lines.len()).filter(|at| alike[*at] >= READS_LIKE_MIN).collect();
    if reads_like.is_empty() {
        return by_amount(lines, wanted.amount);
    }
    let mut found = vec![Resemblance::None; lines.len()];
    let telling = telling(&reads_like.iter().map(|at| lines[*at]).collect::<Vec<_>>(), wanted.words);
    let most_telling = telling.iter().copied().max().unwrap_or(0);
    let as_telling = |(_, telling): &(&usize, usize)| telling + AS_TELLING >= most_telling;
    let close: Vec<usize> = reads_like.iter().zip(telling).filter(as_telling).map(|(at, _)| *at).collect();
    let most_alike = close.iter().map(|at| alike[*at]).max().unwrap_or(0);
    for at in reads_like {
        found[at] = Resemblance::Text;
    }
    for at in close.into_iter().filter(|at| alike[*at] + AS_LIKE >= most_alike) {
        found[at] = Resemblance::Closest;
    }
    found
}

fn by_amount(lines: &[&Kept], amount: Option<(Currency, i64)>) -> Vec<Resemblance> {
    let amount = amount.filter(|(_, minor)| *minor != 0);
    let same = |kept: &&Kept| amount.is_some() && kept.amount == amount;
    lines.iter().map(|kept| if same(kept) { Resemblance::Amount } else { Resemblance::None }).collect()
}

/// How much each line has of the wanted words, each word counting per mille of the lines that have it not.
fn telling(lines: &[&Kept], wanted: &[String]) -> Vec<usize> {
    let mut told = vec![0; lines.len()];
    for word in wanted {
        let has = |kept: &&Kept| kept.words.iter().map(|other| word_likeness(word, other)).max().unwrap_or(0);
        let alike: Vec<usize> = lines.iter().map(has).collect();
        let without = alike.iter().filter(|alike| **alike == 0).count();
        let counts = (1000 * without).checked_div(lines.len()).unwrap_or(0);
        for (told, alike) in told.iter_mut().zip(alike) {
            *told += counts * alike / 1000;
        }
    }
    told
}

#[cfg(test)]
mod tests {
    use super::Resemblance::*;
    use super::*;
    use crate::descriptions::telling_words;
    use crate::suggestion::tests::line;

    /// Lines are "description=amount".
    #[track_caller]
    fn check(lines: &[&str], wanted: &str, expected: &[Resemblance]) {
        let kept = |text: &str| Kept::from(line(&format!("1 429 T {text}")));
        let (lines, wanted): (Vec<Kept>, Kept) = (lines.iter().map(|text| kept(text)).collect(), kept(wanted));
        let words = telling_words(&wanted.description);
        let found = resemblances(&lines.iter().collect::<Vec<_>>(), Wanted { words: &words, amount: wanted.amount });
        assert_eq!(found, expected);
    }

    #[test]
    fn x4_the_closest_lines_are_those_with_the_words_that_tell() {
        check(&["Paper", "Ink"], "Garden chairs", &[None, None]);
        check(&["Paper May 2026", "Ink"], "Paper June 2026", &[Closest, None]);
        check(&["Rent unit 12", "Rent unit 21"], "Rent unit 12", &[Closest, Text]);
        check(&["Rent unit 12", "Rent unit 12 parking"], "Rent unit 12", &[Closest, Text]);
        let long = "Rent of the house at the village green, unit";
        let lines = [12, 21, 30].map(|unit| format!("{long} {unit}, bill {}", 900 + unit));
        let lines = lines.each_ref().map(String::as_str);
        check(&lines, &format!("{long} 21, bill 977"), &[Text, Closest, Text]);
        check(&lines, &format!("{long} 99, bill 977"), &[Closest, Closest, Closest]);
        check(&["Cloud hostng north", "Cloud hosting south"], "Cloud hosting north", &[Closest, Text]);
    }

    #[test]
    fn x4_the_amount_counts_to_the_penny_where_no_description_does() {
        check(&["Paper=9.99", "Ink=9.98"], "Chairs=9.99", &[Amount, None]);
        check(&["Paper=9.99", "Ink=9.98"], "Ink=9.99", &[None, Closest]);
        check(&["Paper=0.00", "Ink"], "Chairs=0.00", &[None, None]);
        check(&["Paper", "Ink"], "Chairs", &[None, None]);
    }
}
