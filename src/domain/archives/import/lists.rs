//! The lists of an archive, with who and what is on them.

use super::{Work, is_of_the_item};
use crate::domain::activities::{self, lists};
use crate::domain::archives::Halt;
use crate::domain::archives::format::part;
use crate::domain::archives::given::given_id;
use crate::domain::archives::source::Source;
use crate::domain::archives::translate::{POSTS, Translated};
use crate::domain::names;
use crate::error::Error;
use crate::ids::ThingId;
use crate::store::aliases;
use crate::store::engine::{self, Result as Stored, Tx};
use crate::store::streams::{self, Start};
use crate::store::things;
use crate::wire::draft::{ObjectDraft, members_of};
use serde_json::{Value, json};

/// Members of a list that one write adds.
const MEMBERS_PER_WRITE: usize = 100;

impl Work<'_> {
    pub(super) fn lists(&mut self, source: &mut Source) -> Result<(), Halt> {
        source.each(part::LISTS, &mut |item, _| {
            let name = item
                .get("displayName")
                .and_then(Value::as_str)
                .unwrap_or("a list")
                .to_owned();
            match self.list(&item) {
                Err(Halt::Failed(error)) if is_of_the_item(&error) => {
                    self.left_out(&name, &error);
                    Ok(())
                }
                other => other,
            }
        })
    }

    fn list(&mut self, item: &Value) -> Result<(), Halt> {
        let (app, person, now) = (self.app(), self.person(), self.importing.now);
        let old = given_id(item).ok_or_else(|| Error::invalid("It has no id."))?;
        let members = item.pointer("/members/items").and_then(Value::as_array);
        let mut bare = item.clone();
        if let Some(bare) = bare.as_object_mut() {
            for name in ["id", "author", "members"] {
                bare.remove(name);
            }
            bare.insert("upstreamDuplicates".to_owned(), json!([old]));
        }
        let draft = ObjectDraft::parse(bare)?;
        let (list, _) = self.write(|tx, _| {
            if let Some((known, _)) = self.translator.brought(tx, old)? {
                return Ok(Some(known));
            }
            let list = match self.list_of_that_name(tx, &draft)? {
                Some(known) => Some(known),
                None => activities::restore_list(app, tx, person, &draft, now)?,
            };
            if let Some(list) = list {
                aliases::set(tx, &names::upstream(person, old), list);
            }
            Ok(list)
        })?;
        let (Some(list), Some(members)) = (list, members) else {
            return Ok(());
        };
        for some in members.chunks(MEMBERS_PER_WRITE) {
            self.write(|tx, _| {
                for member in some {
                    let Some(member) = self.translator.reference(tx, member)? else {
                        continue;
                    };
                    let member = ObjectDraft::parse(member)?;
                    activities::restore_member(app, tx, person, list, &member, now)?;
                }
                Ok(())
            })?;
        }
        Ok(())
    }

    /// The activity that made the list which the user has here already, of the name that an activity gives a new one. What is
    /// done to the list of there is done to that of here.
    pub(super) fn list_made_before(
        &self,
        tx: &mut dyn Tx,
        translated: &Translated,
    ) -> Stored<Option<ThingId>> {
        let draft = &translated.draft;
        let is_list = POSTS.contains(&draft.verb.as_str())
            && draft.object.id.is_none()
            && draft.object.object_type.as_deref() == Some("collection");
        let (true, Some(old)) = (is_list, &translated.object_name) else {
            return Ok(None);
        };
        let Some(list) = self.list_of_that_name(tx, &draft.object)? else {
            return Ok(None);
        };
        aliases::set(tx, &names::upstream(self.person(), old), list);
        Ok(things::object(tx, list)?.and_then(|list| list.post))
    }

    /// The user's own list of the same name for the same things: everybody begins with some.
    fn list_of_that_name(
        &self,
        from: &dyn engine::Read,
        draft: &ObjectDraft,
    ) -> Stored<Option<ThingId>> {
        let types = draft.members.get("objectTypes").and_then(Value::as_array);
        let Some([Value::String(member_type)]) = types.map(Vec::as_slice) else {
            return Ok(None);
        };
        let index = lists::index(self.person(), member_type);
        let count = usize::try_from(lists::LISTS_MAX).unwrap_or(usize::MAX);
        let known = streams::page(from, index, Start::Newest, count)?;
        for id in known.unwrap_or_default() {
            if let Some(list) = things::object(from, id)?
                && lists::member_type(&list).as_ref() == Some(member_type)
                && members_of(&list.members).get("displayName") == draft.members.get("displayName")
            {
                return Ok(Some(id));
            }
        }
        Ok(None)
    }
}
