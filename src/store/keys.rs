//! Every key of the store, on one page: the first byte is the table, numbers are big-endian and of fixed width, so keys
//! sort as what they mean. Nothing else makes keys.
//!
//! ```text
//! M name                        → meta: format, base URL, site, secret of proxied addresses,
//!                                 words and picture of the first page, key for push services,
//!                                 move from pump.io
//! A uri                         → alias: the thing that an outside name means
//! T thing(6)                    → thing: an activity, object or person (things.rs)
//! U user(6)                     → user: the account of a person
//! N folded nickname             → nickname: its user, kept when the user goes
//! S stream(7)                   → head of a stream with its newest entries (streams/)
//! C stream(7) !number(4)        → chunk of older entries, newest first
//! X stream(7) !thing(6)         → anchor: the chunks that hold what came in order from a thing on
//! E stream(7) thing(6)          → edge: a thing is in a set-like stream, and where
//! R stream(7) !block(4)         → how many entries were removed from each chunk of a block
//! K client id                   → client: a registered application
//! O token                       → access token
//! P user(6) client id           → the access token of a user and a client
//! Q token                       → request token
//! H user(6) family(16)          → family of bearer tokens that came of one consent; user 0: of a client itself (bearer/)
//! B token hash(32)              → bearer token of the configuration: its family
//! G time(6) code hash(32)       → OAuth 2 code on its way to tokens
//! W session hash(32)            → browser session
//! Y user(6) session hash(32)    → the sessions of a user
//! I code                        → invitation (invitations.rs)
//! V user(6)                     → codes in links that prove a mail address or replace a password (mail_codes.rs)
//! m 0 due(8) mail(6)            → mail that waits to be sent (mails.rs)
//! m 1 user(6)                   → what a user is still to be told by mail (notices.rs)
//! m 2                           → how many mails wait
//! m 3 user(6) push(16)          → subscription: a browser that is told of what comes (pushes.rs)
//! m 4 due(8) user(6) push(16)   → a browser that is to be told
//! s user(6)                     → preferences: what a user chose for the pages (preferences.rs)
//! u user(6) upload(6)           → upload that comes in pieces, or waits to be posted (pieces.rs)
//! D user(6)                     → bytes of uploads that a user keeps (usage.rs)
//! F part(1) report(6)            → report that waits or is done (reports.rs)
//! L host or id                   → block (blocks.rs)
//! k host 0 identity             → credentials: our key at another server (credentials.rs)
//! r 0 session hash(32)          → visit: somebody of another server is logged in (visits.rs)
//! r 1 session hash(32)          → journey: somebody is on the way to log in at another server
//! p host                         → pin: the certificate of a server on the local network (pins.rs)
//! d 0 host                      → queue of a host (deliveries.rs)
//! d 1 host 0 delivery(6)        → delivery that waits
//! g 0 object(6) host             → a server that has a copy of what was made here (copies.rs)
//! g 1 person(6) follower(6)      → somebody elsewhere who was brought what the person had posted (copies.rs)
//! g 2 thing(6)                  → when the home of somebody elsewhere was asked last (askings.rs)
//! f user(6) whose(1) !month(4) !chunk(4) → posts with pictures (pictured.rs)
//! w 0 word 0 !chunk(4)          → posts with a word (terms.rs)
//! w 1 post(6)                   → post whose words are not noted yet
//! e user(6) link(6)             → guest link (guest_links.rs)
//! J due(8) job(6)               → job
//! Z user(6) way(1)              → archive: one that is made for a user, or taken from one (archives.rs)
//! ```

use crate::ids::{ThingId, UserId};

/// The tables: the first byte of every key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
#[expect(missing_docs, reason = "the table above says what each holds")]
pub enum Table {
    Meta = b'M',
    Alias = b'A',
    Thing = b'T',
    User = b'U',
    Nickname = b'N',
    StreamHead = b'S',
    StreamChunk = b'C',
    StreamAnchor = b'X',
    StreamEdge = b'E',
    StreamRemoved = b'R',
    Client = b'K',
    AccessToken = b'O',
    UserClientToken = b'P',
    RequestToken = b'Q',
    Bearer = b'H',
    GivenBearer = b'B',
    Code = b'G',
    Session = b'W',
    UserSession = b'Y',
    Invitation = b'I',
    MailCodes = b'V',
    Mail = b'm',
    Preferences = b's',
    Piece = b'u',
    Usage = b'D',
    Report = b'F',
    Block = b'L',
    Credentials = b'k',
    Pin = b'p',
    Delivery = b'd',
    Visit = b'r',
    Copy = b'g',
    Pictured = b'f',
    Term = b'w',
    GuestLink = b'e',
    Job = b'J',
    Archive = b'Z',
}

/// Which stream of its owner a stream is. The number is part of keys: never renumber.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
#[expect(missing_docs, reason = "the names are the field's (pump-api.md §0)")]
pub enum StreamKind {
    Outbox = 1,
    OutboxMajor = 2,
    OutboxMinor = 3,
    Inbox = 4,
    InboxMajor = 5,
    InboxMinor = 6,
    InboxDirect = 7,
    InboxDirectMajor = 8,
    InboxDirectMinor = 9,
    Followers = 10,
    Following = 11,
    Favorites = 12,
    Uploads = 13,
    PersonLists = 14,
    ImageLists = 15,
    OtherLists = 16,
    Replies = 17,
    Shares = 18,
    Likes = 19,
    Members = 20,
    Documents = 21,
    /// All users of the site; its owner is [`SITE`].
    Users = 22,
    /// What strangers elsewhere sent, until the user lets them in.
    Requests = 23,
    /// The strangers elsewhere whom a user has let in.
    Admitted = 24,
    /// The people elsewhere of whom a user wants to hear nothing.
    Refused = 25,
    /// What a user has deleted of what strangers elsewhere sent, or what waited in vain.
    Dismissed = 26,
    /// The posts that a user does not want to see at home any more.
    Hidden = 27,
    /// The people whose posts a user does not want to see at home.
    Muted = 28,
    /// What concerns a user: answers, likes, shares of what the user made, new followers.
    Notices = 29,
}

impl StreamKind {
    /// All of them, in the order of their numbers, which begin with 1.
    const ALL: [StreamKind; 29] = [
        StreamKind::Outbox,
        StreamKind::OutboxMajor,
        StreamKind::OutboxMinor,
        StreamKind::Inbox,
        StreamKind::InboxMajor,
        StreamKind::InboxMinor,
        StreamKind::InboxDirect,
        StreamKind::InboxDirectMajor,
        StreamKind::InboxDirectMinor,
        StreamKind::Followers,
        StreamKind::Following,
        StreamKind::Favorites,
        StreamKind::Uploads,
        StreamKind::PersonLists,
        StreamKind::ImageLists,
        StreamKind::OtherLists,
        StreamKind::Replies,
        StreamKind::Shares,
        StreamKind::Likes,
        StreamKind::Members,
        StreamKind::Documents,
        StreamKind::Users,
        StreamKind::Requests,
        StreamKind::Admitted,
        StreamKind::Refused,
        StreamKind::Dismissed,
        StreamKind::Hidden,
        StreamKind::Muted,
        StreamKind::Notices,
    ];

    /// The kind with this number.
    pub fn of(number: u8) -> Option<StreamKind> {
        let place = usize::from(number).checked_sub(1)?;
        StreamKind::ALL.get(place).copied()
    }
}

/// The owner of the site's own streams.
pub const SITE: ThingId = ThingId(0);

/// A stream: whose and which.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Stream {
    /// The person, object, list or group that the stream belongs to.
    pub owner: ThingId,
    /// Which of its streams.
    pub kind: StreamKind,
}

impl Stream {
    /// The stream `kind` of `owner`.
    pub fn of(owner: ThingId, kind: StreamKind) -> Stream {
        Stream { owner, kind }
    }

    /// Whether somebody can listen to it (`pump-api.md §7`): feeds and inboxes.
    pub fn is_listened_to(self) -> bool {
        matches!(
            self.kind,
            StreamKind::Outbox
                | StreamKind::OutboxMajor
                | StreamKind::OutboxMinor
                | StreamKind::Inbox
                | StreamKind::InboxMajor
                | StreamKind::InboxMinor
                | StreamKind::InboxDirect
                | StreamKind::InboxDirectMajor
                | StreamKind::InboxDirectMinor
        )
    }

    /// Whether every entry has an edge record: membership is asked for, entries come and go in any order.
    pub fn is_set(self) -> bool {
        matches!(
            self.kind,
            StreamKind::Followers
                | StreamKind::Following
                | StreamKind::Favorites
                | StreamKind::PersonLists
                | StreamKind::ImageLists
                | StreamKind::OtherLists
                | StreamKind::Replies
                | StreamKind::Shares
                | StreamKind::Likes
                | StreamKind::Members
                | StreamKind::Documents
                | StreamKind::Uploads
                | StreamKind::Users
                | StreamKind::Admitted
                | StreamKind::Refused
                | StreamKind::Dismissed
                | StreamKind::Hidden
                | StreamKind::Muted
        )
    }
}

/// A key under construction.
#[derive(Clone, Debug)]
pub struct KeyBytes(Vec<u8>);

impl KeyBytes {
    /// Starts a key of `table`.
    pub fn of(table: Table) -> KeyBytes {
        KeyBytes(vec![table as u8])
    }

    /// Adds a thing's id.
    pub fn thing(mut self, id: ThingId) -> KeyBytes {
        self.0.extend_from_slice(&id.bytes());
        self
    }

    /// Adds a thing's id so that larger ids sort first.
    pub fn thing_descending(mut self, id: ThingId) -> KeyBytes {
        self.0.extend(id.bytes().map(|byte| !byte));
        self
    }

    /// Adds a user's id.
    pub fn user(self, id: UserId) -> KeyBytes {
        self.thing(id.0)
    }

    /// Adds a stream.
    pub fn stream(self, stream: Stream) -> KeyBytes {
        let mut key = self.thing(stream.owner);
        key.0.push(stream.kind as u8);
        key
    }

    /// Adds a number so that larger ones sort first.
    pub fn descending(mut self, number: u32) -> KeyBytes {
        self.0.extend_from_slice(&(!number).to_be_bytes());
        self
    }

    /// Adds a number so that smaller ones sort first.
    pub fn ascending(mut self, number: u64) -> KeyBytes {
        self.0.extend_from_slice(&number.to_be_bytes());
        self
    }

    /// Adds a byte that tells parts of a table apart.
    pub fn part(mut self, number: u8) -> KeyBytes {
        self.0.push(number);
        self
    }

    /// Adds text that has no zero in it, and a zero that ends it.
    pub fn text(mut self, text: &str) -> KeyBytes {
        self.0.extend_from_slice(text.as_bytes());
        self.0.push(0);
        self
    }

    /// Adds text or bytes; only as the last part.
    pub fn tail(mut self, bytes: impl AsRef<[u8]>) -> KeyBytes {
        self.0.extend_from_slice(bytes.as_ref());
        self
    }

    /// The first key after all keys that begin with this one.
    pub fn end(&self) -> Vec<u8> {
        let mut end = self.0.clone();
        while let Some(last) = end.pop() {
            if last < u8::MAX {
                end.push(last + 1);
                break;
            }
        }
        end
    }
}

/// The id that a key ends with, whose other parts are taken off.
pub(super) fn thing_at_end(rest: &[u8]) -> Option<ThingId> {
    Some(ThingId::from_bytes(rest.try_into().ok()?))
}

/// The text that a key ends with, whose other parts are taken off.
#[expect(clippy::unnecessary_wraps, reason = "any bytes are some text")]
pub(super) fn text_at_end(rest: &[u8]) -> Option<String> {
    Some(String::from_utf8_lossy(rest).into_owned())
}

impl std::ops::Deref for KeyBytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::{KeyBytes, Stream, StreamKind, Table};
    use crate::ids::ThingId;
    use proptest::prelude::*;
    use proptest::test_runner::FileFailurePersistence;

    proptest! {
        #![proptest_config(ProptestConfig {
            failure_persistence: Some(Box::new(FileFailurePersistence::WithSource("regressions"))),
            ..ProptestConfig::default()
        })]

        #[test]
        fn keys_sort_as_what_they_are_made_of(
            ids in any::<[u16; 2]>(),
            numbers in any::<[u32; 2]>(),
            tails in any::<[[u8; 2]; 2]>(),
        ) {
            let key = |which: usize| {
                KeyBytes::of(Table::StreamChunk)
                    .thing(ThingId(ids[which].into()))
                    .descending(numbers[which])
                    .ascending(numbers[1 - which].into())
                    .tail(tails[which])
            };
            let parts = |which: usize| {
                (ids[which], !numbers[which], numbers[1 - which], tails[which])
            };
            prop_assert_eq!(key(0).cmp(&key(1)), parts(0).cmp(&parts(1)));
        }

        #[test]
        fn a_prefix_holds_its_keys_and_no_others(
            prefix in proptest::collection::vec(any::<u8>(), 0..4),
            other in proptest::collection::vec(any::<u8>(), 0..6),
        ) {
            let prefix = KeyBytes::of(Table::Thing).tail(prefix);
            let other = KeyBytes::of(Table::Thing).tail(other);
            let within = other[..] >= prefix[..] && other[..] < prefix.end()[..];
            prop_assert_eq!(within, other.starts_with(&prefix));
        }
    }

    fn chunk(number: u32) -> KeyBytes {
        let stream = Stream::of(ThingId(7), StreamKind::Inbox);
        KeyBytes::of(Table::StreamChunk)
            .stream(stream)
            .descending(number)
    }

    #[test]
    fn kinds_are_found_by_their_numbers() {
        for kind in StreamKind::ALL {
            assert_eq!(StreamKind::of(kind as u8), Some(kind));
        }
        assert_eq!(StreamKind::of(0), None);
        assert_eq!(StreamKind::of(StreamKind::ALL.len() as u8 + 1), None);
    }

    #[test]
    fn newer_chunks_sort_first() {
        assert!(chunk(2)[..] < chunk(1)[..]);
        assert!(chunk(256)[..] < chunk(255)[..]);
        assert!(chunk(u32::MAX)[..] < chunk(0)[..]);
    }

    #[test]
    fn a_prefix_ends_after_all_its_keys() {
        let stream = Stream::of(ThingId(0x00ff), StreamKind::Inbox);
        let prefix = KeyBytes::of(Table::StreamChunk).stream(stream);
        for number in [0, 1, u32::MAX] {
            let key = prefix.clone().descending(number);
            assert!(key[..] >= prefix[..] && key[..] < prefix.end()[..]);
        }
        let other = KeyBytes::of(Table::StreamChunk)
            .stream(Stream::of(ThingId(0x0100), StreamKind::Outbox));
        assert!(other[..] >= prefix.end()[..]);
    }

    #[test]
    fn things_sort_by_id_and_descending_ones_backwards() {
        let up = |id| KeyBytes::of(Table::Thing).thing(ThingId(id));
        let down = |id| KeyBytes::of(Table::StreamAnchor).thing_descending(ThingId(id));
        assert!(up(1)[..] < up(256)[..] && up(256)[..] < up(1 << 47)[..]);
        assert!(down(256)[..] < down(1)[..]);
    }
}
