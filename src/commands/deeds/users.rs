//! `pumphouse user …`: accounts.

use super::{Desk, Outcome};
use crate::auth::passwords;
use crate::cli::{Failure, NewToken, Quota};
use crate::domain::mailing::{confirming, recovering};
use crate::domain::quotas::{self, Room};
use crate::domain::registration::Admission;
use crate::domain::{administration, invitations, people, personal_tokens};
use crate::ids::Nickname;
use crate::mailbox::MailAddress;
use crate::store::keys::{Stream, StreamKind};
use crate::store::streams;
use crate::store::users::{self, User};

/// Accounts that are read at once.
const PAGE_USERS: usize = 100;

/// `user add NICKNAME`: an account by the rules of the registration (`pump-api.md §4.1`, `§5.2`).
pub(super) fn add(desk: &Desk<'_>, nickname: &Nickname) -> Result<Outcome, Failure> {
    let app = desk.app;
    if users::is_taken(&app.store, nickname)? {
        return Err(users::taken(nickname).into());
    }
    let Some(password) = desk.password else {
        return Ok(Outcome::WantsPassword);
    };
    let hash = passwords::hash(desk.guard, password)?;
    let user = User::new(nickname.clone(), hash.as_str(), desk.now);
    people::register(app, &user, Admission::Owner, None, desk.now)?;
    let id = app.base().person_id(nickname);
    Ok(Outcome::said(format_args!(
        "{nickname} has an account now: {id}"
    )))
}

/// `user password NICKNAME`: for who has forgotten it. All sessions of the user end; applications stay authorised.
pub(super) fn set_password(desk: &Desk<'_>, nickname: &Nickname) -> Result<Outcome, Failure> {
    let (id, _) = desk.user(nickname)?;
    let Some(password) = desk.password else {
        return Ok(Outcome::WantsPassword);
    };
    let hash = passwords::hash(desk.guard, password)?;
    let store = &desk.app.store;
    store.write(|tx| users::set_password(tx, id, hash.as_str(), desk.now))?;
    Ok(Outcome::said(format_args!(
        "{nickname} has a new password, and is logged out of every browser."
    )))
}

/// `user reset-link NICKNAME`: for who has forgotten the password and gets no mail. The link is printed once.
pub(super) fn make_reset_link(desk: &Desk<'_>, nickname: &Nickname) -> Result<Outcome, Failure> {
    if desk.app.config.noweb {
        return Err(Failure::new(
            "The link leads to a page, and with noweb there are none. Set the password with `pumphouse user password`.",
        ));
    }
    let (id, _) = desk.user(nickname)?;
    Ok(Outcome::said(recovering::link(desk.app, id, desk.now)?))
}

/// `user email NICKNAME ADDRESS`: a mail address that counts as confirmed, because whoever administers the server says so.
pub(super) fn set_email(
    desk: &Desk<'_>,
    nickname: &Nickname,
    address: &MailAddress,
) -> Result<Outcome, Failure> {
    let (id, _) = desk.user(nickname)?;
    confirming::set(desk.app, id, address, desk.now)?;
    Ok(Outcome::said(format_args!(
        "Mail for {nickname} goes to {address} now."
    )))
}

/// `user remove NICKNAME`: the account goes at once, what it posted by a job; the nickname stays reserved
/// (`pump-api.md §4.2`).
pub(super) fn remove(desk: &Desk<'_>, nickname: &Nickname) -> Result<Outcome, Failure> {
    let (id, _) = desk.user(nickname)?;
    people::remove(desk.app, id, desk.now)?;
    Ok(Outcome::said(format_args!(
        "{nickname} is removed. What {nickname} posted goes while the server runs; nobody else can have the nickname."
    )))
}

/// `user owner NICKNAME`: hands the server over to another of its users.
pub(super) fn hand_over(desk: &Desk<'_>, nickname: &Nickname) -> Result<Outcome, Failure> {
    let (id, _) = desk.user(nickname)?;
    administration::hand_over(desk.app, id, desk.now)?;
    Ok(Outcome::said(format_args!(
        "{nickname} is the owner of this server now."
    )))
}

/// `user token NICKNAME`: a token for a script, printed once. It is taken back on the page of applications.
pub(super) fn make_token(desk: &Desk<'_>, wanted: &NewToken) -> Result<Outcome, Failure> {
    let (id, _) = desk.user(&wanted.nickname)?;
    let token = personal_tokens::make(
        desk.app,
        id,
        &wanted.name,
        wanted.scope,
        wanted.days,
        desk.now,
    )?;
    Ok(Outcome::said(token))
}

/// `user suspend NICKNAME`, `user unsuspend NICKNAME`
pub(super) fn suspend(
    desk: &Desk<'_>,
    nickname: &Nickname,
    is_suspended: bool,
) -> Result<Outcome, Failure> {
    let (id, _) = desk.user(nickname)?;
    administration::suspend(desk.app, id, is_suspended, desk.now)?;
    let now = if is_suspended {
        "can neither log in nor do anything"
    } else {
        "can log in"
    };
    Ok(Outcome::said(format_args!("{nickname} {now} from now on.")))
}

/// `user quota NICKNAME [BYTES]`: counts what is there anew.
pub(super) fn quota(
    desk: &Desk<'_>,
    nickname: &Nickname,
    wanted: Quota,
) -> Result<Outcome, Failure> {
    let (app, (id, _)) = (desk.app, desk.user(nickname)?);
    match wanted {
        Quota::Keep => {}
        Quota::Default => administration::set_quota(app, id, None, desk.now)?,
        Quota::Bytes(bytes) => administration::set_quota(app, id, Some(bytes), desk.now)?,
    }
    administration::recount(app, id)?;
    let room = quotas::room(app, &app.store, id)?;
    Ok(Outcome::said(room_in_words(&room)))
}

/// `user show NICKNAME`
pub(super) fn show(desk: &Desk<'_>, nickname: &Nickname) -> Result<Outcome, Failure> {
    let (id, user) = desk.user(nickname)?;
    let store = &desk.app.store;
    let inviter = invitations::inviter(store, id)?;
    let account = administration::account(desk.app, id, user)?;
    let user = &account.user;
    let nobody = || "none".to_owned();
    let lines = [
        ("nickname", user.nickname.to_string()),
        ("role", role(user).to_owned()),
        ("since", user.created.to_string()),
        ("mail", user.email.clone().unwrap_or_else(nobody)),
        ("invited by", inviter.unwrap_or_else(|| "nobody".to_owned())),
        ("posts", account.posts.to_string()),
        ("uploads", room_in_words(&account.room)),
    ];
    let lines = lines.map(|(name, text)| format!("{name:<11} {text}"));
    Ok(Outcome::Done(lines.into()))
}

fn role(user: &User) -> &'static str {
    match (user.owner, user.suspended) {
        (true, _) => "owner",
        (false, Some(_)) => "suspended",
        (false, None) => "user",
    }
}

fn room_in_words(room: &Room) -> String {
    let whose = if room.is_own { "own" } else { "default" };
    format!(
        "{} of {} ({whose} quota)",
        quotas::in_words(room.used_bytes),
        quotas::in_words(room.quota_bytes)
    )
}

/// `user list`: nickname, day of registration (UTC), role and number of posts, in order of registration.
pub(super) fn list(desk: &Desk<'_>) -> Result<Outcome, Failure> {
    let store = &desk.app.store;
    let mut lines = Vec::new();
    let mut after = None;
    loop {
        let page = users::list(store, after, PAGE_USERS)?;
        for (id, user) in &page {
            let posts = streams::total(store, Stream::of(id.0, StreamKind::OutboxMajor))?;
            let role = role(user);
            lines.push(format!(
                "{:<24} {}  {role:<9}  {posts} posts",
                user.nickname.as_str(),
                user.created.day()
            ));
        }
        match page.last() {
            Some((last, _)) => after = Some(*last),
            None => return Ok(Outcome::Done(lines)),
        }
    }
}
