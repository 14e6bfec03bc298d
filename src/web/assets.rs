//! The files of the pages, compiled in: style sheet, scripts and drawings. Their addresses carry a version, so browsers keep them.
//! What shrinks is kept compressed (`build.rs`) and unpacked only for the few who cannot.

use crate::error::Error;
use crate::http::{Answer, Request, Response};
use hyper::StatusCode;
use hyper::header;
use sha2::{Digest, Sha256};
use std::fs;
use std::sync::LazyLock;

/// How long browsers keep a file whose version they named, in seconds.
const MAX_AGE_SECS: u32 = 31_536_000;

/// Largest icon of the configuration, in bytes.
const ICON_BYTES_MAX: u64 = 1 << 20;

struct Asset {
    name: &'static str,
    mime: &'static str,
    bytes: &'static [u8],
    is_packed: bool,
    version: String,
}

macro_rules! packed {
    ($name:literal, $mime:expr) => {
        asset(
            $name,
            $mime,
            include_bytes!(concat!(env!("OUT_DIR"), "/", $name, ".gz")),
            true,
        )
    };
}

macro_rules! plain {
    ($name:literal, $mime:expr) => {
        asset(
            $name,
            $mime,
            include_bytes!(concat!("../../assets/", $name)),
            false,
        )
    };
}

const SCRIPT: &str = "text/javascript; charset=utf-8";
const DRAWING: &str = "image/svg+xml";

static ASSETS: LazyLock<Vec<Asset>> = LazyLock::new(|| {
    vec![
        packed!("style.css", "text/css; charset=utf-8"),
        packed!("htmx.min.js", SCRIPT),
        packed!("app.js", SCRIPT),
        packed!("photos.js", SCRIPT),
        packed!("push.js", SCRIPT),
        packed!("crop.js", SCRIPT),
        packed!("lightbox.js", SCRIPT),
        packed!("named.js", SCRIPT),
        packed!("composer.js", SCRIPT),
        packed!("restore.js", SCRIPT),
        packed!("setup.js", SCRIPT),
        packed!("icon.svg", DRAWING),
        packed!("icons.svg", DRAWING),
        plain!("icon-180.png", "image/png"),
        plain!("icon-192.png", "image/png"),
        plain!("icon-512.png", "image/png"),
        plain!("icon-mask.png", "image/png"),
        plain!("favicon.ico", "image/x-icon"),
    ]
});

fn asset(name: &'static str, mime: &'static str, bytes: &'static [u8], is_packed: bool) -> Asset {
    let hash = Sha256::digest(bytes);
    let version = hash.iter().take(6).map(|byte| format!("{byte:02x}"));
    Asset {
        name,
        mime,
        bytes,
        is_packed,
        version: version.collect(),
    }
}

fn find(name: &str) -> Option<&'static Asset> {
    ASSETS.iter().find(|asset| asset.name == name)
}

/// What the address of a file says of its content; empty for a file that is not there.
pub fn version(name: &str) -> &'static str {
    find(name).map_or("", |asset| &asset.version)
}

/// `GET /assets/{file}`: 200, 304 or 404.
pub fn file(request: &Request) -> Answer {
    let asset =
        find(request.param("file")).ok_or_else(|| Error::not_found("There is no such file."))?;
    Ok(serve(request, asset))
}

/// `GET /favicon.ico`: the icon of the configuration, else ours.
pub fn favicon(request: &Request) -> Answer {
    let own = find("favicon.ico").ok_or_else(|| Error::not_found("There is no icon."))?;
    let Some(path) = &request.app().config.favicon else {
        return Ok(serve(request, own));
    };
    let is_small = fs::metadata(path).is_ok_and(|meta| meta.len() <= ICON_BYTES_MAX);
    match fs::read(path) {
        Ok(bytes) if is_small => {
            let mime = match path.extension().and_then(|ending| ending.to_str()) {
                Some("png") => "image/png",
                Some("svg") => "image/svg+xml",
                Some("gif") => "image/gif",
                _ => "image/x-icon",
            };
            Ok(Response::new(StatusCode::OK, mime, bytes)
                .with(header::CACHE_CONTROL, "public, max-age=3600"))
        }
        _ => {
            log::warn!("the configured icon {} cannot be read", path.display());
            Ok(serve(request, own))
        }
    }
}

/// `GET /robots.txt` (`pump-api.md §1.1`).
pub fn robots(_: &Request) -> Answer {
    Ok(Response::text("User-agent: *\nDisallow: /api/\n"))
}

fn serve(request: &Request, asset: &'static Asset) -> Response {
    let is_named = request
        .query("v")
        .is_some_and(|version| version == asset.version);
    let keep = if is_named {
        format!("public, max-age={MAX_AGE_SECS}, immutable")
    } else {
        "public, max-age=3600".to_owned()
    };
    let mut answer = Response::new(StatusCode::OK, asset.mime, asset.bytes)
        .with(header::ETAG, &format!("\"{}\"", asset.version))
        .with(header::CACHE_CONTROL, &keep);
    if asset.is_packed {
        answer.set(header::CONTENT_ENCODING, "gzip");
        answer.set(header::VARY, "Accept-Encoding");
    }
    answer
}
