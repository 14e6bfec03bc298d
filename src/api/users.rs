//! Users: the list of all, one's own record (`pump-api.md §3.4`, `§4.2`). How they come is `registering.rs`.

use crate::api::{feeds, mail_settings, pages, representation};
use crate::auth::{LocalUser, Reader, passwords};
use crate::domain::access::Viewer;
use crate::domain::documents::as2::Kind;
use crate::domain::documents::{Documents, Finish};
use crate::domain::feeds::{Page, Paging};
use crate::domain::{names, people, quotas};
use crate::error::Error;
use crate::http::{Answer, Request, Response};
use crate::ids::{Nickname, ThingId, UserId};
use crate::store::engine;
use crate::store::keys::{SITE, Stream, StreamKind};
use crate::store::streams;
use crate::store::things;
use crate::store::tokens::Pair;
use crate::store::users::{self, User};
use crate::wire::draft::{self, Members};
use crate::wire::json;
use hyper::StatusCode;
use hyper::header;
use serde_json::Value;

/// Members of a user record that the server sets.
const SERVER_MEMBERS: &[&str] = &[
    "nickname",
    "password",
    "published",
    "updated",
    "profile",
    "token",
    "secret",
    "email",
    "uploadBytes",
    "uploadQuotaBytes",
];

/// Largest user record that a client can store with its own members, in bytes.
const EXTRA_BYTES_MAX: usize = 64 * 1024;

/// The user whom the path names, or 404.
pub fn named(request: &Request) -> Result<(UserId, User), Error> {
    people::find(request.app(), &request.nickname()?)
}

/// `GET /api/users`: everybody who has an account here, newest first.
pub fn all(request: &Request, reader: &Reader) -> Answer {
    let app = request.app();
    let viewer = feeds::viewer(reader);
    // Anchors of this feed are nicknames, not ids.
    let arguments = request
        .query_pairs()
        .map(|(name, value)| match name.as_ref() {
            "before" | "since" if Nickname::new(&value).is_ok() => {
                let id = format!("{}/api/user/{value}/profile", app.base().url());
                (name, id.into())
            }
            _ => (name, value),
        });
    let paging = Paging::parse(app.base(), &app.store, arguments)?;
    let stream = Stream::of(SITE, StreamKind::Users);
    let ids = streams::page(&app.store, stream, paging.start, paging.count)?
        .ok_or_else(|| Error::invalid("There is no user of that name."))?;
    let mut items = Vec::new();
    for id in ids {
        if let Some(user) = users::get(&app.store, UserId(id))? {
            items.push((id, user));
        }
    }
    let page = Page {
        items,
        total: streams::total(&app.store, stream)?,
        paging,
        cut_short: false,
        is_end: false,
        reached: None,
    };
    let url = format!("{}/api/users", app.base().url());
    let heading = pages::Heading {
        display_name: "Users of this service".to_owned(),
        url: url.clone(),
        has_id: true,
        object_types: Some("user"),
        author: None,
        more: String::new(),
    };
    let id_of = |(_, user): &(ThingId, User)| user.nickname.to_string();
    pages::write(
        request,
        viewer,
        &heading,
        &page,
        &id_of,
        |items, (id, user)| {
            write_user(
                request,
                viewer,
                &mut items.object(),
                UserId(*id),
                user,
                None,
            )
        },
    )
}

/// A user who has just logged in through a client, with the new token and its secret if there is one
/// (`pump-api.md §1.5`).
pub fn with_token(request: &Request, id: UserId, token: Option<&Pair>) -> Answer {
    let user = users::get(&request.app().store, id)?.ok_or(Error::Gone)?;
    let text = user_text(request, Viewer::user(id), id, &user, token)?;
    Ok(Response::json_text(text))
}

/// `GET /api/user/{nickname}`: a user with the profile; `email` and `settings` only for the user, `uploadBytes` and
/// `uploadQuotaBytes` for the user and the owner of the server.
pub fn one(request: &Request, reader: &Reader) -> Answer {
    let (id, user) = named(request)?;
    let text = user_text(request, feeds::viewer(reader), id, &user, None)?;
    Ok(representation::answer(request, Kind::User, text))
}

/// `PUT /api/user/{nickname}`: the same nickname and a valid password, which becomes the new one; other members are kept as
/// they are given. A new `email` is the user's when the link in a letter to it was followed, `null` takes it away;
/// `settings.mailNotices` is `off`, `direct` or `all`. 200 with the user, 400 with what does not fit, 429 for too many
/// letters.
pub fn update(request: &Request, user: &LocalUser) -> Answer {
    let (_, account) = named(request)?;
    let owner = user.owning(&request.nickname()?)?;
    let mut members: Members = request.json()?;
    if members.get("nickname").and_then(Value::as_str) != Some(account.nickname.as_str()) {
        return Err(Error::invalid(
            "The nickname cannot change; send the one that you have.",
        ));
    }
    let Some(Value::String(password)) = members.get("password").cloned() else {
        return Err(Error::invalid(
            "Send a password: it becomes your new password.",
        ));
    };
    for (name, at) in [("published", account.created), ("updated", account.updated)] {
        if members
            .get(name)
            .is_some_and(|given| given.as_str() != Some(at.to_string().as_str()))
        {
            return Err(Error::Invalid(format!(
                "\u{201c}{name}\u{201d} is set by the server."
            )));
        }
    }
    if let Some(profile) = members.get("profile") {
        let given = profile.get("id").and_then(Value::as_str);
        let id = given.map(|id| names::find_thing(request.app().base(), &request.app().store, id));
        if id.transpose()?.flatten() != Some(owner.0) {
            return Err(Error::invalid(
                "The \u{201c}profile\u{201d} must be your own; change it at its own address.",
            ));
        }
    }
    let mail = mail_settings::read(request, &account, &mut members)?;
    members.retain(|key, _| !SERVER_MEMBERS.contains(&key.as_str()) && !key.starts_with('_'));
    let extra = draft::members_text(&members);
    if extra.len() > EXTRA_BYTES_MAX {
        return Err(Error::TooLarge(format!(
            "A user record can hold {EXTRA_BYTES_MAX} bytes."
        )));
    }
    let hash = passwords::hash(&request.guard, &password)?;
    let change = people::AccountChange {
        password: hash.as_str(),
        extra: &extra,
        mail,
    };
    let account = people::update_account(request.app(), owner, &change, request.now)?;
    let text = user_text(request, Viewer::user(owner), owner, &account, None)?;
    Ok(Response::json_text(text))
}

/// `DELETE /api/user/{nickname}`: removes the account; 200 with the JSON string `"Deleted."`.
pub fn delete(request: &Request, user: &LocalUser) -> Answer {
    named(request)?;
    let owner = user.owning(&request.nickname()?)?;
    people::remove(request.app(), owner, request.now)?;
    Ok(Response::json(&"Deleted."))
}

/// `GET /api/whoami`: 302 to the reader's own profile (`pump-api.md §10.1`, Q3).
pub fn whoami(request: &Request, user: &LocalUser) -> Answer {
    let url = format!(
        "{}/api/user/{}/profile",
        request.app().base().url(),
        user.nickname()
    );
    Ok(Response::redirect(StatusCode::FOUND, &url).with(header::CACHE_CONTROL, "no-store"))
}

fn user_text(
    request: &Request,
    viewer: Viewer,
    id: UserId,
    user: &User,
    token: Option<&Pair>,
) -> engine::Result<String> {
    let mut text = String::new();
    let mut out = json::Object::open(&mut text);
    write_user(request, viewer, &mut out, id, user, token)?;
    drop(out);
    Ok(text)
}

fn write_user(
    request: &Request,
    viewer: Viewer,
    out: &mut json::Object<'_>,
    id: UserId,
    user: &User,
    token: Option<&Pair>,
) -> engine::Result<()> {
    let own = viewer.is(id.0);
    out.text("nickname", user.nickname.as_str());
    out.plain("published", format_args!("{}", user.created));
    out.plain("updated", format_args!("{}", user.updated));
    if own {
        if let Some(email) = &user.email {
            out.text("email", email);
        }
        out.members(&mail_settings::with_notices(request.app(), user));
    } else if !user.extra.is_empty() {
        let mut members = draft::members_of(&user.extra);
        members.remove("settings");
        out.members(&draft::members_text(&members));
    }
    let app = request.app();
    if own
        || (viewer.person.is_some()
            && users::owner(&app.store)?.map(|owner| owner.0) == viewer.person)
    {
        let room = quotas::room(app, &app.store, id)?;
        out.number("uploadBytes", room.used_bytes);
        out.number("uploadQuotaBytes", room.quota_bytes);
    }
    if let Some(person) = things::object(&request.app().store, id.0)? {
        let documents = Documents::for_viewer(request.app(), viewer);
        let finish = if viewer.person.is_some() {
            Finish::PERSON
        } else {
            Finish::PLAIN
        };
        documents.object_into(&mut out.object("profile"), id.0, &person, finish)?;
    }
    if let Some(Pair { token, secret }) = token {
        out.text("token", token);
        out.text("secret", secret);
    }
    Ok(())
}
