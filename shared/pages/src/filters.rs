//! What a stream's bytes say once its filters are undone (ISO 32000, 7.4).
//!
//! Owns the bound on what a stream unpacks to, stage by stage. Pictures stay packed: nobody reads them here. A stream that
//! breaks off gives what came before, as viewers show it.

use std::io::Read;

use flate2::read::{DeflateDecoder, ZlibDecoder};
use weezl::decode::Decoder;
use weezl::{BitOrder, LzwStatus};

use crate::error::{Budget, FILTERS_MAX, PdfError};
use crate::object::{Dict, is_space, unhex};

/// Bytes that LZW unpacks to between two looks at how many are left.
const LZW_PIECE_BYTES: usize = 4096;

/// Undoes the named filters. None where one of them is for pictures, or unknown.
pub(crate) fn decode(raw: &[u8], filters: &[(Vec<u8>, Dict)], budget: &Budget) -> Result<Option<Vec<u8>>, PdfError> {
    if filters.len() > FILTERS_MAX {
        return Err(PdfError::TooLarge("a stream packed more often than any bill's"));
    }
    let mut bytes = raw.to_vec();
    budget.unpacked(bytes.len())?;
    for (name, parameters) in filters {
        let left = budget.unpacked_left();
        bytes = match name.as_slice() {
            b"FlateDecode" | b"Fl" => predicted(inflate(&bytes, left), parameters),
            b"LZWDecode" | b"LZW" => {
                predicted(lzw(&bytes, parameters.get("EarlyChange").index() != Some(0), left), parameters)
            }
            b"ASCII85Decode" | b"A85" => ascii85(&bytes),
            b"ASCIIHexDecode" | b"AHx" => unhex(bytes.split(|byte| *byte == b'>').next().unwrap_or_default()),
            b"RunLengthDecode" | b"RL" => run_length(&bytes, left),
            _ => return Ok(None),
        };
        budget.unpacked(bytes.len())?;
        if bytes.len() > left {
            return Err(PdfError::TooLarge("a stream that unpacks to more than any bill has"));
        }
    }
    Ok(Some(bytes))
}

/// At most one byte more than are left, so that the caller sees that there was more.
fn inflate(bytes: &[u8], left: usize) -> Vec<u8> {
    let mut out = Vec::new();
    // An error ends the stream; what came before it stays.
    let _ = ZlibDecoder::new(bytes).take(left as u64 + 1).read_to_end(&mut out);
    if out.is_empty() {
        let _ = DeflateDecoder::new(bytes).take(left as u64 + 1).read_to_end(&mut out);
    }
    out
}

fn lzw(bytes: &[u8], early: bool, left: usize) -> Vec<u8> {
    let decoder = if early { Decoder::with_tiff_size_switch } else { Decoder::new };
    let (mut decoder, mut out, mut rest) = (decoder(BitOrder::Msb, 8), Vec::new(), bytes);
    let mut piece = [0; LZW_PIECE_BYTES];
    while out.len() <= left {
        let done = decoder.decode_bytes(rest, &mut piece);
        out.extend(&piece[..done.consumed_out]);
        rest = &rest[done.consumed_in..];
        // All else is the end, of itself or by an error: what came before it stays.
        if !matches!(done.status, Ok(LzwStatus::Ok)) {
            break;
        }
    }
    out
}

fn ascii85(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() / 5 * 4);
    let mut group = Vec::with_capacity(5);
    for byte in bytes.iter().copied().filter(|byte| !is_space(*byte)) {
        match byte {
            b'~' => break,
            b'z' if group.is_empty() => out.extend([0; 4]),
            b'!'..=b'u' => group.push(u32::from(byte - b'!')),
            _ => (),
        }
        if group.len() == 5 {
            out.extend(group_bytes(&group));
            group.clear();
        }
    }
    if let count @ 2.. = group.len() {
        group.resize(5, 84);
        out.extend(&group_bytes(&group)[..count - 1]);
    }
    out
}

fn group_bytes(group: &[u32]) -> [u8; 4] {
    group.iter().fold(0_u32, |value, digit| value.wrapping_mul(85).wrapping_add(*digit)).to_be_bytes()
}

fn run_length(bytes: &[u8], left: usize) -> Vec<u8> {
    let (mut out, mut rest) = (Vec::new(), bytes);
    while let [length, after @ ..] = rest {
        if out.len() > left || *length == 128 {
            break;
        }
        let literal = usize::from(*length) + 1;
        if *length < 128 {
            out.extend(after.iter().take(literal));
            rest = after.get(literal..).unwrap_or_default();
        } else if let [byte, after @ ..] = after {
            out.extend(std::iter::repeat_n(*byte, 257 - usize::from(*length)));
            rest = after;
        } else {
            break;
        }
    }
    out
}

/// Undoes PNG's row filters, which streams of tables use; TIFF's is for pictures.
fn predicted(bytes: Vec<u8>, parameters: &Dict) -> Vec<u8> {
    let parameter = |name: &str, default: usize| parameters.get(name).index().unwrap_or(default);
    if parameter("Predictor", 1) < 10 {
        return bytes;
    }
    let bits = parameter("Colors", 1).min(32) * parameter("BitsPerComponent", 8).min(16);
    let (pixel, row) = (bits.div_ceil(8).max(1), (bits * parameter("Columns", 1).min(1 << 20)).div_ceil(8).max(1));
    // A row is stated by the file, and no longer than what there is.
    let row = row.min(bytes.len().max(1));
    let (mut out, mut above) = (Vec::with_capacity(bytes.len()), vec![0_u8; row]);
    for line in bytes.chunks(row + 1) {
        let mut current = vec![0_u8; row];
        for (at, byte) in line.iter().skip(1).enumerate() {
            let left = at.checked_sub(pixel).map_or(0, |at| current[at]);
            let corner = at.checked_sub(pixel).map_or(0, |at| above[at]);
            current[at] = byte.wrapping_add(guess(line[0], left, above[at], corner));
        }
        out.extend(&current[..line.len() - 1]);
        above = current;
    }
    out
}

fn guess(filter: u8, left: u8, above: u8, corner: u8) -> u8 {
    let (a, b, c) = (i16::from(left), i16::from(above), i16::from(corner));
    match filter {
        1 => left,
        2 => above,
        3 => ((a + b) / 2) as u8,
        4 => {
            let (near_left, near_above, near_corner) = ((b - c).abs(), (a - c).abs(), (a + b - c - c).abs());
            if near_left <= near_above && near_left <= near_corner {
                left
            } else if near_above <= near_corner {
                above
            } else {
                corner
            }
        }
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;
    use crate::error::STREAM_BYTES_MAX;
    use crate::object::Object;

    /// Codes of LZW before the first word of the table.
    const LZW_CLEAR: usize = 256;
    const LZW_END: usize = 257;

    fn named(names: &[&str]) -> Vec<(Vec<u8>, Dict)> {
        names.iter().map(|name| (name.as_bytes().to_vec(), Dict::default())).collect()
    }

    fn packed(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[track_caller]
    fn check(raw: &[u8], names: &[&str], expected: &[u8]) {
        let decoded = decode(raw, &named(names), &Budget::full());
        assert_eq!(decoded, Ok(Some(expected.to_vec())), "{names:?}");
    }

    #[test]
    fn each_filter_is_undone_and_a_chain_of_them() {
        check(&packed(b"hello"), &["FlateDecode"], b"hello");
        check(&packed(b"hello")[2..], &["Fl"], b"hello");
        check(b"87cURDZ~>", &["ASCII85Decode"], b"Hello");
        check(b"48 65 6C>6c", &["ASCIIHexDecode"], b"Hel");
        check(&[2, b'a', b'b', b'c', 254, b'x', 128, 9], &["RunLengthDecode"], b"abcxxx");
        // The example of ISO 32000, 7.4.4.2.
        let lzw = [0x80, 0x0b, 0x60, 0x50, 0x22, 0x0c, 0x0c, 0x85, 0x01];
        check(&lzw, &["LZWDecode"], &[45, 45, 45, 45, 45, 65, 45, 45, 45, 66]);
        let hexadecimal: String = packed(b"hello").iter().map(|byte| format!("{byte:02x}")).collect();
        check(hexadecimal.as_bytes(), &["AHx", "Fl"], b"hello");
        assert_eq!(decode(b"x", &named(&["DCTDecode"]), &Budget::full()), Ok(None));
    }

    /// Packs as the format's authors describe it: a new word for each code, wider codes as the table grows.
    fn lzw_packed(bytes: &[u8], early: usize) -> Vec<u8> {
        let (mut out, mut bits, mut held) = (Vec::new(), 0_u64, 0);
        let mut put = |code: usize, width: usize| {
            (bits, held) = (bits << width | code as u64, held + width);
            while held >= 8 {
                held -= 8;
                out.push((bits >> held & 0xff) as u8);
            }
        };
        let fresh =
            || (0..=255_u8).map(|byte| (vec![byte], usize::from(byte))).collect::<std::collections::HashMap<_, _>>();
        let (mut table, mut next, mut word) = (fresh(), 258, Vec::new());
        // The packer is a word ahead of whoever unpacks: its codes widen a word later by its own count.
        let width = |next: usize| (usize::BITS - (next - 1 + early).leading_zeros()).clamp(9, 12) as usize;
        put(LZW_CLEAR, 9);
        for byte in bytes {
            let longer = [word.as_slice(), &[*byte]].concat();
            if table.contains_key(&longer) {
                word = longer;
                continue;
            }
            put(table[&word], width(next));
            table.insert(longer, next);
            (next, word) = (next + 1, vec![*byte]);
            if next == 4_094 {
                put(LZW_CLEAR, 12);
                (table, next) = (fresh(), 258);
            }
        }
        put(table[&word], width(next));
        put(LZW_END, width(next + 1));
        put(0, 7);
        out
    }

    #[test]
    fn lzw_is_undone_through_all_widths_of_its_codes() {
        let text: Vec<u8> = (0..60_000_u32).map(|at| (at * at / 7 % 251) as u8).collect();
        for (early, parameter) in [(1, 1), (0, 0)] {
            let parameters = Dict(vec![(b"EarlyChange".to_vec(), Object::Number(parameter * 1_000_000))]);
            let filters = [(b"LZWDecode".to_vec(), parameters)];
            let decoded = decode(&lzw_packed(&text, early), &filters, &Budget::full()).unwrap().unwrap();
            assert_eq!(decoded.iter().zip(&text).position(|(one, other)| one != other), None);
            assert_eq!(decoded.len(), text.len());
        }
    }

    #[test]
    fn lzw_is_undone_as_others_pack_it() {
        let packed = include_bytes!("../tests/lzw/libtiff.lzw");
        let text: Vec<u8> = (0..5_000_u32).map(|at| (at * at / 7 % 251) as u8).collect();
        check(packed, &["LZWDecode"], &text);
    }

    #[test]
    fn rows_of_png_are_undone() {
        let parameters = Dict(vec![
            (b"Predictor".to_vec(), Object::Number(15_000_000)),
            (b"Columns".to_vec(), Object::Number(3_000_000)),
        ]);
        let rows = [1, 1, 1, 1, 2, 1, 1, 1, 3, 1, 1, 1, 4, 1, 1, 1, 0, 7, 8, 9];
        let expected = [1, 2, 3, 2, 3, 4, 2, 3, 4, 3, 4, 5, 7, 8, 9];
        assert_eq!(predicted(rows.to_vec(), &parameters), expected);
    }

    #[test]
    fn a_row_takes_no_more_memory_than_its_bytes() {
        let stated = |name: &str, number: i64| (name.as_bytes().to_vec(), Object::Number(number * 1_000_000));
        let wide = [("Colors", 32), ("BitsPerComponent", 16), ("Columns", 1 << 20), ("Predictor", 12)];
        let parameters = Dict(wide.map(|(name, number)| stated(name, number)).to_vec());
        // Tens of thousands of rows of megabytes would take minutes.
        for _ in 0..20_000 {
            assert_eq!(predicted(vec![2, 7, 8, 9], &parameters), [7, 8, 9]);
        }
        assert_eq!(predicted(Vec::new(), &parameters), []);
    }

    #[test]
    fn a_bomb_is_stopped_at_the_limit_of_one_stream_and_of_all() {
        let large = PdfError::TooLarge("a stream that unpacks to more than any bill has");
        let bomb = packed(&vec![0; STREAM_BYTES_MAX + 1]);
        assert_eq!(decode(&bomb, &named(&["FlateDecode"]), &Budget::full()), Err(large));
        assert_eq!(decode(&packed(&bomb), &named(&["Fl", "Fl"]), &Budget::full()), Err(large));
        let runs = [129, b'x'].repeat(STREAM_BYTES_MAX / 100);
        assert_eq!(decode(&runs, &named(&["RL"]), &Budget::full()), Err(large));
        let budget = Budget::full();
        let fits = packed(&vec![0; STREAM_BYTES_MAX]);
        for _ in 0..3 {
            assert!(decode(&fits, &named(&["FlateDecode"]), &budget).is_ok());
        }
        assert!(decode(&fits, &named(&["FlateDecode"]), &budget).is_err());
        let often = decode(b"", &named(&["Fl"; FILTERS_MAX + 1]), &Budget::full());
        assert_eq!(often, Err(PdfError::TooLarge("a stream packed more often than any bill's")));
    }

    #[test]
    fn nonsense_gives_something_or_nothing_but_no_panic() {
        let mut state = 7_u32;
        for _ in 0..2_000 {
            let bytes: Vec<u8> = (0..40)
                .map(|_| {
                    state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    (state >> 24) as u8
                })
                .collect();
            for name in ["Fl", "LZW", "A85", "AHx", "RL"] {
                assert!(decode(&bytes, &named(&[name]), &Budget::full()).is_ok());
            }
        }
    }
}
