//! Pages of streams as somebody may see them (`pump-api.md §1.6`, `§4.9.2`): a page of N holds N visible items, if so
//! many exist.

use crate::domain::access::{self, Viewer};
use crate::domain::names;
use crate::error::Error;
use crate::ids::{Base, ThingId};
use crate::store::engine::Read;
use crate::store::keys::{Stream, StreamKind};
use crate::store::streams::{self, Start};
use crate::store::things::{self, Activity, Object, Thing};

/// Items of a page where nothing is asked for.
pub const COUNT_DEFAULT: usize = 20;

/// Most items of a page.
pub const COUNT_MAX: usize = 200;

/// Most entries that are looked at for one page. Somebody who may see nothing of a long stream gets a short page and a
/// link to the next one instead of a walk through all of it.
const LOOKED_AT_MAX: usize = 5_000;

/// Most that the items of one page keep in memory, in bytes: a page of long ones is short and has a link to the next.
const HELD_BYTES_MAX: usize = 2 * 1024 * 1024;

/// What part of a stream is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Paging {
    /// Where to start.
    pub start: Start,
    /// How many items.
    pub count: usize,
}

/// A page of a stream.
#[derive(Debug)]
pub struct Page<T> {
    /// The items, newest first.
    pub items: Vec<(ThingId, T)>,
    /// How many entries the stream has; for a reader who may not see all of them, on a page that comes to the end of the
    /// stream, how many the reader sees (`pump-api.md §10.3`, D24).
    pub total: u64,
    /// What was asked for.
    pub paging: Paging,
    /// Whether the page ended early, because much was looked at or its items are long.
    pub cut_short: bool,
    /// Whether nothing is left behind this page.
    pub is_end: bool,
    /// The last entry that was looked at, where the next page goes on if this one was cut short.
    pub reached: Option<ThingId>,
}

impl<T> Page<T> {
    /// Counts what a reader sees instead of what there is, where that is known without looking further.
    fn without_hidden(mut self) -> Page<T> {
        let before = match self.paging.start {
            Start::Newest => 0,
            Start::Offset(offset) if !self.items.is_empty() => offset,
            _ => return self,
        };
        if self.is_end {
            self.total = before + self.items.len() as u64;
        }
        self
    }
}

impl Paging {
    /// Reads the arguments of a feed; everything but `count`, `offset`, `before` and `since` is ignored.
    pub fn parse<'a>(
        base: &Base,
        from: &dyn Read,
        arguments: impl Iterator<Item = (std::borrow::Cow<'a, str>, std::borrow::Cow<'a, str>)>,
    ) -> Result<Paging, Error> {
        let (mut count, mut offset, mut before, mut since) = (None, None, None, None);
        for (name, value) in arguments {
            match name.as_ref() {
                "count" => count = Some(whole(&name, &value)?),
                "offset" => offset = Some(whole(&name, &value)?),
                "before" => before = Some(value.into_owned()),
                "since" => since = Some(value.into_owned()),
                _ => {}
            }
        }
        let count = match count {
            None => COUNT_DEFAULT,
            Some(count) if count <= COUNT_MAX as u64 => usize::try_from(count).unwrap_or(COUNT_MAX),
            Some(_) => {
                return Err(Error::Invalid(format!(
                    "\u{201c}count\u{201d} must be between 0 and {COUNT_MAX}."
                )));
            }
        };
        let anchor = |id: &str| match names::find_thing(base, from, id) {
            Ok(Some(thing)) => Ok(thing),
            Ok(None) => Err(Error::Invalid(format!(
                "There is nothing with the id {id:?} in this feed."
            ))),
            Err(error) => Err(error.into()),
        };
        let start = match (offset, before, since) {
            (None, None, None) => Start::Newest,
            (Some(offset), None, None) => Start::Offset(offset),
            (None, Some(before), None) => Start::Before(anchor(&before)?),
            (None, None, Some(since)) => Start::Since(anchor(&since)?),
            _ => {
                let text = "Only one of \u{201c}before\u{201d}, \u{201c}since\u{201d} and \u{201c}offset\u{201d} can be given.";
                return Err(Error::invalid(text));
            }
        };
        Ok(Paging { start, count })
    }
}

fn whole(name: &str, value: &str) -> Result<u64, Error> {
    value.parse().map_err(|_| {
        Error::Invalid(format!(
            "\u{201c}{name}\u{201d} must be a whole number, not {value:?}."
        ))
    })
}

/// A page of activities. With `filtered` the viewer sees only what is addressed to him; without (his own streams) all.
/// Deleted activities are left out.
pub fn activities(
    from: &dyn Read,
    stream: Stream,
    paging: Paging,
    viewer: Viewer,
    filtered: bool,
) -> Result<Page<Activity>, Error> {
    anchored_at(from, paging, |thing| matches!(thing, Thing::Activity(_)))?;
    let found = page(from, stream, paging, filtered, held_by_activity, |id| {
        let Some(activity) = things::activity(from, id)? else {
            return Ok(None);
        };
        let seen = activity.deleted.is_none()
            && (!filtered || access::may_read_activity(from, viewer, &activity)?);
        Ok(seen.then_some(activity))
    })?;
    Ok(if filtered {
        found.without_hidden()
    } else {
        found
    })
}

/// A page of the activities that fit and that the viewer may read.
pub fn activities_that(
    from: &dyn Read,
    stream: Stream,
    paging: Paging,
    viewer: Viewer,
    fits: impl Fn(&Activity) -> crate::store::engine::Result<bool>,
) -> Result<Page<Activity>, Error> {
    anchored_at(from, paging, |thing| matches!(thing, Thing::Activity(_)))?;
    page(from, stream, paging, true, held_by_activity, |id| {
        let Some(activity) = things::activity(from, id)? else {
            return Ok(None);
        };
        let is_shown = activity.deleted.is_none()
            && fits(&activity)?
            && access::may_read_activity(from, viewer, &activity)?;
        Ok(is_shown.then_some(activity))
    })
}

/// A page of objects; with `filtered` only those that the viewer may read.
pub fn objects(
    from: &dyn Read,
    stream: Stream,
    paging: Paging,
    viewer: Viewer,
    filtered: bool,
) -> Result<Page<Object>, Error> {
    if filtered {
        return objects_that(from, stream, paging, viewer, |_| true);
    }
    objects_seen(from, stream, paging, false, |_| Ok(true))
}

/// A page of what somebody likes. Others see nothing of what came from elsewhere without its post activity: nobody knows for
/// whom it is (`pump-api.md §4.9.2`).
pub fn favorites(
    from: &dyn Read,
    owner: ThingId,
    paging: Paging,
    viewer: Viewer,
) -> Result<Page<Object>, Error> {
    let stream = Stream::of(owner, StreamKind::Favorites);
    objects_that(from, stream, paging, viewer, |object| {
        viewer.is(owner) || object.is_person() || object.post.is_some()
    })
}

/// A page of the objects that fit and that the viewer may read.
pub fn objects_that(
    from: &dyn Read,
    stream: Stream,
    paging: Paging,
    viewer: Viewer,
    fits: impl Fn(&Object) -> bool,
) -> Result<Page<Object>, Error> {
    let seen = |object: &Object| Ok(fits(object) && access::may_read_object(from, viewer, object)?);
    Ok(objects_seen(from, stream, paging, true, seen)?.without_hidden())
}

fn objects_seen(
    from: &dyn Read,
    stream: Stream,
    paging: Paging,
    filtered: bool,
    seen: impl Fn(&Object) -> crate::store::engine::Result<bool>,
) -> Result<Page<Object>, Error> {
    anchored_at(from, paging, |thing| matches!(thing, Thing::Object(_)))?;
    page(from, stream, paging, filtered, held_by_object, |id| {
        let Some(Thing::Object(object)) = things::get(from, id)? else {
            return Ok(None);
        };
        let is_shown = object.deleted.is_none() && seen(&object)?;
        Ok(is_shown.then_some(object))
    })
}

/// A page of people whose name contains `q`, whatever the case; of all people without it.
pub fn people(
    from: &dyn Read,
    stream: Stream,
    paging: Paging,
    q: Option<&str>,
) -> Result<Page<Object>, Error> {
    anchored_at(from, paging, |thing| matches!(thing, Thing::Object(_)))?;
    let wanted = q.map(str::to_lowercase);
    page(
        from,
        stream,
        paging,
        wanted.is_some(),
        held_by_object,
        |id| {
            let Some(object) = things::object(from, id)? else {
                return Ok(None);
            };
            let fits = match &wanted {
                None => true,
                Some(wanted) => {
                    let name = super::documents::display_name(&object)
                        .or(object.nickname().map(str::to_owned));
                    name.is_some_and(|name| name.to_lowercase().contains(wanted))
                }
            };
            Ok(fits.then_some(object))
        },
    )
}

fn held_by_activity(activity: &Activity) -> usize {
    activity.members.len()
}

fn held_by_object(object: &Object) -> usize {
    object.members.len()
}

/// Refuses an anchor that cannot be in the feed: an object among activities, or an activity among objects. What was in
/// the feed and is gone from it still marks its place there.
fn anchored_at(
    from: &dyn Read,
    paging: Paging,
    fits: impl Fn(&Thing) -> bool,
) -> Result<(), Error> {
    let (Start::Before(anchor) | Start::Since(anchor)) = paging.start else {
        return Ok(());
    };
    match things::get(from, anchor)? {
        Some(thing) if fits(&thing) => Ok(()),
        _ => Err(not_of_this_feed()),
    }
}

fn not_of_this_feed() -> Error {
    Error::invalid(
        "\u{201c}before\u{201d} and \u{201c}since\u{201d} must name an item of this feed.",
    )
}

fn page<T>(
    from: &dyn Read,
    stream: Stream,
    paging: Paging,
    filtered: bool,
    held_by: fn(&T) -> usize,
    mut look: impl FnMut(ThingId) -> crate::store::engine::Result<Option<T>>,
) -> Result<Page<T>, Error> {
    let total = streams::total(from, stream)?;
    let mut page = Page {
        items: Vec::new(),
        total,
        paging,
        cut_short: false,
        is_end: false,
        reached: None,
    };
    // An offset counts what the viewer sees, so entries before it are looked at where some may be hidden.
    let (start, mut skip) = match paging.start {
        Start::Offset(offset) if filtered && offset <= LOOKED_AT_MAX as u64 => {
            (Start::Newest, offset)
        }
        start => (start, 0),
    };
    let Some(mut walk) = streams::walk(from, stream, start)? else {
        return Err(not_of_this_feed());
    };
    let (mut looked_at, mut held_bytes) = (0, 0);
    while page.items.len() < paging.count && !page.cut_short {
        let batch = walk.next_batch(paging.count - page.items.len())?;
        if batch.is_empty() {
            page.is_end = true;
            break;
        }
        if looked_at >= LOOKED_AT_MAX {
            page.cut_short = true;
            break;
        }
        for id in batch {
            // A batch goes on to the end of its chunk; nobody asked for the rest.
            if page.items.len() == paging.count {
                break;
            }
            if held_bytes >= HELD_BYTES_MAX {
                page.cut_short = true;
                break;
            }
            looked_at += 1;
            page.reached = Some(id);
            match look(id)? {
                Some(_) if skip > 0 => skip -= 1,
                Some(item) => {
                    held_bytes += held_by(&item);
                    page.items.push((id, item));
                }
                None => {}
            }
        }
    }
    if matches!(paging.start, Start::Since(_)) {
        page.items.reverse();
    }
    Ok(page)
}
