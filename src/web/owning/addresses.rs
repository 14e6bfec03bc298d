//! `/main/box/addresses`: where the server is found, for its owner to give away: each address with a code to photograph. It is
//! the last page of the setup, too.

use super::enter;
use crate::auth::Visitor;
use crate::domain::lan;
use crate::domain::padlock::{self, public};
use crate::http::{Answer, Request};
use crate::web::frame::{Frame, show};
use crate::web::qr;
use askama::Template;

/// The page as the setup ends with it.
pub const READY: &str = "/main/box/addresses?new=1";

#[derive(Template)]
#[template(path = "box/addresses.html", config = "assets/askama.toml")]
struct Page<'a> {
    frame: &'a Frame,
    /// Whether the server was set up just now.
    is_new: bool,
    name: Address,
    /// Where it is while another machine has that name.
    other_name: Option<Address>,
    /// The public name, if there is one with a certificate.
    public: Option<Address>,
    /// The same place as a number; none where there is no such way.
    number: Option<Address>,
    /// Its address by https, for devices that have its padlock.
    secure: Option<Address>,
}

/// An address to give away.
struct Address {
    url: String,
    /// The drawing of its code; none for an address that is too long for one.
    code: Option<String>,
}

impl Address {
    fn of(url: String) -> Address {
        Address {
            code: qr::svg(&url),
            url,
        }
    }
}

/// `GET /main/box/addresses`: `new` says that the server was set up just now.
pub fn list(request: &Request, visitor: &Visitor) -> Answer {
    enter(request, visitor, |frame| {
        let app = request.app();
        let page = Page {
            is_new: request.query("new").is_some(),
            name: Address::of(app.base().url().to_owned()),
            number: lan::by_number(app, request.here).map(Address::of),
            other_name: lan::by_other_name(app).map(Address::of),
            public: public::url(app, request.now).map(Address::of),
            secure: padlock::url(app).map(Address::of),
            frame,
        };
        show(visitor, &page)
    })
}
