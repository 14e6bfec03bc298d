//! Invitations: the owner of the server, and where the owner allows it everybody who has an account, makes links, gives them to
//! people, and sees who came by which.

use crate::app::App;
use crate::clock::Timestamp;
use crate::domain::{family, people};
use crate::error::Error;
use crate::ids::{UserId, random_text};
use crate::store::engine::{Read, Result, Tx};
use crate::store::invitations::{self, Came, Invitation, State};
use crate::store::meta;
use crate::store::things;
use crate::store::users;

/// Most people who can come by one invitation.
pub const USES_MAX: u32 = 100;

/// Longest life of an invitation, in days.
pub const DAYS_MAX: u32 = 365;

/// Life of an invitation of which nothing is said, in days.
pub const DAYS_DEFAULT: u32 = 14;

/// Longest note beside an invitation, in characters.
pub const NOTE_CHARS_MAX: usize = 200;

/// Most invitations that work at the same time.
const OPEN_MAX: usize = 200;

/// Most invitations of somebody who is not the owner that work at the same time.
const OPEN_OF_ONE_MAX: usize = 20;

/// How long an invitation by which nobody came is remembered after its end, in seconds: who follows its link meanwhile hears
/// why it does not work.
const REMEMBERED_SECS: i64 = 30 * 24 * 3600;

/// Most invitations that are looked at.
const LOOKED_AT_MAX: usize = 20_000;

/// What an invitation shall be, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    uses_max: u32,
    days: u32,
    note: String,
    is_family: bool,
}

/// An invitation as who made it sees it.
#[derive(Clone, Debug)]
pub struct Shown {
    /// Its code.
    pub code: String,
    /// The address to give away.
    pub link: String,
    /// What is kept of it.
    pub invitation: Invitation,
    /// Whether it works.
    pub state: State,
    /// The nickname of who made it.
    pub by: String,
    /// The nicknames of who came by it.
    pub came: Vec<String>,
}

impl Wanted {
    /// Checks what is wanted: 1 use and [`DAYS_DEFAULT`] where nothing is said. 400 with a sentence for what cannot be.
    pub fn new(
        uses: Option<u32>,
        days: Option<u32>,
        note: &str,
    ) -> std::result::Result<Wanted, Error> {
        let (uses_max, days) = (uses.unwrap_or(1), days.unwrap_or(DAYS_DEFAULT));
        let note = note.trim();
        if !(1..=USES_MAX).contains(&uses_max) {
            return Err(Error::Invalid(format!(
                "An invitation works for 1 to {USES_MAX} people."
            )));
        }
        if !(1..=DAYS_MAX).contains(&days) {
            return Err(Error::Invalid(format!(
                "An invitation lives for 1 to {DAYS_MAX} days."
            )));
        }
        if note.chars().count() > NOTE_CHARS_MAX || note.chars().any(char::is_control) {
            return Err(Error::Invalid(format!(
                "The note can have at most {NOTE_CHARS_MAX} characters, in one line."
            )));
        }
        Ok(Wanted {
            uses_max,
            days,
            note: note.to_owned(),
            is_family: false,
        })
    }

    /// Whether who comes by it shall belong to the family.
    #[must_use]
    pub fn to_family(mut self, is_family: bool) -> Wanted {
        self.is_family = is_family;
        self
    }
}

/// Refuses (403) who may not invite others.
pub fn check_inviter(from: &dyn Read, user: UserId) -> Result<()> {
    if users::owner(from)? == Some(user) || meta::everybody_invites(from)? {
        return Ok(());
    }
    Err(Error::forbidden("Only the owner of this server invites people.").into())
}

/// Makes an invitation and answers its code. 403 for who may not, 409 where too many work already.
pub fn make(
    app: &App,
    by: UserId,
    wanted: &Wanted,
    now: Timestamp,
) -> std::result::Result<String, Error> {
    let code = random_text::<12>();
    let invitation = Invitation {
        by,
        created: now,
        ends: Some(Timestamp(now.0 + i64::from(wanted.days) * 24 * 3600)),
        uses_max: wanted.uses_max,
        note: wanted.note.clone(),
        came: Vec::new(),
        revoked: None,
        is_family: wanted.is_family,
    };
    app.store.write(|tx| {
        check_inviter(tx, by)?;
        if wanted.is_family && !family::is_of(tx, by)? {
            return Err(Error::forbidden("Only the family invites to the family.").into());
        }
        let known = invitations::list(tx, LOOKED_AT_MAX)?;
        for (old, _) in known.iter().filter(|(_, known)| is_forgotten(known, now)) {
            invitations::remove(tx, old);
        }
        let open = known
            .iter()
            .filter(|(_, known)| known.state(now) == State::Open);
        let (mut all, mut own) = (0, 0);
        for (_, known) in open {
            all += 1;
            own += usize::from(known.by == by);
        }
        let is_owner = users::owner(tx)? == Some(by);
        let (count, max) = match is_owner || all >= OPEN_MAX {
            true => (all, OPEN_MAX),
            false => (own, OPEN_OF_ONE_MAX),
        };
        if count >= max {
            return Err(Error::Conflict(format!(
                "{max} invitations wait for somebody already. Take some of them back first."
            ))
            .into());
        }
        invitations::put(tx, &code, &invitation);
        Ok(())
    })?;
    Ok(code)
}

/// All invitations, newest first.
pub fn list(app: &App, now: Timestamp) -> Result<Vec<Shown>> {
    let mut all = invitations::list(&app.store, LOOKED_AT_MAX)?;
    all.sort_by_key(|(_, invitation)| std::cmp::Reverse(invitation.created));
    all.into_iter()
        .map(|(code, invitation)| shown(app, code, invitation, now))
        .collect()
}

/// One invitation; 404.
pub fn one(app: &App, code: &str, now: Timestamp) -> std::result::Result<Shown, Error> {
    let invitation = invitations::get(&app.store, code)?.ok_or_else(unknown)?;
    Ok(shown(app, code.to_owned(), invitation, now)?)
}

/// Takes an invitation back; who came by it stays. 404. A second time changes nothing.
pub fn revoke(app: &App, code: &str, now: Timestamp) -> std::result::Result<(), Error> {
    Ok(app.store.write(|tx| {
        let mut invitation = invitations::get(tx, code)?.ok_or_else(unknown)?;
        if invitation.revoked.is_none() {
            invitation.revoked = Some(now);
            invitations::put(tx, code, &invitation);
        }
        Ok(())
    })?)
}

/// The invitation of a code, if somebody can come by it now: 404 if there is none, 403 with a sentence if it works no more.
pub fn working(app: &App, from: &dyn Read, code: &str, now: Timestamp) -> Result<Invitation> {
    let invitation = invitations::get(from, code)?.ok_or_else(unknown)?;
    let state = invitation.state(now);
    if state == State::Open {
        return Ok(invitation);
    }
    let inviter = people::name_of(from, invitation.by)?;
    let site = app.site_name_in(from);
    Err(Error::Forbidden(match state {
        State::Open | State::Revoked => format!(
            "This invitation was taken back. Ask {inviter}, who invited you to {site}, for a new one."
        ),
        State::UsedUp if invitation.uses_max == 1 => format!(
            "This invitation was used already. Ask {inviter}, who invited you to {site}, for a new one."
        ),
        State::UsedUp => format!(
            "This invitation was used by as many people as it was made for. Ask {inviter}, who invited you to {site}, for a \
             new one."
        ),
        State::Ended => format!(
            "This invitation has ended: it was good for some days only. Ask {inviter}, who invited you to {site}, for a new one."
        ),
    })
    .into())
}

/// The nickname of who invited a user; nothing for somebody who came without an invitation.
pub fn inviter(from: &dyn Read, user: UserId) -> Result<Option<String>> {
    let all = invitations::list(from, LOOKED_AT_MAX)?;
    let invited = all
        .iter()
        .find(|(_, one)| one.came.iter().any(|came| came.user == user));
    let Some((_, invitation)) = invited else {
        return Ok(None);
    };
    let person = things::object(from, invitation.by.0)?;
    Ok(person.and_then(|person| person.nickname().map(str::to_owned)))
}

/// Uses an invitation for a user who has just got an account, in the same write: of two who want the last place one comes.
/// Answers whether it is one to the family.
pub fn redeem(
    app: &App,
    tx: &mut dyn Tx,
    code: &str,
    user: UserId,
    now: Timestamp,
) -> Result<bool> {
    let mut invitation = working(app, tx, code, now)?;
    invitation.came.push(Came { user, at: now });
    invitations::put(tx, code, &invitation);
    Ok(invitation.is_family)
}

/// The code in what somebody typed: the code itself, or the whole link.
pub fn code_of(typed: &str) -> &str {
    let typed = typed.trim().trim_end_matches('/');
    typed.rsplit('/').next().unwrap_or(typed)
}

fn shown(app: &App, code: String, invitation: Invitation, now: Timestamp) -> Result<Shown> {
    let nickname = |user: UserId| -> Result<String> {
        Ok(people::nickname_of(
            things::object(&app.store, user.0)?.as_ref(),
        ))
    };
    Ok(Shown {
        link: format!("{}/main/join/{code}", app.base().url()),
        state: invitation.state(now),
        by: nickname(invitation.by)?,
        came: invitation
            .came
            .iter()
            .map(|came| nickname(came.user))
            .collect::<Result<_>>()?,
        invitation,
        code,
    })
}

/// Whether an invitation works no more, tells nothing of anybody, and ended long ago.
fn is_forgotten(invitation: &Invitation, now: Timestamp) -> bool {
    let end = invitation.revoked.or(invitation.ends);
    invitation.came.is_empty() && end.is_some_and(|end| now.secs_since(end) > REMEMBERED_SECS)
}

fn unknown() -> Error {
    Error::not_found("There is no such invitation. Is the link complete?")
}
