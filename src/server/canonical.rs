//! The one name of the site: requests for other names are sent to it (`pump-api.md §1.1`), except while nobody has set the
//! site up.

use super::Shared;
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
    let host = request.header(&header::HOST)?;
    let port = format!(":{}", base.port());
    let bare = if base.is_standard_port() {
        host.strip_suffix(&port).unwrap_or(host)
    } else {
        host
    };
    if bare.eq_ignore_ascii_case(base.authority()) {
        return None;
    }
    if !settings.redirect_address_to_canonical && is_address(server, request, host) {
        return None;
    }
    let query = if request.query.is_empty() {
        String::new()
    } else {
        format!("?{}", request.query)
    };
    Some(format!("{}{}{query}", base.url(), request.path))
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
