//! `pumphouse report …`: what users told about posts and people.

use super::{Desk, Outcome};
use crate::cli::Failure;
use crate::domain::{names, reports};
use crate::ids::{ThingId, UserId};
use crate::store::reports::{Part, Resolution};
use crate::store::things::{self, Object};

/// `report list`: number, time, who reports, what (an id), and the words; those that wait, oldest first.
pub(super) fn list(desk: &Desk<'_>) -> Result<Outcome, Failure> {
    let store = &desk.app.store;
    let mut lines = Vec::new();
    for (id, report) in reports::list(store, Part::Open)? {
        let UserId(by) = report.by;
        let by = things::object(store, by)?;
        let by = by.as_ref().and_then(Object::nickname).unwrap_or("somebody");
        let what = match reports::object_of(store, &report)? {
            Some((thing, object)) => names::object_id(desk.app.base(), thing, &object).to_string(),
            None => "something that is gone".to_owned(),
        };
        lines.push(format!(
            "{}  {}  {by}  {what}  {}",
            id.0,
            report.at,
            in_one_line(&report.reason)
        ));
    }
    Ok(Outcome::Done(lines))
}

/// `report dismiss NUMBER`, `report delete NUMBER`, `report suspend NUMBER`
pub(super) fn resolve(desk: &Desk<'_>, number: u64, how: Resolution) -> Result<Outcome, Failure> {
    let closed = reports::resolve(desk.app, ThingId(number), how, desk.now)?;
    let done = match how {
        Resolution::Dismiss => "Nothing was changed",
        Resolution::Delete => "The post is deleted",
        Resolution::Suspend => "The author is suspended",
    };
    let reports = match closed {
        1 => "one report is".to_owned(),
        number => format!("{number} reports are"),
    };
    Ok(Outcome::said(format_args!("{done}; {reports} done.")))
}

/// Nothing in it moves the cursor of a terminal.
fn in_one_line(text: &str) -> String {
    let plain: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}
