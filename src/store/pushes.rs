//! Browsers that are told by Web Push (RFC 8030) of what came for their user, and what each is still to be told. A push service
//! that is away holds up nobody else: every browser has its own place in the queue, at most once.

use super::engine::{Read, Result, Tx};
use super::keys::{KeyBytes, Table};
use super::record::{self, Record};
use super::sessions::Fingerprint;
use crate::clock::Timestamp;
use crate::ids::{ThingId, UserId};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Most browsers of one user; the oldest goes when one more comes.
pub const PER_USER_MAX: usize = 10;

/// Most activities that one message tells of; of the others it tells the number.
pub const NAMED_MAX: usize = 20;

/// Bytes of the id of a browser.
const ID_BYTES: usize = 16;

/// The id of a browser among those of its user: a part of the hash of the address where it is told.
pub type PushId = [u8; ID_BYTES];

/// A browser that is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subscription {
    /// Where messages for it are sent.
    pub endpoint: String,
    /// Its public key (RFC 8291 §2): a point on P-256, uncompressed.
    pub key: Vec<u8>,
    /// The secret that it shares with this server.
    pub secret: [u8; 16],
    /// What it says it is.
    pub browser: String,
    /// Since when.
    pub created: Timestamp,
    /// In which session it was switched on: it is told as long as its user is logged in there.
    pub session: Fingerprint,
    /// What it is still to be told.
    pub waiting: Vec<ThingId>,
    /// How many others there are.
    pub more: u32,
    /// Whether its user wants to see that it works.
    pub is_tried: bool,
    /// Its place in the queue, while something waits.
    pub due: Option<Timestamp>,
    /// How often in a row it could not be told.
    pub tries: u8,
}

impl Record for Subscription {
    const NAME: &'static str = "subscription";
    const VERSION: u8 = 1;
}

/// The pair of keys by which push services know this server (RFC 8292), as PKCS #8.
#[derive(Serialize, Deserialize)]
pub(super) struct ServerKey(Vec<u8>);

impl Record for ServerKey {
    const NAME: &'static str = "key for push services";
    const VERSION: u8 = 1;
}

impl Subscription {
    /// The id of a browser that is told at an address.
    pub fn id(endpoint: &str) -> PushId {
        let hash: [u8; 32] = Sha256::digest(endpoint).into();
        let mut id = [0; ID_BYTES];
        id.copy_from_slice(hash.get(..ID_BYTES).unwrap_or(&[0; ID_BYTES]));
        id
    }
}

/// The browser of a user with an id.
pub fn get(from: &dyn Read, user: UserId, id: &PushId) -> Result<Option<Subscription>> {
    record::get(from, &key(user).tail(id))
}

/// The browsers of a user, the newest first.
pub fn list(from: &dyn Read, user: UserId) -> Result<Vec<(PushId, Subscription)>> {
    let table = key(user);
    let mut all = Vec::new();
    for (found, value) in from.scan(&table, &table.end(), PER_USER_MAX)? {
        let (_, id) = found.split_at(table.len());
        if let Ok(id) = PushId::try_from(id) {
            all.push((id, record::decode::<Subscription>(&value)?));
        }
    }
    all.sort_by_key(|(_, subscription)| std::cmp::Reverse(subscription.created));
    Ok(all)
}

/// Adds a browser, or renews its keys; then what waits for it goes on waiting.
pub fn add(tx: &mut dyn Tx, user: UserId, subscription: &Subscription) -> Result<()> {
    let id = Subscription::id(&subscription.endpoint);
    if let Some(known) = get(tx, user, &id)? {
        let renewed = Subscription {
            key: subscription.key.clone(),
            secret: subscription.secret,
            session: subscription.session,
            ..known
        };
        record::put(tx, &key(user).tail(id), &renewed);
        return Ok(());
    }
    for (oldest, _) in list(tx, user)?.iter().skip(PER_USER_MAX - 1) {
        remove(tx, user, oldest)?;
    }
    record::put(tx, &key(user).tail(id), subscription);
    Ok(())
}

/// Forgets a browser, with what waits for it; answers whether it was there.
pub fn remove(tx: &mut dyn Tx, user: UserId, id: &PushId) -> Result<bool> {
    let Some(known) = get(tx, user, id)? else {
        return Ok(false);
    };
    if let Some(due) = known.due {
        tx.delete(&queue_key(due, user, id));
    }
    tx.delete(&key(user).tail(id));
    Ok(true)
}

/// Notes that a browser goes on in another session, because it has logged in anew.
pub fn follow(
    tx: &mut dyn Tx,
    user: UserId,
    before: &Fingerprint,
    after: &Fingerprint,
) -> Result<()> {
    for (id, mut subscription) in list(tx, user)? {
        if subscription.session == *before {
            subscription.session = *after;
            record::put(tx, &key(user).tail(id), &subscription);
        }
    }
    Ok(())
}

/// Forgets all browsers of a user.
pub fn forget(tx: &mut dyn Tx, user: UserId) -> Result<()> {
    for (id, _) in list(tx, user)? {
        remove(tx, user, &id)?;
    }
    Ok(())
}

/// Notes an activity of which a user is to be told in all browsers; answers whether there are any.
pub fn note(tx: &mut dyn Tx, user: UserId, activity: ThingId, now: Timestamp) -> Result<bool> {
    let all = list(tx, user)?;
    for (id, mut subscription) in all.iter().cloned() {
        if subscription.waiting.contains(&activity) {
            continue;
        }
        if subscription.waiting.len() < NAMED_MAX {
            subscription.waiting.push(activity);
        } else {
            subscription.more = subscription.more.saturating_add(1);
        }
        queue(tx, user, &id, &mut subscription, now);
    }
    Ok(!all.is_empty())
}

/// Notes that a user wants to see whether a browser is told; answers whether it is known.
pub fn try_out(tx: &mut dyn Tx, user: UserId, id: &PushId, now: Timestamp) -> Result<bool> {
    let Some(mut subscription) = get(tx, user, id)? else {
        return Ok(false);
    };
    subscription.is_tried = true;
    queue(tx, user, id, &mut subscription, now);
    Ok(true)
}

/// The browser that is due first.
pub fn next(from: &dyn Read) -> Result<Option<(Timestamp, UserId, PushId)>> {
    let table = KeyBytes::of(Table::Mail).part(QUEUE);
    let first = from.scan(&table, &table.end(), 1)?.into_iter().next();
    Ok(first.and_then(|(key, _)| {
        let (_, rest) = key.split_at_checked(table.len())?;
        let (due, rest) = rest.split_first_chunk::<8>()?;
        let (user, id) = rest.split_first_chunk::<6>()?;
        let due = i64::try_from(u64::from_be_bytes(*due)).unwrap_or(i64::MAX);
        let user = UserId(ThingId::from_bytes(*user));
        Some((Timestamp(due), user, PushId::try_from(id).ok()?))
    }))
}

/// Takes a place out of the queue that belongs to nobody.
pub fn drop_place(tx: &mut dyn Tx, due: Timestamp, user: UserId, id: &PushId) {
    tx.delete(&queue_key(due, user, id));
}

/// Notes that a browser was told what waited in `told`; what came meanwhile is told next.
pub fn settle(
    tx: &mut dyn Tx,
    user: UserId,
    id: &PushId,
    told: &Subscription,
    now: Timestamp,
) -> Result<()> {
    let Some(mut subscription) = get(tx, user, id)? else {
        return Ok(());
    };
    unqueue(tx, user, id, &mut subscription);
    subscription
        .waiting
        .retain(|one| !told.waiting.contains(one));
    subscription.more = subscription.more.saturating_sub(told.more);
    subscription.is_tried = false;
    subscription.tries = 0;
    match subscription.waiting.is_empty() && subscription.more == 0 {
        true => record::put(tx, &key(user).tail(id), &subscription),
        false => queue(tx, user, id, &mut subscription, now),
    }
    Ok(())
}

/// Puts a browser off that could not be told.
pub fn put_off(tx: &mut dyn Tx, user: UserId, id: &PushId, until: Timestamp) -> Result<()> {
    let Some(mut subscription) = get(tx, user, id)? else {
        return Ok(());
    };
    unqueue(tx, user, id, &mut subscription);
    subscription.tries = subscription.tries.saturating_add(1);
    queue(tx, user, id, &mut subscription, until);
    Ok(())
}

/// The pair of keys by which push services know this server, if it was made.
pub fn server_key(from: &dyn Read) -> Result<Option<Vec<u8>>> {
    let known: Option<ServerKey> = record::get(from, &server_key_key())?;
    Ok(known.map(|ServerKey(pair)| pair))
}

/// Keeps that pair, for good.
pub fn put_server_key(tx: &mut dyn Tx, pair: &[u8]) {
    record::put(tx, &server_key_key(), &ServerKey(pair.to_vec()));
}

fn queue(
    tx: &mut dyn Tx,
    user: UserId,
    id: &PushId,
    subscription: &mut Subscription,
    due: Timestamp,
) {
    if subscription.due.is_none() {
        subscription.due = Some(due);
        tx.put(&queue_key(due, user, id), &[]);
    }
    record::put(tx, &key(user).tail(id), subscription);
}

fn unqueue(tx: &mut dyn Tx, user: UserId, id: &PushId, subscription: &mut Subscription) {
    if let Some(due) = subscription.due.take() {
        tx.delete(&queue_key(due, user, id));
    }
}

/// The part of the table of mails that holds the browsers.
pub(super) const BROWSERS: u8 = 3;

/// The part of the table of mails that holds their queue.
pub(super) const QUEUE: u8 = 4;

fn key(user: UserId) -> KeyBytes {
    KeyBytes::of(Table::Mail).part(BROWSERS).user(user)
}

fn queue_key(due: Timestamp, user: UserId, id: &PushId) -> KeyBytes {
    let due = u64::try_from(due.0).unwrap_or(0);
    let place = KeyBytes::of(Table::Mail).part(QUEUE).ascending(due);
    place.user(user).tail(id)
}

fn server_key_key() -> KeyBytes {
    KeyBytes::of(Table::Meta).tail("push")
}

#[cfg(test)]
mod tests {
    use super::{NAMED_MAX, PER_USER_MAX, Subscription};
    use crate::clock::Timestamp;
    use crate::ids::{ThingId, UserId};
    use crate::store::engine::memory::Memory;

    const ANN: UserId = UserId(ThingId(1));
    const NOW: Timestamp = Timestamp(1_795_217_902);

    fn subscription(number: usize) -> Subscription {
        Subscription {
            endpoint: format!("https://push.test/{number}"),
            key: vec![4; 65],
            secret: [7; 16],
            browser: String::new(),
            created: Timestamp(NOW.0 + i64::try_from(number).expect("small")),
            session: [1; 32],
            waiting: Vec::new(),
            more: 0,
            is_tried: false,
            due: None,
            tries: 0,
        }
    }

    #[test]
    fn a_user_has_some_browsers_and_the_oldest_goes() {
        let mut memory = Memory::default();
        for number in 0..=PER_USER_MAX {
            super::add(&mut memory, ANN, &subscription(number)).expect("kept");
            super::note(&mut memory, ANN, ThingId(7), NOW).expect("noted");
        }
        let all = super::list(&memory, ANN).expect("readable");
        assert_eq!(all.len(), PER_USER_MAX);
        assert_eq!(all[0].1.endpoint, subscription(PER_USER_MAX).endpoint);
        assert!(
            all.iter()
                .all(|(_, one)| one.endpoint != subscription(0).endpoint)
        );
        super::forget(&mut memory, ANN).expect("gone");
        assert_eq!(memory.records(), 0);
    }

    #[test]
    fn what_came_while_a_message_was_on_its_way_is_told_next() {
        let mut memory = Memory::default();
        super::add(&mut memory, ANN, &subscription(1)).expect("kept");
        for activity in 0..NAMED_MAX as u64 + 5 {
            super::note(&mut memory, ANN, ThingId(activity), NOW).expect("noted");
        }
        let (due, user, id) = super::next(&memory).expect("readable").expect("due");
        assert_eq!((due, user), (NOW, ANN));
        let told = super::get(&memory, ANN, &id)
            .expect("readable")
            .expect("there");
        assert_eq!((told.waiting.len(), told.more), (NAMED_MAX, 5));
        super::put_off(&mut memory, ANN, &id, Timestamp(NOW.0 + 60)).expect("put off");
        super::note(&mut memory, ANN, ThingId(1000), NOW).expect("noted");
        let next = super::next(&memory).expect("readable").expect("due");
        assert_eq!(next.0, Timestamp(NOW.0 + 60));
        super::settle(&mut memory, ANN, &id, &told, NOW).expect("settled");
        let left = super::get(&memory, ANN, &id)
            .expect("readable")
            .expect("there");
        assert_eq!((left.waiting.len(), left.more, left.tries), (0, 1, 0));
        super::settle(&mut memory, ANN, &id, &left, NOW).expect("settled");
        assert!(super::next(&memory).expect("readable").is_none());
    }
}
