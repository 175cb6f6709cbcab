//! UBL invoices and credit notes, built here and read exactly.

mod held;

use held::check;
use readings::problem::ProblemCode;
use readings::reading::{Direction, Kind, Method};
use readings::{Reading, read};

const HEAD: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<q:Invoice xmlns:q="urn:oasis:names:specification:ubl:schema:xsd:Invoice-2"
  xmlns:a="urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"
  xmlns="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2">
  <CustomizationID>urn:cen.eu:en16931:2017#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0</CustomizationID>
  <ID>INV-7</ID><IssueDate>2026-03-01</IssueDate><DueDate>2026-03-31+01:00</DueDate>
  <InvoiceTypeCode>380</InvoiceTypeCode><DocumentCurrencyCode>EUR</DocumentCurrencyCode>
  <TaxCurrencyCode>SEK</TaxCurrencyCode><BuyerReference>04011000-1234512345-06</BuyerReference>
  <a:OrderReference><ID>PO-9</ID></a:OrderReference>
  <a:BillingReference><a:InvoiceDocumentReference><ID>INV-6</ID></a:InvoiceDocumentReference></a:BillingReference>
  <a:AdditionalDocumentReference><ID>x</ID><a:Attachment><EmbeddedDocumentBinaryObject mimeCode="text/csv"
    filename="a.csv">AAAA</EmbeddedDocumentBinaryObject></a:Attachment></a:AdditionalDocumentReference>
  <a:AccountingSupplierParty><a:Party><a:PartyName><Name>Trading</Name></a:PartyName>
    <a:PostalAddress><a:Country><IdentificationCode>DE</IdentificationCode></a:Country></a:PostalAddress>
    <a:PartyTaxScheme><CompanyID>201/113/40209</CompanyID><a:TaxScheme><ID>FC</ID></a:TaxScheme></a:PartyTaxScheme>
    <a:PartyTaxScheme><CompanyID>DE123456788</CompanyID><a:TaxScheme><ID>VAT</ID></a:TaxScheme></a:PartyTaxScheme>
    <a:PartyLegalEntity><RegistrationName>Müller &amp; Söhne GmbH</RegistrationName><CompanyID>HRB 1</CompanyID>
    </a:PartyLegalEntity></a:Party></a:AccountingSupplierParty>
  <a:AccountingCustomerParty><a:Party><a:PartyLegalEntity><RegistrationName>Buyer Ltd</RegistrationName>
    </a:PartyLegalEntity></a:Party></a:AccountingCustomerParty>
  <a:PaymentMeans><PaymentMeansCode>30</PaymentMeansCode><PaymentID>RF18 5390</PaymentID>
    <a:PayeeFinancialAccount><ID>DE89370400440532013000</ID></a:PayeeFinancialAccount></a:PaymentMeans>
  <a:PaymentMeans><PaymentMeansCode>30</PaymentMeansCode>
    <a:PayeeFinancialAccount><ID>12345678</ID></a:PayeeFinancialAccount></a:PaymentMeans>
"#;

const BODY: &str = r#"
  <a:AllowanceCharge><ChargeIndicator>true</ChargeIndicator><AllowanceChargeReason>Freight</AllowanceChargeReason>
    <Amount currencyID="EUR">10.00</Amount><a:TaxCategory><ID>S</ID><Percent>19</Percent></a:TaxCategory>
  </a:AllowanceCharge>
  <a:AllowanceCharge><ChargeIndicator>false</ChargeIndicator><AllowanceChargeReasonCode>95</AllowanceChargeReasonCode>
    <Amount currencyID="EUR">5.00</Amount></a:AllowanceCharge>
  <a:TaxTotal><TaxAmount currencyID="SEK">210.00</TaxAmount></a:TaxTotal>
  <a:TaxTotal><TaxAmount currencyID="EUR">19.95</TaxAmount>
    <a:TaxSubtotal><TaxableAmount currencyID="EUR">105.00</TaxableAmount><TaxAmount currencyID="EUR">19.95</TaxAmount>
      <a:TaxCategory><ID>S</ID><Percent>19</Percent></a:TaxCategory></a:TaxSubtotal>
    <a:TaxSubtotal><TaxableAmount currencyID="EUR">-20.00</TaxableAmount><TaxAmount currencyID="EUR">0</TaxAmount>
      <a:TaxCategory><ID>AE</ID><Percent>0</Percent><TaxExemptionReason>Reverse charge</TaxExemptionReason>
      </a:TaxCategory></a:TaxSubtotal></a:TaxTotal>
  <a:LegalMonetaryTotal><LineExtensionAmount currencyID="EUR">80.00</LineExtensionAmount>
    <TaxExclusiveAmount currencyID="EUR">85.00</TaxExclusiveAmount>
    <TaxInclusiveAmount currencyID="EUR">104.95</TaxInclusiveAmount><PrepaidAmount currencyID="EUR">4.95</PrepaidAmount>
    <PayableRoundingAmount currencyID="EUR">0.01</PayableRoundingAmount>
    <PayableAmount currencyID="EUR">100.01</PayableAmount></a:LegalMonetaryTotal>
  <a:InvoiceLine><ID>1</ID><InvoicedQuantity unitCode="C62">4</InvoicedQuantity>
    <LineExtensionAmount currencyID="EUR">100.00</LineExtensionAmount>
    <a:OrderLineReference><LineID>3</LineID></a:OrderLineReference>
    <a:AllowanceCharge><ChargeIndicator>false</ChargeIndicator><Amount currencyID="EUR">20.00</Amount>
    </a:AllowanceCharge>
    <a:Item><Description>long</Description><Name>Paper</Name>
      <a:SellersItemIdentification><ID>P-1</ID></a:SellersItemIdentification>
      <a:ClassifiedTaxCategory><ID>S</ID><Percent>19</Percent></a:ClassifiedTaxCategory></a:Item>
    <a:Price><PriceAmount currencyID="EUR">300.0000</PriceAmount><BaseQuantity unitCode="C62">10</BaseQuantity></a:Price>
  </a:InvoiceLine>
  <a:InvoiceLine><ID>2</ID><InvoicedQuantity unitCode="H87">-1</InvoicedQuantity>
    <LineExtensionAmount currencyID="EUR">-20.00</LineExtensionAmount>
    <a:Item><Name>Returned</Name><a:ClassifiedTaxCategory><ID>AE</ID><Percent>0</Percent></a:ClassifiedTaxCategory>
    </a:Item><a:Price><PriceAmount currencyID="EUR">20.00</PriceAmount></a:Price></a:InvoiceLine>
</q:Invoice>"#;

fn invoice() -> String {
    format!("{HEAD}{BODY}")
}

#[track_caller]
fn reading(text: &str) -> Reading {
    held::reading(read(text.as_bytes()))
}

#[test]
fn each_field_of_an_invoice_is_read_whatever_the_prefixes() {
    let reading = reading(&invoice());
    assert_eq!((reading.kind, reading.method), (Kind::Invoice, Method::Ubl));
    check(
        &reading,
        &[
            ("/fields/number", "INV-7"),
            ("/fields/issue_date", "2026-03-01"),
            ("/fields/due_date", "2026-03-31"),
            ("/fields/currency", "EUR"),
            ("/fields/supplier/name", "Müller & Söhne GmbH"),
            ("/fields/supplier/tax_id", "DE123456788"),
            ("/fields/supplier/company_id", "HRB 1"),
            ("/fields/supplier/country", "DE"),
            ("/fields/buyer_name", "Buyer Ltd"),
            ("/fields/order_reference", "PO-9"),
            ("/fields/buyer_reference", "04011000-1234512345-06"),
            ("/fields/preceding", "INV-6"),
            ("/fields/net_total", "85.00"),
            ("/fields/tax_total", "19.95"),
            ("/fields/gross_total", "104.95"),
            ("/fields/prepaid", "4.95"),
            ("/fields/rounding", "0.01"),
            ("/fields/payable", "100.01"),
            ("/fields/accounts/0", "DE89370400440532013000"),
            ("/fields/accounts/1", "12345678"),
            ("/fields/payment_reference", "RF18 5390"),
        ],
    );
    assert_eq!(reading.problems, []);
}

#[test]
fn lines_adjustments_and_the_breakdown_are_read_with_their_places() {
    let reading = reading(&invoice());
    check(
        &reading,
        &[
            ("/lines/0/id", "1"),
            ("/lines/0/description", "Paper"),
            ("/lines/0/quantity", "4"),
            ("/lines/0/unit", "C62"),
            ("/lines/0/unit_price", "300.0000"),
            ("/lines/0/price_base", "10"),
            ("/lines/0/net", "100.00"),
            ("/lines/0/tax_category", "S"),
            ("/lines/0/tax_percent", "19"),
            ("/lines/0/item_code", "P-1"),
            ("/lines/0/order_line", "3"),
            ("/lines/0/adjustments/0/amount", "20.00"),
            ("/lines/1/net", "-20.00"),
            ("/adjustments/0/reason", "Freight"),
            ("/adjustments/0/tax_percent", "19"),
            ("/adjustments/1/reason", "95"),
            ("/taxes/0/net", "105.00"),
            ("/taxes/1/category", "AE"),
            ("/taxes/1/exemption", "Reverse charge"),
        ],
    );
    let directions: Vec<Direction> = reading.adjustments.iter().map(|adjustment| adjustment.direction).collect();
    assert_eq!(directions, [Direction::Charge, Direction::Allowance]);
    let net = reading.lines[1].net.as_ref().unwrap();
    assert_eq!((net.confidence, net.place.as_str()), (1000, "Invoice/cac:InvoiceLine[2]/cbc:LineExtensionAmount"));
    let payable = reading.fields.payable.unwrap();
    assert_eq!(payable.place, "Invoice/cac:LegalMonetaryTotal/cbc:PayableAmount");
}

#[test]
fn a_credit_note_has_its_own_names() {
    let text = invoice().replace("Invoice-2", "CreditNote-2").replace("q:Invoice", "q:CreditNote");
    let text = text.replace("InvoiceLine", "CreditNoteLine").replace("InvoicedQuantity", "CreditedQuantity");
    let text = text.replace("<DueDate>2026-03-31+01:00</DueDate>", "");
    let text = text.replace("<PaymentID>", "<PaymentDueDate>2026-04-01</PaymentDueDate><PaymentID>");
    let reading = reading(&text);
    assert_eq!((reading.kind, reading.lines.len()), (Kind::CreditNote, 2));
    check(&reading, &[("/fields/due_date", "2026-04-01"), ("/lines/0/quantity", "4"), ("/fields/payable", "100.01")]);
    assert_eq!(reading.problems, []);
}

#[test]
fn missing_optional_parts_are_none_and_missing_needed_ones_are_named() {
    let root = HEAD.split_once("<CustomizationID>").unwrap().0;
    let reading = reading(&format!("{root}<DocumentCurrencyCode>EUR</DocumentCurrencyCode></q:Invoice>"));
    assert_eq!((reading.lines.len(), reading.taxes.len()), (0, 0));
    let codes: Vec<ProblemCode> = reading.problems.iter().map(|problem| problem.code).collect();
    assert_eq!(codes, [ProblemCode::FieldMissing; 4]);
}

#[test]
fn text_that_is_no_value_is_named_and_never_bent_into_one() {
    let text = invoice().replace(">100.01<", ">100,01<").replace(">2026-03-01<", ">2026-02-30<");
    let reading = reading(&text);
    check(&reading, &[("/fields/payable", "none"), ("/fields/issue_date", "none")]);
    let unreadable = reading.problems.iter().filter(|problem| problem.code == ProblemCode::ValueUnreadable);
    let places: Vec<&str> = unreadable.map(|problem| problem.place.as_str()).collect();
    assert_eq!(places, ["Invoice/cbc:IssueDate", "Invoice/cac:LegalMonetaryTotal/cbc:PayableAmount"]);
}

#[test]
fn an_envelope_of_a_network_is_passed_through_and_a_foreign_namespace_is_no_invoice() {
    let bare = invoice().split_once("?>").unwrap().1.to_owned();
    let wrapped = format!("<StandardBusinessDocument xmlns='urn:x'><Header/>{bare}</StandardBusinessDocument>");
    check(&reading(&wrapped), &[("/fields/number", "INV-7")]);
    let foreign = invoice().replace("xsd:Invoice-2", "xsd:Invoice-1");
    let refusal = held::refusal(read(foreign.as_bytes()));
    assert_eq!(refusal.code, readings::Refusal::NotAnInvoice);
}

#[test]
fn a_reading_survives_its_own_json() {
    let reading = reading(&invoice());
    let json = serde_json::to_string(&reading).unwrap();
    assert_eq!(serde_json::from_str::<Reading>(&json).unwrap(), reading);
}

#[test]
fn x5_what_a_bill_and_its_lines_are_for_is_read_with_both_ends() {
    let period = |first: &str, last: &str| {
        format!("<a:InvoicePeriod><StartDate>{first}</StartDate><EndDate>{last}</EndDate></a:InvoicePeriod>")
    };
    let head = HEAD.replace("<a:OrderReference>", &format!("{}<a:OrderReference>", period("2026-11-01", "2027-10-31")));
    let line = format!("{}<a:OrderLineReference>", period("2027-01-01", "2027-03-31"));
    let text = format!("{head}{}", BODY.replacen("<a:OrderLineReference>", &line, 1));
    let found = held::reading(read(text.as_bytes()));
    let whole = found.fields.period.unwrap();
    assert_eq!(
        (whole.value.first.to_string(), whole.value.last.to_string()),
        ("2026-11-01".into(), "2027-10-31".into())
    );
    assert_eq!(found.lines[0].period.as_ref().unwrap().value.last.to_string(), "2027-03-31");
    let backwards = text.replace("2027-10-31", "2025-10-31");
    assert_eq!(held::reading(read(backwards.as_bytes())).fields.period, None);
}
