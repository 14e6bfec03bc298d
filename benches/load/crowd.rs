//! Who speaks to the server: an author with followers, made through the API, and the notes that are posted.

use crate::server::{HOST, Server};
use crate::speech::{Connection, Keys, Request};
use serde_json::{Value, json};

/// Password of everybody.
const PASSWORD: &str = "correct horse battery";

/// Words that notes are made of.
const WORDS: [&str; 24] = [
    "garden",
    "the",
    "walked",
    "photo",
    "grandmother",
    "river",
    "and",
    "we",
    "cake",
    "yesterday",
    "rain",
    "to",
    "school",
    "bicycle",
    "with",
    "a",
    "sunny",
    "dog",
    "never",
    "tomorrow",
    "kitchen",
    "of",
    "lake",
    "sang",
];

/// Somebody with an account and a token.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    /// The nickname.
    pub(crate) nickname: String,
    /// Client and token.
    pub(crate) keys: Keys,
}

impl Person {
    /// The path of something of this person: `path("inbox/major")`.
    pub(crate) fn path(&self, rest: &str) -> String {
        format!("/api/user/{}/{rest}", self.nickname)
    }
}

/// Everybody who takes part.
#[derive(Clone, Debug)]
pub(crate) struct Crowd {
    /// Whose notes are read.
    pub(crate) author: Person,
    /// Who gets them.
    pub(crate) followers: Vec<Person>,
    /// The client's own keys, without a user.
    pub(crate) client: Keys,
}

impl Crowd {
    /// Registers a client, an author and `followers` people who follow the author.
    pub(crate) fn gather(server: &Server, followers: usize) -> Crowd {
        let mut line = Connection::open(server.address);
        let body = json!({"type": "client_associate", "application_name": "load", "application_type": "native"});
        let registered = ask_json(
            &mut line,
            None,
            &Request::post("/api/client/register", &body.to_string()),
        );
        let client = Keys {
            client: text(&registered, "client_id"),
            client_secret: text(&registered, "client_secret"),
            token: None,
        };
        let mut register = |nickname: String| {
            let body = json!({"nickname": nickname, "password": PASSWORD}).to_string();
            let user = ask_json(
                &mut line,
                Some(&client),
                &Request::post("/api/users", &body),
            );
            Person {
                nickname,
                keys: Keys {
                    token: Some((text(&user, "token"), text(&user, "secret"))),
                    ..client.clone()
                },
            }
        };
        let author = register("author".to_owned());
        let followers: Vec<Person> = (0..followers)
            .map(|number| register(format!("reader{number}")))
            .collect();
        for follower in &followers {
            let body = json!({
                "verb": "follow",
                "object": {"objectType": "person", "id": format!("acct:{}@{HOST}", author.nickname)},
            });
            let body = body.to_string();
            line.ask(
                Some(&follower.keys),
                &Request::post(&follower.path("feed"), &body),
            );
        }
        Crowd {
            author,
            followers,
            client,
        }
    }
}

/// A public note of some 350 characters, another one for each number.
pub(crate) fn note(number: u64) -> String {
    let mut seed = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut content = format!("Note {number}:");
    while content.len() < 350 {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        content.push(' ');
        content.push_str(WORDS[usize::try_from(seed % 24).expect("small")]);
    }
    json!({
        "verb": "post",
        "object": {"objectType": "note", "content": content},
        "to": [{"objectType": "collection", "id": "http://activityschema.org/collection/public"}],
    })
    .to_string()
}

/// Asks and reads the answer as JSON.
pub(crate) fn ask_json(line: &mut Connection, keys: Option<&Keys>, request: &Request<'_>) -> Value {
    serde_json::from_slice(line.ask(keys, request)).expect("the server answers JSON")
}

/// A member that is a text.
pub(crate) fn text(value: &Value, name: &str) -> String {
    let member = value[name].as_str();
    member
        .unwrap_or_else(|| panic!("{name} in {value}"))
        .to_owned()
}
