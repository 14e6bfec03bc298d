//! `pumphouse backup FILE|DIRECTORY`: everything that the server keeps, in one file: taken from the server that runs, or from the
//! data directory of one that does not. The file is written here, by who runs the command, and with their rights.

use super::{control, open, say, size};
use crate::cli::{Failure, read_new_passphrase};
use crate::clock;
use crate::config::Config;
use crate::domain::backups::About;
use crate::domain::backups::making::{Fault, Snapshot};
use crate::domain::backups::target::{self, Target};
use std::io::Write;
use std::path::Path;
use std::time::Instant;

pub(super) fn perform(config: &Config, place: &Path, encrypts: bool) -> Result<(), Failure> {
    if !open::has_store(config) {
        return Err(Failure::new(format!(
            "There is no store in {} yet.",
            config.datadir.display()
        )));
    }
    let passphrase = match encrypts {
        true => Some(read_new_passphrase().map_err(Failure::new)?),
        false => None,
    };
    let passphrase = passphrase.as_ref().map(|passphrase| passphrase.reveal());
    target::check_passphrase(passphrase)?;
    let start = Instant::now();
    let begin = |about: &About| Target::begin(place, about, passphrase, &config.datadir);
    if control::is_answered(&config.datadir) {
        let (about, mut from) = control::take_backup(&config.datadir)?;
        let target = begin(&about)?;
        return finish(target, &about, start, |out| from.copy(out));
    }
    let opened = open::Opened::open(config, "")?;
    let snapshot = Snapshot::take(&opened.app, clock::now())?;
    let about = snapshot.about().clone();
    let target = begin(&about)?;
    finish(target, &about, start, |out| {
        snapshot.write(&opened.app, out)
    })?;
    opened.close()
}

fn finish(
    target: Target,
    about: &About,
    start: Instant,
    write: impl FnOnce(&mut dyn Write) -> Result<(), Fault>,
) -> Result<(), Failure> {
    let file = target.file().to_owned();
    let bytes = target.fill(write)?;
    say(format_args!(
        "Everything is in {} now: {} with {} files of people ({}). It was read back and is whole.",
        file.display(),
        size::bytes(bytes),
        about.files,
        size::seconds(start.elapsed())
    ))?;
    say(
        "It holds what everybody wrote, the hashes of passwords and the keys of the server: keep it safe, and not only on this \
         machine.",
    )
}
