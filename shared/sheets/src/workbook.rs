//! An XLSX as a whole: which parts it has, which sheet is meant, and what its cells say.
//!
//! Owns the choice of the sheet and the meaning of a stored cell. Links to other files are passed over: nothing is
//! fetched.

use std::borrow::Cow;

use crate::Limits;
use crate::error::{Part, SheetError};
use crate::package::Package;
use crate::strings::SharedStrings;
use crate::styles::Styles;
use crate::table::{CellKind, CellRef, Sheet, SheetBuilder};
use crate::values::{self, DateSystem, ValueError};
use crate::worksheet::{Cells, StoredCell};
use crate::xml::Node;

/// The name by which one sheet among several is chosen.
const SHEET_NAME: &str = "Schedules";

/// A link from one part to another.
struct Link {
    id: String,
    kind: String,
    target: String,
}

/// A sheet as the workbook lists it.
struct Listed {
    name: String,
    link: String,
}

/// What a cell's value refers to.
#[derive(Default)]
struct Context {
    strings: SharedStrings,
    styles: Styles,
    dates: DateSystem,
}

pub(crate) fn read(bytes: &[u8], limits: &Limits) -> Result<Sheet, SheetError> {
    let mut package = Package::open(bytes, limits)?;
    let roots = links(&mut package, "", "_rels/.rels", limits)?;
    let workbook = roots.iter().find(|link| link.is("officeDocument")).ok_or(SheetError::NotAWorkbook)?;
    let (folder, file) = workbook.target.rsplit_once('/').unwrap_or(("", &workbook.target));
    let (sheets, dates) = listed(&mut package, &workbook.target, limits)?;
    let links = links(&mut package, folder, &format!("{folder}/_rels/{file}.rels"), limits)?;
    let sheet = chosen(&mut package, &sheets, &links, limits)?;
    let mut context = Context { dates, ..Context::default() };
    if let Some(link) = links.iter().find(|link| link.is("sharedStrings")) {
        context.strings = SharedStrings::read(&mut package, &link.target, limits)?;
    }
    if let Some(link) = links.iter().find(|link| link.is("styles")) {
        context.styles = Styles::read(&mut package, &link.target, limits)?;
    }
    read_sheet(&mut package, sheet, &context, limits)
}

fn read_sheet(package: &mut Package<'_>, name: &str, context: &Context, limits: &Limits) -> Result<Sheet, SheetError> {
    let xml = package.part(Part::Worksheet, name, "worksheet")?.ok_or(SheetError::ZipBroken)?;
    let (mut cells, mut sheet) = (Cells::new(xml, limits), SheetBuilder::new(limits));
    while let Some((at, cell)) = cells.next()? {
        let (text, kind) = context.value(at, cell)?;
        sheet.push(at, &text, kind)?;
    }
    sheet.finish()
}

/// The visible sheets in their order, and the date system.
fn listed(package: &mut Package<'_>, name: &str, limits: &Limits) -> Result<(Vec<Listed>, DateSystem), SheetError> {
    let mut xml = package.part(Part::Workbook, name, "workbook")?.ok_or(SheetError::NotAWorkbook)?;
    let (mut sheets, mut dates) = (Vec::new(), DateSystem::Since1900);
    loop {
        match xml.next()? {
            Node::Start(tag) => match tag.name() {
                "workbookPr" if matches!(tag.attribute("date1904")?.as_deref(), Some("1" | "true")) => {
                    dates = DateSystem::Since1904;
                }
                "sheet" if matches!(tag.attribute("state")?.as_deref(), None | Some("visible")) => {
                    let (name, link) = (tag.attribute("name")?, tag.attribute("id")?);
                    sheets.push(Listed { name: name.unwrap_or_default(), link: link.unwrap_or_default() });
                }
                "sheets" | "workbookPr" | "sheet" => (),
                _ => xml.skip()?,
            },
            Node::Done => return Ok((sheets, dates)),
            _ => (),
        }
        if sheets.len() > limits.parts_max {
            return Err(SheetError::PartsTooMany { parts_max: limits.parts_max });
        }
    }
}

/// The part of the sheet that is meant: the one so named, else the only visible one with content. Charts are no sheets.
fn chosen<'k>(
    package: &mut Package<'_>,
    sheets: &[Listed],
    links: &'k [Link],
    limits: &Limits,
) -> Result<&'k str, SheetError> {
    let target = |sheet: &Listed| {
        links.iter().find(|link| link.id == sheet.link && link.is("worksheet")).map(|link| link.target.as_str())
    };
    let named = sheets.iter().find(|sheet| sheet.name.trim().eq_ignore_ascii_case(SHEET_NAME));
    if let Some(target) = named.and_then(target) {
        return Ok(target);
    }
    let targets: Vec<&str> = sheets.iter().filter_map(target).collect();
    let mut filled = Vec::new();
    for target in targets {
        if has_content(package, target, limits)? {
            filled.push(target);
        }
    }
    match filled.as_slice() {
        [] => Err(SheetError::Empty),
        [only] => Ok(only),
        several => Err(SheetError::SheetsUnclear(several.len())),
    }
}

fn has_content(package: &mut Package<'_>, name: &str, limits: &Limits) -> Result<bool, SheetError> {
    let xml = package.part(Part::Worksheet, name, "worksheet")?.ok_or(SheetError::ZipBroken)?;
    Ok(Cells::new(xml, limits).next()?.is_some())
}

/// The links of a part, with targets as names of parts.
fn links(package: &mut Package<'_>, folder: &str, name: &str, limits: &Limits) -> Result<Vec<Link>, SheetError> {
    let name = name.trim_start_matches('/');
    let mut xml = package.part(Part::Links, name, "Relationships")?.ok_or(SheetError::NotAWorkbook)?;
    let mut links = Vec::new();
    loop {
        match xml.next()? {
            Node::Start(tag) if tag.name() == "Relationship" => {
                let text = |name| tag.attribute(name).map(Option::unwrap_or_default);
                if text("TargetMode")? != "External" {
                    let target = part_name(folder, &text("Target")?);
                    links.push(Link { id: text("Id")?, kind: text("Type")?, target });
                }
            }
            Node::Start(_) => xml.skip()?,
            Node::Done => return Ok(links),
            _ => (),
        }
        if links.len() > limits.parts_max {
            return Err(SheetError::PartsTooMany { parts_max: limits.parts_max });
        }
    }
}

/// A target is relative to its part's folder, or to the root when it begins with a slash.
fn part_name(folder: &str, target: &str) -> String {
    let base = if target.starts_with('/') { "" } else { folder };
    let mut steps: Vec<&str> = Vec::new();
    for step in base.split('/').chain(target.split('/')) {
        match step {
            "" | "." => (),
            ".." => drop(steps.pop()),
            step => steps.push(step),
        }
    }
    steps.join("/")
}

impl Link {
    /// Kinds are addresses in one of two families that end alike.
    fn is(&self, kind: &str) -> bool {
        self.kind.rsplit('/').next() == Some(kind)
    }
}

impl Context {
    /// What a cell says, as text.
    fn value<'c>(&'c self, at: CellRef, cell: &'c StoredCell) -> Result<(Cow<'c, str>, CellKind), SheetError> {
        let broken = SheetError::CellBroken { cell: at };
        let StoredCell { kind, style, value, has_formula } = cell;
        if *has_formula {
            return Err(SheetError::Formula { cell: at });
        }
        match kind.as_str() {
            "s" => {
                let text = value.trim().parse().ok().and_then(|index| self.strings.text(index));
                Ok((text.ok_or(broken)?.into(), CellKind::Text))
            }
            "str" | "inlineStr" => Ok((value.as_str().into(), CellKind::Text)),
            "e" => Err(SheetError::ErrorCell { cell: at }),
            "b" => match value.trim() {
                "1" | "true" => Ok(("TRUE".into(), CellKind::Boolean)),
                "0" | "false" => Ok(("FALSE".into(), CellKind::Boolean)),
                _ => Err(broken),
            },
            "d" => Ok((values::iso_date(value.trim()).ok_or(broken)?.into(), CellKind::Date)),
            "" | "n" => self.number(value.trim(), *style).map_err(|error| match error {
                ValueError::NoNumber => broken,
                ValueError::OutOfRange => SheetError::NumberOutOfRange { cell: at },
                ValueError::NoSuchDate => SheetError::NoSuchDate { cell: at },
            }),
            _ => Err(broken),
        }
    }

    fn number(&self, stored: &str, style: u32) -> Result<(Cow<'static, str>, CellKind), ValueError> {
        if self.styles.is_date(style) {
            return values::date_text(stored, self.dates).map(|(text, kind)| (text.into(), kind));
        }
        Ok((values::number(stored)?.to_string().into(), CellKind::Number))
    }
}
