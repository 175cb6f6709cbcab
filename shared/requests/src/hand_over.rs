//! Lines of an uploaded statement, each taken once.

use connections::{Access, Connection};
use evidence::{LINES_MAX, Line};
use kernel::local_date;
use kernel::periods::days_after;
use ports::TableError;
use state::{create, keys};

use crate::evaluate::{DAYS_BACK, new_request};
use crate::settings::load_settings;

/// Takes lines that the next evaluation is to look at, the newest of them; answers how many were new. Lines of days that
/// nobody asks about are left alone.
pub async fn hand_over(access: &Access, connection: &Connection, lines: &[Line]) -> Result<usize, TableError> {
    let (table, whose, now) = (&*access.ports.table, &connection.whose, access.ports.clock.now());
    let settings = load_settings(table, whose).await?;
    let since = settings.since.unwrap_or(days_after(local_date(connection.zone(), now), -DAYS_BACK));
    let mut wanted: Vec<&Line> = lines.iter().filter(|line| since <= line.date).collect();
    wanted.sort_by(|one, other| (other.date, &other.id).cmp(&(one.date, &one.id)));
    let mut taken = 0;
    for line in wanted.into_iter().take(LINES_MAX) {
        let key = keys::request(whose, line.id.as_str());
        taken += usize::from(create(table, key, &new_request(line, now), None).await?.is_some());
    }
    Ok(taken)
}
