//! What a new organisation of each country starts with: accounts, tax rates, currencies and the tax year.

use serde::{Deserialize, Serialize};

/// Where an organisation is registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Country {
    /// United Kingdom: VAT, pounds.
    #[default]
    Uk,
    /// Australia: GST, dollars.
    Au,
}

/// What follows from the country.
pub(super) struct Figures {
    pub(super) version: &'static str,
    pub(super) code: &'static str,
    pub(super) currency: &'static str,
    pub(super) timezone: &'static str,
    pub(super) tax_number: &'static str,
    /// Day and month.
    pub(super) year_end: (u8, u8),
    pub(super) tax_basis: &'static str,
    pub(super) tax_period: &'static str,
    pub(super) currencies: &'static [(&'static str, &'static str)],
    pub(super) sales_tax: &'static str,
    pub(super) purchase_tax: &'static str,
    pub(super) zero_sales_tax: &'static str,
    pub(super) free_purchase_tax: &'static str,
    /// Name and percentage of a rate that the organisation has made itself.
    pub(super) own_tax: (&'static str, &'static str),
    /// Name, type, component, rate, report type, classes.
    pub(super) tax_rates:
        &'static [(&'static str, &'static str, &'static str, &'static str, &'static str, &'static str)],
}

const UK: Figures = Figures {
    version: "UK",
    code: "GB",
    currency: "GBP",
    timezone: "GMTSTANDARDTIME",
    tax_number: "GB 999 0000 00",
    year_end: (31, 3),
    tax_basis: "ACCRUALS",
    tax_period: "QUARTERLY1",
    currencies: &[("GBP", "British Pound"), ("EUR", "Euro"), ("USD", "United States Dollar")],
    sales_tax: "OUTPUT2",
    purchase_tax: "INPUT2",
    zero_sales_tax: "ZERORATEDOUTPUT",
    free_purchase_tax: "ZERORATEDINPUT",
    own_tax: ("12.5% (VAT on Hospitality)", "12.5"),
    tax_rates: &[
        ("20% (VAT on Income)", "OUTPUT2", "VAT", "20", "OUTPUT", "ELR"),
        ("20% (VAT on Expenses)", "INPUT2", "VAT", "20", "INPUT", "AEXL"),
        ("20% (VAT on Capital Purchases)", "CAPEXINPUT2", "VAT", "20", "CAPITALEXPENSESINPUT", "AEXL"),
        ("5% (VAT on Income)", "RROUTPUT", "VAT", "5", "OUTPUT", "ELR"),
        ("5% (VAT on Expenses)", "RRINPUT", "VAT", "5", "INPUT", "AEXL"),
        ("Zero Rated Income", "ZERORATEDOUTPUT", "VAT", "0", "OUTPUT", "ELR"),
        ("Zero Rated Expenses", "ZERORATEDINPUT", "VAT", "0", "INPUT", "AEXL"),
        ("Exempt Income", "EXEMPTOUTPUT", "VAT", "0", "EXEMPTOUTPUT", "ELR"),
        ("Exempt Expenses", "EXEMPTINPUT", "VAT", "0", "EXEMPTINPUT", "AEXL"),
        ("EC Acquisitions (20%)", "ECACQUISITIONS", "VAT", "0", "ECACQUISITIONS", "AEXL"),
        ("Zero Rated EC Goods Income", "ECZROUTPUT", "VAT", "0", "ECOUTPUT", "ELR"),
        ("Domestic Reverse Charge @ 20% (VAT on Income)", "DRCHARGESUPPLY20", "VAT", "0", "DRCHARGESUPPLY", "ELR"),
        ("Domestic Reverse Charge @ 20% (VAT on Expenses)", "DRCHARGE20", "VAT", "0", "DRCHARGE", "AEXL"),
        ("Reverse Charge Expenses (20%)", "REVERSECHARGES", "VAT", "0", "REVERSECHARGES", "AEXL"),
        ("No VAT", "NONE", "VAT", "0", "NONE", "AEXLR"),
    ],
};

const AU: Figures = Figures {
    version: "AU",
    code: "AU",
    currency: "AUD",
    timezone: "AUSEASTERNSTANDARDTIME",
    tax_number: "11 111 111 138",
    year_end: (30, 6),
    tax_basis: "ACCRUALS",
    tax_period: "QUARTERLY1",
    currencies: &[("AUD", "Australian Dollar"), ("EUR", "Euro"), ("USD", "United States Dollar")],
    sales_tax: "OUTPUT",
    purchase_tax: "INPUT",
    zero_sales_tax: "EXEMPTOUTPUT",
    free_purchase_tax: "EXEMPTEXPENSES",
    own_tax: ("Mixed Supplies (5%)", "5"),
    tax_rates: &[
        ("GST on Income", "OUTPUT", "GST", "10", "OUTPUT", "ELR"),
        ("GST on Expenses", "INPUT", "GST", "10", "INPUT", "AEXL"),
        ("GST on Capital", "CAPEXINPUT", "GST", "10", "CAPITALEXPENSESINPUT", "AEXL"),
        ("GST Free Income", "EXEMPTOUTPUT", "GST", "0", "EXEMPTOUTPUT", "ELR"),
        ("GST Free Expenses", "EXEMPTEXPENSES", "GST", "0", "EXEMPTEXPENSES", "AEXL"),
        ("GST Free Capital", "EXEMPTCAPITAL", "GST", "0", "EXEMPTCAPITAL", "AEXL"),
        ("GST Free Exports", "EXEMPTEXPORT", "GST", "0", "EXEMPTEXPORT", "ELR"),
        ("Input Taxed", "INPUTTAXED", "GST", "0", "INPUTTAXED", "ELR"),
        ("GST on Imports", "GSTONIMPORTS", "GST", "0", "GSTONIMPORTS", "AEXL"),
        ("BAS Excluded", "BASEXCLUDED", "GST", "0", "BASEXCLUDED", "AEXLR"),
        ("No Tax", "NONE", "GST", "0", "NONE", "AEXLR"),
    ],
};

impl Country {
    pub(super) fn figures(self) -> &'static Figures {
        match self {
            Country::Uk => &UK,
            Country::Au => &AU,
        }
    }
}

/// Code, name, type, tax side (`S` sales, `P` purchases, `N` none), system name.
pub(super) type Entry = (&'static str, &'static str, &'static str, char, &'static str);

/// The ledger accounts besides bank accounts.
pub(super) const ACCOUNTS: &[Entry] = &[
    ("200", "Sales", "REVENUE", 'S', ""),
    ("205", "Workshop Fees", "REVENUE", 'S', ""),
    ("210", "Consulting Income", "REVENUE", 'S', ""),
    ("260", "Other Revenue", "REVENUE", 'S', ""),
    ("270", "Interest Income", "OTHERINCOME", 'N', ""),
    ("310", "Cost of Goods Sold", "DIRECTCOSTS", 'P', ""),
    ("320", "Direct Wages", "DIRECTCOSTS", 'N', ""),
    ("325", "Subcontractors", "DIRECTCOSTS", 'P', ""),
    ("400", "Advertising", "OVERHEADS", 'P', ""),
    ("401", "Audit and Accountancy Fees", "OVERHEADS", 'P', ""),
    ("404", "Bank Fees", "OVERHEADS", 'N', ""),
    ("408", "Cleaning", "OVERHEADS", 'P', ""),
    ("412", "Consulting", "OVERHEADS", 'P', ""),
    ("416", "Depreciation", "DEPRECIATN", 'N', ""),
    ("420", "Entertainment", "OVERHEADS", 'N', ""),
    ("425", "Postage and Courier", "OVERHEADS", 'P', ""),
    ("429", "General Expenses", "OVERHEADS", 'P', ""),
    ("433", "Insurance", "OVERHEADS", 'N', ""),
    ("437", "Interest Paid", "OVERHEADS", 'N', ""),
    ("441", "Legal Expenses", "OVERHEADS", 'P', ""),
    ("445", "Light, Power, Heating", "OVERHEADS", 'P', ""),
    ("449", "Motor Vehicle Expenses", "OVERHEADS", 'P', ""),
    ("453", "Office Expenses", "OVERHEADS", 'P', ""),
    ("456", "Equipment Hire", "OVERHEADS", 'P', ""),
    ("461", "Printing and Stationery", "OVERHEADS", 'P', ""),
    ("463", "IT Software and Hosting", "OVERHEADS", 'P', ""),
    ("469", "Rent", "OVERHEADS", 'P', ""),
    ("473", "Repairs and Maintenance", "OVERHEADS", 'P', ""),
    ("477", "Salaries", "OVERHEADS", 'N', ""),
    ("485", "Subscriptions", "OVERHEADS", 'P', ""),
    ("489", "Telephone and Internet", "OVERHEADS", 'P', ""),
    ("493", "Travel", "OVERHEADS", 'P', ""),
    ("497", "Bank Revaluations", "EXPENSE", 'N', "BANKCURRENCYGAIN"),
    ("498", "Unrealised Currency Gains", "EXPENSE", 'N', "UNREALISEDCURRENCYGAIN"),
    ("499", "Realised Currency Gains", "EXPENSE", 'N', "REALISEDCURRENCYGAIN"),
    ("610", "Accounts Receivable", "CURRENT", 'N', "DEBTORS"),
    ("620", "Prepayments", "CURRENT", 'N', ""),
    ("630", "Inventory", "INVENTORY", 'N', ""),
    ("710", "Office Equipment", "FIXED", 'P', ""),
    ("711", "Accumulated Depreciation, Office Equipment", "FIXED", 'N', ""),
    ("720", "Computer Equipment", "FIXED", 'P', ""),
    ("800", "Accounts Payable", "CURRLIAB", 'N', "CREDITORS"),
    ("801", "Accruals", "CURRLIAB", 'N', ""),
    ("805", "Unpaid Expense Claims", "CURRLIAB", 'N', "UNPAIDEXPCLM"),
    ("810", "Income in Advance", "CURRLIAB", 'N', ""),
    ("820", "Sales Tax", "CURRLIAB", 'N', "GST"),
    ("825", "Payroll Taxes Payable", "CURRLIAB", 'N', ""),
    ("835", "Directors' Loan Account", "CURRLIAB", 'N', ""),
    ("840", "Historical Adjustment", "CURRLIAB", 'N', "HISTORICAL"),
    ("850", "Clearing", "CURRLIAB", 'N', ""),
    ("860", "Rounding", "CURRLIAB", 'N', "ROUNDING"),
    ("877", "Tracking Transfers", "CURRLIAB", 'N', "TRACKINGTRANSFERS"),
    ("900", "Loan", "TERMLIAB", 'N', ""),
    ("960", "Retained Earnings", "EQUITY", 'N', "RETAINEDEARNINGS"),
    ("970", "Capital Contributed", "EQUITY", 'N', ""),
];

/// Bank accounts: code, name, number, currency offset into the country's list, type.
pub(super) const BANKS: &[(&str, &str, &str, usize, &str)] = &[
    ("090", "Business Current Account", "20000012345678", 0, "BANK"),
    ("091", "Business Savings Account", "20000087654321", 0, "BANK"),
    ("092", "Company Card", "4417", 0, "CREDITCARD"),
    ("", "Euro Account", "20000044556677", 1, "BANK"),
];
