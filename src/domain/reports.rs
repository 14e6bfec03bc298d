//! Reports: any user tells the owner of the server about a post or a person; the owner sees what the reporter could read, and
//! dismisses the report, deletes the post, or suspends its author.

use crate::app::App;
use crate::clock::Timestamp;
use crate::domain::access::{self, Viewer};
use crate::domain::{activities, administration, names, search};
use crate::error::Error;
use crate::ids::{Nickname, ThingId, UserId};
use crate::store::engine::{Read, Result, Tx};
use crate::store::reports::{self, Done, Part, Report, Resolution};
use crate::store::things::{self, Object, Thing};
use crate::store::users;

/// Longest reason, in characters.
pub const REASON_CHARS_MAX: usize = 1000;

/// Most reports of one user in [`RATE_SECS`].
const PER_USER_MAX: usize = 10;

/// In what time they are counted, in seconds: a day.
const RATE_SECS: i64 = 24 * 3600;

/// Most reports that wait.
pub const OPEN_MAX: usize = 500;

/// Most reports that are remembered when they are done; the oldest go first.
const DONE_MAX: usize = 500;

/// Reports a post or a person; a second report of the same by the same user is the first one, while it waits. 400 for a
/// reason that is missing or too long and for one's own things, 403 for what the user may not read, 404, 410, 429.
pub fn report(
    app: &App,
    by: UserId,
    thing: ThingId,
    reason: &str,
    now: Timestamp,
) -> std::result::Result<ThingId, Error> {
    let reason = reason.trim();
    if reason.is_empty() {
        return Err(Error::invalid(
            "Say in some words what is wrong, so that the owner of this server understands.",
        ));
    }
    if reason.chars().count() > REASON_CHARS_MAX {
        return Err(Error::Invalid(format!(
            "The reason can have at most {REASON_CHARS_MAX} characters."
        )));
    }
    let id = app.store.fresh_id();
    Ok(app.store.write(|tx| {
        check(tx, by, thing)?;
        let open = reports::list(tx, Part::Open, OPEN_MAX)?;
        let known = open
            .iter()
            .find(|(_, known)| known.by == by && known.thing == thing);
        if let Some((known, _)) = known {
            return Ok(*known);
        }
        let done = reports::list(tx, Part::Done, DONE_MAX)?;
        check_rate(&open, &done, by, now)?;
        let report = Report {
            by,
            thing,
            reason: reason.to_owned(),
            at: now,
            done: None,
        };
        reports::put(tx, id, &report);
        Ok(id)
    })?)
}

/// What a key, an id, or a nickname behind `@` names.
pub fn find(app: &App, typed: &str) -> std::result::Result<ThingId, Error> {
    let missing = || Error::not_found("There is no such post or person here.");
    if let Some(nickname) = typed.strip_prefix('@') {
        let nickname = Nickname::new(nickname).map_err(|_| missing())?;
        let user = users::by_nickname(&app.store, &nickname)?;
        return Ok(user.ok_or_else(missing)?.0.0);
    }
    if let Some((id, _)) = names::by_key(&app.store, typed)? {
        return Ok(id);
    }
    names::find_thing(app.base(), &app.store, typed)?.ok_or_else(missing)
}

/// The post or person that somebody wants to report: 400, 403, 404, 410 as [`report`].
pub fn check(from: &dyn Read, by: UserId, thing: ThingId) -> Result<Object> {
    let missing = || Error::not_found("There is no such post or person here.");
    let object = match things::get(from, thing)? {
        Some(Thing::Object(object)) => object,
        Some(Thing::Activity(activity)) => {
            let object = things::object(from, activity.object)?.ok_or_else(missing)?;
            if !access::may_read_activity(from, Viewer::user(by), &activity)? {
                return Err(Error::forbidden("This was not posted to you.").into());
            }
            object
        }
        None => return Err(missing().into()),
    };
    if object.deleted.is_some() {
        return Err(Error::Gone.into());
    }
    if thing == by.0 || object.author == Some(by.0) {
        return Err(Error::invalid("This is your own; you can delete it yourself.").into());
    }
    if !access::may_read_object(from, Viewer::user(by), &object)? {
        return Err(Error::forbidden("This was not posted to you.").into());
    }
    Ok(object)
}

/// How many reports wait.
pub fn open_total(from: &dyn Read) -> Result<usize> {
    Ok(reports::list(from, Part::Open, OPEN_MAX)?.len())
}

/// The reports that wait, oldest first; or those that are done, newest first.
pub fn list(from: &dyn Read, part: Part) -> Result<Vec<(ThingId, Report)>> {
    let mut all = reports::list(from, part, OPEN_MAX.max(DONE_MAX))?;
    if part == Part::Done {
        all.reverse();
    }
    Ok(all)
}

/// One report; 404.
pub fn one(from: &dyn Read, id: ThingId) -> std::result::Result<Report, Error> {
    reports::get(from, id)?.ok_or_else(unknown)
}

/// The object that is reported: an activity is reported for what it posted.
pub fn object_of(from: &dyn Read, report: &Report) -> Result<Option<(ThingId, Object)>> {
    let id = match things::get(from, report.thing)? {
        Some(Thing::Activity(activity)) => activity.object,
        _ => report.thing,
    };
    Ok(things::object(from, id)?.map(|object| (id, object)))
}

/// Does something about a report, and about all that wait and say the same thing. Answers how many there were. 404; 400 where
/// it cannot be done: a person is not deleted, somebody of another server is not suspended; 409 for a report that is done.
pub fn resolve(
    app: &App,
    id: ThingId,
    how: Resolution,
    now: Timestamp,
) -> std::result::Result<usize, Error> {
    let (files, number) = app.store.write(|tx| {
        let mut freed = Vec::new();
        let report = reports::get(tx, id)?.ok_or_else(unknown)?;
        if report.done.is_some() {
            return Err(Error::Conflict("This report is done already.".to_owned()).into());
        }
        let object = object_of(tx, &report)?;
        match how {
            Resolution::Dismiss => {}
            Resolution::Delete => match object {
                Some((_, object)) if object.is_person() => {
                    return Err(Error::invalid(
                        "A person cannot be deleted by a report. Suspend the account, or remove it among the accounts.",
                    )
                    .into());
                }
                Some((thing, object)) if object.deleted.is_none() => {
                    search::forget(app, tx, thing, &object)?;
                    activities::bury(tx, thing, object, now, &mut freed)?;
                }
                _ => {}
            },
            Resolution::Suspend => {
                let person = object.and_then(|(thing, object)| match object.is_person() {
                    true => Some(thing),
                    false => object.author,
                });
                match person.map(UserId) {
                    Some(user) if users::get(tx, user)?.is_some() => {
                        administration::suspend_in(tx, user, true, now)?;
                    }
                    _ => {
                        return Err(Error::invalid(
                            "Who wrote this has no account here, so there is nobody to suspend. Block the person or the host instead.",
                        )
                        .into());
                    }
                }
            }
        }
        let number = close(tx, report.thing, Done { how, at: now })?;
        Ok((freed, number))
    })?;
    app.forget_files(files);
    Ok(number)
}

/// Closes all reports of a thing that wait, and forgets the oldest that are done.
fn close(tx: &mut dyn Tx, thing: ThingId, done: Done) -> Result<usize> {
    let mut number = 0;
    for (id, mut report) in reports::list(tx, Part::Open, OPEN_MAX)? {
        if report.thing == thing {
            report.done = Some(done);
            reports::put(tx, id, &report);
            number += 1;
        }
    }
    let old = reports::list(tx, Part::Done, DONE_MAX + number)?;
    for (id, _) in old.iter().take(old.len().saturating_sub(DONE_MAX)) {
        reports::remove(tx, *id);
    }
    Ok(number)
}

fn check_rate(
    open: &[(ThingId, Report)],
    done: &[(ThingId, Report)],
    by: UserId,
    now: Timestamp,
) -> Result<()> {
    if open.len() >= OPEN_MAX {
        return Err(Error::Busy(
            "So many reports wait for the owner of this server that no more can be taken now."
                .to_owned(),
        )
        .into());
    }
    let mut recent: Vec<Timestamp> = open
        .iter()
        .chain(done)
        .filter(|(_, report)| report.by == by && now.secs_since(report.at) < RATE_SECS)
        .map(|(_, report)| report.at)
        .collect();
    recent.sort_unstable();
    match recent.len().checked_sub(PER_USER_MAX) {
        None => Ok(()),
        Some(place) => {
            let oldest = recent.get(place).map_or(now, |at| *at);
            let wait = RATE_SECS - now.secs_since(oldest);
            Err(Error::TooMany {
                retry_after_secs: u64::try_from(wait).unwrap_or(0).max(1),
            }
            .into())
        }
    }
}

fn unknown() -> Error {
    Error::not_found("There is no such report.")
}
