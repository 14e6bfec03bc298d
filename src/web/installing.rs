//! What makes the site an application on somebody's device: the manifest, the script that works without a page, and the page that
//! stands there when there is no connection.

use crate::auth::Visitor;
use crate::http::{Answer, Request, Response};
use crate::web::assets;
use crate::web::composer::sharing;
use crate::web::frame::{Frame, show};
use askama::Template;
use hyper::{StatusCode, header};
use serde_json::json;

/// The colour behind pages, as `--page` in `base.css`.
const PAGE_COLOUR: &str = "#f4f5f1";

/// The colour of the drawing.
const THEME_COLOUR: &str = "#0b6e5f";

/// Longest name below an icon, in characters.
const SHORT_NAME_CHARS_MAX: usize = 12;

#[derive(Template)]
#[template(path = "offline.html", config = "assets/askama.toml")]
struct Offline<'a> {
    frame: &'a Frame,
}

/// `GET /manifest.webmanifest` (W3C Web Application Manifest).
pub fn manifest(request: &Request) -> Answer {
    let frame = Frame::bare(request);
    let icon = |name: &str, size: &str, purpose: &str| json!({ "src": frame.asset(name), "sizes": size, "type": "image/png", "purpose": purpose });
    let home = frame.at("/");
    let short: String = frame.site.chars().take(SHORT_NAME_CHARS_MAX).collect();
    let manifest = json!({
        "id": home,
        "name": frame.site,
        "short_name": short.trim(),
        "lang": frame.words.language.code(),
        "dir": frame.words.language.direction(),
        "start_url": home,
        "scope": home,
        "display": "standalone",
        "background_color": PAGE_COLOUR,
        "theme_color": THEME_COLOUR,
        "icons": [
            icon("icon-192.png", "192x192", "any"),
            icon("icon-512.png", "512x512", "any"),
            icon("icon-mask.png", "512x512", "maskable"),
        ],
        "share_target": sharing::target(&frame, request.app().config.enable_uploads),
    });
    Ok(Response::new(
        StatusCode::OK,
        "application/manifest+json",
        manifest.to_string(),
    )
    .with(header::CACHE_CONTROL, "private, no-cache"))
}

/// `GET /sw.js`: the script that a browser keeps. It begins with the version of what it keeps besides, so that a new release
/// makes a new script.
pub fn worker(request: &Request) -> Answer {
    let kept = [
        "style.css",
        "app.js",
        "htmx.min.js",
        "icons.svg",
        "icon.svg",
    ];
    let version: String = kept.iter().map(|name| assets::version(name)).collect();
    let icon = Frame::bare(request).asset("icon-192.png");
    let head = format!(
        "const VERSION = {};\nconst ICON = {};\n",
        json!(version),
        json!(icon)
    );
    let script = [head.as_bytes(), include_bytes!("../../assets/worker.js")].concat();
    Ok(
        Response::new(StatusCode::OK, "text/javascript; charset=utf-8", script)
            .with(header::CACHE_CONTROL, "no-cache"),
    )
}

/// `GET /main/offline`: the page that a browser keeps for when there is no connection. It shows nothing of anybody.
pub fn offline(request: &Request, visitor: &Visitor) -> Answer {
    let mut frame = Frame::bare(request);
    let reader = Frame::of(request, visitor)?;
    frame.words = reader.words;
    frame.appearance = reader.appearance;
    show(visitor, &Offline { frame: &frame })
}
