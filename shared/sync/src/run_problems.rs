//! What a bookkeeper reads when something of an organisation could not be read: what happened and what to do.

use connections::CallError;

use crate::problems::Problem;
use mirror::entities::Entity;

pub(crate) fn unreadable_records(entity: &Entity, count: u64) -> Problem {
    let message = format!("{count} records in Xero's list of {} could not be read.", entity.name);
    Problem::new("unreadable_records", entity.name, message, "Tell the operator: Xero may have changed its format.")
}

pub(crate) fn unsettled(entity: &Entity) -> Problem {
    let message = format!("Many {} were changing in Xero while they were read.", entity.name);
    Problem::new("list_unsettled", entity.name, message, "Nothing: the next sync reads on.")
}

pub(crate) fn step_problem(entity: &str, error: &CallError) -> Problem {
    let fix = match error {
        CallError::NotAllowed => {
            "Connect again and allow everything asked for, as a Xero user with the Standard or Adviser role including reports."
        }
        _ => "Sync again; if it stays, tell the operator.",
    };
    Problem::new("not_readable", entity, format!("Xero's {entity} could not be read: {error}"), fix)
}

pub(crate) fn outage_problem(reason: &str) -> Problem {
    let message = format!("Xero could not be reached several times in a row: {reason}.");
    Problem::new("xero_unavailable", "xero", message, "Nothing: the sync tries again by itself. See status.xero.com.")
}

pub(crate) fn setup_problem(reason: &str) -> Problem {
    let fix = "The operator corrects the secret with the Xero apps; the sync goes on by itself.";
    Problem::new("setup", "setup", format!("The deployment is not set up: {reason}"), fix)
}

pub(crate) fn connection_problem(error: &CallError) -> Problem {
    Problem::new("not_connected", "connection", error.to_string(), "Connect the organisation again; its data was kept.")
}
