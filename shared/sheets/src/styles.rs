//! Which cells of an XLSX are dates: their number format says so.
//!
//! Owns the reading of number formats, and nothing else of a style.

use std::collections::BTreeMap;

use crate::Limits;
use crate::error::{Part, SheetError};
use crate::package::Package;
use crate::xml::Node;

/// Number formats by style.
#[derive(Debug, Default)]
pub(crate) struct Styles {
    /// The number format of each cell style.
    formats: Vec<u32>,
    /// Whether a format of the file's own shows a date.
    own: BTreeMap<u32, bool>,
}

impl Styles {
    pub fn read(package: &mut Package<'_>, name: &str, limits: &Limits) -> Result<Self, SheetError> {
        let mut styles = Self::default();
        let mut xml = package.part(Part::Styles, name, "styleSheet")?.ok_or(SheetError::ZipBroken)?;
        let mut in_cell_styles = false;
        loop {
            match xml.next()? {
                Node::Start(tag) => match tag.name() {
                    "numFmts" => in_cell_styles = false,
                    "cellXfs" => in_cell_styles = true,
                    "numFmt" => {
                        let code = tag.attribute("formatCode")?.unwrap_or_default();
                        let id = tag.number("numFmtId")?.unwrap_or_default();
                        styles.own.insert(id, shows_date(&code));
                    }
                    "xf" if in_cell_styles => styles.formats.push(tag.number("numFmtId")?.unwrap_or_default()),
                    // Formats by condition have number formats as well; a cell's own style does not name them.
                    _ => xml.skip()?,
                },
                Node::Done => return Ok(styles),
                _ => (),
            }
            if styles.formats.len().max(styles.own.len()) > limits.styles_max {
                return Err(SheetError::StylesTooMany { styles_max: limits.styles_max });
            }
        }
    }

    /// Whether cells of a style show a date. A style that the file lacks shows a number.
    pub fn is_date(&self, style: u32) -> bool {
        let format = self.formats.get(style as usize).copied().unwrap_or_default();
        // 14 to 17 and 22 are dates everywhere, the others in East Asian languages.
        let built_in = matches!(format, 14..=17 | 22 | 27..=31 | 36 | 50..=54 | 57 | 58);
        self.own.get(&format).copied().unwrap_or(built_in)
    }
}

/// Whether a format code shows a day, month or year. Looked at is its first section, without texts, escapes, colours.
fn shows_date(code: &str) -> bool {
    let (mut letters, mut rest) = (String::new(), code.chars());
    while let Some(c) = rest.next() {
        match c {
            '"' => drop(rest.by_ref().find(|c| *c == '"')),
            '[' => drop(rest.by_ref().find(|c| *c == ']')),
            '\\' | '_' | '*' => drop(rest.next()),
            ';' => break,
            _ => letters.push(c.to_ascii_lowercase()),
        }
    }
    // A month is written like a minute, which stands beside hours or seconds.
    letters.contains(['y', 'd']) || letters.contains('m') && !letters.contains(['h', 's'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn x6_a_format_shows_a_date_or_it_does_not() {
        for date in ["yyyy-mm-dd", "dd/mm/yyyy;@", "[$-809]d mmmm yyyy", "mmm\\-yy", "m/d/yy h:mm", "mmmm", "D.M.YY"] {
            assert!(shows_date(date), "{date}");
        }
        for number in ["General", "0.00", "#,##0.00;[Red]-#,##0.00", "\"day\" 0", "[mm]:ss", "h:mm", "0\\d", "@", "0_d"]
        {
            assert!(!shows_date(number), "{number}");
        }
    }
}
