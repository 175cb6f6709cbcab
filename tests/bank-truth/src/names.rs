//! Names of parties: made up from word lists, so that none is a real company or person.
//!
//! Owns the words, and what happens to a name on its way into a bank's text.

use crate::dice::{Channel, Dice};

const STEMS: &[&str] = &[
    "Amber", "Bracken", "Tillow", "Quen", "Hollen", "Marsk", "Fjäll", "Birken", "Côte", "Élan", "Göl", "Harrow",
    "Ister", "Jun", "Kestr", "Lind", "Mühl", "Norn", "Oster", "Pell", "Rønn", "Sable", "Thorn", "Ulver", "Vel", "Wend",
    "Yarrow", "Zell", "Ash", "Corv", "Dun", "Ebb", "Finn", "Grä", "Hester", "Ivo", "Karl", "Lark", "Moss", "Niñ",
];
const ENDS: &[&str] = &[
    "fold", "mere", "by", "wick", "stad", "berg", "aux", "ora", "dal", "ingham", "ette", "hof", "señ", "ström", "vale",
    "ley", "holt", "garth", "brück", "ano", "ünd", "eaux", "sund", "more",
];
const TRADES: &[&str] = &[
    "Coffee",
    "Joinery",
    "Software",
    "Logistik",
    "Bäckerei",
    "Fournitures",
    "Papelería",
    "Print",
    "Catering",
    "Energie",
    "Telecom",
    "Insurance",
    "Cleaning",
    "Fahrzeuge",
    "Hardware",
    "Gardens",
    "Translations",
    "Couriers",
    "Versicherung",
    "Café",
    "Hosting",
    "Elektro",
    "Packaging",
    "Training",
    "Studio",
    "Wholesale",
    "Reisen",
    "Optique",
];
const FORMS: &[&str] =
    &["Ltd", "Limited", "GmbH", "AG", "SARL", "S.L.", "AB", "Inc", "B.V.", "Oy", "& Sons", "e.K.", "SAS", "A/S", "LLP"];
const CITIES: &[&str] = &[
    "London", "Leeds", "Berlin", "München", "Lyon", "Zürich", "Sevilla", "Malmö", "Utrecht", "Dublin", "Tampere",
    "Århus", "Boston", "Porto", "Gdańsk",
];
const GIVEN: &[&str] =
    &["Ada", "Bo", "Clara", "Dev", "Eszter", "Finn", "Grace", "Hugo", "Inés", "Jonas", "Kaja", "Leo"];
const SECOND_NAMES: &[&str] = &["Traders", "Group", "Services", "Direct", "Online", "Shop", "Partners", "Works"];
const PROCESSORS: &[&str] = &["PAYQUILL *", "ZTL*", "OMNITILL-", "WEBKASSE ", "SP*"];

/// Parties that a directory holds at least and at most.
const PARTIES_MIN: usize = 30;
const PARTIES_MAX: usize = 6_000;
/// Movements for each party.
const LINES_A_PARTY: usize = 25;

/// Somebody whom money goes to or comes from.
pub(crate) struct Party {
    /// As it signs its invoices, without its legal form.
    pub(crate) name: String,
    /// `Ltd` and the like; empty for people.
    pub(crate) form: &'static str,
    /// The name over its door, which banks know it by.
    pub(crate) alias: String,
    /// As the books have it: one contact for all its entries.
    pub(crate) contact: String,
    pub(crate) city: &'static str,
    pub(crate) trade: &'static str,
}

/// The parties of a benchmark.
pub(crate) struct Directory {
    parties: Vec<Party>,
    people: Vec<Party>,
}

impl Directory {
    pub(crate) fn new(seed: u64, lines: usize) -> Self {
        let count = (lines / LINES_A_PARTY).clamp(PARTIES_MIN, PARTIES_MAX);
        let dice = |at: usize| Dice::of(seed, Channel::Directory, at);
        Self {
            parties: (0..count).map(|at| company(&mut dice(at))).collect(),
            people: (0..count / 4).map(|at| person(&mut dice(PARTIES_MAX + at))).collect(),
        }
    }

    /// A company's number. A few are met often and most seldom.
    pub(crate) fn company(&self, dice: &mut Dice) -> u32 {
        let (first, second) = (dice.below(self.parties.len()), dice.below(self.parties.len()));
        first.min(second) as u32
    }

    /// A person's number; numbers of people follow those of companies.
    pub(crate) fn person(&self, dice: &mut Dice) -> u32 {
        (self.parties.len() + dice.below(self.people.len())) as u32
    }

    pub(crate) fn party(&self, number: u32) -> &Party {
        let number = number as usize;
        self.parties.get(number).unwrap_or_else(|| &self.people[number - self.parties.len()])
    }
}

fn company(dice: &mut Dice) -> Party {
    let root = format!("{}{}", dice.pick(STEMS), dice.pick(ENDS));
    let trade = dice.word(TRADES);
    let alias = match dice.below(3) {
        0 => format!("{}{}", dice.pick(STEMS), dice.pick(ENDS)),
        1 => format!("{root} {}", dice.pick(SECOND_NAMES)),
        _ => format!("{trade} {root}"),
    };
    let (name, form) = (format!("{root} {trade}"), dice.word(FORMS));
    let contact = match dice.below(20) {
        0..13 => format!("{name} {form}"),
        13..19 => name.clone(),
        _ => alias.clone(),
    };
    Party { name, form, alias, contact, city: dice.word(CITIES), trade }
}

fn person(dice: &mut Dice) -> Party {
    let (given, family) = (dice.word(GIVEN), format!("{}{}", dice.pick(STEMS), dice.pick(ENDS)));
    let name = format!("{given} {family}");
    let alias = format!("{family} {}", &given[..1]);
    Party { contact: name.clone(), name, form: "", alias, city: dice.word(CITIES), trade: "Wages" }
}

impl Party {
    /// With its legal form.
    pub(crate) fn full(&self) -> String {
        if self.form.is_empty() { self.name.clone() } else { format!("{} {}", self.name, self.form) }
    }

    /// As a bank has it that knows nothing better than the name: with or without its legal form.
    pub(crate) fn plain(&self, dice: &mut Dice) -> String {
        if dice.chance(500) { self.name.clone() } else { self.full() }
    }

    /// As a bank has it that got the name by another way.
    pub(crate) fn garbled(&self, by_card: bool, dice: &mut Dice) -> String {
        match dice.below(if by_card { 5 } else { 4 }) {
            0 => self.alias.clone(),
            1 => self.name.split(' ').map(without_vowels).collect::<Vec<_>>().join(" "),
            2 => self.name.split(' ').next().unwrap_or_default().to_owned(),
            3 => slipped(&self.name, dice),
            _ => format!("{}{}", dice.pick(PROCESSORS), self.name),
        }
    }
}

fn without_vowels(word: &str) -> String {
    let kept = |(at, letter): (usize, char)| (at == 0 || !"aeiouäöüéèó".contains(letter)).then_some(letter);
    if word.chars().count() <= 4 { word.to_owned() } else { word.chars().enumerate().filter_map(kept).collect() }
}

fn slipped(name: &str, dice: &mut Dice) -> String {
    let mut letters: Vec<char> = name.chars().collect();
    let at = 1 + dice.below(letters.len().saturating_sub(2));
    if dice.chance(500) {
        let next = (at + 1).min(letters.len() - 1);
        letters.swap(at, next);
    } else {
        letters.remove(at);
    }
    letters.into_iter().collect()
}

/// Capitals without accents; an umlaut becomes two letters where the bank is used to them.
pub(crate) fn folded(text: &str, umlauts_as_two: bool) -> String {
    let mut folded = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            'ä' | 'ö' | 'ü' | 'Ä' | 'Ö' | 'Ü' if umlauts_as_two => {
                folded.push(base(letter));
                folded.push('E');
            }
            letter if letter.is_ascii() => folded.push(letter.to_ascii_uppercase()),
            letter => folded.push(base(letter)),
        }
    }
    folded
}

fn base(letter: char) -> char {
    match letter {
        'ä' | 'Ä' | 'á' | 'à' | 'å' | 'Å' => 'A',
        'ö' | 'Ö' | 'ø' | 'ó' | 'ô' | 'Ô' => 'O',
        'ü' | 'Ü' | 'ú' => 'U',
        'é' | 'è' | 'É' | 'ê' => 'E',
        'í' => 'I',
        'ñ' => 'N',
        'ń' => 'N',
        _ => '?',
    }
}

/// The first letters of a text.
pub(crate) fn cut(text: &str, letters: usize) -> String {
    text.chars().take(letters).collect::<String>().trim_end().to_owned()
}
