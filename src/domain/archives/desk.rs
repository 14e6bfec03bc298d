//! Where archives are asked for, and where they wait. What was asked for is a record, so it outlives a restart; what is half
//! done then is begun again. One archive is worked on at a time.

use super::import::{self, Importing};
use super::source::Source;
use super::{Halt, Progress, export};
use crate::app::App;
use crate::clock::Timestamp;
use crate::domain::bell::Bell;
use crate::error::Error;
use crate::ids::UserId;
use crate::media::{Blob, Spool};
use crate::store::archives::{self, Archive, Report, State, Way};
use crate::store::engine::{Result as Stored, Tx};
use crate::store::users;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How long an archive can be fetched, in seconds.
pub const KEPT_SECS: i64 = 7 * 24 * 3600;

/// What is worked on now.
#[derive(Default)]
pub struct Desk {
    /// Rung when something was asked for.
    pub bell: Bell,
    doing: Mutex<Option<Doing>>,
}

/// How far the work is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Doing {
    user: UserId,
    way: Way,
    /// Steps that are done.
    pub done: u64,
    /// All steps; 0 before they are known.
    pub steps: u64,
}

impl Desk {
    fn doing(&self) -> MutexGuard<'_, Option<Doing>> {
        self.doing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How far the work on a user's archive is; nothing while it waits for others.
    pub fn progress(&self, user: UserId, way: Way) -> Option<Doing> {
        let doing = *self.doing();
        doing.filter(|doing| doing.user == user && doing.way == way)
    }
}

impl Progress for App {
    fn begin(&self, steps: u64) {
        if let Some(doing) = &mut *self.desk.doing() {
            doing.steps = steps;
        }
    }

    fn step(&self) -> Result<(), Halt> {
        if let Some(doing) = &mut *self.desk.doing() {
            doing.done += 1;
        }
        if self.desk.bell.is_closed() {
            return Err(Halt::Ending);
        }
        Ok(())
    }
}

/// What became of the archive that a user asked for last.
pub fn state(app: &App, user: UserId, way: Way) -> Result<Option<Archive>, Error> {
    Ok(archives::get(&app.store, user, way)?)
}

/// Asks for an archive of everything that the user owns. A second tap while it is being made changes nothing; the one that
/// was made before can be fetched until the new one is there.
pub fn ask_for_export(app: &App, user: UserId, now: Timestamp) -> Result<(), Error> {
    ask(app, user, Way::Out, now)
}

/// Keeps a file that a user brings and has it read. 400 for one that is not right, 409 while another one is being read.
pub fn ask_for_import(app: &App, user: UserId, file: Spool, now: Timestamp) -> Result<(), Error> {
    import::check(&mut Source::open(file.reader().map_err(Error::internal)?)?)?;
    let _turn = app.turns.of(user.0);
    if state(app, user, Way::In)?.is_some_and(|known| known.state.is_pending()) {
        return Err(Error::Conflict(
            "Another file is being brought in already. Wait until that is done.".to_owned(),
        ));
    }
    app.blobs.shelf().receive(user, file)?;
    ask(app, user, Way::In, now)
}

fn ask(app: &App, user: UserId, way: Way, now: Timestamp) -> Result<(), Error> {
    app.store.write(|tx| {
        if users::get(tx, user)?.is_none() {
            return Err(Error::Gone.into());
        }
        let known = archives::get(tx, user, way)?;
        if known.is_none_or(|known| !known.state.is_pending()) {
            let state = State::Waiting;
            archives::put(tx, user, way, &Archive { asked: now, state });
        }
        Ok(())
    })?;
    app.desk.bell.ring();
    Ok(())
}

/// Until when an archive that was made then can be fetched.
pub fn ends(made: Timestamp) -> Timestamp {
    Timestamp(made.0 + KEPT_SECS)
}

/// The archive that was made for a user; 404 if there is none, or none any more.
pub fn open(app: &App, user: UserId) -> Result<Blob, Error> {
    let missing = || Error::not_found("There is no archive of your data. Ask for one first.");
    let made = match state(app, user, Way::Out)?.map(|archive| archive.state) {
        Some(State::Made { .. }) => app.blobs.shelf().open_made(user)?,
        _ => None,
    };
    made.ok_or_else(missing)
}

/// Takes away the archives of a user who is gone.
pub fn forget(app: &App, user: UserId) -> Result<(), Error> {
    app.blobs.shelf().remove_made(user)?;
    app.blobs.shelf().remove_received(user)?;
    app.store.write(|tx| {
        archives::remove(tx, user, Way::Out);
        archives::remove(tx, user, Way::In);
        Ok(())
    })?;
    Ok(())
}

/// Works on the archive that was asked for first, and takes away those that were kept long enough. Answers when to look
/// again: at once after work, never while there is nothing.
pub fn work(app: &App, now: Timestamp) -> Stored<Option<Duration>> {
    if app.known_base().is_none() {
        return Ok(None);
    }
    let mut first: Option<(UserId, Way, Archive)> = None;
    let mut wait: Option<Duration> = None;
    for (user, way, archive) in archives::all(&app.store)? {
        match archive.state {
            State::Waiting | State::Taking { .. } => {
                if first
                    .as_ref()
                    .is_none_or(|(.., other)| archive.asked < other.asked)
                {
                    first = Some((user, way, archive));
                }
            }
            State::Made { at, .. } => {
                let left = ends(at).0 - now.0;
                if left <= 0 {
                    let_go(app, user)?;
                } else {
                    let left = Duration::from_secs(left.unsigned_abs());
                    wait = Some(wait.map_or(left, |wait| wait.min(left)));
                }
            }
            State::Taken { .. } | State::Failed { .. } => {}
        }
    }
    let Some((user, way, archive)) = first else {
        return Ok(wait);
    };
    *app.desk.doing() = Some(Doing {
        user,
        way,
        done: 0,
        steps: 0,
    });
    let outcome = Error::catching(|| match way {
        Way::Out => make(app, user, now),
        Way::In => take(app, user, &archive, now),
    });
    let outcome = outcome.unwrap_or_else(|error| Err(error.into()));
    *app.desk.doing() = None;
    let state = match outcome {
        Ok(state) => state,
        Err(Halt::Ending) => return Ok(None),
        Err(Halt::Failed(error)) => State::Failed {
            at: now,
            why: why(way, &error),
        },
    };
    // Whoever brings the next file waits until this one is gone.
    let _turn = app.turns.of(user.0);
    app.store
        .write(|tx| keep(tx, user, way, &archive, &state))?;
    if way == Way::In
        && let Err(error) = app.blobs.shelf().remove_received(user)
    {
        log::error!("an archive stays although it was read: {error}");
    }
    Ok(Some(Duration::ZERO))
}

/// Takes away, at a start, what came in and is not to be read, because the run before was cut off in between.
pub fn tidy(app: &App) -> Result<(), Error> {
    for user in app.blobs.shelf().received_of()? {
        if !state(app, user, Way::In)?.is_some_and(|archive| archive.state.is_pending()) {
            app.blobs.shelf().remove_received(user)?;
        }
    }
    Ok(())
}

/// Writes what became of an archive, unless its user is gone.
fn keep(tx: &mut dyn Tx, user: UserId, way: Way, asked: &Archive, state: &State) -> Stored<()> {
    if users::get(tx, user)?.is_some() {
        let archive = Archive {
            asked: asked.asked,
            state: state.clone(),
        };
        archives::put(tx, user, way, &archive);
    }
    Ok(())
}

fn make(app: &App, user: UserId, now: Timestamp) -> Result<State, Halt> {
    let growing = app.blobs.shelf().begin(user)?;
    let room = growing.room_bytes();
    let growing = export::write(app, user, growing, room, now, app)?;
    let bytes = growing.finish()?;
    if users::get(&app.store, user)?.is_none() {
        app.blobs.shelf().remove_made(user)?;
    }
    Ok(State::Made { at: now, bytes })
}

fn take(app: &App, user: UserId, archive: &Archive, now: Timestamp) -> Result<State, Halt> {
    let shelf = app.blobs.shelf();
    let lost = || Error::invalid("The file is not on this server any more. Send it again.");
    let received = shelf.open_received(user)?.ok_or_else(lost)?;
    let note = |tx: &mut dyn Tx, report: &Report| {
        let state = State::Taking {
            report: report.clone(),
        };
        archives::put(
            tx,
            user,
            Way::In,
            &Archive {
                asked: archive.asked,
                state,
            },
        );
    };
    let importing = Importing {
        app,
        user,
        now,
        progress: app,
        earlier: match &archive.state {
            State::Taking { report } => report.clone(),
            _ => Report::default(),
        },
        note: &note,
    };
    let room = app.blobs.room_bytes()?;
    let report = import::read(importing, &mut Source::open(received.file)?, room)?;
    Ok(State::Taken { at: now, report })
}

fn let_go(app: &App, user: UserId) -> Stored<()> {
    if let Err(error) = app.blobs.shelf().remove_made(user) {
        log::error!("an archive stays although its time is over: {error}");
    }
    app.store.write(|tx| {
        archives::remove(tx, user, Way::Out);
        Ok(())
    })
}

/// The sentence that the user reads, and a line of the log where it is our fault. Of a file that is not right nothing was
/// taken; what else stops the work may come in the middle of it.
fn why(way: Way, error: &Error) -> String {
    let mut why = match error {
        Error::Full => "The disk of this server has too little room for it. Ask whoever runs the server to make some, and \
                        try again."
            .to_owned(),
        other => other.public(),
    };
    if error.status() >= 500 {
        log::error!("an archive: {error}");
        if way == Way::In {
            why += " What came before that is here; bring the same file again for the rest.";
        }
    }
    why
}
