//! Encrypted PDFs: those that everyone may read are read, and the others say that they are closed.

use std::fs;
use std::path::{Path, PathBuf};

use pages::{Pdf, PdfError};

fn files(kind: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/locked");
    let entries = fs::read_dir(folder).expect("the folder is there").map(|entry| entry.expect("an entry").path());
    entries.filter(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(kind))).collect()
}

#[test]
fn a_file_locked_against_change_is_read_whatever_its_cipher() {
    let files = files("open");
    assert_eq!(files.len(), 6);
    for path in files {
        let bytes = fs::read(&path).unwrap();
        let pdf = Pdf::open(&bytes).unwrap();
        assert!(!pdf.is_encrypted(), "{path:?}");
        let text: String = pdf.pages().unwrap()[0].lines.iter().map(pages::Line::text).collect();
        assert!(text.contains("HLB-20931") || text.contains("2026-0093"), "{path:?}: {text}");
    }
}

#[test]
fn a_file_that_needs_a_password_is_closed_and_its_pages_can_be_counted() {
    let files = files("closed");
    assert_eq!(files.len(), 2);
    for path in files {
        let bytes = fs::read(&path).unwrap();
        let pdf = Pdf::open(&bytes).unwrap();
        assert_eq!((pdf.is_encrypted(), pdf.page_count()), (true, Ok(1)), "{path:?}");
        assert_eq!(pdf.pages(), Err(PdfError::Encrypted), "{path:?}");
    }
}

#[test]
fn flips_of_any_byte_of_a_locked_file_end_in_an_answer() {
    let mut state = 3_u32;
    for path in files("open") {
        let whole = fs::read(&path).unwrap();
        for _ in 0..60 {
            let mut bytes = whole.clone();
            for _ in 0..3 {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let at = state as usize % bytes.len();
                bytes[at] ^= (state >> 24) as u8 | 1;
            }
            let _ = Pdf::open(&bytes).and_then(|pdf| pdf.pages());
        }
    }
}
