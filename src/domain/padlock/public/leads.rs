//! Where a public name leads: how one is read that somebody typed, and a look whether it leads to this server, which asks itself
//! through it.

use super::is_near;
use super::obtaining::acme;
use crate::app::App;
use crate::error::Error;
use crate::ids::random_text;
use crate::peers::{is_local, is_public};
use std::net::{IpAddr, ToSocketAddrs as _};

/// Longest name, in characters (RFC 1035 §2.3.4).
const NAME_CHARS_MAX: usize = 253;

/// Where a name leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Leads {
    /// To this server.
    Here,
    /// Nobody knows the name.
    Nowhere,
    /// To an address of a home, which nobody outside reaches.
    Home(IpAddr),
    /// To something else, which answered.
    Elsewhere(IpAddr),
    /// To an address where nobody answered.
    Silence(IpAddr),
}

/// A name as somebody typed it, as it is kept; 400 for what can have no public certificate.
pub fn name_of(typed: &str) -> Result<String, Error> {
    let bare = typed.trim().to_ascii_lowercase();
    let bare = bare
        .trim_start_matches("https://")
        .trim_start_matches("http://");
    let name = bare.trim_end_matches(['/', '.']);
    if let Ok(address) = name
        .trim_start_matches('[')
        .trim_end_matches(']')
        .parse::<IpAddr>()
    {
        return Ok(address.to_string());
    }
    let is_label = |label: &str| {
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
        !label.is_empty()
            && label.len() <= 63
            && label.chars().all(plain)
            && !label.starts_with('-')
    };
    let is_name =
        name.len() <= NAME_CHARS_MAX && name.contains('.') && name.split('.').all(is_label);
    if !is_name || is_local(name) || name.parse::<f64>().is_ok() {
        return Err(Error::invalid(
            "A public name looks like pump.example.org: letters, digits, hyphens and dots. Names that end in .local are known \
             only at home.",
        ));
    }
    Ok(name.to_owned())
}

/// Looks where a name leads, by asking this server through it.
pub fn look(app: &App, name: &str) -> Result<Leads, Error> {
    let address = match name.parse::<IpAddr>() {
        Ok(address) => Some(address),
        Err(_) => {
            let all = (name, 80)
                .to_socket_addrs()
                .map(Iterator::collect::<Vec<_>>);
            all.unwrap_or_default().first().map(|at| at.ip())
        }
    };
    let Some(address) = address else {
        return Ok(Leads::Nowhere);
    };
    if !is_public(address) && !is_near(&app.config) {
        return Ok(Leads::Home(address));
    }
    let nonce = random_text::<16>();
    app.padlock.going.state().nonce = Some(nonce.clone());
    let host = match name.parse() {
        Ok(IpAddr::V6(address)) => format!("[{address}]"),
        _ => name.to_owned(),
    };
    let asked = acme(app)?.page(&format!("http://{host}/.well-known/pumphouse/{nonce}"));
    app.padlock.going.state().nonce = None;
    Ok(match asked {
        Ok((200, text)) if text == nonce => Leads::Here,
        Ok(_) => Leads::Elsewhere(address),
        Err(_) => Leads::Silence(address),
    })
}

/// Whether this is what the server asks itself for just now.
pub fn is_asked(app: &App, nonce: &str) -> bool {
    app.padlock.going.state().nonce.as_deref() == Some(nonce)
}

#[cfg(test)]
mod tests {
    use super::name_of;

    #[test]
    fn public_names_are_read_as_people_type_them() {
        for (typed, name) in [
            (" Pump.Example.org ", "pump.example.org"),
            ("https://pump.example.org/", "pump.example.org"),
            ("pump.example.org.", "pump.example.org"),
            ("93.184.215.14", "93.184.215.14"),
            ("[2001:DB8::1]", "2001:db8::1"),
        ] {
            assert_eq!(name_of(typed).ok().as_deref(), Some(name), "{typed}");
        }
        for wrong in [
            "",
            "pump",
            "pump.local",
            "a b.example",
            "pump..example",
            "-a.example",
            "pump.example/x",
            "1.5",
        ] {
            assert!(name_of(wrong).is_err(), "{wrong}");
        }
    }
}
