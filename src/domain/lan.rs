//! How this server stands on the local network: what it says of itself there, and what its owner should know of it. The names
//! there never decide who this server is: that is its base URL (`design.md §4`).

use crate::app::App;
use crate::domain::setup;
use crate::error::Error;
use crate::ids::{Base, random_text};
use crate::peers::{Announcement, is_local, is_public};
use crate::store::meta;
use sha2::{Digest as _, Sha256};
use std::net::IpAddr;
use std::ops::RangeInclusive;
use std::sync::OnceLock;

/// The host name of a server that nobody has set up.
const NEW_HOST: &str = "pump.local";

/// The numbers with which a name is offered in place of one that another machine has: each may have to be asked for.
const NUMBERS: RangeInclusive<u32> = 2..=9;

/// Longest part of a name to which a number is added, in bytes: 63 are the most (RFC 1035 §2.3.4).
const STEM_BYTES_MAX: usize = 60;

/// That another machine of the local network has a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// A name like it that nobody has, if there is one.
    pub free: Option<String>,
}

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

/// Asks the local network whether another machine has a name, and for one like it that none has. Nothing where the name is free: nobody
/// answers for seconds, there is no such network, or the name is not one of it.
pub fn taken(app: &App, name: &str) -> Option<Taken> {
    let lan = app.peers.lan();
    if !is_local(name) || !lan.is_joined() || !lan.is_of_another(name) {
        return None;
    }
    // What this server got instead is its own already.
    let renamed = renamed(app).filter(|renamed| renamed.wanted == name);
    let free = match renamed {
        Some(renamed) => Some(renamed.name),
        None => others_like(name).find(|other| !lan.is_of_another(other)),
    };
    Some(Taken { free })
}

/// Names like one: `pump-2.local` for `pump.local`, and so on.
fn others_like(name: &str) -> impl Iterator<Item = String> {
    let (label, rest) = name.split_once('.').unwrap_or((name, ""));
    let stem = match label.rsplit_once('-') {
        Some((stem, number)) if number.parse::<u32>().is_ok() && !stem.is_empty() => stem,
        _ => label,
    };
    let end = stem.floor_char_boundary(STEM_BYTES_MAX);
    let stem = stem.get(..end).unwrap_or_default();
    let others = NUMBERS.map(move |number| format!("{stem}-{number}.{rest}"));
    others.filter(move |other| other != name)
}

/// The address of this server as a number, for devices of the local network that do not find its name; `here` is where a request came
/// in. Nothing where numbers lead elsewhere or to a warning, and where the name is the number.
pub fn by_number(app: &App, here: IpAddr) -> Option<String> {
    if app.config.redirect_address_to_canonical {
        return None;
    }
    let host = match nearest(&app.peers.lan().numbers(), here.to_canonical())? {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => format!("[{address}]"),
    };
    at_home(app, &host)
}

/// The address of this server under the name that it got because another machine has its own. Nothing where it has its own, or where
/// other names lead to a warning.
pub fn by_other_name(app: &App) -> Option<String> {
    at_home(app, &renamed(app)?.name)
}

/// The address of this server under another host of the local network.
fn at_home(app: &App, host: &str) -> Option<String> {
    let config = &app.config;
    let base = app.known_base()?;
    let at = app.peers.lan().place()?.at;
    let is_secure = config.tls.is_some();
    if at.ip().is_loopback()
        || !config.trusted_proxies.is_empty()
        || (base.scheme() == "https" && !(is_secure && is_local(base.host())))
    {
        return None;
    }
    let there = Base::new(host, at.port(), base.prefix()).spoken_securely(is_secure);
    (there != *base).then(|| there.url().to_owned())
}

/// That another machine of the local network has the name of this server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Renamed {
    /// The name that it should have.
    pub wanted: String,
    /// Under which it is found there.
    pub name: String,
}

/// Under which name this server is found on the local network because another machine has its own, if it is so.
pub fn renamed(app: &App) -> Option<Renamed> {
    let (wanted, name) = app.peers.lan().renamed()?;
    Some(Renamed { wanted, name })
}

/// Whether a host is the name under which this server is found because another machine has its own.
pub fn is_other_name(app: &App, host: &str) -> bool {
    renamed(app).is_some_and(|renamed| renamed.name.eq_ignore_ascii_case(host))
}

/// The address of a home that most devices reach, the one at which a request came in before others; nothing if there is none.
fn nearest(all: &[IpAddr], here: IpAddr) -> Option<IpAddr> {
    let is_near = |address: &&IpAddr| match address {
        IpAddr::V4(four) => !four.is_link_local() && !is_public(**address),
        IpAddr::V6(six) => !six.is_unicast_link_local() && !is_public(**address),
    };
    let near = all.iter().filter(is_near);
    near.min_by_key(|address| (address.is_ipv6(), **address != here))
        .copied()
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
    let renamed = renamed(app).map(|Renamed { wanted, name }| {
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

#[cfg(test)]
mod tests {
    use super::{nearest, others_like};
    use crate::peers::is_local;
    use std::net::IpAddr;

    #[test]
    fn names_that_are_taken_get_numbers() {
        let first = |name: &str| others_like(name).next();
        assert_eq!(first("pump.local").as_deref(), Some("pump-2.local"));
        assert_eq!(first("pump-2.local").as_deref(), Some("pump-3.local"));
        assert_eq!(first("pump-7.local").as_deref(), Some("pump-2.local"));
        assert_eq!(
            first("the-attic.local").as_deref(),
            Some("the-attic-2.local")
        );
        assert_eq!(first("a.b.local").as_deref(), Some("a-2.b.local"));
        let long = first(&format!("{}.local", "x".repeat(63))).expect("one");
        assert!(is_local(&long) && long.len() <= 63 + ".local".len());
        assert_eq!(others_like("pump.local").count(), 8);
    }

    #[test]
    fn a_number_is_one_that_phones_at_home_reach() {
        let all = |list: &[&str]| -> Vec<IpAddr> {
            let all = list.iter().map(|text| text.parse().expect("an address"));
            all.collect()
        };
        let home = all(&["fe80::1", "fd00::7", "10.0.0.7", "192.168.1.7"]);
        let [wire, air, six] = [2, 3, 1].map(|place| home[place]);
        assert_eq!(nearest(&home, air), Some(air));
        assert_eq!(nearest(&home, six), Some(wire));
        assert_eq!(nearest(&home[..2], six), Some(six));
        assert_eq!(nearest(&all(&["fe80::1", "169.254.3.4"]), six), None);
        assert_eq!(nearest(&all(&["93.184.215.14"]), six), None);
    }
}
