//! `where` and `order`: the part of Xero's query language that its documentation promises to be fast.
//!
//! Sources: "HTTP Requests and Responses" and the optimised fields of each endpoint's page. A field outside that list,
//! or a string method on a null, is refused with a QueryParseException, as unguarded queries are by Xero.

use std::borrow::Cow;
use std::cmp::Ordering;

use jiff::civil::Date;
use rust_decimal::Decimal;
use uuid::Uuid;

/// What a record holds under a field's name.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Field<'a> {
    Null,
    Text(Cow<'a, str>),
    Id(Uuid),
    Amount(Decimal),
    Day(Date),
    Moment(i64),
    Flag(bool),
}

impl<'a> Field<'a> {
    pub(super) fn text(text: &'a str) -> Self {
        if text.is_empty() { Field::Null } else { Field::Text(Cow::Borrowed(text)) }
    }

    pub(super) fn order(&self, other: &Field<'_>) -> Ordering {
        match (self, other) {
            (Field::Text(a), Field::Text(b)) => a.to_lowercase().cmp(&b.to_lowercase()),
            (Field::Id(a), Field::Id(b)) => a.cmp(b),
            (Field::Amount(a), Field::Amount(b)) => a.cmp(b),
            (Field::Day(a), Field::Day(b)) => a.cmp(b),
            (Field::Moment(a), Field::Moment(b)) => a.cmp(b),
            (Field::Flag(a), Field::Flag(b)) => a.cmp(b),
            (Field::Null, Field::Null) => Ordering::Equal,
            (Field::Null, _) => Ordering::Less,
            _ => Ordering::Greater,
        }
    }
}

/// A parsed `where`.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Test {
    Both(Box<Test>, Box<Test>),
    Either(Box<Test>, Box<Test>),
    Compare { field: usize, sign: &'static str, value: Field<'static> },
    Call { field: usize, method: String, text: String },
}

impl Test {
    /// Reads a `where`; `known` are the fields it may name.
    pub(super) fn parse(text: &str, known: &[&str]) -> Result<Test, String> {
        let words = words(text)?;
        let mut reader = Reader { words: &words, at: 0, known };
        let test = reader.either()?;
        if reader.at < words.len() { Err(format!("Unexpected '{}'", words[reader.at])) } else { Ok(test) }
    }

    /// Whether a record passes. Fails on a string method over a null.
    pub(super) fn passes<'a>(&self, field: &dyn Fn(usize) -> Field<'a>) -> Result<bool, String> {
        match self {
            Test::Both(left, right) => Ok(left.passes(field)? && right.passes(field)?),
            Test::Either(left, right) => Ok(left.passes(field)? || right.passes(field)?),
            Test::Compare { field: at, sign, value } => compare(&field(*at), sign, value),
            Test::Call { field: at, method, text } => match field(*at) {
                Field::Text(have) => {
                    let (have, text) = (have.to_lowercase(), text.to_lowercase());
                    Ok(match method.as_str() {
                        "Contains" => have.contains(&text),
                        "StartsWith" => have.starts_with(&text),
                        _ => have.ends_with(&text),
                    })
                }
                _ => Err("Object reference not set to an instance of an object.".to_owned()),
            },
        }
    }
}

fn compare(have: &Field<'_>, sign: &str, value: &Field<'static>) -> Result<bool, String> {
    let same_kind = std::mem::discriminant(have) == std::mem::discriminant(value);
    let nulls = *have == Field::Null || *value == Field::Null;
    if !same_kind && !nulls {
        return Err("Operator incompatible with operand types".to_owned());
    }
    let order = have.order(value);
    Ok(match sign {
        "==" => order.is_eq(),
        "!=" => order.is_ne(),
        _ if nulls => false,
        ">" => order.is_gt(),
        ">=" => order.is_ge(),
        "<" => order.is_lt(),
        _ => order.is_le(),
    })
}

/// Splits into names, signs, brackets and quoted texts (kept with their opening quote).
fn words(text: &str) -> Result<Vec<String>, String> {
    let chars: Vec<char> = text.chars().collect();
    let (mut out, mut at) = (Vec::new(), 0);
    while at < chars.len() {
        let start = at;
        match chars[at] {
            space if space.is_whitespace() => at += 1,
            '"' => {
                at += 1;
                while at < chars.len() && chars[at] != '"' {
                    at += 1 + usize::from(chars[at] == '\\');
                }
                if at >= chars.len() {
                    return Err("Unterminated string literal".to_owned());
                }
                let inner: String = chars[start..at].iter().collect();
                out.push(inner.replace("\\\"", "\"").replace("\\\\", "\\"));
                at += 1;
            }
            '(' | ')' | ',' => {
                out.push(chars[at].to_string());
                at += 1;
            }
            '=' | '!' | '<' | '>' | '&' | '|' => {
                while at < chars.len() && at < start + 2 && "=!<>&|".contains(chars[at]) {
                    at += 1;
                }
                out.push(chars[start..at].iter().collect());
            }
            letter if letter.is_alphanumeric() || "_.-".contains(letter) => {
                while at < chars.len() && (chars[at].is_alphanumeric() || "_.-".contains(chars[at])) {
                    at += 1;
                }
                out.push(chars[start..at].iter().collect());
            }
            other => return Err(format!("Syntax error '{other}'")),
        }
    }
    Ok(out)
}

struct Reader<'a> {
    words: &'a [String],
    at: usize,
    known: &'a [&'a str],
}

impl Reader<'_> {
    fn peek(&self) -> &str {
        self.words.get(self.at).map_or("", String::as_str)
    }

    fn take(&mut self) -> String {
        let word = self.peek().to_owned();
        self.at += 1;
        word
    }

    fn expect(&mut self, wanted: &str) -> Result<(), String> {
        let word = self.take();
        if word == wanted { Ok(()) } else { Err(format!("'{wanted}' expected")) }
    }

    fn either(&mut self) -> Result<Test, String> {
        let mut left = self.both()?;
        while self.peek() == "||" || self.peek().eq_ignore_ascii_case("or") {
            self.at += 1;
            left = Test::Either(Box::new(left), Box::new(self.both()?));
        }
        Ok(left)
    }

    fn both(&mut self) -> Result<Test, String> {
        let mut left = self.single()?;
        while self.peek() == "&&" || self.peek().eq_ignore_ascii_case("and") {
            self.at += 1;
            left = Test::Both(Box::new(left), Box::new(self.single()?));
        }
        Ok(left)
    }

    fn single(&mut self) -> Result<Test, String> {
        if self.peek() == "(" {
            self.at += 1;
            let inner = self.either()?;
            self.expect(")")?;
            return Ok(inner);
        }
        let name = self.take();
        for method in ["Contains", "StartsWith", "EndsWith"] {
            if let Some(path) = name.strip_suffix(method).and_then(|path| path.strip_suffix('.')) {
                let field = self.field(path)?;
                self.expect("(")?;
                let text = self.take().strip_prefix('"').ok_or("A text is expected")?.to_owned();
                self.expect(")")?;
                return Ok(Test::Call { field, method: method.to_owned(), text });
            }
        }
        let field = self.field(&name)?;
        let given = self.take();
        let signs = ["==", "!=", ">=", "<=", ">", "<"];
        let sign = signs.iter().find(|sign| **sign == given).or((given == "=").then_some(&"=="));
        let sign = *sign.ok_or("Operator expected")?;
        Ok(Test::Compare { field, sign, value: self.value()? })
    }

    fn field(&self, name: &str) -> Result<usize, String> {
        let found = self.known.iter().position(|known| known.eq_ignore_ascii_case(name));
        found.ok_or_else(|| format!("No property or field '{name}' exists in type"))
    }

    fn value(&mut self) -> Result<Field<'static>, String> {
        let word = self.take();
        if let Some(text) = word.strip_prefix('"') {
            return Ok(Field::Text(Cow::Owned(text.to_owned())));
        }
        match word.to_ascii_lowercase().as_str() {
            "null" => Ok(Field::Null),
            "true" => Ok(Field::Flag(true)),
            "false" => Ok(Field::Flag(false)),
            "guid" => {
                self.expect("(")?;
                let text = self.take();
                self.expect(")")?;
                let id = text.trim_start_matches('"').parse().map_err(|_| "Guid should contain 32 digits")?;
                Ok(Field::Id(id))
            }
            "datetime" => self.date_time(),
            number => number.parse().map(Field::Amount).map_err(|_| format!("Unknown identifier '{word}'")),
        }
    }

    fn date_time(&mut self) -> Result<Field<'static>, String> {
        self.expect("(")?;
        let mut parts: Vec<i16> = Vec::new();
        loop {
            parts.push(self.take().parse().map_err(|_| "A number is expected in DateTime")?);
            match self.take().as_str() {
                "," => (),
                ")" => break,
                _ => return Err("')' or ',' expected".to_owned()),
            }
        }
        let small = |at: usize| parts.get(at).and_then(|part| i8::try_from(*part).ok());
        let day = Date::new(parts[0], small(1).unwrap_or(0), small(2).unwrap_or(0));
        day.map(Field::Day)
            .map_err(|_| "Year, Month, and Day parameters describe an un-representable DateTime.".to_owned())
    }
}

/// Reads an `order`: fields and whether each descends.
pub(super) fn parse_order(text: &str, known: &[&str]) -> Result<Vec<(usize, bool)>, String> {
    let one = |part: &str| {
        let mut words = part.split_whitespace();
        let name = words.next().unwrap_or_default();
        let at = known.iter().position(|known| known.eq_ignore_ascii_case(name));
        let at = at.ok_or_else(|| format!("No property or field '{name}' exists in type"))?;
        match words.next().map(str::to_ascii_uppercase).as_deref() {
            None | Some("ASC") => Ok((at, false)),
            Some("DESC") => Ok((at, true)),
            Some(other) => Err(format!("Syntax error '{other}'")),
        }
    };
    text.split(',').map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passes(text: &str) -> Result<bool, String> {
        let test = Test::parse(text, &["Status", "Amount", "Reference", "Date"])?;
        test.passes(&|at| match at {
            0 => Field::text("PAID"),
            1 => Field::Amount(Decimal::TEN),
            2 => Field::Null,
            _ => Field::Day("2026-10-05".parse().unwrap()),
        })
    }

    #[test]
    fn joins_comparisons_and_dates_are_understood() {
        assert_eq!(passes("Status==\"PAID\" AND Amount>=10"), Ok(true));
        assert_eq!(passes("(Status==\"DRAFT\" OR Amount<5) && Date==DateTime(2026,10,05)"), Ok(false));
        assert_eq!(passes("Date>=DateTime(2026, 10, 01) AND Date<DateTime(2026,11,1)"), Ok(true));
    }

    #[test]
    fn a_text_method_on_a_null_needs_a_guard() {
        assert!(passes("Reference.Contains(\"x\")").is_err());
        assert_eq!(passes("Reference!=null AND Reference.Contains(\"x\")"), Ok(false));
    }

    #[test]
    fn an_unknown_field_or_a_stray_word_is_refused() {
        for bad in ["Colour==\"red\"", "Status==", "Status=\"PAID\" Amount", "Status==\"PAID"] {
            assert!(passes(bad).is_err(), "{bad}");
        }
    }
}
