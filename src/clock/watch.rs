//! Whether the clock of this machine can be right. A board without a clock chip starts somewhere in the past, and is set by the
//! network some time later: until then nothing is sent to other servers, and nothing that they say is judged by its time.

use super::Timestamp;
use std::fmt;
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, UNIX_EPOCH};

/// The version of which this is the time, so that both rise together, and a day before it was made (2026-11-01).
const MADE: (&str, Timestamp) = ("0.1.0", Timestamp(1_793_491_200));

/// How far the clock may stand behind what is known, in seconds: clocks are set back a little, too, and other servers take what
/// is signed within as much.
const BEHIND_SECS_MAX: i64 = 300;

/// How far ahead of the program what is kept counts, in seconds: ten years. What is later still was made by a clock that was
/// wrong itself, and must not keep a right one waiting.
const AHEAD_SECS_MAX: i64 = 10 * 366 * 24 * 3600;

/// How long after the machine's start a clock that the network has not set yet is waited for, in seconds, before it counts as it
/// is: some never meet a network.
const SETTING_SECS_MAX: u64 = 180;

/// Where systemd-timesyncd says that it runs, and that it has set the clock since the machine started.
const SETTER: &str = "/run/systemd/timesync";

/// The file whose time is the last one that systemd-timesyncd knew.
const LAST_KNOWN: &str = "/var/lib/systemd/timesync/clock";

/// Watches the clock until it was right once.
pub struct Watch {
    newest: Timestamp,
    started: Instant,
    was_right: AtomicBool,
}

/// Why the clock cannot be right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Doubt {
    says: Timestamp,
    why: Why,
    /// How long it has been waited for.
    pub waiting: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Why {
    Made,
    Newest(Timestamp),
    LastKnown(Timestamp),
    Unset,
}

/// What is known of the time beside what the clock says.
struct Known {
    /// The time of the newest thing that is kept.
    newest: Timestamp,
    /// The last time that the machine's own service knew.
    last_known: Option<Timestamp>,
    /// Whether that service has set the clock; nothing where there is none.
    is_set: Option<bool>,
    /// How long the machine runs, in seconds, where it says so.
    up_secs: Option<u64>,
}

impl Watch {
    /// Begins to watch; `newest` is the time of the newest thing that is kept.
    pub fn new(newest: Timestamp) -> Watch {
        Watch {
            newest,
            started: Instant::now(),
            was_right: AtomicBool::new(false),
        }
    }

    /// Why the clock, which says `now`, cannot be right. Nothing as soon as it was right once.
    pub fn doubt(&self, now: Timestamp) -> Option<Doubt> {
        if self.was_right.load(Ordering::Acquire) {
            return None;
        }
        let known = Known {
            newest: self.newest,
            last_known: last_known(Path::new(LAST_KNOWN)),
            is_set: is_set(Path::new(SETTER)),
            up_secs: up_secs(),
        };
        let Some(why) = known.speaks_against(now) else {
            self.was_right.store(true, Ordering::Release);
            return None;
        };
        Some(Doubt {
            says: now,
            why,
            waiting: self.started.elapsed(),
        })
    }
}

impl Known {
    fn speaks_against(&self, now: Timestamp) -> Option<Why> {
        let (_, made) = MADE;
        let is_before = |then: Timestamp| now.0 < then.0 - BEHIND_SECS_MAX;
        if now < made {
            return Some(Why::Made);
        }
        if self.is_set == Some(true) {
            return None;
        }
        if is_before(self.newest) && self.newest.secs_since(made) < AHEAD_SECS_MAX {
            return Some(Why::Newest(self.newest));
        }
        match self.last_known {
            Some(then) if is_before(then) => return Some(Why::LastKnown(then)),
            _ => {}
        }
        let has_just_started = self.up_secs.is_some_and(|secs| secs < SETTING_SECS_MAX);
        (self.is_set == Some(false) && has_just_started).then_some(Why::Unset)
    }
}

impl Doubt {
    /// How long it has been waited for, in words.
    pub fn waiting_words(&self) -> String {
        match self.waiting.as_secs() {
            0..60 => "less than a minute".to_owned(),
            60..120 => "a minute".to_owned(),
            secs @ 120..7200 => format!("{} minutes", secs / 60),
            secs => format!("{} hours", secs / 3600),
        }
    }
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let says = self.says;
        match self.why {
            Why::Made => write!(
                f,
                "the clock of this machine says {says}, which is before this program was made"
            ),
            Why::Newest(then) => write!(
                f,
                "the clock of this machine says {says}, which is before the newest thing that is kept here ({then})"
            ),
            Why::LastKnown(then) => write!(
                f,
                "the clock of this machine says {says}, and it was later already ({then})"
            ),
            Why::Unset => write!(
                f,
                "the clock of this machine says {says}, and was not set from the network yet"
            ),
        }
    }
}

/// Whether systemd-timesyncd has set the clock; nothing where it does not run.
fn is_set(setter: &Path) -> Option<bool> {
    setter
        .exists()
        .then(|| setter.join("synchronized").exists())
}

fn up_secs() -> Option<u64> {
    let text = fs::read_to_string("/proc/uptime").ok()?;
    text.split('.').next()?.parse().ok()
}

fn last_known(file: &Path) -> Option<Timestamp> {
    let since = fs::metadata(file).ok()?.modified().ok()?;
    let secs = since.duration_since(UNIX_EPOCH).ok()?.as_secs();
    Some(Timestamp(i64::try_from(secs).ok()?))
}

#[cfg(test)]
mod tests {
    use super::{Doubt, Known, MADE, SETTING_SECS_MAX, Watch, Why, is_set, last_known, up_secs};
    use crate::clock::{self, Timestamp};
    use std::time::Duration;

    const HOUR: i64 = 3600;

    /// So many seconds after the program was made.
    fn at(secs: i64) -> Timestamp {
        Timestamp(MADE.1.0 + secs)
    }

    fn known() -> Known {
        Known {
            newest: Timestamp(0),
            last_known: None,
            is_set: None,
            up_secs: Some(9),
        }
    }

    #[test]
    fn the_time_of_the_program_rises_with_its_version() {
        assert_eq!(
            MADE.0,
            env!("CARGO_PKG_VERSION"),
            "a new version, a new day"
        );
        assert!(MADE.1 <= clock::now());
    }

    #[test]
    fn a_clock_is_not_before_what_is_known() {
        assert_eq!(known().speaks_against(at(-1)), Some(Why::Made));
        assert_eq!(known().speaks_against(Timestamp(0)), Some(Why::Made));
        assert_eq!(known().speaks_against(at(0)), None);
        let kept = Known {
            newest: at(9 * HOUR),
            ..known()
        };
        assert_eq!(
            kept.speaks_against(at(HOUR)),
            Some(Why::Newest(at(9 * HOUR)))
        );
        assert_eq!(kept.speaks_against(at(9 * HOUR - 200)), None);
        let saved = Known {
            last_known: Some(at(5 * HOUR)),
            ..known()
        };
        assert_eq!(
            saved.speaks_against(at(HOUR)),
            Some(Why::LastKnown(at(5 * HOUR)))
        );
        assert_eq!(saved.speaks_against(at(6 * HOUR)), None);
    }

    #[test]
    fn a_clock_that_the_network_has_set_is_right_whatever_is_kept() {
        let set = Known {
            newest: at(9 * HOUR),
            last_known: Some(at(9 * HOUR)),
            is_set: Some(true),
            ..known()
        };
        assert_eq!(set.speaks_against(at(HOUR)), None);
        assert_eq!(set.speaks_against(at(-1)), Some(Why::Made));
        let absurd = Known {
            newest: at(70 * 366 * 24 * HOUR),
            ..known()
        };
        assert_eq!(absurd.speaks_against(at(HOUR)), None);
    }

    #[test]
    fn a_clock_that_is_being_set_is_waited_for_but_not_for_ever() {
        let unset = |up_secs| Known {
            is_set: Some(false),
            up_secs,
            ..known()
        };
        assert_eq!(unset(Some(9)).speaks_against(at(HOUR)), Some(Why::Unset));
        for up_secs in [Some(SETTING_SECS_MAX), None] {
            assert_eq!(unset(up_secs).speaks_against(at(HOUR)), None);
        }
        assert!(up_secs().is_some_and(|secs| secs > 0), "this machine runs");
    }

    #[test]
    fn once_right_is_right_for_good() {
        let watch = Watch::new(Timestamp(0));
        assert!(watch.doubt(Timestamp(7)).is_some());
        watch.was_right.store(true, super::Ordering::Release);
        assert_eq!(watch.doubt(Timestamp(7)), None);
    }

    #[test]
    fn what_timesyncd_leaves_is_read() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path();
        assert_eq!(is_set(&path.join("timesync")), None);
        assert_eq!(is_set(path), Some(false));
        std::fs::write(path.join("synchronized"), "").expect("a file");
        assert_eq!(is_set(path), Some(true));
        assert_eq!(last_known(&path.join("clock")), None);
        assert!(last_known(&path.join("synchronized")) > Some(MADE.1));
    }

    #[test]
    fn a_doubt_reads_as_a_sentence() {
        let doubt = Doubt {
            says: Timestamp(7),
            why: Why::Made,
            waiting: Duration::from_secs(150),
        };
        let words = "the clock of this machine says 1970-01-01T00:00:07Z, which is before this program was made";
        assert_eq!(doubt.to_string(), words);
        assert_eq!(doubt.waiting_words(), "2 minutes");
    }
}
