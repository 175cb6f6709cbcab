//! UN/CEFACT Cross Industry Invoice D16B, in each profile of Factur-X and ZUGFeRD 2 and as XRechnung; and ZUGFeRD 1.0,
//! which is its forerunner with other names.
//!
//! Owns where in a CII document each field stands. Takes nothing from anywhere else, and computes nothing.

use crate::gather::Gather;
use crate::reading::{Adjustment, Direction, Found, Kind, Line, Method, Period, Reading, Supplier, TaxShare};
use crate::tree::{Element, Space};

/// Codes of UNTDID 1001 that give money back; EN 16931 takes them, or others of its list for invoices.
const CREDIT_NOTES: [&str; 10] = ["81", "83", "261", "262", "296", "308", "381", "396", "420", "532"];
/// Lines that only head or explain others (EXTENDED); their amounts are not part of the sum.
const NO_SUM: [&str; 2] = ["GROUP", "INFORMATION"];

/// What differs between CII and its forerunner.
struct Names {
    method: Method,
    context: &'static str,
    document: &'static str,
    transaction: &'static str,
    agreement: &'static str,
    settlement: &'static str,
    summation: &'static str,
    line_agreement: &'static str,
    line_delivery: &'static str,
    line_settlement: &'static str,
    line_summation: &'static str,
    percent: &'static str,
    reference: &'static str,
}

const CII: Names = Names {
    method: Method::Cii,
    context: "rsm:ExchangedDocumentContext",
    document: "rsm:ExchangedDocument",
    transaction: "rsm:SupplyChainTradeTransaction",
    agreement: "ram:ApplicableHeaderTradeAgreement",
    settlement: "ram:ApplicableHeaderTradeSettlement",
    summation: "ram:SpecifiedTradeSettlementHeaderMonetarySummation",
    line_agreement: "ram:SpecifiedLineTradeAgreement",
    line_delivery: "ram:SpecifiedLineTradeDelivery",
    line_settlement: "ram:SpecifiedLineTradeSettlement",
    line_summation: "ram:SpecifiedTradeSettlementLineMonetarySummation",
    percent: "ram:RateApplicablePercent",
    reference: "ram:IssuerAssignedID",
};

const ZUGFERD_1: Names = Names {
    method: Method::Zugferd1,
    context: "rsm:SpecifiedExchangedDocumentContext",
    document: "rsm:HeaderExchangedDocument",
    transaction: "rsm:SpecifiedSupplyChainTradeTransaction",
    agreement: "ram:ApplicableSupplyChainTradeAgreement",
    settlement: "ram:ApplicableSupplyChainTradeSettlement",
    summation: "ram:SpecifiedTradeSettlementMonetarySummation",
    line_agreement: "ram:SpecifiedSupplyChainTradeAgreement",
    line_delivery: "ram:SpecifiedSupplyChainTradeDelivery",
    line_settlement: "ram:SpecifiedSupplyChainTradeSettlement",
    line_summation: "ram:SpecifiedTradeSettlementMonetarySummation",
    percent: "ram:ApplicablePercent",
    reference: "ram:ID",
};

/// Reads the root element of an invoice.
pub(crate) fn read(root: Element<'_>, gather: &mut Gather) -> Reading {
    let names = if root.space() == Space::RsmZugferd1 { &ZUGFERD_1 } else { &CII };
    let document = root.at(names.document);
    let type_code = document.and_then(|document| document.at("ram:TypeCode")).and_then(Element::text);
    let kind = match type_code {
        Some(code) if CREDIT_NOTES.contains(&code) => Kind::CreditNote,
        Some(_) => Kind::Invoice,
        None => Kind::Unknown,
    };
    let mut reading = Reading::empty(kind, names.method);
    if let Some(context) = root.at(names.context) {
        let path = "ram:GuidelineSpecifiedDocumentContextParameter/ram:ID";
        reading.fields.specification = gather.text(context.at(path));
    }
    reading.fields.number = gather.text(document.and_then(|document| document.at("ram:ID")));
    let issued = document.and_then(|document| document.at("ram:IssueDateTime/udt:DateTimeString"));
    reading.fields.issue_date = gather.compact_date(issued);
    let Some(transaction) = root.at(names.transaction) else { return reading };
    if let Some(settlement) = transaction.at(names.settlement) {
        settle(&mut reading, settlement, names, gather);
    }
    if let Some(agreement) = transaction.at(names.agreement) {
        agree(&mut reading, agreement, names, gather);
    }
    let lines = transaction.each("ram:IncludedSupplyChainTradeLineItem").filter(|line| counts(*line));
    reading.lines = lines.map(|line| read_line(line, names, gather)).collect();
    reading
}

fn agree(reading: &mut Reading, agreement: Element<'_>, names: &Names, gather: &mut Gather) {
    let fields = &mut reading.fields;
    fields.buyer_reference = gather.text(agreement.at("ram:BuyerReference"));
    let order = agreement.at("ram:BuyerOrderReferencedDocument");
    fields.order_reference = gather.text(order.and_then(|order| order.at(names.reference)));
    fields.buyer_name = gather.text(agreement.at("ram:BuyerTradeParty/ram:Name"));
    if let Some(party) = agreement.at("ram:SellerTradeParty") {
        fields.supplier = supplier(party, gather);
    }
}

fn supplier(party: Element<'_>, gather: &Gather) -> Supplier {
    let ids = || party.each("ram:SpecifiedTaxRegistration").filter_map(|registration| registration.at("ram:ID"));
    let vat = ids().find(|id| id.attribute("schemeID") == Some("VA"));
    let trading = || gather.text(party.at("ram:SpecifiedLegalOrganization/ram:TradingBusinessName"));
    Supplier {
        name: gather.text(party.at("ram:Name")).or_else(trading),
        tax_id: gather.text(vat.or_else(|| ids().next())),
        company_id: gather.text(party.at("ram:SpecifiedLegalOrganization/ram:ID")),
        country: gather.text(party.at("ram:PostalTradeAddress/ram:CountryID")),
    }
}

fn settle(reading: &mut Reading, settlement: Element<'_>, names: &Names, gather: &mut Gather) {
    reading.fields.currency = gather.text(settlement.at("ram:InvoiceCurrencyCode"));
    gather.currency = reading.currency();
    let fields = &mut reading.fields;
    fields.payment_reference = gather.text(settlement.at("ram:PaymentReference"));
    let accounts = settlement.each("ram:SpecifiedTradeSettlementPaymentMeans");
    fields.accounts = accounts.filter_map(|means| account(means, gather)).collect();
    let due = "ram:DueDateDateTime/udt:DateTimeString";
    fields.due_date = gather.compact_date(settlement.each("ram:SpecifiedTradePaymentTerms").find_map(|t| t.at(due)));
    fields.period = period(settlement, gather);
    let preceding = settlement.at("ram:InvoiceReferencedDocument");
    fields.preceding = gather.text(preceding.and_then(|document| document.at(names.reference)));
    if let Some(sums) = settlement.at(names.summation) {
        totals(reading, sums, gather);
    }
    let shares = settlement.each("ram:ApplicableTradeTax");
    reading.taxes = shares.map(|share| tax_share(share, names, gather)).collect();
    reading.adjustments = adjustments(settlement, names, gather);
    let services = settlement.each("ram:SpecifiedLogisticsServiceCharge");
    reading.adjustments.extend(services.filter_map(|service| logistics(service, names, gather)));
}

fn period(settlement: Element<'_>, gather: &mut Gather) -> Option<Found<Period>> {
    let of = settlement.at("ram:BillingSpecifiedPeriod")?;
    let first = gather.compact_date(of.at("ram:StartDateTime/udt:DateTimeString"));
    let last = gather.compact_date(of.at("ram:EndDateTime/udt:DateTimeString"));
    gather.period(first, last)
}

fn account(means: Element<'_>, gather: &Gather) -> Option<Found<String>> {
    let account = means.at("ram:PayeePartyCreditorFinancialAccount")?;
    gather.text(account.at("ram:IBANID")).or_else(|| gather.text(account.at("ram:ProprietaryID")))
}

fn totals(reading: &mut Reading, sums: Element<'_>, gather: &mut Gather) {
    let fields = &mut reading.fields;
    fields.net_total = gather.amount(sums.at("ram:TaxBasisTotalAmount"));
    fields.gross_total = gather.amount(sums.at("ram:GrandTotalAmount"));
    fields.prepaid = gather.amount(sums.at("ram:TotalPrepaidAmount"));
    fields.rounding = gather.amount(sums.at("ram:RoundingAmount"));
    fields.payable = gather.amount(sums.at("ram:DuePayableAmount"));
    // A second total may state the tax in the currency of the books (BT-111).
    let currency = gather.currency.map(|currency| currency.to_string());
    let mut taxes = sums.each("ram:TaxTotalAmount");
    let ours = taxes.find(|tax| tax.attribute("currencyID") == currency.as_deref());
    fields.tax_total = gather.amount(ours.or_else(|| sums.at("ram:TaxTotalAmount")));
}

fn tax_share(share: Element<'_>, names: &Names, gather: &mut Gather) -> TaxShare {
    let reason = gather.text(share.at("ram:ExemptionReason"));
    TaxShare {
        category: gather.text(share.at("ram:CategoryCode")),
        percent: gather.number(share.at(names.percent)),
        net: gather.amount(share.at("ram:BasisAmount")),
        tax: gather.amount(share.at("ram:CalculatedAmount")),
        exemption: reason.or_else(|| gather.text(share.at("ram:ExemptionReasonCode"))),
    }
}

fn adjustments(parent: Element<'_>, names: &Names, gather: &mut Gather) -> Vec<Adjustment> {
    let entries = parent.each("ram:SpecifiedTradeAllowanceCharge");
    entries.filter_map(|entry| adjustment(entry, names, gather)).collect()
}

fn adjustment(entry: Element<'_>, names: &Names, gather: &mut Gather) -> Option<Adjustment> {
    let charge = matches!(entry.at("ram:ChargeIndicator/udt:Indicator")?.text()?, "true" | "1");
    let tax = entry.at("ram:CategoryTradeTax");
    let reason = gather.text(entry.at("ram:Reason"));
    Some(Adjustment {
        direction: if charge { Direction::Charge } else { Direction::Allowance },
        amount: gather.amount(entry.at("ram:ActualAmount"))?,
        reason: reason.or_else(|| gather.text(entry.at("ram:ReasonCode"))),
        tax_category: gather.text(tax.and_then(|tax| tax.at("ram:CategoryCode"))),
        tax_percent: gather.number(tax.and_then(|tax| tax.at(names.percent))),
    })
}

/// Freight and the like, which EXTENDED and ZUGFeRD 1.0 keep apart from other charges.
fn logistics(service: Element<'_>, names: &Names, gather: &mut Gather) -> Option<Adjustment> {
    let tax = service.at("ram:AppliedTradeTax");
    Some(Adjustment {
        direction: Direction::Charge,
        amount: gather.amount(service.at("ram:AppliedAmount"))?,
        reason: gather.text(service.at("ram:Description")),
        tax_category: gather.text(tax.and_then(|tax| tax.at("ram:CategoryCode"))),
        tax_percent: gather.number(tax.and_then(|tax| tax.at(names.percent))),
    })
}

fn counts(line: Element<'_>) -> bool {
    let document = line.at("ram:AssociatedDocumentLineDocument");
    let reason = document.and_then(|document| document.at("ram:LineStatusReasonCode")).and_then(Element::text);
    !reason.is_some_and(|reason| NO_SUM.contains(&reason))
}

fn read_line(line: Element<'_>, names: &Names, gather: &mut Gather) -> Line {
    let part = |part: &str, path: &str| line.at(part).and_then(|part| part.at(path));
    let quantity = part(names.line_delivery, "ram:BilledQuantity");
    let price = part(names.line_agreement, "ram:NetPriceProductTradePrice");
    let settlement = line.at(names.line_settlement);
    let sums = settlement.and_then(|settlement| settlement.at(names.line_summation));
    let tax = settlement.and_then(|settlement| settlement.at("ram:ApplicableTradeTax"));
    let product = |name: &str| part("ram:SpecifiedTradeProduct", name);
    let (name, code) = (gather.text(product("ram:Name")), gather.text(product("ram:SellerAssignedID")));
    Line {
        id: gather.text(part("ram:AssociatedDocumentLineDocument", "ram:LineID")),
        description: name.or_else(|| gather.text(product("ram:Description"))),
        quantity: gather.number(quantity),
        unit: gather.attribute(quantity, "unitCode"),
        unit_price: gather.amount(price.and_then(|price| price.at("ram:ChargeAmount"))),
        price_base: gather.number(price.and_then(|price| price.at("ram:BasisQuantity"))),
        period: settlement.and_then(|settlement| period(settlement, gather)),
        net: gather.amount(sums.and_then(|sums| sums.at("ram:LineTotalAmount"))),
        tax_category: gather.text(tax.and_then(|tax| tax.at("ram:CategoryCode"))),
        tax_percent: gather.number(tax.and_then(|tax| tax.at(names.percent))),
        item_code: code.or_else(|| gather.text(product("ram:GlobalID"))),
        order_line: gather.text(part(names.line_agreement, "ram:BuyerOrderReferencedDocument/ram:LineID")),
        adjustments: settlement.map(|settlement| adjustments(settlement, names, gather)).unwrap_or_default(),
    }
}
