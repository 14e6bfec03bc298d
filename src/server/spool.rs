//! Bodies on their way into a file: written in pieces by the threads for blocking work. What is not kept goes away.

use super::limits::PIECE_BYTES;
use crate::app::App;
use crate::error::Error;
use crate::http::SpooledFile;
use crate::media;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// Where bodies are spooled.
pub(super) struct Spool {
    app: Arc<App>,
    places: Arc<Semaphore>,
}

/// One body on its way into its file.
pub(super) struct Spooling<'a> {
    spool: &'a Spool,
    file: Option<media::Spool>,
    buffer: Vec<u8>,
}

impl Spool {
    /// Spools files beside the uploads. Writing waits for one of `places`.
    pub(super) fn new(app: Arc<App>, places: Arc<Semaphore>) -> Spool {
        Spool { app, places }
    }

    /// Begins a file of at most `bytes_max` bytes.
    pub(super) async fn begin(&self, bytes_max: u64) -> Result<Spooling<'_>, Error> {
        let app = Arc::clone(&self.app);
        let file = self.blocking(move || app.blobs.spool(bytes_max)).await?;
        Ok(Spooling {
            spool: self,
            file: Some(file),
            buffer: Vec::new(),
        })
    }

    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, media::Error> + Send + 'static,
    ) -> Result<T, Error> {
        let place = Arc::clone(&self.places).acquire_owned().await;
        let place = place.map_err(Error::internal)?;
        let done = tokio::task::spawn_blocking(move || {
            let result = work();
            drop(place);
            result
        });
        Ok(done.await.map_err(Error::internal)??)
    }
}

impl Spooling<'_> {
    /// Adds bytes.
    pub(super) async fn push(&mut self, piece: &[u8]) -> Result<(), Error> {
        self.buffer.extend_from_slice(piece);
        if self.buffer.len() >= PIECE_BYTES {
            self.write().await?;
        }
        Ok(())
    }

    /// Ends the file.
    pub(super) async fn finish(mut self) -> Result<SpooledFile, Error> {
        self.write().await?;
        let file = self.file.take().expect("a file between two writes");
        Ok(SpooledFile::new(file))
    }

    async fn write(&mut self) -> Result<(), Error> {
        let mut file = self.file.take().expect("a file between two writes");
        let mut buffer = std::mem::take(&mut self.buffer);
        let written = self.spool.blocking(move || {
            file.write(&buffer)?;
            buffer.clear();
            Ok((file, buffer))
        });
        let (file, buffer) = written.await?;
        self.file = Some(file);
        self.buffer = buffer;
        Ok(())
    }
}
