//! Files attached to a document (ISO 32000, 7.11.4; associated files of 14.13, as PDF/A-3 asks).
//!
//! Owns where attached files are named. Unpacks only those that were asked for.

use crate::error::{ATTACHMENTS_MAX, PdfError, TREE_DEPTH_MAX};
use crate::file::File;
use crate::object::{Dict, Object};

/// An attached file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attachment {
    /// Its name in the document.
    pub name: String,
    /// Its content, unpacked.
    pub bytes: Vec<u8>,
}

/// Those that are named so, in the order in which the document has them.
pub(crate) fn read(file: &File<'_>, names: &[&str]) -> Result<Vec<Attachment>, PdfError> {
    let catalog = file.catalog()?;
    let mut specifications = Vec::new();
    if let Object::Dict(all) = file.entry(&catalog, "Names")? {
        collect(file, all.get("EmbeddedFiles"), &mut specifications, 0)?;
    }
    specifications.extend(file.entry(&catalog, "AF")?.array().iter().cloned());
    let mut found = Vec::<Attachment>::new();
    for specification in specifications.iter().take(ATTACHMENTS_MAX) {
        let Some(specification) = file.dict(specification)? else { continue };
        let Some(name) = name(file, &specification)? else { continue };
        let asked = names.iter().any(|asked| asked.eq_ignore_ascii_case(&name));
        // PDF/A-3 names a file in both places.
        if !asked || found.iter().any(|found| found.name == name) {
            continue;
        }
        let Some(content) = file.dict(specification.get("EF"))? else { continue };
        let stream = if *content.get("F") == Object::Null { content.get("UF") } else { content.get("F") };
        if let Some((_, bytes)) = file.stream(stream)? {
            found.push(Attachment { name, bytes });
        }
    }
    Ok(found)
}

/// Walks a tree of names, whose leaves are pairs of a name and a specification.
fn collect(file: &File<'_>, node: &Object, into: &mut Vec<Object>, depth: usize) -> Result<(), PdfError> {
    let Some(node) = file.dict(node)? else { return Ok(()) };
    let pairs = file.entry(&node, "Names")?;
    into.extend(pairs.array().iter().skip(1).step_by(2).take(ATTACHMENTS_MAX).cloned());
    let kids = file.entry(&node, "Kids")?;
    for kid in kids.array() {
        if into.len() >= ATTACHMENTS_MAX || depth == TREE_DEPTH_MAX {
            break;
        }
        collect(file, kid, into, depth + 1)?;
    }
    Ok(())
}

fn name(file: &File<'_>, specification: &Dict) -> Result<Option<String>, PdfError> {
    for key in ["UF", "F"] {
        if let Object::Text(text) = file.entry(specification, key)? {
            return Ok(Some(text_string(&text)));
        }
    }
    Ok(None)
}

/// A text that is no part of a page: UTF-16 where it is marked so, else a byte a letter (ISO 32000, 7.9.2.2).
fn text_string(bytes: &[u8]) -> String {
    match bytes {
        [0xfe, 0xff, rest @ ..] => {
            let units = rest.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]]));
            char::decode_utf16(units).map(|letter| letter.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
        }
        _ => bytes.iter().map(|byte| char::from(*byte)).collect(),
    }
}
