//! Tables of schedules and days.
