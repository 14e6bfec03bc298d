//! `/main/wifi`: gives a ready-made box a Wi-Fi: for whoever joined the one that it opens without a network, and for its owner.
//! Elsewhere there is no such page (404).

use crate::appliance::wifi::{ADDRESS, Seen, State, Wish};
use crate::auth::Visitor;
use crate::config::Config;
use crate::domain::lan;
use crate::error::Error;
use crate::http::{Answer, Request};
use crate::web::forms::{again, value};
use crate::web::frame::{Frame, show};
use crate::web::owning;
use askama::Template;
use hyper::header;

/// The address of the page.
pub const PATH: &str = "/main/wifi";

#[derive(Template)]
#[template(path = "wifi.html", config = "assets/askama.toml")]
struct Page<'a> {
    frame: &'a Frame,
    networks: Vec<Seen>,
    /// The network that is tried.
    joining: Option<String>,
    /// The network that was chosen last, if the pump got into it.
    joined: Option<String>,
    /// Where the pump is opened in it.
    address: String,
    /// Whether the reader is in the box's own Wi-Fi.
    is_inside: bool,
    /// What was chosen and typed before.
    chosen: &'a str,
    typed: &'a str,
    problem: Option<String>,
}

/// Where somebody in the box's own Wi-Fi is led who asks for any other site: phones ask for one and show the page then.
pub fn captive(config: &Config, request: &Request) -> Option<String> {
    if !is_inside(config, request) {
        return None;
    }
    let host = request.header(&header::HOST).unwrap_or_default();
    let host = host.split(':').next().unwrap_or_default();
    (host != ADDRESS.to_string()).then(|| format!("http://{ADDRESS}{PATH}"))
}

/// Whether a request came through the Wi-Fi that the box opens without a network.
pub fn is_inside(config: &Config, request: &Request) -> bool {
    config.wifi.is_some() && request.here == ADDRESS
}

/// Answers whom the page is for, with its frame; 404 where there is none.
fn enter(request: &Request, visitor: &Visitor, answer: impl FnOnce(&Frame) -> Answer) -> Answer {
    let config = &request.app().config;
    if config.wifi.is_none() {
        return Err(Error::not_found("There is nothing at this address."));
    }
    if is_inside(config, request) {
        let mut frame = Frame::bare(request);
        visitor.csrf().clone_into(&mut frame.csrf);
        return answer(&frame);
    }
    owning::enter(request, visitor, answer)
}

fn page<'a>(request: &Request, frame: &'a Frame) -> Page<'a> {
    let app = request.app();
    let state = app.config.wifi.as_deref().map(State::told);
    let state = state.unwrap_or_default();
    let base = app.known_base().map(|base| base.url().to_owned());
    Page {
        networks: state.networks,
        joining: state.joining,
        joined: state.joined,
        address: base.unwrap_or_else(|| format!("http://{}", lan::new_host(app))),
        is_inside: is_inside(&app.config, request),
        chosen: "",
        typed: "",
        problem: state.problem.map(|problem| frame.words.told(&problem)),
        frame,
    }
}

/// `GET /main/wifi`
pub fn form(request: &Request, visitor: &Visitor) -> Answer {
    enter(request, visitor, |frame| {
        show(visitor, &page(request, frame))
    })
}

/// `POST /main/wifi`: `network`, or `other` for one that does not say its name, and `password`. 200 with what happens now, because
/// the Wi-Fi of the box is gone soon; 400 with the form.
pub fn join(request: &Request, visitor: &Visitor) -> Answer {
    enter(request, visitor, |frame| {
        let form = request.form();
        let other = value(&form, "other").trim();
        let name = Some(other).filter(|other| !other.is_empty());
        let name = name.unwrap_or_else(|| value(&form, "network"));
        let left = Wish::new(name, value(&form, "password"), !other.is_empty()).and_then(|wish| {
            wish.leave(&request.app().config.datadir)
                .map_err(Error::internal)
        });
        match left {
            Ok(()) => {
                let page = Page {
                    joining: Some(name.to_owned()),
                    problem: None,
                    ..page(request, frame)
                };
                show(visitor, &page)
            }
            Err(error) => again(visitor, error, |problem| {
                Ok(Page {
                    problem: Some(problem),
                    chosen: value(&form, "network"),
                    typed: other,
                    ..page(request, frame)
                })
            }),
        }
    })
}
