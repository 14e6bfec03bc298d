//! Commands beside a running server: the server listens on a socket in its data directory, in a directory that only its user
//! can enter. A command hands its deed over, with a password if there is one, and prints what the server answers. One
//! document in, one document out, then the connection ends.

use super::deeds::{self, Outcome};
use crate::app::App;
use crate::auth::Guard;
use crate::cli::{Deed, Failure};
use serde::{Deserialize, Serialize};
use std::fs::{self, DirBuilder};
use std::io::{self, Read as _, Write as _};
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

/// What a command hands over.
#[derive(Serialize, Deserialize)]
struct Asked {
    deed: Deed,
    password: Option<String>,
}

/// What the server answers.
#[derive(Serialize, Deserialize)]
enum Answered {
    Outcome(Outcome),
    Failed { sentence: String, code: u8 },
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
    let asked = Asked {
        deed: deed.clone(),
        password: password.map(str::to_owned),
    };
    let spoken = || -> io::Result<Answered> {
        let mut stream = UnixStream::connect(path(datadir))?;
        stream.set_read_timeout(Some(ANSWER_MAX))?;
        stream.write_all(&serde_json::to_vec(&asked)?)?;
        stream.shutdown(Shutdown::Write)?;
        read(&mut stream)
    };
    let answered = spoken().map_err(|error| {
        Failure::new(format!(
            "The server that runs on {} did not answer: {error}. Look at its log, and whether the change was made.",
            datadir.display()
        ))
    })?;
    match answered {
        Answered::Outcome(outcome) => Ok(outcome),
        Answered::Failed { sentence, code } => Err(Failure::with_code(sentence, code)),
    }
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

fn answer(mut stream: UnixStream, app: &App, guard: &Guard) {
    let asked = stream
        .set_write_timeout(Some(ASKING_MAX))
        .and_then(|()| stream.set_read_timeout(Some(ASKING_MAX)))
        .and_then(|()| read::<Asked>(&mut stream));
    // Whoever only looked whether somebody listens has asked nothing.
    let Ok(asked) = asked else { return };
    let done = deeds::run(app, guard, &asked.deed, asked.password.as_deref());
    let answered = match done {
        Ok(outcome) => Answered::Outcome(outcome),
        Err(failure) => Answered::Failed {
            sentence: failure.to_string(),
            code: failure.code(),
        },
    };
    let sent = serde_json::to_vec(&answered).map(|bytes| stream.write_all(&bytes));
    if !matches!(sent, Ok(Ok(()))) {
        log::warn!("a command did not wait for its answer");
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
