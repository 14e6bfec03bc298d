//! The other way to set up a server: with everything that an earlier one kept. The file is put in place beside the server that
//! runs; then the server begins again with it.

use super::{Setup, closed, is_open};
use crate::app::App;
use crate::domain::backups::{reading, restoring};
use crate::error::Error;
use crate::media::Spool;
use std::io;
use std::sync::{Arc, MutexGuard, PoisonError};
use std::thread;

/// How far it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Restoring {
    /// Nobody wants it.
    #[default]
    No,
    /// A backup is unpacked, or the server is about to begin again with it.
    Working,
    /// It came to nothing: a sentence.
    Failed(String),
}

/// What lets the server begin again.
pub type Restart = Box<dyn FnOnce() + Send>;

impl Setup {
    /// How far it is.
    pub fn restoring(&self) -> Restoring {
        self.backup().clone()
    }

    /// Says how the server begins again.
    pub fn restart_by(&self, restart: Restart) {
        *self.restart.lock().unwrap_or_else(PoisonError::into_inner) = Some(restart);
    }

    fn backup(&self) -> MutexGuard<'_, Restoring> {
        self.restoring
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// Begins to put a backup in place. The code was checked before. 400 for what is no backup or has another passphrase, 404 where
/// there is an owner, 409 while another one is put in place.
pub fn begin(app: &Arc<App>, file: Spool, passphrase: &str) -> Result<(), Error> {
    if !is_open(app)? {
        return Err(closed());
    }
    {
        let mut state = app.setup.backup();
        if *state == Restoring::Working {
            return Err(Error::Conflict(
                "A backup is being put in place already.".to_owned(),
            ));
        }
        *state = Restoring::Working;
    }
    let begun = open(app, &file, passphrase).and_then(|from| {
        let app = Arc::clone(app);
        let work = move || {
            let mut from = from;
            let unpacked = Error::catching(|| restoring::unpack(&mut *from, &app.config));
            drop(file);
            match unpacked.unwrap_or_else(Err) {
                Ok(_) => {
                    let restart = app.setup.restart.lock();
                    if let Some(restart) = restart.unwrap_or_else(PoisonError::into_inner).take() {
                        restart();
                    }
                }
                Err(error) => {
                    log::warn!("the backup was not restored: {error}");
                    *app.setup.backup() = Restoring::Failed(error.public());
                }
            }
        };
        let begun = thread::Builder::new()
            .name("restore".to_owned())
            .spawn(work);
        begun.map(|_| ()).map_err(Error::internal)
    });
    if begun.is_err() {
        *app.setup.backup() = Restoring::No;
    }
    begun
}

fn open(app: &App, file: &Spool, passphrase: &str) -> Result<Box<dyn io::BufRead + Send>, Error> {
    restoring::check_empty(Some(&app.store), &app.config.datadir)?;
    let passphrase = Some(passphrase).filter(|typed| !typed.is_empty());
    let mut from = reading::open(file.reader().map_err(Error::internal)?, passphrase)?;
    reading::recognise(&mut *from)?;
    Ok(from)
}
