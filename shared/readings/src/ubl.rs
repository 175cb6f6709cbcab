//! UBL 2.1 Invoice and CreditNote, as EN 16931, Peppol BIS 3 and XRechnung use them.
//!
//! Owns where in a UBL document each field stands. Takes nothing from anywhere else, and computes nothing.

use crate::gather::Gather;
use crate::reading::{Adjustment, Direction, Found, Kind, Line, Method, Period, Reading, Supplier, TaxShare};
use crate::tree::{Element, Space};

/// Reads the root element of an invoice or a credit note.
pub(crate) fn read(root: Element<'_>, gather: &mut Gather) -> Reading {
    let credit = root.space() == Space::UblCreditNote;
    let kind = if credit { Kind::CreditNote } else { Kind::Invoice };
    let mut reading = Reading::empty(kind, Method::Ubl);
    reading.fields.currency = gather.text(root.at("cbc:DocumentCurrencyCode"));
    gather.currency = reading.currency();
    header(&mut reading, root, gather);
    totals(&mut reading, root, gather);
    let line = if credit { "cac:CreditNoteLine" } else { "cac:InvoiceLine" };
    reading.lines = root.each(line).map(|line| read_line(line, gather)).collect();
    reading.adjustments = adjustments(root, gather);
    reading
}

fn header(reading: &mut Reading, root: Element<'_>, gather: &mut Gather) {
    let fields = &mut reading.fields;
    fields.specification = gather.text(root.at("cbc:CustomizationID"));
    fields.number = gather.text(root.at("cbc:ID"));
    fields.issue_date = gather.date(root.at("cbc:IssueDate"));
    // A credit note has its due date among the means of payment.
    let due = root.at("cbc:DueDate").or_else(|| root.at("cac:PaymentMeans/cbc:PaymentDueDate"));
    fields.due_date = gather.date(due);
    fields.period = period(root, gather);
    fields.buyer_reference = gather.text(root.at("cbc:BuyerReference"));
    fields.order_reference = gather.text(root.at("cac:OrderReference/cbc:ID"));
    fields.preceding = gather.text(root.at("cac:BillingReference/cac:InvoiceDocumentReference/cbc:ID"));
    if let Some(party) = root.at("cac:AccountingSupplierParty/cac:Party") {
        fields.supplier = supplier(party, gather);
    }
    fields.buyer_name = root.at("cac:AccountingCustomerParty/cac:Party").and_then(|party| name(party, gather));
    let means = || root.each("cac:PaymentMeans");
    fields.accounts = means().filter_map(|means| gather.text(means.at("cac:PayeeFinancialAccount/cbc:ID"))).collect();
    fields.payment_reference = means().find_map(|means| gather.text(means.at("cbc:PaymentID")));
}

fn period(of: Element<'_>, gather: &mut Gather) -> Option<Found<Period>> {
    let first = gather.date(of.at("cac:InvoicePeriod/cbc:StartDate"));
    let last = gather.date(of.at("cac:InvoicePeriod/cbc:EndDate"));
    gather.period(first, last)
}

fn supplier(party: Element<'_>, gather: &Gather) -> Supplier {
    let schemes = || party.each("cac:PartyTaxScheme");
    let vat = |scheme: &Element<'_>| {
        let id = scheme.at("cac:TaxScheme/cbc:ID").and_then(Element::text);
        id.is_some_and(|id| id.eq_ignore_ascii_case("VAT"))
    };
    let scheme = schemes().find(vat).or_else(|| schemes().next());
    Supplier {
        name: name(party, gather),
        tax_id: gather.text(scheme.and_then(|scheme| scheme.at("cbc:CompanyID"))),
        company_id: gather.text(party.at("cac:PartyLegalEntity/cbc:CompanyID")),
        country: gather.text(party.at("cac:PostalAddress/cac:Country/cbc:IdentificationCode")),
    }
}

fn name(party: Element<'_>, gather: &Gather) -> Option<Found<String>> {
    let legal = gather.text(party.at("cac:PartyLegalEntity/cbc:RegistrationName"));
    legal.or_else(|| gather.text(party.at("cac:PartyName/cbc:Name")))
}

fn totals(reading: &mut Reading, root: Element<'_>, gather: &mut Gather) {
    let total = |name: &str| root.at("cac:LegalMonetaryTotal").and_then(|totals| totals.at(name));
    let fields = &mut reading.fields;
    fields.net_total = gather.amount(total("cbc:TaxExclusiveAmount"));
    fields.gross_total = gather.amount(total("cbc:TaxInclusiveAmount"));
    fields.prepaid = gather.amount(total("cbc:PrepaidAmount"));
    fields.rounding = gather.amount(total("cbc:PayableRoundingAmount"));
    fields.payable = gather.amount(total("cbc:PayableAmount"));
    // A second total may state the tax in the currency of the books (BT-111).
    let currency = gather.currency.map(|currency| currency.to_string());
    let ours =
        |tax: &Element<'_>| tax.at("cbc:TaxAmount").and_then(|e| e.attribute("currencyID")) == currency.as_deref();
    let Some(tax) = root.each("cac:TaxTotal").find(ours).or_else(|| root.at("cac:TaxTotal")) else { return };
    fields.tax_total = gather.amount(tax.at("cbc:TaxAmount"));
    reading.taxes = tax.each("cac:TaxSubtotal").map(|share| tax_share(share, gather)).collect();
}

fn tax_share(share: Element<'_>, gather: &mut Gather) -> TaxShare {
    let category = |name: &str| share.at("cac:TaxCategory").and_then(|category| category.at(name));
    let reason = gather.text(category("cbc:TaxExemptionReason"));
    TaxShare {
        category: gather.text(category("cbc:ID")),
        percent: gather.number(category("cbc:Percent")),
        net: gather.amount(share.at("cbc:TaxableAmount")),
        tax: gather.amount(share.at("cbc:TaxAmount")),
        exemption: reason.or_else(|| gather.text(category("cbc:TaxExemptionReasonCode"))),
    }
}

fn adjustments(parent: Element<'_>, gather: &mut Gather) -> Vec<Adjustment> {
    parent.each("cac:AllowanceCharge").filter_map(|entry| adjustment(entry, gather)).collect()
}

fn adjustment(entry: Element<'_>, gather: &mut Gather) -> Option<Adjustment> {
    let charge = matches!(entry.at("cbc:ChargeIndicator")?.text()?, "true" | "1");
    let reason = gather.text(entry.at("cbc:AllowanceChargeReason"));
    Some(Adjustment {
        direction: if charge { Direction::Charge } else { Direction::Allowance },
        amount: gather.amount(entry.at("cbc:Amount"))?,
        reason: reason.or_else(|| gather.text(entry.at("cbc:AllowanceChargeReasonCode"))),
        tax_category: gather.text(entry.at("cac:TaxCategory/cbc:ID")),
        tax_percent: gather.number(entry.at("cac:TaxCategory/cbc:Percent")),
    })
}

fn read_line(line: Element<'_>, gather: &mut Gather) -> Line {
    let quantity = line.at("cbc:InvoicedQuantity").or_else(|| line.at("cbc:CreditedQuantity"));
    let item = |path: &str| line.at("cac:Item").and_then(|item| item.at(path));
    let name = gather.text(item("cbc:Name"));
    let code = gather.text(item("cac:SellersItemIdentification/cbc:ID"));
    Line {
        id: gather.text(line.at("cbc:ID")),
        description: name.or_else(|| gather.text(item("cbc:Description"))),
        quantity: gather.number(quantity),
        unit: gather.attribute(quantity, "unitCode"),
        unit_price: gather.amount(line.at("cac:Price/cbc:PriceAmount")),
        price_base: gather.number(line.at("cac:Price/cbc:BaseQuantity")),
        period: period(line, gather),
        net: gather.amount(line.at("cbc:LineExtensionAmount")),
        tax_category: gather.text(item("cac:ClassifiedTaxCategory/cbc:ID")),
        tax_percent: gather.number(item("cac:ClassifiedTaxCategory/cbc:Percent")),
        item_code: code.or_else(|| gather.text(item("cac:StandardItemIdentification/cbc:ID"))),
        order_line: gather.text(line.at("cac:OrderLineReference/cbc:LineID")),
        adjustments: adjustments(line, gather),
    }
}
