//! What every rule may use, in one value that is passed first; nothing is global.

use crate::config::{Config, DEFAULT_SITE};
use crate::domain::archives::Desk;
use crate::domain::setup::Setup;
use crate::domain::talks::Talks;
use crate::ids::{Base, UserId};
use crate::media::{BlobName, Blobs};
use crate::store::Store;
use crate::store::engine::{Read, Result};
use crate::store::meta;
use std::sync::{Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

/// The parts of a running server that the rules use.
pub struct App {
    /// How the server was configured.
    pub config: Config,
    /// What is kept.
    pub store: Store,
    /// The files that people uploaded.
    pub blobs: Blobs,
    /// How the server gets its owner.
    pub setup: Setup,
    /// Realtime clients that speak by single requests.
    pub talks: Talks,
    /// Archives that are made and taken.
    pub desk: Desk,
    /// The base URL; set once, at start or by the setup.
    base: OnceLock<Base>,
    jobs: Bell,
    /// See [`App::turn_of`].
    turns: [Mutex<()>; TURNS],
}

/// Between how many groups of users the turns of forms are told apart.
const TURNS: usize = 8;

/// Rung when there may be something to do.
#[derive(Default)]
pub struct Bell {
    rung: Mutex<Rung>,
    changed: Condvar,
}

#[derive(Default)]
struct Rung {
    is_work: bool,
    is_closed: bool,
}

impl App {
    /// The parts, without a base URL yet.
    pub fn new(config: Config, store: Store, blobs: Blobs) -> App {
        App {
            config,
            store,
            blobs,
            setup: Setup::default(),
            talks: Talks::default(),
            desk: Desk::default(),
            base: OnceLock::new(),
            jobs: Bell::default(),
            turns: Default::default(),
        }
    }

    /// The base URL of every id.
    ///
    /// # Panics
    /// Before it is known: then only the setup answers, which asks [`App::known_base`].
    pub fn base(&self) -> &Base {
        self.base
            .get()
            .expect("the base URL is known before anything but the setup is answered")
    }

    /// The base URL, if it is known: it is not until the setup is done.
    pub fn known_base(&self) -> Option<&Base> {
        self.base.get()
    }

    /// Sets the base URL, once; a second call changes nothing and says so with `false`.
    pub fn set_base(&self, base: Base) -> bool {
        let is_new = self.base.set(base).is_ok();
        // Archives name things, so they have waited for it.
        self.desk.bell.ring();
        is_new
    }

    /// What people call the site: as configured, as set up, or the server's own name.
    pub fn site_name(&self) -> String {
        self.site_name_in(&self.store)
    }

    /// As [`App::site_name`], inside a write.
    pub fn site_name_in(&self, from: &dyn Read) -> String {
        if let Some(name) = &self.config.site {
            return name.clone();
        }
        match meta::site(from) {
            Ok(Some(site)) if !site.name.is_empty() => site.name,
            _ => DEFAULT_SITE.to_owned(),
        }
    }

    /// Removes a file that nothing shows any more. A file that stays behind does no harm; the sweep finds it.
    pub fn forget_file(&self, name: BlobName) {
        if let Err(error) = self.blobs.delete(name) {
            log::warn!("an upload that was deleted stays on disk: {error}");
        }
    }

    /// Lets forms of one user wait for each other, for as long as the answer lives: what was sent twice because a button was
    /// tapped twice is then seen to be the same, however long the first takes.
    pub fn turn_of(&self, user: UserId) -> MutexGuard<'_, ()> {
        let number = usize::try_from(user.0.0 % TURNS as u64).unwrap_or_default();
        self.turns[number]
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Says that there may be a job to do.
    pub fn wake_jobs(&self) {
        self.jobs.ring();
    }

    /// Ends [`App::wait_for_jobs`] for good, and the work on archives.
    pub fn close_jobs(&self) {
        self.jobs.close();
        self.desk.bell.close();
    }

    /// Waits until there may be a job to do, at most `longest`; without it until it is rung. False when the server stops.
    pub fn wait_for_jobs(&self, longest: Option<Duration>) -> bool {
        self.jobs.wait(longest)
    }

    /// Fixes the base URL in the store before the first content exists, or checks that it is still the same.
    pub fn settle_base(&self, base: Base, now_ms: u64) -> Result<()> {
        let stored = meta::site(&self.store)?.unwrap_or(meta::Site {
            base: None,
            name: String::new(),
            created_ms: now_ms,
        });
        match &stored.base {
            Some(known) if *known != base => {
                let text = format!(
                    "this store belongs to {}, but the server is configured as {}. The address is part of every id and \
                     cannot change: set hostname, urlPort and urlPath back, or use another datadir",
                    known.url(),
                    base.url()
                );
                return Err(crate::error::Error::Conflict(text).into());
            }
            Some(_) => {}
            None => {
                let site = meta::Site {
                    base: Some(base.clone()),
                    ..stored
                };
                self.store.write(|tx| {
                    meta::put_site(tx, &site);
                    Ok(())
                })?;
            }
        }
        self.set_base(base);
        Ok(())
    }
}

impl Bell {
    /// Says that there may be something to do.
    pub fn ring(&self) {
        self.rung().is_work = true;
        self.changed.notify_all();
    }

    /// Ends [`Bell::wait`] for good.
    pub fn close(&self) {
        self.rung().is_closed = true;
        self.changed.notify_all();
    }

    /// Whether it was closed.
    pub fn is_closed(&self) -> bool {
        self.rung().is_closed
    }

    /// Waits until it is rung, at most `longest`. False when it was closed.
    pub fn wait(&self, longest: Option<Duration>) -> bool {
        let waiting = |rung: &mut Rung| !rung.is_work && !rung.is_closed;
        let mut rung = match longest {
            Some(longest) => {
                let waited = self
                    .changed
                    .wait_timeout_while(self.rung(), longest, waiting);
                waited.unwrap_or_else(PoisonError::into_inner).0
            }
            None => self
                .changed
                .wait_while(self.rung(), waiting)
                .unwrap_or_else(PoisonError::into_inner),
        };
        rung.is_work = false;
        !rung.is_closed
    }

    fn rung(&self) -> MutexGuard<'_, Rung> {
        self.rung.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
