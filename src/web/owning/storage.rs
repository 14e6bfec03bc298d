//! `/main/box/storage`: what takes room on the disk, and how much is left.

use super::enter;
use crate::auth::Visitor;
use crate::domain::machine;
use crate::http::{Answer, Request};
use crate::web::forms::see_other;
use crate::web::frame::{Frame, show};
use askama::Template;

#[derive(Template)]
#[template(path = "box/storage.html", config = "assets/askama.toml")]
struct Page<'a> {
    frame: &'a Frame,
    free: String,
    total: String,
    /// How full the disk is, in hundredths.
    percent: u64,
    is_low: bool,
    store: String,
    uploads: String,
    cache: String,
    has_cache: bool,
    is_emptied: bool,
}

/// `GET /main/box/storage`
pub fn show_disk(request: &Request, visitor: &Visitor) -> Answer {
    enter(request, visitor, |frame| {
        let disk = machine::disk(request.app())?;
        let size = |bytes| frame.words.size(bytes);
        let taken = disk.total.saturating_sub(disk.free);
        let percent = taken.saturating_mul(100).checked_div(disk.total);
        let page = Page {
            frame,
            free: size(disk.free),
            total: size(disk.total),
            percent: percent.unwrap_or_default(),
            is_low: disk.is_low(),
            store: size(disk.store),
            uploads: size(disk.uploads),
            cache: size(disk.cache),
            has_cache: disk.cache > 0,
            is_emptied: request.query("emptied").is_some(),
        };
        show(visitor, &page)
    })
}

/// `POST /main/box/storage`: forgets the copies of files of other servers, which come again when somebody looks at them. 303 back.
pub fn empty(request: &Request, visitor: &Visitor) -> Answer {
    enter(request, visitor, |frame| {
        request.app().blobs.cache().empty();
        Ok(see_other(frame, "/main/box/storage?emptied=1"))
    })
}
