//! What one answer has read and written already. In the items of a page the same few people, applications and audiences
//! stand again and again: each is read and written once, and then copied.

use super::Documents;
use crate::ids::ThingId;
use crate::store::engine::Result;
use crate::store::things::{self, Object};
use crate::wire::json;
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

/// Lives as long as one answer, so it need not be told of changes, and is bounded by the size of a page.
#[derive(Default)]
pub(super) struct Memory {
    objects: RefCell<HashMap<ThingId, Option<Rc<Object>>>>,
    texts: RefCell<HashMap<(ThingId, Piece), Rc<str>>>,
}

/// A piece of text about a thing that is the same wherever it stands in one answer.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Piece {
    /// The members of a person without totals or flags.
    Person,
    /// The same with addresses here for what is elsewhere.
    ProxiedPerson,
    /// The members of something beside the point: an application, an addressee.
    Aside,
    /// The members of the collection of followers.
    Followers,
    /// The members of the collection of those who are followed.
    Following,
    /// The name in a sentence.
    Noun,
}

impl Documents<'_> {
    /// The object with this id, for those that many items share.
    pub(super) fn known(&self, id: ThingId) -> Result<Option<Rc<Object>>> {
        if let Some(known) = self.memory.objects.borrow().get(&id) {
            return Ok(known.clone());
        }
        let object = things::object(self.store, id)?.map(Rc::new);
        let mut objects = self.memory.objects.borrow_mut();
        objects.insert(id, object.clone());
        Ok(object)
    }

    /// Appends to `out` what `write` writes about a thing.
    pub(super) fn once(
        &self,
        out: &mut String,
        id: ThingId,
        piece: Piece,
        write: impl FnOnce(&mut String) -> Result<()>,
    ) -> Result<()> {
        if let Some(text) = self.memory.texts.borrow().get(&(id, piece)) {
            out.push_str(text);
            return Ok(());
        }
        let start = out.len();
        write(out)?;
        if let Some(text) = out.get(start..) {
            let mut texts = self.memory.texts.borrow_mut();
            texts.insert((id, piece), text.into());
        }
        Ok(())
    }

    /// Adds to `out` the members that `write` writes about a thing.
    pub(super) fn members_once(
        &self,
        out: &mut json::Object<'_>,
        id: ThingId,
        piece: Piece,
        write: impl FnOnce(&mut json::Object<'_>) -> Result<()>,
    ) -> Result<()> {
        if let Some(text) = self.memory.texts.borrow().get(&(id, piece)) {
            out.members(text);
            return Ok(());
        }
        let mut text = String::with_capacity(1024);
        write(&mut json::Object::open(&mut text))?;
        let members = text
            .strip_prefix('{')
            .and_then(|text| text.strip_suffix('}'))
            .expect("an object has braces");
        out.members(members);
        let mut texts = self.memory.texts.borrow_mut();
        texts.insert((id, piece), members.into());
        Ok(())
    }
}
