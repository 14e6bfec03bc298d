//! Reads everything that is kept and says what does not fit together: records that cannot be read, streams that do not
//! add up, counters that say something else than the streams, people without accounts. Changes nothing. What it holds in
//! memory is a few bytes for each thing and each stream.

use super::engine::{Error, Read, Result, each_page};
use super::keys::{SITE, Stream, StreamKind, Table};
use super::record::Record;
use super::things::{Object, Thing, Upload};
use super::{
    aliases, archives, bearer, blocks, clients, codes, copies, credentials, deliveries,
    guest_links, invitations, jobs, mail_codes, mails, meta, nonces, notices, pictured, pieces,
    pins, preferences, pushes, record, reports, request_tokens, sessions,
};
use super::{streams, terms, things, tokens, usage, users, visits};
use crate::ids::ThingId;
use std::collections::{BTreeMap, HashMap};

/// Pairs that are read at once.
const PAGE_PAIRS: usize = 128;

/// Findings that are told in words; the others are only counted.
const TOLD_MAX: usize = 10;

/// Above every key.
const END: [u8; 1] = [u8::MAX];

/// What was found.
#[derive(Debug, Default)]
pub struct Report {
    /// Records by table: its letter (`store/keys.rs`) and how many.
    pub records: BTreeMap<char, u64>,
    /// Records that cannot be read.
    pub damaged: Findings,
    /// Streams that do not add up.
    pub streams: Findings,
    /// Counters that differ from what they count.
    pub counters: Findings,
    /// How many streams there are.
    pub streams_len: u64,
    /// The newest thing; its id is its time in milliseconds since 1970.
    pub newest: Option<ThingId>,
    /// The uploaded files that objects name.
    pub files: Vec<Upload>,
}

/// Sentences about what is wrong, at most some of them, and how many there would be.
#[derive(Debug, Default)]
pub struct Findings {
    /// The first ones.
    pub told: Vec<String>,
    /// All.
    pub count: u64,
}

impl Findings {
    /// Adds one.
    pub fn add(&mut self, finding: String) {
        self.count += 1;
        if self.told.len() < TOLD_MAX {
            self.told.push(finding);
        }
    }
}

/// What is remembered of the first pass for the second.
#[derive(Default)]
struct Known {
    /// All things, in ascending order.
    things: Vec<ThingId>,
    streams: Vec<Stream>,
    /// What objects say of their likes, replies and shares, where it is not nothing.
    counters: HashMap<(ThingId, StreamKind), u64>,
    /// Bytes of the files that objects of each author name.
    bytes: HashMap<ThingId, u64>,
    /// What is noted of them.
    noted_bytes: Vec<(ThingId, u64)>,
}

/// Reads and compares everything in the store.
pub fn check(from: &dyn Read) -> Result<Report> {
    let mut report = Report::default();
    let mut known = Known::default();
    each(from, &mut |key, value| {
        let Some(letter) = key.first() else { return };
        *report.records.entry(char::from(*letter)).or_default() += 1;
        if let Err(error) = read(key, value, &mut known, &mut report.files) {
            let key = key.escape_ascii();
            report.damaged.add(match error {
                Error::Corrupt(why) => format!("{key}: {why}"),
                other => format!("{key}: {other}"),
            });
        }
    })?;
    report.newest = known.things.last().copied();
    report.streams_len = known.streams.len() as u64;
    for stream in std::mem::take(&mut known.streams) {
        compare(from, stream, &mut known, &mut report)?;
    }
    for ((owner, kind), said) in &known.counters {
        report.counters.add(format!(
            "thing {} counts {said} {kind:?}, and there are none",
            owner.0
        ));
    }
    for (user, noted) in &known.noted_bytes {
        let found = known.bytes.get(user).copied().unwrap_or(0);
        if *noted != found {
            report.counters.add(format!(
                "user {} is said to keep {noted} bytes of uploads, and keeps {found}; `pumphouse user quota NICKNAME` counts them \
                 anew",
                user.0
            ));
        }
    }
    let accounts = report.records.get(&char::from(Table::User as u8));
    let accounts = accounts.copied().unwrap_or(0);
    let listed = streams::total(from, Stream::of(SITE, StreamKind::Users))?;
    if accounts != listed {
        report.counters.add(format!(
            "there are {accounts} accounts, and {listed} users are listed"
        ));
    }
    Ok(report)
}

/// Visits every pair.
fn each(from: &dyn Read, visit: &mut dyn FnMut(&[u8], &[u8])) -> Result<()> {
    each_page(from, &[], &END, PAGE_PAIRS, |page| {
        page.iter().for_each(|(key, value)| visit(key, value));
        Ok(())
    })
}

/// Reads one record as what its key says it is.
fn read(key: &[u8], value: &[u8], known: &mut Known, files: &mut Vec<Upload>) -> Result<()> {
    let Some((letter, rest)) = key.split_first() else {
        return Ok(());
    };
    let is = |table: Table| *letter == table as u8;
    if is(Table::Thing) {
        let id = rest.try_into().map_err(|_| strange_key())?;
        let id = ThingId::from_bytes(id);
        known.things.push(id);
        if let Thing::Object(object) = record::decode::<Thing>(value)? {
            known.note(id, &object);
            files.extend(object.file);
        }
        return Ok(());
    }
    if let Some(table) = streams::TABLES.into_iter().find(|table| is(*table)) {
        let stream = streams::readable(table, key, value)?;
        if table == Table::StreamHead {
            known.streams.push(stream);
        }
        return Ok(());
    }
    match *letter {
        b'M' => match rest {
            b"format" => decodes::<meta::Format>(value)?,
            b"site" => decodes::<meta::Site>(value)?,
            b"nonces" => decodes::<nonces::LastRun>(value)?,
            b"registration" => decodes::<meta::Registration>(value)?,
            b"owner" => decodes::<users::Owned>(value)?,
            b"language" => decodes::<meta::SiteLanguage>(value)?,
            b"indexed" | b"films" => decodes::<meta::Indexed>(value)?,
            b"guests" => decodes::<meta::GuestSecret>(value)?,
            b"push" => decodes::<pushes::ServerKey>(value)?,
            b"welcome" => decodes::<meta::Welcome>(value)?,
            b"picture" => decodes::<meta::Picture>(value)?,
            b"proxy" => decodes::<meta::ProxySecret>(value)?,
            b"pump.io" => decodes::<meta::Moving>(value)?,
            _ => {}
        },
        _ if is(Table::Alias) => decodes::<aliases::Alias>(value)?,
        _ if is(Table::User) => decodes::<users::User>(value)?,
        _ if is(Table::Nickname) => decodes::<users::Owned>(value)?,
        _ if is(Table::Client) => decodes::<clients::Client>(value)?,
        _ if is(Table::AccessToken) => decodes::<tokens::AccessToken>(value)?,
        _ if is(Table::UserClientToken) => decodes::<tokens::Grant>(value)?,
        _ if is(Table::RequestToken) => {
            decodes::<request_tokens::RequestToken>(value)?;
        }
        _ if is(Table::Bearer) => decodes::<bearer::Family>(value)?,
        _ if is(Table::GivenBearer) => decodes::<bearer::Given>(value)?,
        _ if is(Table::Code) => decodes::<codes::Code>(value)?,
        _ if is(Table::Session) => decodes::<sessions::Session>(value)?,
        _ if is(Table::UserSession) => {}
        _ if is(Table::Invitation) => decodes::<invitations::Invitation>(value)?,
        _ if is(Table::MailCodes) => decodes::<mail_codes::Codes>(value)?,
        _ if is(Table::Mail) => match rest.first() {
            Some(&mails::QUEUE) => decodes::<mails::Mail>(value)?,
            Some(&mails::COUNT) => decodes::<mails::Waiting>(value)?,
            Some(&pushes::BROWSERS) => decodes::<pushes::Subscription>(value)?,
            Some(&pushes::QUEUE) => {}
            Some(&notices::NOTICES) => decodes::<notices::Notices>(value)?,
            _ => return Err(strange_key()),
        },
        _ if is(Table::Usage) => {
            let user = rest.try_into().map_err(|_| strange_key())?;
            let usage = record::decode::<usage::Usage>(value)?;
            known
                .noted_bytes
                .push((ThingId::from_bytes(user), usage.bytes));
        }
        _ if is(Table::Preferences) => decodes::<preferences::Preferences>(value)?,
        _ if is(Table::Pictured) => decodes::<pictured::Chunk>(value)?,
        _ if is(Table::Term) => terms::check(rest, value)?,
        _ if is(Table::GuestLink) => decodes::<guest_links::GuestLink>(value)?,
        _ if is(Table::Piece) => decodes::<pieces::Begun>(value)?,
        _ if is(Table::Report) => decodes::<reports::Report>(value)?,
        _ if is(Table::Block) => decodes::<blocks::Block>(value)?,
        _ if is(Table::Credentials) => decodes::<credentials::Credentials>(value)?,
        _ if is(Table::Visit) => match rest.first() {
            Some(&visits::VISITS) => decodes::<visits::Visit>(value)?,
            Some(&visits::JOURNEYS) => decodes::<visits::Journey>(value)?,
            _ => return Err(strange_key()),
        },
        _ if is(Table::Pin) => decodes::<pins::Pin>(value)?,
        _ if is(Table::Delivery) && key.get(1) == Some(&deliveries::HOSTS) => {
            decodes::<deliveries::Queue>(value)?;
        }
        _ if is(Table::Delivery) => decodes::<deliveries::Delivery>(value)?,
        _ if is(Table::Copy) => decodes::<copies::Held>(value)?,
        _ if is(Table::Job) => decodes::<jobs::Job>(value)?,
        _ if is(Table::Archive) => decodes::<archives::Archive>(value)?,
        _ => return Err(strange_key()),
    }
    Ok(())
}

impl Known {
    fn note(&mut self, id: ThingId, object: &Object) {
        if let (Some(author), Some(file)) = (object.author, &object.file) {
            *self.bytes.entry(author).or_default() += file.bytes;
        }
        for (kind, said) in [
            (StreamKind::Likes, object.likes),
            (StreamKind::Replies, object.replies),
            (StreamKind::Shares, object.shares),
        ] {
            if said > 0 {
                self.counters.insert((id, kind), u64::from(said));
            }
        }
    }
}

/// Compares a stream with itself, with the things that there are, and with the counter of its owner.
fn compare(from: &dyn Read, stream: Stream, known: &mut Known, report: &mut Report) -> Result<()> {
    let Stream { owner, kind } = stream;
    let name = format!("the stream {kind:?} of thing {}", owner.0);
    let entries = match streams::entries(from, stream) {
        Ok(entries) => entries,
        // Its records were told already.
        Err(Error::Corrupt(_)) => return Ok(()),
        Err(error) => return Err(error),
    };
    for finding in streams::check(from, stream, &entries)? {
        report.streams.add(format!("{name} {finding}"));
    }
    let is_known = |entry: &&ThingId| known.things.binary_search(entry).is_ok();
    let missing = entries.iter().filter(|entry| !is_known(entry)).count();
    if missing > 0 {
        report
            .streams
            .add(format!("{name} names {missing} things that are not there"));
    }
    if matches!(
        kind,
        StreamKind::Likes | StreamKind::Replies | StreamKind::Shares
    ) {
        let said = known.counters.remove(&(owner, kind)).unwrap_or(0);
        let counted = entries.len() as u64;
        if said != counted && things::object(from, owner)?.is_some() {
            report.counters.add(format!(
                "thing {} counts {said} {kind:?}, and there are {counted}",
                owner.0
            ));
        }
    }
    Ok(())
}

fn decodes<T: Record>(value: &[u8]) -> Result<()> {
    record::decode::<T>(value).map(|_| ())
}

fn strange_key() -> Error {
    Error::Corrupt("its key belongs to no table".to_owned())
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::clock::Timestamp;
    use crate::ids::{ThingId, UserId};
    use crate::store::engine::Tx as _;
    use crate::store::engine::memory::Memory;
    use crate::store::keys::{KeyBytes, SITE, Stream, StreamKind, Table};
    use crate::store::things::{Identity, Object, change_object, put_object};
    use crate::store::{streams, users};

    const NOW: Timestamp = Timestamp(1_795_217_902);
    const NOTE: ThingId = ThingId(9);
    const ANN: ThingId = ThingId(7);

    fn store() -> Memory {
        let mut store = Memory::default();
        users::add(&mut store, UserId(ANN), &users::tests::user("ann")).expect("new");
        put_object(&mut store, ANN, Object::new(Identity::Made, "person", NOW));
        put_object(&mut store, NOTE, Object::new(Identity::Made, "note", NOW));
        for (owner, kind, thing) in [
            (SITE, StreamKind::Users, ANN),
            (NOTE, StreamKind::Likes, ANN),
            (ANN, StreamKind::Favorites, NOTE),
        ] {
            streams::append(&mut store, Stream::of(owner, kind), thing).expect("writes");
        }
        for place in 0..200 {
            let id = ThingId(100 + place);
            put_object(&mut store, id, Object::new(Identity::Made, "note", NOW));
            streams::append(&mut store, Stream::of(ANN, StreamKind::Inbox), id).expect("writes");
        }
        change_object(&mut store, NOTE, |note| note.likes = 1).expect("writes");
        store
    }

    #[test]
    fn a_good_store_has_no_findings() {
        let mut store = store();
        let inbox = Stream::of(ANN, StreamKind::Inbox);
        streams::remove(&mut store, inbox, ThingId(105)).expect("writes");
        let report = check(&store).expect("reads");
        assert_eq!(report.records.get(&'T'), Some(&202));
        assert_eq!(report.newest, Some(ThingId(299)));
        for findings in [&report.damaged, &report.streams, &report.counters] {
            assert_eq!(findings.count, 0, "{findings:?}");
        }
    }

    #[test]
    fn wrong_counters_and_lost_accounts_are_found() {
        let mut store = store();
        change_object(&mut store, NOTE, |note| note.likes = 3).expect("writes");
        change_object(&mut store, ANN, |ann| ann.shares = 1).expect("writes");
        users::remove(&mut store, UserId(ANN)).expect("there");
        let found = check(&store).expect("reads").counters;
        let told = found.told.join("\n");
        assert_eq!(found.count, 3, "{told}");
        assert!(told.contains("thing 9 counts 3 Likes, and there are 1"));
        assert!(told.contains("thing 7 counts 1 Shares, and there are none"));
        assert!(told.contains("there are 0 accounts, and 1 users are listed"));
    }

    #[test]
    fn damaged_records_and_streams_are_found() {
        let mut store = store();
        let inbox = Stream::of(ANN, StreamKind::Inbox);
        store.delete(&KeyBytes::of(Table::StreamChunk).stream(inbox).descending(1));
        store.delete(
            &KeyBytes::of(Table::StreamEdge)
                .stream(Stream::of(NOTE, StreamKind::Likes))
                .thing(ANN),
        );
        store.put(&KeyBytes::of(Table::Thing).thing(ThingId(150)), b"\x01?");
        store.put(b"Zebra", b"");
        let report = check(&store).expect("reads");
        assert_eq!(report.damaged.count, 2, "{:?}", report.damaged);
        let told = report.streams.told.join("\n");
        assert!(
            told.contains("the stream Inbox of thing 7 should have 200 entries and has 136"),
            "{told}"
        );
        assert!(told.contains("the stream Likes of thing 9"), "{told}");
    }
}
