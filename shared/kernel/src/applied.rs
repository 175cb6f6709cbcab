//! The answer of a step that may run twice.

/// Whether a step took effect now or had taken effect before.
///
/// Both are successes: every step here may be repeated by a queue, a schedule or a person, and the second time must
/// neither fail nor be mistaken for the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Applied {
    /// This call made the change.
    Now,
    /// An earlier call had made it; nothing was changed.
    Before,
}
