//! Files of users, in and out (`pump-api.md §3.8`, `§4.9.6`).

use crate::api::files::{self, Handed, Keep};
use crate::api::{feeds, users};
use crate::auth::{self, LocalUser};
use crate::domain::access::Viewer;
use crate::domain::documents::{Documents, Finish};
use crate::domain::relays;
use crate::domain::uploads::{self, Served, Texts};
use crate::error::Error;
use crate::http::{Answer, Body, Request, Response};
use crate::ids::ThingId;
use crate::media::Spool;
use crate::store::things;
use base64::Engine as _;
use base64::engine::{GeneralPurpose, GeneralPurposeConfig, general_purpose};
use serde::Deserialize;
use std::io::Read as _;

/// Both alphabets of base64, with or without padding.
const ANY_PADDING: GeneralPurposeConfig = general_purpose::NO_PAD
    .with_decode_padding_mode(base64::engine::DecodePaddingMode::Indifferent);
const STANDARD: GeneralPurpose = GeneralPurpose::new(&base64::alphabet::STANDARD, ANY_PADDING);
const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&base64::alphabet::URL_SAFE, ANY_PADDING);

/// `POST /api/user/{nickname}/uploads`: the bytes of a file with its content type, one file of a multipart form, or JSON
/// `{mimeType, data}`. 200 with the object, seen by its author until it is posted; 400 for a picture that cannot be read, 413.
pub fn add(request: &Request, user: &LocalUser) -> Answer {
    enabled(request)?;
    users::named(request)?;
    user.owning(&request.nickname()?)?;
    let (spool, declared, texts) = received(request)?;
    let id = uploads::add(
        request.app(),
        user.id(),
        spool,
        declared.as_deref(),
        &texts,
        request.now,
    )?;
    answer(request, user, id)
}

/// `GET /uploads/{*path}`: a file, for whoever may read the object that shows it; 403, 404. Answers `Range` and conditions. With
/// a key in `relay`, as a group elsewhere may see it (`pump-api.md §10.3`, D34).
pub fn file(request: &Request) -> Answer {
    let path = request.param("path");
    // A file is asked for by pages, by clients and by strangers; a proof that fails counts as none.
    let viewer = match auth::reader(request) {
        Ok(reader) => feeds::viewer(&reader),
        Err(_) => Viewer::NOBODY,
    };
    let key = request.query(relays::ARGUMENT);
    let served = uploads::open(request.app(), viewer, key.as_deref(), path)?;
    files::answer(request, dressed(served))
}

/// Refuses where uploads are switched off: then their addresses do not exist.
pub fn enabled(request: &Request) -> Result<(), Error> {
    if request.app().config.enable_uploads {
        Ok(())
    } else {
        Err(Error::not_found("Uploads are switched off on this server."))
    }
}

fn answer(request: &Request, user: &LocalUser, id: ThingId) -> Answer {
    let object = things::object(&request.app().store, id)?.ok_or(Error::Gone)?;
    let documents = Documents::for_viewer(request.app(), Viewer::user(user.id()));
    Ok(Response::json_text(documents.object_text(
        id,
        &object,
        Finish::PLAIN,
    )?))
}

/// The file of a request, what the sender calls its type, and the texts that came along.
fn received(request: &Request) -> Result<(Spool, Option<String>, Texts), Error> {
    let nothing =
        || Error::invalid("Send a file: its bytes as the body, with its type as Content-Type.");
    let text = |name: &str| request.query(name).filter(|text| !text.is_empty());
    let texts = Texts {
        title: text("title"),
        description: text("description"),
        ..Texts::default()
    };
    match &request.body {
        Body::Spooled(file) if request.content_type() == "application/json" => {
            let (spool, declared) = from_json(request, &file.take().ok_or_else(nothing)?)?;
            Ok((spool, Some(declared), texts))
        }
        Body::Spooled(file) => Ok((
            file.take().ok_or_else(nothing)?,
            Some(request.content_type()),
            texts,
        )),
        Body::Multipart { files, .. } => match files.as_slice() {
            [one] => Ok((
                one.file.take().ok_or_else(nothing)?,
                Some(one.content_type.clone()),
                texts,
            )),
            _ => Err(Error::invalid("Send exactly one file.")),
        },
        Body::Memory(_) => Err(nothing()),
    }
}

/// A file inside JSON (`pump-api.md §3.8.1`).
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wrapped {
    mime_type: String,
    data: String,
}

/// Largest JSON document with a file inside, in bytes: it is decoded in memory.
const WRAPPED_BYTES_MAX: u64 = 16 << 20;

fn from_json(request: &Request, wrapping: &Spool) -> Result<(Spool, String), Error> {
    if wrapping.bytes_len() > WRAPPED_BYTES_MAX {
        let mib = WRAPPED_BYTES_MAX >> 20;
        return Err(Error::TooLarge(format!(
            "A file inside JSON can have {mib} MiB; send larger ones as they are."
        )));
    }
    let mut text = String::new();
    let mut file = wrapping.reader().map_err(Error::internal)?;
    file.read_to_string(&mut text)
        .map_err(|_| Error::invalid("The body is not JSON."))?;
    let wrapped: Wrapped = serde_json::from_str(&text).map_err(|error| {
        Error::Invalid(format!(
            "The body must be JSON with mimeType and data: {error}."
        ))
    })?;
    let alphabet = if wrapped.data.contains(['-', '_']) {
        &URL_SAFE
    } else {
        &STANDARD
    };
    let bytes = alphabet
        .decode(wrapped.data.trim())
        .map_err(|_| Error::invalid("\u{201c}data\u{201d} must be the file in base64."))?;
    let mut spool = request
        .app()
        .blobs
        .spool(request.app().config.upload_bytes_max)?;
    spool.write(&bytes)?;
    Ok((spool, wrapped.mime_type))
}

/// An upload as it is handed out: what a browser may not show is a download without a type of its own.
fn dressed(served: Served) -> Handed {
    let (mime, disposition) = if served.is_inline {
        (served.mime, "inline")
    } else {
        ("application/octet-stream".to_owned(), "attachment")
    };
    Handed {
        blob: served.blob,
        etag: served.etag,
        mime,
        disposition: disposition.to_owned(),
        keep: if served.is_public {
            Keep::Public
        } else {
            Keep::Private
        },
    }
}
