//! Every file of our own, cut everywhere and altered at random: each ends in an answer, soon, and never in a panic.

#![allow(clippy::unwrap_used, reason = "a test that cannot read its own files fails")]

mod made;

use std::time::{Duration, Instant};

use statements::{Expected, Refusal};

/// What one small file may take, on a slow machine without optimisation.
const ANSWER_MAX: Duration = Duration::from_secs(2);
/// Altered files of each kind.
const ROUNDS: u32 = 300;
/// The seed of all of them; it is printed with what fails.
const SEED: u32 = 20_260_131;

#[track_caller]
fn answers(name: &str, what: &str, bytes: &[u8]) {
    let began = Instant::now();
    let read = statements::read(bytes, &Expected::default());
    assert_ne!(read.as_ref().err(), Some(&Refusal::ReaderFailed), "{name}, {what}, seed {SEED}");
    assert!(began.elapsed() < ANSWER_MAX, "{name}, {what}, seed {SEED}: {:?}", began.elapsed());
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
fn time_grows_as_the_file_does() {
    for (name, body) in
        [("csv", "2026-01-13,\"Shop \"\"x\"\"\",-1.00\n"), ("csv", "\"\",\"\"\"\n"), ("mt", ":61:2601020102D1,N\n")]
    {
        let head =
            if name == "mt" { ":20:X\n:25:1\n:60F:C260101EUR1,\n" } else { "Date,Text,Amount\n2026-01-13,a,-1.00\n" };
        let took = |times: usize| {
            let text = format!("{head}{}", body.repeat(times));
            let began = Instant::now();
            let _ = statements::read(text.as_bytes(), &Expected::default());
            began.elapsed()
        };
        let (small, large) = (took(2_000), took(20_000));
        // Ten times the file; a reader that goes over it again for every row would take a hundred times as long.
        assert!(large < small * 40 + Duration::from_millis(200), "{name}: {small:?}, then {large:?}");
    }
}
