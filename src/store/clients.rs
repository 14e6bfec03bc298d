//! The applications that have registered here (`pump-api.md §2.1`). Each has an id and a secret of its own; who speaks
//! through it is said by tokens (`tokens.rs`).

use super::engine::{Read, Result, Tx};
use super::keys::{KeyBytes, Table};
use super::record::{self, Record};
use crate::clock::Timestamp;
use serde::{Deserialize, Serialize};
use sha1::{Digest, Sha1};

/// A registered application.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Client {
    /// Its id; the key of the record, not a part of it.
    #[serde(skip)]
    pub id: String,
    /// Its secret; requests are signed with it.
    pub secret: String,
    /// Its name for people.
    pub title: Option<String>,
    /// What it is, for people.
    pub description: Option<String>,
    /// What kind of application it is, if it said so.
    pub kind: Option<Kind>,
    /// Where it said that people may be sent back to. Enforced by OAuth 2 only: in OAuth 1 the callback of the request token
    /// counts.
    pub redirect_uris: Vec<String>,
    /// Mail addresses of the people behind it.
    pub contacts: Vec<String>,
    /// Address of its logo.
    pub logo: Option<String>,
    /// Whom it speaks for by itself; nobody for an ordinary application.
    pub identity: Option<Identity>,
    /// When it registered.
    pub created: Timestamp,
    /// When it last changed what it says of itself.
    pub updated: Timestamp,
    /// Whether it cannot keep a secret and was given none (RFC 6749 §2.1).
    pub is_public: bool,
}

/// What version 1 of a client held.
#[derive(Deserialize)]
struct ClientBefore {
    secret: String,
    title: Option<String>,
    description: Option<String>,
    kind: Option<Kind>,
    redirect_uris: Vec<String>,
    contacts: Vec<String>,
    logo: Option<String>,
    identity: Option<Identity>,
    created: Timestamp,
    updated: Timestamp,
}

impl From<ClientBefore> for Client {
    fn from(before: ClientBefore) -> Client {
        Client {
            id: String::new(),
            secret: before.secret,
            title: before.title,
            description: before.description,
            kind: before.kind,
            redirect_uris: before.redirect_uris,
            contacts: before.contacts,
            logo: before.logo,
            identity: before.identity,
            created: before.created,
            updated: before.updated,
            is_public: false,
        }
    }
}

/// The `application_type` of a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    /// Runs on a server of its own.
    Web,
    /// Runs on its user's machine.
    Native,
}

/// Whom a client speaks for without a token: proved by dialback or given by the configuration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Identity {
    /// Another server, by its host name.
    Host(String),
    /// A person elsewhere, by the webfinger id without `acct:`, or by the id where that is an address.
    Person(String),
}

/// What an application is called that is gone, or did not say its name.
pub const NAMELESS: &str = "An application without a name";

impl Record for Client {
    const NAME: &'static str = "client";
    const VERSION: u8 = 2;

    fn predecessor(version: u8, body: &[u8]) -> Option<Client> {
        match version {
            1 => postcard::from_bytes::<ClientBefore>(body)
                .ok()
                .map(Client::from),
            _ => None,
        }
    }
}

impl Client {
    /// Its name for people, also where it said none.
    pub fn name(&self) -> &str {
        self.title.as_deref().unwrap_or(NAMELESS)
    }

    /// The client as the `generator` of an activity: its id, its object type and its name (`pump-api.md §2.1`).
    pub fn generator(&self) -> Generator {
        let (id, object_type) = match &self.identity {
            // At a port of its own a server names its people by addresses (`pump-api.md §6.4`).
            Some(Identity::Person(id)) if id.contains("://") => (id.clone(), "person"),
            Some(Identity::Person(webfinger)) => (format!("acct:{webfinger}"), "person"),
            Some(Identity::Host(host)) => (format!("http://{host}/"), "service"),
            None => {
                let object_type = match self.kind {
                    Some(Kind::Web) => "service",
                    Some(Kind::Native) | None => "application",
                };
                (format!("urn:uuid:{}", uuid_of(&self.id)), object_type)
            }
        };
        Generator {
            id,
            object_type,
            display_name: self.title.clone(),
        }
    }
}

/// What an activity says of the application that made it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Generator {
    /// `urn:uuid:…` for an ordinary application, `acct:…` for a person, `http://host/` for a server.
    pub id: String,
    /// `application`, `service` or `person`.
    pub object_type: &'static str,
    /// The name for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
}

impl Generator {
    /// What an activity says of a token that its user made: the name that the user gave it.
    pub fn of_token(id: &str, name: &str) -> Generator {
        Generator {
            id: format!("urn:uuid:{}", uuid_of(id)),
            object_type: "application",
            display_name: Some(name.to_owned()),
        }
    }
}

/// The client of an id.
pub fn get(from: &dyn Read, id: &str) -> Result<Option<Client>> {
    let found: Option<Client> = record::get(from, &key(id))?;
    Ok(found.map(|client| Client {
        id: id.to_owned(),
        ..client
    }))
}

/// Keeps a client, new or changed.
pub fn put(tx: &mut dyn Tx, client: &Client) {
    record::put(tx, &key(&client.id), client);
}

/// The version 5 UUID of a client id as pump.io makes it: hashed without a namespace.
fn uuid_of(client_id: &str) -> uuid::Uuid {
    let hash = Sha1::digest(client_id.as_bytes());
    let (start, _) = hash.split_at(16);
    let bytes: [u8; 16] = start.try_into().expect("16 of the 20 bytes");
    uuid::Builder::from_sha1_bytes(bytes).into_uuid()
}

fn key(id: &str) -> KeyBytes {
    KeyBytes::of(Table::Client).tail(id)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::{Client, Identity, Kind};
    use crate::clock::Timestamp;
    use crate::store::engine::memory::Memory;
    use crate::store::record;

    pub(crate) fn client(id: &str) -> Client {
        Client {
            id: id.to_owned(),
            secret: "secret".to_owned(),
            title: Some("second client".to_owned()),
            description: None,
            kind: Some(Kind::Native),
            redirect_uris: Vec::new(),
            contacts: Vec::new(),
            logo: None,
            identity: None,
            created: Timestamp(1_795_217_902),
            updated: Timestamp(1_795_217_902),
            is_public: false,
        }
    }

    #[test]
    fn an_unknown_client_is_nothing_and_a_known_one_comes_back_whole() {
        let mut memory = Memory::default();
        let kept = client("IeutbfUxVKE2PPIp-xz8jg");
        super::put(&mut memory, &kept);
        assert_eq!(super::get(&memory, "nope").expect("readable"), None);
        assert_eq!(
            super::get(&memory, &kept.id).expect("readable"),
            Some(kept.clone())
        );
    }

    #[test]
    fn a_client_of_an_older_release_is_read() {
        let client = client("");
        let written = record::encode(&client);
        // Version 1 ended before the last member.
        let (_, body) = written.split_first().expect("a version and a body");
        let before = [&[1], body.strip_suffix(&[0]).expect("the default")].concat();
        let read: Client = record::decode(&before).expect("readable");
        assert_eq!(read, client);
    }

    #[test]
    fn a_generator_has_the_uuid_that_pump_io_gives_it() {
        let mut client = client("IeutbfUxVKE2PPIp-xz8jg");
        let generator = client.generator();
        assert_eq!(
            generator.id,
            "urn:uuid:d0bd9072-c46a-5e63-b1d9-ebc365cadb18"
        );
        assert_eq!(generator.object_type, "application");
        client.kind = Some(Kind::Web);
        assert_eq!(client.generator().object_type, "service");
        client.identity = Some(Identity::Host("pump.test".to_owned()));
        assert_eq!(client.generator().id, "http://pump.test/");
        client.identity = Some(Identity::Person("ann@pump.test".to_owned()));
        assert_eq!(client.generator().id, "acct:ann@pump.test");
        assert_eq!(client.generator().object_type, "person");
    }
}
