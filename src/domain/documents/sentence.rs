//! The sentence that says what an activity did, in HTML (`pump-api.md §3.9`). It is made when it is read, so that it
//! shows today's names, and only names that the viewer may know.

use super::Documents;
use super::memory::Piece;
use crate::domain::{access, names};
use crate::html;
use crate::ids::ThingId;
use crate::store::engine::Result;
use crate::store::things::{self, Activity, Object};
use crate::wire::draft;
use serde_json::Value;
use std::fmt::Write;

/// Past forms that do not follow from the rule.
const IRREGULAR: &[(&str, &str)] = &[
    ("at", "was at"),
    ("build", "built"),
    ("checkin", "checked into"),
    ("find", "found"),
    ("give", "gave"),
    ("leave", "left"),
    ("lose", "lost"),
    ("make-friend", "made a friend of"),
    ("play", "played"),
    ("read", "read"),
    ("remove-friend", "removed as a friend"),
    ("rsvp-maybe", "may attend"),
    ("rsvp-no", "will not attend"),
    ("rsvp-yes", "will attend"),
    ("sell", "sold"),
    ("send", "sent"),
    ("stop-following", "stopped following"),
    ("submit", "submitted"),
    ("tag", "tagged"),
    ("win", "won"),
];

/// What somebody did who did `verb`.
pub fn past_form(verb: &str) -> String {
    if let Some((_, past)) = IRREGULAR.iter().find(|(known, _)| *known == verb) {
        return (*past).to_owned();
    }
    if let Some(stem) = verb.strip_suffix('y') {
        format!("{stem}ied")
    } else if verb.ends_with('e') {
        format!("{verb}d")
    } else {
        format!("{verb}ed")
    }
}

impl Documents<'_> {
    /// The sentence of an activity. `object` is None where the viewer may not know it.
    pub(super) fn sentence(
        &self,
        activity: &Activity,
        actor: Option<&Object>,
        object: Option<&Object>,
    ) -> Result<String> {
        let mut out = String::with_capacity(256);
        match actor {
            Some(actor) => self.noun(&mut out, activity.actor, actor)?,
            None => out.push_str("somebody"),
        }
        let _ = write!(out, " {} ", html::escape(&past_form(&activity.verb)));
        let Some(object) = object else {
            out.push_str("an object");
            return Ok(out);
        };
        self.noun(&mut out, activity.object, object)?;
        if let Some(parent) = object.in_reply_to
            && let Some(parent_object) = things::object(self.store, parent)?
        {
            out.push_str(" in reply to ");
            if access::may_read_object(self.store, self.viewer, &parent_object)? {
                self.noun(&mut out, parent, &parent_object)?;
            } else {
                out.push_str(&indefinite(&parent_object.object_type));
            }
        }
        Ok(out)
    }

    /// The name of a thing, linked to its page where it has one.
    fn noun(&self, out: &mut String, id: ThingId, object: &Object) -> Result<()> {
        if object.is_person() {
            return self.once(out, id, Piece::Noun, |out| self.linked(out, id, object));
        }
        self.linked(out, id, object)
    }

    fn linked(&self, out: &mut String, id: ThingId, object: &Object) -> Result<()> {
        let name = match display_name(object) {
            Some(name) => html::escape(&name).into_owned(),
            None => indefinite(&object.object_type),
        };
        match self.page_url(id, object)? {
            Some(url) => {
                let _ = write!(out, "<a href='{}'>{name}</a>", html::escape(&url));
            }
            None => out.push_str(&name),
        }
        Ok(())
    }

    /// The address of the page of a thing.
    fn page_url(&self, id: ThingId, object: &Object) -> Result<Option<String>> {
        let base = self.base.url();
        if let Some(nickname) = object.nickname() {
            return Ok(Some(format!("{base}/{nickname}")));
        }
        if object.is_local()
            && let Some(author) = object.author
        {
            let author = self.known(author)?;
            let kind = names::page_type(object);
            return Ok(author
                .as_deref()
                .and_then(Object::nickname)
                .map(|nickname| format!("{base}/{nickname}/{kind}/{}", object.key(id))));
        }
        let members = draft::members_of(&object.members);
        let url = members.get("url").and_then(Value::as_str);
        Ok(url
            .filter(|url| names::is_web_address(url))
            .map(str::to_owned))
    }
}

/// The display name among the members of an object, unless it is empty.
pub fn display_name(object: &Object) -> Option<String> {
    if !object.members.contains("\"displayName\"") || object.deleted.is_some() {
        return None;
    }
    match draft::members_of(&object.members).remove("displayName") {
        Some(Value::String(name)) => Some(name).filter(|name| !name.trim().is_empty()),
        _ => None,
    }
}

/// "a note", "an image", "an object".
fn indefinite(object_type: &str) -> String {
    let kind = html::escape(object_type);
    match kind.chars().next() {
        None => "an object".to_owned(),
        Some(first) if "aeiouAEIOU".contains(first) => format!("an {kind}"),
        Some(_) => format!("a {kind}"),
    }
}

#[cfg(test)]
mod tests {
    use super::past_form;

    #[test]
    fn verbs_have_past_forms() {
        for (verb, past) in [
            ("post", "posted"),
            ("share", "shared"),
            ("unfavorite", "unfavorited"),
            ("deny", "denied"),
            ("play", "played"),
            ("stop-following", "stopped following"),
            ("follow", "followed"),
        ] {
            assert_eq!(past_form(verb), past);
        }
    }
}
