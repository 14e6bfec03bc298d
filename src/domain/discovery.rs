//! What other servers and clients find out about this host, its people and its objects before they know anything else
//! (`pump-api.md §6.1`, `§6.2`). Links are told to everybody, also those of what only some may read: a link says nothing
//! of what is behind it.

use crate::app::App;
use crate::domain::names;
use crate::ids::{Base, Nickname, ThingId};
use crate::store::engine::Result;
use crate::store::things::{self, Activity, Object, Thing};
use crate::wire::descriptor::{Descriptor, Link, Target};

/// Where this host is asked whether a registration came from it (`pump-api.md §6.4`).
const DIALBACK: &str = "/api/dialback";

/// Where the endpoints of this host are (`pump-api.md §6.1`), in the order that pump.io has.
pub fn host(base: &Base) -> Descriptor {
    let at = |path: &str| format!("{}{path}", base.url());
    let lrdd = |media_type, path: &str| Link {
        rel: "lrdd",
        media_type: Some(media_type),
        target: Target::Template(at(path) + "?resource={uri}"),
    };
    let endpoints = [
        ("registration_endpoint", "/api/client/register"),
        (
            "http://apinamespace.org/oauth/request_token",
            "/oauth/request_token",
        ),
        (
            "http://apinamespace.org/oauth/authorize",
            "/oauth/authorize",
        ),
        (
            "http://apinamespace.org/oauth/access_token",
            "/oauth/access_token",
        ),
        ("dialback", DIALBACK),
        ("http://apinamespace.org/activitypub/whoami", "/api/whoami"),
    ];
    let mut links = vec![
        lrdd("application/xrd+xml", "/api/lrdd"),
        lrdd("application/json", "/.well-known/webfinger"),
    ];
    links.extend(endpoints.map(|(rel, path)| Link::to(rel, at(path))));
    Descriptor {
        links,
        ..Descriptor::default()
    }
}

/// What is known of a resource: a person by account or address, an object or an activity by its id. Nothing for what is
/// not of this host, unknown or deleted.
pub fn resource(app: &App, resource: &str) -> Result<Option<Descriptor>> {
    let (base, store) = (app.base(), &app.store);
    let resource = without_port(resource);
    if !names::is_ours(base, resource) {
        return Ok(None);
    }
    let id = match path_below(base, resource) {
        Some(path) => match Nickname::new(path) {
            Ok(nickname) => base.person_id(&nickname),
            Err(_) => format!("{}/{path}", base.url()),
        },
        None => resource.to_owned(),
    };
    let Some(id) = names::find_thing(base, store, &id)? else {
        return Ok(None);
    };
    Ok(match things::get(store, id)? {
        Some(Thing::Object(object)) if object.deleted.is_some() || !object.is_local() => None,
        Some(Thing::Object(object)) => Some(match object.nickname() {
            Some(nickname) => person(base, id, &object, nickname),
            None => self::object(app, id, &object)?,
        }),
        Some(Thing::Activity(activity)) => activity
            .deleted
            .is_none()
            .then(|| self::activity(base, id, &activity)),
        None => None,
    })
}

/// An account without the port that its host may be named with; everything else as it is.
fn without_port(resource: &str) -> &str {
    match resource.rsplit_once(':') {
        Some((account, port))
            if account.contains('@')
                && !account.trim_start_matches("acct:").contains([':', '/'])
                && !port.is_empty()
                && port.bytes().all(|digit| digit.is_ascii_digit()) =>
        {
            account
        }
        _ => resource,
    }
}

/// What follows the base URL in an address of this host, whatever scheme and port it names; nothing for other ids.
fn path_below<'a>(base: &Base, id: &'a str) -> Option<&'a str> {
    let (scheme, rest) = id.split_once("://")?;
    if !["http", "https"].contains(&scheme.to_ascii_lowercase().as_str()) {
        return None;
    }
    let (_, path) = rest.split_once('/')?;
    match base.prefix() {
        "" => Some(path),
        prefix => path.strip_prefix(prefix)?.strip_prefix('/'),
    }
}

fn person(base: &Base, id: ThingId, person: &Object, nickname: &str) -> Descriptor {
    let page = format!("{}/{nickname}", base.url());
    let at = |path: &str| format!("{}/api/user/{nickname}/{path}", base.url());
    let parts = [
        ("self", "profile"),
        ("activity-inbox", "inbox"),
        ("activity-outbox", "feed"),
        ("followers", "followers"),
        ("following", "following"),
        ("favorites", "favorites"),
        ("lists", "lists/person"),
    ];
    let profile = Link::to("http://webfinger.net/rel/profile-page", page.clone());
    let dialback = Link::to("dialback", base.url().to_owned() + DIALBACK);
    let mut links = vec![profile.of_type("text/html"), dialback];
    links.extend(parts.map(|(rel, path)| Link::to(rel, at(path))));
    let subject = names::object_id(base, id, person).to_string();
    let mut aliases = vec![page, at("profile")];
    aliases.retain(|alias| *alias != subject);
    Descriptor {
        subject: Some(subject),
        aliases,
        links,
    }
}

fn object(app: &App, id: ThingId, object: &Object) -> Result<Descriptor> {
    let base = app.base();
    let mut links = vec![Link::to(
        "self",
        names::object_self(base, id, object).to_string(),
    )];
    let feed = |rel, name| Link::to(rel, names::object_feed(base, id, object, name).to_string());
    if object.object_type == "group" {
        links.push(feed("activity-inbox", "inbox"));
    }
    links.extend(["replies", "likes", "shares"].map(|name| feed(name, name)));
    if object.object_type == "group" || object.is_collection() {
        links.push(feed("members", "members"));
    }
    let author = match object.author {
        Some(author) => things::object(&app.store, author)?,
        None => None,
    };
    let page = author.as_ref().and_then(Object::nickname).map(|nickname| {
        let kind = names::page_type(object);
        format!("{}/{nickname}/{kind}/{}", base.url(), object.key(id))
    });
    Ok(Descriptor {
        subject: Some(names::object_id(base, id, object).to_string()),
        aliases: page.into_iter().collect(),
        links,
    })
}

fn activity(base: &Base, id: ThingId, activity: &Activity) -> Descriptor {
    let own = names::activity_id(base, id, activity);
    Descriptor {
        subject: Some(own.clone()),
        aliases: Vec::new(),
        links: vec![Link::to("self", own)],
    }
}
