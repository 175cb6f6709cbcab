//! Encrypted files that open without a password (ISO 32000-2, 7.6).
//!
//! Owns the keys of the standard handler, for the password that is none: suppliers lock bills against change that way, and
//! everyone may read them. Tries no other password.

use aes::{Aes128, Aes256};
use cbc::cipher::block_padding::NoPadding;
use cbc::cipher::{
    BlockCipherDecrypt, BlockModeDecrypt as _, BlockModeEncrypt as _, KeyInit, KeyIvInit as _, StreamCipher as _,
};
use md5::{Digest as _, Md5};
use rc4::Rc4;
use sha2::{Digest as _, Sha256, Sha384, Sha512};

use crate::error::PdfError;
use crate::object::{Dict, ONE, Object};

/// What stands for the letters that a password does not have.
const PADDING: [u8; 32] = *b"\x28\xbf\x4e\x5e\x4e\x75\x8a\x41\x64\x00\x4e\x56\xff\xfa\x01\x08\x2e\x2e\x00\xb6\xd0\x68\x3e\x80\x2f\x0c\xa9\xfe\x64\x53\x69\x7a";
/// Bytes of a block of AES.
const BLOCK: usize = 16;
/// Rounds of the hash of revision 6 that a file can ask for; it ends of itself long before.
const HASH_ROUNDS_MAX: u32 = 2_048;

/// How a file's strings and streams are encrypted, with its key.
pub(crate) struct Key {
    cipher: Cipher,
    bytes: Vec<u8>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Cipher {
    None,
    Rc4,
    Aes128,
    Aes256,
}

impl Key {
    /// The key of a file, if it opens without a password.
    pub fn without_password(
        encrypt: &Dict,
        file_id: &[u8],
        follow: impl Fn(&Object) -> Result<Option<Dict>, PdfError>,
    ) -> Result<Option<Self>, PdfError> {
        let number = |name: &str| encrypt.get(name).index().unwrap_or(0);
        let (version, revision) = (number("V"), number("R"));
        let cipher = match version {
            1 | 2 => Some(Cipher::Rc4),
            4 | 5 => named_cipher(encrypt, follow)?,
            _ => None,
        };
        let Some(cipher) = cipher.filter(|_| encrypt.is("Filter", "Standard")) else { return Ok(None) };
        let bytes = match revision {
            2..=4 => old_key(encrypt, file_id, revision),
            5 | 6 => new_key(encrypt, revision),
            _ => None,
        };
        Ok(bytes.map(|bytes| Self { cipher, bytes }))
    }

    /// Bytes of an object without their encryption; what is no whole of blocks comes out as far as it is.
    pub fn open(&self, (id, generation): (u32, u32), raw: &[u8]) -> Vec<u8> {
        let salt: &[u8] = if self.cipher == Cipher::Aes128 { b"sAlT" } else { b"" };
        let own = || {
            let parts = [&self.bytes, &id.to_le_bytes()[..3], &generation.to_le_bytes()[..2], salt].concat();
            Md5::digest(parts)[..(self.bytes.len() + 5).min(BLOCK)].to_vec()
        };
        match self.cipher {
            Cipher::None => raw.to_vec(),
            Cipher::Rc4 => rc4(&own(), raw),
            Cipher::Aes128 => unpadded(chained::<Aes128>(&own(), raw)),
            Cipher::Aes256 => unpadded(chained::<Aes256>(&self.bytes, raw)),
        }
    }
}

/// The cipher of streams; files that encrypt strings by another are not in use.
fn named_cipher(
    encrypt: &Dict,
    follow: impl Fn(&Object) -> Result<Option<Dict>, PdfError>,
) -> Result<Option<Cipher>, PdfError> {
    let name = encrypt.get("StmF").name().and_then(|name| str::from_utf8(name).ok()).unwrap_or("Identity");
    if name == "Identity" {
        return Ok(Some(Cipher::None));
    }
    let filters = follow(encrypt.get("CF"))?.unwrap_or_default();
    let filter = follow(filters.get(name))?.unwrap_or_default();
    Ok(match filter.get("CFM").name() {
        Some(b"V2") => Some(Cipher::Rc4),
        Some(b"AESV2") => Some(Cipher::Aes128),
        Some(b"AESV3") => Some(Cipher::Aes256),
        Some(b"None") => Some(Cipher::None),
        _ => None,
    })
}

fn text<'d>(encrypt: &'d Dict, name: &str) -> &'d [u8] {
    if let Object::Text(text) = encrypt.get(name) { text } else { &[] }
}

/// Algorithms 2 and 6 of ISO 32000-1: revisions 2 to 4.
fn old_key(encrypt: &Dict, file_id: &[u8], revision: usize) -> Option<Vec<u8>> {
    let permissions = i32::try_from(encrypt.get("P").number()? / ONE).ok().or_else(|| unsigned(encrypt));
    let length = if revision == 2 { 5 } else { encrypt.get("Length").index().unwrap_or(128).clamp(40, 128) / 8 };
    let open: &[u8] = match encrypt.get("EncryptMetadata") {
        Object::Word(word) if word == b"false" && revision >= 4 => &[0xff; 4],
        _ => &[],
    };
    let parts = [&PADDING, text(encrypt, "O").get(..32)?, &permissions?.to_le_bytes(), file_id, open].concat();
    let mut key = Md5::digest(parts).to_vec();
    key.truncate(length);
    if revision >= 3 {
        for _ in 0..50 {
            key = Md5::digest(&key)[..length].to_vec();
        }
    }
    let expected = if revision == 2 {
        rc4(&key, &PADDING)
    } else {
        let first = rc4(&key, &Md5::digest([&PADDING, file_id].concat()));
        (1..20_u8).fold(first, |state, round| rc4(&key.iter().map(|byte| byte ^ round).collect::<Vec<_>>(), &state))
    };
    text(encrypt, "U").starts_with(&expected).then_some(key)
}

/// Some writers state the permissions as a number without sign.
fn unsigned(encrypt: &Dict) -> Option<i32> {
    let number = u32::try_from(encrypt.get("P").number()? / ONE).ok()?;
    Some(i32::from_le_bytes(number.to_le_bytes()))
}

/// Algorithm 2.A of ISO 32000-2: revisions 5 and 6.
fn new_key(encrypt: &Dict, revision: usize) -> Option<Vec<u8>> {
    let (user, wrapped) = (text(encrypt, "U").get(..48)?, text(encrypt, "UE").get(..32)?);
    let hash = |salt: &[u8]| if revision == 5 { Sha256::digest(salt).to_vec() } else { hardened(salt) };
    if hash(&user[32..40]) != user[..32] {
        return None;
    }
    let key = hash(&user[40..48]);
    // A zero block in front stands for the vector, which is zero.
    Some(chained::<Aes256>(&key, &[&[0; BLOCK], wrapped].concat()))
}

/// Algorithm 2.B, for the password that is none.
fn hardened(salt: &[u8]) -> Vec<u8> {
    let mut key = Sha256::digest(salt).to_vec();
    for round in 1..=HASH_ROUNDS_MAX {
        let encrypted = chain(&key[..BLOCK], &key[BLOCK..2 * BLOCK], &key.repeat(64));
        // Sixteen bytes as one number, modulo three: as 256 is one modulo three, the sum of the bytes.
        let kind = encrypted.iter().take(BLOCK).map(|byte| u32::from(*byte)).sum::<u32>() % 3;
        key = match kind {
            0 => Sha256::digest(&encrypted).to_vec(),
            1 => Sha384::digest(&encrypted).to_vec(),
            _ => Sha512::digest(&encrypted).to_vec(),
        };
        let last = encrypted.last().map_or(0, |last| u32::from(*last));
        if round >= 64 && last + 32 <= round {
            break;
        }
    }
    key.truncate(32);
    key
}

/// AES-128 in chained blocks, without padding. What comes in must be whole blocks, as a key of such repeated is.
fn chain(key: &[u8], vector: &[u8], plain: &[u8]) -> Vec<u8> {
    let Ok(cipher) = cbc::Encryptor::<Aes128>::new_from_slices(key, vector) else { return Vec::new() };
    cipher.encrypt_padded_vec::<NoPadding>(plain)
}

/// What chained blocks say; the first is the vector.
fn chained<C: KeyInit + BlockCipherDecrypt>(key: &[u8], raw: &[u8]) -> Vec<u8> {
    let (vector, blocks) = raw.split_at(BLOCK.min(raw.len()));
    let Ok(cipher) = cbc::Decryptor::<C>::new_from_slices(key, vector) else { return Vec::new() };
    cipher.decrypt_padded_vec::<NoPadding>(&blocks[..blocks.len() / BLOCK * BLOCK]).unwrap_or_default()
}

fn unpadded(mut plain: Vec<u8>) -> Vec<u8> {
    let padding = plain.last().map_or(0, |last| usize::from(*last));
    if (1..=BLOCK).contains(&padding) {
        plain.truncate(plain.len().saturating_sub(padding));
    }
    plain
}

fn rc4(key: &[u8], raw: &[u8]) -> Vec<u8> {
    let Ok(mut cipher) = Rc4::new_from_slice(key) else { return Vec::new() };
    let mut out = raw.to_vec();
    cipher.apply_keystream(&mut out);
    out
}
