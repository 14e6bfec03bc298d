//! Activities, objects and people, stored once and referred to by their short ids. A record holds what is looked at (who,
//! what, to whom, when, how many) in binary, and beside it the members that the sender gave, as JSON text without braces.

use super::engine::{Read, Result, Tx};
use super::keys::{KeyBytes, Table, thing_at_end};
use super::record::{self, Record};
use crate::clock::Timestamp;
use crate::ids::{Key, Nonce, ThingId};
use crate::media::{BlobName, Rendition, Variant};
use crate::wire::draft::Addresses;
use serde::{Deserialize, Serialize};

/// What the table of things holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Thing {
    /// Somebody did something.
    Activity(Activity),
    /// What it was done to: a note, a picture, a list, a person …
    Object(Object),
}

/// Where the id of an object comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Identity {
    /// Made here: the id is its address under the base URL.
    Made,
    /// Made here, with an id that the client gave ("foreign id").
    Given(String),
    /// A person with an account here; holds the nickname as typed.
    User(String),
    /// Made elsewhere; holds the id.
    Remote(String),
}

/// An object (`pump-api.md §3.3`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Object {
    /// The random half of its key.
    pub nonce: Nonce,
    /// Where its id comes from.
    pub identity: Identity,
    /// Its type, as given.
    pub object_type: String,
    /// Who made it.
    pub author: Option<ThingId>,
    /// The activity that posted it: the only source of who may read it (`pump-api.md §0`).
    pub post: Option<ThingId>,
    /// What it answers.
    pub in_reply_to: Option<ThingId>,
    /// When it was made; people have none.
    pub published: Option<Timestamp>,
    /// When it last changed.
    pub updated: Timestamp,
    /// When it was deleted.
    pub deleted: Option<Timestamp>,
    /// How many people like it.
    pub likes: u32,
    /// How many objects answer it.
    pub replies: u32,
    /// How many people shared it.
    pub shares: u32,
    /// The file that it shows, if it was uploaded here.
    pub file: Option<Upload>,
    /// The members that its maker gave: JSON text without braces.
    pub members: String,
}

/// An activity (`pump-api.md §3.2`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Activity {
    /// The random half of its key.
    pub nonce: Nonce,
    /// Its id, where it was made elsewhere.
    pub remote_id: Option<String>,
    /// What was done.
    pub verb: String,
    /// By whom.
    pub actor: ThingId,
    /// To what.
    pub object: ThingId,
    /// Where to.
    pub target: Option<ThingId>,
    /// With which application.
    pub generator: Option<ThingId>,
    /// To whom it was addressed.
    pub addresses: Addresses<Vec<Address>>,
    /// When it was done.
    pub published: Timestamp,
    /// When its record last changed.
    pub updated: Timestamp,
    /// When it came in from another host.
    pub received: Option<Timestamp>,
    /// When it was deleted.
    pub deleted: Option<Timestamp>,
    /// The members that its maker gave: JSON text without braces.
    pub members: String,
}

/// An uploaded file and the copies of it that others may see.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Upload {
    /// Its name on disk.
    pub blob: BlobName,
    /// The media type of the original.
    pub mime: String,
    /// The ending of the original's name in URLs, without the dot.
    pub extension: String,
    /// Length of the original, in bytes.
    pub bytes: u64,
    /// The copies of a picture; others see these, only the author sees the original of a picture. Of a film those of its poster.
    pub copies: Vec<UploadCopy>,
}

/// A copy of an uploaded picture.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UploadCopy {
    /// Which one.
    pub variant: Variant,
    /// Its media type.
    pub mime: String,
    /// The ending of its name in URLs, without the dot.
    pub extension: String,
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
}

/// Somebody to whom an activity is addressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Address {
    /// Everybody.
    Public,
    /// Whoever follows this local person.
    Followers(ThingId),
    /// Whom this local person follows.
    Following(ThingId),
    /// A person, list or group.
    Thing(ThingId),
}

impl Upload {
    /// Whether it is a picture of which others see copies. A film has copies of its poster, and others see the film itself.
    pub fn is_picture(&self) -> bool {
        self.mime.starts_with("image/") && !self.copies.is_empty()
    }
}

impl UploadCopy {
    /// What is noted of a copy.
    pub fn of(rendition: &Rendition) -> UploadCopy {
        UploadCopy {
            variant: rendition.variant,
            mime: rendition.mime.to_owned(),
            extension: rendition.extension.to_owned(),
            width: rendition.width,
            height: rendition.height,
        }
    }
}

impl Record for Thing {
    const NAME: &'static str = "thing";
    const VERSION: u8 = 1;
}

impl Object {
    /// A new object without an author, members or history.
    pub fn new(identity: Identity, object_type: &str, now: Timestamp) -> Object {
        Object {
            nonce: Nonce::random(),
            identity,
            object_type: object_type.to_owned(),
            author: None,
            post: None,
            in_reply_to: None,
            published: Some(now),
            updated: now,
            deleted: None,
            likes: 0,
            replies: 0,
            shares: 0,
            file: None,
            members: String::new(),
        }
    }

    /// Its key in URLs.
    pub fn key(&self, id: ThingId) -> Key {
        Key {
            id,
            nonce: self.nonce,
        }
    }

    /// Whether it is a person.
    pub fn is_person(&self) -> bool {
        self.object_type == "person"
    }

    /// Whether it is a collection: a list, or somebody else's collection.
    pub fn is_collection(&self) -> bool {
        self.object_type == "collection"
    }

    /// Whether it was made on this server.
    pub fn is_local(&self) -> bool {
        !matches!(self.identity, Identity::Remote(_))
    }

    /// The nickname, if it is a person with an account here.
    pub fn nickname(&self) -> Option<&str> {
        match &self.identity {
            Identity::User(nickname) => Some(nickname),
            _ => None,
        }
    }
}

impl Activity {
    /// Its key in URLs.
    pub fn key(&self, id: ThingId) -> Key {
        Key {
            id,
            nonce: self.nonce,
        }
    }

    /// Leaves only what says that it was there.
    pub fn bury(&mut self, now: Timestamp) {
        self.members = String::new();
        self.updated = now;
        self.deleted = Some(now);
    }

    /// Whether this activity made its object known: the verbs of which one is a "post activity".
    pub fn is_post(&self) -> bool {
        self.verb == "post" || self.verb == "create"
    }
}

/// The thing with this id.
pub fn get(from: &dyn Read, id: ThingId) -> Result<Option<Thing>> {
    record::get(from, &key(id))
}

/// The object with this id; nothing if it is an activity.
pub fn object(from: &dyn Read, id: ThingId) -> Result<Option<Object>> {
    Ok(match get(from, id)? {
        Some(Thing::Object(object)) => Some(object),
        _ => None,
    })
}

/// The activity with this id; nothing if it is an object.
pub fn activity(from: &dyn Read, id: ThingId) -> Result<Option<Activity>> {
    Ok(match get(from, id)? {
        Some(Thing::Activity(activity)) => Some(activity),
        _ => None,
    })
}

/// At most `limit` things with ids above `after`, in the order of their ids.
pub fn after(from: &dyn Read, after: ThingId, limit: usize) -> Result<Vec<(ThingId, Thing)>> {
    let table = KeyBytes::of(Table::Thing);
    let start = key(ThingId(after.0 + 1));
    record::list(from, &table, &start, limit, thing_at_end)
}

/// Writes an object.
pub fn put_object(tx: &mut dyn Tx, id: ThingId, object: Object) {
    record::put(tx, &key(id), &Thing::Object(object));
}

/// Writes an activity.
pub fn put_activity(tx: &mut dyn Tx, id: ThingId, activity: Activity) {
    record::put(tx, &key(id), &Thing::Activity(activity));
}

/// Changes an object that is there; nothing happens if it is not.
pub fn change_object(tx: &mut dyn Tx, id: ThingId, change: impl FnOnce(&mut Object)) -> Result<()> {
    if let Some(mut stored) = object(tx, id)? {
        change(&mut stored);
        put_object(tx, id, stored);
    }
    Ok(())
}

fn key(id: ThingId) -> KeyBytes {
    KeyBytes::of(Table::Thing).thing(id)
}
