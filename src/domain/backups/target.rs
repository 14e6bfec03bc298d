//! Where a backup is written to: under another name until it is whole, on the disk, and read back; whatever goes wrong before
//! leaves nothing behind.

use super::age::{self, Sealing};
use super::making::Fault;
use super::{About, reading};
use crate::clock::Timestamp;
use crate::error::Error;
use crate::media::RESERVE_BYTES;
use crate::store::engine::free_bytes;
use rustix::fs::{Advice, fadvise};
use std::fs::{self, File, TryLockError};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

/// Bytes that are written and read at once.
const BUFFER_BYTES: usize = 256 * 1024;

/// Shortest passphrase for a new file, in characters.
const PASSPHRASE_CHARS_MIN: usize = 8;

/// How names begin that are made up here.
const NAME_START: &str = "pumphouse";

/// How those begin that are made every night, and thinned out.
const NIGHTLY_START: &str = "pumphouse-nightly";

/// Refuses a passphrase that is too short for a new file.
pub fn check_passphrase(passphrase: Option<&str>) -> Result<(), Error> {
    let is_short = |passphrase: &str| passphrase.chars().count() < PASSPHRASE_CHARS_MIN;
    if passphrase.is_some_and(is_short) {
        return Err(Error::Invalid(format!(
            "A passphrase has at least {PASSPHRASE_CHARS_MIN} characters: four words that do not belong together are a good one."
        )));
    }
    Ok(())
}

/// The name of a backup in a directory: `pumphouse-HOST-YYYY-MM-DD-hhmmss.tar`, in UTC, with `.age` behind it when it is
/// encrypted.
pub fn file_name(about: &About, is_encrypted: bool, is_nightly: bool) -> String {
    let base = about.base.as_deref().unwrap_or_default();
    let host = base.split('/').nth(2).unwrap_or_default();
    let host: String = host
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || c == '.' {
                c
            } else {
                '-'
            }
        })
        .collect();
    let made: String = about
        .made
        .chars()
        .filter(|c| !matches!(c, ':' | 'Z'))
        .map(|c| if c == 'T' { '-' } else { c })
        .collect();
    let start = if is_nightly {
        NIGHTLY_START
    } else {
        NAME_START
    };
    let name = [start, &host, &made];
    let name = name.into_iter().filter(|part| !part.is_empty());
    let name = name.collect::<Vec<_>>().join("-");
    let end = if is_encrypted { ".tar.age" } else { ".tar" };
    format!("{name}{end}")
}

/// The host and the time of a name that [`file_name`] gives a nightly one.
pub fn read_name(name: &str) -> Option<(&str, Timestamp)> {
    let name = name.strip_prefix(NIGHTLY_START)?.strip_prefix('-')?;
    let name = name
        .strip_suffix(".age")
        .unwrap_or(name)
        .strip_suffix(".tar")?;
    let (host, made) = match name.len().checked_sub("YYYY-MM-DD-hhmmss".len())? {
        0 => ("", name),
        length => {
            let (host, made) = name.split_at_checked(length)?;
            (host.strip_suffix('-')?, made)
        }
    };
    let (day, time) = made.split_at_checked("YYYY-MM-DD".len())?;
    let time = time.strip_prefix('-')?;
    let (hours, rest) = time.split_at_checked(2)?;
    let (minutes, seconds) = rest.split_at_checked(2)?;
    let at = Timestamp::parse(&format!("{day}T{hours}:{minutes}:{seconds}Z"))?;
    Some((host, at))
}

/// A file that becomes a backup.
pub struct Target {
    file: PathBuf,
    half: PathBuf,
    out: File,
    passphrase: Option<String>,
}

impl Target {
    /// Begins a file at `place`, or one with a name made up here where that is a directory. There must be room for it; on the
    /// file system of `datadir` also for what the store may need meanwhile.
    pub fn begin(
        place: &Path,
        about: &About,
        passphrase: Option<&str>,
        datadir: &Path,
    ) -> Result<Target, Error> {
        let file = if place.is_dir() {
            place.join(file_name(about, passphrase.is_some(), false))
        } else {
            place.to_owned()
        };
        if file.exists() {
            return Err(Error::Conflict(format!(
                "{} exists already. Choose another name; nothing was overwritten.",
                file.display()
            )));
        }
        let half = half_of(&file);
        let out = lock(&half).map_err(|error| cannot(&file, &error))?;
        let target = Target {
            file,
            half,
            out,
            passphrase: passphrase.map(str::to_owned),
        };
        target.check_room(about, datadir)?;
        Ok(target)
    }

    /// Where it will be.
    pub fn file(&self) -> &Path {
        &self.file
    }

    fn check_room(&self, about: &About, datadir: &Path) -> Result<(), Error> {
        let spare = if is_same_disk(&self.half, datadir) {
            RESERVE_BYTES
        } else {
            0
        };
        let needed = match self.passphrase {
            Some(_) => age::sealed_bytes(about.bytes),
            None => about.bytes,
        };
        let free = free_bytes(&self.out).saturating_sub(spare);
        if free >= needed {
            return Ok(());
        }
        let mib = |bytes: u64| bytes.div_ceil(1 << 20);
        Err(Error::Busy(format!(
            "There is not enough room for {}: the backup takes {} MiB, and {} MiB are free there.",
            self.file.display(),
            mib(needed),
            mib(free)
        )))
    }

    /// Has it written, reads it back, and gives it its name. Answers its length in bytes.
    pub fn fill(
        self,
        write: impl FnOnce(&mut dyn Write) -> Result<(), Fault>,
    ) -> Result<u64, Error> {
        let told = |error: io::Error| cannot(&self.file, &error);
        let written = BufWriter::with_capacity(BUFFER_BYTES, &self.out);
        let written = match &self.passphrase {
            Some(passphrase) => {
                let mut sealing = Sealing::begin(written, passphrase).map_err(told)?;
                write(&mut sealing).map_err(|fault| self.of_fault(fault))?;
                sealing.finish().map_err(told)?
            }
            None => {
                let mut plain = written;
                write(&mut plain).map_err(|fault| self.of_fault(fault))?;
                plain
            }
        };
        written
            .into_inner()
            .map_err(|error| told(error.into_error()))?;
        self.out.sync_all().map_err(told)?;
        // What is read back shall come from the disk, and not from memory.
        fadvise(&self.out, 0, None, Advice::DontNeed).map_err(|error| told(error.into()))?;
        let back = File::open(&self.half).map_err(told)?;
        let passphrase = self.passphrase.as_deref();
        reading::check(&mut *reading::open(back, passphrase)?).map_err(|error| {
            Error::Busy(format!(
                "{} was written, but cannot be read back: {error} Is the disk broken? It was removed.",
                self.file.display()
            ))
        })?;
        fs::rename(&self.half, &self.file).map_err(told)?;
        sync_parent(&self.file).map_err(told)?;
        let length = self.out.metadata().map_err(told)?.len();
        Ok(length)
    }

    fn of_fault(&self, fault: Fault) -> Error {
        match fault {
            Fault::Target(error) => cannot(&self.file, &error),
            Fault::Source(error) => error,
        }
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        // Nothing of that name is there when it was finished.
        match fs::remove_file(&self.half) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                log::warn!("{} stays: {error}", self.half.display());
            }
            _ => {}
        }
    }
}

/// Whether two places are on one file system, so that what ends the one ends the other.
pub fn is_same_disk(one: &Path, other: &Path) -> bool {
    let device = |path: &Path| fs::metadata(path).map(|facts| facts.dev());
    matches!((device(one), device(other)), (Ok(one), Ok(other)) if one == other)
}

/// A file for this process alone; what an earlier one left there is overwritten.
fn lock(half: &Path) -> io::Result<File> {
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o600)
        .open(half)?;
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => {
            return Err(io::Error::other("another backup is being written there"));
        }
        // Not every file system can lock.
        Ok(()) | Err(TryLockError::Error(_)) => {}
    }
    file.set_len(0)?;
    Ok(file)
}

fn half_of(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".part");
    PathBuf::from(name)
}

fn sync_parent(file: &Path) -> io::Result<()> {
    let parent = file
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty());
    File::open(parent.unwrap_or(Path::new(".")))?.sync_all()
}

fn cannot(file: &Path, error: &io::Error) -> Error {
    let file = file.display();
    Error::Busy(match error.kind() {
        io::ErrorKind::StorageFull => {
            format!("There is no room left where {file} was to be. Nothing was left behind.")
        }
        io::ErrorKind::NotFound => {
            format!("There is no directory for {file}. Is the disk plugged in?")
        }
        io::ErrorKind::ReadOnlyFilesystem => {
            format!("{file} cannot be written: the disk is read-only.")
        }
        _ => format!("{file} cannot be written: {error}."),
    })
}

#[cfg(test)]
mod tests {
    use super::{file_name, read_name};
    use crate::clock::Timestamp;
    use crate::domain::backups::About;

    #[test]
    fn names_say_whose_and_of_when() {
        for (base, host) in [
            (Some("http://pump.local:8080"), "pump.local-8080"),
            (None, ""),
        ] {
            let about = About {
                format: 1,
                program: String::new(),
                made: "2026-11-26T03:00:05Z".to_owned(),
                site: String::new(),
                base: base.map(str::to_owned),
                files: 0,
                bytes: 0,
            };
            let made = Timestamp::parse(&about.made).expect("a time");
            for is_encrypted in [false, true] {
                let name = file_name(&about, is_encrypted, true);
                assert_eq!(read_name(&name), Some((host, made)), "{name}");
                let by_hand = file_name(&about, is_encrypted, false);
                assert_eq!(read_name(&by_hand), None, "nobody thins it out");
            }
        }
        for wrong in [
            "",
            "pumphouse.tar",
            "holiday.tar",
            "pumphouse-nightly-2026-13-41-000000.tar",
        ] {
            assert_eq!(read_name(wrong), None, "{wrong}");
        }
    }
}
