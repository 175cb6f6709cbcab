//! Where the objects of a PDF are.
//!
//! Owns the index of objects, made by looking through the file rather than by believing its own table: that is right for
//! broken tables too, and takes time by the size of the file alone. The last object of a number counts, as in a file that
//! was changed by appending to it (ISO 32000, 7.5.6). Objects are read when they are asked for, never before.

use std::borrow::Cow;
use std::collections::HashMap;

use memchr::memmem;

use crate::crypt::Key;
use crate::error::{Budget, OBJECTS_MAX, PdfError, REFERENCES_MAX};
use crate::filters;
use crate::object::{Dict, Lexer, Object, is_space};

/// Bytes before the header that viewers let pass.
const JUNK_BYTES_MAX: usize = 1024;
/// Digits of an object's number or generation.
const ID_DIGITS_MAX: usize = 10;

/// A PDF whose objects are known.
pub(crate) struct File<'b> {
    bytes: &'b [u8],
    index: HashMap<u32, Location>,
    /// Unpacked object streams.
    packs: Vec<Vec<u8>>,
    root: Object,
    ids: Object,
    lock: Lock,
    /// Object streams that wait until the file's lock is known.
    waiting: Vec<(u32, Dict, usize)>,
    pub budget: Budget,
}

#[derive(Clone, Copy)]
enum Location {
    /// In the file: where the object begins, its generation, and where the bytes of its stream are.
    Plain { at: usize, generation: u32, stream: Option<(usize, usize)> },
    /// In an object stream, and where that begins in the file.
    Packed { pack: usize, at: usize, since: usize },
}

/// Whether a file is encrypted.
enum Lock {
    /// It is not.
    Open,
    /// It is, as this dictionary says.
    Stated(Object),
    /// It is, and opens without a password.
    Key(Key),
    /// It is, and does not.
    Closed,
}

/// An object that was asked for, with the bytes of its stream as they lie in the file, and whose they are.
pub(crate) struct Resolved<'b> {
    pub object: Object,
    stream: Option<((u32, u32), &'b [u8])>,
}

impl<'b> File<'b> {
    /// Looks through a file.
    pub fn open(bytes: &'b [u8]) -> Result<Self, PdfError> {
        if !begins(bytes) {
            return Err(PdfError::NotPdf);
        }
        let (index, packs, budget) = (HashMap::new(), Vec::new(), Budget::full());
        let (root, lock, waiting) = (Object::Null, Lock::Open, Vec::new());
        let ids = Object::Null;
        let mut file = Self { bytes, index, packs, root, ids, lock, waiting, budget };
        file.scan()?;
        file.trailers()?;
        file.unlock()?;
        file.unpack_all()?;
        Ok(file)
    }

    /// Whether the file opens with a password only. Its strings and streams are then of no use.
    pub fn is_closed(&self) -> bool {
        matches!(self.lock, Lock::Closed)
    }

    /// The document's catalog.
    pub fn catalog(&self) -> Result<Dict, PdfError> {
        self.dict(&self.root)?.ok_or(PdfError::Damaged)
    }

    fn scan(&mut self) -> Result<(), PdfError> {
        let mut at = 0;
        while let Some(found) = memmem::find(&self.bytes[at..], b"obj") {
            let word = at + found;
            at = word + 3;
            if let Some(header) = header(&self.bytes[..word]) {
                at = self.note(header, at)?.max(at);
            }
            if self.index.len() > OBJECTS_MAX {
                return Err(PdfError::TooLarge("more objects than any bill has"));
            }
        }
        Ok(())
    }

    /// Notes the object that begins here, and answers where to look on.
    fn note(&mut self, (id, generation): (u32, u32), at: usize) -> Result<usize, PdfError> {
        let mut lexer = Lexer::new(self.bytes, at, &self.budget);
        let object = lexer.object()?;
        let end = lexer.at;
        let Some(Object::Dict(dict)) = object else {
            self.index.insert(id, Location::Plain { at, generation, stream: None });
            // A number may be what follows is; look on right behind the header.
            return Ok(at);
        };
        let stream = self.stream_after(end, &dict);
        self.index.insert(id, Location::Plain { at, generation, stream });
        if dict.is("Type", "Catalog") && self.root == Object::Null {
            self.root = Object::Reference(id);
        }
        if dict.is("Type", "XRef") {
            self.trailer(&dict);
        }
        if stream.is_some() && dict.is("Type", "ObjStm") {
            self.waiting.push((id, dict, at));
        }
        Ok(stream.map_or(end, |(_, end)| end))
    }

    /// Where the bytes of a stream are, if one follows.
    fn stream_after(&self, at: usize, dict: &Dict) -> Option<(usize, usize)> {
        let rest = self.bytes.get(at..)?;
        let space = rest.iter().take_while(|byte| is_space(**byte)).count();
        let after = rest.get(space..)?.strip_prefix(b"stream")?;
        let after = after.strip_prefix(b"\r\n").or_else(|| after.strip_prefix(b"\n")).unwrap_or(after);
        let start = self.bytes.len() - after.len();
        let stated = dict.get("Length").index().and_then(|length| start.checked_add(length));
        let closes = |end: &usize| {
            let tail = self.bytes.get(*end..end.saturating_add(16)).or_else(|| self.bytes.get(*end..));
            tail.is_some_and(|tail| tail.trim_ascii_start().starts_with(b"endstream"))
        };
        let found = || memmem::find(after, b"endstream").map(|end| start + end);
        Some((start, stated.filter(closes).or_else(found).unwrap_or(self.bytes.len())))
    }

    /// Tries the password that is none, which opens files whose owner only wants them not to be changed.
    fn unlock(&mut self) -> Result<(), PdfError> {
        let Lock::Stated(stated) = std::mem::replace(&mut self.lock, Lock::Open) else { return Ok(()) };
        let dict = self.dict(&stated)?.unwrap_or_default();
        let key = Key::without_password(&dict, &self.first_id()?, |object| self.dict(object));
        self.lock = key?.map_or(Lock::Closed, Lock::Key);
        Ok(())
    }

    /// The first of the file's two ids, which keys are made of.
    fn first_id(&self) -> Result<Vec<u8>, PdfError> {
        let ids = self.resolve(&self.ids)?.object;
        let first = ids.array().first().map(|id| self.resolve(id)).transpose()?;
        Ok(if let Some(Resolved { object: Object::Text(id), .. }) = first { id } else { Vec::new() })
    }

    fn unpack_all(&mut self) -> Result<(), PdfError> {
        if self.is_closed() {
            return Ok(());
        }
        for (id, dict, since) in std::mem::take(&mut self.waiting) {
            let Some(Location::Plain { at, generation, stream: Some((start, end)) }) = self.index.get(&id).copied()
            else {
                continue;
            };
            // Of a stream that was replaced, the last one counts.
            if at == since {
                let raw = self.opened((id, generation), &self.bytes[start..end]);
                self.unpack(&dict, &raw, since)?;
            }
        }
        Ok(())
    }

    /// The bytes of a stream or a string that stands in the file itself, without its encryption.
    fn opened<'r>(&self, id: (u32, u32), raw: &'r [u8]) -> Cow<'r, [u8]> {
        match &self.lock {
            Lock::Key(key) => key.open(id, raw).into(),
            _ => raw.into(),
        }
    }

    fn unpack(&mut self, dict: &Dict, raw: &[u8], since: usize) -> Result<(), PdfError> {
        let Some(unpacked) = filters::decode(raw, &self.filters(dict)?, &self.budget)? else { return Ok(()) };
        let (count, first) = (dict.get("N").index().unwrap_or(0), dict.get("First").index().unwrap_or(0));
        let mut lexer = Lexer::new(&unpacked, 0, &self.budget);
        let mut pairs = Vec::new();
        for _ in 0..count.min(OBJECTS_MAX) {
            let (Some(id), Some(offset)) = (lexer.object()?, lexer.object()?) else { break };
            let (Some(id), Some(offset)) = (id.index(), offset.index()) else { break };
            pairs.extend(u32::try_from(id).ok().map(|id| (id, first.saturating_add(offset))));
        }
        let pack = self.packs.len();
        for (id, at) in pairs {
            let known = self.index.get(&id).map(|known| match known {
                Location::Plain { at, .. } => *at,
                Location::Packed { since, .. } => *since,
            });
            if known.is_none_or(|known| known <= since) {
                self.index.insert(id, Location::Packed { pack, at, since });
            }
        }
        self.packs.push(unpacked);
        Ok(())
    }

    fn trailers(&mut self) -> Result<(), PdfError> {
        let found: Vec<usize> = memmem::find_iter(self.bytes, b"trailer").take(OBJECTS_MAX).collect();
        for at in found {
            let object = Lexer::new(self.bytes, at + 7, &self.budget).object()?;
            if let Some(Object::Dict(dict)) = object {
                self.trailer(&dict);
            }
        }
        Ok(())
    }

    fn trailer(&mut self, dict: &Dict) {
        if let root @ Object::Reference(_) = dict.get("Root") {
            self.root = root.clone();
        }
        if *dict.get("Encrypt") != Object::Null {
            self.lock = Lock::Stated(dict.get("Encrypt").clone());
        }
        if *dict.get("ID") != Object::Null {
            self.ids = dict.get("ID").clone();
        }
    }

    /// What an object is, whether it stands here or is referred to. What is nowhere is null.
    pub fn resolve(&self, object: &Object) -> Result<Resolved<'b>, PdfError> {
        let mut resolved = Resolved { object: object.clone(), stream: None };
        for _ in 0..REFERENCES_MAX {
            let Object::Reference(id) = resolved.object else { return Ok(resolved) };
            let none = Resolved { object: Object::Null, stream: None };
            let Some(location) = self.index.get(&id) else { return Ok(none) };
            resolved = match *location {
                Location::Plain { at, generation, stream } => {
                    let mut object = Lexer::new(self.bytes, at, &self.budget).object()?.unwrap_or(Object::Null);
                    self.open_strings((id, generation), &mut object);
                    let stream = stream.map(|(start, end)| ((id, generation), &self.bytes[start..end]));
                    Resolved { object, stream }
                }
                Location::Packed { pack, at, .. } => {
                    let object = Lexer::new(&self.packs[pack], at, &self.budget).object()?.unwrap_or(Object::Null);
                    Resolved { object, stream: None }
                }
            };
        }
        Err(PdfError::Damaged)
    }

    fn open_strings(&self, id: (u32, u32), object: &mut Object) {
        match (&self.lock, object) {
            (Lock::Key(key), Object::Text(text)) => *text = key.open(id, text),
            (Lock::Key(_), Object::Array(array)) => array.iter_mut().for_each(|object| self.open_strings(id, object)),
            (Lock::Key(_), Object::Dict(dict)) => {
                dict.0.iter_mut().for_each(|(_, object)| self.open_strings(id, object))
            }
            _ => (),
        }
    }

    /// The same, as a dictionary.
    pub fn dict(&self, object: &Object) -> Result<Option<Dict>, PdfError> {
        Ok(match self.resolve(object)?.object {
            Object::Dict(dict) => Some(dict),
            _ => None,
        })
    }

    /// An entry of a dictionary, followed to what it is.
    pub fn entry(&self, dict: &Dict, name: &str) -> Result<Object, PdfError> {
        Ok(self.resolve(dict.get(name))?.object)
    }

    /// The unpacked bytes of a stream with its dictionary; none where it is no stream, or a picture.
    pub fn stream(&self, object: &Object) -> Result<Option<(Dict, Vec<u8>)>, PdfError> {
        let Resolved { object: Object::Dict(dict), stream: Some((id, raw)) } = self.resolve(object)? else {
            return Ok(None);
        };
        let decoded = filters::decode(&self.opened(id, raw), &self.filters(&dict)?, &self.budget)?;
        Ok(decoded.map(|decoded| (dict, decoded)))
    }

    fn filters(&self, dict: &Dict) -> Result<Vec<(Vec<u8>, Dict)>, PdfError> {
        let (filter, parameters) = (self.entry(dict, "Filter")?, self.entry(dict, "DecodeParms")?);
        let names = if let Object::Name(_) = filter { vec![filter] } else { filter.array().to_vec() };
        let parameters = if let Object::Dict(_) = parameters { vec![parameters] } else { parameters.array().to_vec() };
        let mut filters = Vec::new();
        for (at, name) in names.iter().enumerate() {
            let name = self.resolve(name)?.object.name().unwrap_or_default().to_vec();
            let parameters = parameters.get(at).map(|object| self.dict(object)).transpose()?;
            filters.push((name, parameters.flatten().unwrap_or_default()));
        }
        Ok(filters)
    }
}

/// Whether a PDF's header stands near the beginning.
pub(crate) fn begins(bytes: &[u8]) -> bool {
    let head = bytes.get(..JUNK_BYTES_MAX).unwrap_or(bytes);
    memmem::find(head, b"%PDF-").is_some()
}

/// The number and generation of the object whose header ends here: `12 0 ` before `obj`.
fn header(before: &[u8]) -> Option<(u32, u32)> {
    let tail = &before[before.len().saturating_sub(3 * ID_DIGITS_MAX)..];
    let (rest, generation) = last_digits(tail)?;
    let (_, id) = last_digits(rest)?;
    Some((id.parse().ok()?, generation.parse().ok()?))
}

/// The digits that white space follows, and what stands before them.
fn last_digits(text: &[u8]) -> Option<(&[u8], &str)> {
    let trimmed = text.trim_ascii_end();
    let digits = trimmed.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
    let (rest, digits) = trimmed.split_at(trimmed.len() - digits);
    let sensible = trimmed.len() < text.len() && !digits.is_empty() && digits.len() <= ID_DIGITS_MAX;
    sensible.then(|| str::from_utf8(digits).ok()).flatten().map(|digits| (rest, digits))
}
