//! How this server stands on the local network: what it says of itself there, and what its owner should know of it. The names
//! there never decide who this server is: that is its base URL (`design.md §4`).

use crate::app::App;
use crate::domain::setup;
use crate::error::Error;
use crate::ids::random_text;
use crate::peers::{Announcement, is_local};
use crate::store::meta;
use sha2::{Digest as _, Sha256};
use std::sync::OnceLock;

/// The host name of a server that nobody has set up.
const NEW_HOST: &str = "pump.local";

/// Bytes of what tells servers apart.
const ID_BYTES: usize = 8;

/// The name under which the local network finds a server that nobody has set up: that of the machine on a ready-made box, which
/// has one for it, else one for all.
pub fn new_host(app: &App) -> String {
    if app.config.versions.is_none() {
        return NEW_HOST.to_owned();
    }
    let machine = rustix::system::uname();
    match machine.nodename().to_str() {
        Ok(name) if !name.is_empty() && !name.contains('.') && name != "localhost" => {
            format!("{}.local", name.to_ascii_lowercase())
        }
        _ => NEW_HOST.to_owned(),
    }
}

/// Whether this server may have to announce itself, now or after its setup.
pub fn may_announce(app: &App, is_loopback: bool) -> bool {
    let by_itself = || {
        let hostname = app.config.hostname.as_deref();
        !is_loopback && hostname.is_none_or(is_local)
    };
    app.config.announce_lan.unwrap_or_else(by_itself)
}

/// Says on the local network what this server is by now; says nothing twice.
pub fn announce(app: &App) -> Result<(), Error> {
    if app.peers.lan().is_joined() {
        app.peers.lan().announce(announcement(app)?);
    }
    Ok(())
}

fn announcement(app: &App) -> Result<Option<Announcement>, Error> {
    let Some(place) = app.peers.lan().place() else {
        return Ok(None);
    };
    if !may_announce(app, place.at.ip().is_loopback()) {
        return Ok(None);
    }
    let base = app.known_base();
    let needs_setup = setup::is_open(app)?;
    let id = id(app)?;
    let host = match base.map(|base| base.host()) {
        None => new_host(app),
        Some(host) if is_local(host) => host.to_owned(),
        // A name of the Internet is nobody's there, so it gets one that nobody else has.
        Some(_) if app.config.announce_lan == Some(true) => format!("pump-{id}.local"),
        Some(_) => return Ok(None),
    };
    let is_secure = match base {
        Some(base) => base.scheme() == "https",
        None => place.fingerprint.is_some(),
    };
    Ok(Some(Announcement {
        id,
        name: app.site_name(),
        host,
        url: base.map(|base| base.url().to_owned()),
        port: base.map_or(place.at.port(), |base| base.port()),
        is_secure,
        needs_setup,
        place,
    }))
}

/// What tells this server from another of the same name: made of what it is, or by chance before that is known.
fn id(app: &App) -> Result<String, Error> {
    static BY_CHANCE: OnceLock<String> = OnceLock::new();
    let site = meta::site(&app.store)?;
    let Some((base, site)) = app.known_base().zip(site) else {
        return Ok(BY_CHANCE
            .get_or_init(random_text::<ID_BYTES>)
            .to_lowercase());
    };
    let whole = Sha256::digest(format!("{} {}", base.url(), site.created_ms));
    let some = whole.iter().take(ID_BYTES);
    Ok(some.map(|byte| format!("{byte:02x}")).collect())
}

/// What the owner should know: that the name is another machine's, and who shows another certificate than is announced.
pub fn problems(app: &App) -> Vec<String> {
    let lan = app.peers.lan();
    let renamed = lan.renamed().map(|(wanted, name)| {
        format!(
            "Another machine of the local network is called {wanted}, so this server is found there as {name}. Its address is \
             the same as ever, and may lead to the other machine: give that one another name, and restart this server."
        )
    });
    let refused = lan.neighbours().into_iter().filter_map(|one| {
        one.refused?;
        let host = one.host()?;
        Some(format!(
            "Nothing is sent to {host}: its certificate is not the one that is announced for it on the local network."
        ))
    });
    renamed.into_iter().chain(refused).collect()
}
