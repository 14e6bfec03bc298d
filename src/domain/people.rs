//! People of this server: how they come (`pump-api.md §4.1`), what they change about themselves, how they go (`§4.2`).

use crate::app::App;
use crate::clock::Timestamp;
use crate::domain::documents::display_name;
use crate::domain::mailing::confirming;
use crate::domain::registration::{self, Admission};
use crate::domain::{activities, family, invitations};
use crate::error::Error;
use crate::html;
use crate::ids::{Nickname, UserId};
use crate::mailbox::MailAddress;
use crate::media::BlobName;
use crate::store::clients::Generator;
use crate::store::engine::{Read, Result, Tx};
use crate::store::jobs::{self, Job};

use crate::store::keys::{SITE, Stream, StreamKind};
use crate::store::preferences;
use crate::store::streams;
use crate::store::things::{self, Identity, Object};
use crate::store::users::{self, MailNotices, User};
use crate::wire::draft::{ActivityDraft, Addresses, Members, ObjectDraft, members_text};
use crate::words::{Words, marked};
use serde_json::json;

/// The lists that everybody starts with, in the order in which they are shown afterwards, last first. Programs read these names,
/// people their own language's.
pub const FIRST_LISTS: [&str; 4] = [
    marked("Friends"),
    marked("Family"),
    marked("Acquaintances"),
    marked("Coworkers"),
];

/// Registers a user: account, person, first lists, and the activities by which the others hear of it. Refuses a taken
/// nickname (409), and who has no right to an account (403, [`registration::admit`]). The password is hashed by the caller,
/// because that takes long. To `unconfirmed_email` goes a letter; the user has to wait for it only where the site asks
/// everybody for an address.
pub fn register(
    app: &App,
    user: &User,
    admission: Admission<'_>,
    generator: Option<&Generator>,
    now: Timestamp,
) -> std::result::Result<UserId, Error> {
    let id = app
        .store
        .write(|tx| register_in(app, tx, user, admission, generator, now))?;
    app.wake();
    Ok(id)
}

/// As [`register`], inside a write: the setup makes the owner and the site in one.
pub fn register_in(
    app: &App,
    tx: &mut dyn Tx,
    user: &User,
    admission: Admission<'_>,
    generator: Option<&Generator>,
    now: Timestamp,
) -> Result<UserId> {
    let person = app.store.fresh_id();
    registration::admit(app, tx, admission, now)?;
    let mut account = user.clone();
    account
        .unconfirmed_email
        .take_if(|_| !app.config.require_email);
    users::add(tx, UserId(person), &account)?;
    let is_family = match admission {
        Admission::Invited(code) => invitations::redeem(app, tx, code, UserId(person), now)?,
        _ => false,
    };
    if let Some(address) = &user.unconfirmed_email {
        let address = MailAddress::parse(address).map_err(Error::Invalid)?;
        confirming::ask(app, tx, UserId(person), &address, now)?;
    }
    let nickname = user.nickname.as_str();
    let mut object = Object::new(Identity::User(nickname.to_owned()), "person", now);
    object.published = None;
    object.members = members_text(&members(json!({ "displayName": nickname })));
    things::put_object(tx, person, object);
    streams::append(tx, Stream::of(SITE, StreamKind::Users), person)?;

    let mut pictures = Object::new(Identity::Made, "collection", now);
    pictures.author = Some(person);
    pictures.members = r#""displayName":"Profile Pictures","objectTypes":["image"]"#.to_owned();
    let list = app.store.fresh_id();
    things::put_object(tx, list, pictures);
    streams::append(tx, Stream::of(person, StreamKind::ImageLists), list)?;

    let mut nothing_freed: Vec<BlobName> = Vec::new();
    let mut act = |tx: &mut dyn Tx, actor, generator, draft: &ActivityDraft| {
        activities::apply(app, tx, actor, generator, draft, now, &mut nothing_freed)
    };
    let site_name = app.site_name_in(tx);
    let site = ObjectDraft {
        object_type: Some("service".to_owned()),
        members: members(
            json!({"url": format!("{}/", app.base().url()), "displayName": site_name}),
        ),
        ..ObjectDraft::default()
    };
    let join = act(tx, person, generator, &ActivityDraft::of("join", site))?;
    let service = things::activity(tx, join)?.map_or(person, |join| join.object);
    let words = Words::of(app.language_in(tx));
    let others = match is_family {
        true => family::names(tx, Some(UserId(person)))?,
        false => Vec::new(),
    };
    let greeting = welcome(app, words, nickname, &site_name, &others);
    let greeting = act(tx, service, None, &greeting)?;
    // It stands there to be read; it is no news from anybody.
    preferences::change(tx, UserId(person), |chosen| {
        chosen.messages_seen = Some(greeting);
    })?;
    for name in FIRST_LISTS {
        let list = ObjectDraft {
            object_type: Some("collection".to_owned()),
            members: members(json!({"displayName": name, "objectTypes": ["person"]})),
            ..ObjectDraft::default()
        };
        let mut create = ActivityDraft::of("create", list);
        create.addresses.to = vec![followers(app, nickname)];
        act(tx, person, generator, &create)?;
    }
    if is_family {
        family::join(app, tx, UserId(person), now)?;
    }
    Ok(UserId(person))
}

/// What somebody is called who may be gone: the name, else the nickname.
pub fn name_of(from: &dyn Read, user: UserId) -> Result<String> {
    let person = things::object(from, user.0)?;
    let name = person.as_ref().and_then(display_name);
    let name = name.filter(|name| !name.trim().is_empty());
    Ok(name.unwrap_or_else(|| nickname_of(person.as_ref())))
}

/// The nickname of somebody who may be gone.
pub fn nickname_of(person: Option<&Object>) -> String {
    let nickname = person.and_then(Object::nickname);
    nickname.unwrap_or("somebody").to_owned()
}

/// What a user changes of the account.
#[derive(Debug)]
pub struct AccountChange<'a> {
    /// The hash of the new password.
    pub password: &'a str,
    /// The other members that the user stores with it, the text of a JSON object.
    pub extra: &'a str,
    /// What concerns mail.
    pub mail: MailChange,
}

/// What a user changes of the mail that comes.
#[derive(Debug)]
pub struct MailChange {
    /// Where it goes.
    pub address: AddressWish,
    /// What it tells; none leaves it as it is.
    pub notices: Option<MailNotices>,
}

/// What a user wants with the mail address.
#[derive(Debug)]
pub enum AddressWish {
    /// It stays.
    Keep,
    /// Another one, which is to be confirmed.
    Change(MailAddress),
    /// None any more.
    Remove,
}

/// Changes an account. All sessions end.
pub fn update_account(
    app: &App,
    user: UserId,
    change: &AccountChange<'_>,
    now: Timestamp,
) -> std::result::Result<User, Error> {
    let account = app.store.write(|tx| {
        users::set_password(tx, user, change.password, now)?;
        users::update(tx, user, now, |account| {
            change.extra.clone_into(&mut account.extra);
            account.mail = change.mail.notices.unwrap_or(account.mail);
        })?;
        match &change.mail.address {
            AddressWish::Keep => {}
            AddressWish::Change(address) => confirming::change_in(app, tx, user, address, now)?,
            AddressWish::Remove => confirming::remove_in(app, tx, user, now)?,
        }
        users::get(tx, user)?.ok_or_else(|| Error::Gone.into())
    })?;
    app.wake();
    Ok(account)
}

/// Removes a user: the account with its sessions and tokens, the place among the users, and what the profile said. A job
/// takes away what the user posted and did ([`super::forgetting`]); the nickname stays reserved. Refuses (403) the owner of
/// the server.
pub fn remove(app: &App, user: UserId, now: Timestamp) -> std::result::Result<(), Error> {
    app.store.write(|tx| {
        users::remove(tx, user)?;
        streams::remove(tx, Stream::of(SITE, StreamKind::Users), user.0)?;
        let person = user.0;
        jobs::add(tx, app.store.fresh_id(), now, &Job::Forget { person })?;
        activities::say_farewell(app, tx, person, now)?;
        things::change_object(tx, person, |person| {
            person.members = String::new();
            person.updated = now;
            person.deleted = Some(now);
        })
    })?;
    app.wake();
    Ok(())
}

/// The audience of somebody's followers, as clients write it.
pub fn followers(app: &App, nickname: &str) -> ObjectDraft {
    ObjectDraft::reference(
        &format!("{}/api/user/{nickname}/followers", app.base().url()),
        "collection",
    )
}

/// The user with this nickname and the account; 404 if there is none, 410 if the account was deleted.
pub fn find(app: &App, nickname: &Nickname) -> std::result::Result<(UserId, User), Error> {
    match users::by_nickname(&app.store, nickname)? {
        Some(found) => Ok(found),
        None if users::is_taken(&app.store, nickname)? => Err(Error::Gone),
        None => Err(Error::not_found("There is no such user here.")),
    }
}

/// What the server writes to somebody who is new, in its own language.
fn welcome(
    app: &App,
    words: Words,
    nickname: &str,
    site_name: &str,
    others: &[String],
) -> ActivityDraft {
    let base = app.base().url();
    let family = match others {
        [] => None,
        [one] => Some(words.fill("{0} is here already, and you follow each other.", [one])),
        [all @ .., last] => Some(words.fill(
            "{0} and {1} are here already, and you follow each other.",
            (all.join(", "), last),
        )),
    };
    let family = family.map(|words| format!("<p>{}</p>", html::escape(&words)));
    let title = words.fill("Welcome to {0}", [site_name]);
    let begin = words.linked(
        "What you post here is seen by the people whom you choose. Tell the others a little about yourself in [your profile], \
         follow [the people you know], and write your first note.",
        [
            format!("{base}/main/settings/profile"),
            format!("{base}/main/people"),
        ],
    );
    let content = format!(
        "<p>{}</p>{}<p>{begin}</p>",
        html::escape(&format!("{title}!")),
        family.unwrap_or_default()
    );
    let note = ObjectDraft {
        object_type: Some("note".to_owned()),
        members: members(json!({ "displayName": title, "content": content })),
        ..ObjectDraft::default()
    };
    let mut post = ActivityDraft::of("post", note);
    let id = Nickname::new(nickname)
        .map(|nickname| app.base().person_id(&nickname))
        .unwrap_or_default();
    post.addresses = Addresses {
        to: vec![ObjectDraft::reference(&id, "person")],
        ..Addresses::default()
    };
    post
}

fn members(value: serde_json::Value) -> Members {
    match value {
        serde_json::Value::Object(members) => members,
        _ => Members::new(),
    }
}
