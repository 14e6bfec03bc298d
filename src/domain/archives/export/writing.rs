//! How the parts of an archive are written: texts, collections item by item, files piece by piece.

use super::Exporting;
use crate::clock::Timestamp;
use crate::domain::archives::Halt;
use crate::domain::archives::format::part;
use crate::domain::documents::Documents;
use crate::domain::uploads::posters;
use crate::ids::ThingId;
use crate::media::{BlobName, Variant};
use crate::store::engine::Result as Read;
use crate::store::things::{Object, Upload};
use crate::wire::json;
use serde_json::Value;
use std::io::{self, Seek, Write};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime};

/// Items that share what is remembered of the people and applications in them.
const ITEMS_PER_MEMORY: usize = 200;

/// Bytes that are copied at once.
const COPY_BYTES: usize = 128 * 1024;

/// From this length on a file is announced as one that may need more than 32 bits, in bytes.
const LARGE_BYTES: u64 = 1 << 31;

impl<W: Write + Seek> Exporting<'_, W> {
    fn options(&self, at: Timestamp) -> SimpleFileOptions {
        SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .last_modified_time(zip_time(at))
            .unix_permissions(0o600)
    }

    /// Begins a part that holds text.
    fn begin(&mut self, name: &str) -> Result<(), Halt> {
        let options = self.options(self.now).large_file(true);
        self.zip
            .start_file(name, options)
            .map_err(io::Error::from)?;
        Ok(())
    }

    pub(super) fn text(&mut self, name: &str, text: &str) -> Result<(), Halt> {
        self.begin(name)?;
        self.zip.write_all(text.as_bytes())?;
        Ok(())
    }

    pub(super) fn value(&mut self, name: &str, value: &Value) -> Result<(), Halt> {
        self.text(name, &format!("{value:#}\n"))
    }

    /// Writes a collection; `item` adds the text of an entry, or nothing for one that is not there.
    pub(super) fn collection(
        &mut self,
        part: &str,
        name: &str,
        object_type: &str,
        entries: &[ThingId],
        is_progress: bool,
        mut item: impl FnMut(&Documents<'_>, ThingId, &mut String) -> Read<()>,
    ) -> Result<(), Halt> {
        self.begin(part)?;
        let head = json::object(|out| {
            out.text("displayName", name);
            if !object_type.is_empty() {
                out.array("objectTypes").text(object_type);
            }
        });
        let head = head.strip_suffix('}').unwrap_or_default();
        write!(self.zip, "{head},\"items\":[")?;
        let mut total = 0;
        let mut text = String::new();
        for some in entries.chunks(ITEMS_PER_MEMORY) {
            let documents = Documents::for_archive(self.app, self.viewer());
            for id in some {
                text.clear();
                item(&documents, *id, &mut text)?;
                if !text.is_empty() {
                    let comma = if total == 0 { "\n" } else { ",\n" };
                    self.zip.write_all(comma.as_bytes())?;
                    self.zip.write_all(text.as_bytes())?;
                    total += 1;
                }
                if is_progress {
                    self.progress.step()?;
                }
            }
        }
        write!(self.zip, "\n],\"totalItems\":{total}}}\n")?;
        Ok(())
    }

    /// Copies a file; answers its place in the archive. A file that is lost is left out, and the log tells.
    pub(super) fn file(
        &mut self,
        id: ThingId,
        object: &Object,
        upload: &Upload,
    ) -> Result<Option<String>, Halt> {
        let place = format!("{}{}.{}", part::FILES, object.key(id), upload.extension);
        self.copy(object, upload.blob, Variant::Original, place)
    }

    /// Copies the poster of a film, as [`Exporting::file`] does; nothing for what has none.
    pub(super) fn poster(
        &mut self,
        id: ThingId,
        object: &Object,
        upload: &Upload,
    ) -> Result<Option<String>, Halt> {
        let Some(copy) = posters::largest(upload) else {
            return Ok(None);
        };
        let place = format!(
            "{}{}-poster.{}",
            part::FILES,
            object.key(id),
            copy.extension
        );
        self.copy(object, upload.blob, copy.variant, place)
    }

    fn copy(
        &mut self,
        object: &Object,
        name: BlobName,
        variant: Variant,
        place: String,
    ) -> Result<Option<String>, Halt> {
        let Some(mut blob) = self.app.blobs.open_blob(name, variant)? else {
            log::warn!("{place} is not on disk, and so not in the archive");
            return Ok(None);
        };
        let options = self
            .options(object.published.unwrap_or(self.now))
            .compression_method(CompressionMethod::Stored)
            .large_file(blob.bytes_len >= LARGE_BYTES);
        self.zip
            .start_file(&place, options)
            .map_err(io::Error::from)?;
        let mut buffer = vec![0; COPY_BYTES];
        loop {
            let read = io::Read::read(&mut blob.file, &mut buffer)?;
            let Some(piece) = buffer.get(..read).filter(|piece| !piece.is_empty()) else {
                return Ok(Some(place));
            };
            self.zip.write_all(piece)?;
        }
    }
}

/// A time as ZIP files hold it, in UTC; before 1980 there is none.
fn zip_time(at: Timestamp) -> DateTime {
    let text = at.to_string();
    let mut numbers = text.split(['-', 'T', ':', 'Z']);
    let mut next = || numbers.next().and_then(|number| number.parse::<u16>().ok());
    let mut read = || {
        let year = next()?;
        let mut small = || next().and_then(|number| u8::try_from(number).ok());
        let (month, day, hour) = (small()?, small()?, small()?);
        DateTime::from_date_and_time(year, month, day, hour, small()?, small()?).ok()
    };
    read().unwrap_or_default()
}
