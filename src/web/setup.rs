//! `/setup`: the one page of a server that nobody has configured. It makes the owner, the site and its address, for whoever
//! knows the setup code; afterwards it does not exist. The rules are `domain/setup.rs`.

use crate::auth::{self, Visitor, passwords, sessions};
use crate::domain::lan;
use crate::domain::setup::{self, Choice, Restoring, SITE_CHARS_MAX};
use crate::error::Error;
use crate::http::{Answer, Request, Response};
use crate::ids::{Base, Nickname, UserId};
use crate::peers::is_public;
use crate::store::meta::Registration;
use crate::store::users::{self, User};
use crate::web::forms::{again, check_repeated, value};
use crate::web::frame::{Frame, show};
use crate::web::owning::addresses;
use crate::web::owning::site::registration_modes;
use crate::web::wifi;
use askama::Template;
use hyper::{Method, StatusCode, header};
use std::net::{IpAddr, Ipv6Addr};

/// Longest host name, in characters (RFC 1035 §2.3.4).
const HOST_CHARS_MAX: usize = 253;

#[derive(Template)]
#[template(path = "setup.html", config = "assets/askama.toml")]
struct Setup<'a> {
    frame: &'a Frame,
    code: &'a str,
    site: &'a str,
    nickname: &'a str,
    hostname: &'a str,
    is_fixed: bool,
    /// Who can get an account; none where the configuration has decided.
    modes: Vec<(&'static str, &'static str, bool)>,
    problem: Option<String>,
}

/// The ways of getting an account from which the owner chooses.
fn modes(request: &Request, chosen: Registration) -> Vec<(&'static str, &'static str, bool)> {
    match request.app().config.disable_registration {
        true => Vec::new(),
        false => registration_modes(chosen),
    }
}

/// A handler that looks at nobody.
pub type Handler = fn(&Request) -> Answer;

/// What a server that waits for its owner answers to everything else: pages lead to the setup, the API says so (503).
/// None where there is an owner, and for what the setup page needs.
pub fn instead(request: &Request) -> Result<Option<Handler>, Error> {
    if !setup::is_open(request.app())? {
        return Ok(None);
    }
    let path = request.path.to_ascii_lowercase();
    let path = path.trim_end_matches('/');
    if path == wifi::PATH && wifi::is_inside(&request.app().config, request) {
        return Ok(None);
    }
    if ["/setup", "/setup/restore", "/favicon.ico", "/robots.txt"].contains(&path)
        || path.starts_with("/assets/")
    {
        return Ok(None);
    }
    Ok(Some(elsewhere))
}

fn elsewhere(request: &Request) -> Answer {
    if request.method == Method::GET && !request.is_api() {
        return Ok(
            Response::redirect(StatusCode::FOUND, "/setup").with(header::CACHE_CONTROL, "no-store")
        );
    }
    let scheme = if request.tls { "https" } else { "http" };
    let host = request.header(&header::HOST).unwrap_or("localhost");
    Err(Error::Busy(format!(
        "This pump is not set up yet. Open {scheme}://{host}/setup in a browser."
    )))
}

/// `GET /setup`: the form; 403 for who is not near, 404 once there is an owner.
pub fn form(request: &Request, visitor: &Visitor) -> Answer {
    check(request)?;
    let is_wanted = request.query("new").is_some();
    if !is_wanted && request.app().setup.restoring() != Restoring::No {
        return Ok(Response::redirect(StatusCode::FOUND, "/setup/restore")
            .with(header::CACHE_CONTROL, "no-store"));
    }
    let frame = frame(request, visitor);
    let site = request.app().config.site.clone().unwrap_or_default();
    let page = Setup {
        frame: &frame,
        code: &request.query("code").unwrap_or_default(),
        site: &site,
        nickname: "",
        hostname: &suggested(request),
        is_fixed: request.app().known_base().is_some(),
        modes: modes(request, Registration::Invite),
        problem: None,
    };
    show(visitor, &page)
}

/// `POST /setup`: `code`, `site`, `nickname`, `password`, `again`, `hostname` (with a port where it has one), `registration`
/// (`invite` without it). 303 to the addresses of the server, logged in, also where the same answers come twice; 400, 403 (code),
/// 409 (a name that another machine has), 429 with the form and a sentence; 404 once there is an owner.
pub fn claim(request: &Request) -> Answer {
    if !setup::is_open(request.app())? {
        return claimed_already(request);
    }
    check_near(request)?;
    let visitor = auth::visitor_sending(request)?;
    let form = request.form();
    let field = |name: &str| value(&form, name).trim();
    let mut hostname = field("hostname").to_owned();
    let claimed = setup::check_code(request.app(), field("code"), request.now)
        .and_then(|()| choice(request, &visitor, &form))
        .and_then(|choice| {
            check_name(request, &choice.base, &mut hostname)?;
            setup::claim(request.app(), &choice, request.now)
        });
    match claimed {
        Ok(owner) => lead_on(request, owner),
        Err(_) if !setup::is_open(request.app())? => claimed_already(request),
        Err(error) => {
            let registration = Registration::parse(field("registration"));
            let frame = frame(request, &visitor);
            again(&visitor, error, |problem| {
                Ok(Setup {
                    frame: &frame,
                    code: field("code"),
                    site: field("site"),
                    nickname: field("nickname"),
                    hostname: &hostname,
                    is_fixed: request.app().known_base().is_some(),
                    modes: modes(request, registration.unwrap_or(Registration::Invite)),
                    problem: Some(problem),
                })
            })
        }
    }
}

/// What the form gets once there is an owner: 404, except for the answers of that owner. They come again where the button was
/// tapped twice, and then nobody sees the first answer.
fn claimed_already(request: &Request) -> Answer {
    let owner = auth::visitor_sending(request).and_then(|_| {
        let form = request.form();
        let nickname = value(&form, "nickname").trim();
        let user = sessions::prove_password(request, nickname, value(&form, "password"))?;
        let is_owner = users::owner(&request.app().store)? == Some(user.id());
        is_owner.then_some(user.id()).ok_or_else(setup::closed)
    });
    lead_on(request, owner.map_err(|_| setup::closed())?)
}

/// Logs the owner in, and leads to the last page of the setup. Whoever came by the address that was chosen, or by the number of
/// this machine, stays there: the session belongs to it, and a device that came by a number may find no name.
fn lead_on(request: &Request, owner: UserId) -> Answer {
    let base = request.app().base();
    let host = request.header(&header::HOST).unwrap_or_default();
    let is_number =
        number_in(host).is_some_and(|ip| ip.to_canonical() == request.here.to_canonical());
    let stays = is_number && !request.app().config.redirect_address_to_canonical;
    let place = match stays || host.eq_ignore_ascii_case(base.authority()) {
        true if base.prefix().is_empty() => addresses::READY.to_owned(),
        true => format!("/{}{}", base.prefix(), addresses::READY),
        false => format!("{}{}", base.url(), addresses::READY),
    };
    let owner = sessions::begin(request, owner)?;
    Ok(owner.introduce(Response::redirect(StatusCode::SEE_OTHER, &place)))
}

/// Refuses (409) a name that another machine of the local network has, and puts one that is free into the form.
fn check_name(request: &Request, base: &Base, hostname: &mut String) -> Result<(), Error> {
    if request.app().known_base().is_some() {
        return Ok(());
    }
    let Some(taken) = lan::taken(request.app(), base.host()) else {
        return Ok(());
    };
    let name = base.host();
    let Some(free) = taken.free else {
        return Err(Error::Conflict(format!(
            "{name} is already here: another machine of your network has this name. Choose another."
        )));
    };
    let port = split_address(hostname).and_then(|(_, port)| port);
    *hostname = port.map_or_else(|| free.clone(), |port| format!("{free}:{port}"));
    Err(Error::Conflict(format!(
        "{name} is already here: another machine of your network has this name. Choose another, such as {free}."
    )))
}

/// Refuses whom the setup is not for: everybody once there is an owner (404), and who is not near (403).
pub fn check(request: &Request) -> Result<(), Error> {
    match setup::is_open(request.app())? {
        true => check_near(request),
        false => Err(setup::closed()),
    }
}

/// Refuses who is not in a network of this machine, or cannot be known because an unknown proxy is between.
fn check_near(request: &Request) -> Result<(), Error> {
    let names = ["x-forwarded-for", "forwarded"];
    let is_forwarded = names.iter().any(|name| request.headers.contains_key(*name));
    let words = Frame::bare(request).words;
    if is_forwarded && request.app().config.trusted_proxies.is_empty() {
        return Err(Error::forbidden(words.say(
            "You come through a proxy that this pump does not know. Open its own address, or name the proxy in its option trustProxy.",
        )));
    }
    if is_near(request.peer, request.here) {
        return Ok(());
    }
    Err(Error::forbidden(words.say(
        "A pump is set up from its own network. Open this page with a device that is at home with it.",
    )))
}

/// Whether an address is one of the networks of this machine: a private one, or beside its own.
fn is_near(peer: IpAddr, here: IpAddr) -> bool {
    let network = |address: Ipv6Addr| address.to_bits() >> 64;
    match (peer, here) {
        (IpAddr::V6(peer), IpAddr::V6(here)) if network(peer) == network(here) => true,
        _ => !is_public(peer),
    }
}

fn frame(request: &Request, visitor: &Visitor) -> Frame {
    let mut frame = Frame::bare(request);
    visitor.csrf().clone_into(&mut frame.csrf);
    frame
}

/// What the form says, checked.
fn choice(
    request: &Request,
    visitor: &Visitor,
    form: &[(String, String)],
) -> Result<Choice, Error> {
    let site = value(form, "site").trim();
    if site.is_empty() || site.chars().count() > SITE_CHARS_MAX {
        return Err(Error::Invalid(format!(
            "Give your pump a name of at most {SITE_CHARS_MAX} characters."
        )));
    }
    let nickname = Nickname::new(value(form, "nickname").trim()).map_err(Error::Invalid)?;
    let base = match request.app().known_base() {
        Some(known) => known.clone(),
        None => base(request, value(form, "hostname").trim())?,
    };
    let registration = match value(form, "registration") {
        _ if request.app().config.disable_registration => None,
        "" => Some(Registration::Invite),
        typed => {
            let known = Registration::parse(typed);
            Some(known.ok_or_else(|| Error::invalid("Choose one of the three."))?)
        }
    };
    let password = value(form, "password");
    check_repeated(password, value(form, "again"))?;
    let password = passwords::hash(&request.guard, password)?;
    Ok(Choice {
        site: site.to_owned(),
        language: visitor.words().language,
        base,
        registration,
        owner: User {
            owner: true,
            ..User::new(nickname, password.as_str(), request.now)
        },
    })
}

/// The address to begin with: the one through which the page is looked at. A bare address of the local network changes one day, so
/// there it is the name, where the network is told one.
fn suggested(request: &Request) -> String {
    let came = request.header(&header::HOST).unwrap_or_default();
    let net = request.app().peers.lan();
    if number_in(came).is_none() || !net.is_joined() {
        return came.to_owned();
    }
    let renamed = lan::renamed(request.app()).map(|renamed| renamed.name);
    renamed.unwrap_or_else(|| lan::new_host(request.app()))
}

/// The number that an address has in place of a name, if it has one.
fn number_in(address: &str) -> Option<IpAddr> {
    let (host, _) = split_address(address)?;
    host.trim_matches(['[', ']']).parse().ok()
}

/// The base URL of an address as people type it. Without a port it is the one through which this request came: the page
/// is being looked at there, so it works.
fn base(request: &Request, typed: &str) -> Result<Base, Error> {
    let config = &request.app().config;
    let (host, typed_port) = split_address(typed).ok_or_else(|| {
        Error::invalid("The address must be a host name like pump.local, or one with a port like pump.local:8080.")
    })?;
    let came_through = request.header(&header::HOST).and_then(split_address);
    let standard = if request.tls { 443 } else { 80 };
    let port = typed_port
        .or(config.url_port)
        .or_else(|| came_through.and_then(|(_, port)| port))
        .unwrap_or(standard);
    let base = Base::new(&host, port, &config.url_path);
    Ok(base.spoken_securely(config.tls.is_some()))
}

/// Host and port of an address; nothing if it is none.
fn split_address(typed: &str) -> Option<(String, Option<u16>)> {
    let bare = typed
        .strip_prefix("http://")
        .or_else(|| typed.strip_prefix("https://"))
        .unwrap_or(typed)
        .trim_end_matches('/');
    let (host, port) = match bare.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => {
            (host, Some(port.parse().ok().filter(|port| *port > 0)?))
        }
        _ => (bare, None),
    };
    let is_name = |name: &str| {
        name.split('.').all(|label| {
            let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
            !label.is_empty() && label.chars().all(plain) && !label.starts_with('-')
        })
    };
    let inner = host
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    let is_v6 = inner.is_some_and(|inner| inner.parse::<Ipv6Addr>().is_ok());
    if host.len() <= HOST_CHARS_MAX && (is_v6 || is_name(host)) {
        Some((host.to_ascii_lowercase(), port))
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::split_address;

    #[test]
    fn addresses_are_read_as_people_type_them() {
        for (typed, host, port) in [
            ("pump.local", "pump.local", None),
            ("Pump.Local:8080", "pump.local", Some(8080)),
            ("http://pump.local/", "pump.local", None),
            ("192.168.1.20:80", "192.168.1.20", Some(80)),
            ("[fd00::1]:8080", "[fd00::1]", Some(8080)),
            ("[fd00::1]", "[fd00::1]", None),
        ] {
            assert_eq!(
                split_address(typed),
                Some((host.to_owned(), port)),
                "{typed}"
            );
        }
        for wrong in [
            "",
            "not a host",
            "pump..local",
            "pump.local:0",
            "pump.local:99999",
            "pump.local:x",
            "pump.local/path",
            "user@pump.local",
            "[nonsense]",
            "-pump",
            "<script>",
        ] {
            assert_eq!(split_address(wrong), None, "{wrong}");
        }
    }
}
