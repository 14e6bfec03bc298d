//! Looks over a dump before anything is taken from it: whether it is of this host, whose accounts there are, and how much of
//! the rest can be read.

use super::accounts::{self, Account};
use super::dump::Dump;
use super::report::Report;
use super::{Watch, left_behind};
use crate::app::App;
use crate::domain::archives::Halt;
use crate::domain::names;
use crate::error::Error;
use crate::ids::Base;
use crate::store::users;

/// Nicknames that a sentence names.
const NAMED_MAX: usize = 10;

/// Says whether a dump can be brought into a server with this address; the error says what to change. Changes nothing.
pub fn over(app: &App, base: &Base, dump: &Dump) -> Result<(), Halt> {
    whole(dump)?;
    let accounts = accounts::all(dump, &mut Report::default())?;
    if accounts.is_empty() {
        return Err(Error::invalid("There is no account in this dump that can be read.").into());
    }
    if let Some(other) = accounts
        .iter()
        .find(|account| account.person != base.person_id(&account.nickname))
    {
        return Err(Error::Invalid(foreign(base, other)).into());
    }
    let mut taken = Vec::new();
    for account in &accounts {
        let known = users::by_nickname(&app.store, &account.nickname)?;
        if let Some((known, _)) = known
            && accounts::brought(&app.store, &account.nickname)? != Some(known.0)
        {
            taken.push(account.nickname.to_string());
        }
    }
    if !taken.is_empty() {
        let count = taken.len();
        taken.truncate(NAMED_MAX);
        return Err(Error::Conflict(format!(
            "{count} of the nicknames belong to somebody here already: {}. Use another data directory, or bring in the dump \
             before anybody gets an account here.",
            taken.join(", ")
        ))
        .into());
    }
    Ok(())
}

/// Reads everything once and counts it, for a run that changes nothing.
pub fn through(dump: &Dump, report: &mut Report, watch: Watch<'_>) -> Result<(), Halt> {
    for kind in dump.kinds() {
        if let Some(reason) = left_behind(kind) {
            report.type_left(kind, reason);
            continue;
        }
        if kind == "user" {
            for _ in accounts::all(dump, report)? {
                report.brought(kind);
            }
            continue;
        }
        let mut done = 0;
        dump.each(kind, &mut |found| {
            done += 1;
            match &found.record {
                Ok(_) => report.brought(kind),
                Err(reason) => report.left_out(kind, &found, reason),
            }
            watch(kind, done);
            Ok(())
        })?;
    }
    Ok(())
}

/// Refuses a dump without what nothing else can be made of.
fn whole(dump: &Dump) -> Result<(), Error> {
    let by_name: &[&str] = match dump.finds("streamsegment") {
        true => &["stream"],
        false => &[],
    };
    let needed = ["person", "activity", "streamsegments", "streamsegment"];
    let missing: Vec<&str> = needed
        .iter()
        .chain(by_name)
        .filter(|kind| dump.kinds().all(|known| known != **kind))
        .copied()
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(Error::Invalid(format!(
        "This dump is not whole: the records of these types are missing: {}. Nothing was changed.",
        missing.join(", ")
    )))
}

fn foreign(base: &Base, account: &Account) -> String {
    let id = &account.person;
    let host = names::domain(id).unwrap_or("another host");
    let advice = match id.starts_with("acct:") {
        true => format!("--hostname={host} --urlPort=443"),
        false => format!("--hostname={host}, and --urlPort with the port that stands there"),
    };
    format!(
        "This dump is not of {}: {} is {id} there. Names and addresses must stay what they are, so the server that takes it has \
         the name of the old one: start with {advice} in an empty data directory.",
        base.url(),
        account.nickname,
    )
}
