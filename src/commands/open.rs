//! A stopped server's data, opened by a command that changes accounts: with the lock, with the rules of the domain, and
//! given back to its owner at the end.

use super::datadir::{self, Lock};
use crate::app::App;
use crate::cli::Failure;
use crate::clock;
use crate::config::Config;
use crate::domain::backups::restoring;
use crate::ids::{Base, Nickname, UserId};
use crate::media::Blobs;
use crate::store::engine::sled::Sled;
use crate::store::users::{self, User};
use crate::store::{Store, meta};
use std::path::PathBuf;

/// A data directory, open. Dropping it closes it.
pub(super) struct Opened {
    pub(super) app: App,
    datadir: PathBuf,
    _lock: Lock,
}

impl Opened {
    /// Opens the data directory and makes what is missing. `instead` says what can be done while the server runs.
    pub(super) fn open(config: &Config, instead: &str) -> Result<Opened, Failure> {
        config.prepare_datadir()?;
        let lock = lock(config, instead)?;
        settle(config)?;
        let store = Store::on(Box::new(Sled::open(&config.datadir.join("store"))?))?;
        let blobs = Blobs::open(&config.datadir).map_err(Failure::new)?;
        Ok(Opened {
            app: App::new(config.clone(), store, blobs),
            datadir: config.datadir.clone(),
            _lock: lock,
        })
    }

    /// Settles the base URL, without which nobody has an id.
    pub(super) fn settle_base(&self) -> Result<(), Failure> {
        Ok(self.app.settle_base(self.base()?, clock::unix_ms())?)
    }

    /// The base URL that it has or will have: the configured one, else the one of the setup.
    pub(super) fn base(&self) -> Result<Base, Failure> {
        let config = &self.app.config;
        let kept = meta::site(&self.app.store)?.and_then(|site| site.base);
        let is_port_known = config.port != 0 || config.url_port.is_some();
        let configured = config.base(config.port).filter(|_| is_port_known);
        configured.or(kept).ok_or_else(|| {
            Failure::new(match config.hostname {
                Some(_) => {
                    "The public port is not known where --port is 0: give --urlPort, too."
                }
                None => {
                    "Set the server up first: start it and open the address that it prints, or give --hostname."
                }
            })
        })
    }

    /// The user of a nickname.
    pub(super) fn user(&self, nickname: &Nickname) -> Result<(UserId, User), Failure> {
        user_of(&self.app, nickname)
    }

    /// Brings everything to the disk.
    pub(super) fn close(self) -> Result<(), Failure> {
        Ok(self.app.store.engine().close()?)
    }
}

/// The user of a nickname, for a command.
pub(super) fn user_of(app: &App, nickname: &Nickname) -> Result<(UserId, User), Failure> {
    users::by_nickname(&app.store, nickname)?.ok_or_else(|| {
        Failure::new(format!(
            "There is no user {nickname} here. `pumphouse user list` shows who there is."
        ))
    })
}

impl Drop for Opened {
    fn drop(&mut self) {
        datadir::hand_over(&self.datadir);
    }
}

/// Puts a backup in place that was restored when the power went; answers whether there was one.
pub(super) fn settle(config: &Config) -> Result<bool, Failure> {
    restoring::settle(&config.datadir).map_err(|error| {
        let datadir = config.datadir.display();
        Failure::new(format!("Cannot change {datadir}: {error}."))
    })
}

/// Whether there is a store, or one that waits for its place.
pub(super) fn has_store(config: &Config) -> bool {
    config.datadir.join("store").exists() || restoring::is_waiting(&config.datadir)
}

/// Takes the data directory; `instead` says what can be done while the server runs.
pub(super) fn lock(config: &Config, instead: &str) -> Result<Lock, Failure> {
    datadir::lock(&config.datadir).map_err(|failure| {
        if instead.is_empty() || datadir::running(&config.datadir).is_none() {
            return failure;
        }
        Failure::locked(format!("{failure}\n{instead}"))
    })
}
