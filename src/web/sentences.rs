//! What somebody did, as a sentence in the reader's language, with links to who and what. Names only what the viewer may know.

use crate::domain::access;
use crate::domain::documents::{Documents, display_name};
use crate::domain::noticing;
use crate::error::Error;
use crate::html::escape;
use crate::ids::ThingId;
use crate::store::things::{self, Activity, Object};
use crate::web::cards::{Cards, Time, kind_in_words};
use crate::words::{Words, marked};

/// Longest title of a thing in a sentence, in characters.
const TITLE_CHARS: usize = 60;

impl Cards<'_> {
    /// What happened in a minor activity: a sentence in HTML, and when.
    pub fn sentence(&self, id: ThingId, activity: &Activity) -> Result<(String, Time), Error> {
        let time = Time::of(self.frame.words, activity.published, self.now);
        let says_itself = activity.members.contains("\"content\":");
        let object = things::object(&self.app.store, activity.object)?;
        let sentence = match deed(&activity.verb, object.as_ref()).filter(|_| !says_itself) {
            Some([one, _]) => {
                let who = match self.frame.face(self.app, activity.actor)? {
                    Some(face) => link(&face.url, &face.short_name()),
                    None => escape(self.frame.say("somebody")).into_owned(),
                };
                let about = object.as_ref().map_or(activity.object, |object| {
                    noticing::subject(activity.object, object)
                });
                self.frame
                    .words
                    .fill(one, (who, self.thing(about, Some(id))?))
            }
            None => {
                let documents = Documents::for_viewer(self.app, self.viewer);
                self.frame.files.html(&documents.sentence_of(id, activity)?)
            }
        };
        Ok((sentence, time))
    }

    /// HTML of what a thing is called, with a link to it; `posted_by` is an activity that shows it.
    pub(super) fn thing(&self, id: ThingId, posted_by: Option<ThingId>) -> Result<String, Error> {
        let (store, words) = (&self.app.store, self.frame.words);
        let hidden = || escape(words.say("something that you may not see")).into_owned();
        let Some(object) = things::object(store, id)? else {
            return Ok(hidden());
        };
        let is_seen = (object.post.is_some() && object.post == posted_by)
            || access::may_read_object(store, self.viewer, &object)?;
        if object.deleted.is_some() {
            return Ok(escape(words.say("something that is gone")).into_owned());
        }
        if !is_seen {
            return Ok(hidden());
        }
        if object.is_person() {
            let face = self.frame.face_of(id, &object);
            return Ok(link(&face.url, &face.name));
        }
        let author = object
            .author
            .map(|author| self.frame.face(self.app, author));
        let author = author.transpose()?.flatten();
        let label = self.label(
            &object,
            author.as_ref().map(|face| (face.id, face.name.as_str())),
        );
        Ok(match author {
            Some(author) => link(&self.link(id, &object, &author), &label),
            None => escape(&label).into_owned(),
        })
    }

    /// "your picture “Lake”", "a note by Ann".
    fn label(&self, object: &Object, author: Option<(ThingId, &str)>) -> String {
        let words = self.frame.words;
        let kind = words.say(kind_in_words(&object.object_type));
        let label = match author {
            Some((id, _)) if self.frame.is_me(id) => words.fill("your {0}", [kind]),
            Some((_, name)) => words.fill("a {0} by {1}", (kind, name)),
            None => kind.to_owned(),
        };
        match display_name(object) {
            Some(title) => {
                let title = super::text::summary(Some(&title), None, TITLE_CHARS);
                words.fill("{0} “{1}”", (label, title))
            }
            None => label,
        }
    }
}

/// The sentence for one and for several people who did something; none for what has no sentence of its own.
pub(super) fn deed(verb: &str, object: Option<&Object>) -> Option<[&'static str; 2]> {
    let is = |object_type: &str| object.is_some_and(|object| object.object_type == object_type);
    Some(match verb {
        "favorite" | "like" => [marked("{0} likes {1}"), marked("{0} like {1}")],
        "unfavorite" | "unlike" => [marked("{0} no longer likes {1}"); 2],
        "share" => [marked("{0} shared {1}"); 2],
        "unshare" => [marked("{0} no longer shares {1}"); 2],
        "follow" => [marked("{0} follows {1}"), marked("{0} follow {1}")],
        "stop-following" => [marked("{0} no longer follows {1}"); 2],
        "post" | "create" if is("comment") => [marked("{0} commented on {1}"); 2],
        "post" | "create" if is("collection") || is("group") => [marked("{0} made {1}"); 2],
        "update" if is("person") => [marked("{0} changed their profile"); 2],
        "update" => [marked("{0} changed {1}"); 2],
        "delete" => [marked("{0} deleted {1}"); 2],
        "join" => [marked("{0} joined {1}"); 2],
        "leave" => [marked("{0} left {1}"); 2],
        _ => return None,
    })
}

/// "Ann, Ben and 2 others" of names, as text or as HTML.
pub(super) fn names(words: Words, mut shown: Vec<String>, others: u64) -> String {
    if others > 0 {
        shown.push(words.count("1 other", "{0} others", others));
    }
    let last = shown.pop().unwrap_or_default();
    match shown.is_empty() {
        true => last,
        false => words.fill("{0} and {1}", (shown.join(", "), last)),
    }
}

/// A link in HTML.
pub(super) fn link(url: &str, words: &str) -> String {
    format!(
        "<a href=\"{}\"><bdi>{}</bdi></a>",
        escape(url),
        escape(words)
    )
}
