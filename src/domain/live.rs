//! New activities for somebody who listens (`pump-api.md §7`): each as a document for this reader, and only what the
//! reader may see at the moment in which it is sent.

use crate::app::App;
use crate::domain::access::{self, Viewer};
use crate::domain::documents::{Documents, Finish};
use crate::domain::feeds::{self, Paging};
use crate::domain::names;
use crate::error::Error;
use crate::ids::ThingId;
use crate::store::engine::Result;
use crate::store::keys::Stream;
use crate::store::news::{Heard, Listener};
use crate::store::streams::Start;
use crate::store::things;
use std::collections::VecDeque;
use std::task::{Context, Poll};

/// Most activities that are sent again to somebody who was away; with more the reader must read the feed.
pub const RESUME_MAX: usize = 200;

/// Stands for the place before the first entry of a stream.
pub const START: &str = "start";

/// A feed or an inbox, as one reader sees it.
#[derive(Clone, Copy, Debug)]
pub struct Seen {
    /// The stream.
    pub stream: Stream,
    /// Who reads.
    pub viewer: Viewer,
    /// Whether the reader sees only what is addressed to him: everywhere but in his own streams.
    pub filtered: bool,
}

/// An activity to be sent.
#[derive(Debug)]
pub struct Event {
    /// Its id.
    pub id: String,
    /// The whole activity as JSON, in one line.
    pub document: String,
}

/// What comes next for somebody who follows a stream.
#[derive(Debug)]
pub enum Next {
    /// An activity.
    Event(Event),
    /// Nothing for now.
    Nothing,
    /// It is over: the reader was too slow, or the server ends.
    Over,
}

/// Somebody who follows one stream.
pub struct Following {
    seen: Seen,
    listener: Listener,
    /// What came while the reader was away, oldest first.
    missed: VecDeque<ThingId>,
    /// What was sent as missed and may be heard of again, because it was being written at that moment.
    doubles: Vec<ThingId>,
}

/// How somebody begins to follow.
#[derive(Debug, PartialEq, Eq)]
pub enum Begin {
    /// With what is new from now on; the id of the newest activity, or [`START`].
    Now(String),
    /// With what was missed.
    Resumed,
    /// With what is new from now on, because it is not known what was missed, or it is too much. Newest id as above.
    Reset(String),
}

impl Following {
    /// Follows a stream from now on, or from the activity that the reader saw last.
    pub fn begin(
        app: &App,
        seen: Seen,
        last: Option<&str>,
    ) -> std::result::Result<(Following, Begin), Error> {
        // First listen, then read: so nothing is lost in between.
        let mut listener = app.store.news().listener();
        listener.follow(seen.stream);
        let mut following = Following {
            seen,
            listener,
            missed: VecDeque::new(),
            doubles: Vec::new(),
        };
        let Some(last) = last else {
            let newest = following.newest(app)?;
            return Ok((following, Begin::Now(newest)));
        };
        let begin = match following.missed_since(app, last)? {
            Some(missed) => {
                following.doubles.clone_from(&missed);
                following.missed = missed.into();
                Begin::Resumed
            }
            None => Begin::Reset(following.newest(app)?),
        };
        Ok((following, begin))
    }

    /// Ready as soon as [`Following::next`] has something to say.
    pub fn poll(&self, context: &Context<'_>) -> Poll<()> {
        if self.missed.is_empty() {
            self.listener.poll(context)
        } else {
            Poll::Ready(())
        }
    }

    /// What comes next.
    pub fn next(&mut self, app: &App) -> Result<Next> {
        while let Some(missed) = self.missed.pop_front() {
            if let Some(event) = event(app, self.seen, missed)? {
                return Ok(Next::Event(event));
            }
        }
        loop {
            let entry = match self.listener.hear() {
                Heard::Entry(entry) => entry,
                Heard::Nothing => return Ok(Next::Nothing),
                Heard::Lost | Heard::Closed => return Ok(Next::Over),
            };
            if self.doubles.contains(&entry.thing) {
                continue;
            }
            if let Some(event) = event(app, self.seen, entry.thing)? {
                return Ok(Next::Event(event));
            }
        }
    }

    /// Some time has passed: whatever was being written when this began has been told by now.
    pub fn settle(&mut self) {
        self.doubles = Vec::new();
    }

    /// The newest activity that the reader may see, as a place to resume from.
    fn newest(&self, app: &App) -> std::result::Result<String, Error> {
        let page = self.read(app, Start::Newest, 1)?;
        Ok(match page.items.first() {
            Some((id, activity)) => names::activity_id(app.base(), *id, activity),
            None => START.to_owned(),
        })
    }

    /// What came after an activity, oldest first; nothing if that is unknown or too much.
    fn missed_since(
        &self,
        app: &App,
        last: &str,
    ) -> std::result::Result<Option<Vec<ThingId>>, Error> {
        let start = if last == START {
            Start::Newest
        } else {
            match names::find_thing(app.base(), &app.store, last)? {
                Some(anchor) => Start::Since(anchor),
                None => return Ok(None),
            }
        };
        let page = match self.read(app, start, RESUME_MAX + 1) {
            Ok(page) => page,
            // The id of something that was never in this stream.
            Err(Error::Invalid(_)) => return Ok(None),
            Err(other) => return Err(other),
        };
        if page.items.len() > RESUME_MAX || page.cut_short {
            return Ok(None);
        }
        Ok(Some(page.items.iter().rev().map(|(id, _)| *id).collect()))
    }

    fn read(
        &self,
        app: &App,
        start: Start,
        count: usize,
    ) -> std::result::Result<feeds::Page<things::Activity>, Error> {
        let Seen {
            stream,
            viewer,
            filtered,
        } = self.seen;
        feeds::activities(
            &app.store,
            stream,
            Paging { start, count },
            viewer,
            filtered,
        )
    }
}

/// An activity as an event for a reader; nothing if it is gone or not for the reader's eyes. Finished as
/// `pump-api.md §3.7` says of realtime updates.
pub fn event(app: &App, seen: Seen, id: ThingId) -> Result<Option<Event>> {
    let Some(activity) = things::activity(&app.store, id)? else {
        return Ok(None);
    };
    let visible = activity.deleted.is_none()
        && (!seen.filtered || access::may_read_activity(&app.store, seen.viewer, &activity)?);
    if !visible {
        return Ok(None);
    }
    let documents = Documents::for_viewer(app, seen.viewer);
    Ok(Some(Event {
        id: names::activity_id(app.base(), id, &activity),
        document: documents.activity_text(id, &activity, Finish::FULL)?,
    }))
}
