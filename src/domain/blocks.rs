//! Blocks of hosts and of people elsewhere, by the owner for the whole site: they are answered nothing, nobody here can address,
//! follow or bring in what is theirs, and what is here of them is not shown. With a host all hosts below it are blocked. A
//! user of this server is suspended instead (`administration.rs`).

use crate::app::App;
use crate::clock::Timestamp;
use crate::domain::names;
use crate::error::Error;
use crate::store::blocks::{self, Block};
use crate::store::clients::{Client, Identity as Principal};
use crate::store::engine::{Read, Result};
use crate::store::things::{self, Identity, Object};

/// Most blocks.
const BLOCKS_MAX: usize = 10_000;

/// Longest reason, in characters.
pub const REASON_CHARS_MAX: usize = 200;

/// Longest id that can be blocked, in bytes.
const ID_BYTES_MAX: usize = 500;

/// Whether an id is one of a blocked host, or of a blocked person. Everything that comes from elsewhere asks here.
pub fn is_blocked(from: &dyn Read, id: &str) -> Result<bool> {
    let id = names::canonical(id);
    if id.len() <= ID_BYTES_MAX && blocks::get(from, &folded(&id))?.is_some() {
        return Ok(true);
    }
    match names::domain(&id) {
        Some(host) => is_host_blocked(from, host),
        None => Ok(false),
    }
}

/// Whether a host, or one above it, is blocked.
pub fn is_host_blocked(from: &dyn Read, host: &str) -> Result<bool> {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    if host.len() > ID_BYTES_MAX {
        return Ok(false);
    }
    let mut rest = host.as_str();
    loop {
        if blocks::get(from, rest)?.is_some() {
            return Ok(true);
        }
        match rest.split_once('.') {
            Some((_, above)) => rest = above,
            None => return Ok(false),
        }
    }
}

/// Refuses (403) what is of a blocked host or person.
pub fn check(from: &dyn Read, id: &str) -> Result<()> {
    if is_blocked(from, id)? {
        return Err(Error::Forbidden(format!(
            "The owner of this server has blocked {id}, or its host."
        ))
        .into());
    }
    Ok(())
}

/// Whether an application speaks for a blocked host or person.
pub fn is_client_blocked(from: &dyn Read, client: &Client) -> Result<bool> {
    match &client.identity {
        Some(Principal::Host(host)) => is_host_blocked(from, host),
        Some(Principal::Person(webfinger)) => is_blocked(from, webfinger),
        None => Ok(false),
    }
}

/// Refuses (403) such an application.
pub fn check_client(from: &dyn Read, client: &Client) -> Result<()> {
    if is_client_blocked(from, client)? {
        return Err(Error::forbidden("You are blocked by the owner of this server.").into());
    }
    Ok(())
}

/// Whether an object was made by somebody who is blocked, or is somebody who is.
pub fn hides(from: &dyn Read, object: &Object) -> Result<bool> {
    let Identity::Remote(id) = &object.identity else {
        return Ok(false);
    };
    if is_blocked(from, id)? {
        return Ok(true);
    }
    let author = match object.author {
        Some(author) => things::object(from, author)?,
        None => None,
    };
    match author.map(|author| author.identity) {
        Some(Identity::Remote(id)) => is_blocked(from, &id),
        _ => Ok(false),
    }
}

/// Blocks a host (`other.test`) or a person (`zoe@other.test`, or another id). Answers what is blocked now. 400 for what is
/// neither, and for this server and its own users, 409 for one block too many. A second time changes the reason.
pub fn add(
    app: &App,
    typed: &str,
    reason: &str,
    now: Timestamp,
) -> std::result::Result<String, Error> {
    let name = name_of(typed)?;
    let reason = reason.trim();
    if reason.chars().count() > REASON_CHARS_MAX || reason.chars().any(char::is_control) {
        return Err(Error::Invalid(format!(
            "The reason can have at most {REASON_CHARS_MAX} characters, in one line."
        )));
    }
    let own = app.base().host();
    let host = names::domain(&name).unwrap_or(&name);
    let is_own = own.eq_ignore_ascii_case(host)
        || (host == name && own.to_ascii_lowercase().ends_with(&format!(".{host}")));
    if is_own {
        return Err(Error::invalid(
            "That is this server itself. A user of it is suspended instead: `pumphouse user suspend NICKNAME`.",
        ));
    }
    app.store.write(|tx| {
        let known = blocks::get(tx, &name)?;
        if known.is_none() && blocks::list(tx, BLOCKS_MAX)?.len() >= BLOCKS_MAX {
            let sentence = format!("There are {BLOCKS_MAX} blocks already.");
            return Err(Error::Conflict(sentence).into());
        }
        let block = Block {
            reason: reason.to_owned(),
            created: known.map_or(now, |known| known.created),
        };
        blocks::put(tx, &name, &block);
        Ok(())
    })?;
    Ok(name)
}

/// Takes a block away; 404.
pub fn remove(app: &App, typed: &str) -> std::result::Result<String, Error> {
    let name = name_of(typed)?;
    app.store.write(|tx| {
        if blocks::get(tx, &name)?.is_none() {
            return Err(Error::NotFound(format!("There is no block of {name}.")).into());
        }
        blocks::remove(tx, &name);
        Ok(())
    })?;
    Ok(name)
}

/// The block of a name as it is kept.
pub fn one(from: &dyn Read, name: &str) -> Result<Option<Block>> {
    blocks::get(from, name)
}

/// All blocks with what they block.
pub fn list(from: &dyn Read) -> Result<Vec<(String, Block)>> {
    blocks::list(from, BLOCKS_MAX)
}

/// What is blocked, as it is kept: a host in lower case, or an id with its host in lower case.
fn name_of(typed: &str) -> std::result::Result<String, Error> {
    let wrong = || {
        Error::invalid(
            "Block a host, like other.example, or a person, like zoe@other.example or the address of the person's page.",
        )
    };
    let typed = typed.trim();
    if typed.is_empty() || typed.len() > ID_BYTES_MAX || typed.chars().any(char::is_whitespace) {
        return Err(wrong());
    }
    let id = names::canonical(typed);
    if id.contains(':') {
        let host = names::domain(&id).filter(|host| is_host(host));
        return host.map(|_| folded(&id)).ok_or_else(wrong);
    }
    let host = id.trim_end_matches('.').to_ascii_lowercase();
    if is_host(&host) {
        Ok(host)
    } else {
        Err(wrong())
    }
}

/// An id in which case does not count: hosts have none, and nobody has a second name that differs only in it.
fn folded(id: &str) -> String {
    id.to_ascii_lowercase()
}

fn is_host(text: &str) -> bool {
    let is_label = |label: &str| {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        !label.is_empty() && label.chars().all(plain)
    };
    !text.is_empty() && text.split('.').all(is_label)
}

#[cfg(test)]
mod tests {
    use super::{add, is_blocked, is_host_blocked, remove};
    use crate::domain::testing::{NOW, Pump};

    #[test]
    fn hosts_people_and_what_is_below_them_are_blocked() {
        let pump = Pump::start();
        let (app, store) = (&pump.app, &pump.app.store);
        for (typed, name) in [
            ("Evil.test", "evil.test"),
            ("zoe@other.test", "acct:zoe@other.test"),
            ("https://third.test/Max", "https://third.test/max"),
        ] {
            assert_eq!(add(app, typed, "", NOW).expect("blocked"), name);
        }
        for (id, expected) in [
            ("acct:a@evil.test", true),
            ("a@EVIL.test", true),
            ("http://www.evil.test:8080/a", true),
            ("tag:evil.test,2026:x", true),
            ("acct:a@notevil.test", false),
            ("acct:Zoe@Other.test", true),
            ("acct:zed@other.test", false),
            ("https://third.test/max", true),
            ("https://third.test/maxim", false),
            ("urn:uuid:1", false),
        ] {
            assert_eq!(is_blocked(store, id).expect("readable"), expected, "{id}");
        }
        assert!(is_host_blocked(store, "A.evil.test.").expect("readable"));
        remove(app, "EVIL.test").expect("there");
        assert!(!is_blocked(store, "acct:a@evil.test").expect("readable"));
        assert_eq!(remove(app, "evil.test").expect_err("gone").status(), 404);
    }

    #[test]
    fn what_is_no_host_and_this_server_itself_cannot_be_blocked() {
        let pump = Pump::start();
        for wrong in [
            "",
            "a b",
            "@",
            "x@",
            "http://",
            "evil..test",
            "pump.test",
            "ann@pump.test",
            "test",
            "urn:uuid:1",
            "http://pump.test/ann",
        ] {
            let refused = add(&pump.app, wrong, "", NOW).expect_err(wrong);
            assert_eq!(refused.status(), 400, "{wrong}");
        }
    }
}
