//! `/main/uploads`: files of the box to post, in pieces, as the protocol tus 1.0 has it (core, creation, termination):
//! `POST` begins one, `HEAD` says how far it is, `PATCH` adds a piece at an offset, `DELETE` gives it up. Who sends is proved by
//! the session and the token of the form.

use crate::auth::{LocalUser, Visitor};
use crate::domain::uploads as files;
use crate::domain::uploads::pieces::{self, PIECE_BYTES_MAX, Progress, Said};
use crate::domain::uploads::posters;
use crate::error::Error;
use crate::http::{Answer, Body, Request, Response};
use crate::ids::Key;
use crate::media::Variant;
use crate::web::forms::for_script;
use crate::web::frame::Frame;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper::StatusCode;
use hyper::header::{self, HeaderName};
use serde::Serialize;

/// The version of the protocol.
const VERSION: &str = "1.0.0";

/// The content type of a piece.
const PIECE: &str = "application/offset+octet-stream";

const TUS_RESUMABLE: HeaderName = HeaderName::from_static("tus-resumable");
const UPLOAD_LENGTH: HeaderName = HeaderName::from_static("upload-length");
const UPLOAD_OFFSET: HeaderName = HeaderName::from_static("upload-offset");
const UPLOAD_METADATA: HeaderName = HeaderName::from_static("upload-metadata");

/// What a script learns of an upload beside the headers.
#[derive(Serialize)]
struct State<'a> {
    key: String,
    name: &'a str,
    mime: &'a str,
    bytes: u64,
    offset: u64,
    /// Whether all of it is here and it can be posted.
    is_whole: bool,
    /// `image`, `video`, `audio` or `file`; nothing before it is whole.
    kind: Option<&'a str>,
    /// A small picture of it.
    picture: Option<String>,
}

/// `POST /main/uploads`: `Upload-Length`, and `filename` and `filetype` in `Upload-Metadata`. 201 with `Location`; 400, 409, 413,
/// 507.
pub fn begin(request: &Request, visitor: &Visitor) -> Answer {
    begun(request, visitor).or_else(|error| for_script(visitor, error))
}

fn begun(request: &Request, visitor: &Visitor) -> Answer {
    let user = sender(request, visitor)?;
    let bytes = number(request, &UPLOAD_LENGTH)?;
    let said = Said {
        bytes,
        name: metadata(request, "filename"),
        mime: metadata(request, "filetype"),
    };
    let key = pieces::begin(request.app(), user.id(), &said, request.now)?;
    let frame = Frame::bare(request);
    let progress = pieces::progress(request.app(), user.id(), key)?;
    let answer = told(request, &progress)?.with_status(StatusCode::CREATED);
    Ok(answer.with(header::LOCATION, &frame.at(&format!("/main/uploads/{key}"))))
}

/// `GET` and `HEAD /main/uploads/{key}`: how far it is. 200, 404.
pub fn state(request: &Request, visitor: &Visitor) -> Answer {
    let user = sender(request, visitor)?;
    let progress = pieces::progress(request.app(), user.id(), key(request)?)?;
    told(request, &progress)
}

/// `PATCH /main/uploads/{key}`: a piece at `Upload-Offset`. 200; 400 for a file that cannot be taken, 404, 409 for another offset
/// than that of the upload, 413, 415, 507.
pub fn add(request: &Request, visitor: &Visitor) -> Answer {
    added(request, visitor).or_else(|error| for_script(visitor, error))
}

fn added(request: &Request, visitor: &Visitor) -> Answer {
    let user = sender(request, visitor)?;
    if request.content_type() != PIECE {
        return Err(Error::Unsupported(format!("A piece is sent as {PIECE}.")));
    }
    let offset = number(request, &UPLOAD_OFFSET)?;
    let app = request.app();
    let piece = match &request.body {
        Body::Spooled(file) => file.take(),
        _ => None,
    };
    let piece = match piece {
        Some(piece) => piece,
        // An empty body.
        None => app.blobs.spool(0)?,
    };
    if piece.bytes_len() > PIECE_BYTES_MAX {
        let mib = PIECE_BYTES_MAX >> 20;
        return Err(Error::TooLarge(format!(
            "A piece can have {mib} MiB; send the file in smaller ones."
        )));
    }
    let progress = pieces::add(app, user.id(), key(request)?, offset, &piece, request.now)?;
    told(request, &progress)
}

/// `POST /main/uploads/{key}/poster`: a picture that was taken out of the film with this key. 200; 400 for what is no picture, 404, 409
/// for what is no film, 413.
pub fn poster(request: &Request, visitor: &Visitor) -> Answer {
    postered(request, visitor).or_else(|error| for_script(visitor, error))
}

fn postered(request: &Request, visitor: &Visitor) -> Answer {
    let user = sender(request, visitor)?;
    let picture = match &request.body {
        Body::Spooled(file) => file.take(),
        _ => None,
    };
    let picture = picture.ok_or_else(|| Error::invalid("Send a picture as the body."))?;
    let key = key(request)?;
    posters::keep(request.app(), user.id(), key, &picture)?;
    told(request, &pieces::progress(request.app(), user.id(), key)?)
}

/// `DELETE /main/uploads/{key}`: 204, also where it is gone already.
pub fn cancel(request: &Request, visitor: &Visitor) -> Answer {
    let user = sender(request, visitor)?;
    pieces::cancel(request.app(), user.id(), key(request)?, request.now)?;
    let answer = Response::text("").with_status(StatusCode::NO_CONTENT);
    Ok(answer.with(TUS_RESUMABLE, VERSION))
}

/// The user who sends, in the version of the protocol that is spoken here.
fn sender<'a>(request: &Request, visitor: &'a Visitor) -> Result<&'a LocalUser, Error> {
    let user = visitor
        .user()
        .ok_or_else(|| Error::Unauthorized("Not logged in.".to_owned()))?;
    if !request.app().config.enable_uploads {
        return Err(Error::not_found("Uploads are switched off on this server."));
    }
    match request.header(&TUS_RESUMABLE) {
        None | Some(VERSION) => Ok(user),
        Some(_) => Err(Error::Invalid(format!(
            "Only version {VERSION} of the protocol tus is spoken here."
        ))),
    }
}

fn key(request: &Request) -> Result<Key, Error> {
    Key::parse(request.param("key")).ok_or_else(|| Error::not_found("There is no such upload."))
}

fn number(request: &Request, name: &HeaderName) -> Result<u64, Error> {
    let value = request.header(name).and_then(|value| value.parse().ok());
    value.ok_or_else(|| Error::Invalid(format!("The header {name} must be a number of bytes.")))
}

/// A value of `Upload-Metadata`: `name base64, name base64`.
fn metadata(request: &Request, name: &str) -> String {
    let all = request.header(&UPLOAD_METADATA).unwrap_or_default();
    let pairs = all
        .split(',')
        .filter_map(|pair| pair.trim().split_once(' '));
    let found = pairs.into_iter().find(|(known, _)| *known == name);
    let bytes = found.and_then(|(_, value)| STANDARD.decode(value.trim()).ok());
    String::from_utf8_lossy(&bytes.unwrap_or_default()).into_owned()
}

fn told(request: &Request, progress: &Progress) -> Answer {
    let frame = Frame::bare(request);
    let state = State {
        key: progress.key.to_string(),
        name: &progress.begun.name,
        mime: &progress.begun.mime,
        bytes: progress.begun.bytes,
        offset: progress.offset,
        is_whole: progress.object.is_some(),
        kind: progress
            .object
            .as_ref()
            .map(|(_, object)| object.object_type.as_str()),
        picture: small_picture(request, &frame, progress)?,
    };
    Ok(Response::json(&state)
        .with(TUS_RESUMABLE, VERSION)
        .with(UPLOAD_OFFSET, &progress.offset.to_string())
        .with(UPLOAD_LENGTH, &progress.begun.bytes.to_string())
        .with(header::CACHE_CONTROL, "no-store"))
}

/// The address of a small picture of what was uploaded.
pub(super) fn small_picture(
    request: &Request,
    frame: &Frame,
    progress: &Progress,
) -> Result<Option<String>, Error> {
    let Some((id, object)) = &progress.object else {
        return Ok(None);
    };
    let copies = files::copies(request.app(), *id, object)?;
    let small = copies.iter().find(|copy| copy.variant == Variant::Small);
    Ok(small.or(copies.first()).map(|copy| frame.local(&copy.url)))
}
