//! PDFs read, and PDFs that attack: each ends at once in a clear answer.

mod press;

use pages::error::{ATTACHMENTS_MAX, PAGES_COUNTED_MAX, PAGES_MAX, RUNS_MAX, STREAM_BYTES_MAX};
use pages::{Attachment, Pdf, PdfError};
use press::{attached, deflated, description, packed, page, pdf, plain, stream};

const TEXTS: [press::Placed<'static>; 4] =
    [(50, 700, "Total"), (300, 700, "119,00 €"), (50, 750, "Rechnung"), (50, 650, "Müller (Söhne)")];

#[track_caller]
fn text(bytes: &[u8]) -> Vec<String> {
    let pages = Pdf::open(bytes).and_then(|pdf| pdf.pages()).expect("a sound PDF");
    pages.iter().flat_map(|page| page.lines.iter().map(pages::Line::text)).collect()
}

#[track_caller]
fn refused(bytes: &[u8]) -> PdfError {
    Pdf::open(bytes).and_then(|pdf| pdf.pages()).expect_err("a refusal")
}

#[test]
fn a_page_is_read_line_by_line() {
    let bytes = pdf(&page(&TEXTS));
    assert_eq!(text(&bytes), ["Rechnung", "Total  119,00 €", "Müller (Söhne)"]);
    let opened = Pdf::open(&bytes).unwrap();
    assert_eq!((opened.page_count(), opened.is_encrypted()), (Ok(1), false));
}

#[test]
fn objects_in_an_object_stream_are_found() {
    let objects = page(&TEXTS);
    let (mut index, mut body) = (String::new(), Vec::new());
    for (number, object) in objects.iter().enumerate().filter(|(number, _)| *number != 3) {
        index.push_str(&format!("{} {} ", number + 1, body.len()));
        body.extend(object);
        body.push(b' ');
    }
    let content = [index.as_bytes(), &body].concat();
    let entries = format!("/Type/ObjStm/N 4/First {}", index.len());
    let mut bytes = b"%PDF-1.7\n4 0 obj\n".to_vec();
    bytes.extend(&objects[3]);
    bytes.extend(b"\nendobj\n9 0 obj\n");
    bytes.extend(packed(&entries, &content));
    bytes.extend(b"\nendobj\n10 0 obj\n");
    bytes.extend(packed("/Type/XRef/Root 1 0 R/W[1 2 1]", b"never looked at"));
    assert_eq!(text(&bytes), ["Rechnung", "Total  119,00 €", "Müller (Söhne)"]);
}

#[test]
fn the_last_object_of_a_number_counts() {
    let mut bytes = pdf(&page(&TEXTS));
    bytes.extend(b"4 0 obj\n");
    bytes.extend(packed("", &description(&[(50, 700, "changed")])));
    bytes.extend(b"\nendobj\n");
    assert_eq!(text(&bytes), ["changed"]);
}

#[test]
fn letters_come_from_the_fonts_own_table() {
    let mut objects = page(&[]);
    objects[3] = packed("", b"BT /F 10 Tf 50 700 Td <00010002> Tj 20 0 Td [<0003> -4000 <0001>] TJ ET");
    objects[4] = plain("<</Type/Font/Subtype/Type0/DescendantFonts[<</W[1[500 500] 3 4 500]>>]/ToUnicode 6 0 R>>");
    let table = b"1 begincodespacerange <0000> <ffff> endcodespacerange 1 beginbfrange <0001> <0003> <0041> endbfrange";
    objects.push(packed("", table));
    assert_eq!(text(&pdf(&objects)), ["AB C  A"]);
}

#[test]
fn forms_are_read_where_they_are_drawn_and_never_without_an_end() {
    let mut objects = page(&[]);
    objects[1] = plain("<</Type/Pages/Kids[3 0 R]/Resources<</XObject<</X 6 0 R>>/Font<</F 5 0 R>>>>>>");
    objects[3] = packed("", b"q 1 0 0 1 0 100 cm /X Do Q BT /F 10 Tf 50 700 Td (below) Tj ET");
    objects.push(packed("/Type/XObject/Subtype/Form", b"BT /F 10 Tf 50 700 Td (above) Tj ET /X Do"));
    assert_eq!(text(&pdf(&objects)), ["above", "below"]);
}

#[test]
fn a_picture_inside_a_description_is_passed_over() {
    let mut objects = page(&[]);
    objects[3] = packed("", b"BI /W 1 /H 1 ID \x00(EIx)\xff EI BT /F 10 Tf 50 700 Td (text) Tj ET");
    assert_eq!(text(&pdf(&objects)), ["text"]);
}

#[test]
fn an_attached_file_is_found_by_its_name_once() {
    let bytes = attached(&TEXTS, "Factur-X.xml", b"<x/>");
    let found = Pdf::open(&bytes).unwrap().attachments(&["factur-x.xml", "xrechnung.xml"]).unwrap();
    assert_eq!(found, [Attachment { name: "Factur-X.xml".to_owned(), bytes: b"<x/>".to_vec() }]);
    assert_eq!(Pdf::open(&bytes).unwrap().attachments(&["order-x.xml"]), Ok(Vec::new()));
}

#[test]
fn an_encrypted_file_says_so_and_its_pages_can_be_counted() {
    let bytes = [pdf(&page(&TEXTS)), b"trailer <</Root 1 0 R/Encrypt 9 0 R>>".to_vec()].concat();
    let opened = Pdf::open(&bytes).unwrap();
    assert_eq!((opened.is_encrypted(), opened.page_count()), (true, Ok(1)));
    assert_eq!((opened.pages(), opened.attachments(&["a"])), (Err(PdfError::Encrypted), Err(PdfError::Encrypted)));
}

#[test]
fn what_is_no_pdf_or_has_no_page_is_told_apart() {
    for none in [b"".as_slice(), b"hello", b"<xml/>", &[0; 2000]] {
        assert_eq!(Pdf::open(none).err(), Some(PdfError::NotPdf));
    }
    for broken in [b"%PDF-1.7".as_slice(), b"%PDF-1.4\n1 0 obj\n<</Type/Catalog>>", b"%PDF-1.4 trailer<</Root 1 0 R>>"]
    {
        assert_eq!(refused(broken), PdfError::Damaged);
    }
    assert_eq!(refused(&[&[b' '; 1100], b"%PDF-1.7".as_slice()].concat()), PdfError::NotPdf);
}

fn many_pages(count: usize) -> Vec<u8> {
    let mut objects = page(&TEXTS);
    objects[1] = format!("<</Type/Pages/Kids[{}]>>", "<<>>".repeat(count)).into_bytes();
    pdf(&objects)
}

#[test]
fn pages_are_counted_far_beyond_what_is_read() {
    assert!(Pdf::open(&many_pages(PAGES_MAX)).unwrap().pages().is_ok());
    assert_eq!(refused(&many_pages(PAGES_MAX + 1)), PdfError::TooManyPages { pages_max: PAGES_MAX });
    assert_eq!(Pdf::open(&many_pages(10_000)).unwrap().page_count(), Ok(10_000));
    let limit = PdfError::TooManyPages { pages_max: PAGES_COUNTED_MAX };
    assert_eq!(Pdf::open(&many_pages(PAGES_COUNTED_MAX + 1)).unwrap().page_count(), Err(limit));
}

#[test]
fn a_tree_of_pages_that_is_none_is_damaged() {
    let mut objects = page(&TEXTS);
    objects[1] = plain("<</Type/Pages/Kids[3 0 R 2 0 R]>>");
    assert_eq!(refused(&pdf(&objects)), PdfError::Damaged);
    let mut deep = page(&TEXTS);
    deep[1] = plain("<</Kids[6 0 R]>>");
    deep.extend((7..100).map(|next| plain(&format!("<</Kids[{next} 0 R]>>"))));
    assert_eq!(refused(&pdf(&deep)), PdfError::Damaged);
    let mut circle = page(&TEXTS);
    circle[1] = plain("2 0 R");
    assert_eq!(refused(&pdf(&circle)), PdfError::Damaged);
}

#[test]
fn branches_that_are_named_often_are_counted_each_time() {
    // Eight levels of ten branches, each level written once: a hundred million pages in three thousand bytes.
    let mut objects = page(&TEXTS);
    objects[1] = plain("<</Type/Pages/Kids 6 0 R>>");
    objects.extend(
        (7..14).map(|next| format!("[{}]", format!("<</Type/Pages/Kids {next} 0 R>>").repeat(10)).into_bytes()),
    );
    objects.push(format!("[{}]", "<<>>".repeat(10)).into_bytes());
    let bytes = pdf(&objects);
    assert!(bytes.len() < 3_000);
    assert_eq!(refused(&bytes), PdfError::TooManyPages { pages_max: PAGES_MAX });
    let limit = PdfError::TooManyPages { pages_max: PAGES_COUNTED_MAX };
    assert_eq!(Pdf::open(&bytes).unwrap().page_count(), Err(limit));
}

#[test]
fn bombs_are_stopped_wherever_they_lie() {
    let bomb = vec![b' '; STREAM_BYTES_MAX + 1];
    let large = PdfError::TooLarge("a stream that unpacks to more than any bill has");
    let mut content = page(&TEXTS);
    content[3] = packed("", &bomb);
    assert_eq!(refused(&pdf(&content)), large);
    let mut objects = page(&TEXTS);
    objects.push(packed("/Type/ObjStm/N 1/First 4", &bomb));
    assert_eq!(refused(&pdf(&objects)), large);
    let mut twice = page(&TEXTS);
    twice[3] = stream("/Filter[/FlateDecode/FlateDecode]", &deflated(&deflated(&bomb)));
    assert_eq!(refused(&pdf(&twice)), large);
    let file = attached(&TEXTS, "a.xml", &bomb);
    assert_eq!(Pdf::open(&file).unwrap().attachments(&["a.xml"]), Err(large));
    // One bomb is never looked at: a picture that no page description asks for.
    let mut unused = page(&TEXTS);
    unused.push(packed("/Subtype/Image", &bomb));
    assert_eq!(text(&pdf(&unused)).len(), 3);
}

#[test]
fn many_streams_that_each_fit_do_not_fit_together() {
    let full = vec![b' '; STREAM_BYTES_MAX - 4];
    let objects = (0..8).map(|_| packed("/Type/ObjStm/N 0/First 0", &full));
    let whole: Vec<Vec<u8>> = page(&TEXTS).into_iter().chain(objects).collect();
    assert_eq!(refused(&pdf(&whole)), PdfError::TooLarge("streams that unpack to more than any bill has"));
}

#[test]
fn one_large_object_in_many_places_is_counted_each_time() {
    // An index that names one array two hundred thousand times, and pages that ask for it.
    let mut objects = page(&TEXTS);
    objects[1] = plain(&format!("<</Kids[{}]>>", "<</Contents 6 0 R>>".repeat(400)));
    objects.push(format!("[{}]", "null ".repeat(200_000)).into_bytes());
    assert_eq!(refused(&pdf(&objects)), PdfError::TooLarge("more in it than any bill has"));
}

#[test]
fn pieces_of_text_and_attached_files_are_bounded() {
    let pieces = |count: usize| {
        let mut objects = page(&[]);
        objects[3] = packed("", format!("BT /F 10 Tf {} ET", "(a)Tj ".repeat(count)).as_bytes());
        Pdf::open(&pdf(&objects)).and_then(|pdf| pdf.pages()).map(|pages| pages.len())
    };
    assert_eq!(pieces(RUNS_MAX), Ok(1));
    assert_eq!(pieces(RUNS_MAX + 1), Err(PdfError::TooLarge("more pieces of text than any bill has")));
    let attachment = |at: usize| {
        let mut objects = page(&[]);
        let others = "(x) <</F(other)>> ".repeat(at);
        objects[0] =
            plain(&format!("<</Pages 2 0 R/Names<</EmbeddedFiles<</Names[{others}(y) <</F(a)/EF<</F 4 0 R>>>>]>>>>>>"));
        Pdf::open(&pdf(&objects)).unwrap().attachments(&["a"]).unwrap().len()
    };
    assert_eq!((attachment(ATTACHMENTS_MAX - 1), attachment(ATTACHMENTS_MAX)), (1, 0));
}

#[test]
fn a_huge_or_senseless_table_of_objects_is_not_even_read() {
    let table = format!("xref\n0 999999999\n{}", "0000000000 65535 f \n".repeat(100_000));
    let bytes = [pdf(&page(&TEXTS)), table.into_bytes()].concat();
    assert_eq!(text(&bytes).len(), 3);
    let headers: String = (0..200_002).map(|id| format!("{id} 0 obj null endobj ")).collect();
    let bytes = [b"%PDF-1.7\n".to_vec(), headers.into_bytes()].concat();
    assert_eq!(refused(&bytes), PdfError::TooLarge("more objects than any bill has"));
}

#[test]
fn every_prefix_and_flips_of_any_byte_end_in_an_answer() {
    let whole = attached(&TEXTS, "a.xml", b"<x/>");
    let all = |bytes: &[u8]| {
        let Ok(opened) = Pdf::open(bytes) else { return };
        let _ = (opened.page_count(), opened.pages(), opened.attachments(&["a.xml"]));
    };
    (0..whole.len()).for_each(|end| all(&whole[..end]));
    let mut state = 11_u32;
    for turn in 0..5_000 {
        let mut bytes = whole.clone();
        for _ in 0..=turn % 4 {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let at = state as usize % bytes.len();
            bytes[at] ^= (state >> 24) as u8 | 1;
        }
        all(&bytes);
    }
}
