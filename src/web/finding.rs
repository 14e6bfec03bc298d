//! `/main/find`: people and groups of other servers by their address. Whoever is found is shown first; nobody hears of it
//! until the user follows or joins.

use crate::auth::{LocalUser, Visitor};
use crate::error::Error;
use crate::federation::finding::{self, Missed};
use crate::http::{Answer, Request};
use crate::ids::{Nickname, ThingId};
use crate::peers::authority;
use crate::store::things;
use crate::web::forms::{again, see_other, value};
use crate::web::frame::{Frame, show};
use crate::web::login;
use askama::Template;

#[derive(Template)]
#[template(path = "find.html", config = "assets/askama.toml")]
struct Find<'a> {
    frame: &'a Frame,
    address: &'a str,
    /// By what people of other servers find the user.
    own: String,
    problem: Option<String>,
}

/// `GET /main/find?address=`: the form.
pub fn form(request: &Request, visitor: &Visitor) -> Answer {
    let frame = Frame::of(request, visitor)?;
    let Some(user) = visitor.user() else {
        return login::first(&frame);
    };
    let address = request.query("address").unwrap_or_default();
    let page = Find {
        frame: &frame,
        address: &address,
        own: own(request, user),
        problem: None,
    };
    show(visitor, &page)
}

/// `POST /main/find`: `address`. 303 to the page of whoever or what was found; 400, 403, 404, 429, 502 with the form and a
/// sentence.
pub fn find(request: &Request, visitor: &Visitor) -> Answer {
    let frame = Frame::of(request, visitor)?;
    let Some(user) = visitor.user() else {
        return login::first(&frame);
    };
    let form = request.form();
    let address = value(&form, "address");
    match found(request, &frame, user.id().0, address) {
        Ok(path) => Ok(see_other(&frame, &path)),
        Err(error) => again(visitor, error, |problem| {
            Ok(Find {
                frame: &frame,
                address,
                own: own(request, user),
                problem: Some(problem),
            })
        }),
    }
}

/// The address of a user: an account, or that of the page where the server has a port of its own.
fn own(request: &Request, user: &LocalUser) -> String {
    let (base, nickname) = (request.app().base(), user.nickname());
    match base.person_id(nickname).strip_prefix("acct:") {
        Some(account) => account.to_owned(),
        None => format!("{}/{nickname}", base.url()),
    }
}

/// The path of the page of whoever has an address.
fn found(request: &Request, frame: &Frame, user: ThingId, address: &str) -> Result<String, Error> {
    let app = request.app();
    let missed = match finding::ids_of(address).as_slice() {
        [] => Missed::Malformed,
        _ => {
            request.guard.admit_elsewhere(request, Some(user))?;
            match finding::find(app, address, request.now) {
                Ok(thing) => {
                    let object = things::object(&app.store, thing)?.ok_or(Error::Gone)?;
                    let key = object.key(thing);
                    return Ok(match object.is_person() {
                        true => format!("/main/person?key={key}"),
                        false => format!("/main/group/{key}"),
                    });
                }
                Err(missed) => missed,
            }
        }
    };
    Err(match missed {
        Missed::Failed(error) => error,
        Missed::Here => return here(request, frame, address),
        Missed::Malformed => Error::invalid(frame.say(
            "That is no address. It looks like bob@other.example, or is the address of somebody’s page there.",
        )),
        Missed::Blocked(host) => Error::Forbidden(frame.fill(
            "The owner of this server has blocked {0}, so nobody there can be followed from here.",
            [host],
        )),
        Missed::Unasked(host) => Error::Invalid(frame.fill(
            "{0} is no server that this one asks. Look at the address again.",
            [host],
        )),
        Missed::Away(host) => Error::Remote(frame.fill(
            "{0} was not reached. Look at the address, or try again later.",
            [host],
        )),
        Missed::Untrusted(host) => Error::Remote(frame.fill(
            "The certificate of {0} is not the one that it had at first. The owner of this server can look into that.",
            [host],
        )),
        Missed::Nobody(host) => Error::NotFound(frame.fill(
            "{0} shows nobody at this address. Perhaps there is a typing error in the name, or that server is of another kind: people of pump.io and Pumphouse servers can be followed.",
            [host],
        )),
    })
}

/// The path of the page of somebody of this server, by their address among all servers.
fn here(request: &Request, frame: &Frame, address: &str) -> Result<String, Error> {
    let ids = finding::ids_of(address);
    let mut names = ids.iter().filter_map(|id| {
        let account = id.strip_prefix("acct:")?.split('@').next()?;
        Nickname::new(account).ok()
    });
    // The address of a page of a site that is not at its host's root ends with the nickname, too.
    let last = ids.first().filter(|id| authority(id).is_some());
    let last = last.and_then(|id| Nickname::new(id.rsplit('/').next()?).ok());
    let nickname = names.next().or(last);
    let nobody = || {
        Error::NotFound(
            frame
                .say("That is an address of this very server, and nobody here has it.")
                .to_owned(),
        )
    };
    let nickname = nickname.ok_or_else(nobody)?;
    crate::domain::people::find(request.app(), &nickname).map_err(|_| nobody())?;
    Ok(format!("/{nickname}"))
}
