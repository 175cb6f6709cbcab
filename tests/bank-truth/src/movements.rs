//! The true movements: what happened on which account, on which day, with whom.
//!
//! Owns the mix of kinds, the series that recur, and equal purchases on one day. Knows nothing of how a side tells it.

use crate::amounts::{PRICE_POINTS, swappable};
use crate::dice::{Channel, Dice};
use crate::fates::{Fate, deal, reexported};
use crate::lag::{Route, booked, posted};
use crate::world::World;

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    SalesReceipt,
    SupplierPayment,
    CardPurchase,
    /// A card purchase in another currency.
    FxPurchase,
    Refund,
    DirectDebit,
    WeeklyDebit,
    StandingOrder,
    Transfer,
    Fee,
    Payroll,
}

/// One movement on one account.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Movement {
    pub(crate) kind: Kind,
    pub(crate) fate: Fate,
    pub(crate) account: u32,
    /// The party's number; of a transfer, the other account's.
    pub(crate) party: u32,
    /// Money in is positive. What groups amount to is drawn with their parts.
    pub(crate) minor: i64,
    /// The number of its invoice, its mandate or its order.
    pub(crate) number: u32,
    pub(crate) happened: u32,
    pub(crate) posted: u32,
    pub(crate) booked: u32,
    /// The second of two equal purchases; it follows the first.
    pub(crate) is_twin: bool,
}

/// Kinds of movements without a group or a fee, by weight.
const MIX: &[(Kind, usize)] = &[
    (Kind::SalesReceipt, 30),
    (Kind::SupplierPayment, 22),
    (Kind::CardPurchase, 32),
    (Kind::FxPurchase, 5),
    (Kind::Refund, 3),
    (Kind::Transfer, 3),
    (Kind::Fee, 3),
    (Kind::Payroll, 2),
];
const SPLIT_MIX: &[(Kind, usize)] = &[(Kind::SalesReceipt, 5), (Kind::SupplierPayment, 3), (Kind::Payroll, 2)];
const MERGED_MIX: &[(Kind, usize)] = &[(Kind::SalesReceipt, 3), (Kind::SupplierPayment, 2)];

/// Series that take over the amount, the account and the weekday of the one before.
const EQUAL_SERIES: u32 = 300;
const WEEK: usize = 7;

impl Kind {
    /// Between what, in minor units, its amounts lie.
    pub(crate) fn range(self) -> (i64, i64) {
        match self {
            Self::SalesReceipt => (2_000, 1_500_000),
            Self::SupplierPayment => (1_000, 900_000),
            Self::CardPurchase | Self::FxPurchase | Self::Refund => (250, 40_000),
            Self::DirectDebit | Self::StandingOrder => (800, 90_000),
            Self::WeeklyDebit => (500, 30_000),
            Self::Transfer => (10_000, 2_000_000),
            Self::Fee => (150, 2_500),
            Self::Payroll => (120_000, 450_000),
        }
    }

    pub(crate) fn sign(self) -> i64 {
        if matches!(self, Self::SalesReceipt | Self::Refund) { 1 } else { -1 }
    }

    /// Whether a card and its terminal stand in the bank's text.
    pub(crate) fn is_by_card(self) -> bool {
        matches!(self, Self::CardPurchase | Self::FxPurchase | Self::Refund)
    }

    /// Whether it comes each week or each month.
    pub(crate) fn recurs(self) -> bool {
        matches!(self, Self::DirectDebit | Self::WeeklyDebit | Self::StandingOrder)
    }

    fn route(self) -> Route {
        match self {
            _ if self.is_by_card() => Route::Card,
            Self::SalesReceipt | Self::SupplierPayment | Self::Payroll => Route::Payment,
            _ => Route::SameDay,
        }
    }
}

/// Every movement of a benchmark, by the day on which the bank books it.
pub(crate) fn drawn(world: &World<'_>) -> Vec<Movement> {
    let dealt = deal(world.seed, world.dial);
    let mut movements = Vec::with_capacity(world.dial.lines + 1);
    recurring(world, &dealt.recurring, &mut movements);
    irregular(world, &dealt.irregular, &mut movements);
    for movement in movements.iter_mut().filter(|movement| movement.fate == Fate::TransposedDigits) {
        movement.minor = swappable(movement.minor);
    }
    // By day, so that rows are written near the places where they will stand. Stable: twins stay together.
    movements.sort_by_key(|movement| movement.posted);
    reexport(world, &mut movements);
    movements
}

/// An amount for a kind, without its sign: a price point as often as the dial says.
pub(crate) fn magnitude(world: &World<'_>, kind: Kind, dice: &mut Dice) -> i64 {
    let (low, high) = kind.range();
    let priced = !matches!(kind, Kind::Transfer | Kind::Payroll);
    if priced && dice.chance(world.dial.share_of_price_points) {
        return *dice.pick(PRICE_POINTS);
    }
    let drawn = dice.spread(low, high);
    if kind == Kind::Transfer { drawn / 1_000 * 1_000 } else { drawn }
}

fn recurring(world: &World<'_>, fates: &[Fate], into: &mut Vec<Movement>) {
    let mut fates = fates.iter();
    let mut before = None;
    for index in 0.. {
        let mut dice = world.dice(Channel::Series, index);
        let (model, days) = series(world, before, &mut dice);
        before = Some((model, days[0]));
        for day in days {
            let Some(fate) = fates.next() else { return };
            into.push(dated(world, Movement { fate: *fate, ..model }, day, &mut dice));
        }
    }
}

/// A movement that recurs, and the days on which it does.
fn series(world: &World<'_>, before: Option<(Movement, u32)>, dice: &mut Dice) -> (Movement, Vec<u32>) {
    let kind = *dice.pick(&[Kind::WeeklyDebit, Kind::DirectDebit, Kind::StandingOrder]);
    let mut model = undated(world, kind, Fate::Plain, dice);
    let open = world.days.open();
    let mut first = open.start + dice.below((open.end - open.start).min(31) as usize) as u32;
    match before {
        Some((other, other_first)) if other.kind == kind && dice.chance(EQUAL_SERIES) => {
            (model.minor, model.account, first) = (other.minor, other.account, other_first);
        }
        _ => (),
    }
    if kind == Kind::WeeklyDebit {
        return (model, (first..open.end).step_by(WEEK).collect());
    }
    // The 29th to the 31st would leave out months.
    let of_month = world.days.date(first).day().min(28);
    let mut days: Vec<u32> = open.filter(|day| world.days.date(*day).day() == of_month).collect();
    if days.is_empty() {
        days.push(first);
    }
    (model, days)
}

fn irregular(world: &World<'_>, fates: &[Fate], into: &mut Vec<Movement>) {
    let mut fates = fates.iter().copied().peekable();
    let mut index = 0;
    while let Some(fate) = fates.next() {
        let mut dice = world.dice(Channel::Movements, index);
        index += 1;
        let kind = kind_for(fate, world.accounts.len(), &mut dice);
        let movement = one(world, kind, fate, into, &mut dice);
        into.push(movement);
        let next_is_free = !fates.peek().is_none_or(|next| stands_alone(*next));
        if kind == Kind::Transfer && next_is_free {
            let fate = fates.next().unwrap_or(Fate::Plain);
            into.push(other_leg(world, &movement, fate, &mut dice));
        }
        let twin = kind == Kind::CardPurchase && fate == Fate::Plain && fates.peek() == Some(&Fate::Plain);
        if twin && dice.chance(world.dial.share_of_twins) {
            fates.next();
            into.push(Movement { is_twin: true, ..movement });
        }
    }
}

fn stands_alone(fate: Fate) -> bool {
    matches!(fate, Fate::Split | Fate::Merged | Fate::FeeNetted | Fate::FeeUnentered)
}

fn kind_for(fate: Fate, accounts: usize, dice: &mut Dice) -> Kind {
    let kind = match fate {
        Fate::Split => weighted(SPLIT_MIX, dice),
        Fate::Merged => weighted(MERGED_MIX, dice),
        Fate::FeeNetted => Kind::SalesReceipt,
        Fate::FeeUnentered => Kind::Fee,
        // A fee line that nobody entered is a bank fee; it must not also be called missing.
        Fate::MissingInLedger => {
            Some(weighted(MIX, dice)).filter(|kind| *kind != Kind::Fee).unwrap_or(Kind::CardPurchase)
        }
        _ => weighted(MIX, dice),
    };
    if kind == Kind::Transfer && accounts < 2 { Kind::SupplierPayment } else { kind }
}

fn weighted(mix: &[(Kind, usize)], dice: &mut Dice) -> Kind {
    let mut left = dice.below(mix.iter().map(|(_, weight)| weight).sum());
    for (kind, weight) in mix {
        if left < *weight {
            return *kind;
        }
        left -= weight;
    }
    Kind::CardPurchase
}

fn one(world: &World<'_>, kind: Kind, fate: Fate, before: &[Movement], dice: &mut Dice) -> Movement {
    let mut movement = undated(world, kind, fate, dice);
    if kind == Kind::Refund && !before.is_empty() {
        let bought = before[dice.below(before.len())];
        if bought.kind == Kind::CardPurchase {
            (movement.account, movement.party, movement.minor) = (bought.account, bought.party, -bought.minor);
        }
    }
    if kind == Kind::Transfer {
        let others = world.accounts.len() - 1;
        movement.party = (movement.account + 1 + dice.below(others) as u32) % world.accounts.len() as u32;
    }
    let open = world.days.open();
    let day = open.start + dice.below((open.end - open.start) as usize) as u32;
    dated(world, movement, day, dice)
}

fn undated(world: &World<'_>, kind: Kind, fate: Fate, dice: &mut Dice) -> Movement {
    let party = if kind == Kind::Payroll { world.directory.person(dice) } else { world.directory.company(dice) };
    let number = dice.between(1_000, 1_000 + 3 * world.dial.lines as i64) as u32;
    let account = dice.below(world.accounts.len()) as u32;
    let minor = kind.sign() * magnitude(world, kind, dice);
    Movement { kind, fate, account, party, minor, number, happened: 0, posted: 0, booked: 0, is_twin: false }
}

fn dated(world: &World<'_>, movement: Movement, day: u32, dice: &mut Dice) -> Movement {
    let posted = posted(&world.days, &world.dial.lag, movement.kind.route(), day, dice);
    Movement { happened: day, posted, booked: booked(&world.dial.lag, day, dice), ..movement }
}

/// What a transfer does to the account it goes to.
fn other_leg(world: &World<'_>, from: &Movement, fate: Fate, dice: &mut Dice) -> Movement {
    let currency = |account: u32| world.accounts[account as usize].currency;
    let same = currency(from.account) == currency(from.party);
    let minor = if same { -from.minor } else { -from.minor * dice.between(7_000, 14_000) / 10_000 };
    Movement { account: from.party, party: from.account, minor, fate, ..*from }
}

/// Repeats what the feed holds of whole days of an account, until the dial's number is reached. Movements that another
/// fate has met are left out: none has two.
fn reexport(world: &World<'_>, movements: &mut [Movement]) {
    let mut left = reexported(world.dial);
    if left == 0 {
        return;
    }
    let mut order: Vec<u32> = (0..movements.len() as u32).collect();
    order.sort_by_key(|at| (movements[*at as usize].account, movements[*at as usize].posted));
    let day_of = |movements: &[Movement], at: u32| {
        let movement = movements[at as usize];
        (movement.account, movement.posted)
    };
    let mut spans: Vec<&[u32]> =
        order.chunk_by(|one, next| day_of(movements, *one) == day_of(movements, *next)).collect();
    world.dice(Channel::Overlaps, 0).shuffle(&mut spans);
    for at in spans.concat() {
        let movement = &mut movements[at as usize];
        if left > 0 && movement.fate == Fate::Plain {
            movement.fate = Fate::Reexported;
            left -= 1;
        }
    }
}
