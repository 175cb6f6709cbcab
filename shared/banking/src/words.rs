//! Texts made comparable: letters folded, words told apart, what is left put into a signature of 128 bits.
//!
//! Owns how alike two texts are. Banks cut names, drop accents and legal forms, and put cards, cities and terminals around
//! them; so what counts is how much of the shorter text the longer one has, by groups of three letters.

/// What is compared of one text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Signature {
    bits: u128,
    /// How many bits are set: counted once, since it is asked for often.
    ones: u8,
}

/// Letters of one text that are looked at; banks send at most some hundred.
const CHARS_MAX: usize = 400;
/// Bytes of one word; what is behind them tells nothing more.
const WORD_BYTES_MAX: usize = 40;

/// Words that banks and bookkeepers put around names: they say nothing about whom.
const NOISE: [u64; 110] = packed(
    "ab ag and bank bv bgc card co company corp ct dd de debit direct eref fp gb gbr gmbh inc inv invoice ky kg llc \
     limited ltd mandate mref no nv ob online oy payment paypal plc pos pty purchase pvt ref sa sarl sas sepa sl so \
     spa srl sto svwz the to transfer trf uk visa www com from der und et y of for by bill pmt credit account acct \
     konto monthly service foreign sales received order standing recvd on bp batch bulk ddr tfr fpi fpo rfd \
     ueberweisung gutschrift lastschrift folgelastschrift dauerauftrag kartenzahlung zahlung notprovided virement \
     prelevement carte faster payments bacs ach contactless abwa transaction",
);

/// Words as numbers, by their first eight letters, in order.
const fn packed<const N: usize>(words: &str) -> [u64; N] {
    let bytes = words.as_bytes();
    let (mut found, mut count, mut at) = ([0; N], 0, 0);
    while count < N {
        let (mut number, mut letters) = (0, 0);
        while at < bytes.len() && bytes[at] != b' ' {
            if letters < 8 {
                number = number << 8 | bytes[at] as u64;
            }
            (letters, at) = (letters + 1, at + 1);
        }
        let mut place = count;
        while place > 0 && found[place - 1] > number {
            found[place] = found[place - 1];
            place -= 1;
        }
        found[place] = number;
        (count, at) = (count + 1, at + 1);
    }
    found
}

/// The first eight bytes of a word as a number: as much of it as a list holds.
fn pack(word: &[u8]) -> u64 {
    word.iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// What an ASCII letter is in a word: itself without its case, [`SKIPPED`], or [`NONE`] where it ends one.
const ASCII: [u8; 128] = {
    let (mut table, mut byte) = ([NONE; 128], 0_u8);
    while byte < 128 {
        if byte.is_ascii_alphanumeric() {
            table[byte as usize] = byte.to_ascii_lowercase();
        }
        byte += 1;
    }
    table[b'\'' as usize] = SKIPPED;
    table
};
const NONE: u8 = 0;
const SKIPPED: u8 = 1;

/// One letter as it is compared: without case and accent.
fn fold(letter: char) -> Option<&'static str> {
    Some(match letter {
        'à' | 'á' | 'â' | 'ã' | 'å' | 'À' | 'Á' | 'Â' | 'Ã' | 'Å' => "a",
        'ä' | 'Ä' | 'æ' | 'Æ' => "ae",
        'ç' | 'Ç' => "c",
        'è' | 'é' | 'ê' | 'ë' | 'È' | 'É' | 'Ê' | 'Ë' => "e",
        'ì' | 'í' | 'î' | 'ï' | 'Ì' | 'Í' | 'Î' | 'Ï' => "i",
        'ñ' | 'Ñ' => "n",
        'ò' | 'ó' | 'ô' | 'õ' | 'ø' | 'Ò' | 'Ó' | 'Ô' | 'Õ' | 'Ø' => "o",
        'ö' | 'Ö' | 'œ' | 'Œ' => "oe",
        'ù' | 'ú' | 'û' | 'Ù' | 'Ú' | 'Û' => "u",
        'ü' | 'Ü' => "ue",
        'ß' => "ss",
        _ => return None,
    })
}

/// A word being put together, without asking for memory.
struct Word {
    bytes: [u8; WORD_BYTES_MAX],
    length: usize,
}

impl Word {
    fn push_ascii(&mut self, byte: u8, see: &mut impl FnMut(&[u8])) {
        match ASCII[byte as usize & 127] {
            NONE => self.end(see),
            SKIPPED => (),
            _ if self.length == WORD_BYTES_MAX => (),
            folded => {
                self.bytes[self.length] = folded;
                self.length += 1;
            }
        }
    }

    fn push(&mut self, bytes: &[u8]) {
        let end = self.length + bytes.len();
        if end <= WORD_BYTES_MAX {
            self.bytes[self.length..end].copy_from_slice(bytes);
            self.length = end;
        }
    }

    fn end(&mut self, see: &mut impl FnMut(&[u8])) {
        if self.length > 0 {
            see(&self.bytes[..self.length]);
            self.length = 0;
        }
    }
}

/// The words of a text, folded. Letters and digits that stand together are one word.
pub(crate) fn words(text: &str, mut see: impl FnMut(&[u8])) {
    let mut word = Word { bytes: [0; WORD_BYTES_MAX], length: 0 };
    if text.is_ascii() {
        text.bytes().take(CHARS_MAX).for_each(|byte| word.push_ascii(byte, &mut see));
        return word.end(&mut see);
    }
    for letter in text.chars().take(CHARS_MAX) {
        if letter.is_ascii() {
            // Within a byte, since it is ASCII.
            word.push_ascii(letter as u8, &mut see);
        } else if letter == '’' {
            // As the apostrophe is.
        } else if let Some(folded) = fold(letter) {
            word.push(folded.as_bytes());
        } else if letter.is_alphanumeric() {
            letter.to_lowercase().for_each(|letter| word.push(letter.encode_utf8(&mut [0; 4]).as_bytes()));
        } else {
            word.end(&mut see);
        }
    }
    word.end(&mut see);
}

/// Whether a word names somebody, as far as its letters tell.
fn names(word: &[u8]) -> bool {
    word.len() > 1 && !word.iter().any(u8::is_ascii_digit) && NOISE.binary_search(&pack(word)).is_err()
}

/// Whether a word may be a number that both sides know: an invoice, a mandate, an order. Dates and cards are shorter or all
/// alike.
pub(crate) fn refers(word: &[u8]) -> bool {
    word.len() >= 4 && word.iter().filter(|byte| byte.is_ascii_digit()).count() >= 3
}

/// Words of a bank's own charges. Bank and books call them by different ones and mean the same.
const CHARGES: [u64; 16] = packed(
    "fee fees charge charges commis gebuehr entgelt frais comision kosten interest zinsen spese chg commission \
     gebuehren",
);

/// Words for what people are paid for their work: the bank has one line of it where the books have one for each.
const WAGES: [u64; 16] = packed(
    "wages wage payroll salary salaries lohn loehne gehalt gehalter salaire salaires nomina nominas paie stipendi \
     loner",
);

/// Whether a word names a bank's own charge.
pub(crate) fn charges(word: &[u8]) -> bool {
    CHARGES.binary_search(&pack(word)).is_ok()
        || [b"entgelt", b"gebuehr"].iter().any(|charge| word.starts_with(*charge) || word.ends_with(*charge))
}

impl Signature {
    /// Adds a word, if it names somebody. All words for a bank's charge are one, and all for wages. Says whether it names a
    /// party, which those do not.
    pub(crate) fn add(&mut self, word: &[u8]) -> bool {
        if !names(word) {
            return false;
        }
        let (word, is_party) = match word {
            _ if charges(word) => (&b"charge"[..], false),
            _ if WAGES.binary_search(&pack(word)).is_ok() => (&b"wages"[..], false),
            _ => (word, true),
        };
        let (skeleton, length) = skeleton(word);
        let word = &skeleton[..length];
        let mut gram = |bytes: &[u8]| {
            let number = bytes.iter().fold(0_u32, |number, byte| number << 8 | u32::from(*byte));
            // Fibonacci hashing: the upper bits of a product spread.
            self.bits |= 1 << (number.wrapping_mul(0x9e37_79b1) >> 25);
        };
        match word {
            // Too short for a group of three: it counts as a whole.
            [_] | [_, _] => gram(word),
            _ => word.windows(3).for_each(gram),
        }
        is_party
    }

    /// This one with its bits counted, after the last word.
    pub(crate) fn counted(self) -> Self {
        Self { ones: ones(self.bits), ..self }
    }

    /// How much of the text with less in it the other has, in 1/256; `None` where one says nothing.
    pub(crate) fn alike(self, other: Self) -> Option<u32> {
        let least = self.ones.min(other.ones);
        let shared = (self.bits & other.bits).count_ones();
        (least > 0).then(|| shared * 256 / u32::from(least))
    }

    /// This one, or the other where this one names nobody.
    pub(crate) fn or(self, other: Self) -> Self {
        if self.ones > 0 { self } else { other }
    }

    /// Both texts together.
    pub(crate) fn with(self, other: Self) -> Self {
        let bits = self.bits | other.bits;
        Self { bits, ones: ones(bits) }
    }
}

/// A word without its vowels, but for a first one: where space is short, banks leave those out first.
fn skeleton(word: &[u8]) -> ([u8; WORD_BYTES_MAX], usize) {
    let (mut bytes, mut length) = ([0; WORD_BYTES_MAX], 0);
    for (at, byte) in word.iter().enumerate() {
        if at == 0 || !b"aeiou".contains(byte) {
            bytes[length] = *byte;
            length += 1;
        }
    }
    (bytes, length)
}

fn ones(bits: u128) -> u8 {
    u8::try_from(bits.count_ones()).unwrap_or(u8::MAX)
}

/// FNV-1a: spreads; nothing hostile depends on it, since a collision only makes two texts look a little more alike.
pub(crate) fn hash(bytes: &[u8]) -> u64 {
    hash_on(0, bytes)
}

/// The same of what came before and more; what came before is 0 where there was nothing.
pub(crate) fn hash_on(before: u64, bytes: &[u8]) -> u64 {
    let start = before ^ 0xcbf2_9ce4_8422_2325;
    bytes.iter().fold(start, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signature(text: &str) -> Signature {
        let mut signature = Signature::default();
        words(text, |word| _ = signature.add(word));
        signature.counted()
    }

    fn alike(one: &str, other: &str) -> u32 {
        signature(one).alike(signature(other)).unwrap_or(0)
    }

    #[test]
    fn m31_a_name_is_known_under_what_banks_do_to_it() {
        for (bank, books) in [
            ("CARD 4411 HARBOUR FUEL LONDON GBR", "Harbour Fuel Ltd"),
            ("MUELLER BUEROBEDARF GMBH SVWZ+RE 77", "Müller Bürobedarf"),
            ("ALDER BRIDGE BOO", "Alder Bridge Books"),
            ("O'NEILL AND SONS", "ONeill & Sons Limited"),
        ] {
            assert!(alike(bank, books) > 200, "{bank}: {}", alike(bank, books));
        }
        assert!(alike("HARBOUR FUEL", "Juniper Yard Tools") < 60);
        assert_eq!(signature("LTD 4411").alike(signature("Harbour")), None, "it names nobody");
    }

    #[test]
    fn m31_numbers_that_refer_are_told_from_names_and_words_are_bounded() {
        let mut found = Vec::new();
        words("INV-00771, order PO2211/7 of 12.11. card 44", |word| {
            if refers(word) {
                found.push(String::from_utf8_lossy(word).into_owned());
            }
        });
        assert_eq!(found, ["00771", "po2211"]);
        let mut longest = 0;
        words(&"ж".repeat(500), |word| longest = longest.max(word.len()));
        assert!((1..=WORD_BYTES_MAX).contains(&longest));
    }
}
