//! Bearer tokens (RFC 6750): what OAuth 2 gives, and what people make for their scripts. The tokens that came of one
//! consent are a family and are kept in one record with their fingerprints, so that a copy of the store speaks for
//! nobody, and one deletion ends them all. An access token lives an hour; the refresh token beside it works once and gives
//! the next pair; one that was used before ends the family (RFC 9700 §4.14.2).

mod ending;
mod family;
mod issuing;
mod text;

pub use ending::{end, end_access, end_all, end_client, sweep};
pub use family::{ACCESS_SECS, Family, Holder, REFRESH_SECS};
pub use issuing::{
    Issued, Refreshed, add_given, add_personal, begin, is_given, issue_to_client, refresh,
};
pub use text::{FamilyId, Fingerprint, Kind, Located, Owner, fingerprint, locate};

use super::engine::{Read, Result, Tx};
use super::keys::{KeyBytes, Table};
use super::record::{self, Record};
use crate::clock::Timestamp;
use crate::ids::UserId;
use crate::scope::Scope;
use serde::{Deserialize, Serialize};

/// How old "last used" may become before it is written again, in seconds.
pub const TOUCH_SECS: i64 = 3600;

/// Most families of one user; the one that was used longest ago, and is no personal token, goes when one more is made.
pub const FAMILIES_PER_USER_MAX: usize = 256;

/// Where the tokens of a text that this server has not made are: those that the configuration gives.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Given {
    user: UserId,
    family: FamilyId,
}

impl Record for Given {
    const NAME: &'static str = "given bearer token";
    const VERSION: u8 = 1;
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

/// Notes that a family is used; does nothing if it has ended.
pub fn touch(tx: &mut dyn Tx, owner: Owner, id: FamilyId, now: Timestamp) -> Result<()> {
    if let Some(mut family) = get(tx, owner, id)? {
        family.last_used = Some(now);
        record::put(tx, &family_key(owner, id), &family);
    }
    Ok(())
}

fn all_of(from: &dyn Read, user: UserId) -> Result<Vec<(FamilyId, Family)>> {
    let prefix = KeyBytes::of(Table::Bearer).user(user);
    record::list(from, &prefix, &prefix, FAMILIES_PER_USER_MAX, |rest| {
        rest.try_into().ok().map(FamilyId)
    })
}

fn family_key(owner: Owner, id: FamilyId) -> KeyBytes {
    KeyBytes::of(Table::Bearer).user(owner.id()).tail(id.0)
}

fn given_key(fingerprint: &Fingerprint) -> KeyBytes {
    KeyBytes::of(Table::GivenBearer).tail(fingerprint)
}

#[cfg(test)]
mod tests;
