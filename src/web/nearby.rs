//! `/main/nearby`: other pumps on the local network, for everybody who has an account here.

use crate::auth::Visitor;
use crate::error::Error;
use crate::http::{Answer, Request};
use crate::peers::Neighbour;
use crate::web::frame::{Frame, show};
use crate::web::login;
use askama::Template;

#[derive(Template)]
#[template(path = "nearby.html", config = "assets/askama.toml")]
struct Nearby<'a> {
    frame: &'a Frame,
    pumps: Vec<Neighbour>,
}

/// `GET /main/nearby`: the list; 404 where the server looks for none.
pub fn pumps(request: &Request, visitor: &Visitor) -> Answer {
    let frame = Frame::of(request, visitor)?;
    if visitor.user().is_none() {
        return login::first(&frame);
    }
    let app = request.app();
    if !app.config.federate_lan {
        return Err(Error::not_found(
            "This server does not look for others on the local network.",
        ));
    }
    let page = Nearby {
        frame: &frame,
        pumps: app.peers.lan().neighbours(),
    };
    show(visitor, &page)
}
