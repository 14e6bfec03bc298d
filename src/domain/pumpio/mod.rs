//! Brings everything that a pump.io kept into this server: accounts with their passwords, what was posted, who follows whom,
//! lists, groups, files, applications and their tokens. Everything keeps its id and its address, so that links and the copies
//! on other servers stay good; nobody is told of it. [`dump`] reads what pump.io's databank holds (`record` its words),
//! [`look`] says beforehand whether it can be taken, and each other file takes one kind of thing.
//!
//! Work that was cut off goes on: what is here already is known by its id, and what is half here is marked by a time that
//! nothing else has (`things`). Nothing is held in memory but the accounts.

pub mod dump;
pub mod look;
pub mod report;

mod accounts;
mod activities;
mod applications;
mod files;
mod record;
mod streams;
mod stretches;
mod things;
mod ties;

use crate::app::App;
use crate::clock::Timestamp;
use crate::domain::archives::Halt;
use crate::domain::names;
use crate::error::Error;
use crate::ids::ThingId;
use crate::store::aliases;
use crate::store::engine::{Read, Result as Stored, Tx};
use crate::store::meta::{self, Moving};
use crate::store::things::Address;
use dump::{Dump, Found};
use report::Report;
use serde_json::Value;

/// Most records that one write takes.
const RECORDS_PER_WRITE: usize = 64;

/// Bytes of records from which on they are written.
const BYTES_PER_WRITE: usize = 512 * 1024;

/// Who hears how far the work is: what is brought now, and how many records of it were looked at.
pub type Watch<'a> = &'a dyn Fn(&str, u64);

/// What is worked with.
pub struct Work<'a> {
    app: &'a App,
    dump: &'a Dump,
    report: &'a mut Report,
    watch: Watch<'a>,
    now: Timestamp,
}

/// What became of one record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Taken {
    /// It is here now.
    New,
    /// It was here already, or this server makes such a thing by itself.
    Known,
}

/// Why a record is left out, in words.
type Reason = String;

/// What came of one record.
type Outcome = Stored<Result<Taken, Reason>>;

/// Takes one record of a type.
type One = fn(&Taker<'_>, &mut dyn Tx, &Value) -> Outcome;

/// Whether a pump.io was brought in before, and when.
pub fn brought(from: &dyn Read) -> Stored<Option<Timestamp>> {
    Ok(meta::moving(from)?.and_then(|moving| moving.finished))
}

/// Says that a run was cut off: then only half of everything is here.
pub fn is_cut_off(from: &dyn Read) -> Stored<bool> {
    Ok(meta::moving(from)?.is_some_and(|moving| moving.finished.is_none()))
}

/// What to do after that.
pub const CUT_OFF: &str = "Bringing in a pump.io was cut off, and only half of it is here. Run `pumphouse import --from-pumpio` again with      the same directory: it goes on. Or begin with an empty data directory.";

/// Brings in what [`look::over`] has found good.
pub fn bring(
    app: &App,
    dump: &Dump,
    report: &mut Report,
    watch: Watch<'_>,
    now: Timestamp,
) -> Result<(), Halt> {
    app.store.write(|tx| {
        let moving = Moving {
            started: now,
            finished: None,
        };
        meta::put_moving(tx, &moving);
        Ok(())
    })?;
    let mut work = Work {
        app,
        dump,
        report,
        watch,
        now,
    };
    work.accounts()?;
    for kind in work.kinds() {
        work.take(&kind, "things", things::make)?;
    }
    for kind in work.kinds() {
        work.take(&kind, "what they belong to", ties::tie)?;
    }
    work.take("activity", "activities", activities::take)?;
    work.files()?;
    work.streams()?;
    work.applications()?;
    work.others();
    app.store.write(|tx| {
        // What came is found by its words, and its pictures by their months, once the server runs.
        meta::unmark_indexed(tx);
        let moving = Moving {
            started: now,
            finished: Some(now),
        };
        meta::put_moving(tx, &moving);
        Ok(())
    })?;
    Ok(())
}

impl Work<'_> {
    /// The types of objects that there are, people first.
    fn kinds(&self) -> Vec<String> {
        let is_object = |kind: &&str| names::TYPES.contains(kind) || *kind == "other";
        let mut kinds: Vec<String> = self
            .dump
            .kinds()
            .filter(is_object)
            .map(str::to_owned)
            .collect();
        kinds.sort_by_key(|kind| kind != "person");
        kinds
    }

    /// Takes all records of a type, many in one write.
    fn take(&mut self, kind: &str, what: &str, one: One) -> Result<(), Halt> {
        let (app, dump, now) = (self.app, self.dump, self.now);
        let mut batch: Vec<Found> = Vec::new();
        let mut bytes = 0;
        let mut done = 0;
        let is_first_time = what != "what they belong to";
        let mut flush = |work: &mut Self, batch: &mut Vec<Found>| -> Result<(), Halt> {
            let taker = Taker { app, kind, now };
            // What the power takes is taken again: it is not here then.
            let outcomes = app.store.write_soon(|tx| {
                let each = batch.iter().map(|found| match &found.record {
                    Ok(record) => one(&taker, tx, &record.value),
                    Err(reason) => Ok(Err(reason.clone())),
                });
                each.collect::<Stored<Vec<_>>>()
            })?;
            for (found, outcome) in batch.iter().zip(outcomes) {
                match outcome {
                    Ok(Taken::New) if is_first_time => work.report.brought(kind),
                    Ok(Taken::Known) if is_first_time => work.report.known(kind),
                    Ok(_) => {}
                    // What cannot be read was said when it was met for the first time.
                    Err(reason) if is_first_time || found.record.is_ok() => {
                        work.report.left_out(kind, found, &reason);
                    }
                    Err(_) => {}
                }
            }
            done += batch.len() as u64;
            batch.clear();
            (work.watch)(&format!("{kind}: {what}"), done);
            Ok(())
        };
        dump.each(kind, &mut |found| {
            bytes += found.bytes;
            batch.push(found);
            if batch.len() >= RECORDS_PER_WRITE || bytes >= BYTES_PER_WRITE {
                bytes = 0;
                flush(self, &mut batch)?;
            }
            Ok(())
        })?;
        if batch.is_empty() {
            return Ok(());
        }
        flush(self, &mut batch)
    }

    /// Says of what is left that it is left, and why.
    fn others(&mut self) {
        for kind in self.dump.kinds() {
            if let Some(reason) = left_behind(kind) {
                self.report.type_left(kind, reason);
            }
        }
        for name in self.dump.strangers() {
            self.report
                .type_left(name, "this is nothing that pump.io keeps");
        }
    }
}

/// Why records of a type stay behind; nothing for a type that is taken.
pub(super) fn left_behind(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "nonce"
        | "requesttoken"
        | "session"
        | "dialbackclientrequest"
        | "dialbackrequest"
        | "authorizationcode"
        | "confirmation"
        | "recovery" => {
            "these live for minutes; whoever was in the middle of something begins again"
        }
        "remoteaccesstoken" | "remoterequesttoken" => {
            "people of other servers log in again when they come back"
        }
        "bearertoken" => "pump.io kept them in an unfinished form; the program asks again",
        "host" => "other servers are looked up when they are needed",
        "proxy" => "addresses of pictures elsewhere are made anew",
        "edge" | "favorite" | "share" | "membership" | "streamcount" | "streamsegmentcount"
        | "stream" | "streamsegments" | "usercount" | "userlist" | "useravatar" => {
            "what they say is in the streams"
        }
        kind if names::TYPES.contains(&kind) => return None,
        "other" | "activity" | "user" | "client" | "accesstoken" | "credentials"
        | "streamsegment" => return None,
        _ => "nobody here knows what this type means",
    })
}

/// What one record is taken with.
struct Taker<'a> {
    app: &'a App,
    /// The type under which the databank held it.
    kind: &'a str,
    now: Timestamp,
}

/// What an id that pump.io had means here.
fn meaning(app: &App, from: &dyn Read, id: &str) -> Stored<Option<Address>> {
    if let Some(known) = names::find(app.base(), from, id)? {
        return Ok(Some(known));
    }
    // Of this host, but not in the form that this server gives: it was kept under it.
    Ok(aliases::find(from, &names::canonical(id))?.map(Address::Thing))
}

/// The thing that such an id means.
fn thing(app: &App, from: &dyn Read, id: &str) -> Stored<Option<ThingId>> {
    Ok(match meaning(app, from, id)? {
        Some(Address::Thing(thing)) => Some(thing),
        _ => None,
    })
}

fn broken(what: impl std::fmt::Display) -> Halt {
    Halt::Failed(Error::Invalid(what.to_string()))
}
