//! Accounts: what makes a person of this server a user who can log in. The person itself, with name and picture, is a
//! thing (`things.rs`); a user's id is the id of that thing. A nickname belongs to its first user for ever.

use super::engine::{Read, Result, Tx};
use super::keys::{KeyBytes, Table, thing_at_end};
use super::mail_codes::{self, Purpose};
use super::record::{self, Record};
use super::{bearer, notices, preferences, pushes, sessions};
use crate::clock::Timestamp;
use crate::error::Error;
use crate::ids::{Nickname, ThingId, UserId};
use serde::{Deserialize, Serialize};

/// An account.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct User {
    /// The name, as typed at registration.
    pub nickname: Nickname,
    /// The password as `auth/passwords.rs` writes it; with an empty one nobody can log in.
    pub password: String,
    /// When the account was made.
    pub created: Timestamp,
    /// When it last changed.
    pub updated: Timestamp,
    /// The confirmed mail address.
    pub email: Option<String>,
    /// An address that the user must confirm before anything else is answered (`pump-api.md §5.3`).
    pub unconfirmed_email: Option<String>,
    /// Whether this user administers the server.
    pub owner: bool,
    /// What else the user stored with the account (`settings`, `langs` …), the text of a JSON object; may be empty.
    pub extra: String,
    /// What the user is told by mail.
    pub mail: MailNotices,
    /// Most bytes of uploads that the user may keep; the site's bound where it is none.
    pub quota_bytes: Option<u64>,
    /// Since when the owner of the server lets the user neither log in nor do anything.
    pub suspended: Option<Timestamp>,
}

/// Which activities a user with a mail address hears of by mail (`pump-api.md §5.5`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum MailNotices {
    /// None.
    Off,
    /// Those that are addressed to the user directly.
    #[default]
    Direct,
    /// All that come into the inbox.
    All,
}

impl MailNotices {
    /// All of them.
    pub const ALL: [MailNotices; 3] = [MailNotices::Off, MailNotices::Direct, MailNotices::All];

    /// The word for it on the wire.
    pub fn name(self) -> &'static str {
        match self {
            MailNotices::Off => "off",
            MailNotices::Direct => "direct",
            MailNotices::All => "all",
        }
    }

    /// The one that a word means.
    pub fn parse(name: &str) -> Option<MailNotices> {
        MailNotices::ALL
            .into_iter()
            .find(|notices| notices.name() == name)
    }
}

/// What version 1 of an account held.
#[derive(Deserialize)]
struct UserBefore {
    nickname: Nickname,
    password: String,
    created: Timestamp,
    updated: Timestamp,
    email: Option<String>,
    unconfirmed_email: Option<String>,
    owner: bool,
    extra: String,
}

impl From<UserBefore> for User {
    fn from(before: UserBefore) -> User {
        User {
            updated: before.updated,
            email: before.email,
            unconfirmed_email: before.unconfirmed_email,
            owner: before.owner,
            extra: before.extra,
            ..User::new(before.nickname, &before.password, before.created)
        }
    }
}

impl User {
    /// The account of somebody who has just come: no owner, no mail address. `password` is the hash.
    pub fn new(nickname: Nickname, password: &str, now: Timestamp) -> User {
        User {
            nickname,
            password: password.to_owned(),
            created: now,
            updated: now,
            email: None,
            unconfirmed_email: None,
            owner: false,
            extra: String::new(),
            mail: MailNotices::default(),
            quota_bytes: None,
            suspended: None,
        }
    }

    /// Refuses (403) an account that the owner of the server has suspended.
    pub fn check_not_suspended(&self) -> std::result::Result<(), Error> {
        match self.suspended {
            None => Ok(()),
            Some(_) => Err(Error::forbidden(
                "This account is suspended. Ask the owner of this server.",
            )),
        }
    }
}

/// What is kept of a nickname.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Owned {
    /// Whose it is or was.
    user: UserId,
}

impl Record for User {
    const NAME: &'static str = "user";
    const VERSION: u8 = 2;

    fn predecessor(version: u8, body: &[u8]) -> Option<User> {
        match version {
            1 => postcard::from_bytes::<UserBefore>(body)
                .ok()
                .map(User::from),
            _ => None,
        }
    }
}

impl Record for Owned {
    const NAME: &'static str = "nickname";
    const VERSION: u8 = 1;
}

/// The account of a user.
pub fn get(from: &dyn Read, id: UserId) -> Result<Option<User>> {
    record::get(from, &user_key(id))
}

/// The user of a nickname, whatever its case.
pub fn by_nickname(from: &dyn Read, nickname: &Nickname) -> Result<Option<(UserId, User)>> {
    let Some(Owned { user }) = record::get(from, &nickname_key(nickname))? else {
        return Ok(None);
    };
    Ok(get(from, user)?.map(|account| (user, account)))
}

/// Whether a nickname belongs or belonged to somebody.
pub fn is_taken(from: &dyn Read, nickname: &Nickname) -> Result<bool> {
    Ok(from.get(&nickname_key(nickname))?.is_some())
}

/// At most `limit` accounts with ids above `after`, in order of registration.
pub fn list(from: &dyn Read, after: Option<UserId>, limit: usize) -> Result<Vec<(UserId, User)>> {
    let table = KeyBytes::of(Table::User);
    let start = match after {
        Some(UserId(ThingId(number))) => user_key(UserId(ThingId(number + 1))),
        None => table.clone(),
    };
    record::list(from, &table, &start, limit, |rest| {
        thing_at_end(rest).map(UserId)
    })
}

/// The user who administers the server; nobody before the setup.
pub fn owner(from: &dyn Read) -> Result<Option<UserId>> {
    let owned: Option<Owned> = record::get(from, &owner_key())?;
    Ok(owned.map(|owned| owned.user))
}

/// Adds an account. Refuses a nickname that is or was somebody's, and a second owner.
pub fn add(tx: &mut dyn Tx, id: UserId, user: &User) -> Result<()> {
    if is_taken(tx, &user.nickname)? {
        return Err(taken(&user.nickname).into());
    }
    if user.owner {
        if owner(tx)?.is_some() {
            return Err(Error::Conflict("This server has an owner.".to_owned()).into());
        }
        record::put(tx, &owner_key(), &Owned { user: id });
    }
    record::put(tx, &nickname_key(&user.nickname), &Owned { user: id });
    record::put(tx, &user_key(id), user);
    Ok(())
}

/// Changes an account: `change` gets it as it is and leaves it as it should be. The nickname stays what it was.
/// Refuses a user who is not there.
pub fn update(
    tx: &mut dyn Tx,
    id: UserId,
    now: Timestamp,
    change: impl FnOnce(&mut User),
) -> Result<()> {
    let mut user = get(tx, id)?.ok_or_else(gone)?;
    let nickname = user.nickname.clone();
    change(&mut user);
    user.nickname = nickname;
    user.updated = now;
    record::put(tx, &user_key(id), &user);
    Ok(())
}

/// Makes a user the one who administers the server, instead of whoever did. Refuses a user who is not there.
pub fn hand_over(tx: &mut dyn Tx, to: UserId, now: Timestamp) -> Result<()> {
    if let Some(before) = owner(tx)? {
        update(tx, before, now, |user| user.owner = false)?;
    }
    update(tx, to, now, |user| user.owner = true)?;
    record::put(tx, &owner_key(), &Owned { user: to });
    Ok(())
}

/// Sets a password, in the form of `auth/passwords.rs`, and ends all sessions of the user and all links
/// that set another one. Tokens of clients stay.
pub fn set_password(tx: &mut dyn Tx, id: UserId, password: &str, now: Timestamp) -> Result<()> {
    update(tx, id, now, |user| user.password = password.to_owned())?;
    mail_codes::end(tx, id, |purpose| *purpose == Purpose::Recover)?;
    sessions::end_all(tx, id)
}

/// Keeps the same password in another form; nothing where it is another one by now.
pub fn renew_hash(tx: &mut dyn Tx, id: UserId, before: &str, after: &str) -> Result<()> {
    match get(tx, id)? {
        Some(user) if user.password == before => update(tx, id, user.updated, |user| {
            user.password = after.to_owned();
        }),
        _ => Ok(()),
    }
}

/// Removes an account, its sessions and its bearer tokens. The nickname stays reserved; the person is another record. The
/// tokens of OAuth 1 prove nothing any more ([`super::tokens::deaden`] takes their secrets): who still uses one is told 401
/// and not, as for a token that never was, 400 (`pump-api.md §2.5`). Refuses the one who administers the server.
pub fn remove(tx: &mut dyn Tx, id: UserId) -> Result<()> {
    let user = get(tx, id)?.ok_or_else(gone)?;
    if user.owner {
        return Err(Error::forbidden(
            "This account administers the server, which would be left without anybody who can. Make somebody else its owner \
             first: `pumphouse user owner NICKNAME`.",
        )
        .into());
    }
    sessions::end_all(tx, id)?;
    bearer::end_all(tx, id)?;
    mail_codes::forget(tx, id);
    notices::forget(tx, id);
    pushes::forget(tx, id)?;
    preferences::remove(tx, id);
    tx.delete(&user_key(id));
    Ok(())
}

/// What somebody hears who wants a nickname that is or was somebody's (409).
pub fn taken(nickname: &Nickname) -> Error {
    Error::Conflict(format!("The nickname '{nickname}' is already taken."))
}

fn gone() -> Error {
    Error::not_found("There is no such user here.")
}

fn user_key(id: UserId) -> KeyBytes {
    KeyBytes::of(Table::User).user(id)
}

fn nickname_key(nickname: &Nickname) -> KeyBytes {
    KeyBytes::of(Table::Nickname).tail(nickname.folded())
}

fn owner_key() -> KeyBytes {
    KeyBytes::of(Table::Meta).tail("owner")
}

#[cfg(test)]
pub(crate) mod tests {
    use super::User;
    use crate::clock::Timestamp;
    use crate::ids::{Nickname, ThingId, UserId};
    use crate::store::engine::memory::Memory;
    use crate::store::{record, sessions, tokens};

    const ANN: UserId = UserId(ThingId(7));
    const NOW: Timestamp = Timestamp(1_795_217_902);

    pub(crate) fn user(nickname: &str) -> User {
        User::new(Nickname::new(nickname).expect("a nickname"), "", NOW)
    }

    fn found(memory: &Memory, nickname: &str) -> Option<UserId> {
        let nickname = Nickname::new(nickname).expect("a nickname");
        super::by_nickname(memory, &nickname)
            .expect("readable")
            .map(|(id, _)| id)
    }

    #[test]
    fn a_nickname_is_taken_in_any_case_and_for_ever() {
        let mut memory = Memory::default();
        super::add(&mut memory, ANN, &user("Ann")).expect("new");
        let other = UserId(ThingId(8));
        let taken = super::add(&mut memory, other, &user("aNN")).expect_err("taken");
        assert!(taken.to_string().contains("already taken"));
        assert_eq!(found(&memory, "ann"), Some(ANN));
        super::remove(&mut memory, ANN).expect("there");
        assert_eq!(found(&memory, "ann"), None);
        super::add(&mut memory, other, &user("ann")).expect_err("still taken");
        super::remove(&mut memory, ANN).expect_err("gone");
    }

    #[test]
    fn a_password_change_ends_sessions_and_a_removal_keeps_only_the_tokens() {
        let mut memory = Memory::default();
        super::add(&mut memory, ANN, &user("ann")).expect("new");
        let pair = tokens::Pair::random();
        tokens::add(&mut memory, ANN, "c", &pair, NOW).expect("kept");
        sessions::begin(&mut memory, &[1; 32], ANN, "", NOW).expect("kept");
        super::set_password(&mut memory, ANN, "new", NOW).expect("there");
        let session = sessions::get(&memory, &[1; 32], NOW).expect("readable");
        assert_eq!(session, None);
        let token = |memory: &Memory| tokens::get(memory, &pair.token).expect("readable");
        assert!(token(&memory).is_some());
        sessions::begin(&mut memory, &[2; 32], ANN, "", NOW).expect("kept");
        super::remove(&mut memory, ANN).expect("there");
        assert!(token(&memory).is_some());
        assert!(super::get(&memory, ANN).expect("readable").is_none());
        let session = sessions::get(&memory, &[2; 32], NOW).expect("readable");
        assert_eq!(session, None);
    }

    #[test]
    fn an_account_of_an_older_release_is_read() {
        let ann = User {
            extra: "{}".to_owned(),
            email: Some("ann@mail.test".to_owned()),
            ..user("ann")
        };
        let written = record::encode(&ann);
        // Version 1 ended before the last three members, which take a byte each here.
        let (_, body) = written.split_first().expect("a version and a body");
        let before = [&[1], body.strip_suffix(&[1, 0, 0]).expect("the defaults")].concat();
        let read: User = record::decode(&before).expect("readable");
        assert_eq!(format!("{read:?}"), format!("{ann:?}"));
        record::decode::<User>(&[&[3], body].concat()).expect_err("a version of the future");
    }

    #[test]
    fn there_is_one_owner_and_lists_go_on_where_they_stopped() {
        let mut memory = Memory::default();
        let owner = User {
            owner: true,
            ..user("ann")
        };
        super::add(&mut memory, ANN, &owner).expect("new");
        let second = User {
            owner: true,
            ..user("ben")
        };
        super::add(&mut memory, UserId(ThingId(8)), &second).expect_err("a second owner");
        super::add(&mut memory, UserId(ThingId(9)), &user("cat")).expect("new");
        assert_eq!(super::owner(&memory).expect("readable"), Some(ANN));
        let first = super::list(&memory, None, 1).expect("readable");
        assert_eq!(first.first().map(|(id, _)| *id), Some(ANN));
        let rest = super::list(&memory, Some(ANN), 9).expect("readable");
        assert_eq!(rest.first().map(|(id, _)| *id), Some(UserId(ThingId(9))));
        assert_eq!(rest.len(), 1);
    }
}
