//! Commands beside a running server: the server listens on a socket in its data directory, in a directory that only its user
//! can enter. A command hands its deed over, with a password if there is one, and prints what the server answers. One
//! document in, one document out, then the connection ends; behind the answer to who asks for a backup the backup follows.

use super::appliance::standing;
use super::deeds::{self, Outcome};
use crate::app::App;
use crate::appliance::facts::Standing;
use crate::auth::Guard;
use crate::cli::{Deed, Failure};
use crate::clock;
use crate::domain::backups::About;
use crate::domain::backups::making::{Fault, Snapshot};
use crate::error::Error;
use serde::{Deserialize, Serialize};
use std::fs::{self, DirBuilder};
use std::io::{self, BufRead as _, BufReader, BufWriter, Read as _, Write};
use std::net::Shutdown;
use std::os::unix::fs::DirBuilderExt as _;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

/// Longest document on the socket, in bytes.
const DOCUMENT_BYTES_MAX: u64 = 16 << 20;

/// How long the server waits for a command to say what it wants.
const ASKING_MAX: Duration = Duration::from_secs(5);

/// How long the server waits after it could not accept, for want of files mostly.
const RETRY: Duration = Duration::from_secs(1);

/// How long a command waits for the server to be done.
const ANSWER_MAX: Duration = Duration::from_secs(120);

/// How long the server waits for a command that writes a backup: sticks stand still for a while.
const TAKING_MAX: Duration = Duration::from_secs(120);

/// How long a command waits for the next piece of a backup, the first one above all.
const GIVING_MAX: Duration = Duration::from_secs(600);

/// Longest words before a backup, in bytes.
const ABOUT_BYTES_MAX: u64 = 64 * 1024;

/// Bytes of a backup that are handed over at once.
const PIECE_BYTES: usize = 256 * 1024;

/// What a command hands over.
#[derive(Serialize, Deserialize)]
enum Asked {
    Deed {
        deed: Deed,
        password: Option<String>,
    },
    Backup,
    Standing,
}

/// What the server answers.
#[derive(Serialize, Deserialize)]
enum Answered {
    Outcome(Outcome),
    Failed { sentence: String, code: u8 },
    Backup(About),
    Standing(Standing),
}

/// The socket of a server that runs. Dropping it takes the socket away.
pub struct Control(PathBuf);

impl Drop for Control {
    fn drop(&mut self) {
        // What stays behind answers nobody, and the next run takes its place.
        drop(fs::remove_file(&self.0));
    }
}

/// Begins to listen, one command after another. A server whose socket cannot be made runs all the same.
pub fn listen(datadir: &Path, app: &Arc<App>, guard: &Arc<Guard>) -> Option<Control> {
    match bind(datadir) {
        Ok((listener, control)) => {
            let (app, guard) = (Arc::clone(app), Arc::clone(guard));
            let begun = thread::Builder::new()
                .name("control".to_owned())
                .spawn(move || answer_all(&listener, &app, &guard));
            match begun {
                Ok(_) => return Some(control),
                Err(error) => log::warn!("no commands beside this server: {error}"),
            }
        }
        Err(error) => log::warn!(
            "no commands beside this server: {}: {error}",
            path(datadir).display()
        ),
    }
    None
}

/// Whether a server listens on a data directory.
pub(super) fn is_answered(datadir: &Path) -> bool {
    UnixStream::connect(path(datadir)).is_ok()
}

/// Hands a deed over to the server and waits for what it says.
pub(super) fn hand_over(
    datadir: &Path,
    deed: &Deed,
    password: Option<&str>,
) -> Result<Outcome, Failure> {
    let asked = Asked::Deed {
        deed: deed.clone(),
        password: password.map(str::to_owned),
    };
    let answered = ask(datadir, &asked, ANSWER_MAX).and_then(|mut stream| read(&mut stream));
    let answered = answered.map_err(|error| {
        Failure::new(format!(
            "The server that runs on {} did not answer: {error}. Look at its log, and whether the change was made.",
            datadir.display()
        ))
    })?;
    match answered {
        Answered::Outcome(outcome) => Ok(outcome),
        Answered::Failed { sentence, code } => Err(Failure::with_code(sentence, code)),
        Answered::Backup(_) | Answered::Standing(_) => Err(unasked()),
    }
}

fn unasked() -> Failure {
    Failure::new("The server answered what nobody asked.")
}

/// How the server that runs on a data directory stands; nothing if none answers.
pub(super) fn standing(datadir: &Path) -> Option<Standing> {
    let mut stream = ask(datadir, &Asked::Standing, ASKING_MAX).ok()?;
    match read(&mut stream).ok()? {
        Answered::Standing(standing) => Some(standing),
        _ => None,
    }
}

/// A backup on its way from the server that runs.
pub(super) struct Backup {
    from: BufReader<UnixStream>,
    left: u64,
}

impl Backup {
    /// Writes it on; a server that ends in the middle is a failure.
    pub(super) fn copy(&mut self, out: &mut dyn Write) -> Result<(), Fault> {
        while self.left > 0 {
            let piece = self.from.fill_buf().map_err(broken_off)?;
            let length =
                usize::try_from(self.left).map_or(piece.len(), |left| left.min(piece.len()));
            let piece = piece.get(..length).unwrap_or_default();
            if piece.is_empty() {
                return Err(broken_off("it ended"));
            }
            out.write_all(piece).map_err(Fault::Target)?;
            self.from.consume(length);
            self.left -= length as u64;
        }
        Ok(())
    }
}

fn broken_off(why: impl std::fmt::Display) -> Fault {
    Fault::Source(Error::Busy(format!(
        "The server that runs did not hand over the whole backup ({why}). Look at its log. Nothing was left behind."
    )))
}

/// Asks the server that runs for a backup: what it is, and the backup itself.
pub(super) fn take_backup(datadir: &Path) -> Result<(About, Backup), Failure> {
    let spoken = ask(datadir, &Asked::Backup, GIVING_MAX).and_then(|stream| {
        let mut from = BufReader::with_capacity(PIECE_BYTES, stream);
        let mut line = String::new();
        (&mut from).take(ABOUT_BYTES_MAX).read_line(&mut line)?;
        Ok((serde_json::from_str(&line)?, from))
    });
    let (answered, from) = spoken.map_err(|error| {
        Failure::new(format!(
            "The server that runs on {} did not answer: {error}. Look at its log.",
            datadir.display()
        ))
    })?;
    match answered {
        Answered::Backup(about) => {
            let left = about.bytes;
            Ok((about, Backup { from, left }))
        }
        Answered::Failed { sentence, code } => Err(Failure::with_code(sentence, code)),
        Answered::Outcome(_) | Answered::Standing(_) => Err(unasked()),
    }
}

fn ask(datadir: &Path, asked: &Asked, answer_max: Duration) -> io::Result<UnixStream> {
    let mut stream = UnixStream::connect(path(datadir))?;
    stream.set_read_timeout(Some(answer_max))?;
    stream.write_all(&serde_json::to_vec(asked)?)?;
    stream.shutdown(Shutdown::Write)?;
    Ok(stream)
}

fn bind(datadir: &Path) -> io::Result<(UnixListener, Control)> {
    let path = path(datadir);
    if let Some(directory) = path.parent() {
        match DirBuilder::new().mode(0o700).create(directory) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
    }
    // What is there belongs to a run that is over: this one holds the lock of the data directory.
    match fs::remove_file(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    Ok((UnixListener::bind(&path)?, Control(path)))
}

/// Commands take turns; each has a thread of its own, so that one that goes wrong ends nothing else.
fn answer_all(listener: &UnixListener, app: &Arc<App>, guard: &Arc<Guard>) {
    for stream in listener.incoming() {
        let Ok(stream) = stream else {
            // The process may have no files left for a while.
            thread::park_timeout(RETRY);
            continue;
        };
        let (app, guard) = (Arc::clone(app), Arc::clone(guard));
        let one = thread::Builder::new()
            .name("command".to_owned())
            .spawn(move || answer(stream, &app, &guard));
        if let Ok(one) = one
            && one.join().is_err()
        {
            log::error!("a command ended badly");
        }
    }
}

fn answer(mut stream: UnixStream, app: &Arc<App>, guard: &Guard) {
    let asked = stream
        .set_write_timeout(Some(ASKING_MAX))
        .and_then(|()| stream.set_read_timeout(Some(ASKING_MAX)))
        .and_then(|()| read::<Asked>(&mut stream));
    // Whoever only looked whether somebody listens has asked nothing.
    let done = match asked {
        Ok(Asked::Deed { deed, password }) => {
            deeds::run(app, guard, &deed, password.as_deref()).map(Answered::Outcome)
        }
        Ok(Asked::Backup) => return begin_backup(stream, app),
        Ok(Asked::Standing) => standing::of(app).map(Answered::Standing),
        Err(_) => return,
    };
    let answered = done.unwrap_or_else(|failure| Answered::failed(&failure));
    let sent = serde_json::to_vec(&answered).map(|bytes| stream.write_all(&bytes));
    if !matches!(sent, Ok(Ok(()))) {
        log::warn!("a command did not wait for its answer");
    }
}

/// A backup takes long, and other commands do not wait for it.
fn begin_backup(mut stream: UnixStream, app: &Arc<App>) {
    let app = Arc::clone(app);
    let begun = thread::Builder::new()
        .name("backup".to_owned())
        .spawn(move || {
            if let Err(error) = give_backup(&mut stream, &app) {
                log::warn!("a backup was not handed over: {error}");
            }
        });
    if let Err(error) = begun {
        log::error!("a backup cannot begin: {error}");
    }
}

fn give_backup(stream: &mut UnixStream, app: &App) -> Result<(), Fault> {
    let snapshot = Snapshot::take(app, clock::now());
    let answered = match &snapshot {
        Ok(snapshot) => Answered::Backup(snapshot.about().clone()),
        Err(error) => Answered::failed(&Failure::new(error)),
    };
    let mut line = serde_json::to_vec(&answered).map_err(|error| Fault::Target(error.into()))?;
    line.push(b'\n');
    let said = stream
        .set_write_timeout(Some(TAKING_MAX))
        .and_then(|()| stream.write_all(&line));
    said.map_err(Fault::Target)?;
    let mut out = BufWriter::with_capacity(PIECE_BYTES, stream);
    snapshot.map_err(Fault::Source)?.write(app, &mut out)
}

impl Answered {
    fn failed(failure: &Failure) -> Answered {
        Answered::Failed {
            sentence: failure.to_string(),
            code: failure.code(),
        }
    }
}

fn read<T: for<'de> Deserialize<'de>>(stream: &mut UnixStream) -> io::Result<T> {
    let mut bytes = Vec::new();
    stream.take(DOCUMENT_BYTES_MAX).read_to_end(&mut bytes)?;
    Ok(serde_json::from_slice(&bytes)?)
}

fn path(datadir: &Path) -> PathBuf {
    datadir.join("control").join("socket")
}
