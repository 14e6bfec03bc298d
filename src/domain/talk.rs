//! The talk of a realtime client with the server (`pump-api.md §7`): it proves who it is by signing a challenge, names the
//! feeds that it follows, and gets what is new in them, as far as it may see it. How the messages travel is not known here.

use crate::app::App;
use crate::clock::Timestamp;
use crate::domain::access::Viewer;
use crate::domain::live::{self, Seen};
use crate::domain::standing::Standing;
use crate::domain::{circles, names};
use crate::ids::{Nickname, UserId, random_text};
use crate::store::engine::Result;
use crate::store::keys::{Stream, StreamKind};
use crate::store::news::{Ear, Heard, Listener};
use crate::store::{things, users};
use serde::Deserialize;
use serde_json::json;
use std::task::{Context, Poll};

/// Where realtime clients connect, below the base URL.
pub const PATH: &str = "/main/realtime/sockjs";

/// Most feeds that one client follows.
pub const FOLLOWED_MAX: usize = 64;

/// Updates are written until they are that long together, in bytes.
const PIECE_BYTES: usize = 64 * 1024;

/// A talk.
pub struct Talk {
    listener: Listener,
    followed: Vec<Followed>,
    /// The address that is to be signed; each counts once.
    challenge: Option<String>,
    proved: Option<Proved>,
}

/// A feed that is followed.
struct Followed {
    stream: Stream,
    /// Its address as the client says it.
    url: String,
    /// Whether everybody may follow, and gets what is for them; otherwise it is for its owner alone.
    is_open: bool,
}

/// Who the client is.
#[derive(Clone, Debug)]
pub struct Proved {
    /// The user; nobody for a client by its own key.
    pub user: Option<(UserId, Nickname)>,
    /// What it was proved by.
    pub standing: Standing,
}

/// A signed challenge.
#[derive(Debug, Deserialize)]
pub struct Rise {
    /// The address that was signed.
    pub action: String,
    /// The method that was signed.
    #[serde(default)]
    pub method: String,
    /// The parameters of OAuth 1.
    #[serde(default)]
    pub parameters: Vec<(String, String)>,
}

/// What the server says: messages, and why the talk is over after them.
#[derive(Debug, Default)]
pub struct Says {
    /// The messages, in order.
    pub messages: Vec<String>,
    /// Why it is over.
    pub over: Option<&'static str>,
}

/// What a client says.
#[derive(Deserialize)]
#[serde(tag = "cmd", rename_all = "lowercase")]
enum Command {
    Rise { message: Rise },
    Follow { url: String },
    Unfollow { url: String },
    Request,
}

impl Talk {
    /// Begins with a challenge.
    pub fn begin(app: &App) -> (Talk, String) {
        let mut talk = Talk {
            listener: app.store.news().listener(),
            followed: Vec::new(),
            challenge: None,
            proved: None,
        };
        let challenge = talk.challenge(app);
        (talk, challenge)
    }

    /// Ready as soon as there is something to say.
    pub fn poll(&self, context: &Context<'_>) -> Poll<()> {
        self.listener.poll(context)
    }

    /// Where to wait for something to say.
    pub fn ear(&self) -> Ear {
        self.listener.ear()
    }

    /// Wakes who waits for something to say.
    pub fn nudge(&self) {
        self.listener.nudge();
    }

    /// Hears a message. `prove` says who signed a challenge; nothing if the signature is not good.
    pub fn hear(
        &mut self,
        app: &App,
        text: &str,
        prove: &dyn Fn(&Rise) -> Option<Proved>,
    ) -> Result<Says> {
        let mut says = Says::default();
        match serde_json::from_str(text) {
            Ok(Command::Rise { message }) => match self.rise(&message, prove) {
                Some(answer) => says.messages.push(answer),
                None => says.over = Some("Not authenticated"),
            },
            Ok(Command::Follow { url }) => self.follow(app, url)?,
            Ok(Command::Unfollow { url }) => self.unfollow(&url),
            Ok(Command::Request) => says.messages.push(self.challenge(app)),
            Err(_) => log::debug!("a realtime client says what nobody knows"),
        }
        Ok(says)
    }

    /// Says what is new.
    pub fn speak(&mut self, app: &App, now: Timestamp) -> Result<Says> {
        let mut says = Says::default();
        if let Some(proved) = &self.proved
            && !proved.standing.holds(&app.store, now)?
        {
            says.over = Some("Not authenticated any more");
            return Ok(says);
        }
        let mut bytes = 0;
        while bytes < PIECE_BYTES {
            let entry = match self.listener.hear() {
                Heard::Entry(entry) => entry,
                Heard::Nothing => break,
                Heard::Lost => {
                    says.over = Some("Too slow");
                    break;
                }
                Heard::Closed => {
                    says.over = Some("The server ends");
                    break;
                }
            };
            let mut followed = self.followed.iter();
            if let Some(followed) = followed.find(|followed| followed.stream == entry.stream)
                && let Some(seen) = self.seen(followed)
                && let Some(event) = live::event(app, seen, entry.thing)?
            {
                let update = format!(
                    "{{\"cmd\":\"update\",\"url\":{},\"activity\":{}}}",
                    json!(followed.url),
                    event.document
                );
                bytes += update.len();
                says.messages.push(update);
            }
        }
        Ok(says)
    }

    fn challenge(&mut self, app: &App) -> String {
        let url = format!(
            "{}{PATH}/{}/challenge",
            app.base().url(),
            random_text::<16>()
        );
        let message = json!({ "cmd": "challenge", "url": url, "method": "GET" });
        self.challenge = Some(url);
        message.to_string()
    }

    fn rise(&mut self, rise: &Rise, prove: &dyn Fn(&Rise) -> Option<Proved>) -> Option<String> {
        let challenge = self.challenge.take()?;
        if challenge != rise.action || rise.method != "GET" {
            return None;
        }
        let proved = self.proved.insert(prove(rise)?);
        let answer = match &proved.user {
            Some((_, nickname)) => json!({ "cmd": "authenticated", "user": nickname.as_str() }),
            None => json!({ "cmd": "authenticated" }),
        };
        Some(answer.to_string())
    }

    fn follow(&mut self, app: &App, url: String) -> Result<()> {
        if self.followed.len() >= FOLLOWED_MAX {
            log::debug!("a realtime client follows too much");
            return Ok(());
        }
        let found = match group_at(app, &url)? {
            Some(stream) => Some((stream, true)),
            None => stream_at(app, &url)?.map(|stream| (stream, is_outbox(stream.kind))),
        };
        if let Some((stream, is_open)) = found
            && self.followed.iter().all(|known| known.stream != stream)
        {
            self.listener.follow(stream);
            self.followed.push(Followed {
                stream,
                url,
                is_open,
            });
        }
        Ok(())
    }

    fn unfollow(&mut self, url: &str) {
        let listener = &mut self.listener;
        self.followed.retain(|known| {
            if known.url == url {
                listener.unfollow(known.stream);
            }
            known.url != url
        });
    }

    /// How this client sees a feed now; not at all if it is somebody else's inbox.
    fn seen(&self, followed: &Followed) -> Option<Seen> {
        let user = self.proved.as_ref().and_then(|proved| proved.user.as_ref());
        let viewer = user.map_or(Viewer::NOBODY, |(user, _)| Viewer::user(*user));
        let own = viewer.is(followed.stream.owner);
        (own || followed.is_open).then_some(Seen {
            stream: followed.stream,
            viewer,
            filtered: !own,
        })
    }
}

fn is_outbox(kind: StreamKind) -> bool {
    matches!(
        kind,
        StreamKind::Outbox | StreamKind::OutboxMajor | StreamKind::OutboxMinor
    )
}

/// The feeds of a user, by what follows the user in their addresses.
const FEEDS: [(&str, StreamKind); 9] = [
    ("feed", StreamKind::Outbox),
    ("feed/major", StreamKind::OutboxMajor),
    ("feed/minor", StreamKind::OutboxMinor),
    ("inbox", StreamKind::Inbox),
    ("inbox/major", StreamKind::InboxMajor),
    ("inbox/minor", StreamKind::InboxMinor),
    ("inbox/direct", StreamKind::InboxDirect),
    ("inbox/direct/major", StreamKind::InboxDirectMajor),
    ("inbox/direct/minor", StreamKind::InboxDirectMinor),
];

/// The feed at its canonical address, without a query.
fn stream_at(app: &App, url: &str) -> Result<Option<Stream>> {
    let path = url.strip_prefix(app.base().url());
    let Some((nickname, rest)) = path
        .and_then(|path| path.strip_prefix("/api/user/"))
        .and_then(|rest| rest.split_once('/'))
    else {
        return Ok(None);
    };
    let kind = FEEDS.iter().find(|(path, _)| *path == rest);
    let (Some((_, kind)), Ok(nickname)) = (kind, Nickname::new(nickname)) else {
        return Ok(None);
    };
    let known = users::by_nickname(&app.store, &nickname)?;
    Ok(known.map(|(user, _)| Stream::of(user.0, *kind)))
}

/// The inbox of a group at its address, `B/api/group/U/inbox` or `B/api/group/inbox?id=`.
fn group_at(app: &App, url: &str) -> Result<Option<Stream>> {
    let path = url.strip_prefix(app.base().url());
    let Some(rest) = path.and_then(|path| path.strip_prefix("/api/group/")) else {
        return Ok(None);
    };
    let id = match (rest.strip_suffix("/inbox"), rest.strip_prefix("inbox?")) {
        (Some(key), _) => names::by_key(&app.store, key)?.map(|(id, _)| id),
        (None, Some(query)) => {
            let mut pairs = form_urlencoded::parse(query.as_bytes());
            match pairs.find(|(name, _)| name == "id") {
                Some((_, id)) => names::find_thing(app.base(), &app.store, &id)?,
                None => None,
            }
        }
        (None, None) => None,
    };
    let Some(id) = id else {
        return Ok(None);
    };
    let group = things::object(&app.store, id)?.filter(circles::is_group);
    Ok(group.map(|_| Stream::of(id, StreamKind::Inbox)))
}
