//! Choices of amounts that come to a sum.
//!
//! Owns that a search ends: so many steps for one whole, so many hits.

/// Steps for one whole and one kind of bond.
pub(crate) const STEPS_MAX: usize = 20_000;
/// Hits that are told; where there are more, none of them is the one.
const HITS_MAX: usize = 8;

/// An amount and where it stands.
pub(crate) type Amount = (i64, usize);

/// Choices of exactly so many that make the sum. Amounts have one sign and are in order, the largest first.
pub(crate) fn of_size(amounts: &[Amount], target: i64, size: usize, steps: &mut usize) -> Vec<Vec<usize>> {
    let mut hits: Vec<Vec<usize>> = Vec::new();
    let mut search = Search { last_follows: true, steps, chosen: Vec::with_capacity(size) };
    search.choose(amounts, target, size - 1, &mut |rest, chosen, after| {
        let from = after.partition_point(|(minor, _)| minor.unsigned_abs() > rest.unsigned_abs());
        for (_, last) in after[from..].iter().take_while(|(minor, _)| *minor == rest) {
            if hits.len() < HITS_MAX {
                hits.push(chosen.iter().copied().chain([*last]).collect());
            }
        }
    });
    hits
}

/// Every choice of so many that leaves something of the target: shows what it leaves, and the choice.
pub(crate) fn each(
    amounts: &[Amount],
    target: i64,
    size: usize,
    steps: &mut usize,
    see: &mut impl FnMut(i64, &[usize]),
) {
    let mut search = Search { last_follows: false, steps, chosen: Vec::with_capacity(size) };
    search.choose(amounts, target, size, &mut |rest, chosen, _| see(rest, chosen));
}

/// Ways to choose so many of so many, as far as they can be counted.
pub(crate) fn choices(of: usize, size: usize) -> u64 {
    (0..size as u64).fold(1, |ways, at| ways.saturating_mul((of as u64).saturating_sub(at)) / (at + 1))
}

struct Search<'s> {
    /// Whether one more amount, no larger than those chosen, must make up what is left.
    last_follows: bool,
    steps: &'s mut usize,
    chosen: Vec<usize>,
}

impl Search<'_> {
    fn choose(&mut self, amounts: &[Amount], target: i64, size: usize, see: &mut impl FnMut(i64, &[usize], &[Amount])) {
        let parts = (size + usize::from(self.last_follows)) as u64;
        for (at, (minor, place)) in amounts.iter().enumerate() {
            if *self.steps == 0
                || self.last_follows && minor.unsigned_abs().saturating_mul(parts) < target.unsigned_abs()
            {
                return;
            }
            *self.steps -= 1;
            let rest = target - minor;
            if rest.signum() != target.signum() {
                continue;
            }
            self.chosen.push(*place);
            match size {
                1 => see(rest, &self.chosen, &amounts[at + 1..]),
                _ => self.choose(&amounts[at + 1..], rest, size - 1, see),
            }
            self.chosen.pop();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn m31_sums_are_found_and_counted_and_a_search_ends() {
        let amounts: Vec<Amount> = [-700, -300, -200, -200, -100].into_iter().zip(0..).collect();
        let of_size = |target, size| of_size(&amounts, target, size, &mut STEPS_MAX.clone());
        assert_eq!(of_size(-900, 2), [[0, 2], [0, 3]]);
        assert_eq!((of_size(-700, 4), of_size(-850, 3)), (Vec::<Vec<usize>>::new(), Vec::new()));
        assert_eq!((choices(5, 2), choices(24, 6), choices(2, 3)), (10, 134_596, 0));
        let (many, mut steps, mut seen): (Vec<Amount>, _, _) = ((0..60).map(|at| (100, at)).collect(), STEPS_MAX, 0);
        each(&many, 1_000, 5, &mut steps, &mut |_, _| seen += 1);
        assert!(steps == 0 && seen < STEPS_MAX, "{steps} {seen}");
    }
}
