//! Cross Industry Invoices and their forerunner, built here and read exactly.

mod held;

use held::check;
use readings::reading::{Direction, Kind, Method};
use readings::{Reading, read};

const HEAD: &str = r#"<?xml version='1.0' encoding='UTF-8'?>
<x:CrossIndustryInvoice xmlns:x="urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100"
 xmlns:y="urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100"
 xmlns:u="urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100">
<x:ExchangedDocumentContext><y:GuidelineSpecifiedDocumentContextParameter>
 <y:ID>urn:factur-x.eu:1p0:minimum</y:ID></y:GuidelineSpecifiedDocumentContextParameter></x:ExchangedDocumentContext>
<x:ExchangedDocument><y:ID>FA-1</y:ID><y:TypeCode>380</y:TypeCode>
 <y:IssueDateTime><u:DateTimeString format="102">20260301</u:DateTimeString></y:IssueDateTime></x:ExchangedDocument>
<x:SupplyChainTradeTransaction>"#;

const LINES: &str = r#"
<y:IncludedSupplyChainTradeLineItem><y:AssociatedDocumentLineDocument><y:LineID>1</y:LineID>
 </y:AssociatedDocumentLineDocument>
 <y:SpecifiedTradeProduct><y:GlobalID schemeID="0160">4012345001235</y:GlobalID><y:Name>Tr&#xE9;pied</y:Name>
 </y:SpecifiedTradeProduct>
 <y:SpecifiedLineTradeAgreement><y:BuyerOrderReferencedDocument><y:LineID>6</y:LineID></y:BuyerOrderReferencedDocument>
  <y:NetPriceProductTradePrice><y:ChargeAmount>11.5</y:ChargeAmount></y:NetPriceProductTradePrice>
 </y:SpecifiedLineTradeAgreement>
 <y:SpecifiedLineTradeDelivery><y:BilledQuantity unitCode="C62">10</y:BilledQuantity></y:SpecifiedLineTradeDelivery>
 <y:SpecifiedLineTradeSettlement><y:ApplicableTradeTax><y:TypeCode>VAT</y:TypeCode><y:CategoryCode>S</y:CategoryCode>
  <y:RateApplicablePercent>20.00</y:RateApplicablePercent></y:ApplicableTradeTax>
  <y:SpecifiedTradeAllowanceCharge><y:ChargeIndicator><u:Indicator>false</u:Indicator></y:ChargeIndicator>
   <y:ActualAmount>15</y:ActualAmount><y:Reason>Remise</y:Reason></y:SpecifiedTradeAllowanceCharge>
  <y:SpecifiedTradeSettlementLineMonetarySummation><y:LineTotalAmount>100.00</y:LineTotalAmount>
  </y:SpecifiedTradeSettlementLineMonetarySummation></y:SpecifiedLineTradeSettlement>
</y:IncludedSupplyChainTradeLineItem>
<y:IncludedSupplyChainTradeLineItem><y:AssociatedDocumentLineDocument><y:LineID>2</y:LineID>
 <y:LineStatusReasonCode>INFORMATION</y:LineStatusReasonCode></y:AssociatedDocumentLineDocument>
 <y:SpecifiedLineTradeSettlement><y:SpecifiedTradeSettlementLineMonetarySummation>
 <y:LineTotalAmount>77.00</y:LineTotalAmount></y:SpecifiedTradeSettlementLineMonetarySummation>
 </y:SpecifiedLineTradeSettlement></y:IncludedSupplyChainTradeLineItem>"#;

const PARTIES: &str = r#"
<y:ApplicableHeaderTradeAgreement><y:BuyerReference>SERV</y:BuyerReference>
 <y:SellerTradeParty><y:Name>Au Bon Moulin</y:Name>
  <y:SpecifiedLegalOrganization><y:ID schemeID="0002">99999999800010</y:ID></y:SpecifiedLegalOrganization>
  <y:PostalTradeAddress><y:CountryID>FR</y:CountryID></y:PostalTradeAddress>
  <y:SpecifiedTaxRegistration><y:ID schemeID="FC">12</y:ID></y:SpecifiedTaxRegistration>
  <y:SpecifiedTaxRegistration><y:ID schemeID="VA">FR11999999998</y:ID></y:SpecifiedTaxRegistration></y:SellerTradeParty>
 <y:BuyerTradeParty><y:Name>Ma jolie boutique</y:Name></y:BuyerTradeParty>
 <y:BuyerOrderReferencedDocument><y:IssuerAssignedID>PO-1</y:IssuerAssignedID></y:BuyerOrderReferencedDocument>
</y:ApplicableHeaderTradeAgreement><y:ApplicableHeaderTradeDelivery/>"#;

const SETTLEMENT: &str = r#"
<y:ApplicableHeaderTradeSettlement><y:PaymentReference>FA-1-REF</y:PaymentReference>
 <y:InvoiceCurrencyCode>EUR</y:InvoiceCurrencyCode>
 <y:SpecifiedTradeSettlementPaymentMeans><y:TypeCode>30</y:TypeCode><y:PayeePartyCreditorFinancialAccount>
  <y:IBANID>FR2012421242124212421242124</y:IBANID></y:PayeePartyCreditorFinancialAccount>
 </y:SpecifiedTradeSettlementPaymentMeans>
 <y:SpecifiedTradeSettlementPaymentMeans><y:PayeePartyCreditorFinancialAccount>
  <y:ProprietaryID>77</y:ProprietaryID></y:PayeePartyCreditorFinancialAccount></y:SpecifiedTradeSettlementPaymentMeans>
 <y:ApplicableTradeTax><y:CalculatedAmount>22.00</y:CalculatedAmount><y:TypeCode>VAT</y:TypeCode>
  <y:BasisAmount>110.00</y:BasisAmount><y:CategoryCode>S</y:CategoryCode>
  <y:RateApplicablePercent>20</y:RateApplicablePercent></y:ApplicableTradeTax>
 <y:SpecifiedTradeAllowanceCharge><y:ChargeIndicator><u:Indicator>true</u:Indicator></y:ChargeIndicator>
  <y:ActualAmount>4.00</y:ActualAmount><y:ReasonCode>FC</y:ReasonCode><y:CategoryTradeTax>
  <y:CategoryCode>S</y:CategoryCode><y:RateApplicablePercent>20</y:RateApplicablePercent></y:CategoryTradeTax>
 </y:SpecifiedTradeAllowanceCharge>
 <y:SpecifiedLogisticsServiceCharge><y:Description>Port</y:Description><y:AppliedAmount>6.00</y:AppliedAmount>
 </y:SpecifiedLogisticsServiceCharge>
 <y:SpecifiedTradePaymentTerms><y:Description>30 jours</y:Description></y:SpecifiedTradePaymentTerms>
 <y:SpecifiedTradePaymentTerms><y:DueDateDateTime><u:DateTimeString format="102">20260331</u:DateTimeString>
 </y:DueDateDateTime></y:SpecifiedTradePaymentTerms>
 <y:SpecifiedTradeSettlementHeaderMonetarySummation><y:LineTotalAmount>100.00</y:LineTotalAmount>
  <y:TaxBasisTotalAmount>110.00</y:TaxBasisTotalAmount><y:TaxTotalAmount currencyID="GBP">18.90</y:TaxTotalAmount>
  <y:TaxTotalAmount currencyID="EUR">22.00</y:TaxTotalAmount><y:RoundingAmount>-0.01</y:RoundingAmount>
  <y:GrandTotalAmount>132.00</y:GrandTotalAmount><y:TotalPrepaidAmount>32.00</y:TotalPrepaidAmount>
  <y:DuePayableAmount>99.99</y:DuePayableAmount></y:SpecifiedTradeSettlementHeaderMonetarySummation>
 <y:InvoiceReferencedDocument><y:IssuerAssignedID>FA-0</y:IssuerAssignedID></y:InvoiceReferencedDocument>
</y:ApplicableHeaderTradeSettlement></x:SupplyChainTradeTransaction></x:CrossIndustryInvoice>"#;

fn invoice() -> String {
    [HEAD, LINES, PARTIES, SETTLEMENT].concat()
}

#[track_caller]
fn reading(text: &str) -> Reading {
    held::reading(read(text.as_bytes()))
}

#[test]
fn each_field_of_an_invoice_is_read_whatever_the_prefixes() {
    let reading = reading(&invoice());
    assert_eq!((reading.kind, reading.method), (Kind::Invoice, Method::Cii));
    check(
        &reading,
        &[
            ("/fields/specification", "urn:factur-x.eu:1p0:minimum"),
            ("/fields/number", "FA-1"),
            ("/fields/issue_date", "2026-03-01"),
            ("/fields/due_date", "2026-03-31"),
            ("/fields/currency", "EUR"),
            ("/fields/supplier/name", "Au Bon Moulin"),
            ("/fields/supplier/tax_id", "FR11999999998"),
            ("/fields/supplier/company_id", "99999999800010"),
            ("/fields/supplier/country", "FR"),
            ("/fields/buyer_name", "Ma jolie boutique"),
            ("/fields/order_reference", "PO-1"),
            ("/fields/buyer_reference", "SERV"),
            ("/fields/preceding", "FA-0"),
            ("/fields/net_total", "110.00"),
            ("/fields/tax_total", "22.00"),
            ("/fields/gross_total", "132.00"),
            ("/fields/prepaid", "32.00"),
            ("/fields/rounding", "-0.01"),
            ("/fields/payable", "99.99"),
            ("/fields/accounts/0", "FR2012421242124212421242124"),
            ("/fields/accounts/1", "77"),
            ("/fields/payment_reference", "FA-1-REF"),
        ],
    );
    assert_eq!(reading.problems, []);
}

#[test]
fn lines_that_only_explain_do_not_count_and_freight_is_a_charge() {
    let reading = reading(&invoice());
    assert_eq!(reading.lines.len(), 1);
    check(
        &reading,
        &[
            ("/lines/0/description", "Trépied"),
            ("/lines/0/quantity", "10"),
            ("/lines/0/unit", "C62"),
            ("/lines/0/unit_price", "11.5"),
            ("/lines/0/net", "100.00"),
            ("/lines/0/tax_percent", "20.00"),
            ("/lines/0/item_code", "4012345001235"),
            ("/lines/0/order_line", "6"),
            ("/lines/0/adjustments/0/reason", "Remise"),
            ("/adjustments/0/reason", "FC"),
            ("/adjustments/1/reason", "Port"),
            ("/adjustments/1/amount", "6.00"),
            ("/taxes/0/net", "110.00"),
        ],
    );
    assert!(reading.adjustments.iter().all(|adjustment| adjustment.direction == Direction::Charge));
    let place = "rsm:CrossIndustryInvoice/rsm:SupplyChainTradeTransaction/ram:ApplicableHeaderTradeSettlement/\
        ram:SpecifiedTradeSettlementHeaderMonetarySummation/ram:TaxTotalAmount[2]";
    assert_eq!(reading.fields.tax_total.unwrap().place, place);
}

#[test]
fn the_type_code_says_whether_money_goes_back() {
    for (code, kind) in [("381", Kind::CreditNote), ("384", Kind::Invoice), ("261", Kind::CreditNote)] {
        assert_eq!(reading(&invoice().replace(">380<", &format!(">{code}<"))).kind, kind, "{code}");
    }
}

#[test]
fn a_minimum_profile_without_lines_and_breakdown_has_no_problem() {
    let sums = "<y:SpecifiedTradeSettlementHeaderMonetarySummation>";
    let settlement = SETTLEMENT.split_once(sums).unwrap().1;
    let start = "<y:ApplicableHeaderTradeSettlement><y:InvoiceCurrencyCode>EUR</y:InvoiceCurrencyCode>";
    let reading = reading(&[HEAD, PARTIES, start, sums, settlement].concat());
    check(&reading, &[("/fields/net_total", "110.00"), ("/fields/payable", "99.99"), ("/fields/due_date", "none")]);
    assert_eq!(reading.problems, []);
}

#[test]
fn zugferd_1_is_read_by_its_own_names() {
    let text = invoice()
        .replace(
            "urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100",
            "urn:ferd:CrossIndustryDocument:invoice:1p0",
        )
        .replace("InformationEntity:100", "InformationEntity:12")
        .replace("UnqualifiedDataType:100", "UnqualifiedDataType:15")
        .replace("CrossIndustryInvoice", "CrossIndustryDocument")
        .replace("x:ExchangedDocument>", "x:HeaderExchangedDocument>")
        .replace("x:SupplyChainTradeTransaction", "x:SpecifiedSupplyChainTradeTransaction")
        .replace("ApplicableHeaderTrade", "ApplicableSupplyChainTrade")
        .replace("SpecifiedLineTrade", "SpecifiedSupplyChainTrade")
        .replace("SettlementHeaderMonetary", "SettlementMonetary")
        .replace("SettlementLineMonetary", "SettlementMonetary")
        .replace("RateApplicablePercent", "ApplicablePercent")
        .replace("IssuerAssignedID", "ID");
    let reading = reading(&text);
    assert_eq!((reading.kind, reading.method), (Kind::Invoice, Method::Zugferd1));
    check(
        &reading,
        &[
            ("/fields/number", "FA-1"),
            ("/fields/order_reference", "PO-1"),
            ("/fields/payable", "99.99"),
            ("/lines/0/net", "100.00"),
            ("/lines/0/tax_percent", "20.00"),
            ("/taxes/0/percent", "20"),
        ],
    );
    assert_eq!(reading.problems, []);
}

#[test]
fn an_order_is_no_invoice() {
    let text = invoice().replace("CrossIndustryInvoice", "SCRDMCCBDACIOMessageStructure");
    let refusal = held::refusal(read(text.as_bytes()));
    assert_eq!(refusal.code, readings::Refusal::NotAnInvoice);
}

#[test]
fn x5_the_period_of_a_line_is_read_with_both_ends() {
    let period = "<y:SpecifiedLineTradeSettlement><y:BillingSpecifiedPeriod>\
        <y:StartDateTime><u:DateTimeString format=\"102\">20261101</u:DateTimeString></y:StartDateTime>\
        <y:EndDateTime><u:DateTimeString format=\"102\">20271031</u:DateTimeString></y:EndDateTime>\
        </y:BillingSpecifiedPeriod>";
    let lines = LINES.replacen("<y:SpecifiedLineTradeSettlement>", period, 1);
    let text = format!("{HEAD}{lines}</x:SupplyChainTradeTransaction></x:CrossIndustryInvoice>");
    let found = held::reading(read(text.as_bytes()));
    let of_line = found.lines[0].period.as_ref().unwrap().value;
    assert_eq!((of_line.first.to_string(), of_line.last.to_string()), ("2026-11-01".into(), "2027-10-31".into()));
    assert_eq!(found.fields.period, None);
}
