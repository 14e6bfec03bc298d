//! `/main/albums/{key}/archive.zip`: the pictures of an album in one file, written while it is sent: what waits in memory is a
//! piece of one picture. Who made a picture gets it as it was uploaded, everybody else the largest copy.

use crate::app::App;
use crate::auth::Visitor;
use crate::clock::Timestamp;
use crate::domain::access::{self, Viewer};
use crate::domain::documents::display_name;
use crate::error::Error;
use crate::http::{Answer, Content, Ongoing, Request, Response, Written};
use crate::ids::ThingId;
use crate::media::{Blob, Variant};
use crate::store::keys::{Stream, StreamKind};
use crate::store::streams::{self, Start};
use crate::store::things::{self, Object};
use crate::web::frame::Frame;
use crate::web::login;
use crate::web::things::viewer;
use bytes::Bytes;
use hyper::{StatusCode, header};
use std::io::{self, Read as _, Write};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use zip::ZipWriter;
use zip::write::{SimpleFileOptions, StreamWriter};

/// Most pictures in one archive.
const PICTURES_MAX: usize = 5000;

/// How much is written at a time, in bytes.
const PIECE_BYTES: usize = 64 * 1024;

/// From this length on a file is announced as one that may need more than 32 bits, in bytes.
const LARGE_BYTES: u64 = 1 << 31;

/// Longest title in the name of a file, in characters.
const TITLE_CHARS: usize = 60;

/// What is written and not sent yet.
#[derive(Clone, Default)]
struct Pipe(Arc<Mutex<Vec<u8>>>);

/// An archive on its way.
struct Archive {
    app: Arc<App>,
    viewer: Viewer,
    /// What is still to come, the next one last.
    left: Vec<ThingId>,
    /// How many came.
    number: usize,
    file: Option<Blob>,
    zip: Option<ZipWriter<StreamWriter<Pipe>>>,
    pipe: Pipe,
}

/// `GET /main/albums/{key}/archive.zip`: for whoever may see the album; 404.
pub fn fetch(request: &Request, visitor: &Visitor) -> Answer {
    let frame = Frame::of(request, visitor)?;
    if visitor.person().is_none() {
        return login::first(&frame);
    }
    let viewer = viewer(visitor);
    let (id, album) = super::seen(request, viewer, request.param("key"))?;
    let members = Stream::of(id, StreamKind::Members);
    let left = streams::page(&request.app().store, members, Start::Newest, PICTURES_MAX)?;
    let pipe = Pipe::default();
    let archive = Archive {
        app: Arc::clone(&request.app),
        viewer,
        left: left.unwrap_or_default(),
        number: 0,
        file: None,
        zip: Some(ZipWriter::new_stream(pipe.clone())),
        pipe,
    };
    let response = Response {
        content: Content::Ongoing(Box::new(archive)),
        ..Response::new(StatusCode::OK, "application/zip", "")
    };
    let name = file_name(&super::name_of(&frame, &album));
    let mut encoded = String::new();
    for byte in name.bytes() {
        match byte.is_ascii_alphanumeric() || byte == b'-' {
            true => encoded.push(char::from(byte)),
            false => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    let disposition = format!("attachment; filename=\"album.zip\"; filename*=UTF-8''{encoded}.zip");
    Ok(response
        .with(header::CONTENT_DISPOSITION, &disposition)
        .with(header::CACHE_CONTROL, "private, no-store"))
}

impl Ongoing for Archive {
    fn poll(&mut self, _: &mut Context<'_>) -> Poll<()> {
        Poll::Ready(())
    }

    fn write(&mut self, _: bool, _: Timestamp) -> Written {
        let ends = self.go_on().unwrap_or_else(|error| {
            // Without its end the file is no archive, so nobody takes it for whole.
            log::error!("an archive of an album ends early: {error}");
            self.pipe.take();
            true
        });
        Written {
            bytes: Bytes::from(self.pipe.take()),
            ends,
        }
    }
}

impl Archive {
    /// Writes a piece; true at the end.
    fn go_on(&mut self) -> Result<bool, Error> {
        let mut buffer = vec![0; PIECE_BYTES];
        while self.pipe.bytes() < PIECE_BYTES {
            let Some(zip) = &mut self.zip else {
                return Ok(true);
            };
            if let Some(file) = &mut self.file {
                let read = file.file.read(&mut buffer).map_err(Error::internal)?;
                match buffer.get(..read).filter(|piece| !piece.is_empty()) {
                    Some(piece) => zip.write_all(piece).map_err(Error::internal)?,
                    None => self.file = None,
                }
                continue;
            }
            let Some(id) = self.left.pop() else {
                if let Some(zip) = self.zip.take() {
                    zip.finish().map_err(Error::internal)?;
                }
                return Ok(true);
            };
            if let Some((name, blob)) = self.next(id)? {
                let options = SimpleFileOptions::default()
                    .compression_method(zip::CompressionMethod::Stored)
                    .large_file(blob.bytes_len >= LARGE_BYTES)
                    .unix_permissions(0o644);
                let zip = self.zip.as_mut().ok_or(Error::Gone)?;
                zip.start_file(name, options).map_err(Error::internal)?;
                self.file = Some(blob);
            }
        }
        Ok(false)
    }

    /// A picture with its name in the archive; nothing if the viewer may not have it, or if it is not here.
    fn next(&mut self, id: ThingId) -> Result<Option<(String, Blob)>, Error> {
        let Some(picture) = things::object(&self.app.store, id)? else {
            return Ok(None);
        };
        let Some(upload) = &picture.file else {
            return Ok(None);
        };
        if picture.deleted.is_some() || !access::may_fetch(&self.app.store, self.viewer, &picture)?
        {
            return Ok(None);
        }
        let is_own = picture.author.is_some_and(|author| self.viewer.is(author));
        let copy = upload
            .copies
            .iter()
            .rfind(|copy| !matches!(copy.variant, Variant::Avatar | Variant::AvatarSharp));
        let (variant, extension) = match copy {
            Some(copy) if !is_own => (copy.variant, &copy.extension),
            _ => (Variant::Original, &upload.extension),
        };
        let Some(blob) = self.app.blobs.open_blob(upload.blob, variant)? else {
            log::warn!("a picture of an album is not on disk, and so not in the archive");
            return Ok(None);
        };
        self.number += 1;
        Ok(Some((self.name(&picture, extension), blob)))
    }

    /// `2026-11-20 0007 The lake.jpg`
    fn name(&self, picture: &Object, extension: &str) -> String {
        let day = picture.published.unwrap_or(picture.updated).day();
        let title = display_name(picture).map(|title| file_name(&title));
        let title = title.map_or(String::new(), |title| format!(" {title}"));
        format!("{day} {:04}{title}.{extension}", self.number)
    }
}

impl Pipe {
    fn take(&self) -> Vec<u8> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn bytes(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Words as every system takes them for the name of a file.
fn file_name(words: &str) -> String {
    let letters = words.chars().map(|letter| match letter {
        letter if letter.is_alphanumeric() => letter,
        '-' | '_' | '(' | ')' | ',' | '\'' | '’' => letter,
        _ => ' ',
    });
    let letters: String = letters.take(TITLE_CHARS).collect();
    letters.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::file_name;

    #[test]
    fn names_of_files_are_plain() {
        assert_eq!(file_name("../../etc/passwd: \u{202e}x"), "etc passwd x");
        assert_eq!(file_name("  Größe, (2)\n"), "Größe, (2)");
        assert_eq!(file_name("///"), "");
    }
}
