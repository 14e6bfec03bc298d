//! The only reader of the system's clock, and the form of time on the wire: UTC in whole seconds,
//! `YYYY-MM-DDTHH:MM:SSZ` (`pump-api.md §1.1`). Everything else takes `now` as a parameter. Whether that clock can be right is
//! said in [`watch`].

pub mod watch;

pub use watch::{Doubt, Watch};

use serde::{Deserialize, Serialize};

/// Seconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Timestamp(pub i64);

/// The time now, in whole seconds.
pub fn now() -> Timestamp {
    Timestamp(i64::try_from(unix_ms() / 1000).unwrap_or(i64::MAX))
}

/// Milliseconds since 1970; 0 on a machine whose clock stands before that.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place that reads the clock"
)]
pub fn unix_ms() -> u64 {
    std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0, |since| {
            u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
        })
}

impl Timestamp {
    /// Reads any RFC 3339 time, dropping fractions of a second.
    pub fn parse(text: &str) -> Option<Timestamp> {
        text.parse::<jiff::Timestamp>()
            .ok()
            .map(|at| Timestamp(at.as_second()))
    }

    /// The day in UTC, `2026-11-20`.
    pub fn day(self) -> String {
        let mut text = self.to_string();
        text.truncate(text.find('T').unwrap_or(text.len()));
        text
    }

    /// Seconds from `earlier` to this; 0 if `earlier` is later.
    pub fn secs_since(self, earlier: Timestamp) -> i64 {
        (self.0 - earlier.0).max(0)
    }
}

impl std::fmt::Display for Timestamp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match jiff::Timestamp::from_second(self.0) {
            // Whole seconds in UTC: jiff's own form of RFC 3339 then is the one of the wire.
            Ok(at) => at.fmt(f),
            Err(_) => f.write_str("1970-01-01T00:00:00Z"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Timestamp;

    #[test]
    fn times_round_trip_without_fractions() {
        let at = Timestamp::parse("2026-11-20T23:27:48.123Z").expect("a time");
        assert_eq!(at.to_string(), "2026-11-20T23:27:48Z");
        assert_eq!(at.day(), "2026-11-20");
        assert_eq!(Timestamp::parse("2026-11-21T01:27:48+02:00"), Some(at));
        assert_eq!(Timestamp::parse("yesterday"), None);
    }
}
