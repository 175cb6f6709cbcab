//! Names of companies, and whether two of them are one.
//!
//! Owns what may differ between two spellings of one name: case, accents, punctuation, spaces, "the" at the start and the
//! legal form at the end. Digits count: Shop 12 is not Shop 21. Says how alike, never whether that is enough.

use std::collections::BTreeSet;

use crate::forms::take_forms;
use crate::words::{is_number, letters, likeness, word_likeness, words};

/// Likeness from which two names are alike.
pub(crate) const ALIKE_MIN: u16 = 700;
/// The most that names have that are not the same: what is alike is never as good as what is.
const ALIKE_MAX: u16 = 800;
/// What a name has that the other begins with. A whole word of [`BEGINNING_CHARS_MIN`] letters at least must be common.
const BEGINS: u16 = 700;
const BEGINNING_CHARS_MIN: usize = 5;
/// The most that names have of which one alone has digits.
const DIGITS_IN_ONE_MAX: u16 = 700;

/// A name, ready to be compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Name {
    /// As it was written, for telling a change of letters alone.
    written: String,
    /// Without "the" and the legal form; never empty.
    words: Vec<String>,
    /// The words without the spaces between them, but between two numbers.
    key: String,
    forms: BTreeSet<&'static str>,
}

/// How two names stand to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NameMatch {
    /// Letter by letter.
    Identical,
    /// But for case, accents, punctuation and spaces.
    Same,
    /// As [`NameMatch::Same`], and one of them has no legal form.
    SameButForm,
    /// The legal forms contradict: two companies, perhaps of one group.
    OtherForm,
    /// One begins with the whole other; its likeness.
    Begins(u16),
    /// Alike, per mille.
    Alike(u16),
    /// Less than alike.
    Other,
}

impl Name {
    /// A name; `None` for a text without letters and digits.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut all = words(text);
        if all.len() > 1 && all.first().is_some_and(|word| word == "the") {
            all.remove(0);
        }
        for word in &mut all {
            // The same word in other languages of bills.
            if ["und", "et"].contains(&word.as_str()) {
                "and".clone_into(word);
            }
        }
        let forms = take_forms(&mut all);
        let written = crate::words::quote(text);
        (!all.is_empty()).then(|| Self { written, key: key(&all), words: all, forms })
    }

    /// How another name stands to it.
    pub(crate) fn against(&self, other: &Self) -> NameMatch {
        if self.key != other.key {
            return self.likeness(other);
        }
        let (one, two) = (&self.forms, &other.forms);
        match () {
            () if self.written == other.written => NameMatch::Identical,
            () if one == two => NameMatch::Same,
            () if one.is_empty() || two.is_empty() => NameMatch::SameButForm,
            () if one.is_disjoint(two) => NameMatch::OtherForm,
            () => NameMatch::Same,
        }
    }

    fn likeness(&self, other: &Self) -> NameMatch {
        let (one, two) = (self.numbers(), other.numbers());
        if one != two && !one.is_empty() && !two.is_empty() {
            return NameMatch::Other;
        }
        let most = if one == two { ALIKE_MAX } else { DIGITS_IN_ONE_MAX };
        let by_words = likeness(&self.words, &other.words);
        let by_letters = u16::try_from(word_likeness(&self.key, &other.key)).unwrap_or(0);
        let alike = by_words.max(by_letters).min(most);
        match self.begins(other) || other.begins(self) {
            true if alike < BEGINS => NameMatch::Begins(BEGINS.min(most)),
            true => NameMatch::Begins(alike),
            false if alike >= ALIKE_MIN => NameMatch::Alike(alike),
            false => NameMatch::Other,
        }
    }

    fn begins(&self, other: &Self) -> bool {
        let telling = self.words.iter().any(|word| letters(word) >= BEGINNING_CHARS_MIN && !is_number(word));
        telling && other.words.starts_with(&self.words)
    }

    fn numbers(&self) -> Vec<&str> {
        self.words.iter().map(String::as_str).filter(|word| is_number(word)).collect()
    }
}

impl NameMatch {
    /// Whether it is one name, as far as names can tell.
    pub(crate) fn is_same(self) -> bool {
        matches!(self, Self::Identical | Self::Same | Self::SameButForm)
    }

    /// Per mille; 0 for less than alike.
    pub(crate) fn likeness(self) -> u16 {
        match self {
            Self::Identical | Self::Same => 1000,
            Self::SameButForm => 990,
            Self::OtherForm => ALIKE_MAX,
            Self::Begins(alike) | Self::Alike(alike) => alike,
            Self::Other => 0,
        }
    }

    /// In words.
    pub(crate) fn words(self) -> String {
        match self {
            Self::Identical => "The name is the same".to_owned(),
            Self::Same => "The name is the same but for capitals, accents, punctuation or short forms".to_owned(),
            Self::SameButForm => "The name is the same but for the company's form".to_owned(),
            Self::OtherForm => "The name is the same, but the company's form is another".to_owned(),
            Self::Begins(_) => "One name begins with the other".to_owned(),
            Self::Alike(alike) => format!("The name is alike, by {alike} per mille"),
            Self::Other => "The name is another".to_owned(),
        }
    }
}

/// "Data Works" is "Dataworks", yet "Shop 1 12" is not "Shop 11 2".
fn key(words: &[String]) -> String {
    words.iter().fold(String::new(), |mut key, word| {
        if is_number(word) && key.ends_with(char::is_numeric) {
            key.push(' ');
        }
        key.push_str(word);
        key
    })
}

#[cfg(test)]
mod tests {
    use super::NameMatch::*;
    use super::*;

    #[track_caller]
    fn check(one: &str, other: &str, expected: NameMatch) {
        let (left, right) = (Name::parse(one).unwrap(), Name::parse(other).unwrap());
        assert_eq!(left.against(&right), expected, "{one} / {other}");
        assert_eq!(right.against(&left), expected, "{other} / {one}");
    }

    #[test]
    fn x4_a_name_stays_the_same_in_another_spelling() {
        check("Brightwater Ltd", "Brightwater Ltd", Identical);
        check("Brightwater Ltd", "BRIGHTWATER LIMITED", Same);
        check("The Brightwater & Sons", "Brightwater and Sons", Same);
        check("Tannenrain und Söhne", "Tannenrain & Sohne", Same);
        check("Data Works", "DataWorks", Same);
        check("Millers' Yard", "Miller's Yard", Same);
        check("Brightwater Pty Ltd", "Brightwater Ltd.", Same);
        check("Brightwater Limited", "Brightwater", SameButForm);
        check("Brightwater Ltd", "Brightwater GmbH", OtherForm);
    }

    #[test]
    fn x4_a_name_that_is_only_alike_is_never_the_same() {
        check("Brightwater Supplies", "Brightwater Suplies", Alike(ALIKE_MAX));
        check("Bright Water Suplies", "Brightwater Supplies", Alike(ALIKE_MAX));
        check("Brightwatr", "Bright Water", Alike(ALIKE_MAX));
        check("Brightwater", "Brightwater Trading Europe", Begins(BEGINS));
        check("Oak", "Oak Tree Nursery", Other);
        check("Brightwater", "Tannenrain", Other);
        check("Brightwater Roofing", "Brightwater Dentistry", Other);
    }

    #[test]
    fn x4_digits_in_names_count() {
        check("Shop 12", "Shop 21", Other);
        check("Shop 12", "Shop12 Ltd", SameButForm);
        check("Shop 1 12", "Shop 11 2", Other);
        check("Market Hall 12", "Market Hall", Begins(DIGITS_IN_ONE_MAX));
        check("24 Seven", "Seven 24", Alike(ALIKE_MAX));
    }

    #[test]
    fn what_has_no_letters_is_no_name_and_a_long_one_is_cut() {
        assert_eq!(Name::parse(" — ?!"), None);
        assert_eq!(Name::parse(""), None);
        check("The", "THE", Same);
        let long = "ab ".repeat(100_000);
        check(&long, &format!("{long}c"), Identical);
    }
}
