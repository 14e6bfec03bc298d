//! `/main/apps`: everything that has access to somebody's account besides the browser – applications, by OAuth 1 or 2, and
//! the tokens of one's own scripts –, and the forms that take it back.

use crate::auth::Visitor;
use crate::clock::Timestamp;
use crate::error::Error;
use crate::http::{Answer, Request};
use crate::ids::UserId;
use crate::scope::Scope;
use crate::store::bearer::{self, Family, FamilyId, Holder, Owner};
use crate::store::{Store, clients, tokens};
use crate::web::cards::Time;
use crate::web::forms::{see_other, value};
use crate::web::frame::{Frame, show};
use crate::web::login;
use crate::words::Words;
use askama::Template;
use std::collections::BTreeMap;

/// Most applications of OAuth 1 on the page.
const SHOWN_MAX: usize = 100;

#[derive(Template)]
#[template(path = "apps.html", config = "assets/askama.toml")]
struct Apps<'a> {
    frame: &'a Frame,
    apps: Vec<Access>,
    tokens: Vec<Access>,
}

/// Something that has access.
struct Access {
    /// The field of its form: `client` or `token`.
    field: &'static str,
    /// Its id.
    id: String,
    name: String,
    description: Option<String>,
    allowed: &'static str,
    since: Time,
    last_used: Option<Time>,
    /// The day on which it ends by itself, for programs and in words.
    ends: Option<(String, String)>,
}

/// What is known of one client's access.
#[derive(Clone, Copy)]
struct Granted {
    since: Timestamp,
    last_used: Option<Timestamp>,
    scope: Scope,
}

/// `GET /main/apps`
pub fn list(request: &Request, visitor: &Visitor) -> Answer {
    let frame = Frame::of(request, visitor)?;
    let Some(user) = visitor.user() else {
        return login::first(&frame);
    };
    let now = request.now;
    let store = &request.app().store;
    let families = bearer::families_of(store, user.id(), now)?;
    let mut own: Vec<(&FamilyId, &Family, &str)> = Vec::new();
    for (id, family) in &families {
        if let Holder::Personal(name) = &family.holder {
            own.push((id, family, name));
        }
    }
    own.sort_by_key(|(_, family, name)| (family.created, *name));
    let page = Apps {
        frame: &frame,
        apps: applications(store, frame.words, user.id(), &families, now)?,
        tokens: own
            .into_iter()
            .map(|(id, family, name)| Access {
                field: "token",
                id: id.text(),
                name: name.to_owned(),
                description: None,
                allowed: family.scope.summary(),
                since: Time::of(frame.words, family.created, now),
                last_used: family.last_used.map(|at| Time::of(frame.words, at, now)),
                ends: family.ends().map(|at| (at.day(), frame.words.date(at))),
            })
            .collect(),
    };
    show(visitor, &page)
}

/// `POST /main/apps`: `client`, `token` or `all`. Takes back everything that was granted to it, or to all; 303 back.
pub fn revoke(request: &Request, visitor: &Visitor) -> Answer {
    let frame = Frame::of(request, visitor)?;
    let Some(user) = visitor.user() else {
        return login::first(&frame);
    };
    let form = request.form();
    let (client, token) = (value(&form, "client"), value(&form, "token"));
    let is_all = !value(&form, "all").is_empty();
    let store = &request.app().store;
    store.write(|tx| {
        if is_all {
            tokens::revoke_all(tx, user.id())?;
            return bearer::end_all(tx, user.id());
        }
        if let Some(family) = FamilyId::parse(token) {
            bearer::end(tx, Owner::User(user.id()), family);
        }
        tokens::revoke(tx, user.id(), client)?;
        bearer::end_client(tx, user.id(), client)
    })?;
    Ok(see_other(&frame, "/main/apps"))
}

/// The clients with access, one entry for all ways in which each has it; the newest last.
fn applications(
    store: &Store,
    words: Words,
    user: UserId,
    families: &[(FamilyId, Family)],
    now: Timestamp,
) -> Result<Vec<Access>, Error> {
    let mut granted: BTreeMap<String, Granted> = BTreeMap::new();
    for (_, family) in families {
        if let Some(client) = family.client() {
            let new = Granted {
                since: family.created,
                last_used: family.last_used,
                scope: family.scope,
            };
            granted.entry(client.to_owned()).or_insert(new).add(new);
        }
    }
    for (client, grant) in tokens::grants_of(store, user, SHOWN_MAX)? {
        let mut held = Vec::new();
        for token in &grant.tokens {
            held.extend(tokens::get(store, token)?);
        }
        let new = Granted {
            since: held.first().map_or(now, |token| token.created),
            last_used: held.iter().filter_map(|token| token.last_used).max(),
            // OAuth 1 knows no scopes.
            scope: Scope::WRITE_ALL,
        };
        granted.entry(client).or_insert(new).add(new);
    }
    let mut apps: Vec<(Timestamp, Access)> = Vec::new();
    for (id, granted) in granted {
        let (name, description) = clients::get(store, &id)?
            .map_or((None, None), |client| (client.title, client.description));
        let access = Access {
            field: "client",
            id,
            name: name.unwrap_or_else(|| clients::NAMELESS.to_owned()),
            description,
            allowed: granted.scope.summary(),
            since: Time::of(words, granted.since, now),
            last_used: granted.last_used.map(|at| Time::of(words, at, now)),
            ends: None,
        };
        apps.push((granted.since, access));
    }
    apps.sort_by_key(|(since, _)| *since);
    Ok(apps.into_iter().map(|(_, access)| access).collect())
}

impl Granted {
    /// What was granted at another time or in another way, besides: the most is what counts.
    fn add(&mut self, other: Granted) {
        self.since = self.since.min(other.since);
        self.last_used = self.last_used.max(other.last_used);
        if self.scope.is_within(other.scope) {
            self.scope = other.scope;
        }
    }
}
