//! Reports: what users tell the owner of the server about a post or a person. Those that wait are kept apart from those that
//! are done, so that asking whether any wait costs nothing.

use super::engine::{Read, Result, Tx};
use super::keys::{KeyBytes, Table, thing_at_end};
use super::record::{self, Record};
use crate::clock::Timestamp;
use crate::ids::{ThingId, UserId};
use serde::{Deserialize, Serialize};

/// A report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Who reports.
    pub by: UserId,
    /// The post or the person.
    pub thing: ThingId,
    /// The reporter's words.
    pub reason: String,
    /// When.
    pub at: Timestamp,
    /// What became of it.
    pub done: Option<Done>,
}

/// What the owner did, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {
    /// What.
    pub how: Resolution,
    /// When.
    pub at: Timestamp,
}

/// What the owner can do about a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Resolution {
    /// Nothing.
    Dismiss,
    /// Delete the post.
    Delete,
    /// Suspend who wrote it, or the person.
    Suspend,
}

impl Resolution {
    /// Reads the word for it in the API, forms and commands.
    pub fn parse(word: &str) -> Option<Resolution> {
        match word {
            "dismiss" => Some(Resolution::Dismiss),
            "delete" => Some(Resolution::Delete),
            "suspend" => Some(Resolution::Suspend),
            _ => None,
        }
    }
}

impl Record for Report {
    const NAME: &'static str = "report";
    const VERSION: u8 = 1;
}

/// Whether reports wait or are done: a part of the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Part {
    /// They wait.
    Open = 0,
    /// They are done.
    Done = 1,
}

/// The report with this id.
pub fn get(from: &dyn Read, id: ThingId) -> Result<Option<Report>> {
    match record::get(from, &key(Part::Open, id))? {
        Some(report) => Ok(Some(report)),
        None => record::get(from, &key(Part::Done, id)),
    }
}

/// Keeps a report, new or changed.
pub fn put(tx: &mut dyn Tx, id: ThingId, report: &Report) {
    if report.done.is_some() {
        tx.delete(&key(Part::Open, id));
        record::put(tx, &key(Part::Done, id), report);
    } else {
        record::put(tx, &key(Part::Open, id), report);
    }
}

/// Forgets a report.
pub fn remove(tx: &mut dyn Tx, id: ThingId) {
    tx.delete(&key(Part::Open, id));
    tx.delete(&key(Part::Done, id));
}

/// At most `limit` reports, the oldest first.
pub fn list(from: &dyn Read, part: Part, limit: usize) -> Result<Vec<(ThingId, Report)>> {
    let start = KeyBytes::of(Table::Report).part(part as u8);
    record::list(from, &start, &start, limit, thing_at_end)
}

fn key(part: Part, id: ThingId) -> KeyBytes {
    KeyBytes::of(Table::Report).part(part as u8).thing(id)
}
