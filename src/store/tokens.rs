//! Access tokens: which user a client may speak for (`pump-api.md §2.4`). A client that a user authorised gets the same
//! token however often it asks; registration and login by the API make further ones. All tokens of a user and a client
//! hang together in one grant, so that they can be shown and taken back together.

use super::engine::{Read, Result, Tx};
use super::keys::{KeyBytes, Table, text_at_end};
use super::record::{self, Record};
use crate::clock::Timestamp;
use crate::ids::{UserId, random_text};
use serde::{Deserialize, Serialize};

/// Most tokens of one user and one client; the oldest but the first goes when one more is made.
pub const TOKENS_PER_GRANT_MAX: usize = 16;

/// Most places that one grant remembers to have sent the user back to.
pub const ORIGINS_PER_GRANT_MAX: usize = 16;

/// How old "last used" may become before it is written again, in seconds.
pub const TOUCH_SECS: i64 = 3600;

/// A token and its secret, as the client gets them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    /// The token.
    pub token: String,
    /// Its secret; requests are signed with it.
    pub secret: String,
}

impl Pair {
    /// A pair that nobody can guess, of 22 and 43 characters.
    pub fn random() -> Pair {
        Pair {
            token: random_text::<16>(),
            secret: random_text::<32>(),
        }
    }
}

/// What is kept of an access token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessToken {
    /// Its secret; empty once its user is gone.
    pub secret: String,
    /// The id of the client that holds it.
    pub client: String,
    /// The user that the client speaks for.
    pub user: UserId,
    /// When it was made.
    pub created: Timestamp,
    /// When it was last used, within [`TOUCH_SECS`].
    pub last_used: Option<Timestamp>,
}

/// What version 1 of an access token held.
#[derive(Deserialize)]
struct AccessTokenBefore {
    secret: String,
    client: String,
    user: UserId,
    created: Timestamp,
}

impl From<AccessTokenBefore> for AccessToken {
    fn from(before: AccessTokenBefore) -> AccessToken {
        AccessToken {
            secret: before.secret,
            client: before.client,
            user: before.user,
            created: before.created,
            last_used: None,
        }
    }
}

/// What one user has granted to one client.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// The tokens, oldest first; the first is the one that authorising gives.
    pub tokens: Vec<String>,
    /// Where the user agreed to be sent back to: `oob`, or scheme and authority of a callback.
    pub origins: Vec<String>,
}

impl Record for AccessToken {
    const NAME: &'static str = "access token";
    const VERSION: u8 = 2;

    fn predecessor(version: u8, body: &[u8]) -> Option<AccessToken> {
        match version {
            1 => postcard::from_bytes::<AccessTokenBefore>(body)
                .ok()
                .map(AccessToken::from),
            _ => None,
        }
    }
}

impl Record for Grant {
    const NAME: &'static str = "grant";
    const VERSION: u8 = 1;
}

impl AccessToken {
    /// Whether its use now is worth noting.
    pub fn is_to_be_noted(&self, now: Timestamp) -> bool {
        self.last_used
            .is_none_or(|used| now.secs_since(used) >= TOUCH_SECS)
    }
}

/// What is kept of an access token.
pub fn get(from: &dyn Read, token: &str) -> Result<Option<AccessToken>> {
    record::get(from, &token_key(token))
}

/// What `user` has granted to `client`.
pub fn granted(from: &dyn Read, user: UserId, client: &str) -> Result<Option<Grant>> {
    record::get(from, &grant_key(user, client))
}

/// The clients that `user` has granted something to, with the grants; at most `limit`.
pub fn grants_of(from: &dyn Read, user: UserId, limit: usize) -> Result<Vec<(String, Grant)>> {
    let prefix = KeyBytes::of(Table::UserClientToken).user(user);
    record::list(from, &prefix, &prefix, limit, text_at_end)
}

/// The token of an authorisation: the first that the client has for the user, else `fresh`. Remembers `origin` as agreed.
pub fn authorise(
    tx: &mut dyn Tx,
    user: UserId,
    client: &str,
    origin: &str,
    fresh: &Pair,
    now: Timestamp,
) -> Result<Pair> {
    let mut grant = granted(tx, user, client)?.unwrap_or_default();
    if !grant.origins.iter().any(|known| known == origin) {
        if grant.origins.len() >= ORIGINS_PER_GRANT_MAX {
            grant.origins.remove(0);
        }
        grant.origins.push(origin.to_owned());
    }
    let kept = match grant.tokens.first() {
        Some(first) => get(tx, first)?.map(|known| Pair {
            token: first.clone(),
            secret: known.secret,
        }),
        None => None,
    };
    let pair = match kept {
        Some(pair) => pair,
        None => {
            add_to(tx, &mut grant, user, client, fresh, now);
            fresh.clone()
        }
    };
    record::put(tx, &grant_key(user, client), &grant);
    Ok(pair)
}

/// A further token for a user who has just proved a password to the client, or a token that the configuration gives:
/// keeps `pair`. A token that is known already stays as it is.
pub fn add(tx: &mut dyn Tx, user: UserId, client: &str, pair: &Pair, now: Timestamp) -> Result<()> {
    if get(tx, &pair.token)?.is_some() {
        return Ok(());
    }
    let mut grant = granted(tx, user, client)?.unwrap_or_default();
    add_to(tx, &mut grant, user, client, pair, now);
    record::put(tx, &grant_key(user, client), &grant);
    Ok(())
}

/// Notes that a token is used; does nothing if it has ended.
pub fn touch(tx: &mut dyn Tx, token: &str, now: Timestamp) -> Result<()> {
    if let Some(mut known) = get(tx, token)? {
        known.last_used = Some(now);
        record::put(tx, &token_key(token), &known);
    }
    Ok(())
}

/// Takes back everything that `user` granted to `client`.
pub fn revoke(tx: &mut dyn Tx, user: UserId, client: &str) -> Result<()> {
    if let Some(grant) = granted(tx, user, client)? {
        for token in &grant.tokens {
            tx.delete(&token_key(token));
        }
        tx.delete(&grant_key(user, client));
    }
    Ok(())
}

/// Takes the secrets from at most `limit` grants of a user who is gone, and the grants with them; answers how many there
/// were. The tokens stay known, without secrets: who still uses one is told that it has ended, and not that it never was.
pub fn deaden(tx: &mut dyn Tx, user: UserId, limit: usize) -> Result<usize> {
    let grants = grants_of(tx, user, limit)?;
    for (client, grant) in &grants {
        for token in &grant.tokens {
            if let Some(mut known) = get(tx, token)? {
                known.secret.clear();
                record::put(tx, &token_key(token), &known);
            }
        }
        tx.delete(&grant_key(user, client));
    }
    Ok(grants.len())
}

/// Takes back everything that `user` granted to anybody.
pub fn revoke_all(tx: &mut dyn Tx, user: UserId) -> Result<()> {
    loop {
        let grants = grants_of(tx, user, TOKENS_PER_GRANT_MAX)?;
        if grants.is_empty() {
            return Ok(());
        }
        for (client, _) in grants {
            revoke(tx, user, &client)?;
        }
    }
}

fn add_to(
    tx: &mut dyn Tx,
    grant: &mut Grant,
    user: UserId,
    client: &str,
    pair: &Pair,
    now: Timestamp,
) {
    if grant.tokens.len() >= TOKENS_PER_GRANT_MAX {
        let oldest = grant.tokens.remove(1);
        tx.delete(&token_key(&oldest));
    }
    grant.tokens.push(pair.token.clone());
    let token = AccessToken {
        secret: pair.secret.clone(),
        client: client.to_owned(),
        user,
        created: now,
        last_used: None,
    };
    record::put(tx, &token_key(&pair.token), &token);
}

fn token_key(token: &str) -> KeyBytes {
    KeyBytes::of(Table::AccessToken).tail(token)
}

fn grant_key(user: UserId, client: &str) -> KeyBytes {
    KeyBytes::of(Table::UserClientToken).user(user).tail(client)
}

#[cfg(test)]
mod tests {
    use super::{AccessToken, Pair, TOKENS_PER_GRANT_MAX, TOUCH_SECS};
    use crate::clock::Timestamp;
    use crate::ids::{ThingId, UserId};
    use crate::store::engine::memory::Memory;
    use crate::store::record;

    const ANN: UserId = UserId(ThingId(1));
    const NOW: Timestamp = Timestamp(1_795_217_902);

    #[test]
    fn authorising_again_gives_the_same_pair_and_login_another_one() {
        let mut memory = Memory::default();
        let mut authorise = || super::authorise(&mut memory, ANN, "c", "oob", &Pair::random(), NOW);
        let first = authorise().expect("kept");
        assert_eq!(authorise().expect("kept"), first);
        let other = Pair::random();
        super::add(&mut memory, ANN, "c", &other, NOW).expect("kept");
        for pair in [&first, &other] {
            let kept = super::get(&memory, &pair.token).expect("readable");
            assert_eq!(kept.map(|token| token.secret).as_ref(), Some(&pair.secret));
        }
        let grant = super::granted(&memory, ANN, "c").expect("readable");
        assert_eq!(grant.map(|grant| grant.tokens.len()), Some(2));
    }

    #[test]
    fn a_token_of_an_older_release_is_read_and_its_use_is_noted_now_and_then() {
        let mut memory = Memory::default();
        let pair = Pair::random();
        super::add(&mut memory, ANN, "c", &pair, NOW).expect("kept");
        let get = |memory: &Memory| {
            let known = super::get(memory, &pair.token).expect("readable");
            known.expect("there")
        };
        let written = record::encode(&get(&memory));
        // Version 1 ended before the last member.
        let (_, body) = written.split_first().expect("a version and a body");
        let before = [&[1], body.strip_suffix(&[0]).expect("the default")].concat();
        let read: AccessToken = record::decode(&before).expect("readable");
        assert_eq!(read, get(&memory));
        assert!(read.is_to_be_noted(NOW));
        super::touch(&mut memory, &pair.token, NOW).expect("kept");
        let later = |secs| Timestamp(NOW.0 + secs);
        assert!(!get(&memory).is_to_be_noted(later(TOUCH_SECS - 1)));
        assert!(get(&memory).is_to_be_noted(later(TOUCH_SECS)));
        super::touch(&mut memory, "nope", NOW).expect("nothing to do");
    }

    #[test]
    fn many_logins_do_not_fill_the_store() {
        let mut memory = Memory::default();
        let first = Pair::random();
        super::add(&mut memory, ANN, "c", &first, NOW).expect("kept");
        for _ in 0..3 * TOKENS_PER_GRANT_MAX {
            super::add(&mut memory, ANN, "c", &Pair::random(), NOW).expect("kept");
        }
        assert_eq!(memory.records(), TOKENS_PER_GRANT_MAX + 1);
        let kept = super::get(&memory, &first.token).expect("readable");
        assert!(kept.is_some(), "the token that authorising gives stays");
    }

    #[test]
    fn what_a_user_takes_back_is_gone_and_others_keep_theirs() {
        let mut memory = Memory::default();
        let ben = UserId(ThingId(2));
        let bens = Pair::random();
        super::add(&mut memory, ben, "c", &bens, NOW).expect("kept");
        for client in ["c", "d"] {
            super::add(&mut memory, ANN, client, &Pair::random(), NOW).expect("kept");
        }
        assert_eq!(
            super::grants_of(&memory, ANN, 10).expect("readable").len(),
            2
        );
        super::revoke(&mut memory, ANN, "c").expect("gone");
        assert_eq!(
            super::grants_of(&memory, ANN, 10).expect("readable").len(),
            1
        );
        super::revoke_all(&mut memory, ANN).expect("gone");
        assert_eq!(
            memory.records(),
            2,
            "the token and the grant of the other user"
        );
        assert!(
            super::get(&memory, &bens.token)
                .expect("readable")
                .is_some()
        );
    }
}
