//! Files on bills, credit notes and spend money: uploaded, listed, and the answers read.
//!
//! Owns the rules of names, sizes and numbers. A second upload under a name puts the new bytes in the place of the old
//! ones, so the same upload may be repeated whatever became of the first: there is one file afterwards. For the same
//! reason another file must never get a name that is taken; look at the list first. `IncludeOnline` is never sent: it
//! is for sales documents.
//!
//! Source: the page Attachments.

use std::fmt;

use bytes::Bytes;
use kernel::place_of;
use ports::{HttpResponse, TransportError};
use serde::Deserialize;
use uuid::Uuid;

use crate::answers::{Failure, answer_of, read_answered, refusals_of};
use crate::record::unreadable;
use crate::wire::or_empty;
use crate::{BillId, BillKind};
use xero::catalogue::Refusal;
use xero::page::cut;
use xero::{ApiRead, ApiWrite, IdempotencyKey, WriteMethod, XeroError, sort_answer};

/// Files one document takes.
pub const ATTACHMENTS_MAX: usize = 10;
/// Xero's pages name 10 MB and 25 MB; the smaller is kept, in decimal megabytes.
pub const FILE_BYTES_MAX: usize = 10_000_000;
/// Xero states no limit. This one is ours: what most file systems take.
pub const FILE_NAME_BYTES_MAX: usize = 255;

const COLLECTION: &str = "Attachments";
/// Letters Xero refuses in a name.
const FORBIDDEN: &[char] = &['<', '>', ':', '"', '/', '\\', '|', '?', '*', '+'];
/// The longest end of a name that is taken for its kind.
const EXTENSION_BYTES_MAX: usize = 16;

/// A file's name that Xero takes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FileName(String);

impl FileName {
    /// Takes a name as it is.
    pub fn try_new(name: impl Into<String>) -> Result<Self, AttachFault> {
        let name = name.into();
        let plain = !name.chars().any(|letter| FORBIDDEN.contains(&letter) || is_hidden(letter));
        // An address ends early at dots alone, and Xero may trim spaces, which would make it another name.
        let stands = name.trim() == name && !name.trim_matches('.').is_empty();
        let fits = name.len() <= FILE_NAME_BYTES_MAX;
        if plain && stands && fits { Ok(Self(name)) } else { Err(AttachFault::NameUnusable) }
    }

    /// Makes a usable name of any: forbidden letters become `_`, unseen ones go, a long one is cut before its ending.
    /// The same name gives the same.
    pub fn tidied(name: &str) -> Self {
        let seen = name.chars().filter(|letter| letter.is_whitespace() || !is_hidden(*letter));
        let plain: String = seen.map(|letter| if FORBIDDEN.contains(&letter) { '_' } else { letter }).collect();
        let words = plain.split_whitespace().collect::<Vec<_>>().join(" ");
        let cut = shortened(words.trim_matches('.').trim());
        Self(if cut.is_empty() { "document".to_owned() } else { cut })
    }

    /// This name, or one beside it such as `scan (2).pdf` where the document has a file of that name, in any case of
    /// letters. Choose before the first upload and keep what was chosen: after it, our own file is there.
    pub fn beside(&self, there: &[Attachment]) -> Self {
        let is_taken = |name: &Self| there.iter().any(|each| each.file_name.to_lowercase() == name.0.to_lowercase());
        // One more than there are files: the last cannot be taken.
        let numbers = 2..there.len() + 2;
        let others = numbers.map(|number| self.numbered(number));
        [self.clone()].into_iter().chain(others).find(|name| !is_taken(name)).unwrap_or_else(|| self.clone())
    }

    fn numbered(&self, number: usize) -> Self {
        let at = self.0.rfind('.').filter(|at| *at > 0 && self.0.len() - at <= EXTENSION_BYTES_MAX);
        let (stem, ending) = self.0.split_at(at.unwrap_or(self.0.len()));
        let ending = format!(" ({number}){ending}");
        let end = stem.floor_char_boundary(FILE_NAME_BYTES_MAX - ending.len());
        Self(format!("{}{ending}", &stem[..end]))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for FileName {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

/// Control letters, and such as turn the direction of writing or take no room: they make a name look like another.
fn is_hidden(letter: char) -> bool {
    let turns =
        matches!(letter, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2028}'..='\u{2029}');
    turns || letter.is_control() || matches!(letter, '\u{2060}'..='\u{206f}' | '\u{feff}')
}

fn shortened(name: &str) -> String {
    if name.len() <= FILE_NAME_BYTES_MAX {
        return name.to_owned();
    }
    let ending = name.rfind('.').map_or("", |at| &name[at..]);
    let ending = if ending.len() <= EXTENSION_BYTES_MAX { ending } else { "" };
    let end = name.floor_char_boundary(FILE_NAME_BYTES_MAX - ending.len());
    format!("{}{ending}", name[..end].trim_end())
}

/// Why a file is not sent at all.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AttachFault {
    /// Letters Xero refuses or nobody sees, dots alone, spaces at an end, or too long.
    #[error(
        "the file name is empty, longer than 255 bytes, or has letters that Xero does not take: < > : \" / \\ | ? * +"
    )]
    NameUnusable,
    /// Nothing in it.
    #[error("the file is empty")]
    Empty,
    /// Beyond [`FILE_BYTES_MAX`]. Carries its length.
    #[error("the file is {0} bytes long, more than Xero's 10 MB")]
    TooLarge(usize),
    /// Not of the form `application/pdf`.
    #[error("the content type is not one")]
    ContentTypeUnusable,
    /// Beyond [`ATTACHMENTS_MAX`].
    #[error("the document has 10 files already, which is all that Xero takes")]
    TooMany,
}

/// A file on its way to a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upload {
    /// The write; its body is the file.
    pub write: ApiWrite,
    /// Under which name.
    pub name: FileName,
}

/// Puts a file on a document, or in the place of the one of that name. `content_type` is what the bytes are, not what
/// the name promises. Whether there is room for one more is [`room_for`]'s to say.
pub fn attach(
    kind: BillKind,
    id: BillId,
    name: FileName,
    content_type: &str,
    file: Bytes,
    key: IdempotencyKey,
) -> Result<Upload, AttachFault> {
    if file.is_empty() {
        return Err(AttachFault::Empty);
    }
    if file.len() > FILE_BYTES_MAX {
        return Err(AttachFault::TooLarge(file.len()));
    }
    if !is_content_type(content_type) {
        return Err(AttachFault::ContentTypeUnusable);
    }
    let path = format!("{}/{}", files_of(kind, id), encoded(name.as_str()));
    let content_type = Some(content_type.to_owned());
    let write =
        ApiWrite { method: WriteMethod::Put, path, query: Vec::new(), body: file, content_type, idempotency_key: key };
    Ok(Upload { write, name })
}

fn files_of(kind: BillKind, id: BillId) -> String {
    format!("{}/{id}/{COLLECTION}", kind.path())
}

fn is_content_type(text: &str) -> bool {
    let token = |part: &str| {
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&byte))
    };
    text.len() <= 127 && text.split_once('/').is_some_and(|(kind, of)| token(kind) && token(of))
}

/// Xero wants special letters of a name as they are, but brackets encoded; so is whatever an address cannot hold.
fn encoded(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for byte in name.bytes() {
        match byte.is_ascii_alphanumeric() || b"-._~!$&'(),;=@".contains(&byte) {
            true => out.push(char::from(byte)),
            false => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

/// Lists a document's files.
pub fn list_attachments(kind: BillKind, id: BillId) -> ApiRead {
    ApiRead { path: files_of(kind, id), ..ApiRead::default() }
}

/// A file on a document.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Attachment {
    /// Xero's id of it.
    #[serde(rename = "AttachmentID")]
    pub id: Uuid,
    /// Its name.
    pub file_name: String,
    /// What it is; empty where Xero does not say.
    #[serde(default, deserialize_with = "or_empty")]
    pub mime_type: String,
    /// Its length in bytes, where Xero says.
    #[serde(default)]
    pub content_length: Option<u64>,
}

/// Reads the answer to [`list_attachments`].
pub fn read_attachments(answer: HttpResponse) -> Result<Vec<Attachment>, XeroError> {
    let answer = sort_answer(answer)?;
    let page = cut(&answer.body, COLLECTION)?;
    page.elements.iter().map(|raw| read_attachment(raw.get())).collect()
}

fn read_attachment(text: &str) -> Result<Attachment, XeroError> {
    serde_json::from_str(text).map_err(|error| unreadable(place_of(&error)))
}

/// Whether a file of that name can go up: in the place of one that is there, or as one more.
pub fn room_for(name: &FileName, there: &[Attachment]) -> Result<(), AttachFault> {
    let replaces = there.iter().any(|each| each.file_name == name.as_str());
    if replaces || there.len() < ATTACHMENTS_MAX { Ok(()) } else { Err(AttachFault::TooMany) }
}

/// What became of an upload.
#[derive(Debug)]
pub enum AttachOutcome {
    /// The file is on the document, under its name and whole.
    Attached(Attachment),
    /// Xero refuses it, and nothing was stored. A person acts.
    Rejected(Vec<Refusal>),
    /// It came no further than Xero's door. Also for a document that is not there.
    TurnedAway(XeroError),
    /// Stored or not, nobody knows. The same upload may simply be repeated.
    Unknown(XeroError),
}

/// Reads the answer to [`attach`] of a file of that name and length in bytes.
pub fn read_attached(answer: Result<HttpResponse, TransportError>, name: &str, bytes: u64) -> AttachOutcome {
    let settled = answer_of(answer).and_then(|response| settle(&response, name, bytes));
    match settled {
        Ok(attachment) => AttachOutcome::Attached(attachment),
        Err(Failure::Rejected(refusals)) => AttachOutcome::Rejected(refusals),
        Err(Failure::TurnedAway(error)) => AttachOutcome::TurnedAway(error),
        Err(Failure::Unknown(error)) => AttachOutcome::Unknown(error),
    }
}

fn settle(response: &HttpResponse, name: &str, bytes: u64) -> Result<Attachment, Failure> {
    let answered = read_answered(response, COLLECTION).map_err(Failure::Unknown)?;
    if answered.remarks.is_refused() && answered.remarks.id().is_none() {
        return Err(Failure::Rejected(refusals_of(&answered.remarks)));
    }
    let file = read_attachment(answered.element.get()).map_err(Failure::Unknown)?;
    let whole = file.content_length.is_none_or(|length| length == bytes);
    let named = file.file_name == name;
    match !answered.remarks.is_refused() && named && whole && !file.id.is_nil() {
        true => Ok(file),
        false => Err(Failure::Unknown(unreadable("the answer is not about the file as it was sent"))),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::tests::key;
    use kernel::TenantId;
    use secrecy::SecretString;
    use xero::{XeroAddresses, write_request};

    fn upload(name: &str, bytes: usize) -> Result<Upload, AttachFault> {
        let file = Bytes::from(vec![b'x'; bytes]);
        attach(BillKind::Bill, BillId(Uuid::nil()), FileName::try_new(name)?, "application/pdf", file, key())
    }

    #[test]
    fn a_name_is_taken_as_it_is_or_not_at_all() {
        let long = "x".repeat(255);
        for name in
            ["a.pdf", "Rechnung № 7 [März], Kopie (2).pdf", "家.png", ".hidden", "a..b", "100% & more; =@~.txt", &long]
        {
            assert_eq!(FileName::try_new(name).unwrap().as_str(), name);
            assert_eq!(FileName::tidied(name).as_str(), name.trim_matches('.'));
        }
        let longer = "x".repeat(256);
        for name in ["", " ", ".", "..", " a", "a ", "a\u{202e}fdp.exe", "a\nb", "a\0b", "a\u{200b}b", &longer] {
            assert_eq!(FileName::try_new(name), Err(AttachFault::NameUnusable), "{name:?}");
        }
        for letter in FORBIDDEN {
            assert!(FileName::try_new(format!("a{letter}b")).is_err(), "{letter}");
        }
    }

    #[test]
    fn any_name_is_tidied_into_one_that_is_taken() {
        let long = format!("{}.pdf", "é".repeat(300));
        let endless = format!("a.{}", "b".repeat(300));
        for (name, expected) in [
            ("a<b>c:d\"e/f\\g|h?i*j+k.pdf", "a_b_c_d_e_f_g_h_i_j_k.pdf"),
            ("../../etc/passwd", "_.._etc_passwd"),
            ("  a \t b\n.pdf ", "a b .pdf"),
            ("a\u{202e}fdp.exe", "afdp.exe"),
            ("\0\u{7}", "document"),
            ("...", "document"),
            ("", "document"),
            (&long, &format!("{}.pdf", "é".repeat(125))),
            (&endless, &endless[..255]),
        ] {
            let tidied = FileName::tidied(name);
            assert_eq!(tidied.as_str(), expected);
            assert_eq!(FileName::try_new(expected).as_ref(), Ok(&tidied));
            assert_eq!(FileName::tidied(expected), tidied, "tidying twice changes nothing");
        }
    }

    #[test]
    fn a_file_goes_up_raw_under_its_encoded_name_with_its_own_type() {
        let sent = upload("Bill [7] é, 50%.pdf", 3).unwrap();
        let path = "/Invoices/00000000-0000-0000-0000-000000000000/Attachments/Bill%20%5B7%5D%20%C3%A9,%2050%25.pdf";
        assert_eq!((sent.write.method, sent.write.path.as_str()), (WriteMethod::Put, path));
        let token = SecretString::from("t");
        let tenant = TenantId::from_random([1; 16]);
        let request = write_request(&XeroAddresses::default(), &token, tenant, &sent.write);
        let types: Vec<_> = request.headers.iter().filter(|(name, _)| name == "Content-Type").collect();
        assert_eq!(types, [&("Content-Type".to_owned(), "application/pdf".to_owned())]);
        assert_eq!((&request.body[..], request.header("Idempotency-Key")), (&b"xxx"[..], Some("k")));
        assert!(request.url.ends_with(path));
        let list = list_attachments(BillKind::CreditNote, BillId(Uuid::nil()));
        assert_eq!(list.path, "/CreditNotes/00000000-0000-0000-0000-000000000000/Attachments");
    }

    #[test]
    fn what_xero_would_refuse_does_not_go_up() {
        assert_eq!(upload("a.pdf", 0), Err(AttachFault::Empty));
        assert_eq!(upload("a.pdf", FILE_BYTES_MAX + 1), Err(AttachFault::TooLarge(10_000_001)));
        assert!(upload("a.pdf", FILE_BYTES_MAX).is_ok());
        let of_type = |content_type: &str| {
            let name = FileName::tidied("a");
            attach(BillKind::Bill, BillId(Uuid::nil()), name, content_type, Bytes::from_static(b"x"), key())
        };
        for bad in ["", "pdf", "application/", "/pdf", "a/b\r\nX: y", "a/b c", "text/plain; charset=utf-8"] {
            assert_eq!(of_type(bad), Err(AttachFault::ContentTypeUnusable), "{bad}");
        }
        assert!(of_type("image/svg+xml").is_ok());
    }

    fn file(name: &str) -> Value {
        json!({ "AttachmentID": Uuid::from_u128(1), "FileName": name, "MimeType": "application/pdf", "ContentLength": 3 })
    }

    fn answer(status: u16, body: Value) -> HttpResponse {
        let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        HttpResponse { status, headers, body: body.to_string().into(), wire_bytes: 0 }
    }

    #[test]
    fn ten_files_leave_room_only_in_their_own_places() {
        let names: Vec<Value> = (0..10).map(|at| file(&format!("{at}.pdf"))).collect();
        let there = read_attachments(answer(200, json!({ "Attachments": names }))).unwrap();
        let room = |name: &str, there: &[Attachment]| room_for(&FileName::tidied(name), there);
        assert_eq!(room("new.pdf", &there), Err(AttachFault::TooMany));
        assert_eq!((room("9.pdf", &there), room("new.pdf", &there[1..])), (Ok(()), Ok(())));
        assert!(matches!(read_attachments(answer(404, Value::Null)), Err(XeroError::NotFound)));
        assert!(read_attachments(answer(200, json!({ "Attachments": [{ "FileName": "a" }] }))).is_err());
    }

    #[test]
    fn a_name_that_is_taken_gets_a_number_before_its_ending() {
        let check = |name: &str, taken: &[&str], expected: &str| {
            let all: Vec<Value> = taken.iter().map(|name| file(name)).collect();
            let there = read_attachments(answer(200, json!({ "Attachments": all }))).unwrap();
            let chosen = FileName::try_new(name).unwrap().beside(&there);
            assert_eq!(chosen.as_str(), expected);
            assert!(FileName::try_new(expected).is_ok() && !taken.contains(&expected));
        };
        check("scan.pdf", &[], "scan.pdf");
        check("scan.pdf", &["other.pdf"], "scan.pdf");
        check("scan.pdf", &["Scan.PDF"], "scan (2).pdf");
        check("scan.pdf", &["scan.pdf", "scan (2).pdf", "scan (3).pdf"], "scan (4).pdf");
        check(".hidden", &[".hidden"], ".hidden (2)");
        check("bare", &["bare"], "bare (2)");
        let long = format!("{}.pdf", "é".repeat(125));
        check(&long, &[&long], &format!("{} (2).pdf", "é".repeat(123)));
    }

    #[test]
    fn an_upload_is_done_when_the_answer_names_it_whole() {
        let sent = upload("a.pdf", 3).unwrap();
        let check = |answer: Result<HttpResponse, TransportError>, expected: &str| {
            let outcome = format!("{:?}", read_attached(answer, sent.name.as_str(), 3));
            assert!(outcome.starts_with(expected), "{outcome} is not {expected}");
        };
        let ok = |file: Value| Ok(answer(200, json!({ "Attachments": [file] })));
        let with = |field: &str, value: Value| {
            let mut file = file("a.pdf");
            file[field] = value;
            file
        };
        check(ok(file("a.pdf")), "Attached");
        check(ok(with("ContentLength", Value::Null)), "Attached");
        for (field, value) in [
            ("FileName", json!("b.pdf")),
            ("ContentLength", json!(2)),
            ("AttachmentID", json!(Uuid::nil())),
            ("ValidationErrors", json!([{ "Message": "x" }])),
        ] {
            check(ok(with(field, value)), "Unknown");
        }
        check(ok(json!({ "ValidationErrors": [{ "Message": "The file is too large" }] })), "Rejected");
        let refused = json!({ "Elements": [{ "ValidationErrors": [{ "Message": "The file is too large" }] }] });
        check(Ok(answer(400, refused)), "Rejected");
        check(Ok(answer(404, Value::Null)), "TurnedAway");
        check(Ok(answer(500, Value::Null)), "Unknown");
        check(Ok(answer(200, json!({ "Attachments": [] }))), "Unknown");
        check(Err(TransportError::NotSent("no route".into())), "TurnedAway");
    }
}
