//! Running balances held against amounts: the best witness of what a column means.
//!
//! Owns the arithmetic in file order and in reverse, since many banks list the newest entry first. A balance may stand on
//! some rows only; between two of them the amounts add up.

use statement_lines::model::{Entry, Status};
use statement_lines::{Exact, Findings, ProblemCode};

/// How many balances follow from the ones before, of how many that could.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Proof {
    pub hits: usize,
    pub of: usize,
    pub newest_first: bool,
}

impl Proof {
    pub fn is_convincing(&self) -> bool {
        self.hits >= 2 && self.hits * 3 >= self.of * 2 || self.hits == 1 && self.of == 1
    }
}

/// Amounts and balances of rows, in file order.
pub(crate) type Rows<'r> = &'r [(Option<Exact>, Option<Exact>)];

/// Both directions; the better one.
pub(crate) fn prove(rows: Rows<'_>) -> Proof {
    let forward = walk(rows.iter(), |_, _| ());
    let backward = walk(rows.iter().rev(), |_, _| ());
    let better = backward.0 > forward.0;
    let (hits, of) = if better { backward } else { forward };
    Proof { hits, of, newest_first: better }
}

/// Goes through rows in the order of time, and tells of each balance that does not follow.
fn walk<'r>(
    rows: impl Iterator<Item = &'r (Option<Exact>, Option<Exact>)>,
    mut miss: impl FnMut(usize, Exact),
) -> (usize, usize) {
    let (mut hits, mut of) = (0, 0);
    let mut last: Option<Exact> = None;
    let mut sum = Exact::new(0, 0);
    for (step, (amount, balance)) in rows.enumerate() {
        sum = sum.zip(*amount).and_then(|(sum, amount)| sum.try_add(amount));
        let Some(balance) = *balance else { continue };
        if let Some(last) = last {
            of += 1;
            let gap = sum.and_then(|sum| last.try_add(sum)).and_then(|reached| balance.try_sub(reached));
            match gap {
                Some(gap) if gap.is_zero() => hits += 1,
                gap => miss(step, gap.unwrap_or(balance)),
            }
        }
        last = Some(balance);
        sum = Exact::new(0, 0);
    }
    (hits, of)
}

/// Tells of each running balance of a statement that does not follow.
pub(crate) fn check(entries: &[Entry], findings: &mut Findings) -> Proof {
    let booked: Vec<&Entry> = entries.iter().filter(|entry| entry.status == Status::Booked).collect();
    let rows: Vec<_> = booked.iter().map(|entry| (entry.amount, entry.balance)).collect();
    let proof = prove(&rows);
    let mut missed = Vec::new();
    if proof.newest_first {
        walk(rows.iter().rev(), |step, gap| missed.push((rows.len() - 1 - step, gap)));
        missed.reverse();
    } else {
        walk(rows.iter(), |step, gap| missed.push((step, gap)));
    }
    for (row, gap) in missed {
        let words = format!(
            "The balance of this row is off by {gap} from what the row before it in time leads to: \
             a row is missing, or out of order."
        );
        findings.note(ProblemCode::RunningBalanceDiffers, booked[row].place, words);
    }
    proof
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn balances_are_proved_in_either_direction() {
        let exact = |units: i64| Exact::new(units, 2);
        let rows = [(exact(500), exact(500)), (exact(-20), exact(480)), (exact(-5), None), (exact(-5), exact(470))];
        assert_eq!(prove(&rows), Proof { hits: 2, of: 2, newest_first: false });
        let newest = [(exact(-5), exact(475)), (exact(-20), exact(480)), (exact(500), exact(500))];
        assert_eq!(prove(&newest), Proof { hits: 2, of: 2, newest_first: true });
        let entries: Vec<Entry> = [(-5, 475), (-20, 481), (500, 500)]
            .map(|(amount, balance)| Entry { amount: exact(amount), balance: exact(balance), ..Entry::default() })
            .into();
        let mut findings = Findings::default();
        assert_eq!(check(&entries, &mut findings).hits, 0);
        assert_eq!(findings.problems.len(), 2);
    }
}
