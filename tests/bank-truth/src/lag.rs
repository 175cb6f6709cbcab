//! When the bank books a movement and what date the bookkeeper gives it.
//!
//! Owns the gap between the two: normally the ledger is earlier, and never are they further apart than the dial says.

use crate::days::Days;
use crate::dial::Lag;
use crate::dice::Dice;

/// How a movement travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    /// A card: one to four business days.
    Card,
    /// A payment that runs over night or takes longer.
    Payment,
    /// The bank's own line, or one that both sides agree on the day of.
    SameDay,
}

/// Business days that a card takes at most.
const CARD_DAYS_MAX: u32 = 4;
/// Days that a ledger entry is late at most.
const LATE_DAYS_MAX: i64 = 3;
/// A wrong date lies this much further off than the longest lag, so that no honest lag looks like one.
const CLEAR_DAYS: u32 = 8;
/// Days between which wrong dates are spread.
const WRONG_DAYS_SPAN: u32 = 30;

/// The day on which the bank books what happened on a day.
pub(crate) fn posted(days: &Days, lag: &Lag, route: Route, day: u32, dice: &mut Dice) -> u32 {
    let steps = match route {
        Route::Card => 1 + dice.run(lag.further_day, CARD_DAYS_MAX - 1),
        Route::Payment => dice.run(lag.further_day, lag.days_max),
        Route::SameDay => 0,
    };
    let mut posted = days.working_from(day);
    for _ in 0..steps {
        posted = days.working_from(posted + 1);
    }
    let last = day + lag.days_max;
    if posted > last { days.working_until(last) } else { posted }
}

/// The date that the bookkeeper gives to what happened on a day.
pub(crate) fn booked(lag: &Lag, day: u32, dice: &mut Dice) -> u32 {
    let late = dice.chance(lag.ledger_late);
    if late { day + dice.between(1, LATE_DAYS_MAX) as u32 } else { day }
}

/// A date that is further from the bank's than any lag.
pub(crate) fn wrong(lag: &Lag, posted: u32, dice: &mut Dice) -> u32 {
    let off = lag.days_max + CLEAR_DAYS + dice.below(WRONG_DAYS_SPAN as usize) as u32;
    // Mostly an old document that was found late; now and then the wrong month ahead.
    if dice.chance(700) { posted.saturating_sub(off) } else { posted + off }
}
