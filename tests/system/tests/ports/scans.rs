//! The reader of pictures on Textract: the real SDK over a socket, and every way in which it ends.

use std::time::{Duration, Instant};

use aws::{AwsSettings, TextractReader};
use bytes::Bytes;
use local::embedded::http::{Server, bind, serve, text};
use local::embedded::{Embedded, EmbeddedSettings, Textract, TextractTrouble, access_key};
use local::plan::{BucketPlan, FunctionPlan, Plan};
use ports::{ScanError, ScanField, ScanReader, ScanRefusal, Scanned};
use system::pictures::{BILL, Picture, gif_head, png_head, scanned_pdf, tiff_head};

use crate::adapters::opening;

const BUCKET: &str = "pictures";
/// Longer than any answer here takes, shorter than a person waits.
const TIME_MAX: Duration = Duration::from_secs(2);

struct Scene {
    embedded: Embedded,
    settings: AwsSettings,
}

fn settings(embedded: &Embedded, change: impl Fn(&str) -> Option<String> + Send + Sync + 'static) -> AwsSettings {
    let variables = embedded.environment();
    AwsSettings::with(move |name| change(name).or_else(|| variables.get(name).cloned())).unwrap()
}

impl Scene {
    async fn start() -> Self {
        let allowed = |actions: &[&str]| -> Vec<(String, String)> {
            actions.iter().map(|action| ((*action).to_owned(), format!("{BUCKET}/*"))).collect()
        };
        let function = |allowed| FunctionPlan { allowed, ..FunctionPlan::default() };
        let mut reads = allowed(&["s3:GetObject", "s3:GetObjectVersion"]);
        let without_textract = function(reads.clone());
        reads.push(("textract:AnalyzeExpense".to_owned(), "*".to_owned()));
        for action in ["textract:StartExpenseAnalysis", "textract:GetExpenseAnalysis"] {
            reads.push((action.to_owned(), "*".to_owned()));
        }
        let without_files = function(vec![("textract:AnalyzeExpense".to_owned(), "*".to_owned())]);
        let plan = Plan {
            buckets: vec![BucketPlan { name: BUCKET.into(), versioned: true, ..BucketPlan::default() }],
            functions: vec![function(reads), without_textract, without_files],
            ..Plan::default()
        };
        let clock = std::sync::Arc::new(simulator::world::VirtualClock::starting(opening()));
        let embedded = EmbeddedSettings { keep: None, clock, secrets: Default::default() };
        let embedded = Embedded::start(&plan, embedded).await.unwrap();
        let settings = settings(&embedded, |_| None);
        Self { embedded, settings }
    }

    /// A reader as one of the three functions.
    fn reader(&self, function: usize) -> TextractReader {
        let settings =
            settings(&self.embedded, move |name| (name == "AWS_ACCESS_KEY_ID").then(|| access_key(function)));
        TextractReader::new(&settings, BUCKET.into(), TIME_MAX)
    }

    fn textract(&self) -> &Textract {
        &self.embedded.textract
    }

    /// Stores a file; answers its version.
    async fn stored(&self, file: impl Into<Bytes>) -> String {
        let config = aws_sdk_s3::config::Builder::from(&self.settings.config("S3")).force_path_style(true);
        let s3 = aws_sdk_s3::Client::from_conf(config.build());
        let body = aws_sdk_s3::primitives::ByteStream::from(file.into());
        let answer = s3.put_object().bucket(BUCKET).key("a/b c.png").body(body).send().await.unwrap();
        answer.version_id().unwrap().to_owned()
    }

    async fn read(&self, file: impl Into<Bytes>) -> Result<Scanned, ScanError> {
        let version = self.stored(file).await;
        self.reader(0).read_scan("a/b c.png", Some(&version)).await
    }
}

fn value<'s>(fields: &'s [ScanField], kind: &str) -> &'s str {
    let field = fields.iter().find(|field| field.kind == kind).unwrap_or_else(|| panic!("no {kind}: {fields:?}"));
    &field.value.as_ref().unwrap().text
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bill_is_told_field_by_field_as_it_is_printed() {
    let scene = Scene::start().await;
    let picture = Picture::of(&BILL);
    for file in [picture.png(), picture.pdf(1)] {
        let scanned = scene.read(file).await.unwrap();
        assert_eq!((scanned.pages, scanned.expenses.len()), (1, 1));
        let expense = &scanned.expenses[0];
        for (kind, text) in [
            ("VENDOR_NAME", "HARBOUR SUPPLIES LTD"),
            ("INVOICE_RECEIPT_ID", "H-77"),
            ("INVOICE_RECEIPT_DATE", "14 Nov 2026"),
            ("DUE_DATE", "14/12/2026"),
            ("VENDOR_VAT_NUMBER", "GB123456789"),
            ("SUBTOTAL", "£100.00"),
            ("TAX", "£20.00"),
            ("TOTAL", "£120.00"),
        ] {
            assert_eq!(value(&expense.summary, kind), text);
        }
        let rows: Vec<_> = expense.rows.iter().map(|row| (value(row, "ITEM"), value(row, "PRICE"))).collect();
        assert_eq!(rows, [("Rope", "£80.00"), ("Shackle", "£20.00")]);
        let total = expense.summary.iter().find(|field| field.kind == "TOTAL").unwrap();
        let (label, amount) = (total.label.as_ref().unwrap(), total.value.as_ref().unwrap());
        assert_eq!((label.text.as_str(), total.currency.as_deref()), ("Total", Some("GBP")));
        assert_eq!((amount.confidence, amount.page), (994, 1));
        let (label, amount) = (label.area.unwrap(), amount.area.unwrap());
        assert!(amount.left > label.left + label.width && amount.top > 850, "{amount:?}");
        assert_eq!(expense.text.first().unwrap().text, BILL[0]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn faint_print_is_doubtful_and_other_sizes_are_read_where_they_stand() {
    let scene = Scene::start().await;
    let mut picture = Picture::blank(900, 400);
    picture.write(300, 50, 4, 0, "Joe's Café");
    picture.write(37, 211, 1, 0, "Receipt no: 7");
    picture.write(41, 301, 3, 127, "Total: $12");
    let scanned = scene.read(picture.png()).await.unwrap();
    let fields = &scanned.expenses[0].summary;
    assert_eq!((value(fields, "VENDOR_NAME"), value(fields, "TOTAL")), ("Joe's Café", "$12"));
    let total = fields.iter().find(|field| field.kind == "TOTAL").unwrap();
    assert_eq!((total.kind_confidence, total.currency.as_deref()), (499, Some("USD")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_of_no_letters_has_no_fields() {
    let scene = Scene::start().await;
    let mut noise = Picture::blank(300, 200);
    for at in 0..60 {
        noise.write(at * 37 % 280, at * 53 % 180, 1 + at % 2, 0, "#");
    }
    for file in [Picture::blank(300, 200).png(), noise.png(), tiff_head(1, 300, 200), b"\xff\xd8\xff\xe0".to_vec()] {
        let scanned = scene.read(file).await.unwrap();
        assert_eq!((scanned.expenses.len(), scanned.expenses[0].summary.len()), (1, 0), "{scanned:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_textract_refuses_are_refused_for_good() {
    let scene = Scene::start().await;
    let large = [b"\x89PNG".to_vec(), vec![0; 10 * 1024 * 1024]].concat();
    for (file, expected) in [
        (gif_head(8, 8), ScanRefusal::Unsupported),
        (Picture::of(&["Total: $1"]).pdf(2), ScanRefusal::Unsupported),
        (png_head(800, 600), ScanRefusal::Bad),
        (large, ScanRefusal::TooLarge),
    ] {
        match scene.read(file).await {
            Err(ScanError::Refused(refusal)) => assert_eq!(refusal, expected),
            other => panic!("{expected:?}: {other:?}"),
        }
    }
    for (key, version) in [("none", None), ("a/b c.png", Some("none"))] {
        let missing = scene.reader(0).read_scan(key, version).await;
        assert!(matches!(missing, Err(ScanError::Refused(ScanRefusal::Unreachable))), "{missing:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_is_made_once_whatever_becomes_of_it() {
    use TextractTrouble::{Fails, Hangs, OverProvisioned, Throttled};
    let scene = Scene::start().await;
    let version = scene.stored(Picture::of(&BILL).png()).await;
    for (calls, trouble) in (1..).zip([Throttled, OverProvisioned, Fails, Hangs]) {
        scene.textract().trouble([trouble]);
        let started = Instant::now();
        let ended = scene.reader(0).read_scan("a/b c.png", Some(&version)).await;
        match trouble {
            Throttled | OverProvisioned => {
                assert!(matches!(ended, Err(ScanError::Throttled)), "{trouble:?}: {ended:?}")
            }
            Fails | Hangs => assert!(matches!(ended, Err(ScanError::Unavailable(_))), "{trouble:?}: {ended:?}"),
        }
        assert!(started.elapsed() < TIME_MAX * 2, "{trouble:?}");
        assert_eq!(scene.textract().calls(), calls, "{trouble:?}: nothing is repeated");
    }
    assert!(scene.reader(0).read_scan("a/b c.png", Some(&version)).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_without_the_permission_is_told_from_one_without_the_file() {
    let scene = Scene::start().await;
    let version = scene.stored(Picture::of(&BILL).png()).await;
    let forbidden = scene.reader(1).read_scan("a/b c.png", Some(&version)).await;
    assert!(matches!(&forbidden, Err(ScanError::NotAllowed(code)) if code == "AccessDeniedException"), "{forbidden:?}");
    let unreachable = scene.reader(2).read_scan("a/b c.png", Some(&version)).await;
    assert!(matches!(unreachable, Err(ScanError::Refused(ScanRefusal::Unreachable))), "{unreachable:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_is_begun_once_for_its_token_and_tells_of_every_page_when_it_has_ended() {
    let scene = Scene::start().await;
    let (head, foot) = (Picture::of(&BILL[..8]), Picture::of(&BILL[8..]));
    let version = scene.stored(scanned_pdf(&[&head, &foot, &Picture::blank(90, 90)])).await;
    let reader = scene.reader(0);
    let job = reader.start_scan("a/b c.png", Some(&version), "token-1").await.unwrap();
    assert_eq!(reader.start_scan("a/b c.png", Some(&version), "token-1").await.unwrap(), job);
    assert_eq!(scene.textract().jobs(), 1);
    assert_eq!(reader.finished_scan(&job).await.unwrap(), None);
    let scanned = reader.finished_scan(&job).await.unwrap().unwrap();
    assert_eq!((scanned.pages, scanned.expenses.len()), (3, 3));
    assert_eq!(value(&scanned.expenses[0].summary, "INVOICE_RECEIPT_ID"), "H-77");
    let total = scanned.expenses[1].summary.iter().find(|field| field.kind == "TOTAL").unwrap();
    assert_eq!(total.value.as_ref().unwrap().page, 2);
    // Other bytes under the same token, and a job that is none.
    let other = scene.stored(head.pdf(2)).await;
    assert!(matches!(reader.start_scan("a/b c.png", Some(&other), "token-1").await, Err(ScanError::Unavailable(_))));
    assert!(matches!(reader.finished_scan("x").await, Err(ScanError::Refused(ScanRefusal::Unreachable))));
    // A file that cannot be opened is told of at the end.
    let bad = scene.stored(b"%PDF-1.4 /Subtype /Image".to_vec()).await;
    let job = reader.start_scan("a/b c.png", Some(&bad), "token-2").await.unwrap();
    assert_eq!(reader.finished_scan(&job).await.unwrap(), None);
    assert!(matches!(reader.finished_scan(&job).await, Err(ScanError::Refused(ScanRefusal::Bad))));
    scene.textract().trouble([TextractTrouble::Hangs]);
    assert!(matches!(reader.finished_scan(&job).await, Err(ScanError::Unavailable(_))));
}

/// A service that answers every call with this.
async fn answering(status: u16, body: &'static str) -> Server {
    serve(bind(0).await.unwrap(), 1 << 20, move |_| async move { text(status, "application/x-amz-json-1.1", body) })
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn strange_answers_are_no_panic_and_no_value() {
    let scene = Scene::start().await;
    for (status, body) in [
        (200, "<html>One moment</html>"),
        (200, "{\"ExpenseDocuments\":7}"),
        (503, ""),
        (400, "{\"__type\":\"SomethingNewException\"}"),
        (301, "elsewhere"),
    ] {
        let server = answering(status, body).await;
        let url = server.url();
        let settings =
            settings(&scene.embedded, move |name| (name == "AWS_ENDPOINT_URL_TEXTRACT").then(|| url.clone()));
        let ended = TextractReader::new(&settings, BUCKET.into(), TIME_MAX).read_scan("a", None).await;
        assert!(matches!(ended, Err(ScanError::Unavailable(_))), "{status} {body}: {ended:?}");
    }
    let odd = "{\"ExpenseDocuments\":[{\"SummaryFields\":[{},{\"Type\":{\"Text\":\"TOTAL\",\"Confidence\":1e30},\
               \"ValueDetection\":{\"Text\":\" \",\"Confidence\":-5}}]}]}";
    let server = answering(200, odd).await;
    let url = server.url();
    let settings = settings(&scene.embedded, move |name| (name == "AWS_ENDPOINT_URL_TEXTRACT").then(|| url.clone()));
    let scanned = TextractReader::new(&settings, BUCKET.into(), TIME_MAX).read_scan("a", None).await.unwrap();
    assert!(scanned.expenses[0].summary.iter().all(|field| field.value.is_none() && field.kind_confidence == 0));
}
