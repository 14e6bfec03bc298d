//! The one serializer: everything that leaves as JSON is written here, for a viewer. A document is made of the members
//! that its maker gave, which were scrubbed when they came in, and of members that the server sets; nothing else exists,
//! so nothing private can leak. What the viewer may not read shrinks to its id and type (`pump-api.md §4.9.4`).

mod activity;
mod address;
pub mod as2;
mod memory;
mod object;
mod person;
mod proxied;
mod sentence;

pub use sentence::{display_name, past_form};

use crate::app::App;
use crate::clock::Timestamp;
use crate::domain::access::Viewer;
use crate::domain::proxies::Proxies;
use crate::domain::refreshing::Refreshing;
use crate::ids::{Base, ThingId};
use crate::store::Store;
use crate::store::engine::Result;
use crate::store::keys::{Stream, StreamKind};
use crate::store::streams;
use crate::store::things::{Activity, Object};
use crate::wire::json;
use memory::Memory;
use std::cell::OnceCell;

/// What a viewer gets beyond the object itself (`pump-api.md §3.7`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Finish {
    /// `liked`: whether the viewer likes it.
    pub liked: bool,
    /// `pump_io.shared`: whether the viewer shared it.
    pub shared: bool,
    /// `pump_io.followed`, on people.
    pub followed: bool,
    /// The first likers.
    pub likers: bool,
    /// The first replies.
    pub replies: bool,
    /// The first sharers.
    pub sharers: bool,
    /// Where users here get what is on other servers.
    pub proxied: bool,
}

impl Finish {
    /// Nothing more: lists, uploads, what is inside of something else.
    pub const PLAIN: Finish = Finish {
        liked: false,
        shared: false,
        followed: false,
        likers: false,
        replies: false,
        sharers: false,
        proxied: false,
    };
    /// Minor feeds, and those with everything.
    pub const MINOR: Finish = Finish {
        proxied: true,
        ..Finish::PLAIN
    };
    /// Major feeds, favorites.
    pub const MAJOR: Finish = Finish {
        liked: true,
        shared: true,
        followed: false,
        likers: true,
        replies: true,
        sharers: true,
        proxied: true,
    };
    /// An object by itself, and the answer to a post.
    pub const FULL: Finish = Finish {
        followed: true,
        proxied: false,
        ..Finish::MAJOR
    };
    /// Members of a list.
    pub const MEMBER: Finish = Finish {
        shared: false,
        proxied: true,
        ..Finish::FULL
    };
    /// The feed of replies, and replies inside an object.
    pub const REPLY: Finish = Finish {
        liked: true,
        likers: true,
        ..Finish::PLAIN
    };
    /// Followers and following.
    pub const PERSON: Finish = Finish {
        followed: true,
        ..Finish::PLAIN
    };

    /// Of all this only where to get what is on other servers.
    pub(super) fn aside(self) -> Finish {
        Finish {
            proxied: self.proxied,
            ..Finish::PLAIN
        }
    }
}

/// Most likers, replies or sharers inside an object (`pump-api.md §5.6`).
const EMBEDDED_MAX: usize = 4;

/// Most that are looked at to find so many which the viewer may read.
const EMBEDDED_LOOKED_AT_MAX: usize = 20;

/// Writes documents for one viewer.
pub struct Documents<'a> {
    store: &'a Store,
    base: &'a Base,
    viewer: Viewer,
    proxies: &'a Proxies,
    refreshing: &'a Refreshing,
    /// Whether the viewer is a user here; not known before it is needed.
    is_user: OnceCell<bool>,
    memory: Memory,
    /// Whether activities that came without a sentence get one.
    has_sentences: bool,
    /// Whether this goes to another server: the actors of activities have the totals of their feeds then.
    is_delivery: bool,
    /// The group elsewhere whose server passes this on to the members, who prove by a key that they got it there.
    relaying: Option<ThingId>,
}

impl<'a> Documents<'a> {
    /// Documents as `viewer` may see them.
    pub fn for_viewer(app: &'a App, viewer: Viewer) -> Documents<'a> {
        Documents {
            store: &app.store,
            base: app.base(),
            viewer,
            proxies: &app.proxies,
            refreshing: &app.refreshing,
            is_user: OnceCell::new(),
            memory: Memory::default(),
            has_sentences: true,
            is_delivery: false,
            relaying: None,
        }
    }

    /// As [`Documents::for_viewer`], for somebody elsewhere: they cannot look up the totals of an actor's feeds here
    /// (`pump-api.md §6.5`).
    pub fn for_delivery(app: &'a App, recipient: ThingId) -> Documents<'a> {
        let viewer = Viewer {
            person: Some(recipient),
        };
        Documents {
            is_delivery: true,
            ..Documents::for_viewer(app, viewer)
        }
    }

    /// As [`Documents::for_delivery`], with what opens it for the members of a group elsewhere ([`crate::domain::relays`]).
    pub fn for_relay(app: &'a App, recipient: ThingId, group: ThingId) -> Documents<'a> {
        Documents {
            relaying: Some(group),
            ..Documents::for_delivery(app, recipient)
        }
    }

    /// As [`Documents::for_viewer`], but activities have only what their makers gave: no sentence that the server makes of
    /// them, with its addresses.
    pub fn for_archive(app: &'a App, viewer: Viewer) -> Documents<'a> {
        Documents {
            has_sentences: false,
            ..Documents::for_viewer(app, viewer)
        }
    }

    /// One object as JSON text.
    pub fn object_text(&self, id: ThingId, object: &Object, finish: Finish) -> Result<String> {
        let mut out = String::with_capacity(2048);
        self.object_into(&mut json::Object::open(&mut out), id, object, finish)?;
        Ok(out)
    }

    /// One activity as JSON text; its object and target are finished.
    pub fn activity_text(
        &self,
        id: ThingId,
        activity: &Activity,
        finish: Finish,
    ) -> Result<String> {
        let mut out = String::with_capacity(4096);
        self.activity_into(&mut json::Object::open(&mut out), id, activity, finish)?;
        Ok(out)
    }

    /// A liker or sharer inside an object. Writes nothing if it is gone from the store.
    fn item(&self, array: &mut json::Array<'_>, id: ThingId) -> Result<bool> {
        let Some(person) = self.known(id)? else {
            return Ok(false);
        };
        self.person(&mut array.object(), id, &person, Finish::PLAIN, false)?;
        Ok(true)
    }

    /// The newest entries of a stream of an object, with the total, as a feed inside that object.
    fn embedded(
        &self,
        out: &mut json::Object<'_>,
        owner: ThingId,
        kind: StreamKind,
        mut write: impl FnMut(&mut json::Array<'_>, ThingId) -> Result<bool>,
    ) -> Result<()> {
        let mut items = out.array("items");
        let stream = Stream::of(owner, kind);
        let Some(mut walk) = streams::walk(self.store, stream, streams::Start::Newest)? else {
            return Ok(());
        };
        let (mut written, mut looked_at) = (0, 0);
        while written < EMBEDDED_MAX && looked_at < EMBEDDED_LOOKED_AT_MAX {
            let batch = walk.next_batch(EMBEDDED_MAX)?;
            if batch.is_empty() {
                break;
            }
            for id in batch {
                if written == EMBEDDED_MAX || looked_at == EMBEDDED_LOOKED_AT_MAX {
                    break;
                }
                looked_at += 1;
                written += usize::from(write(&mut items, id)?);
            }
        }
        Ok(())
    }
}

/// Writes a time.
fn time(out: &mut json::Object<'_>, name: &str, at: Timestamp) {
    out.plain(name, format_args!("{at}"));
}
