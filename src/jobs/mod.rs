//! The runner of durable jobs: one thread that does what is due, one job after another, and sleeps until the next one is.
//! It never looks at an idle queue. A job is taken out after it was done, so each may run twice. Beside it one thread works
//! on archives, and one makes the backups of every night.

pub mod delivering;
pub mod firehose;
pub mod mail;
pub mod push;
pub mod refreshing;
pub mod updating;

use crate::app::App;
use crate::clock::{self, Timestamp};
use crate::domain::archives::desk;
use crate::domain::backups::nightly;
use crate::domain::uploads::pieces;
use crate::domain::{distribution, forgetting, photos, requests, search, sweep};
use crate::error::Error;
use crate::media::BlobName;
use crate::store::bearer;
use crate::store::engine::Error::Refused;
use crate::store::engine::Result;
use crate::store::jobs::{self, Job, Queued};
use std::collections::HashSet;
use std::io;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// When a job that failed is tried again, in seconds; the others go on meanwhile.
const RETRY_SECS: i64 = 3600;

/// How long the runner waits after the store failed, in seconds.
const FAILURE_WAIT_SECS: u64 = 60;

/// Starts the runner; it ends after [`App::close`]. First it removes those of `leftovers`, files that an earlier run
/// may have left, that no record names, and the tokens that have ended.
pub fn start(app: &Arc<App>, leftovers: HashSet<BlobName>) -> io::Result<JoinHandle<()>> {
    let app = Arc::clone(app);
    thread::Builder::new()
        .name("jobs".to_owned())
        .stack_size(256 * 1024)
        .spawn(move || {
            if !leftovers.is_empty() {
                sweep_away(&app, leftovers);
            }
            match bearer::sweep(&app.store, clock::now()) {
                Ok(0) => {}
                Ok(number) => log::debug!("{number} families of tokens had ended and were removed"),
                Err(error) => log::error!("tokens that have ended: {error}"),
            }
            if let Err(error) = search::begin(&app, clock::now()) {
                log::error!("search: {error}");
            }
            if let Err(error) = photos::begin(&app, clock::now()) {
                log::error!("films among the photos: {error}");
            }
            run(&app);
        })
}

/// Starts the one who makes archives for users and takes them; beside the jobs, because an archive takes long. Ends after
/// [`App::close`].
pub fn start_archivist(app: &Arc<App>) -> io::Result<JoinHandle<()>> {
    if let Err(error) = desk::tidy(app) {
        log::error!("archives that came in: {error}");
    }
    let app = Arc::clone(app);
    thread::Builder::new()
        .name("archives".to_owned())
        .stack_size(1024 * 1024)
        .spawn(move || {
            let mut wait = Some(Duration::ZERO);
            while app.desk.bell.wait(wait) {
                wait = match desk::work(&app, clock::now()) {
                    Ok(next) => next,
                    Err(error) => {
                        log::error!("archives: {error}");
                        Some(Duration::from_secs(FAILURE_WAIT_SECS))
                    }
                };
            }
        })
}

/// Starts the one who makes backups every night. Ends after [`App::close`]; one that is being made then is left behind.
pub fn start_keeper(app: &Arc<App>) -> io::Result<()> {
    let app = Arc::clone(app);
    thread::Builder::new()
        .name("nightly".to_owned())
        .spawn(move || {
            let mut wait = Some(Duration::ZERO);
            while app.keeper.bell.wait(wait) {
                wait = nightly::work(&app, clock::now());
            }
        })
        .map(|_| ())
}

fn run(app: &App) {
    let mut wait = Some(Duration::ZERO);
    while app.jobs.wait(wait) {
        wait = match work(app) {
            Ok(next) => next,
            Err(error) => {
                log::error!("jobs: {error}");
                Some(Duration::from_secs(FAILURE_WAIT_SECS))
            }
        };
    }
}

fn sweep_away(app: &App, leftovers: HashSet<BlobName>) {
    match sweep::sweep(app, leftovers) {
        Ok(0) => {}
        Ok(number) => log::info!("{number} uploaded files that no record names were removed"),
        Err(error) => log::error!("sweep: {error}"),
    }
}

/// Does one job that is due; answers how long to wait for the next one, nothing if there is none.
fn work(app: &App) -> Result<Option<Duration>> {
    let Some(queued) = jobs::next(&app.store, 1)?.pop() else {
        return Ok(None);
    };
    let now = clock::now();
    if queued.due > now {
        let secs = u64::try_from(queued.due.secs_since(now)).unwrap_or(0);
        return Ok(Some(Duration::from_secs(secs)));
    }
    let done = Error::catching(|| perform(app, &queued));
    let again = match done.unwrap_or_else(|error| Err(error.into())) {
        Ok(()) => None,
        Err(error) => {
            log::error!(
                "a job failed and is tried again later: {:?}: {error}",
                queued.job
            );
            Some(Timestamp(now.0 + RETRY_SECS))
        }
    };
    app.store.write(|tx| {
        jobs::done(tx, &queued);
        match again {
            Some(due) => jobs::add(tx, app.store.fresh_id(), due, &queued.job),
            None => Ok(()),
        }
    })?;
    Ok(Some(Duration::ZERO))
}

fn perform(app: &App, queued: &Queued) -> Result<()> {
    match queued.job {
        Job::Distribute { activity, after } => {
            distribution::continue_distribution(app, activity, after, clock::now())
        }
        Job::Forget { person } => forgetting::continue_forgetting(app, person, clock::now()),
        Job::ForgetRest { person, after } => {
            forgetting::forget_rest(app, person, after, clock::now())
        }
        Job::SweepRequests => requests::sweep(app, clock::now()),
        Job::NoteWords => search::note_words(app, clock::now()),
        Job::Index { after } => search::index(app, after, clock::now()),
        Job::GatherPhotos { person, before } => photos::gather(app, person, before, clock::now()),
        Job::DropUpload { person, upload } => {
            pieces::drop_old(app, person, upload, clock::now()).map_err(Refused)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::work;
    use crate::domain::testing::{NOW, Pump};
    use crate::ids::ThingId;
    use crate::store::engine::Tx;
    use crate::store::jobs::{self, Job};
    use crate::store::keys::{KeyBytes, Table};
    use std::time::Duration;

    #[test]
    fn a_job_that_fails_waits_and_lets_the_others_go_on() {
        let pump = Pump::start();
        let app = &pump.app;
        let damaged = app.store.fresh_id();
        let job = |activity| Job::Distribute {
            activity,
            after: ThingId(0),
        };
        let queue = |tx: &mut dyn Tx| {
            tx.put(&KeyBytes::of(Table::Thing).thing(damaged), b"no record");
            jobs::add(tx, app.store.fresh_id(), NOW, &job(damaged))?;
            jobs::add(tx, app.store.fresh_id(), NOW, &job(ThingId(1)))
        };
        app.store.write(queue).expect("queued");
        for _ in 0..2 {
            assert_eq!(work(app).expect("the store works"), Some(Duration::ZERO));
        }
        let left = jobs::next(&app.store, 9).expect("readable");
        assert_eq!(left.len(), 1);
        assert_eq!(left[0].job, job(damaged));
        assert!(work(app).expect("the store works") > Some(Duration::from_secs(3000)));
    }
}
