//! The words that stand beside the fields of a bill, in six languages.
//!
//! Owns the words and how surely each names its field. Looks at words alone; what stands beside them, others read.

use std::sync::LazyLock;

/// A field that has a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Label {
    /// The number of the document.
    Number,
    /// The day it was issued.
    Issued,
    /// The day by which to pay.
    Due,
    /// The total without tax.
    Net,
    /// The tax.
    Tax,
    /// The total with tax.
    Gross,
    /// What is still to pay.
    Payable,
    /// What was paid before.
    Prepaid,
    /// The buyer's order.
    Order,
    /// What to state with the payment.
    PaymentReference,
    /// Whom the document is for.
    Buyer,
}

/// How surely a word names its field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Strength {
    /// It names other things too: "Total", "Date".
    Weak,
    /// It names this field alone.
    Strong,
}

/// English, German, French, Spanish, Dutch and Italian words of each field, the longest first where one begins another.
const STRONG: [(Label, &str); 11] = [
    (
        Label::Number,
        "invoice number|invoice no|invoice nr|invoice #|invoice id|invoice ref|inv no|bill number|bill no|tax invoice no|\
         credit note number|credit note no|credit note #|receipt number|receipt no|receipt #|document number|\
         rechnungsnummer|rechnungs-nr|rechnungsnr|rechnung-nr|rechnung nr|rechnungs nr|belegnummer|beleg-nr|belegnr|\
         gutschriftsnummer|gutschriftnummer|gutschrift nr|gutschrift-nr|numéro de facture|numero de facture|n° de facture|\
         n° facture|no facture|nº de facture|facture n°|facture nº|facture no|facture numéro|avoir n°|número de factura|\
         numero de factura|nº de factura|n.º de factura|nº factura|n° factura|num. factura|factura nº|factura n.º|\
         factura n°|factura no|factura núm|factuurnummer|factuurnr|factuur nr|creditnotanummer|numero fattura|n. fattura|\
         n° fattura|nr. fattura|fattura n°|fattura nr|fattura n.|fattura n|nota di credito n|numero documento",
    ),
    (
        Label::Issued,
        "invoice date|date of invoice|date of issue|issue date|issued on|date issued|bill date|receipt date|credit note date|\
         rechnungsdatum|belegdatum|ausstellungsdatum|gutschriftsdatum|date de facturation|date de la facture|date de facture|\
         date facture|date d'émission|date d’émission|fecha de factura|fecha factura|fecha de emisión|fecha de emision|\
         fecha de expedición|fecha emisión|factuurdatum|data fattura|data di emissione|data emissione|data documento",
    ),
    (
        Label::Due,
        "payment due date|due date|date due|payment due by|payment due|due by|due on|pay by|fälligkeitsdatum|fällig am|\
         fällig bis|zahlbar bis zum|zahlbar bis|zu zahlen bis|fälligkeit|date d'échéance|date d’échéance|échéance|\
         à payer avant le|date limite de paiement|fecha de vencimiento|fecha vencimiento|vencimiento|vervaldatum|\
         uiterste betaaldatum|te betalen voor|te betalen vóór|data di scadenza|data scadenza|scadenza",
    ),
    (
        Label::Net,
        "total excluding vat|total excluding tax|total excl. vat|total excl vat|total excl. tax|total excl tax|total ex vat|\
         total ex. vat|total excl.|total before tax|subtotal excl. vat|subtotal|sub total|sub-total|net total|total net|\
         net amount|taxable amount|nettobetrag|nettosumme|netto gesamt|gesamtbetrag netto|gesamt netto|gesamtsumme netto|\
         summe netto|zwischensumme netto|zwischensumme|rechnungsbetrag netto|total hors taxes|total hors taxe|total net ht|\
         total ht|montant ht|montant total ht|sous-total ht|sous-total|sous total|base imponible|total sin iva|\
         importe neto|total neto|totaal excl. btw|totaal exclusief btw|totaal excl btw|totaal excl.|subtotaal|\
         totaal netto|totale imponibile|imponibile|totale netto|subtotale",
    ),
    (
        Label::Tax,
        "total vat|vat total|vat amount|total tax|tax total|tax amount|sales tax|total gst|gst amount|mehrwertsteuerbetrag|\
         mwst.-betrag|mwst-betrag|umsatzsteuerbetrag|steuerbetrag|gesamt mwst|summe mwst|summe umsatzsteuer|montant tva|\
         montant de la tva|total tva|total iva|cuota iva|importe iva|cuota de iva|btw bedrag|btw-bedrag|totaal btw|\
         totale iva|importo iva|imposta totale|totale imposta",
    ),
    (
        Label::Gross,
        "grand total|total including vat|total including tax|total incl. vat|total incl vat|total incl. tax|total incl.|\
         total inc vat|total inc. vat|total inc gst|total inc. gst|invoice total|total amount|gross total|gross amount|\
         total gross|gesamtbetrag brutto|gesamtbetrag inkl. mwst|gesamtbetrag|gesamtsumme brutto|gesamtsumme|\
         rechnungsbetrag brutto|rechnungsbetrag|rechnungssumme|bruttobetrag|bruttosumme|gesamt brutto|summe brutto|endbetrag|\
         endsumme|total toutes taxes comprises|montant total ttc|total ttc|montant ttc|total factura|importe total|\
         total con iva|total iva incluido|totaal incl. btw|totaal inclusief btw|totaal incl btw|totaal incl.|totaalbedrag|\
         factuurbedrag|factuurtotaal|totale fattura|totale documento|totale ivato|totale iva inclusa|importo totale",
    ),
    (
        Label::Payable,
        "total amount due|amount due|balance due|total due|amount payable|total payable|please pay|zahlbetrag|\
         zu zahlender betrag|zu zahlen|fälliger betrag|offener betrag|zahlungsbetrag|net à payer|montant à payer|\
         total à payer|reste à payer|solde à payer|total a pagar|importe a pagar|te betalen bedrag|te betalen|\
         openstaand bedrag|totale da pagare|netto a pagare|importo da pagare|totale dovuto",
    ),
    (
        Label::Prepaid,
        "amount paid|already paid|paid to date|less paid|deposit paid|prepaid|anzahlung|anzahlungen|erhaltene anzahlungen|bereits gezahlt|bereits bezahlt|\
         montant déjà payé|déjà payé|déjà réglé|acompte versé|acompte|anticipo|pagado a cuenta|reeds betaald|reeds voldaan|\
         aanbetaling|acconto|già pagato",
    ),
    (
        Label::Order,
        "purchase order number|purchase order no|purchase order|po number|po no|p.o. number|p.o. no|order number|order no|\
         your order|bestellnummer|bestell-nr|ihre bestellung|auftragsnummer|auftrags-nr|n° de commande|numéro de commande|\
         n° bon de commande|bon de commande|commande n°|número de pedido|nº de pedido|nº pedido|bestelnummer|ordernummer|\
         inkoopnummer|numero ordine|ordine n|n. ordine",
    ),
    (
        Label::PaymentReference,
        "payment reference|reference for payment|please quote|verwendungszweck|zahlungsreferenz|référence de paiement|\
         référence à rappeler|referencia de pago|betalingskenmerk|riferimento pagamento|causale",
    ),
    (
        Label::Buyer,
        "billed to|bill to|invoice to|invoiced to|sold to|rechnungsempfänger|rechnung an|kunde|facturé à|adressé à|\
         facturar a|factuuradres|factuur aan|intestatario|spett.le|destinatario|cliente|client",
    ),
];

/// Words that count only at the beginning of a piece of text, and only for what stands in the same line.
const WEAK: [(Label, &str); 6] = [
    (
        Label::Number,
        "tax invoice|invoice|credit note|receipt|rechnung|handelsrechnung|schlussrechnung|teilrechnung|gutschrift|facture|avoir|factura|factuur|creditnota|fattura",
    ),
    (Label::Issued, "date|datum|fecha|data|dated|du|vom"),
    (Label::Due, "due|fällig|vence"),
    (Label::Net, "net|netto|neto"),
    (
        Label::Tax,
        "vat|tax|gst|mwst|ust|umsatzsteuer|mehrwertsteuer|zzgl|tva|iva|btw|imposta|plus vat|includes vat|enthaltene mwst|\
         inkl. mwst|dont tva",
    ),
    (Label::Gross, "total|gesamt|summe|brutto|totaal|totale"),
];

/// A word that was found in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hit {
    /// The field it names.
    pub label: Label,
    /// How surely.
    pub strength: Strength,
    /// Where the word begins and ends in the text, in bytes of its lower case.
    pub start: usize,
    /// Where it ends.
    pub end: usize,
}

/// All words with their fields, and those with accents without them too: capitals often go without.
static WORDS: LazyLock<Vec<(Label, Strength, Vec<String>)>> = LazyLock::new(|| {
    let both = |words: &str| words.split('|').flat_map(|word| [word.to_owned(), unaccented(word)]).collect();
    let strong = STRONG.iter().map(|(label, words)| (*label, Strength::Strong, both(words)));
    let weak = WEAK.iter().map(|(label, words)| (*label, Strength::Weak, both(words)));
    strong.chain(weak).collect()
});

/// The words of fields in a text in lower case. Of words of one field, the one that is found first and is longest.
pub fn hits(lower: &str) -> Vec<Hit> {
    if !lower.contains(char::is_alphabetic) {
        return Vec::new();
    }
    let all = WORDS.iter().filter_map(|(label, strength, words)| hit(lower, *label, *strength, words));
    let mut hits: Vec<Hit> = all.collect();
    // "Total" inside "Total HT" names nothing of its own, nor does "total tva" inside "total tva comprise".
    let all = hits.clone();
    let inside = |hit: &Hit, other: &Hit| {
        other.start <= hit.start && hit.end <= other.end && other.end - other.start > hit.end - hit.start
    };
    hits.retain(|hit| !all.iter().any(|other| inside(hit, other)));
    hits
}

fn hit(lower: &str, label: Label, strength: Strength, words: &[String]) -> Option<Hit> {
    let begins = |word: &String| lower.starts_with(word.as_str()) && ends_word(&lower[word.len()..]);
    let place = |word: &String| match strength {
        Strength::Strong => find_word(lower, word).map(|start| (start, start + word.len())),
        Strength::Weak => begins(word).then_some((0, word.len())),
    };
    let (start, end) = words.iter().filter_map(place).min_by_key(|(start, end)| (*start, std::cmp::Reverse(*end)))?;
    Some(Hit { label, strength, start, end })
}

fn unaccented(word: &str) -> String {
    let plain = |letter| match letter {
        'à' | 'á' | 'â' => 'a',
        'é' | 'è' | 'ê' => 'e',
        'í' => 'i',
        'ó' => 'o',
        'ú' | 'û' => 'u',
        'ç' => 'c',
        other => other,
    };
    word.chars().map(plain).collect()
}

fn find_word(lower: &str, word: &str) -> Option<usize> {
    let begins = |at: usize| lower[..at].chars().next_back().is_none_or(|before| !before.is_alphanumeric());
    let mut places = lower.match_indices(word).map(|(at, _)| at);
    places.find(|at| begins(*at) && ends_word(&lower[at + word.len()..]))
}

fn ends_word(rest: &str) -> bool {
    rest.chars().next().is_none_or(|after| !after.is_alphabetic())
}

/// Words that say what a document is, by what they outweigh: a credit note names the invoice that it credits.
pub const CREDIT_NOTE: &str = "credit note|credit memo|gutschrift|rechnungskorrektur|stornorechnung|facture d'avoir|\
    avoir|nota de crédito|nota de credito|factura rectificativa|creditnota|creditfactuur|nota di credito";
/// Words of receipts.
pub const RECEIPT: &str = "receipt|sales receipt|quittung|kassenbon|kassenbeleg|reçu|ticket de caisse|recibo|ticket|kassabon|ricevuta|scontrino";
/// Words of invoices.
pub const INVOICE: &str = "invoice|tax invoice|bill|rechnung|handelsrechnung|schlussrechnung|teilrechnung|facture|factura|factuur|fattura|sales invoice|vat invoice|rechnungsnummer";

/// Whether a text in lower case begins with one of some words.
pub fn begins_with(lower: &str, words: &str) -> bool {
    words.split('|').any(|word| lower.strip_prefix(word).is_some_and(ends_word))
}

/// Whether the words are of a language that writes the day before the month.
pub fn day_comes_first(lower: &str) -> bool {
    let words = "rechnung|rechnungsnummer|mwst|ust|gesamtbetrag|facture|tva|montant|factura|fecha|factuur|btw|totaal|fattura|\
        scadenza|imponibile|vat reg no|vat number|vat no|sort code";
    words.split('|').any(|word| find_word(lower, word).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[(Label, Strength)]) {
        let found: Vec<_> = hits(&text.to_lowercase()).iter().map(|hit| (hit.label, hit.strength)).collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn a_word_names_its_field_and_longer_words_win() {
        use super::{Label::*, Strength::*};
        check("Total HT", &[(Net, Strong)]);
        check("Total", &[(Gross, Weak)]);
        check("Grand Total", &[(Gross, Strong)]);
        check("Invoice Date: 1", &[(Issued, Strong)]);
        check("Invoice No: 1", &[(Number, Strong)]);
        check("Rechnung 4711 vom 1.2.", &[(Number, Weak)]);
        check("MwSt 19 %", &[(Tax, Weak)]);
        check("Amount due by 3 May", &[(Due, Strong), (Payable, Strong)]);
        check("Totally unrelated", &[]);
        check("Subtotal", &[(Net, Strong)]);
    }
}
