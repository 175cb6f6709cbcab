//! Numbers with check digits: VAT ids and bank accounts.
//!
//! Owns the arithmetic of IBANs (ISO 13616) and of VAT ids of the countries whose rule is plain. An id whose digits do not
//! fit is told from one that was not checked.

/// Letters and digits of the longest IBAN, and of the shortest.
const IBAN_CHARS: std::ops::RangeInclusive<usize> = 15..=34;
/// Country codes of VAT ids with the lengths of what follows them.
const VAT_LENGTHS: [(&str, &[usize]); 30] = [
    ("AT", &[9]),
    ("BE", &[10]),
    ("BG", &[9, 10]),
    ("CY", &[9]),
    ("CZ", &[8, 9, 10]),
    ("DE", &[9]),
    ("DK", &[8]),
    ("EE", &[9]),
    ("EL", &[9]),
    ("ES", &[9]),
    ("FI", &[8]),
    ("FR", &[11]),
    ("GB", &[9, 12]),
    ("HR", &[11]),
    ("HU", &[8]),
    ("IE", &[8, 9]),
    ("IT", &[11]),
    ("LT", &[9, 12]),
    ("LU", &[8]),
    ("LV", &[11]),
    ("MT", &[8]),
    ("NL", &[12]),
    ("PL", &[10]),
    ("PT", &[9]),
    ("RO", &[6, 7, 8, 9, 10]),
    ("SE", &[12]),
    ("SI", &[8]),
    ("SK", &[10]),
    ("XI", &[9, 12]),
    ("CH", &[9]),
];

/// How an id fared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Check {
    /// Its digits do not fit.
    Failed,
    /// It has the form; its country's rule is not known here.
    Unchecked,
    /// Its digits fit.
    Passed,
}

/// An id in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Id {
    /// Without spaces and points.
    pub text: String,
    /// How its digits fared.
    pub check: Check,
    /// Where it begins in the text, in bytes.
    pub start: usize,
}

/// The IBANs of a text. What only looks like one is given where the word stands before it.
pub fn ibans(text: &str) -> Vec<Id> {
    let named = |start: usize| {
        let before = text[..start].trim_end_matches(|letter: char| !letter.is_ascii_alphanumeric());
        before.to_ascii_uppercase().ends_with("IBAN")
    };
    let mut found = Vec::new();
    for start in starts(text) {
        let compact = compact(&text[start..], *IBAN_CHARS.end());
        if !compact.get(2..4).is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_digit())) {
            continue;
        }
        // Where the number ends is not marked, so the longest that fits is it.
        let fits = (*IBAN_CHARS.start()..=compact.len()).rev().find(|length| iban_fits(&compact[..*length]));
        match fits {
            Some(length) => found.push(Id { text: compact[..length].to_owned(), check: Check::Passed, start }),
            None if named(start) && IBAN_CHARS.contains(&compact.len()) => {
                found.push(Id { text: compact, check: Check::Failed, start });
            }
            None => (),
        }
    }
    found
}

/// Whether an IBAN's check digits fit: 97 divides it with one left.
pub fn iban_fits(iban: &str) -> bool {
    if !IBAN_CHARS.contains(&iban.len()) || !iban.is_ascii() {
        return false;
    }
    let turned = iban.bytes().skip(4).chain(iban.bytes().take(4));
    let rest = turned.fold(0_u32, |rest, byte| match byte {
        b'0'..=b'9' => (rest * 10 + u32::from(byte - b'0')) % 97,
        _ => (rest * 100 + u32::from(byte.to_ascii_uppercase().wrapping_sub(b'A').min(25)) + 10) % 97,
    });
    rest == 1
}

/// The VAT ids of a text.
pub fn vat_ids(text: &str) -> Vec<Id> {
    let mut found = Vec::new();
    for start in starts(text) {
        let compact = compact(&text[start..], 14);
        let Some((_, lengths)) = VAT_LENGTHS.iter().find(|(country, _)| compact.starts_with(country)) else { continue };
        let candidates = lengths.iter().rev().filter_map(|length| compact.get(..length + 2));
        let sound = candidates.filter(|id| id.bytes().filter(u8::is_ascii_digit).count() >= id.len() - 5);
        // Digits that go on are an account's, unless those of an id fit by themselves.
        let goes_on = |id: &str| compact[id.len()..].starts_with(|next: char| next.is_ascii_digit());
        let checked = sound.map(|id| (vat_check(id), id)).filter(|(check, id)| *check == Check::Passed || !goes_on(id));
        let best = checked.max_by_key(|(check, _)| *check);
        if let Some((check, id)) = best {
            found.push(Id { text: id.to_owned(), check, start });
        }
    }
    found
}

/// Places where a word of two capital letters begins that digits follow.
fn starts(text: &str) -> impl Iterator<Item = usize> {
    let bytes = text.as_bytes();
    (0..bytes.len().saturating_sub(3)).filter(|at| {
        let at = *at;
        let apart =
            at.checked_sub(1).and_then(|before| bytes.get(before)).is_none_or(|byte| !byte.is_ascii_alphanumeric());
        let digit = bytes[at + 2..].iter().find(|byte| !byte.is_ascii_whitespace());
        // French and Spanish ids may have letters behind the country.
        let follows =
            digit.is_some_and(u8::is_ascii_alphanumeric) && bytes[at + 2..].iter().take(8).any(u8::is_ascii_digit);
        apart && bytes[at..at + 2].iter().all(u8::is_ascii_uppercase) && follows
    })
}

/// Letters and digits of what follows, without the spaces, points and dashes between them.
fn compact(text: &str, chars_max: usize) -> String {
    let mut compact = String::new();
    let mut gap = 0;
    for letter in text.chars() {
        match letter {
            letter if letter.is_ascii_digit() || letter.is_ascii_uppercase() => (compact.push(letter), gap = 0).1,
            ' ' | '.' | '-' | '\u{a0}' if gap == 0 => gap = 1,
            _ => break,
        }
        if compact.len() == chars_max {
            break;
        }
    }
    compact
}

fn vat_check(id: &str) -> Check {
    let (country, rest) = id.split_at(2);
    let digits: Vec<u32> = rest.chars().filter_map(|letter| letter.to_digit(10)).collect();
    let number = digits.iter().fold(0_u64, |number, digit| number * 10 + u64::from(*digit));
    let all_digits = digits.len() == rest.len();
    let fits = match country {
        "DE" => all_digits && chain_11_10(&digits),
        "BE" => all_digits && 97 - (number / 100) % 97 == number % 100,
        "FR" if all_digits => (number % 1_000_000_000 * 100 + 12) % 97 == number / 1_000_000_000,
        "IT" => all_digits && luhn(&digits),
        "LU" => all_digits && (number / 100) % 89 == number % 100,
        "GB" | "XI" => all_digits && british(&digits),
        "AT" => rest.starts_with('U') && austrian(&digits),
        "PL" => {
            all_digits
                && weighted(&digits, &[6, 5, 7, 2, 3, 4, 5, 6, 7]).is_some_and(|sum| Some(&(sum % 11)) == digits.last())
        }
        "DK" => all_digits && weighted(&digits, &[2, 7, 6, 5, 4, 3, 2, 1]).is_some_and(|sum| sum % 11 == 0),
        "NL" => rest.get(9..10) == Some("B") && dutch(id, &digits),
        _ => return Check::Unchecked,
    };
    if fits { Check::Passed } else { Check::Failed }
}

fn weighted(digits: &[u32], weights: &[u32]) -> Option<u32> {
    (digits.len() >= weights.len()).then(|| digits.iter().zip(weights).map(|(digit, weight)| digit * weight).sum())
}

/// ISO 7064, MOD 11,10: Germany's.
fn chain_11_10(digits: &[u32]) -> bool {
    let Some((last, head)) = digits.split_last() else { return false };
    let product = head.iter().fold(10, |product, digit| {
        let sum = (digit + product) % 10;
        2 * (if sum == 0 { 10 } else { sum }) % 11
    });
    (11 - product) % 10 == *last
}

fn luhn(digits: &[u32]) -> bool {
    let doubled = |(at, digit): (usize, &u32)| if at % 2 == 1 { digit * 2 / 10 + digit * 2 % 10 } else { *digit };
    digits.iter().rev().enumerate().map(doubled).sum::<u32>() % 10 == 0
}

/// Both of the rules in use: 97, and 97 with 55 added for newer numbers.
fn british(digits: &[u32]) -> bool {
    let Some(sum) = weighted(digits, &[8, 7, 6, 5, 4, 3, 2]) else { return false };
    let total = sum + digits.get(7).unwrap_or(&0) * 10 + digits.get(8).unwrap_or(&0);
    total.is_multiple_of(97) || (total + 55).is_multiple_of(97)
}

fn austrian(digits: &[u32]) -> bool {
    let cross = |(at, digit): (usize, &u32)| if at % 2 == 1 { digit * 2 / 10 + digit * 2 % 10 } else { *digit };
    let [head @ .., last] = digits else { return false };
    (10 - (head.iter().enumerate().map(cross).sum::<u32>() + 4) % 10) % 10 == *last
}

/// The old rule by 11, and the one by 97 of the ids of sole traders since 2020.
fn dutch(id: &str, digits: &[u32]) -> bool {
    let old = weighted(digits, &[9, 8, 7, 6, 5, 4, 3, 2]).is_some_and(|sum| Some(&(sum % 11)) == digits.get(8));
    let rest = id.bytes().fold(0_u64, |rest, byte| match byte {
        b'0'..=b'9' => (rest * 10 + u64::from(byte - b'0')) % 97,
        _ => (rest * 100 + u64::from(byte - b'A' + 10)) % 97,
    });
    old || rest == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ibans_are_found_and_their_digits_checked() {
        let found = |text: &str| ibans(text).into_iter().map(|id| (id.text, id.check)).collect::<Vec<_>>();
        let german = ("DE89370400440532013000".to_owned(), Check::Passed);
        assert_eq!(found("IBAN: DE89 3704 0044 0532 0130 00 BIC COBADEFFXXX"), std::slice::from_ref(&german));
        assert_eq!(found("DE89370400440532013000"), [german]);
        assert_eq!(found("GB29 NWBK 6016 1331 9268 19")[0].1, Check::Passed);
        assert_eq!(found("IBAN DE88370400440532013000")[0].1, Check::Failed);
        assert_eq!(found("DE88370400440532013000"), []);
    }

    #[test]
    fn vat_ids_are_found_and_their_digits_checked() {
        let check = |text: &str| vat_ids(text).first().map(|id| id.check);
        // Published ids of public bodies, or numbers made to fit.
        for fits in [
            "DE136695976",
            "BE0403170701",
            "FR40303265045",
            "IT00743110157",
            "GB980780684",
            "ATU13585627",
            "PL8567346215",
            "DK13585628",
            "NL004495445B01",
            "LU15027442",
        ] {
            assert_eq!(check(&format!("VAT {fits}.")), Some(Check::Passed), "{fits}");
        }
        for not in ["DE136695975", "BE0403170702", "FR41303265045", "IT00743110158", "ATU13585628"] {
            assert_eq!(check(not), Some(Check::Failed), "{not}");
        }
        assert_eq!(check("ESB58378431"), Some(Check::Unchecked));
        assert_eq!(check("VAT DE 136 695 976"), Some(Check::Passed));
        assert_eq!(check("INVOICE 2026"), None);
        assert_eq!(check("USt DE89 3704 0044 0532 0130 00"), None);
    }
}
