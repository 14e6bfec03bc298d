//! What somebody says of themselves.

use super::Work;
use crate::domain::archives::Halt;
use crate::domain::archives::format::{Label, part};
use crate::domain::archives::source::Source;
use crate::domain::{names, objects};
use crate::store::things::{self, Object};
use crate::wire::draft::{ObjectDraft, members_of, members_text};
use serde_json::{Value, json};

/// Members of a profile that are its person's words; all others belong to a server.
const PROFILE: &[&str] = &["displayName", "summary", "location", "tags"];

impl Work<'_> {
    /// Fills in what the profile here does not say, and notes who the user was.
    pub(super) fn profile(&mut self, source: &mut Source, label: &Label) -> Result<(), Halt> {
        let Some(profile) = source.value(part::PROFILE)? else {
            return Ok(());
        };
        let profile = match ObjectDraft::parse(profile) {
            Ok(profile) => objects::own_members(&profile),
            Err(error) => {
                self.left_out(part::PROFILE, &error);
                return Ok(());
            }
        };
        let picture = match self.picture {
            Some(id) => things::object(&self.app().store, id)?,
            None => None,
        };
        let (person, now) = (self.person(), self.importing.now);
        let is_moved =
            names::find_thing(self.app().base(), &self.app().store, &label.person)? != Some(person);
        self.write(|tx, _| {
            things::change_object(tx, person, |person: &mut Object| {
                let mut members = members_of(&person.members);
                for name in PROFILE {
                    let is_unset = match members.get(*name) {
                        Some(Value::String(text)) => {
                            text.is_empty()
                                || (*name == "displayName"
                                    && Some(text.as_str()) == person.nickname())
                        }
                        Some(_) => false,
                        None => true,
                    };
                    if let Some(value) = profile.get(*name).filter(|_| is_unset) {
                        members.insert((*name).to_owned(), value.clone());
                    }
                }
                if !members.contains_key("image")
                    && let Some(picture) = &picture
                {
                    let mut shown = members_of(&picture.members);
                    if let Some(image) = shown.remove("image") {
                        members.insert("image".to_owned(), image);
                    }
                    if let Some(full) = shown.remove("fullImage") {
                        members.insert("pump_io".to_owned(), json!({"fullImage": full}));
                    }
                }
                if is_moved && !members.contains_key("upstreamDuplicates") {
                    members.insert("upstreamDuplicates".to_owned(), json!([label.person]));
                }
                let members = members_text(&members);
                if members != person.members {
                    person.members = members;
                    person.updated = now;
                }
            })
        })?;
        Ok(())
    }
}
