//! New bearer tokens: after a consent, for a refresh token, for a client itself, for somebody's script, from the configuration.

use super::ending::{end, make_room};
use super::family::{Access, Family, Holder};
use super::text::{self, FamilyId, Kind, Located, Owner, fingerprint};
use super::{Given, all_of, family_key, get, given_key};
use crate::clock::Timestamp;
use crate::error::Error;
use crate::ids::UserId;
use crate::scope::Scope;
use crate::store::engine::{Read, Result, Tx};
use crate::store::record;
use subtle::ConstantTimeEq;

/// Most personal tokens of one user.
const PERSONAL_PER_USER_MAX: usize = 64;

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
    let issued = add_pair(&mut family, owner, id, scope, now);
    record::put(tx, &family_key(owner, id), &family);
    Ok(issued)
}

/// Makes the next pair of a family.
fn add_pair(
    family: &mut Family,
    owner: Owner,
    id: FamilyId,
    scope: Scope,
    now: Timestamp,
) -> Issued {
    let access = text::random(owner, id, Kind::Access);
    let refresh = text::random(owner, id, Kind::Refresh);
    family.add_access(&access, scope, now);
    family.set_refresh(&refresh, now);
    Issued {
        access,
        refresh: Some(refresh),
        scope,
    }
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
    let issued = add_pair(&mut family, token.owner, token.family, scope, now);
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
