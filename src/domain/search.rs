//! Search over what somebody may see: posts by the beginnings of their words, people by name, tags. Words are noted by a job a
//! few seconds after a post was made or changed (`store/terms.rs`); what still waits for it is looked at itself. Whatever
//! the index says, a post is found only if it is there, has the words, and may be read by who asks.

use crate::app::App;
use crate::clock::Timestamp;
use crate::domain::access::{self, Viewer};
use crate::domain::activities::parts;
use crate::domain::documents::display_name;
use crate::domain::quiet::Quiet;
use crate::domain::{photos, words};
use crate::html;
use crate::ids::{ThingId, UserId};
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

/// A page of posts that fit, that the viewer may read, and has neither hidden nor muted; with `before` those that are older than it.
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
    let quiet = quiet_of(from, viewer)?;
    let mut found = Found::default();
    for (looked_at, post) in candidates.into_iter().enumerate() {
        if found.posts.len() == count || looked_at == LOOKED_AT_MAX {
            return Ok(found);
        }
        found.before = Some(post);
        if let Some(object) = things::object(from, post)?
            && is_found(&object)
            && access::may_fetch(from, viewer, &object)?
            && !is_silenced(quiet, post, &object)?
            && query.fits(&words_of(app, from, &object)?)
        {
            found.posts.push((post, object));
        }
    }
    found.before = None;
    Ok(found)
}

/// Tags that begin so and stand in something that the viewer may read and has neither hidden nor muted, at most `count`.
pub fn tags(app: &App, viewer: Viewer, beginning: &str, count: usize) -> Result<Vec<String>> {
    let Some(word) = words::one(beginning) else {
        return Ok(Vec::new());
    };
    let beginning = format!("#{word}");
    let mut found = BTreeSet::new();
    for post in terms::waiting(&app.store, POSTS_PER_WRITE)? {
        if let Some(object) = things::object(&app.store, post)?
            && access::may_fetch(&app.store, viewer, &object)?
            && !is_silenced(quiet_of(&app.store, viewer)?, post, &object)?
        {
            let words = words_of(app, &app.store, &object)?;
            let tags = words.range(beginning.clone()..);
            found.extend(tags.take_while(|tag| tag.starts_with(&beginning)).cloned());
        }
    }
    for tag in terms::words(&app.store, &beginning, TAGS_LOOKED_AT)? {
        if found.len() >= count {
            break;
        }
        let query = Query {
            words: vec![tag],
            is_whole: true,
        };
        if is_seen(app, viewer, &query)? {
            found.extend(query.words);
        }
    }
    let tags = found
        .iter()
        .map(|tag| tag.trim_start_matches('#').to_owned());
    Ok(tags.take(count).collect())
}

/// What the viewer does not want to see; nothing for a stranger.
fn quiet_of(from: &dyn Read, viewer: Viewer) -> Result<Option<Quiet<'_>>> {
    viewer
        .person
        .map(|person| Quiet::of(from, UserId(person)))
        .transpose()
}

fn is_silenced(quiet: Option<Quiet<'_>>, post: ThingId, object: &Object) -> Result<bool> {
    quiet.map_or(Ok(false), |quiet| quiet.silences_object(post, object))
}

/// Whether one of the newest posts of a tag may be read.
fn is_seen(app: &App, viewer: Viewer, query: &Query) -> Result<bool> {
    let from = &app.store;
    for like in query.likes() {
        for post in terms::posts(from, like, 1)?
            .into_iter()
            .take(TAG_POSTS_LOOKED_AT)
        {
            if let Some(object) = things::object(from, post)?
                && is_found(&object)
                && access::may_fetch(from, viewer, &object)?
                && !is_silenced(quiet_of(from, viewer)?, post, &object)?
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
    if photos::shows_pictures(object)
        && object.is_local()
        && let Some(base) = app.known_base()
    {
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
    for tag in members
        .get("tags")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        let name = tag.get("displayName").and_then(Value::as_str);
        if let Some(tag) = name.and_then(words::one) {
            found.insert(format!("#{tag}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Query, begin, index, note_words, people, posts, tags};
    use crate::domain::access::Viewer;
    use crate::domain::photos;
    use crate::domain::testing::{NOW, Pump};
    use crate::ids::{ThingId, UserId};
    use crate::store::engine::Tx;
    use crate::store::jobs::{self, Job};
    use crate::store::{terms, things};
    use serde_json::json;

    fn finds(pump: &Pump, user: UserId, q: &str) -> usize {
        let query = Query::typed(q).expect("words");
        let found = posts(&pump.app, Viewer::user(user), &query, None, 50);
        found.expect("readable").posts.len()
    }

    fn says(pump: &Pump, user: UserId, content: &str) -> ThingId {
        let note = json!({"object": {"objectType": "note", "content": content}});
        let post = pump.post(user, note).expect("posted");
        let post = things::activity(&pump.app.store, post).expect("readable");
        post.expect("there").object
    }

    /// Does all jobs of this part; how many there were.
    fn do_jobs(pump: &Pump) -> usize {
        let store = &pump.app.store;
        let mut done = 0;
        while let Some(queued) = jobs::next(store, 1).expect("readable").pop() {
            match queued.job {
                Job::NoteWords => note_words(&pump.app, NOW).expect("noted"),
                Job::Index { after } => index(&pump.app, after, NOW).expect("indexed"),
                Job::GatherPhotos { person, before } => {
                    photos::gather(&pump.app, person, before, NOW).expect("gathered");
                }
                _ => {}
            }
            let finish = |tx: &mut dyn Tx| {
                jobs::done(tx, &queued);
                Ok(())
            };
            store.write(finish).expect("taken out");
            done += 1;
        }
        done
    }

    #[test]
    fn words_are_noted_once_for_many_posts_and_follow_what_becomes_of_them() {
        let pump = Pump::start();
        let ann = pump.register("ann");
        do_jobs(&pump);
        for number in 0..40 {
            says(&pump, ann, &format!("lake number{number} #Tour"));
        }
        assert_eq!(finds(&pump, ann, "lake"), 40, "while they wait");
        assert_eq!(do_jobs(&pump), 1);
        assert!(
            terms::waiting(&pump.app.store, 1)
                .expect("readable")
                .is_empty()
        );
        assert_eq!(finds(&pump, ann, "lak"), 40);
        assert_eq!(finds(&pump, ann, "lake number7"), 1);
        assert_eq!(finds(&pump, ann, "number3 tour"), 11);
        let of = |user| tags(&pump.app, Viewer::user(user), "to", 9).expect("readable");
        assert_eq!(of(ann), ["tour"]);
        let ben = pump.register("ben");
        assert_eq!(finds(&pump, ben, "lake"), 0);
        assert!(of(ben).is_empty(), "a tag that one may not see");

        let note = says(&pump, ann, "unheard");
        do_jobs(&pump);
        let object = things::object(&pump.app.store, note)
            .expect("readable")
            .expect("there");
        let id = crate::domain::names::object_id(pump.app.base(), note, &object).to_string();
        let update = json!({"verb": "update", "object": {"id": id, "objectType": "note", "content": "changed"}});
        pump.post(ann, update).expect("changed");
        do_jobs(&pump);
        assert_eq!(
            (finds(&pump, ann, "unheard"), finds(&pump, ann, "changed")),
            (0, 1)
        );
        let words = |word| terms::words(&pump.app.store, word, 9).expect("readable");
        assert!(
            words("unheard").is_empty(),
            "a word of nothing is forgotten"
        );
        let delete = json!({"verb": "delete", "object": {"id": id, "objectType": "note"}});
        pump.post(ann, delete).expect("deleted");
        assert!(words("changed").is_empty());
    }

    #[test]
    fn pages_go_on_where_the_last_one_ended() {
        let pump = Pump::start();
        let ann = pump.register("ann");
        let said: Vec<ThingId> = (0..25).map(|_| says(&pump, ann, "again")).collect();
        do_jobs(&pump);
        let query = Query::typed("again").expect("words");
        let (mut seen, mut before) = (Vec::new(), None);
        loop {
            let page = posts(&pump.app, Viewer::user(ann), &query, before, 10).expect("readable");
            seen.extend(page.posts.iter().map(|(id, _)| *id));
            before = page.before;
            if before.is_none() {
                break;
            }
        }
        assert!(seen.iter().rev().eq(&said));
    }

    #[test]
    fn what_an_older_release_stored_is_found() {
        let pump = Pump::start();
        let ann = pump.register("ann");
        let note = says(&pump, ann, "from long ago");
        do_jobs(&pump);
        // As that release left it.
        let forget = |tx: &mut dyn Tx| {
            for word in ["from", "long", "ago"] {
                terms::remove(tx, word, note)?;
            }
            Ok(())
        };
        pump.app.store.write(forget).expect("written");
        assert_eq!(finds(&pump, ann, "long"), 0);
        begin(&pump.app, NOW).expect("begun");
        do_jobs(&pump);
        assert_eq!(finds(&pump, ann, "long"), 1);
        begin(&pump.app, NOW).expect("begun");
        assert_eq!(do_jobs(&pump), 0, "once for each store");
        assert_eq!(
            people(&pump.app, ann.0, "AN", 9).expect("readable"),
            [ann.0]
        );
    }
}
