//! People as pages show them: how they are called, their picture, and where their page is.

use super::Frame;
use crate::app::App;
use crate::domain::documents::display_name;
use crate::domain::names::is_web_address;
use crate::error::Error;
use crate::ids::ThingId;
use crate::peers::authority;
use crate::store::things::{self, Identity, Object};
use crate::wire::draft;
use serde_json::Value;
use std::borrow::Cow;
use std::fmt::Write as _;

/// Most of a name that stands in a sentence with others, in characters.
const NAME_CHARS_IN_SENTENCE: usize = 60;

/// Colours of the circles that stand for people without a picture.
const HUES: u32 = 6;

/// Somebody as pages show them.
#[derive(Clone, Debug)]
pub struct Face {
    /// Who it is.
    pub id: ThingId,
    /// The key, by which forms name people of other servers.
    pub key: String,
    /// The nickname; empty for people of other servers.
    pub nickname: String,
    /// How they are called among all servers, as far as that is known: `@ann`, `ann@pump.example`.
    pub handle: String,
    /// The name.
    pub name: String,
    /// The person's page.
    pub url: String,
    /// The page of somebody of another server on that server.
    pub home: Option<String>,
    /// The address of the picture.
    pub picture: Option<String>,
    /// What the person tells, in plain text.
    pub summary: String,
}

impl Frame {
    /// How somebody is shown; nobody if the person is gone from the store.
    pub fn face(&self, app: &App, id: ThingId) -> Result<Option<Face>, Error> {
        Ok(things::object(&app.store, id)?.map(|person| {
            app.refreshing.look(id, &person);
            self.face_of(id, &person)
        }))
    }

    /// How a person is shown.
    pub fn face_of(&self, id: ThingId, person: &Object) -> Face {
        let members = draft::members_of(&person.members);
        let text = |name: &str| members.get(name).and_then(Value::as_str);
        let nickname = person.nickname().unwrap_or_default().to_owned();
        let name = display_name(person);
        let remote_id = match &person.identity {
            Identity::Remote(id) => Some(id.as_str()),
            _ => None,
        };
        let handle = match remote_id {
            Some(id) => remote_handle(id, text("preferredUsername")),
            None => Some(format!("@{nickname}")),
        };
        let picture = members.get("image").and_then(|image| image.get("url"));
        let picture = picture.and_then(Value::as_str);
        let key = person.key(id).to_string();
        let own = [text("url"), remote_id];
        let home = own.into_iter().flatten().find(|url| is_web_address(url));
        let home = home.filter(|_| nickname.is_empty()).map(str::to_owned);
        let url = match &home {
            _ if !nickname.is_empty() => format!("{}/{nickname}", self.root),
            // Only users have a page here about people of other servers.
            _ if self.is_user() && person.is_person() => {
                format!("{}/main/person?key={key}", self.root)
            }
            home => home.clone().unwrap_or_else(|| "#".to_owned()),
        };
        Face {
            id,
            key,
            home,
            name: name.unwrap_or_else(|| match (nickname.as_str(), &handle) {
                ("", Some(handle)) => handle.clone(),
                ("", None) => self.say("Somebody").to_owned(),
                (nickname, _) => nickname.to_owned(),
            }),
            handle: handle.unwrap_or_default(),
            url,
            picture: picture.and_then(|url| self.files.file(url)),
            summary: self.files.html(text("summary").unwrap_or_default()),
            nickname,
        }
    }

    /// Whether this is the person who is logged in.
    pub fn is_me(&self, id: ThingId) -> bool {
        self.me.as_ref().is_some_and(|me| me.id == id)
    }
}

impl Face {
    /// The name as it stands in a sentence with others: so much of it that the sentence can still be read.
    pub fn short_name(&self) -> Cow<'_, str> {
        match self.name.char_indices().nth(NAME_CHARS_IN_SENTENCE) {
            Some((end, _)) => Cow::Owned(format!("{}…", self.name.get(..end).unwrap_or_default())),
            None => Cow::Borrowed(&self.name),
        }
    }

    /// The picture, or the first letter of the name (of the handle, if the name has none) in a circle.
    pub fn avatar(&self) -> String {
        let mut out = String::new();
        match &self.picture {
            Some(url) => {
                let url = crate::html::escape(url);
                let _ = write!(
                    out,
                    "<img class=\"avatar\" src=\"{url}\" alt=\"\" width=\"48\" height=\"48\" loading=\"lazy\">"
                );
            }
            None => {
                let mut letters = self.name.chars().chain(self.handle.chars());
                let letter = letters.find(|letter| letter.is_alphanumeric());
                let letter = letter.unwrap_or('?').to_uppercase().to_string();
                let letter = crate::html::escape(&letter);
                let hue = self
                    .name
                    .bytes()
                    .fold(0u32, |sum, byte| sum.wrapping_mul(31) + u32::from(byte))
                    % HUES;
                let _ = write!(
                    out,
                    "<span class=\"avatar hue-{hue}\" aria-hidden=\"true\">{letter}</span>"
                );
            }
        }
        out
    }
}

/// How somebody of another server is called among all servers: by an account, or by the address that is the id.
fn remote_handle(id: &str, nickname: Option<&str>) -> Option<String> {
    if let Some(account) = id.strip_prefix("acct:") {
        return Some(account.to_owned());
    }
    let host = authority(id)?;
    Some(match nickname.filter(|name| !name.is_empty()) {
        Some(nickname) => format!("{nickname}@{host}"),
        None => host.to_owned(),
    })
}
