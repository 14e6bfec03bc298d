//! The manual of the API: one page with a chapter for each subject, whose examples are for the reader's own site. With
//! `noweb` it is the first page of the site (`pump-api.md §1.5`). A story runs every example as it stands on the page.

pub mod reference;

use crate::auth::Visitor;
use crate::http::{Answer, Request};
use crate::ids::Nickname;
use crate::web::frame::{Frame, show};
use askama::Template;
use reference::Chapter;

#[derive(Template)]
#[template(path = "manual/manual.html", config = "assets/askama.toml")]
struct Manual<'a> {
    frame: &'a Frame,
    /// The base URL.
    site: &'a str,
    /// The host of accounts.
    host: &'a str,
    /// The nickname in the examples: the reader's, if it is known.
    name: &'a str,
    /// The id of that person.
    me_id: &'a str,
    /// The id of somebody else.
    friend: &'a str,
    /// Programs that are complete as they stand, for this site.
    python: &'a str,
    shell: &'a str,
    /// Largest JSON document.
    json_kib: u64,
    /// Largest upload.
    upload_mib: u64,
    /// Whether there are pages on which one can make a token.
    has_pages: bool,
    chapters: &'a [Chapter],
}

/// What stands in the programs for the base URL of the site.
const EXAMPLE_SITE: &str = "https://pump.example";

/// `GET /main/api`, and `GET /` with `noweb`: the manual.
pub fn manual(request: &Request, visitor: &Visitor) -> Answer {
    let frame = Frame::of(request, visitor)?;
    let (base, config) = (request.app().base(), &request.app().config);
    let user = frame.me.as_ref().filter(|_| frame.is_user());
    let name = user.map_or("ann", |me| &me.nickname);
    let id = |name| {
        Nickname::new(name)
            .map(|name| base.person_id(&name))
            .unwrap_or_default()
    };
    let program = |text: &str| text.trim_end().replace(EXAMPLE_SITE, base.url());
    show(
        visitor,
        &Manual {
            frame: &frame,
            site: base.url(),
            host: base.host(),
            name,
            me_id: &id(name),
            friend: &id(if name == "ben" { "ann" } else { "ben" }),
            python: &program(include_str!("../../../assets/templates/manual/program.py")),
            shell: &program(include_str!("../../../assets/templates/manual/program.sh")),
            json_kib: config.json_bytes_max / 1024,
            upload_mib: config.upload_bytes_max / (1024 * 1024),
            has_pages: !config.noweb,
            chapters: reference::CHAPTERS,
        },
    )
}
