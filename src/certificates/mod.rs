//! Certificates of https that the server gets by itself: those of an authority of its own ([`own`]), and public ones, for
//! which an authority is asked ([`asked`]). How they are read ([`x509`]), kept on disk (here), and shown to who connects ([`shown`]).
//!
//! Everything is in the directory `certificates` of the data directory, a file for each thing that changes at once: a key stands
//! in one file with the certificates that belong to it, so that no cut leaves a pair that does not fit. Nobody but the server's
//! user can read them. Backups hold them, too: a server that is restored is trusted by the same devices.

pub mod asked;
pub mod own;
pub mod shown;
pub mod x509;

use crate::error::Error;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// The directory in the data directory.
pub const DIRECTORY: &str = "certificates";

/// The authority of the server's own: its key, its certificate, and that of the root.
pub const AUTHORITY: &str = "home-authority.pem";

/// What is shown at home: the key, and the certificates up to below the root.
pub const HOME: &str = "home.pem";

/// The public one: the key, and its certificates.
pub const PUBLIC: &str = "public.pem";

/// Largest file that is read, in bytes.
const FILE_BYTES_MAX: u64 = 256 * 1024;

/// Room that is looked for before an authority is asked, in bytes: more than all files of a certificate take.
const ROOM_BYTES: usize = 32 * 1024;

/// Halves of files have the same names whoever writes them, so one writes at a time.
static WRITING: Mutex<()> = Mutex::new(());

/// A key with the certificates that belong to it, the server's own first.
#[derive(Clone, Debug)]
pub struct Pair {
    /// What makes handshakes.
    pub ready: Arc<CertifiedKey>,
}

impl Pair {
    /// Reads a pair from PEM; the error says what is wrong with it.
    pub fn read(pem: &[u8]) -> Result<Pair, String> {
        let key = PrivateKeyDer::from_pem_slice(pem)
            .map_err(|error| format!("no key can be read in it: {error}"))?;
        let chain = certificates(pem)?;
        let ready = CertifiedKey::from_der(chain, key, &ring::default_provider())
            .map_err(|error| format!("key and certificate cannot be used: {error}"))?;
        Ok(Pair {
            ready: Arc::new(ready),
        })
    }

    /// Takes a pair that was just made, whatever is in the certificate.
    fn made(certificate: CertificateDer<'static>, key: Vec<u8>) -> Result<Pair, String> {
        let key = PrivateKeyDer::try_from(key)?;
        let key = ring::sign::any_supported_type(&key).map_err(|error| error.to_string())?;
        Ok(Pair {
            ready: Arc::new(CertifiedKey::new(vec![certificate], key)),
        })
    }

    /// The server's own certificate (DER).
    pub fn certificate(&self) -> &CertificateDer<'static> {
        self.ready.cert.first().expect("a pair has a certificate")
    }
}

/// The certificates in PEM; the error says what is wrong.
pub fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, String> {
    let chain = CertificateDer::pem_slice_iter(pem).collect::<Result<Vec<_>, _>>();
    let chain = chain.map_err(|error| format!("no certificate can be read in it: {error}"))?;
    match chain.is_empty() {
        true => Err("no certificate is in it".to_owned()),
        false => Ok(chain),
    }
}

/// Where the files of a data directory are.
pub fn directory(datadir: &Path) -> PathBuf {
    datadir.join(DIRECTORY)
}

/// Reads a file; nothing if it is not there. The error is a sentence.
pub fn load(datadir: &Path, name: &str) -> Result<Option<Vec<u8>>, String> {
    let path = directory(datadir).join(name);
    let unreadable = |error: io::Error| format!("{} cannot be read: {error}.", path.display());
    let file = match File::open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unreadable(error)),
    };
    let mut bytes = Vec::new();
    let read = file.take(FILE_BYTES_MAX).read_to_end(&mut bytes);
    read.map_err(unreadable)?;
    Ok(Some(bytes))
}

/// Reads a pair; nothing if there is no such file. The error is a sentence.
pub fn load_pair(datadir: &Path, name: &str) -> Result<Option<Pair>, String> {
    let Some(pem) = load(datadir, name)? else {
        return Ok(None);
    };
    let path = directory(datadir).join(name);
    let pair = Pair::read(&pem).map_err(|why| format!("{} is damaged: {why}.", path.display()))?;
    Ok(Some(pair))
}

/// Why something could not be written.
#[derive(Debug)]
pub enum Unwritten {
    /// The disk is full.
    Full,
    /// The disk takes no writes.
    Refused(io::Error),
}

impl From<io::Error> for Unwritten {
    fn from(error: io::Error) -> Unwritten {
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Unwritten::Full,
            _ => Unwritten::Refused(error),
        }
    }
}

impl From<Unwritten> for Error {
    fn from(error: Unwritten) -> Error {
        match error {
            Unwritten::Full => Error::Full,
            Unwritten::Refused(error) => {
                Error::Busy(format!("The data directory cannot be written: {error}."))
            }
        }
    }
}

/// Writes files, which only the server's user can read. Each is whole or not there; where one of them finds no room, all stay as
/// they were.
pub fn keep(datadir: &Path, files: &[(&str, &[u8])]) -> Result<(), Unwritten> {
    let _turn = WRITING.lock().unwrap_or_else(PoisonError::into_inner);
    let directory = directory(datadir);
    make(&directory)?;
    let halves: Vec<PathBuf> = (0..files.len())
        .map(|number| half(&directory, number))
        .collect();
    let mut halves_and_files = halves.iter().zip(files);
    let written = halves_and_files.try_for_each(|(half, (_, bytes))| write(half, bytes));
    if let Err(error) = written {
        for half in &halves {
            // What stays is overwritten by the next one.
            let _ = fs::remove_file(half);
        }
        return Err(error.into());
    }
    for (half, (name, _)) in halves.iter().zip(files) {
        fs::rename(half, directory.join(name))?;
    }
    Ok(File::open(directory)?.sync_all()?)
}

/// Whether there is room for what is about to be made.
pub fn check_room(datadir: &Path) -> Result<(), Unwritten> {
    let _turn = WRITING.lock().unwrap_or_else(PoisonError::into_inner);
    let directory = directory(datadir);
    make(&directory)?;
    let half = half(&directory, 0);
    let written = write(&half, &[0; ROOM_BYTES]);
    let _ = fs::remove_file(half);
    Ok(written?)
}

fn make(directory: &Path) -> io::Result<()> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(directory)
}

/// Where a file is until it is whole: a name that backups leave out.
fn half(directory: &Path, number: usize) -> PathBuf {
    directory.join(format!(".half{number}"))
}

fn write(half: &Path, bytes: &[u8]) -> io::Result<()> {
    match fs::remove_file(half) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = File::options()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(half)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Removes a file, if it is there.
pub fn forget(datadir: &Path, name: &str) -> Result<(), Unwritten> {
    match fs::remove_file(directory(datadir).join(name)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::{AUTHORITY, HOME, Unwritten, check_room, forget, keep, load, load_pair};
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn files_are_the_server_s_alone_and_whole() {
        let directory = tempfile::tempdir().expect("a directory");
        assert_eq!(load(directory.path(), HOME), Ok(None));
        for text in ["first", "second"] {
            keep(directory.path(), &[(HOME, text.as_bytes())]).expect("written");
            let read = load(directory.path(), HOME).expect("readable");
            assert_eq!(read.as_deref(), Some(text.as_bytes()));
        }
        let mode = |name: &str| {
            let facts = std::fs::metadata(directory.path().join(name)).expect("it is there");
            facts.permissions().mode() & 0o777
        };
        assert_eq!(mode("certificates"), 0o700);
        assert_eq!(mode("certificates/home.pem"), 0o600);
        let damaged = load_pair(directory.path(), HOME).expect_err("no pair");
        assert!(damaged.contains("home.pem is damaged"), "{damaged}");
        forget(directory.path(), HOME).expect("removed");
        forget(directory.path(), HOME).expect("it is gone already");
        assert!(matches!(load_pair(directory.path(), HOME), Ok(None)));
    }

    #[test]
    fn several_files_are_kept_together_or_not_at_all() {
        let directory = tempfile::tempdir().expect("a directory");
        let home = directory.path().join("certificates");
        let pair: [(&str, &[u8]); 2] = [(AUTHORITY, b"a"), (HOME, b"h")];
        keep(directory.path(), &pair).expect("written");
        check_room(directory.path()).expect("there is room");
        // The second of them cannot be written.
        std::fs::create_dir_all(home.join(".half1/in the way")).expect("made");
        let other: [(&str, &[u8]); 2] = [(AUTHORITY, b"b"), (HOME, b"i")];
        let refused = keep(directory.path(), &other);
        assert!(matches!(refused, Err(Unwritten::Refused(_))), "{refused:?}");
        for (name, bytes) in pair {
            let read = load(directory.path(), name).expect("readable");
            assert_eq!(read.as_deref(), Some(bytes));
        }
        assert!(!home.join(".half0").exists());
    }
}
