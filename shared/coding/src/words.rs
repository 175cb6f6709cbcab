//! Text as words that compare: without case, accents and punctuation.
//!
//! Owns what counts as the same word, and how alike two lists of words are. Knows nothing of names, bills or accounts, and
//! never decides what likeness is enough. What it costs is bounded by the constants here, however long the text.

use std::cmp::Reverse;

use icu_normalizer::{ComposingNormalizerBorrowed, DecomposingNormalizerBorrowed};

/// Letters of a text that are read: as many as a contact's name may have in Xero. What follows is as if it were not there.
pub(crate) const TEXT_CHARS_MAX: usize = 255;
/// Words of a text that are read.
pub(crate) const WORDS_MAX: usize = 24;
/// Letters up to which two words are compared letter by letter; longer ones are the same or they are not.
const WORD_CHARS_MAX: usize = 40;
/// Letters from which a word may have a slip in it: of three letters, one that differs makes another word.
const SLIP_CHARS_MIN: usize = 4;
/// Slips in one word: one in four letters, and never more than this.
const SLIPS_MAX: usize = 2;
/// Letters of what is quoted of a text in a reason.
pub(crate) const QUOTE_CHARS_MAX: usize = 60;

/// The words of a text. Letters and digits are apart: "Shop12" has the words of "Shop 12". "&" and "+" are "and".
pub(crate) fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut open = None;
    for letter in plain(text).chars() {
        let class = Class::of(letter);
        match class {
            Class::Silent => continue,
            Class::And => words.push("and".to_owned()),
            Class::Letter | Class::Digit if open == Some(class) => {
                if let Some(word) = words.last_mut() {
                    word.push(letter);
                }
            }
            Class::Letter | Class::Digit => words.push(letter.to_string()),
            Class::Between => (),
        }
        open = Some(class);
    }
    words.truncate(WORDS_MAX);
    words
}

/// Whether a word is a number.
pub(crate) fn is_number(word: &str) -> bool {
    word.starts_with(char::is_numeric)
}

/// What is quoted of a text that came from outside: one line, no longer than [`QUOTE_CHARS_MAX`].
pub(crate) fn quote(text: &str) -> String {
    let spaced = text.chars().take(TEXT_CHARS_MAX).map(|letter| if letter.is_control() { ' ' } else { letter });
    let line = spaced.collect::<String>().split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= QUOTE_CHARS_MAX {
        return line;
    }
    let cut: String = line.chars().take(QUOTE_CHARS_MAX - 1).collect();
    format!("{}…", cut.trim_end())
}

/// How much of two texts their common words are, by letters, per mille: twice the common letters over all letters.
///
/// A word counts once. Words with a slip in them (a letter more, less, other, or two swapped) count as far as they agree;
/// numbers are the same or they are not.
pub(crate) fn likeness(one: &[String], other: &[String]) -> u16 {
    let all: usize = one.iter().chain(other).map(|word| letters(word)).sum();
    let common: usize = pairs(one, other).into_iter().map(|(left, right, alike)| (left + right) * alike).sum();
    u16::try_from(common.checked_div(all).unwrap_or(0)).unwrap_or(0)
}

/// How alike two words are, per mille; nothing below three quarters.
pub(crate) fn word_likeness(one: &str, other: &str) -> usize {
    if one == other {
        return 1000;
    }
    let (left, right) = (letters(one), letters(other));
    let (shorter, longer) = (left.min(right), left.max(right));
    let slips = (longer / 4).min(SLIPS_MAX);
    let short = shorter < SLIP_CHARS_MIN || longer > WORD_CHARS_MAX;
    if short || is_number(one) || is_number(other) || longer - shorter > slips {
        return 0;
    }
    let apart = strsim::osa_distance(one, other);
    if apart > slips { 0 } else { 1000 - 1000 * apart / longer }
}

/// Letters of the words that belong together, and how alike they are: the most alike first, then those that stand first.
fn pairs(one: &[String], other: &[String]) -> Vec<(usize, usize, usize)> {
    let each = |(at, word): (usize, &String)| {
        let alike = other.iter().map(|other| word_likeness(word, other)).enumerate();
        alike.filter(|(_, alike)| *alike > 0).map(|(beside, alike)| (Reverse(alike), at, beside)).collect::<Vec<_>>()
    };
    let mut possible: Vec<_> = one.iter().enumerate().flat_map(each).collect();
    possible.sort_unstable();
    let (mut left, mut right) = (vec![false; one.len()], vec![false; other.len()]);
    let mut taken = Vec::new();
    for (Reverse(alike), at, beside) in possible {
        if !left[at] && !right[beside] {
            (left[at], right[beside]) = (true, true);
            taken.push((letters(&one[at]), letters(&other[beside]), alike));
        }
    }
    taken
}

pub(crate) fn letters(word: &str) -> usize {
    word.chars().count()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Letter,
    Digit,
    And,
    /// Left out without parting a word: "Miller's" is "Millers".
    Silent,
    Between,
}

impl Class {
    fn of(letter: char) -> Self {
        match letter {
            '&' | '+' => Self::And,
            '\'' | '\u{2018}' | '\u{2019}' | '\u{2bc}' | '`' | '\u{ad}' | '\u{200b}'..='\u{200f}' => Self::Silent,
            _ if letter.is_numeric() => Self::Digit,
            _ if letter.is_alphanumeric() => Self::Letter,
            _ => Self::Between,
        }
    }
}

/// Small letters without accents, wide forms and ligatures as their plain ones. Marks that are letters of their own, as in
/// kana, stay.
fn plain(text: &str) -> String {
    let cut: String = text.chars().take(TEXT_CHARS_MAX).collect();
    let apart = DecomposingNormalizerBorrowed::new_nfkd().normalize(&cut);
    let small = apart.chars().take(2 * TEXT_CHARS_MAX).flat_map(char::to_lowercase);
    let bare: String = small.filter(|letter| !('\u{300}'..='\u{36f}').contains(letter)).collect();
    let spelt: String = bare.chars().fold(String::with_capacity(bare.len()), |mut spelt, letter| {
        match letter {
            'ß' => spelt.push_str("ss"),
            'æ' => spelt.push_str("ae"),
            'œ' => spelt.push_str("oe"),
            'ø' => spelt.push('o'),
            'ł' => spelt.push('l'),
            'đ' | 'ð' => spelt.push('d'),
            'þ' => spelt.push_str("th"),
            'ı' => spelt.push('i'),
            other => spelt.push(other),
        }
        spelt
    });
    ComposingNormalizerBorrowed::new_nfc().normalize(&spelt).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(words(text).join("|"), expected, "{text}");
    }

    #[test]
    fn x4_words_lose_case_accents_and_punctuation_and_keep_digits() {
        check("  Ünïted   Çandles, Ltd. ", "united|candles|ltd");
        check("Strauß & Søn + Łódź", "strauss|and|son|and|lodz");
        check("Miller’s O'Hara`s", "millers|oharas");
        check("Shop12", "shop|12");
        check("Shop-21a", "shop|21|a");
        check("Ｗｉｄｅ ﬁne x²", "wide|fine|x|2");
        check("S.à r.l.", "s|a|r|l");
        check("Север Й", "север|и");
        check("ガラス 北", "ガラス|北");
        check("İstanbul ISTANBUL", "istanbul|istanbul");
        check("—…!?", "");
        check("", "");
    }

    #[test]
    fn hostile_lengths_are_cut() {
        let long = "a".repeat(TEXT_CHARS_MAX + 1);
        assert_eq!(words(&long), ["a".repeat(TEXT_CHARS_MAX)]);
        assert_eq!(words(&"ab ".repeat(WORDS_MAX + 1)).len(), WORDS_MAX);
        // One letter that stands for eighteen.
        let unfolding = words(&"\u{fdfa}".repeat(1_000));
        assert!(unfolding.iter().map(|word| letters(word)).sum::<usize>() <= 2 * TEXT_CHARS_MAX);
        let word = "b".repeat(WORD_CHARS_MAX);
        assert!(word_likeness(&word, &format!("{}c", &word[1..])) > 0);
        assert_eq!(word_likeness(&format!("{word}b"), &format!("{word}c")), 0);
    }

    #[test]
    fn likeness_counts_common_letters_and_forgives_a_slip_but_none_in_numbers() {
        let check = |one: &str, other: &str, expected: u16| {
            assert_eq!(likeness(&words(one), &words(other)), expected, "{one} / {other}");
            assert_eq!(likeness(&words(other), &words(one)), expected, "{other} / {one}");
        };
        check("cloud hosting", "Hosting, Cloud", 1000);
        check("northwind", "northwnd", 889);
        check("northwind", "nrothwidn", 778);
        check("northwind", "southwend", 0);
        check("shop 12", "shop 21", 666);
        check("shop 12345", "shop 12346", 444);
        check("cat", "cut", 0);
        check("tap tap", "tap", 666);
        check("", "", 0);
        check("cloud", "", 0);
    }

    #[test]
    fn quotes_are_one_short_line() {
        assert_eq!(quote(" a\n\u{7}b  c "), "a b c");
        assert_eq!(quote(&"x".repeat(QUOTE_CHARS_MAX)), "x".repeat(QUOTE_CHARS_MAX));
        let cut = quote(&"x".repeat(QUOTE_CHARS_MAX + 1));
        assert_eq!((letters(&cut), cut.ends_with('…')), (QUOTE_CHARS_MAX, true));
    }
}
