//! What banks call their columns, in the languages of their customers.
//!
//! Owns the lists. A word alone decides nothing: what stands in the column has to fit it.

use crate::profile::Role;

/// A role and the words for it; the first list with a word of a header wins.
const WORDS: &[(Role, &[&str])] = &[
    (Role::Balance, &["balance", "saldo", "solde", "kontostand", "stand", "saldi"]),
    (
        Role::ValueDate,
        &["value date", "valuedate", "valuta", "wertstellung", "fecha valor", "rentedatum", "valeur", "data valor"],
    ),
    (
        Role::Date,
        &[
            "date",
            "datum",
            "fecha",
            "data",
            "dato",
            "buchungstag",
            "boekdatum",
            "paiva",
            "pvm",
            "dag",
            "posted",
            "tarih",
        ],
    ),
    (Role::Currency, &["currency", "wahrung", "waehrung", "munt", "devise", "moneda", "monn", "ccy", "waluta", "mena"]),
    (Role::Status, &["status", "state"]),
    (Role::CheckNumber, &["checknum", "check num", "check no", "cheque", "check #", "schecknummer"]),
    (
        Role::Side,
        &["dc", "d c", "cr dr", "dr cr", "af bij", "debit credit", "credit debit", "debet credit", "soll haben", "sh"],
    ),
    (
        Role::Debit,
        &[
            "debit",
            "soll",
            "debe",
            "withdraw",
            "paid out",
            "money out",
            "outflow",
            "af",
            "cargo",
            "uscite",
            "ausgang",
            "spent",
            "belastung",
            "debet",
            "out",
        ],
    ),
    (
        Role::Credit,
        &[
            "credit",
            "haben",
            "haber",
            "deposit",
            "paid in",
            "money in",
            "inflow",
            "bij",
            "abono",
            "entrate",
            "eingang",
            "received",
            "gutschrift",
            "kredit",
            "in",
        ],
    ),
    (
        Role::Amount,
        &[
            "net", "amount", "betrag", "bedrag", "importe", "montant", "valor", "belob", "belopp", "kwota", "castka",
            "osszeg", "umsatz", "importo", "summa", "value", "monto", "tutar",
        ],
    ),
    (
        Role::Id,
        &[
            "transaction id",
            "transactionid",
            "transaktions id",
            "reference",
            "referenz",
            "ref",
            "de transaction",
            "id",
            "referencia",
            "riferimento",
            "referentie",
            "fitid",
        ],
    ),
    (Role::Code, &["type", "typ", "art", "tipo", "mutatiesoort", "buchungstext", "code", "mutation"]),
    (
        Role::Payee,
        &[
            "payee",
            "empfanger",
            "empfaenger",
            "auftraggeber",
            "begunstigter",
            "beguenstigter",
            "naam",
            "name",
            "beneficiaire",
            "counterparty",
            "tegenpartij",
            "merchant",
            "beneficiario",
        ],
    ),
    (Role::Account, &["account", "konto", "rekening", "cuenta", "compte", "conto", "iban", "produit"]),
];
/// Words of an account that is the other side's.
const OTHERS: &[&str] = &["counter", "tegen", "gegen", "payee", "recipient", "empf", "benef", "other", "to ", "from "];
/// Headers of the account whose statement it is, where a table holds several.
const OWN: &[&str] = &[
    "account",
    "account number",
    "account no",
    "account name",
    "account id",
    "konto",
    "auftragskonto",
    "rekening",
    "rekeningnummer",
    "iban bban",
    "cuenta",
    "compte",
    "numero de compte",
    "conto",
    "own account",
];
/// Words of rows that state what was there before the first entry.
const OPENING: &[&str] = &[
    "opening balance",
    "saldo anterior",
    "anfangssaldo",
    "beginsaldo",
    "solde initial",
    "balance forward",
    "brought forward",
    "vorheriger saldo",
    "saldo iniziale",
    "balance b f",
    "previous balance",
    "solde precedent",
    "vorig saldo",
    "alter kontostand",
    "starting balance",
];
/// The same after the last.
const CLOSING: &[&str] = &[
    "closing balance",
    "saldo final",
    "endsaldo",
    "eindsaldo",
    "solde final",
    "carried forward",
    "neuer saldo",
    "saldo finale",
    "nieuw saldo",
    "new balance",
    "ending balance",
    "neuer kontostand",
    "saldo actual",
    "nouveau solde",
    "kontostand vom",
    "kontostand am",
    "current balance",
    "balance as of",
    "saldo al",
    "solde au",
];
/// Words for money in and for money out.
const SIDES: [&[&str]; 2] = [
    &["c", "cr", "credit", "h", "haben", "bij", "in", "inflow", "k", "kredit", "deposit"],
    &["d", "dr", "debit", "s", "soll", "af", "out", "outflow", "debet", "withdrawal"],
];
/// What kinds of movement American banks name.
const CODES: &[&str] = &[
    "debit",
    "credit",
    "check",
    "dep",
    "deposit",
    "dslip",
    "atm",
    "pos",
    "xfer",
    "fee",
    "int",
    "div",
    "srvchg",
    "cash",
    "directdep",
    "directdebit",
    "payment",
    "repeatpmt",
    "other",
    "ach",
    "sale",
    "return",
    "adjustment",
];

/// Words for what is announced.
const PENDING: &[&str] = &["pending", "processing", "vorgemerkt", "en attente", "in behandeling", "pendiente"];

/// Small letters without accents; anything else becomes one blank.
pub(crate) fn fold(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars().flat_map(char::to_lowercase) {
        match plain(letter) {
            Some(letter) => out.push(letter),
            None if out.ends_with(' ') || out.is_empty() => (),
            None => out.push(' '),
        }
    }
    out.truncate(out.trim_end().len());
    out
}

fn plain(letter: char) -> Option<char> {
    Some(match letter {
        'a'..='z' | '0'..='9' | '#' => letter,
        'á' | 'à' | 'â' | 'ã' | 'ä' | 'å' | 'ą' => 'a',
        'é' | 'è' | 'ê' | 'ë' | 'ě' | 'ę' => 'e',
        'í' | 'ì' | 'î' | 'ï' | 'ı' => 'i',
        'ó' | 'ò' | 'ô' | 'õ' | 'ö' | 'ø' | 'ő' => 'o',
        'ú' | 'ù' | 'û' | 'ü' | 'ů' | 'ű' => 'u',
        'ç' | 'č' | 'ć' => 'c',
        'ñ' | 'ń' | 'ň' => 'n',
        'ř' => 'r',
        'š' | 'ś' | 'ş' => 's',
        'ž' | 'ż' | 'ź' => 'z',
        'ł' => 'l',
        'ý' => 'y',
        'ß' => 's',
        letter if letter.is_alphabetic() => letter,
        _ => return None,
    })
}

/// The roles that a folded header may name, likeliest first.
pub(crate) fn roles(header: &str) -> impl Iterator<Item = Role> {
    WORDS.iter().filter(move |(_, words)| words.iter().any(|word| says(header, word))).map(|(role, _)| *role)
}

/// Long words are found inside others, as in `runningbalance`; short ones stand alone.
fn says(header: &str, word: &str) -> bool {
    if word.len() > 3 { header.contains(word) } else { header.split(' ').any(|part| part == word) }
}

/// Whether a column names the account of each row, rather than the other side's.
pub(crate) fn is_own_account(header: &str) -> bool {
    OWN.contains(&header)
}

pub(crate) fn is_others_account(header: &str) -> bool {
    OTHERS.iter().any(|word| header.contains(word))
}

/// Whether a folded text names the balance before the first entry, or after the last.
pub(crate) fn names_opening(folded: &str) -> bool {
    OPENING.iter().any(|words| folded.contains(words))
}

pub(crate) fn names_closing(folded: &str) -> bool {
    CLOSING.iter().any(|words| folded.contains(words))
}

/// Whether a cell says money in, true, or money out.
pub(crate) fn side(cell: &str) -> Option<bool> {
    if cell.len() > 12 {
        return None;
    }
    let folded = fold(cell);
    let [credit, debit] = SIDES.map(|words| words.contains(&folded.as_str()));
    (credit || debit).then_some(credit)
}

pub(crate) fn is_code(cell: &str) -> bool {
    cell.len() <= 12 && CODES.contains(&fold(cell).as_str())
}

/// Whether a cell says that its row is announced and not booked.
pub(crate) fn is_pending(cell: &str) -> bool {
    let word = cell.len() <= 24 && cell.starts_with(|letter: char| letter.is_alphabetic());
    word && PENDING.contains(&fold(cell).as_str())
}
