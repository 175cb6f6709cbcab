//! What a page draws as text (ISO 32000, 9).
//!
//! Owns the text state of a page description: where the next letter stands, and how large it is. Draws nothing; pictures,
//! lines and colours are passed over.

use std::collections::HashMap;
use std::rc::Rc;

use memchr::memmem;

use crate::error::{FORMS_DEPTH_MAX, PdfError, RUNS_MAX};
use crate::file::File;
use crate::font::{Font, Letters};
use crate::layout::Run;
use crate::object::{Dict, Lexer, ONE, Object};
use crate::page_tree::PageNode;

/// Operands before an operator; none takes more.
const OPERANDS_MAX: usize = 64;
/// States saved inside each other.
const SAVED_MAX: usize = 64;
/// No coordinate is larger; what is, is nonsense.
const FAR: i64 = 1_000_000 * ONE;

/// A transformation, as the six numbers of ISO 32000, 8.3.3.
type Matrix = [i64; 6];
const IDENTITY: Matrix = [ONE, 0, 0, ONE, 0, 0];

#[derive(Clone)]
struct State {
    page: Matrix,
    font: Option<Rc<Font>>,
    size: i64,
    letter_space: i64,
    word_space: i64,
    stretch: i64,
    leading: i64,
}

struct Reader<'f, 'b> {
    file: &'f File<'b>,
    fonts: HashMap<u32, Rc<Font>>,
    runs: Vec<Run>,
    runs_left: usize,
    state: State,
    saved: Vec<State>,
    text: Matrix,
    line: Matrix,
}

/// The pieces of text of each page.
pub(crate) fn read(file: &File<'_>, pages: &[PageNode]) -> Result<Vec<Vec<Run>>, PdfError> {
    let mut reader = Reader {
        file,
        fonts: HashMap::new(),
        runs: Vec::new(),
        runs_left: RUNS_MAX,
        state: State::new(IDENTITY),
        saved: Vec::new(),
        text: IDENTITY,
        line: IDENTITY,
    };
    pages.iter().map(|page| reader.page(page)).collect()
}

impl State {
    fn new(page: Matrix) -> Self {
        Self { page, font: None, size: ONE, letter_space: 0, word_space: 0, stretch: ONE, leading: 0 }
    }
}

impl Reader<'_, '_> {
    fn page(&mut self, node: &PageNode) -> Result<Vec<Run>, PdfError> {
        let resources = self.file.dict(&node.resources)?.unwrap_or_default();
        let contents = self.file.entry(&node.page, "Contents")?;
        let parts = if let Object::Array(parts) = contents { parts } else { vec![node.page.get("Contents").clone()] };
        let mut description = Vec::new();
        for part in &parts {
            if let Some((_, bytes)) = self.file.stream(part)? {
                description.extend(bytes);
                description.push(b'\n');
            }
        }
        self.state = State::new(IDENTITY);
        self.saved.clear();
        self.describe(&description, &resources, 0)?;
        Ok(std::mem::take(&mut self.runs))
    }

    fn describe(&mut self, description: &[u8], resources: &Dict, depth: usize) -> Result<(), PdfError> {
        let file = self.file;
        let mut lexer = Lexer::new(description, 0, &file.budget);
        let mut operands = Vec::new();
        while let Some(object) = lexer.object()? {
            match object {
                Object::Word(word) if word == b"ID" => {
                    pass_picture(description, &mut lexer);
                    operands.clear();
                }
                Object::Word(word) => {
                    self.operate(&word, &operands, resources, depth)?;
                    operands.clear();
                }
                operand if operands.len() < OPERANDS_MAX => operands.push(operand),
                _ => (),
            }
        }
        Ok(())
    }

    fn operate(
        &mut self,
        operator: &[u8],
        operands: &[Object],
        resources: &Dict,
        depth: usize,
    ) -> Result<(), PdfError> {
        let number = |at: usize| operands.get(at).and_then(Object::number).unwrap_or(0);
        match operator {
            b"q" if self.saved.len() < SAVED_MAX => self.saved.push(self.state.clone()),
            b"Q" => self.state = self.saved.pop().unwrap_or_else(|| self.state.clone()),
            b"cm" => self.state.page = multiply(&matrix(operands), &self.state.page),
            b"BT" => (self.text, self.line) = (IDENTITY, IDENTITY),
            b"Tf" => {
                self.state.font = self.font(operands.first(), resources)?;
                self.state.size = number(1);
            }
            b"Tc" => self.state.letter_space = number(0),
            b"Tw" => self.state.word_space = number(0),
            b"Tz" => self.state.stretch = number(0) / 100,
            b"TL" => self.state.leading = number(0),
            b"Td" => self.next_line(number(0), number(1)),
            b"TD" => {
                self.state.leading = -number(1);
                self.next_line(number(0), number(1));
            }
            b"T*" => self.next_line(0, -self.state.leading),
            b"Tm" => (self.text, self.line) = (matrix(operands), matrix(operands)),
            b"Tj" => self.show(operands)?,
            b"TJ" => self.show(operands.first().map(Object::array).unwrap_or_default())?,
            b"'" => {
                self.next_line(0, -self.state.leading);
                self.show(operands)?;
            }
            b"\"" => {
                (self.state.word_space, self.state.letter_space) = (number(0), number(1));
                self.next_line(0, -self.state.leading);
                self.show(operands)?;
            }
            b"Do" => self.form(operands.first(), resources, depth)?,
            _ => (),
        }
        Ok(())
    }

    fn font(&mut self, name: Option<&Object>, resources: &Dict) -> Result<Option<Rc<Font>>, PdfError> {
        let fonts = self.file.dict(resources.get("Font"))?.unwrap_or_default();
        let Some(name) = name.and_then(Object::name).and_then(|name| str::from_utf8(name).ok()) else {
            return Ok(None);
        };
        let object = fonts.get(name);
        let known = if let Object::Reference(id) = object { self.fonts.get(id) } else { None };
        if let Some(known) = known {
            return Ok(Some(known.clone()));
        }
        let font = Rc::new(Font::read(self.file, object)?);
        if let Object::Reference(id) = object {
            self.fonts.insert(*id, font.clone());
        }
        Ok(Some(font))
    }

    fn next_line(&mut self, right: i64, up: i64) {
        self.line = multiply(&[ONE, 0, 0, ONE, right, up], &self.line);
        self.text = self.line;
    }

    /// Texts, and numbers that move back by thousandths of the size. The other operands of an operator move nothing.
    fn show(&mut self, pieces: &[Object]) -> Result<(), PdfError> {
        for piece in pieces {
            match piece {
                Object::Text(text) => self.run(text)?,
                Object::Number(back) => {
                    let back = times(times(back / 1000, self.state.size), self.state.stretch);
                    self.advance(-back);
                }
                _ => (),
            }
        }
        Ok(())
    }

    fn run(&mut self, text: &[u8]) -> Result<(), PdfError> {
        let Some(font) = self.state.font.clone() else { return Ok(()) };
        self.runs_left =
            self.runs_left.checked_sub(1).ok_or(PdfError::TooLarge("more pieces of text than any bill has"))?;
        let placed = multiply(&self.text, &self.state.page);
        let mut letters = String::new();
        for glyph in font.glyphs(text) {
            match glyph.letters {
                Letters::Known(known) => letters.push_str(known),
                Letters::Unknown => letters.push(char::REPLACEMENT_CHARACTER),
            }
            let word = if glyph.is_space { self.state.word_space } else { 0 };
            let width = times(glyph.width, self.state.size) + self.state.letter_space + word;
            self.advance(times(width, self.state.stretch));
        }
        self.file.budget.steps(letters.len())?;
        let end = multiply(&self.text, &self.state.page);
        // Text that runs up or down a page stands in no line with other text; its size is what it is across.
        let size = times(self.state.size, placed[3].abs().max(placed[1].abs())).abs();
        let (left, right) = (placed[4].min(end[4]), placed[4].max(end[4]));
        self.runs.push(Run { left, right, base: placed[5], size, letters });
        Ok(())
    }

    fn advance(&mut self, right: i64) {
        self.text = multiply(&[ONE, 0, 0, ONE, right, 0], &self.text);
    }

    fn form(&mut self, name: Option<&Object>, resources: &Dict, depth: usize) -> Result<(), PdfError> {
        let Some(name) = name.and_then(Object::name).and_then(|name| str::from_utf8(name).ok()) else { return Ok(()) };
        let forms = self.file.dict(resources.get("XObject"))?.unwrap_or_default();
        let object = forms.get(name);
        let is_form = self.file.dict(object)?.is_some_and(|dict| dict.is("Subtype", "Form"));
        if !is_form || depth == FORMS_DEPTH_MAX {
            return Ok(());
        }
        let Some((dict, description)) = self.file.stream(object)? else { return Ok(()) };
        let own = self.file.dict(dict.get("Resources"))?;
        let (state, text, line) = (self.state.clone(), self.text, self.line);
        if let placed @ Object::Array(_) = self.file.entry(&dict, "Matrix")? {
            self.state.page = multiply(&matrix(placed.array()), &self.state.page);
        }
        self.describe(&description, own.as_ref().unwrap_or(resources), depth + 1)?;
        (self.state, self.text, self.line) = (state, text, line);
        Ok(())
    }
}

/// A picture inside the description ends with `EI` between white space.
fn pass_picture(description: &[u8], lexer: &mut Lexer<'_>) {
    let rest = &description[lexer.at..];
    let mut ends = memmem::find_iter(rest, b"EI");
    let closes = |at: &usize| {
        let (before, after) = (at.checked_sub(1).and_then(|at| rest.get(at)), rest.get(at + 2));
        [before, after].into_iter().flatten().all(u8::is_ascii_whitespace)
    };
    lexer.at += ends.find(closes).map_or(rest.len(), |at| at + 2);
}

fn matrix(operands: &[Object]) -> Matrix {
    let mut matrix = IDENTITY;
    for (place, operand) in matrix.iter_mut().zip(operands) {
        *place = operand.number().unwrap_or(*place).clamp(-FAR, FAR);
    }
    matrix
}

fn times(one: i64, other: i64) -> i64 {
    let product = i128::from(one) * i128::from(other) / i128::from(ONE);
    i64::try_from(product).unwrap_or(FAR).clamp(-FAR, FAR)
}

/// What comes of the first transformation and then the second.
fn multiply(first: &Matrix, second: &Matrix) -> Matrix {
    let [a, b, c, d, e, f] = *first;
    let [p, q, r, s, t, u] = *second;
    [
        times(a, p) + times(b, r),
        times(a, q) + times(b, s),
        times(c, p) + times(d, r),
        times(c, q) + times(d, s),
        times(e, p) + times(f, r) + t,
        times(e, q) + times(f, s) + u,
    ]
    .map(|number| number.clamp(-FAR, FAR))
}
