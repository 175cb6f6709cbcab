//! Stretches of time that running text speaks of: what a subscription, a licence or a rent is for.
//!
//! Owns how people write such things: by both ends (`1 Nov 2026 - 31 Oct 2027`, `Nov 2026 to Oct 2027`), by a name (`Q1
//! 2027`, `calendar year 2027`), or by a length (`annual licence`, `12 months from 1 November 2026`). What can be read
//! in two ways is marked, and a length without a date stays one: no day is made up for it here.

use kernel::Date;
use kernel::periods::days_after;

use crate::dates::{Order, Token, month, tokens, written};

/// Years that a stretch may have; what is longer is two dates that happen to stand together.
pub const YEARS_MAX: i16 = 10;
/// Bytes of a text that are looked at: a line of a bill has 4,000 characters.
pub const TEXT_BYTES_MAX: usize = 16 * 1024;
/// Stretches of one text that are kept.
pub const SPANS_MAX: usize = 20;

/// How a stretch is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// Both ends are dates, or whole months, that can be read in one way.
    Stated,
    /// Day and month of an end can be read both ways; here the day comes first.
    OrderOpen,
    /// It begins on a stated day and has a stated length.
    ByLength,
}

/// A stretch of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Its first day.
    pub first: Date,
    /// Its last day.
    pub last: Date,
    /// How it is known.
    pub known: Known,
    /// Where it begins in the text, in bytes.
    pub start: usize,
    /// Where it ends.
    pub end: usize,
}

/// A length without a date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Length {
    /// In months.
    pub months: i16,
    /// Where it begins in the text, in bytes.
    pub start: usize,
    /// Where it ends.
    pub end: usize,
}

/// What stands between the ends of a stretch.
const JOINERS: [&str; 15] =
    ["-", "–", "—", "/", "to", "until", "till", "thru", "through", "bis", "au", "al", "a", "tot", "jusqu"];
/// What stands before the day on which a length begins.
const BEGINNINGS: [&str; 9] = ["from", "starting", "commencing", "beginning", "ab", "von", "dès", "desde", "dal"];
/// Numbers in words that lengths are written with.
const COUNTS: [(&str, i16); 8] =
    [("one", 1), ("two", 2), ("three", 3), ("six", 6), ("nine", 9), ("twelve", 12), ("eighteen", 18), ("a", 1)];
/// Words for a length alone, in months. They count only beside what is paid ahead.
const ADJECTIVES: [(&str, i16); 10] = [
    ("annual", 12),
    ("yearly", 12),
    ("jährlich", 12),
    ("jahres", 12),
    ("annuel", 12),
    ("anual", 12),
    ("half-yearly", 6),
    ("quarterly", 3),
    ("biennial", 24),
    ("trimestriel", 3),
];
/// What is commonly paid ahead, as beginnings of words.
const AHEAD: [&str; 27] = [
    "subscription",
    "licen",
    "lizenz",
    "member",
    "mitglied",
    "maint",
    "wartung",
    "support",
    "insur",
    "versicher",
    "assur",
    "premium",
    "cover",
    "policy",
    "rent",
    "miete",
    "hosting",
    "domain",
    "warrant",
    "retain",
    "renew",
    "contract",
    "plan",
    "abo",
    "abonn",
    "seguro",
    "fee",
];
/// Beginnings of words that begin like a month's name and are none.
const NO_MONTHS: [&str; 12] =
    ["mark", "mayb", "mais", "maint", "main", "major", "separ", "setup", "decis", "junior", "agent", "genui"];
/// What may stand at the end of a longer word: `Jahreslizenz`, `Hausratversicherung`.
const AHEAD_ENDINGS: [&str; 4] = ["lizenz", "versicherung", "wartung", "miete"];
/// Words between a length and what it is the length of.
const BESIDE_WORDS: usize = 4;

/// The stretches of a text, in their order.
pub fn spans(text: &str) -> Vec<Span> {
    let tokens = tokens(bounded(text));
    let (mut found, mut at) = (Vec::new(), 0);
    while at < tokens.len() && found.len() < SPANS_MAX {
        match span_at(&tokens, at) {
            Some((span, taken)) => {
                found.push(span);
                at += taken;
            }
            None => at += 1,
        }
    }
    found
}

/// The lengths of a text that stand beside what is paid ahead, or are counted in months or years; in their order.
pub fn lengths(text: &str) -> Vec<Length> {
    let tokens = tokens(bounded(text));
    let found = (0..tokens.len()).filter_map(|at| {
        let (months, taken) = counted(&tokens[at..]).or_else(|| named(&tokens, at))?;
        Some(Length { months, start: tokens[at].start, end: tokens[at + taken - 1].end })
    });
    found.take(SPANS_MAX).collect()
}

/// The last day of so many months from a first day on. A start on a day that the last month lacks ends with that month.
pub fn last_day(first: Date, months: i16) -> Option<Date> {
    let behind = first.checked_add(jiff_months(months)).ok()?;
    // 31 August and one month is 30 September: the month is full, and its last day counts.
    Some(if behind.day() < first.day() { behind } else { days_after(behind, -1) })
}

fn jiff_months(months: i16) -> jiff::Span {
    jiff::Span::new().months(i64::from(months))
}

fn bounded(text: &str) -> &str {
    &text[..text.floor_char_boundary(TEXT_BYTES_MAX)]
}

/// One end, as far as the text says it.
#[derive(Clone, Copy)]
enum End {
    Day(Date, Order),
    Month(i16, i8),
    DayOfMonth(i8, i8),
    BareMonth(i8),
}

fn span_at(tokens: &[Token<'_>], at: usize) -> Option<(Span, usize)> {
    let here = &tokens[at..];
    let (first, last, known, taken) =
        between(here).or_else(|| of_length(here)).or_else(|| quarter(here)).or_else(|| whole_year(tokens, at))?;
    let long = i32::from(last.year()) - i32::from(first.year()) > i32::from(YEARS_MAX);
    let span = Span { first, last, known, start: here[0].start, end: here[taken - 1].end };
    (first < last && !long).then_some((span, taken))
}

/// Two ends and what joins them.
fn between(tokens: &[Token<'_>]) -> Option<(Date, Date, Known, usize)> {
    let (first, taken) = end(tokens)?;
    let joined = joiner(&tokens[taken..])?;
    let (last, more) = end(tokens.get(taken + joined..)?)?;
    let (last_day, year, order) = match last {
        End::Day(date, order) => (date, date.year(), order),
        End::Month(year, month) => (month_end(year, month)?, year, Order::Certain),
        End::DayOfMonth(..) | End::BareMonth(_) => return None,
    };
    let (first_day, first_order) = match first {
        End::Day(date, order) => (date, order),
        End::Month(year, month) => (Date::new(year, month, 1).ok()?, Order::Certain),
        End::DayOfMonth(day, month) => (in_year(year, month, day, last_day)?, Order::Certain),
        End::BareMonth(month) => (in_year(year, month, 1, last_day)?, Order::Certain),
    };
    let open = first_order == Order::Open || order == Order::Open;
    let known = if open { Known::OrderOpen } else { Known::Stated };
    // A month with a day between days is no mixture that anybody writes.
    let alike = matches!(first, End::Day(..) | End::DayOfMonth(..)) == matches!(last, End::Day(..));
    alike.then_some((first_day, last_day, known, taken + joined + more))
}

/// `12 months from 1 November 2026`, and the other way round: `1 November 2026 for 12 months`.
fn of_length(tokens: &[Token<'_>]) -> Option<(Date, Date, Known, usize)> {
    if let Some((months, taken)) = counted(tokens) {
        let word = tokens.get(taken)?;
        let begins = BEGINNINGS.contains(&word.text.to_lowercase().as_str());
        let (first, more) = begins.then(|| day(tokens.get(taken + 1..)?)).flatten()?;
        return Some((first, last_day(first, months)?, Known::ByLength, taken + 1 + more));
    }
    let (first, taken) = day(tokens)?;
    tokens.get(taken).filter(|word| matches!(word.text, "for" | "für" | "pour"))?;
    let (months, more) = counted(tokens.get(taken + 1..)?)?;
    Some((first, last_day(first, months)?, Known::ByLength, taken + 1 + more))
}

/// `Q1 2027`, of the calendar year.
fn quarter(tokens: &[Token<'_>]) -> Option<(Date, Date, Known, usize)> {
    let [letter, number, rest @ ..] = tokens else { return None };
    let index: i8 = number.text.parse().ok().filter(|index| (1..=4).contains(index))?;
    let glued = letter.end == number.start && letter.text.eq_ignore_ascii_case("q");
    let skipped = rest.iter().take_while(|token| matches!(token.text, "/" | "-" | "of")).take(1).count();
    let year = full_year(rest.get(skipped)?)?;
    let first = Date::new(year, index * 3 - 2, 1).ok()?;
    glued.then(|| Some((first, month_end(year, index * 3)?, Known::Stated, 3 + skipped)))?
}

/// `calendar year 2027`, `for the year 2027`, `annual licence 2027`.
fn whole_year(tokens: &[Token<'_>], at: usize) -> Option<(Date, Date, Known, usize)> {
    let year = full_year(&tokens[at])?;
    let before = &tokens[at.saturating_sub(BESIDE_WORDS)..at];
    let lower: Vec<String> = before.iter().map(|token| token.text.to_lowercase()).collect();
    let says_year =
        lower.last().is_some_and(|word| matches!(word.as_str(), "year" | "jahr" | "année" | "año" | "anno"));
    let financial = lower.iter().any(|word| matches!(word.as_str(), "financial" | "fiscal" | "tax"));
    let yearly =
        lower.iter().any(|word| ADJECTIVES.iter().any(|(name, months)| *months == 12 && word.starts_with(name)));
    // A year behind a month, or before or behind a stroke, is part of something else.
    let part = before.last().is_some_and(|token| matches!(token.text, "-" | "/" | ".") || month_word(token).is_some());
    let followed = tokens.get(at + 1).is_some_and(|next| {
        matches!(next.text, "-" | "/" | "–") || next.text.starts_with(|letter: char| letter.is_ascii_digit())
    });
    let counts = (says_year || yearly) && !financial && !part && !followed;
    counts.then(|| Some((Date::new(year, 1, 1).ok()?, Date::new(year, 12, 31).ok()?, Known::Stated, 1)))?
}

/// One end at the beginning of some tokens, and how many of them it takes.
fn end(tokens: &[Token<'_>]) -> Option<(End, usize)> {
    // Glued to what joins it, a date in numbers seems to go on.
    let dated = written(tokens).or_else(|| written(tokens.get(..5)?));
    if let Some((date, order, taken)) = dated {
        return Some((End::Day(date, order), taken));
    }
    if let Some(of) = month_word(tokens.first()?) {
        let skipped = usize::from(tokens.get(1).is_some_and(|token| matches!(token.text, "." | "\u{2019}" | "'")));
        return match tokens.get(1 + skipped).and_then(short_or_full_year) {
            Some(year) => Some((End::Month(year, of), 2 + skipped)),
            None => Some((End::BareMonth(of), 1 + usize::from(tokens.get(1).is_some_and(|token| token.text == ".")))),
        };
    }
    match tokens {
        [of, slash, year, ..] if slash.text == "/" && of.end == slash.start && slash.end == year.start => {
            let number: i8 = of.text.parse().ok().filter(|of| (1..=12).contains(of))?;
            Some((End::Month(full_year(year)?, number), 3))
        }
        [number, rest @ ..] => {
            let day: i8 = number.text.parse().ok().filter(|day| (1..=31).contains(day) && number.text.len() <= 2)?;
            let skipped = rest
                .iter()
                .take_while(|token| matches!(token.text, "st" | "nd" | "rd" | "th" | "." | "of"))
                .take(2)
                .count();
            Some((End::DayOfMonth(day, month_word(rest.get(skipped)?)?), 2 + skipped))
        }
        [] => None,
    }
}

fn day(tokens: &[Token<'_>]) -> Option<(Date, usize)> {
    let skipped = tokens.iter().take_while(|token| matches!(token.text, "the" | "le" | "dem" | ":")).take(2).count();
    match end(tokens.get(skipped..)?)? {
        (End::Day(date, order), taken) if order != Order::Open => Some((date, skipped + taken)),
        (End::Month(year, month), taken) => Some((Date::new(year, month, 1).ok()?, skipped + taken)),
        _ => None,
    }
}

/// How many tokens join two ends.
fn joiner(tokens: &[Token<'_>]) -> Option<usize> {
    let known = |token: &Token<'_>| JOINERS.contains(&token.text.to_lowercase().as_str());
    let taken =
        tokens.iter().take(4).take_while(|token| known(token) || matches!(token.text, "the" | "'" | ")" | "(")).count();
    tokens[..taken].iter().any(known).then_some(taken)
}

/// The year in which a day lies that is not behind another.
fn in_year(year: i16, month: i8, day: i8, last: Date) -> Option<Date> {
    let same = Date::new(year, month, day).ok().filter(|date| *date <= last);
    same.or_else(|| Date::new(year - 1, month, day).ok())
}

fn month_end(year: i16, month: i8) -> Option<Date> {
    Date::new(year, month, 1).ok().map(|first| first.last_of_month())
}

/// A word that is a month's name or its usual short form, and none that only begins like one.
fn month_word(token: &Token<'_>) -> Option<i8> {
    let lower = token.text.to_lowercase();
    let another = NO_MONTHS.iter().any(|word| lower.starts_with(word));
    month(&lower).filter(|_| !another && lower.chars().count() >= 3)
}

fn full_year(token: &Token<'_>) -> Option<i16> {
    token.text.parse().ok().filter(|year| token.text.len() == 4 && (1990..=2100).contains(year))
}

fn short_or_full_year(token: &Token<'_>) -> Option<i16> {
    let short = || token.text.parse().ok().filter(|year| token.text.len() == 2 && (20..=79).contains(year));
    full_year(token).or_else(|| short().map(|year: i16| 2000 + year))
}

/// `12 months`, `12-month`, `2 years`, `one year`; months, and how many tokens.
fn counted(tokens: &[Token<'_>]) -> Option<(i16, usize)> {
    let first = tokens.first()?;
    let lower = first.text.to_lowercase();
    let in_words = || COUNTS.iter().find(|(name, _)| *name == lower).map(|(_, count)| *count);
    let count: i16 = first.text.parse().ok().or_else(in_words)?;
    let skipped = usize::from(tokens.get(1).is_some_and(|token| token.text == "-"));
    let unit = tokens.get(1 + skipped)?.text.to_lowercase();
    let months = match unit.as_str() {
        "month" | "months" | "monate" | "monat" | "mois" | "meses" | "mesi" | "maanden" => count,
        "year" | "years" | "yr" | "yrs" | "jahr" | "jahre" | "ans" | "an" | "años" | "anni" | "jaar" => {
            count.checked_mul(12)?
        }
        _ => return None,
    };
    // `a month` and `a year` are prices' words, not lengths.
    (lower != "a" && (1..=YEARS_MAX * 12).contains(&months)).then_some((months, 2 + skipped))
}

/// `annual` and its like, where what is paid ahead stands near.
fn named(tokens: &[Token<'_>], at: usize) -> Option<(i16, usize)> {
    let lower = tokens[at].text.to_lowercase();
    let (_, months) = ADJECTIVES.iter().find(|(name, _)| lower.starts_with(name))?;
    let near = &tokens[at..(at + 1 + BESIDE_WORDS).min(tokens.len())];
    let ahead = |token: &Token<'_>| {
        let word = token.text.to_lowercase();
        AHEAD.iter().any(|beginning| word.starts_with(beginning)) || AHEAD_ENDINGS.iter().any(|end| word.ends_with(end))
    };
    near.iter().any(ahead).then_some((*months, 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[(&str, &str)]) {
        let found: Vec<(String, String)> =
            spans(text).iter().map(|span| (span.first.to_string(), span.last.to_string())).collect();
        let expected: Vec<(String, String)> =
            expected.iter().map(|(first, last)| ((*first).to_owned(), (*last).to_owned())).collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn x5_a_stretch_is_read_by_both_of_its_ends() {
        let year = [("2026-11-01", "2027-10-31")];
        for text in [
            "Licence 1 Nov 2026 - 31 Oct 2027",
            "Licence from 1st November 2026 to 31st October 2027 (5 seats)",
            "2026-11-01 – 2027-10-31",
            "2026-11-01/2027-10-31",
            "Lizenz 01.11.2026 bis 31.10.2027",
            "01.11.2026-31.10.2027",
            "November 2026 to October 2027",
            "Nov 2026 – Oct 2027",
            "Nov '26 - Oct '27",
            "11/2026 - 10/2027",
            "1 Nov – 31 Oct 2027",
            "November 1, 2026 through October 31, 2027",
        ] {
            check(text, &year);
        }
        check("Rent Jan - Mar 2027", &[("2027-01-01", "2027-03-31")]);
        check("Q1 2027", &[("2027-01-01", "2027-03-31")]);
        check("Insurance, calendar year 2027", &[("2027-01-01", "2027-12-31")]);
        check("Annual licence 2027", &[("2027-01-01", "2027-12-31")]);
        check(
            "1 Jan 2027 to 31 Mar 2027 and 1 Jun 2027 to 30 Jun 2027",
            &[("2027-01-01", "2027-03-31"), ("2027-06-01", "2027-06-30")],
        );
    }

    #[test]
    fn x5_a_stretch_is_read_by_its_length_from_a_stated_day() {
        for text in
            ["12 months from 1 November 2026", "12-month plan: 1 year from 2026-11-01", "2026-11-01 for 12 months"]
        {
            check(text, &[("2026-11-01", "2027-10-31")]);
        }
        check("three years from November 2026", &[("2026-11-01", "2029-10-31")]);
        assert_eq!(spans("12 months from 1 May 2027")[0].known, Known::ByLength);
        assert_eq!(last_day("2027-08-31".parse().unwrap(), 1), "2027-09-30".parse().ok());
        assert_eq!(last_day("2027-01-31".parse().unwrap(), 12), "2028-01-30".parse().ok());
    }

    #[test]
    fn x5_what_can_be_read_both_ways_is_marked() {
        assert_eq!(spans("01/02/2027 - 31/01/2028")[0].known, Known::OrderOpen);
        assert_eq!(spans("13/02/2027 - 31/01/2028")[0].known, Known::Stated);
    }

    #[test]
    fn x5_lengths_without_a_day_count_only_beside_what_is_paid_ahead() {
        let months = |text: &str| lengths(text).iter().map(|length| length.months).collect::<Vec<_>>();
        assert_eq!(months("Annual subscription, 5 seats"), [12]);
        assert_eq!(months("Support contract for 24 months"), [24]);
        assert_eq!(months("Quarterly service plan"), [3]);
        assert_eq!(months("Jahreslizenz"), [12]);
        for none in ["Annual party", "10.00 a month", "Annual accounts prepared", "500 months", "12 monthly reports"] {
            assert_eq!(months(none), [0; 0], "{none}");
        }
    }

    #[test]
    fn x5_what_is_no_stretch_is_left_alone() {
        for none in [
            "31 Oct 2027 - 1 Nov 2026",
            "Invoice 2026-2027/15",
            "Financial year 2027",
            "12/2027",
            "May be late",
            "Meeting on 3 May 2027 at 10-12",
            "1 May 1990 - 1 May 2027",
            "Order 2027",
        ] {
            check(none, &[]);
        }
    }

    #[test]
    fn a_text_beyond_its_bounds_is_cut() {
        let many = "1 Nov 2026 - 31 Oct 2027; ".repeat(SPANS_MAX + 5);
        assert_eq!(spans(&many).len(), SPANS_MAX);
        let late = format!("{}1 Nov 2026 - 31 Oct 2027", "ä ".repeat(TEXT_BYTES_MAX / 2));
        assert_eq!(spans(&late), []);
    }
}
