//! The one name of the site: requests for other names are sent to it (`pump-api.md §1.1`), except while nobody has set the
//! site up.

use super::Shared;
use crate::domain::{lan, padlock};
use crate::http::Request;
use hyper::header;
use std::net::{IpAddr, SocketAddr};

/// Where a request belongs, if not here.
pub(super) fn location(server: &Shared, request: &Request) -> Option<String> {
    let settings = &server.settings;
    let base = server.app.known_base()?;
    if !settings.redirect_to_canonical {
        return None;
    }
    // What an authority or this server itself looks for is where they look.
    if request.path.starts_with("/.well-known/acme-challenge/")
        || request.path.starts_with("/.well-known/pumphouse/")
    {
        return None;
    }
    let host = request.header(&header::HOST)?;
    if let Some(origin) = request.padlock_url() {
        let is_right = padlock::is_own_host(&server.app, host);
        return (!is_right).then(|| format!("{origin}{}{}", request.path, query_of(request)));
    }
    let port = format!(":{}", base.port());
    let bare = if base.is_standard_port() {
        host.strip_suffix(&port).unwrap_or(host)
    } else {
        host
    };
    if bare.eq_ignore_ascii_case(base.authority()) {
        return None;
    }
    let bare_host = host.strip_suffix(":80").unwrap_or(host);
    if padlock::is_public_host(&server.app, bare_host) {
        // Where the owner wants https alone, http leads there.
        let is_strict = padlock::public::strict_secs(&server.app, host, request.now);
        let leads = is_strict.is_some_and(|secs| secs > 0) && !request.tls;
        return leads.then(|| format!("https://{bare_host}{}{}", request.path, query_of(request)));
    }
    if !settings.redirect_address_to_canonical && is_address(server, request, host) {
        return None;
    }
    // The right name would lead to the machine that has it.
    let place = host.strip_suffix(&format!(":{}", server.address.port()));
    if lan::is_other_name(&server.app, place.unwrap_or(host)) {
        return None;
    }
    Some(format!(
        "{}{}{}",
        base.url(),
        request.path,
        query_of(request)
    ))
}

fn query_of(request: &Request) -> String {
    match request.query.as_str() {
        "" => String::new(),
        query => format!("?{query}"),
    }
}

/// Whether the name is none, but the address at which this machine was reached: phones that find no names of the local network use it.
fn is_address(server: &Shared, request: &Request, host: &str) -> bool {
    if host == server.address.to_string() {
        return true;
    }
    let standard = if request.tls { 443 } else { 80 };
    let port = server.address.port();
    let same = |address: SocketAddr| address.ip().to_canonical() == request.here.to_canonical();
    let bare = host.trim_matches(['[', ']']).parse::<IpAddr>();
    match bare {
        Ok(address) => port == standard && same((address, port).into()),
        Err(_) => host
            .parse::<SocketAddr>()
            .is_ok_and(|address| address.port() == port && same(address)),
    }
}
