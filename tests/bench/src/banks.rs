//! Bank statements and the matcher on one core: instructions counted by callgrind, peak memory, and how often it is right on
//! books whose truth is known.

use std::fmt::Write as _;
use std::time::Instant;

use anyhow::{Context, ensure};
use bank_truth::{Answer, Benchmark, Dial, benchmark, score};
use banking::{Row, reconcile};
use serde_json::json;
use statements::Expected;

use crate::Figure;
use crate::start::instructions;

/// How this program is told to read a file of that format, and nothing else.
pub const READ_ALONE: [(&str, &str); 4] = [
    ("csv", "--read-csv-alone"),
    ("ofx", "--read-ofx-alone"),
    ("camt", "--read-camt-alone"),
    ("mt940", "--read-mt940-alone"),
];
/// How this program is told to match so many lines a side, and to print the most memory that it took.
pub const MATCH_ALONE: &str = "--match-alone";
/// Entries of the files that are read.
const ENTRIES: usize = 20_000;
/// Seed of the books; one that nothing was tuned by.
const SEED: u64 = 101;
/// Lines of the books that are scored.
const SCORED_LINES: usize = 10_000;
/// Most memory of 100,000 lines a side, rows included.
const PEAK_KIB_MAX: u64 = 256 * 1024;

/// Bounds of instructions a byte: what is kept today. At a billion a second, 150 MB/s of CSV would be 6.
const BYTE_BOUNDS: [(&str, u64); 4] = [("csv", 190), ("ofx", 120), ("camt", 120), ("mt940", 150)];

/// Measures all of it. Needs valgrind.
pub fn measure(lines: usize) -> anyhow::Result<Vec<Figure>> {
    let mut figures = Vec::new();
    let names = [
        "reading CSV: instructions a byte",
        "reading OFX: instructions a byte",
        "reading CAMT.053: instructions a byte",
        "reading MT940: instructions a byte",
    ];
    for (((format, alone), name), (_, bound)) in READ_ALONE.iter().zip(names).zip(BYTE_BOUNDS) {
        let counted = instructions(alone, 1)?.saturating_sub(instructions(alone, 0)?);
        figures.push(Figure::at_most(name, counted / file(format)?.len() as u64, bound, ""));
    }
    figures.extend(curve(lines)?);
    figures.extend(quality()?);
    Ok(figures)
}

/// Time a line as sizes grow, as shares of the first, and the most memory of the largest.
fn curve(lines: usize) -> anyhow::Result<Vec<Figure>> {
    let mut shown = String::new();
    let mut first = 0;
    for size in [1_000, 10_000, lines] {
        let drawn = drawn(size)?;
        let (statement, feed, ledger) = (rows(&drawn.statement), rows(&drawn.feed), rows(&drawn.ledger));
        let began = Instant::now();
        ensure!(!reconcile(&statement, &feed, &ledger).matches.is_empty(), "nothing was matched");
        let each = began.elapsed().as_nanos() / size as u128;
        if first == 0 {
            first = each.max(1);
        }
        let tenths = each * 10 / first;
        write!(shown, "{}{}.{}", if shown.is_empty() { "" } else { " : " }, tenths / 10, tenths % 10)?;
    }
    let output =
        std::process::Command::new(std::env::current_exe()?).args([MATCH_ALONE, &lines.to_string()]).output()?;
    let peak = String::from_utf8(output.stdout)?.trim().parse().context("no peak was printed")?;
    Ok(vec![
        Figure::beside("matching: time a line at 1,000, 10,000 and all lines, as shares", shown),
        Figure::at_most("matching three ways, all lines: peak memory with the rows", peak, PEAK_KIB_MAX, "KiB"),
    ])
}

/// How often the matcher is right, on books that know nothing of it.
fn quality() -> anyhow::Result<Vec<Figure>> {
    let drawn = drawn(SCORED_LINES)?;
    let report = reconcile(&rows(&drawn.statement), &rows(&drawn.feed), &rows(&drawn.ledger));
    let answer: Answer = serde_json::from_value(json!({ "matches": report.matches, "findings": report.findings }))?;
    let found = score(&drawn, &answer);
    let share = |found: Option<u64>| found.context("nothing to score");
    let (pairs, certain, groups) = (found.statement_ledger, found.certain, found.groups);
    ensure!(found.rows_used_twice == 0 && found.mixed_currencies == 0, "rows were used twice or currencies mixed");
    Ok(vec![
        Figure::at_least_thousandths(
            "matching: one-to-one pairs that are right",
            share(pairs.precision_per_mille())?,
            995,
        ),
        Figure::at_least_thousandths(
            "matching: one-to-one pairs that are found",
            share(pairs.recall_per_mille())?,
            990,
        ),
        Figure::at_least_thousandths(
            "matching: certain ones that are right",
            share(certain.precision_per_mille())?,
            999,
        ),
        Figure::at_least_thousandths(
            "matching: pairs that are called certain",
            share(certain.recall_per_mille())?,
            900,
        ),
        Figure::at_least_thousandths("matching: groups that are right", share(groups.precision_per_mille())?, 950),
        Figure::at_least_thousandths("matching: groups that are found", share(groups.recall_per_mille())?, 900),
    ])
}

/// What the program does under callgrind: reads one file so many times.
pub fn read_alone(format: &str, rounds: usize) -> anyhow::Result<()> {
    let file = file(format)?;
    for _ in 0..rounds {
        let parsed = statements::read(&file, &Expected::default())?;
        let entries: usize = parsed.statements().iter().map(|statement| statement.entries.len()).sum();
        ensure!(entries == ENTRIES, "{format}: {entries} entries were read");
    }
    Ok(())
}

/// Matches so many lines, and prints the most memory in KiB.
pub fn match_alone(lines: usize) -> anyhow::Result<()> {
    let drawn = drawn(lines)?;
    let (statement, feed, ledger) = (rows(&drawn.statement), rows(&drawn.feed), rows(&drawn.ledger));
    drop(drawn);
    // What drawing took is nobody's concern: the peak counts from here.
    std::fs::write("/proc/self/clear_refs", "5").context("cannot set the peak back")?;
    ensure!(!reconcile(&statement, &feed, &ledger).matches.is_empty(), "nothing was matched");
    let status = std::fs::read_to_string("/proc/self/status")?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("no peak")?;
    println!("{}", peak.trim().trim_end_matches(" kB"));
    Ok(())
}

fn drawn(lines: usize) -> anyhow::Result<Benchmark> {
    Ok(benchmark(SEED, &Dial::usual(lines))?)
}

fn rows(side: &[bank_truth::Row]) -> Vec<Row> {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let row = |row: &bank_truth::Row| Row {
        id: row.id.clone(),
        account: row.account.to_string(),
        date: row.date,
        amount: row.money,
        description: row.description.clone(),
        reference: text(&row.reference),
        payee: text(&row.payee),
        bank_id: text(&row.bank_id),
    };
    side.iter().map(row).collect()
}

/// A file of that format, all of its entries different.
fn file(format: &str) -> anyhow::Result<Vec<u8>> {
    let mut out = String::new();
    match format {
        "csv" => out.push_str("Date,Description,Amount,Balance\n"),
        "ofx" => out.push_str(OFX_HEAD),
        "camt" => out.push_str(CAMT_HEAD),
        _ => out.push_str(":20:STARTUMS\n:25:10020030/1234567\n:28C:1/1\n:60F:C260101GBP0,00\n"),
    }
    let mut balance = 0_i64;
    for at in 0..ENTRIES {
        let (day, minor) = (at % 28 + 1, -i64::try_from(at % 9_000)? - 105);
        balance += minor;
        let cents = |minor: i64| format!("{}.{:02}", minor.abs() / 100, minor.abs() % 100);
        let (amount, name) = (cents(minor), format!("CARD {at:06} HILLTOP STATIONERS LONDON"));
        match format {
            "csv" => writeln!(out, "2026-01-{day:02},{name},-{amount},-{}", cents(balance))?,
            "ofx" => writeln!(
                out,
                "<STMTTRN><TRNTYPE>DEBIT<DTPOSTED>202601{day:02}120000<TRNAMT>-{amount}<FITID>F{at:08}<NAME>{name}</STMTTRN>"
            )?,
            "camt" => writeln!(
                out,
                "<Ntry><Amt Ccy=\"GBP\">{amount}</Amt><CdtDbtInd>DBIT</CdtDbtInd><Sts>BOOK</Sts><BookgDt><Dt>2026-01-{day:02}</Dt></BookgDt><AcctSvcrRef>R{at:08}</AcctSvcrRef><NtryDtls><TxDtls><RmtInf><Ustrd>{name}</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>"
            )?,
            _ => writeln!(out, ":61:2601{day:02}D{}NMSCNONREF//B{at:08}\n:86:{name}", amount.replace('.', ","))?,
        }
    }
    match format {
        "csv" => (),
        "ofx" => out.push_str("</BANKTRANLIST></STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>\n"),
        "camt" => out.push_str("</Stmt></BkToCstmrStmt></Document>\n"),
        _ => writeln!(out, ":62F:D260131GBP{},{:02}\n-", balance.abs() / 100, balance.abs() % 100)?,
    }
    Ok(out.into_bytes())
}

const OFX_HEAD: &str = "OFXHEADER:100\nDATA:OFXSGML\nVERSION:102\nSECURITY:NONE\nENCODING:USASCII\nCHARSET:1252\n\
    COMPRESSION:NONE\nOLDFILEUID:NONE\nNEWFILEUID:NONE\n\n<OFX><BANKMSGSRSV1><STMTTRNRS><STMTRS><CURDEF>GBP\
    <BANKACCTFROM><BANKID>100200<ACCTID>1234567<ACCTTYPE>CHECKING</BANKACCTFROM><BANKTRANLIST>\n";
const CAMT_HEAD: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
    <Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.053.001.02\"><BkToCstmrStmt><Stmt><Id>S1</Id>\
    <Acct><Id><IBAN>GB00BANK10020030123456</IBAN></Id><Ccy>GBP</Ccy></Acct>\n";
