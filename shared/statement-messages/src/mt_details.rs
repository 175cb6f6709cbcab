//! What stands in `:86:`: free text, German subfields, or words between slashes.
//!
//! Owns which of the three it is. Lines break anywhere, so structured text is joined before it is read.

use statement_lines::model::{Entry, append_folded, folded};

/// Words between slashes that banks use.
const SLASHED: &[&str] = &[
    "TRTP",
    "IBAN",
    "BIC",
    "NAME",
    "REMI",
    "EREF",
    "MARF",
    "CSID",
    "ORDP",
    "BENM",
    "ISDT",
    "CNTP",
    "USTD",
    "PREF",
    "RTRN",
    "SVCL",
    "PURP",
    "ULTC",
    "ULTD",
    "ID",
    "ADDR",
    "CDTRREFTP",
    "CDTRREF",
    "STRD",
];
/// Marks inside German purposes, and whether each begins the text proper.
const PURPOSES: &[&str] =
    &["EREF+", "KREF+", "MREF+", "CRED+", "DEBT+", "SVWZ+", "ABWA+", "ABWE+", "OAMT+", "COAM+", "IBAN+", "BIC+"];

/// Adds a field's text to its entry.
pub(crate) fn read(lines: &[&str], entry: &mut Entry) {
    let first = lines.first().copied().unwrap_or_default();
    if let Some(separator) = german_separator(first) {
        return german(&lines.concat(), separator, entry);
    }
    if first.starts_with('/') && first.split('/').nth(1).is_some_and(|word| SLASHED.contains(&word)) {
        return slashed(&lines.concat(), entry);
    }
    for line in lines {
        append_folded(&mut entry.description, line);
    }
}

/// Three digits and a sign before `00`: `166?00`.
fn german_separator(text: &str) -> Option<char> {
    let digits = text.get(..3).filter(|code| code.bytes().all(|byte| byte.is_ascii_digit()))?;
    let separator = text[digits.len()..].chars().next().filter(char::is_ascii_punctuation)?;
    text[4..].bytes().take(2).all(|byte| byte.is_ascii_digit()).then_some(separator)
}

fn german(text: &str, separator: char, entry: &mut Entry) {
    let (mut purpose, mut payee, mut kind) = (String::new(), String::new(), "");
    for part in text.split(separator).skip(1) {
        let (number, value) = part.split_at_checked(2).unwrap_or((part, ""));
        match number {
            "00" => kind = value,
            "20" | "21" | "22" | "23" | "24" | "25" | "26" | "27" | "28" | "29" | "60" | "61" | "62" | "63" => {
                // Each mark begins a line of its own; what follows a full line goes on with it.
                if PURPOSES.iter().any(|mark| value.starts_with(mark)) && !purpose.is_empty() {
                    purpose.push(' ');
                }
                purpose.push_str(value);
            }
            "32" | "33" => payee.push_str(value),
            _ => (),
        }
    }
    if let Some((_, after)) = purpose.split_once("EREF+") {
        let end = PURPOSES.iter().filter_map(|mark| after.find(mark)).min().unwrap_or(after.len());
        entry.reference = folded(&after[..end]).filter(|text| text != "NOTPROVIDED").or(entry.reference.take());
    }
    entry.payee = folded(&payee);
    for text in [kind, payee.as_str(), purpose.as_str()] {
        append_folded(&mut entry.description, text);
    }
}

/// Values may hold slashes themselves, so only known words part them.
fn slashed(text: &str, entry: &mut Entry) {
    let (mut word, mut value) = ("", String::new());
    for part in text.split('/').skip(1) {
        if SLASHED.contains(&part) {
            keep(word, &value, entry);
            (word, value) = (part, String::new());
        } else {
            if !value.is_empty() {
                value.push('/');
            }
            value.push_str(part);
        }
    }
    keep(word, &value, entry);
}

fn keep(word: &str, value: &str, entry: &mut Entry) {
    let value = value.trim_end_matches('/');
    match word {
        "NAME" => {
            entry.payee = entry.payee.take().or_else(|| folded(value));
            append_folded(&mut entry.description, value);
        }
        // `/CNTP/iban/bic/name/city/`
        "CNTP" => {
            entry.payee = value.split('/').nth(2).and_then(folded).or(entry.payee.take());
            append_folded(&mut entry.description, value);
        }
        "EREF" => {
            entry.reference = folded(value).filter(|text| text != "NOTPROVIDED").or(entry.reference.take());
            append_folded(&mut entry.description, value);
        }
        _ => append_folded(&mut entry.description, value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(lines: &[&str], description: &str, payee: &str, reference: &str) {
        let mut entry = Entry::default();
        read(lines, &mut entry);
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        assert_eq!(
            (entry.description.as_str(), text(&entry.payee), text(&entry.reference)),
            (description, payee.to_owned(), reference.to_owned())
        );
    }

    #[test]
    fn each_of_the_three_forms_is_read() {
        check(&["free  text", "goes on"], "free text goes on", "", "");
        check(
            &["166?00CREDIT?100599?20EREF+E2E-1?21SVWZ+Rent Janu", "ary?30BANKDEFF?32Anna Example?33 GmbH?34000"],
            "CREDIT Anna Example GmbH EREF+E2E-1 SVWZ+Rent January",
            "Anna Example GmbH",
            "E2E-1",
        );
        check(&["166>00FEE>20Account"], "FEE Account", "", "");
        check(
            &["/TRTP/SEPA/IBAN/NL00/NAME/B. Exam", "ple/REMI/a/b/EREF/NOTPROVIDED"],
            "SEPA NL00 B. Example a/b NOTPROVIDED",
            "B. Example",
            "",
        );
        check(&["/CNTP/NL00/BANKNL2A/C Example/Town//"], "NL00/BANKNL2A/C Example/Town", "C Example", "");
        check(&["?"], "?", "", "");
        check(&["16é?00"], "16é?00", "", "");
    }
}
