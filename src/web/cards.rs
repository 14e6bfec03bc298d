//! Posts as pages show them: a card with its author, its picture and words, who likes it, and the first replies. What
//! the viewer may not read is left out here, by the rules of `domain/access.rs`.

use crate::app::App;
use crate::clock::Timestamp;
use crate::domain::access::{self, Viewer};
use crate::domain::documents::display_name;
use crate::domain::feeds::Page;
use crate::domain::names;
use crate::error::Error;
use crate::ids::ThingId;
use crate::store::keys::{Stream, StreamKind};
use crate::store::streams::{self, Start};
use crate::store::things::{self, Activity, Object};
use crate::web::audience::Audience;
use crate::web::edit::place_of;
use crate::web::frame::{Face, Frame};
use crate::web::pictures::Shown;
use crate::web::sentences;
use crate::wire::draft;
use crate::words::{Words, marked};
use askama::Template;
use serde_json::Value;

/// Replies on a card that is one of many.
pub const REPLIES_SHOWN: usize = 4;

/// Pictures of a post on a card that is one of many; the rest are behind the last one.
const PICTURES_SHOWN: usize = 5;

/// Names of people who like or shared a post.
const NAMES_SHOWN: usize = 4;

/// Makes cards for one viewer.
#[derive(Clone, Copy)]
pub struct Cards<'a> {
    /// What the rules use.
    pub app: &'a App,
    /// The frame of the page.
    pub frame: &'a Frame,
    /// Who looks.
    pub viewer: Viewer,
    /// When.
    pub now: Timestamp,
}

/// A post.
#[derive(Debug, Template)]
#[template(path = "parts/card.html", blocks = ["foot"], config = "assets/askama.toml")]
pub struct Card<'a> {
    /// The frame of the page.
    pub frame: &'a Frame,
    /// The post.
    pub id: ThingId,
    /// Its key in forms and addresses.
    pub key: String,
    /// Who wrote it.
    pub author: Face,
    /// Who brought it here, if it was shared.
    pub shared_by: Option<Face>,
    /// When it was written.
    pub time: Time,
    /// Its own page.
    pub link: String,
    /// Its title.
    pub title: Option<String>,
    /// Its words, as clean HTML.
    pub content: Option<String>,
    /// Its pictures and other files.
    pub shown: Shown,
    /// Where it was.
    pub place: Option<String>,
    /// Whether it was changed after it was posted.
    pub is_edited: bool,
    /// Whether it came since the viewer looked last.
    pub is_new: bool,
    /// How many follow the viewer: to whom a share goes.
    pub followers: u64,
    /// What it answers: a link and its words.
    pub answers: Option<(String, String)>,
    /// Who can see it; none where nobody knows how it was posted.
    pub audience: Option<Audience>,
    /// Who likes it, in words; empty if nobody does.
    pub likers: String,
    /// Whether the viewer likes it.
    pub is_liked: bool,
    /// Who shared it, in words; empty if nobody did.
    pub sharers: String,
    /// Whether the viewer shared it.
    pub is_shared: bool,
    /// The first replies, oldest first.
    pub replies: Vec<Reply>,
    /// How many replies there are.
    pub replies_total: u32,
    /// Where those are that are older than the ones shown, on the page of the post.
    pub older: Option<String>,
    /// Whether it is the viewer's own.
    pub is_own: bool,
    /// Whether the card is the page's only one, with everything open.
    pub is_whole: bool,
    /// A comment that was typed and could not be posted.
    pub typed: String,
    /// Why not.
    pub problem: Option<String>,
}

/// A reply under a post.
#[derive(Debug)]
pub struct Reply {
    /// Its key.
    pub key: String,
    /// Who wrote it.
    pub author: Face,
    /// When.
    pub time: Time,
    /// Its own page.
    pub link: String,
    /// Its words, as clean HTML.
    pub content: String,
    /// How many like it.
    pub likes: u32,
    /// Whether the viewer likes it.
    pub is_liked: bool,
    /// Whether it is the viewer's own.
    pub is_own: bool,
    /// Whether it was changed after it was posted.
    pub is_edited: bool,
    /// Whether it answers the comment above it.
    pub is_nested: bool,
}

/// A time, for machines and for people.
#[derive(Debug)]
pub struct Time {
    /// `2026-11-20T23:27:48Z`
    pub iso: String,
    /// `5 minutes ago`
    pub words: String,
}

impl Time {
    /// A time as it looks at another time.
    pub fn of(words: Words, at: Timestamp, now: Timestamp) -> Time {
        Time {
            iso: at.to_string(),
            words: words.ago(at, now),
        }
    }
}

impl<'a> Cards<'a> {
    /// The cards of a page of major activities. What was deleted or may not be read has none.
    pub fn of_page(&self, page: &Page<Activity>) -> Result<Vec<Card<'a>>, Error> {
        let mut cards: Vec<Card<'a>> = Vec::new();
        for (id, activity) in &page.items {
            if let Some(card) = self.of_activity(*id, activity)?
                && !cards.iter().any(|known| known.id == card.id)
            {
                cards.push(card);
            }
        }
        Ok(cards)
    }

    /// The card of a major activity: its object's, and who shared it.
    pub fn of_activity(&self, id: ThingId, activity: &Activity) -> Result<Option<Card<'a>>, Error> {
        let store = &self.app.store;
        let Some(object) = things::object(store, activity.object)? else {
            return Ok(None);
        };
        let is_seen =
            object.post == Some(id) || access::may_read_object(store, self.viewer, &object)?;
        if object.deleted.is_some() || object.is_person() || object.is_collection() || !is_seen {
            return Ok(None);
        }
        let mut card = self.of_object(activity.object, &object)?;
        if let Some(card) = &mut card
            && !activity.is_post()
        {
            card.shared_by = self.frame.face(self.app, activity.actor)?;
        }
        Ok(card)
    }

    /// The card of an object that the viewer may read; none if its author is not known.
    pub fn of_object(&self, id: ThingId, object: &Object) -> Result<Option<Card<'a>>, Error> {
        let store = &self.app.store;
        let author = object
            .author
            .map(|author| self.frame.face(self.app, author));
        let Some(author) = author.transpose()?.flatten() else {
            return Ok(None);
        };
        let members = draft::members_of(&object.members);
        let text = |name: &str| members.get(name).and_then(Value::as_str);
        let title = display_name(object);
        let shown = self.shown(id, object, &author, title.as_deref())?;
        let answers = match object.in_reply_to {
            Some(parent) => self.parent(parent)?,
            None => None,
        };
        let post = match object.post {
            Some(post) => things::activity(store, post)?,
            None => None,
        };
        let is_edited = post
            .as_ref()
            .is_some_and(|post| object.updated.secs_since(post.updated) > 0);
        let followers = match self.viewer.person {
            Some(me) if self.frame.is_user() => {
                streams::total(store, Stream::of(me, StreamKind::Followers))?
            }
            _ => 0,
        };
        Ok(Some(Card {
            place: place_of(&members),
            is_edited,
            is_new: false,
            followers,
            frame: self.frame,
            id,
            key: object.key(id).to_string(),
            shared_by: None,
            time: Time::of(
                self.frame.words,
                object.published.unwrap_or(object.updated),
                self.now,
            ),
            link: self.link(id, object, &author),
            content: text("content")
                .filter(|html| !html.trim().is_empty())
                .map(|html| self.frame.files.html(html)),
            title,
            shown,
            answers,
            audience: post.map(|post| self.audience(&post)).transpose()?,
            likers: self.names(
                id,
                StreamKind::Likes,
                object.likes,
                [marked("{0} likes this"), marked("{0} like this")],
            )?,
            is_liked: object.likes > 0 && self.is_in(id, StreamKind::Likes)?,
            sharers: self.names(
                id,
                StreamKind::Shares,
                object.shares,
                [marked("{0} shared this"), marked("{0} have shared this")],
            )?,
            is_shared: object.shares > 0 && self.is_in(id, StreamKind::Shares)?,
            replies: self.replies(id, Start::Newest, REPLIES_SHOWN)?,
            replies_total: object.replies,
            older: None,
            is_own: self.frame.is_me(author.id),
            author,
            is_whole: false,
            typed: String::new(),
            problem: None,
        }))
    }

    /// Replies that the viewer may read, oldest first, each with the first answers to it.
    pub fn replies(&self, id: ThingId, start: Start, count: usize) -> Result<Vec<Reply>, Error> {
        let mut replies = Vec::new();
        for (id, reply) in self.direct_replies(id, start, count)? {
            let Some(shown) = self.reply(id, &reply, false)? else {
                continue;
            };
            replies.push(shown);
            if reply.replies > 0 {
                for (id, answer) in self.direct_replies(id, Start::Newest, REPLIES_SHOWN)? {
                    replies.extend(self.reply(id, &answer, true)?);
                }
            }
        }
        Ok(replies)
    }

    /// Whether an object was changed after it was posted, which may be later than it was made.
    fn is_edited(&self, object: &Object) -> Result<bool, Error> {
        let post = match object.post {
            Some(post) => things::activity(&self.app.store, post)?,
            None => None,
        };
        Ok(post.is_some_and(|post| object.updated.secs_since(post.updated) > 0))
    }

    /// The replies of a page and the address of the page with older ones.
    pub fn all_replies(
        &self,
        card: &mut Card<'_>,
        start: Start,
        count: usize,
    ) -> Result<(), Error> {
        // One more than is shown tells whether there is another page.
        card.replies = self.replies(card.id, start, count + 1)?;
        let tops = card.replies.iter().filter(|reply| !reply.is_nested);
        if tops.count() > count {
            let more = card
                .replies
                .iter()
                .skip(1)
                .position(|reply| !reply.is_nested);
            card.replies.drain(..=more.unwrap_or_default());
            let first = card.replies.first();
            card.older = first.map(|first| format!("{}?before={}", card.link, first.key));
        }
        Ok(())
    }

    fn direct_replies(
        &self,
        id: ThingId,
        start: Start,
        count: usize,
    ) -> Result<Vec<(ThingId, Object)>, Error> {
        let store = &self.app.store;
        let stream = Stream::of(id, StreamKind::Replies);
        let mut replies = Vec::new();
        for id in streams::page(store, stream, start, count)?.unwrap_or_default() {
            if let Some(reply) = things::object(store, id)?
                && reply.deleted.is_none()
                && access::may_read_object(store, self.viewer, &reply)?
            {
                replies.push((id, reply));
            }
        }
        replies.reverse();
        Ok(replies)
    }

    fn reply(&self, id: ThingId, reply: &Object, is_nested: bool) -> Result<Option<Reply>, Error> {
        let author = reply.author.map(|author| self.frame.face(self.app, author));
        let Some(author) = author.transpose()?.flatten() else {
            return Ok(None);
        };
        let members = draft::members_of(&reply.members);
        let content = members.get("content").and_then(Value::as_str);
        let published = reply.published.unwrap_or(reply.updated);
        Ok(Some(Reply {
            key: reply.key(id).to_string(),
            time: Time::of(self.frame.words, published, self.now),
            link: self.link(id, reply, &author),
            content: self.frame.files.html(content.unwrap_or_default()),
            likes: reply.likes,
            is_liked: reply.likes > 0 && self.is_in(id, StreamKind::Likes)?,
            is_own: self.frame.is_me(author.id),
            is_edited: reply.updated.secs_since(published) > 0 && self.is_edited(reply)?,
            is_nested,
            author,
        }))
    }

    /// The page of an object.
    pub fn link(&self, id: ThingId, object: &Object, author: &Face) -> String {
        if author.nickname.is_empty() {
            let members = draft::members_of(&object.members);
            let url = members.get("url").and_then(Value::as_str);
            return url
                .filter(|url| names::is_web_address(url))
                .unwrap_or("#")
                .to_owned();
        }
        let kind = names::page_type(object);
        format!("{}/{kind}/{}", author.url, object.key(id))
    }

    fn parent(&self, id: ThingId) -> Result<Option<(String, String)>, Error> {
        let store = &self.app.store;
        let Some(parent) = things::object(store, id)? else {
            return Ok(None);
        };
        if parent.deleted.is_some() || !access::may_read_object(store, self.viewer, &parent)? {
            return Ok(None);
        }
        let author = parent
            .author
            .map(|author| self.frame.face(self.app, author));
        Ok(author.transpose()?.flatten().map(|author| {
            let kind = self.frame.say(kind_in_words(&parent.object_type));
            let words = self.frame.fill("a {0} by {1}", (kind, &author.name));
            (self.link(id, &parent, &author), words)
        }))
    }

    /// "Ann, Ben and 2 others like this".
    fn names(
        &self,
        id: ThingId,
        kind: StreamKind,
        total: u32,
        [one, many]: [&str; 2],
    ) -> Result<String, Error> {
        if total == 0 {
            return Ok(String::new());
        }
        let found = streams::page(
            &self.app.store,
            Stream::of(id, kind),
            Start::Newest,
            NAMES_SHOWN,
        )?;
        let mut shown = Vec::new();
        let mut is_me = false;
        for person in found.unwrap_or_default() {
            if self.viewer.is(person) {
                is_me = true;
                shown.insert(0, self.frame.say("You").to_owned());
            } else if let Some(face) = self.frame.face(self.app, person)? {
                shown.push(Words::apart(&face.short_name()).into_owned());
            }
        }
        let others = u64::from(total).saturating_sub(shown.len() as u64);
        let is_one = shown.len() == 1 && others == 0 && !is_me;
        let words = self.frame.words;
        let names = sentences::names(words, shown, others);
        Ok(words.fill(if is_one { one } else { many }, [names]))
    }

    fn is_in(&self, id: ThingId, kind: StreamKind) -> Result<bool, Error> {
        match self.viewer.person {
            Some(person) => Ok(streams::contains(
                &self.app.store,
                Stream::of(id, kind),
                person,
            )?),
            None => Ok(false),
        }
    }
}

/// What a type is called in a sentence.
pub fn kind_in_words(object_type: &str) -> &'static str {
    match object_type {
        "image" => marked("picture"),
        "note" => marked("note"),
        "comment" => marked("comment"),
        "video" => marked("video"),
        "file" => marked("file"),
        "article" => marked("article"),
        "audio" => marked("recording"),
        "collection" => marked("list"),
        _ => marked("post"),
    }
}
