//! The legal forms that stand at the end of companies' names.
//!
//! Owns the forms' spellings and which of them are one form. Takes a form off the end of a name only, and never the whole
//! name. A form missing here makes names less alike than they are, which asks a person; it never makes two names one.

use std::collections::BTreeSet;

/// Forms that one name may end with, as "Oy Ab" does.
const FORMS_MAX: usize = 3;
/// Words of the longest spelling.
const SPELLING_WORDS_MAX: usize = 5;

/// A form's own name, and its spellings without accents. A spelling of one word is also met letter by letter: "S.à r.l.";
/// one of several words is met only like that.
///
/// "Company" and "Co" alone are no forms here: "Coffee Company" and "Coffee" are two names. Nor is "spa" in one word, which
/// more often is a spa.
const FORMS: [(&str, &[&str]); 52] = [
    ("ltd", &["ltd", "limited", "pty", "pte", "private limited", "pvt", "proprietary limited"]),
    ("plc", &["plc", "public limited company"]),
    ("llp", &["llp", "limited liability partnership"]),
    ("llc", &["llc", "limited liability company"]),
    ("lp", &["lp", "limited partnership"]),
    ("cic", &["cic"]),
    ("cio", &["cio"]),
    ("inc", &["inc", "incorporated"]),
    ("corp", &["corp", "corporation"]),
    ("pc", &["pllc"]),
    ("gmbh and co kg", &["gmbh and co kg", "gmbh co kg", "mbh and co kg"]),
    ("ug and co kg", &["ug and co kg", "ug haftungsbeschrankt and co kg"]),
    ("ag and co kg", &["ag and co kg", "se and co kg"]),
    ("gmbh", &["gmbh", "ggmbh", "mbh", "gesellschaft mit beschrankter haftung"]),
    ("ug", &["ug", "ug haftungsbeschrankt"]),
    ("ag", &["ag", "aktiengesellschaft"]),
    ("kgaa", &["kgaa"]),
    ("kg", &["kg", "kommanditgesellschaft"]),
    ("ohg", &["ohg"]),
    ("gbr", &["gbr"]),
    ("ek", &["ek", "ekfm", "ekfr", "e kfm", "e kfr"]),
    ("ev", &["ev"]),
    ("eg", &["eg"]),
    ("se", &["se"]),
    ("sarl", &["sarl"]),
    ("sas", &["sas"]),
    ("sasu", &["sasu"]),
    ("sa", &["sa"]),
    ("eurl", &["eurl"]),
    ("snc", &["snc"]),
    ("bv", &["bv", "besloten vennootschap"]),
    ("nv", &["nv"]),
    ("vof", &["vof"]),
    ("bvba", &["bvba"]),
    ("srl", &["srl"]),
    ("spa", &["s p a"]),
    ("sl", &["sl", "slu"]),
    ("lda", &["lda", "ltda", "limitada"]),
    ("oy", &["oy", "oyj"]),
    ("ab", &["ab", "aktiebolag"]),
    ("as", &["as", "asa"]),
    ("aps", &["aps"]),
    ("ivs", &["ivs"]),
    ("hf", &["ehf"]),
    ("sro", &["sro"]),
    ("doo", &["doo"]),
    ("ood", &["ood", "eood"]),
    ("kft", &["kft"]),
    ("zoo", &["sp z o o", "sp zoo", "sp z oo"]),
    ("ou", &["ou"]),
    ("uab", &["uab"]),
    ("sia", &["sia"]),
];

/// Takes the forms off the end of a name's words; at least one word stays.
pub(crate) fn take_forms(words: &mut Vec<String>) -> BTreeSet<&'static str> {
    let mut taken = BTreeSet::new();
    while taken.len() < FORMS_MAX {
        let Some((form, length)) = last_form(words) else { break };
        words.truncate(words.len() - length);
        taken.insert(form);
    }
    taken
}

/// The form a name ends with, by its longest spelling, and how many words that is.
fn last_form(words: &[String]) -> Option<(&'static str, usize)> {
    let most = SPELLING_WORDS_MAX.min(words.len().saturating_sub(1));
    (1..=most).rev().find_map(|length| {
        let tail = &words[words.len() - length..];
        let by_letters = tail.iter().all(|word| word.chars().nth(1).is_none());
        let (spaced, joined) = (tail.join(" "), tail.concat());
        let met = |spelling: &&str| *spelling == spaced || by_letters && *spelling == joined;
        FORMS.iter().find(|(_, spellings)| spellings.iter().any(&met)).map(|(form, _)| (*form, length))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::words;

    #[track_caller]
    fn check(name: &str, rest: &str, forms: &[&str]) {
        let mut words = words(name);
        let taken = take_forms(&mut words);
        assert_eq!((words.join(" ").as_str(), taken.into_iter().collect::<Vec<_>>()), (rest, forms.to_vec()), "{name}");
    }

    #[test]
    fn x4_forms_are_taken_off_the_end_alone() {
        check("Brightwater Ltd.", "brightwater", &["ltd"]);
        check("Brightwater Limited", "brightwater", &["ltd"]);
        check("Brightwater Pty Ltd", "brightwater", &["ltd"]);
        check("Brightwater (Private) Limited", "brightwater", &["ltd"]);
        check("Holzbau Tannenrain GmbH & Co. KG", "holzbau tannenrain", &["gmbh and co kg"]);
        check("Atelier Clairbois S.à r.l.", "atelier clairbois", &["sarl"]);
        check("Forno Verdemonte S.p.A.", "forno verdemonte", &["spa"]);
        check("Riverside Spa", "riverside spa", &[]);
        check("Pohjantuuli Oy Ab", "pohjantuuli", &["ab", "oy"]);
        check("Nordskov A/S", "nordskov", &["as"]);
        check("Kuznia Zielona Sp. z o.o.", "kuznia zielona", &["zoo"]);
        check("Limited Editions Inc", "limited editions", &["inc"]);
        check("Coffee Company", "coffee company", &[]);
        check("Miller & Co", "miller and co", &[]);
    }

    #[test]
    fn a_name_is_never_taken_off_whole_nor_more_than_its_forms() {
        check("Ltd", "ltd", &[]);
        check("AG AB", "ag", &["ab"]);
        check("Vale Inc Ltd LLC Plc", "vale inc", &["llc", "ltd", "plc"]);
        let longest =
            FORMS.iter().flat_map(|(_, spellings)| spellings.iter()).map(|each| each.split(' ').count()).max();
        assert_eq!(longest, Some(SPELLING_WORDS_MAX));
        for spelling in FORMS.iter().flat_map(|(_, spellings)| spellings.iter()) {
            assert_eq!(words(spelling).join(" "), **spelling, "a spelling that no name can have");
        }
    }
}
