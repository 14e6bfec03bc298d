//! `/main/box/name`: a public name for the site, with a certificate that every device trusts. Step by step: which name, whether it
//! leads here, what the authority wants, and how it goes.

use super::enter;
use crate::auth::Visitor;
use crate::certificates::x509::Facts;
use crate::domain::padlock;
use crate::domain::padlock::public::{self, Leads, Wish};
use crate::error::Error;
use crate::http::{Answer, Request, Response};
use crate::web::cards::Time;
use crate::web::forms::{again, see_other, value};
use crate::web::frame::{Frame, show};
use crate::words::marked;
use askama::Template;
use std::net::IpAddr;

#[derive(Template)]
#[template(path = "box/name.html", config = "assets/askama.toml")]
struct Page<'a> {
    frame: &'a Frame,
    is_possible: bool,
    /// The address of the site, which stays.
    address: String,
    wish: Option<Asked>,
    /// What was typed.
    name: String,
    email: String,
    /// What came of a look.
    look: Option<Look>,
    terms: Option<String>,
    problem: Option<String>,
}

/// What the owner wants, and how it goes.
struct Asked {
    name: String,
    /// The address to open.
    url: String,
    /// Until when the certificate is valid, if there is one.
    until: Option<String>,
    is_strict: bool,
    problem: Option<String>,
    next: Option<Time>,
    step: Option<String>,
}

/// Where a name leads, in words.
struct Look {
    name: String,
    is_good: bool,
    words: String,
    /// Whether the ports of the router are to be explained.
    is_router: bool,
}

impl Asked {
    fn of(request: &Request, frame: &Frame, wish: Wish) -> Asked {
        let public = request.app().padlock.shown.public();
        let facts = public.and_then(|public| Facts::of(public.pair.certificate()));
        let step = public::step(request.app());
        Asked {
            until: facts.map(|facts| frame.words.date(facts.end)),
            is_strict: wish.is_strict,
            problem: wish.problem.map(|problem| frame.words.told(&problem)),
            next: wish.next.map(|next| Time {
                iso: next.to_string(),
                words: frame.words.minute(next),
            }),
            step: step.map(|step| frame.words.told(step)),
            url: public::url_of(&wish.name) + "/",
            name: wish.name,
        }
    }
}

impl Look {
    fn of(frame: &Frame, name: String, leads: &Leads) -> Look {
        // Of a name it is told to which address it leads; an address is there already.
        let is_address = name.parse::<IpAddr>().is_ok();
        let of = |a_name: &str, an_address: &str, address: &IpAddr| match is_address {
            true => frame.fill(an_address, [name.as_str()]),
            false => frame.fill(a_name, (name.as_str(), address)),
        };
        let words = match leads {
            Leads::Here => frame.fill("{0} leads to this server.", [name.as_str()]),
            Leads::Nowhere => frame.fill(
                "Nobody knows the name {0}. Where you have the name from, let it lead to the public address of your home.",
                [name.as_str()],
            ),
            Leads::Home(address) => of(
                marked(
                    "{0} leads to {1}, which is an address at home: from outside nobody gets there. Let the name lead to the public \
                     address that your router has.",
                ),
                marked(
                    "{0} is an address at home: from outside nobody gets there. Take the public address that your router has.",
                ),
                address,
            ),
            Leads::Elsewhere(address) => of(
                marked("{0} leads to {1}, and something else answers there than this server."),
                marked("At {0} something else answers than this server."),
                address,
            ),
            Leads::Silence(address) => of(
                marked(
                    "{0} leads to {1}, and nobody answers there. Some routers let nobody at home use their public address; then it \
                     may work all the same.",
                ),
                marked(
                    "Nobody answers at {0}. Some routers let nobody at home use their public address; then it may work all the same.",
                ),
                address,
            ),
        };
        Look {
            is_good: *leads == Leads::Here,
            is_router: matches!(leads, Leads::Elsewhere(_) | Leads::Silence(_)),
            words,
            name,
        }
    }
}

impl<'a> Page<'a> {
    fn of(request: &Request, frame: &'a Frame) -> Page<'a> {
        let app = request.app();
        let wish = public::wish(app);
        Page {
            is_possible: padlock::is_possible(&app.config),
            address: app.base().url().to_owned(),
            name: String::new(),
            email: wish
                .as_ref()
                .map(|wish| wish.email.clone())
                .unwrap_or_default(),
            wish: wish.map(|wish| Asked::of(request, frame, wish)),
            look: None,
            terms: None,
            problem: None,
            frame,
        }
    }
}

/// `GET /main/box/name`
pub fn form(request: &Request, visitor: &Visitor) -> Answer {
    enter(request, visitor, |frame| {
        show(visitor, &Page::of(request, frame))
    })
}

/// `POST /main/box/name`: `deed`: `look` (`name`: the page with where it leads), `want` (`name`, `email`, `agreed`), `again` (try
/// now), `forget`, `strict`, `lax`. 303 back; 400, 409 with the page.
pub fn perform(request: &Request, visitor: &Visitor) -> Answer {
    enter(request, visitor, |frame| {
        let form = request.form();
        let field = |name: &str| value(&form, name).trim();
        match done(request, frame, &form) {
            Ok(None) => Ok(see_other(frame, "/main/box/name")),
            Ok(Some(page)) => show(visitor, &page),
            Err(error) => again(visitor, error, |problem| {
                Ok(Page {
                    name: field("name").to_owned(),
                    email: field("email").to_owned(),
                    problem: Some(problem),
                    ..Page::of(request, frame)
                })
            }),
        }
    })
}

fn done<'a>(
    request: &Request,
    frame: &'a Frame,
    form: &[(String, String)],
) -> Result<Option<Page<'a>>, Error> {
    let app = request.app();
    let field = |name: &str| value(form, name).trim();
    match field("deed") {
        "look" => {
            let name = public::name_of(field("name"))?;
            let leads = public::look(app, &name)?;
            return Ok(Some(Page {
                terms: public::terms(app),
                look: Some(Look::of(frame, name.clone(), &leads)),
                name,
                ..Page::of(request, frame)
            }));
        }
        "want" if field("agreed").is_empty() => {
            return Err(Error::invalid(
                "The authority wants to know that you agree to its terms. Tick the box, or leave it.",
            ));
        }
        "want" => public::want(app, field("name"), field("email"), request.now)?,
        "again" => {
            if let Some(wish) = public::wish(app) {
                public::want(app, &wish.name, &wish.email, request.now)?;
            }
        }
        "forget" => public::forget(app)?,
        "strict" => public::be_strict(app, true, request.now)?,
        "lax" => public::be_strict(app, false, request.now)?,
        _ => {}
    }
    Ok(None)
}

/// `GET /.well-known/pumphouse/{nonce}`: what this server asks itself for, to see whether a name leads to it; 404 for all else.
pub fn echo(request: &Request) -> Answer {
    let nonce = request.param("nonce");
    match public::is_asked(request.app(), nonce) {
        true => Ok(Response::text(nonce.to_owned())),
        false => Err(Error::not_found("There is nothing at this address.")),
    }
}

/// `GET /.well-known/acme-challenge/{token}`: what an authority looks for (RFC 8555 §8.3); 404 for all else.
pub fn proof(request: &Request) -> Answer {
    let text = public::page(request.app(), request.param("token"));
    let text = text.ok_or_else(|| Error::not_found("There is nothing at this address."))?;
    Ok(Response::text(text))
}
