//! A crash at the n-th port call: before its effect or after it, and nothing works for that worker any more.

use std::sync::Mutex;

/// Where to cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// The call never happens.
    Before(u64),
    /// The call happens and its answer is lost.
    After(u64),
}

/// What a port does with a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Carry it out.
    Live,
    /// Carry it out, then fail.
    LoseAnswer,
    /// Fail.
    Dead,
}

#[derive(Debug, Default)]
struct Plan {
    calls: u64,
    cut: Option<Cut>,
    dead: bool,
}

/// The faults of a world. Calls of all ports are counted together, from 1.
#[derive(Debug, Default)]
pub struct Faults(Mutex<Plan>);

impl Faults {
    fn plan(&self) -> std::sync::MutexGuard<'_, Plan> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Sets a cut and starts counting anew.
    pub fn cut(&self, cut: Cut) {
        *self.plan() = Plan { calls: 0, cut: Some(cut), dead: false };
    }

    /// The worker is replaced by a healthy one; answers whether the cut was reached.
    pub fn heal(&self) -> bool {
        let mut plan = self.plan();
        let reached = plan.dead;
        *plan = Plan::default();
        reached
    }

    /// Port calls since the last cut or heal.
    pub fn calls(&self) -> u64 {
        self.plan().calls
    }

    pub(crate) fn judge(&self) -> Verdict {
        let mut plan = self.plan();
        if plan.dead {
            return Verdict::Dead;
        }
        plan.calls += 1;
        match plan.cut {
            Some(Cut::Before(at)) if at == plan.calls => {
                plan.dead = true;
                Verdict::Dead
            }
            Some(Cut::After(at)) if at == plan.calls => {
                plan.dead = true;
                Verdict::LoseAnswer
            }
            _ => Verdict::Live,
        }
    }
}

/// What a dead worker's ports say.
pub(crate) fn crash() -> Box<dyn std::error::Error + Send + Sync> {
    "the worker crashed here".into()
}
