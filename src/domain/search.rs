//! Search over what somebody may see: posts by the beginnings of their words, people by name, tags. Words are noted by a job a
//! few seconds after a post was made or changed (`store/terms.rs`); what still waits for it is looked at itself. Whatever
//! the index says, a post is found only if it is there, has the words, and may be read by who asks.

use crate::app::App;
use crate::clock::Timestamp;
use crate::domain::access::{self, Viewer};
use crate::domain::activities::parts;
use crate::domain::documents::display_name;
use crate::domain::{photos, words};
use crate::html;
use crate::ids::ThingId;
use crate::store::engine::{Read, Result, Tx};
use crate::store::jobs::{self, Job};
use crate::store::keys::{SITE, Stream, StreamKind};
use crate::store::meta;
use crate::store::streams::{self, Start};
use crate::store::terms::{self, Like};
use crate::store::things::{self, Identity, Object, Thing};
use crate::wire::draft::{Members, members_of};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Longest text that is looked for, in bytes.
pub const QUERY_BYTES_MAX: usize = 200;

/// Most words of one query; the others do not count.
const QUERY_WORDS_MAX: usize = 8;

/// How long a post waits until its words are noted together with those of others, in seconds.
const NOTE_AFTER_SECS: i64 = 5;

/// Posts whose words one write notes.
const POSTS_PER_WRITE: usize = 256;

/// Things of older releases that one run of the job looks at.
const THINGS_PER_RUN: usize = 1000;

/// Records of the index that one query reads.
const RECORDS_MAX: usize = 512;

/// Posts that one page looks at.
const LOOKED_AT_MAX: usize = 2000;

/// People of each kind that are looked at.
const PEOPLE_LOOKED_AT: usize = 2000;

/// Tags that are looked at for a beginning, and the newest posts of each.
const TAGS_LOOKED_AT: usize = 20;
const TAG_POSTS_LOOKED_AT: usize = 50;

/// What is looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    words: Vec<String>,
    /// Whether the words are whole, not only beginnings.
    is_whole: bool,
}

/// A page of posts that were found, newest first.
#[derive(Debug, Default)]
pub struct Found {
    /// The posts.
    pub posts: Vec<(ThingId, Object)>,
    /// The last post that was looked at, if there may be more.
    pub before: Option<ThingId>,
}

impl Query {
    /// What somebody typed; nothing if it has no word that can be looked for.
    pub fn typed(text: &str) -> Option<Query> {
        let mut found = BTreeSet::new();
        words::collect(text, &mut found);
        // Of a tag the word alone says less.
        let tags: Vec<String> = found
            .iter()
            .filter_map(|word| word.strip_prefix('#').map(str::to_owned))
            .collect();
        found.retain(|word| !tags.contains(word));
        let words: Vec<String> = found.into_iter().take(QUERY_WORDS_MAX).collect();
        (!words.is_empty()).then_some(Query {
            words,
            is_whole: false,
        })
    }

    /// A tag, with or without its sign; nothing if it is none.
    pub fn tag(text: &str) -> Option<Query> {
        words::one(text).map(|word| Query {
            words: vec![format!("#{word}")],
            is_whole: true,
        })
    }

    fn likes(&self) -> impl Iterator<Item = Like<'_>> {
        self.words.iter().map(|word| match self.is_whole {
            true => Like::Word(word),
            false => Like::Beginning(word),
        })
    }

    /// Whether words have all that is looked for.
    fn fits(&self, words: &BTreeSet<String>) -> bool {
        self.words.iter().all(|wanted| match self.is_whole {
            true => words.contains(wanted),
            false => {
                let mut from = words.range(wanted.clone()..);
                from.next().is_some_and(|word| word.starts_with(wanted))
            }
        })
    }
}

/// Lets a post that was made or changed be found: its words are noted soon. Nothing happens for what cannot be found.
pub fn note(app: &App, tx: &mut dyn Tx, post: ThingId, now: Timestamp) -> Result<()> {
    if !things::object(tx, post)?.is_some_and(|object| is_found(&object)) {
        return Ok(());
    }
    let is_first = terms::waiting(tx, 1)?.is_empty();
    terms::wait(tx, post);
    match is_first {
        true => {
            let due = Timestamp(now.0 + NOTE_AFTER_SECS);
            jobs::add(tx, app.store.fresh_id(), due, &Job::NoteWords)
        }
        false => Ok(()),
    }
}

/// Lets a post not be found by what it says now: it is about to change, or to go.
pub fn forget(app: &App, tx: &mut dyn Tx, post: ThingId, object: &Object) -> Result<()> {
    for word in words_of(app, tx, object)? {
        terms::remove(tx, &word, post)?;
    }
    terms::wait_no_more(tx, post);
    Ok(())
}

/// The job: notes the words of posts that wait, and leaves a job if there are still more.
pub fn note_words(app: &App, now: Timestamp) -> Result<()> {
    app.store.write(|tx| {
        let waiting = terms::waiting(tx, POSTS_PER_WRITE)?;
        let mut all: BTreeMap<String, Vec<ThingId>> = BTreeMap::new();
        for post in &waiting {
            if let Some(object) = things::object(tx, *post)? {
                for word in words_of(app, tx, &object)? {
                    all.entry(word).or_default().push(*post);
                }
            }
            terms::wait_no_more(tx, *post);
        }
        for (word, posts) in &all {
            terms::add(tx, word, posts)?;
        }
        match waiting.len() == POSTS_PER_WRITE {
            true => jobs::add(tx, app.store.fresh_id(), now, &Job::NoteWords),
            false => Ok(()),
        }
    })
}

/// Sees to it that what older releases stored is found: once for each store.
pub fn begin(app: &App, now: Timestamp) -> Result<()> {
    if meta::is_indexed(&app.store)? {
        return Ok(());
    }
    app.store.write(|tx| {
        meta::mark_indexed(tx);
        let after = ThingId(0);
        jobs::add(tx, app.store.fresh_id(), now, &Job::Index { after })
    })
}

/// The job: lets things that were stored before be found, a bounded piece at a time, and leaves a job for the rest.
pub fn index(app: &App, after: ThingId, now: Timestamp) -> Result<()> {
    let page = things::after(&app.store, after, THINGS_PER_RUN)?;
    let is_end = page.len() < THINGS_PER_RUN;
    let Some(last) = page.last().map(|(id, _)| *id) else {
        return Ok(());
    };
    app.store.write(|tx| {
        for (id, thing) in &page {
            let Thing::Object(object) = thing else {
                continue;
            };
            if object.nickname().is_some() {
                let gather = Job::GatherPhotos {
                    person: *id,
                    before: None,
                };
                jobs::add(tx, app.store.fresh_id(), now, &gather)?;
            } else if let Some(post) = object.post
                && things::activity(tx, post)?.is_some_and(|post| post.object == *id)
            {
                // What came with a post is found by it.
                note(app, tx, *id, now)?;
            }
        }
        match is_end {
            true => Ok(()),
            false => jobs::add(tx, app.store.fresh_id(), now, &Job::Index { after: last }),
        }
    })
}

/// A page of posts that fit and that the viewer may read; with `before` those that are older than it.
pub fn posts(
    app: &App,
    viewer: Viewer,
    query: &Query,
    before: Option<ThingId>,
    count: usize,
) -> Result<Found> {
    let from = &app.store;
    let mut candidates: Option<Vec<ThingId>> = None;
    for like in query.likes() {
        let posts = terms::posts(from, like, RECORDS_MAX / query.words.len())?;
        candidates = Some(match candidates {
            None => posts,
            Some(mut both) => {
                both.retain(|post| posts.binary_search_by(|other| post.cmp(other)).is_ok());
                both
            }
        });
    }
    let mut candidates = candidates.unwrap_or_default();
    candidates.extend(terms::waiting(from, POSTS_PER_WRITE)?);
    candidates.sort_unstable_by(|one, other| other.cmp(one));
    candidates.dedup();
    candidates.retain(|post| before.is_none_or(|before| *post < before));
    let mut found = Found::default();
    for (looked_at, post) in candidates.into_iter().enumerate() {
        if found.posts.len() == count || looked_at == LOOKED_AT_MAX {
            return Ok(found);
        }
        found.before = Some(post);
        if let Some(object) = things::object(from, post)?
            && is_found(&object)
            && access::may_fetch(from, viewer, &object)?
            && query.fits(&words_of(app, from, &object)?)
        {
            found.posts.push((post, object));
        }
    }
    found.before = None;
    Ok(found)
}

/// Tags that begin so and stand in something that the viewer may read, at most `count`.
pub fn tags(app: &App, viewer: Viewer, beginning: &str, count: usize) -> Result<Vec<String>> {
    let Some(word) = words::one(beginning) else {
        return Ok(Vec::new());
    };
    let mut found = Vec::new();
    for tag in terms::words(&app.store, &format!("#{word}"), TAGS_LOOKED_AT)? {
        if found.len() == count {
            break;
        }
        let query = Query {
            words: vec![tag],
            is_whole: true,
        };
        if is_seen(app, viewer, &query)? {
            let tag = query.words.into_iter().next().unwrap_or_default();
            found.push(tag.trim_start_matches('#').to_owned());
        }
    }
    Ok(found)
}

/// Whether one of the newest posts of a tag may be read.
fn is_seen(app: &App, viewer: Viewer, query: &Query) -> Result<bool> {
    let from = &app.store;
    for like in query.likes() {
        for post in terms::posts(from, like, 1)?.into_iter().take(TAG_POSTS_LOOKED_AT) {
            if let Some(object) = things::object(from, post)?
                && is_found(&object)
                && access::may_fetch(from, viewer, &object)?
                && query.fits(&words_of(app, from, &object)?)
            {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

/// The people whose name, nickname or address has all the words, among those with whom somebody has to do and those who are here.
pub fn people(app: &App, me: ThingId, text: &str, count: usize) -> Result<Vec<ThingId>> {
    let from = &app.store;
    let Some(query) = Query::typed(text) else {
        return Ok(Vec::new());
    };
    let mut found: Vec<ThingId> = Vec::new();
    for stream in [
        Stream::of(me, StreamKind::Following),
        Stream::of(me, StreamKind::Followers),
        Stream::of(SITE, StreamKind::Users),
    ] {
        let ids = streams::page(from, stream, Start::Newest, PEOPLE_LOOKED_AT)?;
        for id in ids.unwrap_or_default() {
            if found.len() == count {
                return Ok(found);
            }
            let person = things::object(from, id)?.filter(|person| person.deleted.is_none());
            if let Some(person) = person
                && !found.contains(&id)
                && query.fits(&names_of(&person))
            {
                found.push(id);
            }
        }
    }
    Ok(found)
}

/// The words by which somebody is found.
fn names_of(person: &Object) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    if let Some(name) = display_name(person) {
        words::collect(&name, &mut names);
    }
    if let Some(nickname) = person.nickname() {
        words::collect(nickname, &mut names);
        names.extend(words::one(nickname));
    }
    if let Identity::Remote(id) = &person.identity {
        words::collect(id.strip_prefix("acct:").unwrap_or(id), &mut names);
    }
    names
}

/// Whether something can be found: what somebody posted, and is still there.
fn is_found(object: &Object) -> bool {
    let is_circle = object.is_collection() || object.object_type == "group";
    object.deleted.is_none() && object.post.is_some() && !object.is_person() && !is_circle
}

/// The words of a post, and of what came with it; none of what cannot be found.
fn words_of(app: &App, from: &dyn Read, object: &Object) -> Result<BTreeSet<String>> {
    let mut found = BTreeSet::new();
    if !is_found(object) {
        return Ok(found);
    }
    let members = members_of(&object.members);
    collect(&members, &mut found);
    if photos::shows_pictures(object) && object.is_local() && let Some(base) = app.known_base() {
        for (_, part) in parts::attached(base, from, object)? {
            if part.post == object.post {
                collect(&members_of(&part.members), &mut found);
            }
        }
    }
    Ok(found)
}

fn collect(members: &Members, found: &mut BTreeSet<String>) {
    for name in ["displayName", "content", "summary"] {
        if let Some(text) = members.get(name).and_then(Value::as_str) {
            words::collect(&html::plain(&text.replace('<', " <")), found);
        }
    }
    if let Some(alt) = members.get("alt").and_then(Value::as_str) {
        words::collect(alt, found);
    }
    for tag in members.get("tags").and_then(Value::as_array).into_iter().flatten() {
        let name = tag.get("displayName").and_then(Value::as_str);
        if let Some(tag) = name.and_then(words::one) {
            found.insert(format!("#{tag}"));
        }
    }
}
