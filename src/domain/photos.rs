//! The photos and films that somebody made or got: which posts show pictures, and how they come among them. The index is
//! `store/pictured.rs`; whether somebody still may see a post is asked when it is shown.

use crate::app::App;
use crate::clock::Timestamp;
use crate::ids::ThingId;
use crate::store::engine::{Read, Result, Tx};
use crate::store::jobs::{self, Job};
use crate::store::keys::{SITE, Stream, StreamKind};
use crate::store::meta;
use crate::store::pictured::{self, Entry, Whose};
use crate::store::streams::{self, Start};
use crate::store::things::{self, Activity, Object};
use crate::wire::draft::members_of;
use serde_json::Value;

/// Activities of an inbox that one run of the job looks at.
const ACTIVITIES_PER_RUN: usize = 200;

/// Most users whose films of older releases are looked for.
const USERS_MAX: usize = 10_000;

/// Whether an object shows pictures, still ones or films: its own, or such that are attached.
pub fn shows_pictures(object: &Object) -> bool {
    let is_one = |kind: &str| matches!(kind, "image" | "video");
    let attached = || {
        let members = members_of(&object.members);
        let list = members.get("attachments").and_then(Value::as_array);
        list.is_some_and(|list| {
            list.iter()
                .any(|part| part["objectType"].as_str().is_some_and(is_one))
        })
    };
    is_one(&object.object_type) || (object.members.contains("\"attachments\"") && attached())
}

/// The entry of an activity that posts pictures; nothing for every other one.
pub fn entry(from: &dyn Read, activity: &Activity) -> Result<Option<Entry>> {
    if !activity.is_post() || activity.deleted.is_some() {
        return Ok(None);
    }
    let object = things::object(from, activity.object)?;
    let is_one = object.is_some_and(|object| object.deleted.is_none() && shows_pictures(&object));
    Ok(is_one.then_some(Entry {
        at: activity.published,
        post: activity.object,
    }))
}

/// Puts what an actor posted among the photos of a person who got it; where it is already, nothing happens.
pub fn add(tx: &mut dyn Tx, person: ThingId, actor: ThingId, entry: Entry) -> Result<()> {
    pictured::add(tx, person, Whose::Everyones, entry)?;
    if person == actor {
        pictured::add(tx, person, Whose::Own, entry)?;
    }
    Ok(())
}

/// As [`add`], for many activities that entered an inbox together.
pub fn add_all(tx: &mut dyn Tx, person: ThingId, activities: &[ThingId]) -> Result<()> {
    for id in activities {
        let Some(activity) = things::activity(tx, *id)? else {
            continue;
        };
        if let Some(entry) = entry(tx, &activity)? {
            add(tx, person, activity.actor, entry)?;
        }
    }
    Ok(())
}

/// Sees to it that films that older releases stored stand among the photos: once for each store.
pub fn begin(app: &App, now: Timestamp) -> Result<()> {
    if meta::has_films(&app.store)? {
        return Ok(());
    }
    app.store.write(|tx| {
        meta::mark_films(tx);
        let users = Stream::of(SITE, StreamKind::Users);
        for person in streams::page(tx, users, Start::Newest, USERS_MAX)?.unwrap_or_default() {
            let before = None;
            let gather = Job::GatherPhotos { person, before };
            jobs::add(tx, app.store.fresh_id(), now, &gather)?;
        }
        Ok(())
    })
}

/// The job: puts what stands in an inbox among the photos of its owner, a bounded piece at a time from the newest on, and
/// leaves a job for the rest. Doing it twice does no harm.
pub fn gather(app: &App, person: ThingId, before: Option<ThingId>, now: Timestamp) -> Result<()> {
    let start = before.map_or(Start::Newest, Start::Before);
    app.store.write(|tx| {
        let inbox = Stream::of(person, StreamKind::InboxMajor);
        let page = streams::page(tx, inbox, start, ACTIVITIES_PER_RUN)?.unwrap_or_default();
        add_all(tx, person, &page)?;
        match page.last() {
            Some(last) if page.len() == ACTIVITIES_PER_RUN => {
                let before = Some(*last);
                let rest = Job::GatherPhotos { person, before };
                jobs::add(tx, app.store.fresh_id(), now, &rest)
            }
            _ => Ok(()),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::{begin, gather};
    use crate::domain::testing::{NOW, Pump};
    use crate::store::jobs::{self, Job};
    use crate::store::pictured::{self, Whose};
    use serde_json::json;

    #[test]
    fn films_of_older_releases_come_among_the_photos_once() {
        let pump = Pump::start();
        let ann = pump.register("ann");
        let film = json!({"objectType": "video", "url": "https://h.test/pier.mp4"});
        pump.post(ann, json!({"object": film})).expect("posted");
        let store = &pump.app.store;
        store
            .write(|tx| pictured::clear(tx, ann.0))
            .expect("as an older release left it");
        begin(&pump.app, NOW).expect("begun");
        let gathering = || {
            let queued = jobs::next(store, 99).expect("readable").into_iter();
            let people = queued.filter_map(|queued| match queued.job {
                Job::GatherPhotos { person, .. } => Some(person),
                _ => None,
            });
            people.collect::<Vec<_>>()
        };
        assert_eq!(gathering(), [ann.0]);
        gather(&pump.app, ann.0, None, NOW).expect("gathered");
        let months = pictured::months(store, ann.0, Whose::Own, None, 9);
        assert_eq!(months.expect("readable").len(), 1);
        begin(&pump.app, NOW).expect("begun");
        assert_eq!(gathering().len(), 1, "no second time");
    }
}
