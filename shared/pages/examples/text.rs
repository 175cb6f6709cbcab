//! Prints the text of a PDF, line by line, and the names of files attached as invoices: `cargo run --example text FILE`.

use std::io::Write as _;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).ok_or("which file?")?;
    let bytes = std::fs::read(path)?;
    let pdf = pages::Pdf::open(&bytes)?;
    let mut out = std::io::stdout().lock();
    writeln!(out, "{} pages", pdf.page_count()?)?;
    for attachment in pdf.attachments(&["factur-x.xml", "zugferd-invoice.xml", "xrechnung.xml"])? {
        writeln!(out, "attached: {} ({} bytes)", attachment.name, attachment.bytes.len())?;
    }
    for (number, page) in pdf.pages()?.iter().enumerate() {
        writeln!(out, "page {}", number + 1)?;
        for line in &page.lines {
            writeln!(out, "{:>5} {}", line.base, line.text())?;
        }
    }
    Ok(())
}
