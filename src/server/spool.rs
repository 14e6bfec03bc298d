//! Bodies on their way into a file: written in pieces by the threads for blocking work, into a file without a name, so
//! that nothing is left over whatever happens.

use super::limits::PIECE_BYTES;
use crate::error::Error;
use crate::ids::random_text;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Seek as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::sync::Semaphore;

/// Where bodies are spooled.
pub(super) struct Spool {
    dir: PathBuf,
    places: Arc<Semaphore>,
}

/// One body on its way into its file.
pub(super) struct Spooling<'a> {
    spool: &'a Spool,
    file: Option<File>,
    buffer: Vec<u8>,
    bytes: u64,
}

impl Spool {
    /// Spools into `dir`, which is made when it is needed. Writing waits for one of `places`.
    pub(super) fn new(dir: PathBuf, places: Arc<Semaphore>) -> Spool {
        Spool { dir, places }
    }

    /// Begins a file.
    pub(super) async fn begin(&self) -> Result<Spooling<'_>, Error> {
        let dir = self.dir.clone();
        let file = self.blocking(move || nameless(&dir)).await?;
        Ok(Spooling {
            spool: self,
            file: Some(file),
            buffer: Vec::new(),
            bytes: 0,
        })
    }

    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> io::Result<T> + Send + 'static,
    ) -> Result<T, Error> {
        let place = Arc::clone(&self.places).acquire_owned().await;
        let place = place.map_err(Error::internal)?;
        let done = tokio::task::spawn_blocking(move || {
            let result = work();
            drop(place);
            result
        });
        done.await.map_err(Error::internal)?.map_err(disk_error)
    }
}

impl Spooling<'_> {
    /// Adds bytes.
    pub(super) async fn push(&mut self, piece: &[u8]) -> Result<(), Error> {
        self.bytes += piece.len() as u64;
        self.buffer.extend_from_slice(piece);
        if self.buffer.len() >= PIECE_BYTES {
            self.write().await?;
        }
        Ok(())
    }

    /// Ends the file: open at its start, and its length in bytes.
    pub(super) async fn finish(mut self) -> Result<(File, u64), Error> {
        self.write().await?;
        let mut file = self.file.take().expect("a file between two writes");
        file.rewind().map_err(disk_error)?;
        Ok((file, self.bytes))
    }

    async fn write(&mut self) -> Result<(), Error> {
        let mut file = self.file.take().expect("a file between two writes");
        let mut buffer = std::mem::take(&mut self.buffer);
        let written = self.spool.blocking(move || {
            file.write_all(&buffer)?;
            buffer.clear();
            Ok((file, buffer))
        });
        let (file, buffer) = written.await?;
        self.file = Some(file);
        self.buffer = buffer;
        Ok(())
    }
}

fn nameless(dir: &Path) -> io::Result<File> {
    fs::create_dir_all(dir)?;
    let path = dir.join(random_text::<12>());
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&path)?;
    fs::remove_file(&path)?;
    Ok(file)
}

fn disk_error(error: io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Error::Full,
        _ => Error::internal(format!("spooling a body: {error}")),
    }
}
