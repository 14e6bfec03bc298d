//! The part of a memory card that every computer can read (option `bootdir`, on a Raspberry Pi `/boot/firmware`): whoever holds the
//! card is the owner. The server leaves the setup code there until it is set up, and looks at each start whether its owner left
//! a wish there: a file `reset-password` asks for a link that sets a new password, a file `factory-reset` for a server that is as
//! new. What is in them does not matter, and the ending `.txt` counts as none. A directory that is missing or read-only is said in
//! the log and stops nothing.
//!
//! Nothing is erased as long as the wish could not be taken away, or the same would happen at each start. The order holds
//! wherever the power goes: the wish gets another name, everything is erased, that name goes. A start that finds it erases on.

use crate::app::App;
use crate::appliance::shell::Keys;
use crate::clock;
use crate::config::Config;
use crate::domain::mailing::recovering;
use crate::domain::setup::Code;
use crate::error::Error;
use crate::store::users;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// The wish for a new password.
const RESET: &str = "reset-password";

/// The wish for a server that is as new.
const FACTORY: &str = "factory-reset";

/// What that is called while it is being done.
const ERASING: &str = "factory-reset.working";

/// Where the setup code stands.
pub const SETUP_CODE: &str = "SETUP-CODE.txt";

/// Where the link for a new password stands.
const LINK: &str = "NEW-PASSWORD.txt";

/// The file in the data directory that is held open by the lock, and stays.
const LOCK: &str = "lock";

/// Erases the data directory if that is wished; answers whether it was. Before the store is opened. The error stops the start:
/// then everything is erased, but would be once more.
pub fn erase_if_wished(config: &Config) -> Result<bool, String> {
    let Some(place) = &config.boot_directory else {
        return Ok(false);
    };
    let working = place.join(ERASING);
    if !working.exists() {
        let Some(wish) = wish(place, FACTORY) else {
            return Ok(false);
        };
        if let Err(error) = fs::rename(&wish, &working).and_then(|()| sync(place)) {
            log::error!(
                "{} asks to erase everything, but cannot be changed ({error}), so it would do so at each start. Nothing was erased.",
                wish.display()
            );
            return Ok(false);
        }
    }
    let stuck = |what: &Path, error: &io::Error| {
        format!(
            "Everything was to be erased, but {}: {error}.",
            what.display()
        )
    };
    let keys = || match config.shell {
        // Nobody logs in to the machine any more.
        Some(_) => Keys::default().leave(&config.datadir),
        None => Ok(()),
    };
    erase(&config.datadir)
        .and_then(|()| keys())
        .map_err(|error| stuck(&config.datadir, &error))?;
    fs::remove_file(&working)
        .and_then(|()| sync(place))
        .map_err(|error| {
            format!(
                "{} Remove this file: it asks to erase everything, and would do so at each start.",
                stuck(&working, &error)
            )
        })?;
    log::warn!(
        "everything was erased, as the file {FACTORY} in {} asked",
        place.display()
    );
    Ok(true)
}

/// Makes the link for the owner's new password if that is wished, and leaves it there; answers it, for the console.
pub fn reset_password_if_wished(app: &App) -> Result<Option<String>, Error> {
    let Some(place) = &app.config.boot_directory else {
        return Ok(None);
    };
    let link = place.join(LINK);
    let Some(wish) = wish(place, RESET) else {
        remove(&link);
        return Ok(None);
    };
    let Some(owner) = users::owner(&app.store)?.filter(|_| app.known_base().is_some()) else {
        log::warn!(
            "{} asks for a new password, but nobody owns this server yet",
            wish.display()
        );
        return Ok(None);
    };
    let url = recovering::link(app, owner, clock::now())?;
    let text = format!(
        "Open this address within a day, and choose a new password for the owner of this pump:\r\n\r\n{url}\r\n\r\n\
         It works once. This file goes at the next start.\r\n"
    );
    if write(&link, &text) {
        // The wish goes last: what is cut off is done again.
        if let Err(error) = fs::remove_file(&wish).and_then(|()| sync(place)) {
            log::warn!(
                "remove {}: each start makes a new link ({error})",
                wish.display()
            );
        }
    }
    Ok(Some(url))
}

/// Leaves the setup code for who looks at the card; without one it goes.
pub fn leave_code(config: &Config, code: Option<Code>, url: &str) {
    let Some(place) = &config.boot_directory else {
        return;
    };
    let path = place.join(SETUP_CODE);
    let Some(code) = code else {
        return remove(&path);
    };
    let text = format!(
        "Your pump waits to be set up. Open {url}setup in a browser on the same network.\r\n\r\nThe setup code is {code}\r\n\r\n\
         This file goes when it is set up.\r\n"
    );
    // A card is not written for nothing.
    if fs::read_to_string(&path).is_ok_and(|there| there == text) {
        return;
    }
    write(&path, &text);
}

/// Takes the setup code away: there is an owner.
pub fn forget_code(config: &Config) {
    if let Some(place) = &config.boot_directory {
        remove(&place.join(SETUP_CODE));
    }
}

/// The file of a wish, whatever its ending.
fn wish(place: &Path, name: &str) -> Option<PathBuf> {
    let entries = match fs::read_dir(place) {
        Ok(entries) => entries,
        Err(error) => {
            log::warn!("bootdir {}: {error}", place.display());
            return None;
        }
    };
    let is_it = |path: &PathBuf| {
        let stem = path.file_name().and_then(|stem| stem.to_str());
        let stem = stem.map(str::to_ascii_lowercase);
        let known = stem.as_deref();
        path.is_file() && (known == Some(name) || known == Some(&format!("{name}.txt")))
    };
    entries.flatten().map(|entry| entry.path()).find(is_it)
}

/// Takes everything out of the data directory but the file that is locked.
fn erase(datadir: &Path) -> io::Result<()> {
    for entry in fs::read_dir(datadir)? {
        let entry = entry?;
        if entry.file_name() == LOCK {
            continue;
        }
        match entry.file_type()?.is_dir() {
            true => fs::remove_dir_all(entry.path())?,
            false => fs::remove_file(entry.path())?,
        }
    }
    sync(datadir)
}

/// Writes a file there, whole; false, and a line in the log, where that cannot be.
fn write(path: &Path, text: &str) -> bool {
    let written = File::create(path).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.sync_all()
    });
    if let Err(error) = &written {
        log::warn!(
            "cannot write {}: {error}. Everything else works without it.",
            path.display()
        );
    }
    written.is_ok()
}

/// Takes a file away. One that is not there is not looked for on a card that takes no writes, which would say something else.
fn remove(path: &Path) {
    if !path.exists() {
        return;
    }
    if let Err(error) = fs::remove_file(path) {
        log::warn!(
            "{} is worth nothing any more, and stays: {error}",
            path.display()
        );
    }
}

fn sync(directory: &Path) -> io::Result<()> {
    File::open(directory)?.sync_all()
}
