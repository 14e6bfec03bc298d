//! Those who speak to a pump: nobody, a client, a person; and the streams that they read.

use super::documents::{Activity, reference};
use super::http::{Answer, Request, Site};
use super::oauth::{Pair, Signer};
use serde_json::{Value, json};
use std::ops::Deref;
use std::sync::Arc;

/// The password of everybody in the stories.
pub(crate) const PASSWORD: &str = "correct-horse-7";

/// Somebody with some proof, or none.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    pub(crate) site: Arc<Site>,
    pub(crate) client: Option<Pair>,
    pub(crate) token: Option<Pair>,
    /// A bearer token, which then is the proof.
    pub(crate) bearer: Option<String>,
}

/// Somebody with an account and a client.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub(crate) nickname: String,
    pub(crate) caller: Caller,
}

/// A stream, as one caller sees it.
#[derive(Clone, Debug)]
pub(crate) struct Stream {
    caller: Caller,
    /// Path without arguments.
    pub(crate) path: String,
}

impl Deref for Person {
    type Target = Caller;

    fn deref(&self) -> &Caller {
        &self.caller
    }
}

impl Caller {
    /// The client's key and secret.
    #[track_caller]
    pub(crate) fn client_pair(&self) -> &Pair {
        self.client.as_ref().expect("this caller has a client")
    }

    /// The token and its secret.
    #[track_caller]
    pub(crate) fn token_pair(&self) -> &Pair {
        self.token.as_ref().expect("this caller has a token")
    }

    /// The request with the proof of this caller.
    pub(crate) fn signed(&self, request: Request) -> Request {
        if let Some(bearer) = &self.bearer {
            return request.header("Authorization", &format!("Bearer {bearer}"));
        }
        match &self.client {
            Some(client) => Signer::new(client, self.token.as_ref()).sign(&self.site, request),
            None => request,
        }
    }

    /// The same place with a bearer token as the proof.
    pub(crate) fn bearing(&self, token: &str) -> Caller {
        Caller {
            bearer: Some(token.to_owned()),
            ..self.clone()
        }
    }

    #[track_caller]
    pub(crate) fn send(&self, request: Request) -> Answer {
        self.site.send(&self.signed(request))
    }

    #[track_caller]
    pub(crate) fn get(&self, target: &str) -> Answer {
        self.send(Request::get(target))
    }

    #[track_caller]
    pub(crate) fn post_to(&self, target: &str, document: &Value) -> Answer {
        self.send(Request::post(target).json(document))
    }

    #[track_caller]
    pub(crate) fn put_to(&self, target: &str, document: &Value) -> Answer {
        self.send(Request::new("PUT", target).json(document))
    }

    #[track_caller]
    pub(crate) fn delete(&self, target: &str) -> Answer {
        self.send(Request::new("DELETE", target))
    }

    /// The public URL of a path.
    pub(crate) fn url_of(&self, path: &str) -> String {
        self.site.url_of(path)
    }

    /// A stream by its path.
    pub(crate) fn stream(&self, path: &str) -> Stream {
        Stream {
            caller: self.clone(),
            path: self.site.path_of(path).to_owned(),
        }
    }

    /// The feed (outbox) of somebody, as this caller sees it.
    pub(crate) fn feed_of(&self, person: &Person) -> Stream {
        self.stream(&person.path("feed"))
    }

    /// Follows a thing's own link to itself.
    #[track_caller]
    pub(crate) fn read(&self, thing: &Value) -> Answer {
        self.get(link_self(thing))
    }

    /// One of the streams of a thing: `likes`, `replies`, `shares`, `members`.
    #[track_caller]
    pub(crate) fn stream_of(&self, thing: &Value, name: &str) -> Stream {
        let url = thing[name]["url"]
            .as_str()
            .unwrap_or_else(|| panic!("this thing has no {name}: {thing}"));
        self.stream(url)
    }
}

/// `links.self.href`.
#[track_caller]
pub(crate) fn link_self(thing: &Value) -> &str {
    thing["links"]["self"]["href"]
        .as_str()
        .unwrap_or_else(|| panic!("this thing has no link to itself: {thing}"))
}

impl Person {
    /// A path below `/api/user/<nickname>`.
    pub(crate) fn path(&self, rest: &str) -> String {
        format!("/api/user/{}/{rest}", self.nickname)
    }

    /// The person's id (`pump-api.md §3.1`).
    pub(crate) fn id(&self) -> String {
        match self.site.host.contains(':') {
            true => self.url_of(&self.path("profile")),
            false => format!("acct:{}@{}", self.nickname, self.site.host),
        }
    }

    /// As clients refer to the person.
    pub(crate) fn reference(&self) -> Value {
        json!({ "objectType": "person", "id": self.id() })
    }

    /// Posts an activity and returns what was stored.
    #[track_caller]
    pub(crate) fn post(&self, activity: impl Into<Value>) -> Value {
        self.try_post(activity).ok()
    }

    /// Posts an activity that may be refused.
    #[track_caller]
    pub(crate) fn try_post(&self, activity: impl Into<Value>) -> Answer {
        self.post_to(&self.path("feed"), &activity.into())
    }

    /// `{verb, object: reference}`, posted.
    #[track_caller]
    pub(crate) fn does(&self, verb: &str, thing: &Value) -> Value {
        self.try_does(verb, thing).ok()
    }

    /// `{verb, object: reference}`, which may be refused.
    #[track_caller]
    pub(crate) fn try_does(&self, verb: &str, thing: &Value) -> Answer {
        self.try_post(Activity(
            json!({ "verb": verb, "object": reference(thing) }),
        ))
    }

    #[track_caller]
    pub(crate) fn follow(&self, other: &Person) -> Value {
        self.does("follow", &other.reference())
    }

    pub(crate) fn feed(&self) -> Stream {
        self.stream(&self.path("feed"))
    }

    pub(crate) fn inbox(&self) -> Stream {
        self.stream(&self.path("inbox"))
    }

    pub(crate) fn followers(&self) -> Stream {
        self.stream(&self.path("followers"))
    }

    pub(crate) fn following(&self) -> Stream {
        self.stream(&self.path("following"))
    }

    pub(crate) fn favorites(&self) -> Stream {
        self.stream(&self.path("favorites"))
    }

    pub(crate) fn lists(&self) -> Stream {
        self.stream(&self.path("lists/person"))
    }

    /// Uploads a file as clients do, and returns the object.
    #[track_caller]
    pub(crate) fn upload(&self, content_type: &str, bytes: &[u8]) -> Value {
        self.send(Request::post(&self.path("uploads")).bytes(content_type, bytes))
            .ok()
    }
}

impl Stream {
    pub(crate) fn major(&self) -> Stream {
        self.below("major")
    }

    pub(crate) fn minor(&self) -> Stream {
        self.below("minor")
    }

    pub(crate) fn direct(&self) -> Stream {
        self.below("direct")
    }

    fn below(&self, name: &str) -> Stream {
        Stream {
            caller: self.caller.clone(),
            path: format!("{}/{name}", self.path),
        }
    }

    /// The answer to a page with arguments (`count=5&offset=2`).
    #[track_caller]
    pub(crate) fn ask(&self, arguments: &str) -> Answer {
        let mark = if arguments.is_empty() {
            ""
        } else if self.path.contains('?') {
            "&"
        } else {
            "?"
        };
        self.caller.get(&format!("{}{mark}{arguments}", self.path))
    }

    /// The first page.
    #[track_caller]
    pub(crate) fn page(&self) -> Value {
        self.ask("").ok()
    }

    /// The items of the first page.
    #[track_caller]
    pub(crate) fn items(&self) -> Vec<Value> {
        items_of(&self.page())
    }

    /// The items of a page with arguments.
    #[track_caller]
    pub(crate) fn items_at(&self, arguments: &str) -> Vec<Value> {
        items_of(&self.ask(arguments).ok())
    }

    /// `totalItems`.
    #[track_caller]
    pub(crate) fn total(&self) -> u64 {
        let page = self.page();
        page["totalItems"]
            .as_u64()
            .unwrap_or_else(|| panic!("{}: no totalItems: {page}", self.path))
    }

    /// Every item, got by following `next` to the end.
    #[track_caller]
    pub(crate) fn all(&self, count: usize) -> Vec<Value> {
        let mut page = self.ask(&format!("count={count}")).ok();
        let mut all = items_of(&page);
        while let Some(next) = page["links"]["next"]["href"].as_str() {
            let mark = if next.contains('?') { '&' } else { '?' };
            page = self.caller.get(&format!("{next}{mark}count={count}")).ok();
            let more = items_of(&page);
            if more.is_empty() {
                break;
            }
            all.extend(more);
        }
        all
    }

    /// Every item, got by `offset`, as clients page through object feeds (`pump-api.md §10.1 Q15`).
    #[track_caller]
    pub(crate) fn all_by_offset(&self, count: usize) -> Vec<Value> {
        let mut all = Vec::new();
        loop {
            let more = self.items_at(&format!("count={count}&offset={}", all.len()));
            if more.is_empty() {
                return all;
            }
            all.extend(more);
        }
    }

    /// Whether the newest item is about a thing with this content or display name.
    #[track_caller]
    pub(crate) fn first_is(&self, text: &str) -> bool {
        self.items().first().is_some_and(|item| says(item, text))
    }

    /// Whether an item of the first page is about a thing with this content or display name.
    #[track_caller]
    pub(crate) fn says(&self, text: &str) -> bool {
        self.items().iter().any(|item| says(item, text))
    }

    /// Whether a thing is on the first page, by id.
    #[track_caller]
    pub(crate) fn has(&self, thing: &Value) -> bool {
        self.items().iter().any(|item| item["id"] == thing["id"])
    }
}

/// The items of a page.
#[track_caller]
pub(crate) fn items_of(page: &Value) -> Vec<Value> {
    page["items"]
        .as_array()
        .unwrap_or_else(|| panic!("no items in {page}"))
        .clone()
}

fn says(item: &Value, text: &str) -> bool {
    [&item["object"], item]
        .iter()
        .any(|thing| thing["content"] == text || thing["displayName"] == text)
}
