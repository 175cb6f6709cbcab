//! What a line's description says of what was bought.
//!
//! Owns what is left out of it: months, years and dates, which tell this month's hosting from last month's and nothing else.
//! A description of nothing but these keeps them. Other numbers stay: the rent of unit 12 is not that of unit 21.

use crate::words::{TEXT_CHARS_MAX, words};

/// Months in six languages, whole and short, without accents.
const MONTHS: &str = "january february march april may june july august september october november december \
    jan feb mar apr jun jul aug sep sept oct nov dec \
    januar februar marz mai juni juli oktober dezember mrz okt dez \
    janvier fevrier mars avril juin juillet aout septembre octobre novembre decembre janv fevr avr juil \
    enero febrero marzo abril mayo junio julio agosto septiembre setiembre octubre noviembre diciembre \
    januari februari maart mei augustus \
    gennaio febbraio aprile maggio giugno luglio settembre ottobre dicembre";
const YEARS: std::ops::RangeInclusive<u16> = 1990..=2099;

/// The words of a description that tell what was bought.
pub(crate) fn telling_words(description: &str) -> Vec<String> {
    let cut: String = description.chars().take(TEXT_CHARS_MAX).collect();
    let dateless: Vec<&str> = cut.split_whitespace().filter(|piece| !is_date(piece)).collect();
    let mut telling = words(&dateless.join(" "));
    telling.retain(|word| !is_period(word));
    if telling.is_empty() { words(&cut) } else { telling }
}

/// "01/10/2026", "2026-10-31."
fn is_date(piece: &str) -> bool {
    let trimmed = piece.trim_matches(|letter: char| !letter.is_alphanumeric());
    let parts: Vec<&str> = trimmed.split(['/', '-', '.']).collect();
    let number = |part: &&str| (1..=4).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
    parts.len() == 3 && parts.iter().all(number)
}

fn is_period(word: &str) -> bool {
    MONTHS.split(' ').any(|month| month == word)
        || word.len() == 4 && word.parse().is_ok_and(|year| YEARS.contains(&year))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(description: &str, expected: &str) {
        assert_eq!(telling_words(description).join(" "), expected, "{description}");
    }

    #[test]
    fn x4_periods_are_left_out_and_other_numbers_stay() {
        check("Cloud hosting October 2026", "cloud hosting");
        check("Loyer février 2026", "loyer");
        check("Miete März", "miete");
        check("Hosting 01/10/2026 - 31.10.2026, 3 servers", "hosting 3 servers");
        check("Hosting (2026-10-01)", "hosting");
        check("Rent unit 12", "rent unit 12");
        check("Version 1.2.3a", "version 1 2 3 a");
        check("Part 20265", "part 20265");
        check("October 2026", "october 2026");
        check("01/10/2026", "01 10 2026");
        check("", "");
        check(&"a".repeat(TEXT_CHARS_MAX + 1), &"a".repeat(TEXT_CHARS_MAX));
    }
}
