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

/// Amounts without any sign take theirs from the balances between which they stand. False where they do not follow from
/// them in either direction; then nothing was changed. The first in time has no balance before it but the opening one.
pub(crate) fn sign_by_balance(entries: &mut [Entry], opening: Option<Exact>) -> bool {
    let unsigned = |entry: &Entry| entry.amount.is_none_or(|amount| !amount.is_negative());
    if !entries.iter().all(unsigned) {
        return false;
    }
    let forward = signs(entries.iter(), opening);
    let mut backward = signs(entries.iter().rev(), opening);
    backward.reverse();
    let known = |signs: &[Option<bool>]| signs.iter().flatten().count();
    let signs = if known(&backward) > known(&forward) { backward } else { forward };
    let (hits, of) = (known(&signs), signs.len().saturating_sub(usize::from(opening.is_none())));
    if hits == 0 || hits * 3 < of * 2 {
        return false;
    }
    for (entry, sign) in entries.iter_mut().zip(signs) {
        if sign == Some(false) {
            entry.amount = entry.amount.and_then(Exact::try_neg);
        }
    }
    true
}

/// For each entry in the order of time, whether money came in, where the balances before and after it say so.
fn signs<'e>(entries: impl Iterator<Item = &'e Entry>, opening: Option<Exact>) -> Vec<Option<bool>> {
    let mut last = opening;
    let sign = |entry: &Entry| {
        let (before, amount, after) = (last, entry.amount, entry.balance);
        last = after.or(last);
        let (before, amount, after) = (before?, amount?, after?);
        let reached = |amount: Exact| before.try_add(amount) == Some(after);
        match (reached(amount), amount.try_neg().is_some_and(reached)) {
            (true, _) => Some(true),
            (false, true) => Some(false),
            (false, false) => None,
        }
    };
    entries.map(sign).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_without_signs_take_them_from_the_balances() {
        let exact = |units: i64| Exact::new(units, 2);
        let made = |rows: &[(i64, i64)]| -> Vec<Entry> {
            let entry = |(amount, balance): &(i64, i64)| Entry {
                amount: exact(*amount),
                balance: exact(*balance),
                ..Entry::default()
            };
            rows.iter().map(entry).collect()
        };
        let amounts = |entries: &[Entry]| entries.iter().map(|entry| entry.amount).collect::<Vec<_>>();
        let mut rows = made(&[(10, 90), (100, 190), (5, 185)]);
        assert!(sign_by_balance(&mut rows, exact(100)));
        assert_eq!(amounts(&rows), [exact(-10), exact(100), exact(-5)]);
        let mut newest = made(&[(5, 185), (100, 190), (10, 90)]);
        assert!(sign_by_balance(&mut newest, None));
        assert_eq!(amounts(&newest), [exact(-5), exact(100), exact(10)]);
        assert!(!sign_by_balance(&mut made(&[(5, 10), (7, 11)]), None));
    }

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
