//! Every file of our own, cut everywhere and altered at random: each ends in an answer, soon, and never in a panic.

#![allow(clippy::unwrap_used, reason = "a test that cannot read its own files fails")]

mod made;

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use statements::{Expected, Refusal};

/// What all files of one test may take, on a slow machine without optimisation: a reader that goes over a file again for
/// each of its lines would take hours.
const ANSWERS_MAX: Duration = Duration::from_secs(240);
/// Altered files of each kind.
const ROUNDS: u32 = 300;
/// The seed of all of them; it is printed with what fails.
const SEED: u32 = 20_260_131;

#[track_caller]
fn answers(name: &str, what: &str, bytes: &[u8]) {
    let read = statements::read(bytes, &Expected::default());
    assert_ne!(read.as_ref().err(), Some(&Refusal::ReaderFailed), "{name}, {what}, seed {SEED}");
    if let Ok(parsed) = read {
        for problem in parsed.problems() {
            let inside = problem.place.byte.is_none_or(|byte| byte <= bytes.len() as u64);
            assert!(inside, "{name}, {what}, seed {SEED}: {:?} is beyond the file", problem.place);
        }
    }
}

struct Dice(u32);

impl Dice {
    fn roll(&mut self, below: usize) -> usize {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (self.0 >> 8) as usize % below.max(1)
    }
}

#[test]
fn a_file_cut_at_every_byte_ends_in_an_answer() {
    for (name, bytes) in made::files() {
        let step = 1 + bytes.len() / 2_000;
        for end in (0..bytes.len()).step_by(step) {
            answers(&name, &format!("cut at {end}"), &bytes[..end]);
        }
    }
}

#[test]
fn flipped_bytes_end_in_an_answer() {
    let mut dice = Dice(SEED);
    for (name, whole) in made::files() {
        for round in 0..ROUNDS {
            let mut bytes = whole.clone();
            for _ in 0..=dice.roll(4) {
                let at = dice.roll(bytes.len());
                bytes[at] ^= 1 << dice.roll(8);
            }
            answers(&name, &format!("flipped, round {round}"), &bytes);
        }
    }
}

#[test]
fn pieces_moved_doubled_and_mixed_end_in_an_answer() {
    let files = made::files();
    let alphabet = "0123456789.,;:<>/-+'\"=\t \r\n^?!CDRé€\u{202e}\0AZ".chars().collect::<Vec<_>>();
    let mut dice = Dice(SEED);
    for (name, whole) in &files {
        for round in 0..ROUNDS {
            let mut bytes = whole.clone();
            for _ in 0..=dice.roll(3) {
                let at = dice.roll(bytes.len());
                let length = dice.roll(40).min(bytes.len() - at);
                let piece: Vec<u8> = match dice.roll(3) {
                    0 => bytes[at..at + length].repeat(1 + dice.roll(5)),
                    1 => {
                        let (_, other) = &files[dice.roll(files.len())];
                        let from = dice.roll(other.len());
                        other[from..(from + length).min(other.len())].to_vec()
                    }
                    _ => (0..length).map(|_| alphabet[dice.roll(alphabet.len())]).collect::<String>().into_bytes(),
                };
                let into = dice.roll(bytes.len());
                bytes.splice(into..into, piece);
            }
            answers(name, &format!("mixed, round {round}"), &bytes);
        }
    }
}

#[test]
fn large_files_of_the_worst_kind_end_soon() {
    for (head, body) in [
        ("Date,Text,Amount\n2026-01-13,a,-1.00\n", "2026-01-13,\"Shop \"\"x\"\"\",-1.00\n"),
        ("Date,Text,Amount\n2026-01-13,a,-1.00\n", "\"\",\"\"\"\n"),
        ("Date,Text,Amount\n2026-01-13,a,-1.00\n", ",,,,,,,,"),
        ("!Type:Bank\nD13/1/26\n", "S\n"),
        ("", ":20:\n:90D:0EUR0\n"),
        ("<OFX>", "<STMTRS>"),
        ("<Document><BkToCstmrStmt><Stmt><Ntry>", "<TxDtls/>"),
        ("<Document><BkToCstmrStmt>", "<Stmt/>"),
        (":20:X\n:25:1\n:60F:C260101EUR1,\n", ":61:2601020102D1,N\n"),
        ("<OFX><STMTRS>", "<STMTTRN><TRNAMT>1&<DTPOSTED>2<FITID>0"),
        ("!Type:Bank\n", "D1/2/26\nT1,234\n^\n"),
        ("<Document><BkToCstmrStmt><Stmt>", "<Ntry><Amt>1</Amt></Ntry>"),
        ("01,A,B,260131,0900,1,80,1,2/\n02,B,A,1,260131,,EUR,2/\n03,1,EUR/\n", "16,108,1,D,99,\n88,1,2,3/\n"),
    ] {
        let text = format!("{head}{}", body.repeat(20_000));
        within_time(move || answers("large", head, text.as_bytes()));
    }
}

/// Fails where nothing comes back in time; a reader that hangs would hang the test for ever otherwise.
#[track_caller]
fn within_time(ask: impl FnOnce() + Send + 'static) {
    let (done, waits) = mpsc::channel();
    let asked = thread::spawn(move || {
        ask();
        let _ = done.send(());
    });
    match waits.recv_timeout(ANSWERS_MAX) {
        Err(mpsc::RecvTimeoutError::Timeout) => panic!("no answer within {ANSWERS_MAX:?}"),
        // What failed inside says why by itself.
        _ => asked.join().unwrap(),
    }
}
