//! Bearer tokens (RFC 6750): what OAuth 2 gives, and what people make for their scripts. The tokens that came of one
//! consent are a family and are kept in one record with their fingerprints, so that a copy of the store speaks for
//! nobody, and one deletion ends them all. An access token lives an hour; the refresh token beside it works once and gives
//! the next pair; one that was used before ends the family (RFC 9700 §4.14.2).

mod text;

pub use text::{FamilyId, Fingerprint, Kind, Located, Owner, fingerprint, locate};

use super::Store;
use super::engine::{Read, Result, Tx};
use super::keys::{KeyBytes, Table};
use super::record::{self, Record};
use crate::clock::Timestamp;
use crate::error::Error;
use crate::ids::UserId;
use crate::scope::Scope;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

/// How long an access token lives, in seconds.
pub const ACCESS_SECS: i64 = 3600;

/// How long a refresh token lives that nobody uses, in seconds: 90 days.
pub const REFRESH_SECS: i64 = 90 * 24 * 3600;

/// How old "last used" may become before it is written again, in seconds.
pub const TOUCH_SECS: i64 = 3600;

/// Most access tokens of one family that are alive; the oldest goes when one more is made.
const ACCESS_PER_FAMILY_MAX: usize = 8;

/// Most families of one user; the one that was used longest ago, and is no personal token, goes when one more is made.
pub const FAMILIES_PER_USER_MAX: usize = 256;

/// Most personal tokens of one user.
pub const PERSONAL_PER_USER_MAX: usize = 64;

/// Records that a sweep reads at once.
const PAGE_RECORDS: usize = 128;

/// Who holds the tokens of a family.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Holder {
    /// A client, by its id.
    Client(String),
    /// The user, who gave the token this name.
    Personal(String),
}

/// The tokens that came of one consent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Family {
    /// Who holds them.
    pub holder: Holder,
    /// What the user agreed to.
    pub scope: Scope,
    /// When the user agreed.
    pub created: Timestamp,
    /// When one of them was last used, within [`TOUCH_SECS`].
    pub last_used: Option<Timestamp>,
    access: Vec<Access>,
    refresh: Option<Refresh>,
}

/// An access token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Access {
    fingerprint: Fingerprint,
    /// What it allows: at most what the family does.
    scope: Scope,
    /// When it ends; never where a user wanted that.
    expires: Option<Timestamp>,
}

/// The refresh token that counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Refresh {
    fingerprint: Fingerprint,
    expires: Timestamp,
}

/// Where the tokens of a text that this server has not made are: those that the configuration gives.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Given {
    user: UserId,
    family: FamilyId,
}

/// New tokens, as their holder gets them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issued {
    /// The access token.
    pub access: String,
    /// The refresh token.
    pub refresh: Option<String>,
    /// What they allow.
    pub scope: Scope,
}

/// What a refresh token gave.
#[derive(Debug)]
pub enum Refreshed {
    /// The next pair.
    Pair(Issued),
    /// Nothing: there is no such token, it is over, or it belongs to another client.
    Unknown,
    /// Nothing: more was asked for than the user agreed to.
    TooMuch,
    /// Nothing, and the family has ended: the token was used before.
    Reused,
}

impl Record for Family {
    const NAME: &'static str = "family of bearer tokens";
    const VERSION: u8 = 1;
}

impl Record for Given {
    const NAME: &'static str = "given bearer token";
    const VERSION: u8 = 1;
}

impl Family {
    fn new(holder: Holder, scope: Scope, now: Timestamp) -> Family {
        Family {
            holder,
            scope,
            created: now,
            last_used: None,
            access: Vec::new(),
            refresh: None,
        }
    }

    /// The client that holds it.
    pub fn client(&self) -> Option<&str> {
        match &self.holder {
            Holder::Client(client) => Some(client),
            Holder::Personal(_) => None,
        }
    }

    /// When the last of its tokens ends; nothing if one never does.
    pub fn ends(&self) -> Option<Timestamp> {
        let refresh = self.refresh.iter().map(|token| Some(token.expires));
        let mut all = self.access.iter().map(|token| token.expires).chain(refresh);
        all.try_fold(self.created, |last, end| Some(last.max(end?)))
    }

    fn is_over(&self, now: Timestamp) -> bool {
        self.ends().is_some_and(|end| end <= now)
    }

    /// What a genuine access token that is alive allows.
    fn allowed(&self, token: &Fingerprint, now: Timestamp) -> Option<Scope> {
        let same = |access: &&Access| bool::from(access.fingerprint.ct_eq(token));
        let found = self.access.iter().find(same)?;
        found
            .expires
            .is_none_or(|end| end > now)
            .then_some(found.scope)
    }

    fn add_access(&mut self, token: &str, scope: Scope, now: Timestamp) {
        self.access
            .retain(|known| known.expires.is_none_or(|end| end > now));
        if self.access.len() >= ACCESS_PER_FAMILY_MAX {
            self.access.remove(0);
        }
        self.access.push(Access {
            fingerprint: fingerprint(token),
            scope,
            expires: Some(Timestamp(now.0 + ACCESS_SECS)),
        });
    }

    fn set_refresh(&mut self, token: &str, now: Timestamp) {
        self.refresh = Some(Refresh {
            fingerprint: fingerprint(token),
            expires: Timestamp(now.0 + REFRESH_SECS),
        });
    }
}

impl Issued {
    fn pair(owner: Owner, family: FamilyId, scope: Scope) -> Issued {
        Issued {
            access: text::random(owner, family, Kind::Access),
            refresh: Some(text::random(owner, family, Kind::Refresh)),
            scope,
        }
    }
}

/// The family of an access token that is genuine and alive, and what the token allows.
pub fn alive(from: &dyn Read, token: &Located, now: Timestamp) -> Result<Option<(Family, Scope)>> {
    if token.kind != Kind::Access {
        return Ok(None);
    }
    let Some(family) = get(from, token.owner, token.family)? else {
        return Ok(None);
    };
    let scope = family.allowed(&token.fingerprint, now);
    Ok(scope.map(|scope| (family, scope)))
}

/// What an access token says: one of ours, or one that the configuration gave.
pub fn find(from: &dyn Read, token: &str) -> Result<Option<Located>> {
    if let Some(located) = locate(token) {
        return Ok(Some(located));
    }
    let fingerprint = fingerprint(token);
    let given: Option<Given> = record::get(from, &given_key(&fingerprint))?;
    Ok(given.map(|given| Located {
        owner: Owner::User(given.user),
        family: given.family,
        kind: Kind::Access,
        fingerprint,
    }))
}

/// One family.
pub fn get(from: &dyn Read, owner: Owner, id: FamilyId) -> Result<Option<Family>> {
    record::get(from, &family_key(owner, id))
}

/// All families of a user that are not over, in no order that means anything.
pub fn families_of(
    from: &dyn Read,
    user: UserId,
    now: Timestamp,
) -> Result<Vec<(FamilyId, Family)>> {
    let mut families = all_of(from, user)?;
    families.retain(|(_, family)| !family.is_over(now));
    Ok(families)
}

/// Begins a family of `client` for a user who agreed.
pub fn begin(
    tx: &mut dyn Tx,
    user: UserId,
    id: FamilyId,
    client: &str,
    scope: Scope,
    now: Timestamp,
) -> Result<Issued> {
    make_room(tx, user, now)?;
    let owner = Owner::User(user);
    let mut family = Family::new(Holder::Client(client.to_owned()), scope, now);
    let issued = Issued::pair(owner, id, scope);
    family.add_access(&issued.access, scope, now);
    if let Some(refresh) = &issued.refresh {
        family.set_refresh(refresh, now);
    }
    record::put(tx, &family_key(owner, id), &family);
    Ok(issued)
}

/// An access token with which a client speaks for itself.
pub fn issue_to_client(
    tx: &mut dyn Tx,
    client: &str,
    scope: Scope,
    now: Timestamp,
) -> Result<Issued> {
    let id = FamilyId::of_client(client);
    let known = get(tx, Owner::Client, id)?;
    let mut family =
        known.unwrap_or_else(|| Family::new(Holder::Client(client.to_owned()), scope, now));
    let access = text::random(Owner::Client, id, Kind::Access);
    family.add_access(&access, scope, now);
    record::put(tx, &family_key(Owner::Client, id), &family);
    Ok(Issued {
        access,
        refresh: None,
        scope,
    })
}

/// Exchanges a refresh token of `client` for the next pair, with the same scope or the narrower one that is wanted.
pub fn refresh(
    tx: &mut dyn Tx,
    token: &Located,
    client: &str,
    wanted: Option<Scope>,
    now: Timestamp,
) -> Result<Refreshed> {
    if token.kind != Kind::Refresh {
        return Ok(Refreshed::Unknown);
    }
    let family = get(tx, token.owner, token.family)?;
    let family = family.filter(|family| family.client() == Some(client) && !family.is_over(now));
    let Some(mut family) = family else {
        return Ok(Refreshed::Unknown);
    };
    let is_newest = match &family.refresh {
        Some(newest) if newest.expires <= now => return Ok(Refreshed::Unknown),
        Some(newest) => bool::from(newest.fingerprint.ct_eq(&token.fingerprint)),
        None => return Ok(Refreshed::Unknown),
    };
    if !is_newest {
        end(tx, token.owner, token.family);
        return Ok(Refreshed::Reused);
    }
    let scope = wanted.unwrap_or(family.scope);
    if !scope.is_within(family.scope) {
        return Ok(Refreshed::TooMuch);
    }
    let issued = Issued::pair(token.owner, token.family, scope);
    family.add_access(&issued.access, scope, now);
    if let Some(refresh) = &issued.refresh {
        family.set_refresh(refresh, now);
    }
    family.last_used = Some(now);
    record::put(tx, &family_key(token.owner, token.family), &family);
    Ok(Refreshed::Pair(issued))
}

/// Makes a token that a user gives to a script. Refuses (409) a name that another token of the user has, and one token too
/// many.
pub fn add_personal(
    tx: &mut dyn Tx,
    user: UserId,
    name: &str,
    scope: Scope,
    expires: Option<Timestamp>,
    now: Timestamp,
) -> Result<(FamilyId, String)> {
    make_room(tx, user, now)?;
    let mut personal = 0;
    for (_, known) in all_of(tx, user)? {
        if let Holder::Personal(known) = known.holder {
            personal += 1;
            if known == name {
                return Err(Error::Conflict(format!(
                    "You have a token of the name \u{201c}{name}\u{201d}. Take that one back first, or choose another name."
                ))
                .into());
            }
        }
    }
    if personal >= PERSONAL_PER_USER_MAX {
        return Err(Error::Conflict(format!(
            "You have {PERSONAL_PER_USER_MAX} tokens, which is as many as there can be. Take one back first."
        ))
        .into());
    }
    let (owner, id) = (Owner::User(user), FamilyId::random());
    let token = text::random(owner, id, Kind::Access);
    let mut family = Family::new(Holder::Personal(name.to_owned()), scope, now);
    family.access.push(Access {
        fingerprint: fingerprint(&token),
        scope,
        expires,
    });
    record::put(tx, &family_key(owner, id), &family);
    Ok((id, token))
}

/// Whether a token of the configuration is known, also if its user has taken it back.
pub fn is_given(from: &dyn Read, token: &str) -> Result<bool> {
    Ok(from.get(&given_key(&fingerprint(token)))?.is_some())
}

/// Keeps a token of the configuration, which never ends; one that is known stays as it is.
pub fn add_given(
    tx: &mut dyn Tx,
    user: UserId,
    client: &str,
    token: &str,
    scope: Scope,
    now: Timestamp,
) -> Result<()> {
    if is_given(tx, token)? {
        return Ok(());
    }
    let fingerprint = fingerprint(token);
    make_room(tx, user, now)?;
    let id = FamilyId::random();
    let mut family = Family::new(Holder::Client(client.to_owned()), scope, now);
    family.access.push(Access {
        fingerprint,
        scope,
        expires: None,
    });
    record::put(tx, &family_key(Owner::User(user), id), &family);
    let given = Given { user, family: id };
    record::put(tx, &given_key(&fingerprint), &given);
    Ok(())
}

/// Notes that a family is used; does nothing if it has ended.
pub fn touch(tx: &mut dyn Tx, owner: Owner, id: FamilyId, now: Timestamp) -> Result<()> {
    if let Some(mut family) = get(tx, owner, id)? {
        family.last_used = Some(now);
        record::put(tx, &family_key(owner, id), &family);
    }
    Ok(())
}

/// Ends a family.
pub fn end(tx: &mut dyn Tx, owner: Owner, id: FamilyId) {
    tx.delete(&family_key(owner, id));
}

/// Ends one access token, and leaves the others of its family as they are.
pub fn end_access(tx: &mut dyn Tx, token: &Located) -> Result<()> {
    if let Some(mut family) = get(tx, token.owner, token.family)? {
        family
            .access
            .retain(|known| known.fingerprint != token.fingerprint);
        record::put(tx, &family_key(token.owner, token.family), &family);
    }
    Ok(())
}

/// Ends everything that a user granted to a client.
pub fn end_client(tx: &mut dyn Tx, user: UserId, client: &str) -> Result<()> {
    for (id, family) in all_of(tx, user)? {
        if family.client() == Some(client) {
            end(tx, Owner::User(user), id);
        }
    }
    Ok(())
}

/// Ends all bearer tokens of a user.
pub fn end_all(tx: &mut dyn Tx, user: UserId) -> Result<()> {
    for (id, _) in all_of(tx, user)? {
        end(tx, Owner::User(user), id);
    }
    Ok(())
}

/// Removes every family that is over; answers how many there were. Reads a bounded piece at once.
pub fn sweep(store: &Store, now: Timestamp) -> Result<usize> {
    let table = KeyBytes::of(Table::Bearer);
    let mut start = table.to_vec();
    let mut removed = 0;
    loop {
        let page = store.scan(&start, &table.end(), PAGE_RECORDS)?;
        let mut over = Vec::new();
        for (key, value) in &page {
            if record::decode::<Family>(value)?.is_over(now) {
                over.push(key);
            }
        }
        if !over.is_empty() {
            store.write_soon(|tx| {
                for key in &over {
                    // It may have got a new token meanwhile.
                    let family: Option<Family> = record::get(tx, key)?;
                    if family.is_some_and(|family| family.is_over(now)) {
                        tx.delete(key);
                    }
                }
                Ok(())
            })?;
            removed += over.len();
        }
        let Some((last, _)) = page.last() else {
            return Ok(removed);
        };
        start.clear();
        start.extend_from_slice(last);
        start.push(0);
    }
}

/// Removes what is over of a user's families, and the one that was used longest ago if there are too many.
fn make_room(tx: &mut dyn Tx, user: UserId, now: Timestamp) -> Result<()> {
    let mut alive = Vec::new();
    for (id, family) in all_of(tx, user)? {
        if family.is_over(now) {
            end(tx, Owner::User(user), id);
        } else {
            alive.push((id, family));
        }
    }
    if alive.len() < FAMILIES_PER_USER_MAX {
        return Ok(());
    }
    let of_clients = alive.iter().filter(|(_, family)| family.client().is_some());
    let used = |(_, family): &&(FamilyId, Family)| family.last_used.unwrap_or(family.created);
    if let Some((oldest, _)) = of_clients.min_by_key(used) {
        end(tx, Owner::User(user), *oldest);
    }
    Ok(())
}

fn all_of(from: &dyn Read, user: UserId) -> Result<Vec<(FamilyId, Family)>> {
    let prefix = KeyBytes::of(Table::Bearer).user(user);
    let pairs = from.scan(&prefix, &prefix.end(), FAMILIES_PER_USER_MAX)?;
    let read = |(key, value): &(Bytes, Bytes)| {
        let (_, id) = key.split_at(prefix.len());
        let id = id.try_into().map_err(|_| {
            super::engine::Error::Corrupt("a key of the bearer tokens cannot be read".to_owned())
        })?;
        Ok((FamilyId(id), record::decode(value)?))
    };
    pairs.iter().map(read).collect()
}

fn family_key(owner: Owner, id: FamilyId) -> KeyBytes {
    KeyBytes::of(Table::Bearer).user(owner.id()).tail(id.0)
}

fn given_key(fingerprint: &Fingerprint) -> KeyBytes {
    KeyBytes::of(Table::GivenBearer).tail(fingerprint)
}

#[cfg(test)]
mod tests;
