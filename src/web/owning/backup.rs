//! `/main/box/backup`: the whole store as one file, as `pumphouse backup` writes it, made while the server runs; and what else a
//! backup needs.

use super::enter;
use crate::auth::{Visitor, sessions};
use crate::error::Error;
use crate::http::{Answer, Content, Request, Response};
use crate::media::Spool;
use crate::store::engine;
use crate::web::forms::{again, in_words, value};
use crate::web::frame::{Frame, show};
use askama::Template;
use hyper::{StatusCode, header};
use std::io::{self, BufWriter, Write};

/// Largest backup that is made for a download, in bytes.
const BACKUP_BYTES_MAX: u64 = 64 << 30;

/// Bytes that are written at once.
const BUFFER_BYTES: usize = 256 * 1024;

#[derive(Template)]
#[template(path = "box/backup.html", config = "assets/askama.toml")]
struct Page<'a> {
    frame: &'a Frame,
    nickname: &'a str,
    /// Where the files that people uploaded are.
    uploads: String,
    problem: Option<String>,
}

impl<'a> Page<'a> {
    fn of(request: &Request, frame: &'a Frame) -> Page<'a> {
        let uploads = request.app().config.datadir.join("uploads");
        Page {
            frame,
            nickname: frame.nickname(),
            uploads: uploads.display().to_string(),
            problem: None,
        }
    }
}

/// `GET /main/box/backup`
pub fn form(request: &Request, visitor: &Visitor) -> Answer {
    let frame = match enter(request, visitor)? {
        Ok(frame) => frame,
        Err(answer) => return answer,
    };
    show(visitor, &Page::of(request, &frame))
}

/// `POST /main/box/backup`: `password`, the owner's, because the file holds what everybody wrote. 200 with the file; 401, 429, 507
/// with the page.
pub fn make(request: &Request, visitor: &Visitor) -> Answer {
    let frame = match enter(request, visitor)? {
        Ok(frame) => frame,
        Err(answer) => return answer,
    };
    let form = request.form();
    let proved = sessions::prove_password(request, frame.nickname(), value(&form, "password"))
        .map_err(|error| in_words(error, "Your password is not right."));
    match proved.and_then(|_| written(request)) {
        Ok(spool) => {
            let day = request.now.day();
            let mut answer = Response::new(StatusCode::OK, "application/octet-stream", "")
                .with(
                    header::CONTENT_DISPOSITION,
                    &format!("attachment; filename=\"pumphouse-{day}.backup\""),
                )
                .with(header::CACHE_CONTROL, "private, no-store");
            answer.content = Content::File {
                file: spool.reader().map_err(Error::internal)?,
                start: 0,
                bytes: spool.bytes_len(),
            };
            Ok(answer)
        }
        Err(error) => again(visitor, error, |problem| {
            Ok(Page {
                problem: Some(problem),
                ..Page::of(request, &frame)
            })
        }),
    }
}

/// The store as a file, which has no name any more once it is open.
fn written(request: &Request) -> Result<Spool, Error> {
    let app = request.app();
    let mut spool = app.blobs.spool(BACKUP_BYTES_MAX)?;
    let mut out = BufWriter::with_capacity(BUFFER_BYTES, Into(&mut spool));
    let exported = app.store.engine().export(&mut out);
    exported.map_err(|error| match error {
        engine::Error::Full => Error::Full,
        other => other.into(),
    })?;
    out.flush().map_err(Error::internal)?;
    drop(out);
    Ok(spool)
}

/// Writes into a file that is bounded.
struct Into<'s>(&'s mut Spool);

impl Write for Into<'_> {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        self.0.write(piece).map_err(io::Error::other)?;
        Ok(piece.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
