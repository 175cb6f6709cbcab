//! Numbers that tell who someone is: tax numbers, registers' numbers, bank accounts and e-mail addresses.
//!
//! Owns what may differ between two spellings of one number. Checks no digits: a number is compared as it is written,
//! whoever wrote it. What is too short or too plain to tell anyone apart is no number here.

/// Letters of a number that are read; longer ones are none.
const NUMBER_CHARS_MAX: usize = 60;
/// Letters and digits that tell a company apart, of tax numbers and registers.
const TAX_CHARS_MIN: usize = 7;
const COMPANY_CHARS_MIN: usize = 5;
/// Digits among them: the rest may be letters, as in the tax numbers of India and Italy.
const DIGITS_MIN: usize = 4;
/// Digits a bank account has at least, and those with which it may be the end of an IBAN.
const BANK_DIGITS_MIN: usize = 6;
const IBAN_END_DIGITS_MIN: usize = 10;
/// Letters and digits of an IBAN (ISO 13616).
const IBAN_CHARS: std::ops::RangeInclusive<usize> = 15..=34;
/// Longest address there is (RFC 5321).
const EMAIL_CHARS_MAX: usize = 254;

/// Words that people write before a tax number, and that the Swiss and Norwegians write behind it.
const TAX_WORDS: [&str; 21] = [
    "VATREGNO", "VATREG", "VATNO", "VATID", "VAT", "TAXNO", "TAXID", "TAX", "ABN", "ACN", "GSTNO", "GST", "NZBN",
    "USTIDNR", "USTID", "UID", "TVA", "PIVA", "IVA", "BTW", "CUIT",
];
const TAX_TAILS: [&str; 4] = ["MWST", "TVA", "IVA", "MVA"];
/// Two codes of one country's VAT ids.
const TWIN_COUNTRIES: [(&str, &str); 2] = [("EL", "GR"), ("XI", "GB")];

/// A tax number: letters and digits, without the word before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TaxNumber(String);

/// A number in a register of companies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CompanyNumber(String);

/// An IBAN, or the digits of another account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BankAccount(String);

impl TaxNumber {
    /// `None` for what tells nobody apart: too short, too few digits, one digit throughout.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut compact = compact(text)?;
        if let Some(rest) = TAX_WORDS.iter().find_map(|word| compact.strip_prefix(word)) {
            compact = rest.to_owned();
        }
        if let Some(rest) = TAX_TAILS.iter().find_map(|tail| compact.strip_suffix(tail)) {
            compact = rest.to_owned();
        }
        telling(&compact, TAX_CHARS_MIN).then_some(Self(compact))
    }

    /// Whether it is the same number, with or without its country before it.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        let bare = |with: &Self, without: &Self| with.country().is_some_and(|(_, rest)| rest == without.0);
        let twins = match (self.country(), other.country()) {
            (Some((one, rest)), Some((two, beside))) => rest == beside && is_one_country(one, two),
            _ => false,
        };
        self.0 == other.0 || bare(self, other) || bare(other, self) || twins
    }

    /// Whether both name a country, and not the same: a company may be registered in several.
    pub(crate) fn is_of_another_country(&self, other: &Self) -> bool {
        match (self.country(), other.country()) {
            (Some((one, _)), Some((two, _))) => !is_one_country(one, two),
            _ => false,
        }
    }

    /// Whether it begins with a country's code, as VAT ids do.
    pub(crate) fn names_country(&self) -> bool {
        self.country().is_some()
    }

    /// The country's code and what follows, where two letters stand first and enough follows.
    fn country(&self) -> Option<(&str, &str)> {
        let (country, rest) = self.0.split_at_checked(2)?;
        let code = country.bytes().all(|byte| byte.is_ascii_uppercase());
        (code && telling(rest, TAX_CHARS_MIN)).then_some((country, rest))
    }
}

impl CompanyNumber {
    /// `None` for what tells nobody apart.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let compact = compact(text)?;
        telling(&compact, COMPANY_CHARS_MIN).then_some(Self(compact))
    }

    /// Whether it is the same number, with or without the name of the register or zeros before it.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        let bare = |number: &Self| {
            let digits = number.0.trim_start_matches(|letter: char| !letter.is_ascii_digit());
            digits.trim_start_matches('0').to_owned()
        };
        let named = |number: &Self| number.0.starts_with(|letter: char| letter.is_ascii_uppercase());
        // Where both have letters, these count: SC123456 and NI123456 are two companies.
        self.0 == other.0 || !(named(self) && named(other)) && bare(self) == bare(other)
    }
}

impl BankAccount {
    /// `None` for what is no account.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let compact = compact(text)?;
        let iban = compact.strip_prefix("IBAN").unwrap_or(&compact);
        if is_iban(iban) {
            return Some(Self(iban.to_owned()));
        }
        let digits: String = compact.chars().filter(char::is_ascii_digit).collect();
        telling(&digits, BANK_DIGITS_MIN).then_some(Self(digits))
    }

    /// Whether it is the same account; one may be an IBAN and the other what it ends with.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        let ends = |iban: &Self, end: &Self| {
            is_iban(&iban.0) && end.0.len() >= IBAN_END_DIGITS_MIN && iban.0.ends_with(&end.0)
        };
        self.0 == other.0 || ends(self, other) || ends(other, self)
    }

    /// Its last four letters: enough to know it by, too little to pay to.
    pub(crate) fn end(&self) -> &str {
        self.0.get(self.0.len().saturating_sub(4)..).unwrap_or_default()
    }
}

/// An e-mail address in small letters; `None` for what is none.
pub(crate) fn email(text: &str) -> Option<String> {
    let trimmed = text.trim();
    let (name, domain) = trimmed.split_once('@')?;
    let sound = !name.is_empty() && domain.contains('.') && trimmed.len() <= EMAIL_CHARS_MAX;
    (sound && !trimmed.contains(char::is_whitespace)).then(|| trimmed.to_lowercase())
}

/// Letters and digits in capitals; `None` where other than ASCII ones stand in it, or too many.
fn compact(text: &str) -> Option<String> {
    let compact: String = text.chars().take(4 * NUMBER_CHARS_MAX).filter(|letter| letter.is_alphanumeric()).collect();
    (compact.is_ascii() && compact.len() <= NUMBER_CHARS_MAX).then(|| compact.to_ascii_uppercase())
}

/// Whether a number can tell someone apart: long enough, digits enough, and not one digit throughout.
fn telling(compact: &str, chars_min: usize) -> bool {
    let digits: Vec<u8> = compact.bytes().filter(u8::is_ascii_digit).collect();
    let one_throughout = digits.iter().all(|digit| Some(digit) == digits.first());
    compact.len() >= chars_min && digits.len() >= DIGITS_MIN && !one_throughout
}

fn is_iban(compact: &str) -> bool {
    let shape = |at: usize, byte: u8| if at < 2 { byte.is_ascii_uppercase() } else { byte.is_ascii_digit() };
    IBAN_CHARS.contains(&compact.len()) && compact.bytes().take(4).enumerate().all(|(at, byte)| shape(at, byte))
}

fn is_one_country(one: &str, two: &str) -> bool {
    one == two || TWIN_COUNTRIES.contains(&(one, two)) || TWIN_COUNTRIES.contains(&(two, one))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(kind: &str, one: &str, other: &str, expected: bool) {
        let same = |one: &str, other: &str| match kind {
            "tax" => TaxNumber::parse(one).zip(TaxNumber::parse(other)).is_some_and(|(one, two)| one.is_same(&two)),
            "company" => {
                CompanyNumber::parse(one).zip(CompanyNumber::parse(other)).is_some_and(|(one, two)| one.is_same(&two))
            }
            "bank" => {
                BankAccount::parse(one).zip(BankAccount::parse(other)).is_some_and(|(one, two)| one.is_same(&two))
            }
            _ => email(one).zip(email(other)).is_some_and(|(one, two)| one == two),
        };
        assert_eq!((same(one, other), same(other, one)), (expected, expected), "{kind}: {one} / {other}");
    }

    #[test]
    fn x4_tax_numbers_compare_without_spaces_points_words_and_country() {
        check("tax", "GB 123 4567 82", "GB123456782", true);
        check("tax", "gb-123.4567.82", "123456782", true);
        check("tax", "VAT Reg No: GB 123 4567 82", "GB123456782", true);
        check("tax", "XI 123456782", "GB123456782", true);
        check("tax", "EL123456789", "GR123456789", true);
        check("tax", "CHE-123.456.788 MWST", "CHE123456788", true);
        check("tax", "ABN 12 345 678 901", "12345678901", true);
        check("tax", "ATU12345675", "U12345675", true);
        check("tax", "GB123456782", "DE123456782", false);
        check("tax", "GB123456782", "GB123456783", false);
        check("tax", "123456782", "23456782", false);
    }

    #[test]
    fn x4_what_tells_nobody_apart_is_no_number() {
        for nothing in ["", "n/a", "123456", "000000000", "GB000000000", "NONE1234567890X"] {
            check("tax", nothing, nothing, nothing.starts_with("NONE"));
        }
        check("tax", "ABCDE123", "ABCDE123", false);
        check("tax", "ABCD1234", "ABCD1234", true);
        check("company", "1234", "1234", false);
        check("bank", "12345", "12345", false);
        check("bank", "123456", "123456", true);
        check("tax", &"12".repeat(NUMBER_CHARS_MAX / 2), &"12".repeat(NUMBER_CHARS_MAX / 2), true);
        check("tax", &"12".repeat(NUMBER_CHARS_MAX), &"12".repeat(NUMBER_CHARS_MAX), false);
        check("tax", "١٢٣٤٥٦٧٨٩", "١٢٣٤٥٦٧٨٩", false);
        check("bank", &"9 ".repeat(1_000_000), "9", false);
    }

    #[test]
    fn registers_accounts_and_addresses_compare_in_their_spellings() {
        check("company", "HRB 12345", "12345", true);
        check("company", "01234567", "1234567", true);
        check("company", "SC123456", "NI123456", false);
        check("company", "SC123456", "SC 123456", true);
        check("bank", "IBAN GB29 NWBK 6016 1331 9268 19", "GB29NWBK60161331926819", true);
        check("bank", "GB29NWBK60161331926819", "60-16-13 31926819", true);
        check("bank", "GB29NWBK60161331926819", "Sort code 60-16-13, account 31926819", true);
        check("bank", "GB29NWBK60161331926819", "31926819", false);
        check("bank", "60-16-13 31926819", "60-16-13 31926818", false);
        check("email", " Billing@Brightwater.example ", "billing@brightwater.example", true);
        check("email", "no address", "no address", false);
        let long = format!("{}@a.example", "x".repeat(EMAIL_CHARS_MAX));
        check("email", &long, &long, false);
    }

    #[test]
    fn another_country_is_told_from_another_number() {
        let other = |one: &str, two: &str| {
            TaxNumber::parse(one).unwrap().is_of_another_country(&TaxNumber::parse(two).unwrap())
        };
        assert!(other("GB123456782", "DE123456789"));
        assert!(!other("GB123456782", "GB999999973"));
        assert!(!other("GB123456782", "999999973"));
    }
}
