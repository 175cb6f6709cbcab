//! What the codes of simple fonts mean (ISO 32000, annex D).
//!
//! Owns the tables: Windows, Mac, and names of glyphs. Knows the letters of European languages, not every glyph there is:
//! a glyph without a known name is left without a letter, never guessed.

/// Windows-1252 from 0x80 to 0x9f.
const WINDOWS: &str = "€•‚ƒ„…†‡ˆ‰Š‹Œ•Ž••‘’“”•–—˜™š›œ•žŸ";
/// Mac Roman from 0x80.
const MAC: &str = "ÄÅÇÉÑÖÜáàâäãåçéèêëíìîïñóòôöõúùûü†°¢£§•¶ß®©™´¨≠ÆØ∞±≤≥¥µ∂∑∏π∫ªºΩæø¿¡¬√ƒ≈∆«»… ÀÃÕŒœ–—“”‘’÷◊ÿŸ⁄€‹›ﬁﬂ‡·‚„‰ÂÊÁËÈÍÎÏÌÓÔÒÚÛÙıˆ˜¯˘˙˚¸˝˛ˇ";

/// Names of glyphs that are no single letter, each with its letter.
const NAMES: &str = "space \u{a0} exclam ! quotedbl \" numbersign # dollar $ percent % ampersand & quotesingle ' parenleft ( \
    parenright ) asterisk * plus + comma , hyphen - minus - period . slash / zero 0 one 1 two 2 three 3 four 4 five 5 six 6 \
    seven 7 eight 8 nine 9 colon : semicolon ; less < equal = greater > question ? at @ bracketleft [ backslash \\ \
    bracketright ] asciicircum ^ underscore _ grave ` braceleft { bar | braceright } asciitilde ~ exclamdown ¡ cent ¢ \
    sterling £ currency ¤ yen ¥ brokenbar ¦ section § dieresis ¨ copyright © ordfeminine ª guillemotleft « logicalnot ¬ \
    registered ® macron ¯ degree ° plusminus ± acute ´ mu µ paragraph ¶ periodcentered · cedilla ¸ ordmasculine º \
    guillemotright » onequarter ¼ onehalf ½ threequarters ¾ questiondown ¿ Agrave À Aacute Á Acircumflex Â Atilde Ã \
    Adieresis Ä Aring Å AE Æ Ccedilla Ç Egrave È Eacute É Ecircumflex Ê Edieresis Ë Igrave Ì Iacute Í Icircumflex Î \
    Idieresis Ï Eth Ð Ntilde Ñ Ograve Ò Oacute Ó Ocircumflex Ô Otilde Õ Odieresis Ö multiply × Oslash Ø Ugrave Ù Uacute Ú \
    Ucircumflex Û Udieresis Ü Yacute Ý Thorn Þ germandbls ß agrave à aacute á acircumflex â atilde ã adieresis ä aring å \
    ae æ ccedilla ç egrave è eacute é ecircumflex ê edieresis ë igrave ì iacute í icircumflex î idieresis ï eth ð ntilde ñ \
    ograve ò oacute ó ocircumflex ô otilde õ odieresis ö divide ÷ oslash ø ugrave ù uacute ú ucircumflex û udieresis ü \
    yacute ý thorn þ ydieresis ÿ Ydieresis Ÿ OE Œ oe œ Scaron Š scaron š Zcaron Ž zcaron ž florin ƒ circumflex ˆ tilde ˜ \
    endash – emdash — quoteleft ‘ quoteright ’ quotesinglbase ‚ quotedblleft “ quotedblright ” quotedblbase „ dagger † \
    daggerdbl ‡ bullet • ellipsis … perthousand ‰ guilsinglleft ‹ guilsinglright › trademark ™ Euro € euro € fi fi fl fl \
    ff ff ffi ffi ffl ffl nbspace \u{a0} sfthyphen - dotlessi ı Lslash Ł lslash ł Aogonek Ą aogonek ą Eogonek Ę eogonek ę \
    Cacute Ć cacute ć Nacute Ń nacute ń Sacute Ś sacute ś Zacute Ź zacute ź Zdotaccent Ż zdotaccent ż Ccaron Č ccaron č \
    Ecaron Ě ecaron ě Rcaron Ř rcaron ř Dcaron Ď dcaron ď Ncaron Ň ncaron ň Tcaron Ť tcaron ť Uring Ů uring ů \
    Ohungarumlaut Ő ohungarumlaut ő Uhungarumlaut Ű uhungarumlaut ű Abreve Ă abreve ă Gbreve Ğ gbreve ğ Idotaccent İ \
    Scedilla Ş scedilla ş Tcommaaccent Ţ tcommaaccent ţ";

/// Widths of Helvetica from the space to the tilde, in thousandths, for fonts that bring none.
const HELVETICA: [u16; 95] = [
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556, 556, 556, 556, 556,
    556, 556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833,
    722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556, 333, 556, 556, 500, 556,
    556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556, 556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334,
    260, 334, 584,
];

/// What a code means in Windows' encoding, which others agree with where they have letters at all.
pub(crate) fn windows(code: u8) -> char {
    match code {
        0x80..=0x9f => WINDOWS.chars().nth(usize::from(code - 0x80)).unwrap_or('•'),
        _ => char::from(code),
    }
}

/// What a code means in Mac Roman.
pub(crate) fn mac(code: u8) -> char {
    match code.checked_sub(0x80) {
        Some(high) => MAC.chars().nth(usize::from(high)).unwrap_or(' '),
        None => char::from(code),
    }
}

/// The letters of a named glyph.
pub(crate) fn glyph(name: &[u8]) -> Option<String> {
    let name = str::from_utf8(name).ok()?;
    // What follows a point is a variant: `one.tab`, `A.sc`.
    let name = name.split('.').next().filter(|name| !name.is_empty())?;
    if name.chars().count() == 1 {
        return Some(name.to_owned());
    }
    let mut words = NAMES.split(' ').filter(|word| !word.is_empty());
    while let (Some(known), Some(letters)) = (words.next(), words.next()) {
        if known == name {
            return Some(letters.to_owned());
        }
    }
    let digits = name.strip_prefix("uni").and_then(|rest| rest.get(..4)).or_else(|| name.strip_prefix('u'))?;
    u32::from_str_radix(digits, 16).ok().and_then(char::from_u32).map(String::from)
}

/// How wide a code is in thousandths of the font's size, where the font does not say.
pub(crate) fn usual_width(code: u32) -> u16 {
    let index = code.checked_sub(32).and_then(|index| usize::try_from(index).ok());
    index.and_then(|index| HELVETICA.get(index)).copied().unwrap_or(556)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_names_mean_letters() {
        assert_eq!([windows(0x80), windows(0xe9), windows(0x96), windows(b'A')], ['€', 'é', '–', 'A']);
        assert_eq!([mac(0x8a), mac(0xdb), mac(b'z'), mac(0xca)], ['ä', '€', 'z', ' ']);
        let names = ["A", "one", "adieresis", "fi", "uni20AC", "u00e9", "two.tab", "space", "quotesingle"];
        let letters: Vec<_> = names.iter().filter_map(|name| glyph(name.as_bytes())).collect();
        assert_eq!(letters, ["A", "1", "ä", "fi", "€", "é", "2", "\u{a0}", "'"]);
        for unknown in ["g12", "cid7", ".notdef", "", "unix"] {
            assert_eq!(glyph(unknown.as_bytes()), None, "{unknown}");
        }
        assert_eq!([usual_width(32), usual_width(u32::from(b'i')), usual_width(7)], [278, 222, 556]);
    }
}
