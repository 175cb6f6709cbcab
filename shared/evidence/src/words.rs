//! Texts from outside: cleaned so that they can be shown anywhere, and folded so that they compare as people read them.
//!
//! Owns what of a text is dropped and what two texts have in common. Never decides what a likeness means.

use serde::{Deserialize, Serialize};

/// A text that is safe to show in one line: no control letters, no marks that turn the direction of writing, no runs of
/// spaces, and at most [`Words::CHARS_MAX`] characters. What is longer is cut, since a bank's text is not a person's to
/// correct.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct Words(String);

impl Words {
    /// Characters that are kept of a text.
    pub const CHARS_MAX: usize = 500;

    /// Cleans and cuts a text.
    pub fn new(text: &str) -> Self {
        let shown = text.chars().filter(|letter| !is_mark(*letter));
        let spaced = shown.map(|letter| if letter.is_control() || is_break(letter) { ' ' } else { letter });
        let mut kept = String::new();
        for letter in spaced.take(2 * Self::CHARS_MAX) {
            if !letter.is_whitespace() {
                kept.push(letter);
            } else if !kept.is_empty() && !kept.ends_with(' ') {
                kept.push(' ');
            }
        }
        let cut: String = kept.chars().take(Self::CHARS_MAX).collect();
        Self(cut.trim_end().to_owned())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether nothing was said.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// At most so many characters of it, with a sign where some are missing.
    pub fn cut_to(&self, chars_max: usize) -> String {
        if self.0.chars().count() <= chars_max {
            return self.0.clone();
        }
        let kept: String = self.0.chars().take(chars_max.saturating_sub(1)).collect();
        format!("{}…", kept.trim_end())
    }
}

impl From<String> for Words {
    fn from(text: String) -> Self {
        Self::new(&text)
    }
}

impl From<Words> for String {
    fn from(words: Words) -> String {
        words.0
    }
}

/// Letters without a shape of their own: they turn the direction of writing, join, or hide. Source: Unicode, Bidi_Control
/// and the zero-width letters of General Punctuation.
fn is_mark(letter: char) -> bool {
    matches!(letter, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

fn is_break(letter: char) -> bool {
    matches!(letter, '\u{2028}' | '\u{2029}')
}

/// A text in lower case without accents, as words of letters and digits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Folded {
    words: Vec<String>,
}

/// Legal forms and articles, which banks leave out and people vary.
const FORMS: &[&str] = &[
    "ltd", "limited", "plc", "llc", "llp", "inc", "co", "corp", "company", "pty", "gmbh", "ag", "kg", "ug", "ohg",
    "sa", "sas", "sarl", "bv", "nv", "srl", "spa", "sl", "ab", "as", "aps", "oy", "the", "and", "und", "et",
];

/// Letters of a number below which it says nothing: `7` stands in many texts.
const NUMBER_CHARS_MIN: usize = 4;
/// Letters of a name below which it says nothing.
const NAME_CHARS_MIN: usize = 3;
/// Letters of a payee from which it may be a name that the bank has cut.
const CUT_NAME_CHARS_MIN: usize = 8;

impl Folded {
    /// Folds a text.
    pub fn new(text: &str) -> Self {
        let mut words = vec![String::new()];
        for letter in text.chars().filter(|letter| !is_mark(*letter) && !is_accent(*letter)) {
            if !letter.is_alphanumeric() {
                words.push(String::new());
            } else if let Some(word) = words.last_mut() {
                letter.to_lowercase().filter(|small| !is_accent(*small)).for_each(|small| push_plain(small, word));
            }
        }
        words.retain(|word| !word.is_empty());
        Self { words }
    }

    /// Whether nothing is left of the text.
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// Letters and digits it has.
    pub fn chars(&self) -> usize {
        self.words.iter().map(|word| word.chars().count()).sum()
    }

    /// Whether another text stands in it. In scripts that set words apart it must begin where a word begins: `fee` is in
    /// "bank fees" and not in "coffee".
    pub fn contains(&self, other: &Folded) -> bool {
        let (text, sought) = (format!(" {}", self.words.join(" ")), other.words.join(" "));
        let apart = sought.starts_with(|first: char| first.is_ascii_alphanumeric());
        !sought.is_empty() && text.contains(&if apart { format!(" {sought}") } else { sought })
    }

    /// Whether a document's number stands in it as whole words, however it is set apart: `INV-0042` is in "inv 0042".
    pub fn holds_number(&self, number: &Folded) -> bool {
        let sought = number.words.concat();
        let telling = sought.chars().count() >= NUMBER_CHARS_MIN && sought.contains(|c: char| c.is_ascii_digit());
        telling && self.holds_run(&sought)
    }

    /// Whether a name stands in it, whatever its legal form.
    pub fn holds_name(&self, name: &Folded) -> bool {
        let sought = name.bare();
        sought.chars().count() >= NAME_CHARS_MIN && self.holds_run(&sought)
    }

    /// Whether it is the beginning of a name that a bank has cut.
    pub fn is_cut_of(&self, name: &Folded) -> bool {
        let cut = self.words.concat();
        cut.chars().count() >= CUT_NAME_CHARS_MIN && name.words.concat().starts_with(&cut)
    }

    /// The words without legal forms, as one; all of them where there would be none.
    fn bare(&self) -> String {
        let bare: String =
            self.words.iter().filter(|word| !FORMS.contains(&word.as_str())).map(String::as_str).collect();
        if bare.is_empty() { self.words.concat() } else { bare }
    }

    /// Whether some words in a row are this one, legal forms among them left out.
    fn holds_run(&self, sought: &str) -> bool {
        (0..self.words.len()).any(|start| {
            let mut rest = sought;
            for word in &self.words[start..] {
                match rest.strip_prefix(word.as_str()) {
                    Some("") => return true,
                    Some(after) => rest = after,
                    None if FORMS.contains(&word.as_str()) => (),
                    None => return false,
                }
            }
            false
        })
    }
}

/// Accents that stand as letters of their own behind what they belong to.
fn is_accent(letter: char) -> bool {
    matches!(letter, '\u{300}'..='\u{36f}')
}

/// Small letters with accents behind the one they are read as. Source: Unicode, Latin-1 Supplement and Latin Extended-A.
const ACCENTED: &str = "aàáâãäåāăą cçćĉċč dďđð eèéêëēĕėęě gĝğġģ hĥħ iìíîïĩīĭįı jĵ kķ lĺļľŀł nñńņň oòóôõöøōŏő rŕŗř \
    sśŝşšș tţťŧț uùúûüũūŭůűų wŵ yýÿŷ zźżž";

/// A small letter without its accent.
fn push_plain(letter: char, out: &mut String) {
    let plain = match letter {
        'ß' => "ss",
        'æ' => "ae",
        'œ' => "oe",
        'þ' => "th",
        ascii if ascii.is_ascii() => return out.push(ascii),
        other => {
            let group = ACCENTED.split(' ').find(|group| group.contains(other));
            return out.push(group.and_then(|group| group.chars().next()).unwrap_or(other));
        }
    };
    out.push_str(plain);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cleaned_and_cut() {
        for (text, expected) in [
            ("  Fern \t & \r\n Sons ", "Fern & Sons"),
            ("ab\u{202e}cd\u{200f}\u{0}e", "abcd e"),
            ("\u{feff}\u{200b}", ""),
            ("line\u{2028}two", "line two"),
        ] {
            assert_eq!(Words::new(text).as_str(), expected);
        }
        let most = "ä".repeat(Words::CHARS_MAX);
        assert_eq!(Words::new(&most).as_str(), most);
        assert_eq!(Words::new(&format!("{most}b")).as_str(), most);
        assert_eq!(Words::new("abcdef").cut_to(6), "abcdef");
        assert_eq!(Words::new("abcdef").cut_to(5), "abcd…");
    }

    #[track_caller]
    fn check(text: &str, sought: &str, expected: bool) {
        assert_eq!(Folded::new(text).contains(&Folded::new(sought)), expected, "{sought:?} in {text:?}");
    }

    #[test]
    fn a_text_is_found_whatever_its_case_and_accents() {
        check("CAFÉ MÜLLER", "cafe muller", true);
        check("Cafe\u{301} Mu\u{308}ller", "CAFÉ", true);
        check("STRASSE", "straße", true);
        check("ŁÓDŹ", "lodz", true);
        check("bank fees", "FEE", true);
        check("coffee", "fee", false);
        check("a.b*fee", "fee", true);
        check("東京電力", "電力", true);
        check("anything", "-", false);
        check("İstanbul", "istanbul", true);
    }

    #[test]
    fn a_number_is_whole_and_a_name_goes_without_its_legal_form() {
        let number = |text: &str, number: &str| Folded::new(text).holds_number(&Folded::new(number));
        let name = |text: &str, name: &str| Folded::new(text).holds_name(&Folded::new(name));
        assert!(number("paid inv 0042 thanks", "INV-0042") && number("INV/00/42", "INV-0042"));
        assert!(!number("paid inv 00421", "INV-0042") && !number("xinv 0042", "INV-0042"));
        assert!(!number("7", "7") && !number("rent rent", "rent"), "says too little");
        assert!(name("DD ALDER & FINCH", "Alder and Finch Ltd") && name("alderfinch", "Alder Finch GmbH"));
        assert!(!name("alderman", "Alder") && !name("ab", "A B"));
        assert!(name("the co", "The Co"), "a name of nothing but such words counts as it stands");
        assert!(Folded::new("KESTREL BOTA").is_cut_of(&Folded::new("Kestrel Botanics Ltd")));
        assert!(!Folded::new("KESTREL").is_cut_of(&Folded::new("Kestrel Botanics Ltd")));
    }
}
