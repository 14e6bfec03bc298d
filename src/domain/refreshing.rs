//! People and groups elsewhere as they are now (`pump-api.md §6.7`): whoever is looked at here, and was not heard of for some
//! hours, is asked for at home, beside what is being read. What is to be asked waits in memory: what is lost with it is asked
//! when somebody looks again.

use crate::app::App;
use crate::clock::Timestamp;
use crate::domain::bell::Bell;
use crate::domain::{blocks, objects};
use crate::ids::ThingId;
use crate::peers;
use crate::store::askings::{self, Asking};
use crate::store::engine::{Read, Result};
use crate::store::things::{self, Identity, Object};
use crate::wire::draft::ObjectDraft;
use quick_cache::sync::Cache;
use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How long what is known of somebody elsewhere is taken for what they are, in seconds: six hours.
const FRESH_SECS: i64 = 6 * 3600;

/// How long a home that had no answer for somebody is not asked for them again, in seconds: twice as long each time, from the
/// first to the second, a minute to eight days.
const RESTS_SECS: (i64, i64) = (60, 8 * 24 * 3600);

/// Most people and groups that wait to be looked up; further ones wait until they are looked at again.
const WAITING_MAX: usize = 256;

/// How many of those who were looked at lately are remembered.
const SEEN_MAX: usize = 2048;

/// How long a second look at somebody changes nothing.
const SEEN_FOR: Duration = Duration::from_secs(60);

/// Who was looked at.
pub struct Refreshing {
    waiting: Mutex<VecDeque<ThingId>>,
    seen: Cache<ThingId, Instant>,
    /// Wakes who asks.
    pub bell: Bell,
}

impl Default for Refreshing {
    fn default() -> Refreshing {
        Refreshing {
            waiting: Mutex::default(),
            seen: Cache::new(SEEN_MAX),
            bell: Bell::default(),
        }
    }
}

impl Refreshing {
    /// Notes that somebody is looked at; those of this server are left out. Never waits for anything.
    pub fn look(&self, id: ThingId, object: &Object) {
        if object.is_local() || !(object.is_person() || object.object_type == "group") {
            return;
        }
        let seen = self.seen.get(&id);
        if seen.is_some_and(|seen| seen.elapsed() < SEEN_FOR) {
            return;
        }
        self.seen.insert(id, Instant::now());
        let mut waiting = self.waiting();
        if waiting.len() < WAITING_MAX {
            waiting.push_back(id);
            drop(waiting);
            self.bell.ring();
        }
    }

    /// The next one to look up, whether that is necessary or not.
    pub fn take(&self) -> Option<ThingId> {
        self.waiting().pop_front()
    }

    fn waiting(&self) -> MutexGuard<'_, VecDeque<ThingId>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The id by which the home of somebody is to be asked what they are; nothing as long as what is known here is fresh, and for
/// whoever is gone, blocked, or has no home.
pub fn stale(from: &dyn Read, thing: ThingId, now: Timestamp) -> Result<Option<String>> {
    let Some(object) = things::object(from, thing)? else {
        return Ok(None);
    };
    let Identity::Remote(id) = &object.identity else {
        return Ok(None);
    };
    let is_fresh = match askings::of(from, thing)? {
        Some(asking) if asking.at >= object.updated => {
            now.secs_since(asking.at) < rest_secs(asking.failures)
        }
        _ => now.secs_since(object.updated) < FRESH_SECS,
    };
    let is_out_of_reach = object.deleted.is_some() || peers::authority(id).is_none();
    if is_fresh || is_out_of_reach || blocks::is_blocked(from, id)? {
        return Ok(None);
    }
    Ok(Some(id.clone()))
}

/// Takes what the home of somebody said that they are, or notes that it had no answer.
pub fn heard(app: &App, thing: ThingId, said: Option<&ObjectDraft>, now: Timestamp) -> Result<()> {
    if let Some(draft) = said {
        objects::learn(app, thing, draft, now)?;
    }
    app.store.write_soon(|tx| {
        let before = askings::of(tx, thing)?.map_or(0, |asking| asking.failures);
        let failures = match said {
            Some(_) => 0,
            None => before.saturating_add(1),
        };
        askings::put(tx, thing, &Asking { at: now, failures });
        Ok(())
    })
}

/// How long nobody is asked after so many failures in a row, in seconds.
fn rest_secs(failures: u32) -> i64 {
    let (first, most) = RESTS_SECS;
    match failures.checked_sub(1) {
        None => FRESH_SECS,
        Some(more) => (first << more.min(20)).min(most),
    }
}

#[cfg(test)]
mod tests {
    use super::{FRESH_SECS, Refreshing, WAITING_MAX, heard, rest_secs, stale};
    use crate::clock::Timestamp;
    use crate::domain::testing::{NOW, Pump};
    use crate::ids::ThingId;
    use crate::store::things::{self, Identity, Object};

    fn zoe() -> Object {
        let identity = Identity::Remote("http://b.test/api/user/zoe/profile".to_owned());
        Object::new(identity, "person", NOW)
    }

    #[test]
    fn a_home_that_does_not_answer_is_asked_ever_less() {
        let rests: Vec<i64> = (0..4).map(rest_secs).collect();
        assert_eq!(rests, [FRESH_SECS, 60, 120, 240]);
        assert_eq!(rest_secs(15), 8 * 24 * 3600);
        assert_eq!(rest_secs(u32::MAX), 8 * 24 * 3600);
    }

    #[test]
    fn whoever_was_not_heard_of_for_hours_is_asked_for_and_nobody_else() {
        let pump = Pump::start();
        let (app, ann) = (&pump.app, pump.register("ann"));
        let id = app.store.fresh_id();
        let put = |object: &Object| {
            let write = |tx: &mut dyn crate::store::engine::Tx| {
                things::put_object(tx, id, object.clone());
                Ok(())
            };
            app.store.write(write).expect("kept");
        };
        let is_stale = |thing, secs| {
            let found = stale(&app.store, thing, Timestamp(NOW.0 + secs));
            found.expect("readable").is_some()
        };
        put(&zoe());
        assert!(!is_stale(id, FRESH_SECS - 1) && is_stale(id, FRESH_SECS));
        assert!(!is_stale(ann.0, FRESH_SECS) && !is_stale(ThingId(1), FRESH_SECS));
        heard(app, id, None, Timestamp(NOW.0 + FRESH_SECS)).expect("noted");
        assert!(!is_stale(id, FRESH_SECS + 59) && is_stale(id, FRESH_SECS + 60));
        put(&Object {
            updated: Timestamp(NOW.0 + FRESH_SECS + 30),
            ..zoe()
        });
        assert!(!is_stale(id, FRESH_SECS + 60));
        put(&Object {
            deleted: Some(NOW),
            ..zoe()
        });
        assert!(!is_stale(id, 100 * FRESH_SECS));
    }

    #[test]
    fn a_second_look_and_too_many_change_nothing() {
        let (refreshing, zoe) = (Refreshing::default(), zoe());
        for number in (0..WAITING_MAX as u64 + 9).chain(0..9) {
            refreshing.look(ThingId(number), &zoe);
        }
        let identity = Identity::User("ann".to_owned());
        refreshing.look(ThingId(1 << 40), &Object::new(identity, "person", NOW));
        let all: Vec<ThingId> = std::iter::from_fn(|| refreshing.take()).collect();
        let expected: Vec<ThingId> = (0..WAITING_MAX as u64).map(ThingId).collect();
        assert_eq!(all, expected);
    }
}
