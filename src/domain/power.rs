//! Switching the machine off, or restarting it: the server may do neither. It leaves its wish in a directory (option
//! `powerdir`), and who watches that directory does it: `systemd/pumphouse-power.path` of the package.

use crate::config::Config;
use crate::error::Error;
use std::fs::{self, File};
use std::io;
use std::path::Path;

/// What is wished.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// The machine switches off.
    Off,
    /// It starts anew.
    Restart,
}

impl Wish {
    /// The wish that a form names.
    pub fn parse(name: &str) -> Option<Wish> {
        [Wish::Off, Wish::Restart]
            .into_iter()
            .find(|wish| wish.name() == name)
    }

    /// Its name in forms.
    pub fn name(self) -> &'static str {
        match self {
            Wish::Off => "off",
            Wish::Restart => "restart",
        }
    }

    /// The file that says so: the word of `systemctl` for it.
    fn file(self) -> &'static str {
        match self {
            Wish::Off => "poweroff",
            Wish::Restart => "reboot",
        }
    }
}

/// Where wishes are left, if somebody watches for them.
pub fn place(config: &Config) -> Option<&Path> {
    let place = config.power_directory.as_deref()?;
    let access = rustix::fs::Access::WRITE_OK | rustix::fs::Access::EXEC_OK;
    let is_usable = place.is_dir() && rustix::fs::access(place, access).is_ok();
    is_usable.then_some(place)
}

/// Leaves a wish. 404 where nobody would fulfil it.
pub fn ask(config: &Config, wish: Wish) -> Result<(), Error> {
    let Some(place) = place(config) else {
        return Err(Error::not_found(
            "This machine cannot be switched off from here.",
        ));
    };
    leave(place, wish)
        .map_err(|error| Error::internal(format!("cannot write to {}: {error}", place.display())))
}

fn leave(place: &Path, wish: Wish) -> io::Result<()> {
    // Whoever has two wishes has the last one.
    for other in [Wish::Off, Wish::Restart] {
        match fs::remove_file(place.join(other.file())) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    File::create(place.join(wish.file())).map(drop)
}
