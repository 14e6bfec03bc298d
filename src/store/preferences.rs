//! What somebody chose for the pages: language, appearance, to whom the next post goes, and how far they have seen what came.

use super::engine::{Read, Result, Tx};
use super::keys::{KeyBytes, Table};
use super::record::{self, Record};
use crate::ids::{ThingId, UserId};
use serde::{Deserialize, Serialize};

/// How pages look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Appearance {
    /// As the device wants it.
    #[default]
    Device,
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
}

impl Appearance {
    /// All of them.
    pub const ALL: [Appearance; 3] = [Appearance::Device, Appearance::Light, Appearance::Dark];

    /// The word for it in forms and cookies.
    pub fn name(self) -> &'static str {
        match self {
            Appearance::Device => "device",
            Appearance::Light => "light",
            Appearance::Dark => "dark",
        }
    }

    /// Reads that word.
    pub fn parse(name: &str) -> Option<Appearance> {
        let mut all = Appearance::ALL.into_iter();
        all.find(|appearance| appearance.name() == name)
    }

    /// As the root element of pages says it; nothing where the device decides.
    pub fn attribute(self) -> Option<&'static str> {
        match self {
            Appearance::Device => None,
            Appearance::Light => Some("light"),
            Appearance::Dark => Some("dark"),
        }
    }
}

/// The choices of a user. Whoever chose nothing has the default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preferences {
    /// The code of the language; empty where the browser decides.
    pub language: String,
    /// How pages look.
    pub appearance: Appearance,
    /// The audience with which a new post begins, as the box to post names it: that of the last post, or what is fixed; empty before the
    /// first.
    pub audience: String,
    /// The newest message that was seen.
    pub messages_seen: Option<ThingId>,
    /// The newest notification that was seen.
    pub notices_seen: Option<ThingId>,
    /// What was posted last, so that a second tap is known.
    pub last_post: Option<LastPost>,
    /// Whether the audience stays as it is, whatever is chosen for a post.
    pub is_audience_fixed: bool,
}

/// What was posted last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastPost {
    /// Tells it from everything else that is posted.
    pub mark: [u8; 16],
    /// The activity.
    pub activity: ThingId,
}

/// As they were before the last post was noted.
#[derive(Deserialize)]
struct First {
    language: String,
    appearance: Appearance,
    audience: String,
    messages_seen: Option<ThingId>,
    notices_seen: Option<ThingId>,
}

/// As they were before an audience could be fixed.
#[derive(Deserialize)]
struct Second {
    language: String,
    appearance: Appearance,
    audience: String,
    messages_seen: Option<ThingId>,
    notices_seen: Option<ThingId>,
    last_post: Option<LastPost>,
}

impl Record for Preferences {
    const NAME: &'static str = "preferences";
    const VERSION: u8 = 3;

    fn predecessor(version: u8, body: &[u8]) -> Option<Preferences> {
        let second = match version {
            1 => {
                let first: First = postcard::from_bytes(body).ok()?;
                Second {
                    language: first.language,
                    appearance: first.appearance,
                    audience: first.audience,
                    messages_seen: first.messages_seen,
                    notices_seen: first.notices_seen,
                    last_post: None,
                }
            }
            2 => postcard::from_bytes(body).ok()?,
            _ => return None,
        };
        Some(Preferences {
            language: second.language,
            appearance: second.appearance,
            audience: second.audience,
            messages_seen: second.messages_seen,
            notices_seen: second.notices_seen,
            last_post: second.last_post,
            is_audience_fixed: false,
        })
    }
}

/// Those of a user.
pub fn get(from: &dyn Read, user: UserId) -> Result<Preferences> {
    Ok(record::get(from, &key(user))?.unwrap_or_default())
}

/// Keeps those of a user.
pub fn put(tx: &mut dyn Tx, user: UserId, preferences: &Preferences) {
    record::put(tx, &key(user), preferences);
}

/// Changes those of a user.
pub fn change(tx: &mut dyn Tx, user: UserId, change: impl FnOnce(&mut Preferences)) -> Result<()> {
    let mut preferences = get(tx, user)?;
    change(&mut preferences);
    put(tx, user, &preferences);
    Ok(())
}

/// Forgets those of a user.
pub fn remove(tx: &mut dyn Tx, user: UserId) {
    tx.delete(&key(user));
}

fn key(user: UserId) -> KeyBytes {
    KeyBytes::of(Table::Preferences).user(user)
}
