//! Short keys of what envelopes are about.

use kernel::OrganisationRef;

use crate::events::XeroEvents;

/// Tells organisations apart.
pub(crate) fn place(whose: &OrganisationRef) -> u64 {
    fold(format!("{}#{}", whose.workspace, whose.tenant).as_bytes())
}

/// A repeated delivery has the same events; two bodies with the same sequence but other events do not collide.
pub(crate) fn events_dedupe(events: &XeroEvents) -> String {
    let mut bytes = Vec::new();
    for event in &events.events {
        for part in [&event.category, &event.event_type, &event.resource, &event.at] {
            bytes.extend_from_slice(part.as_bytes());
            bytes.push(0);
        }
    }
    let (first, last) = (events.first_sequence, events.last_sequence);
    format!("events-{}-{first}-{last}-{:016x}", events.tenant, fold(&bytes))
}

/// FNV-1a, 64 bits: spreads keys; nothing secret or hostile depends on it, since dedupe only ever drops repetitions
/// of what the next pull reads anyway.
pub(crate) fn fold(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}
