//! Finds somebody or a group of another server by what a person types: an account (`bob@other.example`), or the address of
//! their page. What their home says of them is kept, so that they can be shown and followed.

use super::fetching;
use crate::app::App;
use crate::clock::Timestamp;
use crate::domain::activities::Posting;
use crate::domain::{blocks, names, objects, principals};
use crate::error::Error;
use crate::ids::ThingId;
use crate::peers::{Failure, authority};
use crate::store::engine;
use crate::store::keys::SITE;
use crate::wire::draft::ObjectDraft;
use std::borrow::Cow;

/// Longest address, in bytes.
pub const ADDRESS_BYTES_MAX: usize = 500;

/// Why nobody was found.
#[derive(Debug)]
pub enum Missed {
    /// What was typed names nobody.
    Malformed,
    /// It is an address of this server.
    Here,
    /// The owner of this server has blocked them or this host.
    Blocked(String),
    /// This host is not asked: it is no host of other servers, or one of the local network where that is not allowed.
    Unasked(String),
    /// This host was not reached.
    Away(String),
    /// This host shows another certificate than at first.
    Untrusted(String),
    /// This host knows nobody of that name, or does not speak as servers of pump.io's kind do.
    Nobody(String),
    /// The rules refuse it, or something is wrong here.
    Failed(Error),
}

impl From<engine::Error> for Missed {
    fn from(error: engine::Error) -> Missed {
        Missed::Failed(error.into())
    }
}

/// The ids that a typed address may mean, the likeliest first; none for what is no address.
pub fn ids_of(typed: &str) -> Vec<String> {
    let typed = typed.trim();
    let is_plain = !typed
        .chars()
        .any(|letter| letter.is_whitespace() || letter.is_control());
    if typed.len() > ADDRESS_BYTES_MAX || !is_plain {
        return Vec::new();
    }
    let (Some(host), true) = (authority(typed), names::is_web_address(typed)) else {
        let account = typed.strip_prefix("acct:").unwrap_or(typed);
        let account = account.strip_prefix('@').unwrap_or(account);
        return match account.split_once('@') {
            Some((name, host)) if !name.is_empty() && is_host(host) => {
                vec![format!("acct:{name}@{}", host.to_ascii_lowercase())]
            }
            _ => Vec::new(),
        };
    };
    if !is_host(host) {
        return Vec::new();
    }
    let address = typed.trim_end_matches('/');
    let mut ids = vec![address.to_owned()];
    let path = address.split_once(host).map_or("", |(_, path)| path);
    let name = path.strip_prefix('/').unwrap_or_default();
    let name = name.strip_prefix('@').unwrap_or(name);
    if !name.is_empty() && !name.contains(['/', '?', '#', '@']) {
        ids.push(format!("acct:{name}@{}", host.to_ascii_lowercase()));
    }
    ids
}

/// Finds whom or what an address means, and keeps what its home says of it now.
pub fn find(app: &App, typed: &str, now: Timestamp) -> Result<ThingId, Missed> {
    let ids = ids_of(typed);
    let host = ids.first().and_then(|id| authority(id));
    let host = host.ok_or(Missed::Malformed)?.to_owned();
    for id in &ids {
        if names::is_ours(app.base(), id) {
            return Err(Missed::Here);
        }
        if blocks::is_blocked(&app.store, id)? {
            return Err(Missed::Blocked(host));
        }
    }
    for id in &ids {
        match describe(app, id, now) {
            Ok(draft) => return keep(app, &draft, now),
            Err(Failure::Useless(why, _)) => log::debug!("{id} was not found: {why}"),
            Err(Failure::Unreachable(why) | Failure::Busy(why, _)) => {
                log::info!("{id} was not found: {why}");
                return Err(Missed::Away(host));
            }
            Err(Failure::Refused(_)) => return Err(Missed::Unasked(host)),
            Err(Failure::Untrusted(_)) => return Err(Missed::Untrusted(host)),
        }
    }
    Err(Missed::Nobody(host))
}

/// What the home of an id says of it; of an address that is not its id, of what stands there.
fn describe(app: &App, id: &str, now: Timestamp) -> Result<ObjectDraft, Failure> {
    let own = match id.starts_with("acct:") {
        true => Cow::Borrowed(id),
        false => Cow::Owned(fetching::name_of(app, id, now)?),
    };
    fetching::fetch(app, &own, now)
}

fn keep(app: &App, draft: &ObjectDraft, now: Timestamp) -> Result<ThingId, Missed> {
    let is_group = draft.object_type.as_deref() == Some("group");
    let thing = app.store.write(|tx| {
        blocks::check(tx, draft.id.as_deref().unwrap_or_default())?;
        if is_group {
            let posting = Posting::from_elsewhere(app, SITE, now);
            objects::resolve(&posting, tx, draft, "group")
        } else {
            principals::welcome(app, tx, draft, now)
        }
    })?;
    if is_group {
        objects::learn(app, thing, draft, now)?;
    }
    Ok(thing)
}

/// Whether a text is a host, perhaps with a port, that may be on another machine: it has a dot, or numbers of an address.
fn is_host(host: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || ".-:[]".contains(c);
    let is_dotted = host.contains(['.', ':']) && !host.starts_with('.') && !host.contains("..");
    is_dotted && host.chars().all(is_plain)
}

#[cfg(test)]
mod tests {
    use super::ids_of;

    #[test]
    fn what_people_type_means_ids() {
        for (typed, expected) in [
            ("bob@other.test", &["acct:bob@other.test"][..]),
            (" @bob@Other.test ", &["acct:bob@other.test"]),
            ("acct:bob@other.test:8080", &["acct:bob@other.test:8080"]),
            (
                "https://other.test/bob/",
                &["https://other.test/bob", "acct:bob@other.test"],
            ),
            (
                "https://other.test/@bob",
                &["https://other.test/@bob", "acct:bob@other.test"],
            ),
            (
                "http://other.test/api/group/x",
                &["http://other.test/api/group/x"],
            ),
            ("https://other.test", &["https://other.test"]),
        ] {
            assert_eq!(ids_of(typed), expected, "{typed}");
        }
        for wrong in [
            "",
            "bob",
            "bob@",
            "@other.test",
            "bob@other",
            "bob@other..test",
            "bob@other.test/x",
            "bob @other.test",
            "http://bob@other.test/",
            "ftp://other.test/bob",
            "bob@ot<her.test",
        ] {
            assert_eq!(ids_of(wrong), [""; 0], "{wrong}");
        }
        assert!(ids_of(&format!("bob@{}.test", "x".repeat(500))).is_empty());
    }
}
