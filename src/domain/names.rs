//! Ids and addresses outside, short ids inside: finds what a URI means and says what a thing is called
//! (`pump-api.md §3.1`).

use crate::ids::{Base, Key, Nickname, Nonce, ThingId, UserId};
use crate::store::engine::{Read, Result};
use crate::store::things::{self, Activity, Address, Identity, Object, Thing};
use crate::store::{aliases, users};
use std::borrow::Cow;
use std::fmt::{self, Display};

pub use crate::wire::uri::encode;

/// The id of the collection that is everybody.
pub const PUBLIC: &str = "http://activityschema.org/collection/public";

/// The types that have addresses of their own; everything else lives under `other` (`pump-api.md §3.3.1`).
pub const TYPES: &[&str] = &[
    "alert",
    "application",
    "article",
    "audio",
    "badge",
    "binary",
    "bookmark",
    "collection",
    "comment",
    "device",
    "event",
    "file",
    "game",
    "group",
    "image",
    "issue",
    "job",
    "note",
    "offer",
    "organization",
    "page",
    "person",
    "place",
    "process",
    "product",
    "question",
    "review",
    "service",
    "task",
    "video",
];

/// An address with one argument more in its query: that of a feed of something with an id from outside has one already.
pub fn with_argument(url: &str, name: &str, value: &str) -> String {
    let mark = if url.contains('?') { '&' } else { '?' };
    format!("{url}{mark}{name}={}", encode(value))
}

/// The type in the addresses of an object: its own in lower case, or `other`.
pub fn route_type(object_type: &str) -> &'static str {
    TYPES
        .iter()
        .find(|name| name.eq_ignore_ascii_case(object_type))
        .copied()
        .unwrap_or("other")
}

/// The word for an object in the address of its page: that of its type, but for lists (`pump-api.md §3.1`).
pub fn page_type(object: &Object) -> &'static str {
    match object.is_collection() {
        true => "list",
        false => route_type(&object.object_type),
    }
}

/// Finds what an id means here; nothing if it is unknown.
pub fn find(base: &Base, from: &dyn Read, id: &str) -> Result<Option<Address>> {
    if id == PUBLIC {
        return Ok(Some(Address::Public));
    }
    if let Some(path) = local_path(base, id) {
        return find_path(from, path);
    }
    if let Some(nickname) = local_account(base, id) {
        return Ok(users::by_nickname(from, &nickname)?.map(|(UserId(id), _)| Address::Thing(id)));
    }
    Ok(aliases::find(from, &canonical(id))?.map(Address::Thing))
}

/// An id as it is kept: an account without a scheme gets its own, so that `x@h` is `acct:x@h` (`pump-api.md §3.1`).
pub fn canonical(id: &str) -> Cow<'_, str> {
    match id.split_once('@') {
        Some((name, host))
            if !name.is_empty() && !host.is_empty() && !id.contains([':', '/', ' ']) =>
        {
            Cow::Owned(format!("acct:{id}"))
        }
        _ => Cow::Borrowed(id),
    }
}

/// The outside name under which a person brought something along that had this id elsewhere. It means nothing to others.
pub fn upstream(person: ThingId, id: &str) -> String {
    format!("< {} {}", person.0, canonical(id))
}

/// Finds the thing that an id means; virtual collections are no things.
pub fn find_thing(base: &Base, from: &dyn Read, id: &str) -> Result<Option<ThingId>> {
    Ok(match find(base, from, id)? {
        Some(Address::Thing(id)) => Some(id),
        _ => None,
    })
}

/// Whether an id belongs to this host, known or not (`pump-api.md §3.1`, "domain of an id").
pub fn is_ours(base: &Base, id: &str) -> bool {
    domain(id).is_some_and(|domain| domain.eq_ignore_ascii_case(base.host()))
}

/// The host of an id: of a URL, after the `@` of an account, the authority of a tag.
pub fn domain(id: &str) -> Option<&str> {
    let (scheme, rest) = id.split_once(':').unwrap_or(("acct", id));
    match scheme.to_ascii_lowercase().as_str() {
        "http" | "https" => {
            let authority = rest.strip_prefix("//")?.split(['/', '?', '#']).next()?;
            let host = authority
                .rsplit_once('@')
                .map_or(authority, |(_, host)| host);
            Some(host.split_once(':').map_or(host, |(host, _)| host))
        }
        "acct" | "mailto" => rest.rsplit_once('@').map(|(_, host)| host),
        "tag" => rest
            .split([',', ':'])
            .next()
            .map(|authority| authority.rsplit_once('@').map_or(authority, |(_, h)| h)),
        _ => None,
    }
}

/// The outside name of a thing that keeps the key which another program had made for it ([`Nonce::Kept`]). The space keeps
/// it apart from every id.
pub fn kept_key(text: &str) -> String {
    format!("key {text}")
}

/// The thing with this key, if the key is right.
pub fn by_key(from: &dyn Read, text: &str) -> Result<Option<(ThingId, Thing)>> {
    let key = match (Key::parse(text), Nonce::kept(text)) {
        (Some(key), _) => key,
        (None, Some(nonce)) => match aliases::find(from, &kept_key(text))? {
            Some(id) => Key { id, nonce },
            None => return Ok(None),
        },
        (None, None) => return Ok(None),
    };
    Ok(things::get(from, key.id)?
        .map(|thing| (key.id, thing))
        .filter(|(_, thing)| match thing {
            Thing::Activity(activity) => activity.nonce == key.nonce,
            Thing::Object(object) => object.nonce == key.nonce,
        }))
}

/// The id of an object.
pub fn object_id<'a>(base: &'a Base, id: ThingId, object: &'a Object) -> impl Display + 'a {
    ObjectName {
        base,
        id,
        object,
        what: What::Id,
    }
}

/// The address of an object in the API, `links.self`.
pub fn object_self<'a>(base: &'a Base, id: ThingId, object: &'a Object) -> impl Display + 'a {
    ObjectName {
        base,
        id,
        object,
        what: What::Own,
    }
}

/// The address of a feed of an object: `likes`, `replies`, `shares`, `members`.
pub fn object_feed<'a>(
    base: &'a Base,
    id: ThingId,
    object: &'a Object,
    feed: &'static str,
) -> impl Display + 'a {
    ObjectName {
        base,
        id,
        object,
        what: What::Feed(feed),
    }
}

/// The id of an activity.
pub fn activity_id(base: &Base, id: ThingId, activity: &Activity) -> String {
    match &activity.remote_id {
        Some(remote) => remote.clone(),
        None => format!("{}/api/activity/{}", base.url(), activity.key(id)),
    }
}

enum What {
    Id,
    Own,
    Feed(&'static str),
}

struct ObjectName<'a> {
    base: &'a Base,
    id: ThingId,
    object: &'a Object,
    what: What,
}

impl Display for ObjectName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (url, kind) = (self.base.url(), route_type(&self.object.object_type));
        match (&self.object.identity, &self.what) {
            (Identity::User(nickname), What::Id) if self.base.is_standard_port() => {
                write!(f, "acct:{nickname}@{}", self.base.host())
            }
            (Identity::User(nickname), What::Id | What::Own) => {
                write!(f, "{url}/api/user/{nickname}/profile")
            }
            (Identity::Given(id) | Identity::Remote(id), What::Id) => f.write_str(id),
            (Identity::Given(id) | Identity::Remote(id), What::Own) => {
                write!(f, "{url}/api/{kind}?id={}", encode(id))
            }
            (Identity::Given(id) | Identity::Remote(id), What::Feed(feed)) => {
                write!(f, "{url}/api/{kind}/{feed}?id={}", encode(id))
            }
            (_, What::Feed(feed)) => {
                write!(f, "{url}/api/{kind}/{}/{feed}", self.object.key(self.id))
            }
            (Identity::Made, _) => write!(f, "{url}/api/{kind}/{}", self.object.key(self.id)),
        }
    }
}

/// The path below the base URL, if the id is below it.
fn local_path<'a>(base: &Base, id: &'a str) -> Option<&'a str> {
    id.strip_prefix(base.url())?.strip_prefix('/')
}

/// The nickname in an `acct:` id, or in a bare `N@host`, of this host.
fn local_account(base: &Base, id: &str) -> Option<Nickname> {
    let account = id.strip_prefix("acct:").unwrap_or(id);
    let (nickname, host) = account.rsplit_once('@')?;
    if host.eq_ignore_ascii_case(base.host()) {
        Nickname::new(nickname).ok()
    } else {
        None
    }
}

/// Finds what an address of our own API means.
fn find_path(from: &dyn Read, path: &str) -> Result<Option<Address>> {
    let parts: Vec<&str> = path.split('/').collect();
    match parts.as_slice() {
        ["api", "user", nickname, rest @ ..] => {
            let Ok(nickname) = Nickname::new(nickname) else {
                return Ok(None);
            };
            let Some((UserId(person), _)) = users::by_nickname(from, &nickname)? else {
                return Ok(None);
            };
            Ok(match rest {
                [] | ["profile"] => Some(Address::Thing(person)),
                ["followers"] => Some(Address::Followers(person)),
                ["following"] => Some(Address::Following(person)),
                _ => None,
            })
        }
        ["api", _, key] => Ok(by_key(from, key)?.map(|(id, _)| Address::Thing(id))),
        _ => Ok(None),
    }
}

/// Whether it is an address that a link may lead to.
pub fn is_web_address(url: &str) -> bool {
    url.starts_with("https://") || url.starts_with("http://")
}

#[cfg(test)]
mod tests {
    use super::{canonical, domain};

    #[test]
    fn an_account_is_one_with_and_without_its_scheme() {
        assert_eq!(canonical("ann@h.test"), "acct:ann@h.test");
        for kept in [
            "acct:ann@h.test",
            "http://ann@h.test/",
            "tag:ann@h.test,2026:x",
            "ann@",
            "@h.test",
            "nonsense",
        ] {
            assert_eq!(canonical(kept), kept);
        }
    }

    #[test]
    fn ids_have_a_domain() {
        for (id, host) in [
            ("http://h.test:80/api/note/x", Some("h.test")),
            ("https://evil@h.test/x", Some("h.test")),
            ("acct:ann@h.test", Some("h.test")),
            ("ann@h.test", Some("h.test")),
            ("mailto:ann@h.test", Some("h.test")),
            ("tag:h.test,2026:x", Some("h.test")),
            ("urn:uuid:1", None),
            ("nonsense", None),
        ] {
            assert_eq!(domain(id), host, "{id}");
        }
    }
}
