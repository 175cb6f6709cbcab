//! Texts made comparable: letters folded, words told apart, what is left put into a signature of 128 bits.
//!
//! Owns how alike two texts are. Banks cut names, drop accents and legal forms, and put cards, cities and terminals around
//! them; so what counts is how much of the shorter text the longer one has, by groups of three letters.

/// What is compared of one text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Signature {
    bits: u128,
    grams: u16,
}

/// Words that banks and bookkeepers put around names: they say nothing about whom.
const NOISE: &[&str] = &[
    "ab", "ag", "and", "bank", "bv", "bgc", "card", "co", "company", "corp", "ct", "dd", "de", "debit", "direct",
    "eref", "fp", "gb", "gbr", "gmbh", "inc", "inv", "invoice", "ky", "kg", "llc", "limited", "ltd", "mandate", "mref",
    "no", "nv", "ob", "online", "oy", "payment", "paypal", "plc", "pos", "pty", "purchase", "pvt", "ref", "sa", "sarl",
    "sas", "sepa", "sl", "so", "spa", "srl", "sto", "svwz", "the", "to", "transfer", "trf", "uk", "visa", "www", "com",
    "from", "der",
];
/// Letters of one text that are looked at; banks send at most some hundred.
const CHARS_MAX: usize = 400;

/// One letter as it is compared: without case and accent; nothing that is neither letter nor digit.
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

/// The words of a text, folded. Letters and digits that stand together are one word.
pub(crate) fn words(text: &str, mut see: impl FnMut(&str)) {
    let mut word = String::with_capacity(24);
    for letter in text.chars().take(CHARS_MAX).chain([' ']) {
        if letter.is_ascii_alphanumeric() {
            word.push(letter.to_ascii_lowercase());
        } else if let Some(folded) = fold(letter) {
            word.push_str(folded);
        } else if letter.is_alphanumeric() {
            word.extend(letter.to_lowercase());
        } else if !word.is_empty() && letter != '\'' && letter != '’' {
            see(&word);
            word.clear();
        }
    }
}

/// Whether a word names somebody, as far as its letters tell.
pub(crate) fn names(word: &str) -> bool {
    word.len() > 1 && !word.bytes().any(|byte| byte.is_ascii_digit()) && !NOISE.contains(&word)
}

/// Whether a word may be a number that both sides know: an invoice, a mandate, an order. Dates and cards are shorter or all
/// alike.
pub(crate) fn refers(word: &str) -> bool {
    let digits = word.bytes().filter(u8::is_ascii_digit).count();
    digits >= 3 && word.len() >= 4 && word.len() <= 40
}

impl Signature {
    /// Of the words that name somebody.
    pub(crate) fn of<'t>(texts: impl IntoIterator<Item = &'t str>) -> Self {
        let mut signature = Self::default();
        for text in texts {
            words(text, |word| {
                if names(word) {
                    signature.add(word);
                }
            });
        }
        signature
    }

    fn add(&mut self, word: &str) {
        let bytes = word.as_bytes();
        let mut gram = |bytes: &[u8]| {
            let bit = 1_u128 << (hash(bytes) % 128);
            if self.bits & bit == 0 {
                self.bits |= bit;
                self.grams += 1;
            }
        };
        match bytes {
            // Too short for a group of three: it counts as a whole.
            [_, _] => gram(bytes),
            _ => bytes.windows(3).for_each(gram),
        }
    }

    /// How much of the text with less in it the other has, in 1/256; `None` where one says nothing.
    pub(crate) fn alike(self, other: Self) -> Option<u32> {
        let least = self.grams.min(other.grams);
        let shared = (self.bits & other.bits).count_ones();
        (least > 0).then(|| shared * 256 / u32::from(least))
    }

    /// Both texts together.
    pub(crate) fn with(self, other: Self) -> Self {
        let bits = self.bits | other.bits;
        Self { bits, grams: u16::try_from(bits.count_ones()).unwrap_or(128) }
    }
}

/// FNV-1a: spreads; nothing hostile depends on it, since a collision only makes two texts look a little more alike.
pub(crate) fn hash(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alike(one: &str, other: &str) -> u32 {
        Signature::of([one]).alike(Signature::of([other])).unwrap_or(0)
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
        assert_eq!(Signature::of(["LTD 4411"]).alike(Signature::of(["Harbour"])), None, "it names nobody");
    }

    #[test]
    fn m31_numbers_that_refer_are_told_from_names() {
        let mut found = Vec::new();
        words("INV-00771, order PO2211/7 of 12.11. card 44", |word| {
            if refers(word) {
                found.push(word.to_owned());
            }
        });
        assert_eq!(found, ["00771", "po2211"]);
    }
}
