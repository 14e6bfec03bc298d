//! Accounts: `{nickname, displayName, published, role, suspended, email, posts, uploadBytes, uploadQuotaBytes, hasOwnQuota, url}`,
//! where `role` is `owner` or `user`, and `suspended` the time since when, or null. A single one says `invitedBy`, too.

use crate::api::users::named;
use crate::auth::{Owner, accounts, passwords};
use crate::domain::administration::{self, Account};
use crate::domain::mailing::confirming;
use crate::domain::registration::Admission;
use crate::domain::{invitations, people};
use crate::error::Error;
use crate::http::{Answer, Request, Response};
use crate::ids::{Nickname, UserId};
use crate::mailbox::MailAddress;
use crate::store::keys::{SITE, Stream, StreamKind};
use crate::store::streams;
use crate::store::users::{self, User};
use hyper::StatusCode;
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// Accounts on a page of which nothing is said.
const COUNT_DEFAULT: usize = 100;

/// Most accounts on a page.
const COUNT_MAX: usize = 200;

#[derive(Deserialize)]
struct New {
    nickname: String,
    password: String,
}

/// `GET /api/owner/users?after=NICKNAME&count=`: in order of registration; `next` is the address of the next page.
pub fn all(request: &Request, _: &Owner) -> Answer {
    let app = request.app();
    let count = match request.query("count") {
        None => COUNT_DEFAULT,
        Some(text) => text
            .parse()
            .ok()
            .filter(|count| (1..=COUNT_MAX).contains(count))
            .ok_or_else(|| Error::Invalid(format!("The count is 1 to {COUNT_MAX}.")))?,
    };
    let after = match request.query("after") {
        None => None,
        Some(text) => {
            let nickname = Nickname::new(&text).map_err(Error::Invalid)?;
            Some(people::find(app, &nickname)?.0)
        }
    };
    let page = users::list(&app.store, after, count)?;
    let next = page.last().filter(|_| page.len() == count);
    let next = next.map(|(_, user)| {
        let base = app.base().url();
        format!(
            "{base}/api/owner/users?after={}&count={count}",
            user.nickname
        )
    });
    let mut items = Vec::new();
    for (id, user) in page {
        items.push(document(request, id, user)?);
    }
    let total = streams::total(&app.store, Stream::of(SITE, StreamKind::Users))?;
    Ok(Response::json(
        &json!({ "items": items, "totalItems": total, "next": next }),
    ))
}

/// `POST /api/owner/users`: `{nickname, password}`, whoever can register. 201 with the account; 400, 409.
pub fn add(request: &Request, _: &Owner) -> Answer {
    let new: New = request.json()?;
    let app = request.app();
    let nickname = Nickname::new(&new.nickname).map_err(Error::Invalid)?;
    if users::is_taken(&app.store, &nickname)? {
        return Err(users::taken(&nickname));
    }
    let hash = passwords::hash(&request.guard, &new.password)?;
    let user = User::new(nickname, hash.as_str(), request.now);
    let id = people::register(app, &user, Admission::Owner, None, request.now)?;
    let made = document(request, id, user)?;
    Ok(Response::json(&made).with_status(StatusCode::CREATED))
}

/// `GET /api/owner/users/{nickname}`: 200, 404, 410.
pub fn one(request: &Request, _: &Owner) -> Answer {
    let (id, user) = named(request)?;
    let mut document = document(request, id, user)?;
    let inviter = invitations::inviter(&request.app().store, id)?;
    document["invitedBy"] = json!(inviter);
    Ok(Response::json(&document))
}

/// `PUT /api/owner/users/{nickname}`: any of `password` (ends all sessions), `email` (counts as confirmed),
/// `suspended` (true or false), `uploadQuotaBytes` (null
/// for what everybody has), `role` (`owner`: hands the server over, after which the caller administers nothing any more). 200 with
/// the account; 400, 403, 404, 410.
pub fn change(request: &Request, _: &Owner) -> Answer {
    let (id, _) = named(request)?;
    let app = request.app();
    let wanted = Change::read(request)?;
    if let Some(password) = &wanted.password {
        accounts::set_password(request, id, password)?;
    }
    if let Some(address) = &wanted.email {
        confirming::set(app, id, address, request.now)?;
    }
    if let Some(bytes) = wanted.quota {
        administration::set_quota(app, id, bytes, request.now)?;
    }
    if let Some(is_suspended) = wanted.suspended {
        administration::suspend(app, id, is_suspended, request.now)?;
    }
    if wanted.is_owner {
        administration::hand_over(app, id, request.now)?;
    }
    let (_, user) = named(request)?;
    Ok(Response::json(&document(request, id, user)?))
}

/// `DELETE /api/owner/users/{nickname}`: removes the account with all that was posted; 200 with `"Deleted."`, 403 for the owner's
/// own, 404, 410.
pub fn remove(request: &Request, _: &Owner) -> Answer {
    let (id, _) = named(request)?;
    people::remove(request.app(), id, request.now)?;
    Ok(Response::json(&"Deleted."))
}

/// What shall change, checked before anything does.
struct Change {
    password: Option<String>,
    email: Option<MailAddress>,
    suspended: Option<bool>,
    quota: Option<Option<u64>>,
    is_owner: bool,
}

impl Change {
    fn read(request: &Request) -> Result<Change, Error> {
        let members: Map<String, Value> = request.json()?;
        let mut change = Change {
            password: None,
            email: None,
            suspended: None,
            quota: None,
            is_owner: false,
        };
        for (name, value) in &members {
            match (name.as_str(), value) {
                ("password", Value::String(password)) => {
                    passwords::check(password)?;
                    change.password = Some(password.clone());
                }
                ("email", Value::String(address)) => {
                    change.email = Some(MailAddress::parse(address).map_err(Error::Invalid)?);
                }
                ("suspended", Value::Bool(suspended)) => change.suspended = Some(*suspended),
                ("uploadQuotaBytes", Value::Null) => change.quota = Some(None),
                ("uploadQuotaBytes", Value::Number(bytes)) if bytes.is_u64() => {
                    change.quota = Some(bytes.as_u64());
                }
                ("role", Value::String(role)) if role == "owner" => change.is_owner = true,
                _ => {
                    return Err(Error::Invalid(format!(
                        "\u{201c}{name}\u{201d} cannot be that. There are password and email (texts), suspended (true or false), \
                         uploadQuotaBytes (a number or null) and role (owner)."
                    )));
                }
            }
        }
        Ok(change)
    }
}

fn document(request: &Request, id: UserId, user: User) -> Result<Value, Error> {
    let app = request.app();
    let url = format!("{}/{}", app.base().url(), user.nickname);
    let Account {
        user, room, posts, ..
    } = administration::account(app, id, user)?;
    Ok(json!({
        "nickname": user.nickname,
        "displayName": people::name_of(&app.store, id)?,
        "url": url,
        "published": user.created.to_string(),
        "role": if user.owner { "owner" } else { "user" },
        "suspended": user.suspended.map(|since| since.to_string()),
        "email": user.email,
        "posts": posts,
        "uploadBytes": room.used_bytes,
        "uploadQuotaBytes": room.quota_bytes,
        "hasOwnQuota": room.is_own,
    }))
}
