//! Under which names and addresses this server is reached by https: what is told of it, which requests belong here, and what its
//! certificate is made for.

use super::is_on;
use crate::app::App;
use crate::certificates::own::{Names, is_private};
use crate::domain::lan;
use crate::peers::{Secured, lan_addresses};
use sha2::{Digest as _, Sha256};
use std::net::IpAddr;

/// Most addresses of this machine that stand in its certificate.
const ADDRESSES_MAX: usize = 16;

/// The address of the site by https, without a slash at its end; nothing where it is off.
pub fn url(app: &App) -> Option<String> {
    let base = app.known_base()?;
    let port = app.padlock.door.port().filter(|_| is_on(app))?;
    let host = with_port(base.host(), port);
    let prefix = base.prefix();
    let slash = if prefix.is_empty() { "" } else { "/" };
    Some(format!("https://{host}{slash}{prefix}"))
}

/// What is said of it on the local network; nothing where it is off.
pub fn announced(app: &App) -> Option<Secured> {
    let port = app.padlock.door.port().filter(|_| is_on(app))?;
    let root = app.padlock.state().authority.as_ref()?.fingerprint();
    let fingerprint = Sha256::digest(app.padlock.shown.home()?.certificate()).into();
    Some(Secured {
        port,
        fingerprint,
        root,
    })
}

/// Whether a request that came by https belongs where it was sent, by its `Host`: to the name of the site, to the one that it has at
/// home while another machine has that, or to an address of this home, for devices that cannot find names there.
pub fn is_own_host(app: &App, host: &str) -> bool {
    let Some((base, port)) = app.known_base().zip(app.padlock.door.port()) else {
        return true;
    };
    let bare = match host.rsplit_once(':') {
        Some((bare, given)) if given.parse() == Ok(port) => bare,
        _ if port == 443 => host,
        _ => return false,
    };
    let inner = bare.trim_start_matches('[').trim_end_matches(']');
    bare.eq_ignore_ascii_case(base.host())
        || lan::is_other_name(app, bare)
        || inner.parse().is_ok_and(is_private)
        || is_public_host(app, bare)
}

/// Whether a `Host` without a port is the public name.
pub fn is_public_host(app: &App, host: &str) -> bool {
    let state = app.padlock.state();
    let public = state.kept.public.as_ref();
    let inner = host.trim_start_matches('[').trim_end_matches(']');
    public.is_some_and(|wish| inner.eq_ignore_ascii_case(&wish.name))
}

fn with_port(host: &str, port: u16) -> String {
    match port {
        443 => host.to_owned(),
        port => format!("{host}:{port}"),
    }
}

/// The names and addresses of this server at home.
pub(super) fn names(app: &App) -> Names {
    let mut names = Names {
        hosts: Vec::new(),
        addresses: Vec::new(),
    };
    let host = app.known_base().map(|base| base.host().to_owned());
    for host in host.into_iter().chain(app.peers.lan().name()) {
        let inner = host.trim_start_matches('[').trim_end_matches(']');
        match inner.parse::<IpAddr>() {
            Ok(address) => names.addresses.push(address),
            Err(_) if !names.hosts.contains(&host) => names.hosts.push(host),
            Err(_) => {}
        }
    }
    for address in lan_addresses() {
        let answers = match app.config.address.parse::<IpAddr>() {
            Ok(listens) if !listens.is_unspecified() => listens == address,
            _ => true,
        };
        if answers && is_private(address) && !names.addresses.contains(&address) {
            names.addresses.push(address);
        }
    }
    names.addresses.truncate(ADDRESSES_MAX);
    names
}
