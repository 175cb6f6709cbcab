//! Structured logs: one JSON object a line, as CloudWatch Logs Insights reads them.

use tracing_subscriber::EnvFilter;

/// Starts logging. `LOG_LEVEL` chooses what is shown; `info` when it says nothing.
pub fn start_logs() {
    let level = std::env::var("LOG_LEVEL").unwrap_or_else(|_| "info".to_owned());
    let filter = EnvFilter::try_new(level).unwrap_or_else(|_| EnvFilter::new("info"));
    let started = tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_span_list(false)
        // CloudWatch stamps each line itself.
        .without_time()
        .with_env_filter(filter)
        .try_init();
    // Already started: a second call in one process changes nothing.
    drop(started);
}
