//! The end of bearer tokens: given back, taken back, over.

use super::family::Family;
use super::text::{FamilyId, Located, Owner};
use super::{FAMILIES_PER_USER_MAX, all_of, family_key, get};
use crate::clock::Timestamp;
use crate::ids::UserId;
use crate::store::Store;
use crate::store::engine::{Result, Tx, each_page};
use crate::store::keys::{KeyBytes, Table};
use crate::store::record;

/// Records that a sweep reads at once.
const PAGE_RECORDS: usize = 128;

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
    let mut removed = 0;
    each_page(store, &table, &table.end(), PAGE_RECORDS, |page| {
        let mut over = Vec::new();
        for (key, value) in page {
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
        Ok(())
    })?;
    Ok(removed)
}

/// Removes what is over of a user's families, and the one that was used longest ago if there are too many.
pub(super) fn make_room(tx: &mut dyn Tx, user: UserId, now: Timestamp) -> Result<()> {
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
