//! What a post shows besides its words: uploads of its author that nobody was shown yet become parts of it. They have pages of
//! their own, and whoever may read the post may read them. Everything else that is attached is only named: naming something
//! gives nobody the right to read it.

use super::Posting;
use crate::domain::{names, objects};
use crate::error::Error;
use crate::ids::{Base, ThingId};
use crate::store::engine::{Read, Result, Tx};
use crate::store::things::{self, Object};
use crate::wire::draft::{Members, ObjectDraft, members_of, members_text};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Most things of this server that one post can have attached.
pub const PARTS_MAX: usize = 20;

/// The member that names what is attached.
const ATTACHMENTS: &str = "attachments";

/// What of this server is attached to an object, in its order, at most [`PARTS_MAX`]. Whether somebody may read it is not
/// looked at.
pub fn attached(base: &Base, from: &dyn Read, object: &Object) -> Result<Vec<(ThingId, Object)>> {
    let mut found = Vec::new();
    if !object.is_local() || !object.members.contains(ATTACHMENTS) {
        return Ok(found);
    }
    for value in list(&members_of(&object.members)) {
        if found.len() == PARTS_MAX {
            break;
        }
        found.extend(here(base, from, value)?);
    }
    Ok(found)
}

impl Posting<'_> {
    /// Puts what a draft attaches into the members of an object, and makes the actor's own new uploads parts of it; `before`
    /// is what was attached, and stays. What is here is kept as a reference, what is elsewhere as it was sent.
    pub(super) fn attach(
        &self,
        tx: &mut dyn Tx,
        id: ThingId,
        object: &mut Object,
        before: &[(ThingId, Object)],
    ) -> Result<()> {
        let mut members = members_of(&object.members);
        let Some(Value::Array(given)) = members.remove(ATTACHMENTS) else {
            return Ok(());
        };
        let mut kept = Vec::new();
        let mut known = BTreeSet::from([id]);
        for value in given {
            match here(self.app.base(), tx, &value)? {
                Some((part, _)) if known.contains(&part) => {}
                Some((part, found)) => {
                    known.insert(part);
                    kept.push(self.reference(part, &found));
                    match is_part(object, &found) {
                        true => self.describe_part(tx, (part, found), &value),
                        false => self.show_part(tx, (part, found), object.post, value)?,
                    }
                }
                None => kept.push(value),
            }
        }
        for (part, found) in before {
            if known.insert(*part) && is_part(object, found) {
                kept.push(self.reference(*part, found));
            }
        }
        if known.len() > PARTS_MAX + 1 {
            return Err(Error::Invalid(format!(
                "A post can show at most {PARTS_MAX} photos and other files."
            ))
            .into());
        }
        members.insert(ATTACHMENTS.to_owned(), Value::Array(kept));
        object.members = members_text(&members);
        Ok(())
    }

    /// Shows an upload as a part of a post, with the words that come along; nothing happens to what is somebody else's or was
    /// posted before.
    fn show_part(
        &self,
        tx: &mut dyn Tx,
        (id, mut part): (ThingId, Object),
        post: Option<ThingId>,
        words: Value,
    ) -> Result<()> {
        let is_new = part.author == Some(self.actor) && part.file.is_some() && part.post.is_none();
        if !is_new || post.is_none() {
            return Ok(());
        }
        let mut words = ObjectDraft::parse(words)?;
        words.members.remove(ATTACHMENTS);
        objects::merge(&mut part, &words);
        part.post = post;
        part.published = words.published.or(part.published);
        part.updated = self.now;
        things::put_object(tx, id, part);
        Ok(())
    }

    /// Gives a part that is shown already another description, for those who cannot see it, if one comes along.
    fn describe_part(&self, tx: &mut dyn Tx, (id, mut part): (ThingId, Object), words: &Value) {
        let mut members = members_of(&part.members);
        let Some(alt) = words.get("alt").filter(|alt| alt.is_string()) else {
            return;
        };
        if members.get("alt") != Some(alt) {
            members.insert("alt".to_owned(), alt.clone());
            part.members = members_text(&members);
            part.updated = self.now;
            things::put_object(tx, id, part);
        }
    }

    /// The parts of a post: they go when it goes.
    pub(super) fn parts(&self, from: &dyn Read, object: &Object) -> Result<Vec<(ThingId, Object)>> {
        let mut parts = attached(self.app.base(), from, object)?;
        parts.retain(|(_, part)| is_part(object, part));
        Ok(parts)
    }

    fn reference(&self, id: ThingId, object: &Object) -> Value {
        let name = names::object_id(self.app.base(), id, object).to_string();
        json!({"objectType": object.object_type, "id": name})
    }
}

/// Whether something came with a post: it was posted by the same activity.
fn is_part(object: &Object, part: &Object) -> bool {
    part.post.is_some() && part.post == object.post && part.author == object.author
}

fn list(members: &Members) -> &[Value] {
    let list = members.get(ATTACHMENTS).and_then(Value::as_array);
    list.map_or(&[], Vec::as_slice)
}

/// The thing of this server that an attachment names: no person, and not deleted.
fn here(base: &Base, from: &dyn Read, value: &Value) -> Result<Option<(ThingId, Object)>> {
    let Some(id) = value.get("id").and_then(Value::as_str) else {
        return Ok(None);
    };
    let Some(id) = names::find_thing(base, from, id)? else {
        return Ok(None);
    };
    let object = things::object(from, id)?
        .filter(|object| object.is_local() && !object.is_person() && object.deleted.is_none());
    Ok(object.map(|object| (id, object)))
}

#[cfg(test)]
mod tests {
    use super::PARTS_MAX;
    use crate::domain::access::{self, Viewer};
    use crate::domain::documents::{Documents, Finish};
    use crate::domain::testing::{NOW, Pump};
    use crate::domain::{names, uploads};
    use crate::ids::{ThingId, UserId};
    use crate::store::things::{self, Object};
    use serde_json::{Value, json};

    fn upload(pump: &Pump, user: UserId, words: &str) -> (ThingId, Value) {
        let mut spool = pump.app.blobs.spool(99).expect("a spool");
        spool.write(words.as_bytes()).expect("written");
        let texts = uploads::Texts::default();
        let id = uploads::add(&pump.app, user, spool, None, &texts, NOW).expect("kept");
        let object = object(pump, id);
        let name = names::object_id(pump.app.base(), id, &object).to_string();
        (id, json!({"objectType": object.object_type, "id": name}))
    }

    fn object(pump: &Pump, id: ThingId) -> Object {
        let object = things::object(&pump.app.store, id).expect("readable");
        object.expect("there")
    }

    fn posts(pump: &Pump, user: UserId, attachments: &[&Value], to: &str) -> ThingId {
        let note = json!({"objectType": "note", "content": "Two", "attachments": attachments});
        let to = json!([{"objectType": "person", "id": format!("acct:{to}@pump.test")}]);
        let post = pump.post(user, json!({"object": note, "to": to}));
        let activity = things::activity(&pump.app.store, post.expect("posted"));
        activity.expect("readable").expect("there").object
    }

    fn may_read(pump: &Pump, user: UserId, id: ThingId) -> bool {
        let object = object(pump, id);
        access::may_fetch(&pump.app.store, Viewer::user(user), &object).expect("readable")
    }

    fn seen(pump: &Pump, user: UserId, id: ThingId) -> Value {
        let documents = Documents::for_viewer(&pump.app, Viewer::user(user));
        let text = documents.object_text(id, &object(pump, id), Finish::FULL);
        serde_json::from_str(&text.expect("written")).expect("JSON")
    }

    #[test]
    fn own_new_uploads_become_parts_that_the_readers_of_the_post_see() {
        let pump = Pump::start();
        let [ann, ben, kim] = ["ann", "ben", "kim"].map(|name| pump.register(name));
        let (first, mut one) = upload(&pump, ann, "one");
        let (second, two) = upload(&pump, ann, "two");
        one["displayName"] = json!("The first");
        one["fileUrl"] = json!("https://evil.test/");
        let note = posts(&pump, ann, &[&two, &one, &two], "ben");
        for part in [first, second] {
            assert!(may_read(&pump, ben, part) && !may_read(&pump, kim, part));
        }
        let shown = seen(&pump, ben, note)["attachments"].clone();
        assert_eq!(shown.as_array().map(Vec::len), Some(2));
        assert_eq!(shown[0]["id"], two["id"]);
        assert_eq!(shown[1]["displayName"], "The first");
        let file = shown[1]["fileUrl"].as_str().unwrap_or_default();
        assert!(file.starts_with("http://pump.test/uploads/ann/"), "{file}");
    }

    #[test]
    fn what_is_somebody_elses_or_was_posted_before_gains_no_readers() {
        let pump = Pump::start();
        let [ann, ben] = ["ann", "ben"].map(|name| pump.register(name));
        let (secret, of_ann) = upload(&pump, ann, "secret");
        let note = posts(&pump, ben, &[&of_ann], "ben");
        assert!(!may_read(&pump, ben, secret));
        assert_eq!(seen(&pump, ben, note)["attachments"], json!([of_ann]));
        let (own, mine) = upload(&pump, ann, "mine");
        posts(&pump, ann, &[&mine], "ann");
        let second = posts(&pump, ann, &[&mine], "ben");
        assert!(!may_read(&pump, ben, own));
        assert_eq!(seen(&pump, ben, second)["attachments"], json!([mine]));
    }

    #[test]
    fn parts_stay_when_a_post_changes_and_go_with_it() {
        let pump = Pump::start();
        let ann = pump.register("ann");
        let (first, one) = upload(&pump, ann, "one");
        let (second, two) = upload(&pump, ann, "two");
        let (elsewhere, other) = upload(&pump, ann, "other");
        posts(&pump, ann, &[&other], "ann");
        let note = posts(&pump, ann, &[&one, &other], "ann");
        let mut changed = seen(&pump, ann, note);
        changed["content"] = json!("Three");
        let mut described = one.clone();
        described["alt"] = json!("A cat");
        let mut not_its_own = other.clone();
        not_its_own["alt"] = json!("A dog");
        changed["attachments"] = json!([two, described, not_its_own]);
        let update = json!({"verb": "update", "object": changed});
        pump.post(ann, update).expect("changed");
        let shown = seen(&pump, ann, note);
        assert_eq!(shown["attachments"][1]["alt"], "A cat");
        assert!(shown["attachments"][2]["alt"].is_null());
        let ids = shown["attachments"].as_array().cloned().unwrap_or_default();
        let ids: Vec<&Value> = ids.iter().map(|part| &part["id"]).collect();
        assert_eq!(ids, [&two["id"], &one["id"], &other["id"]]);
        let named = json!({"objectType": "note", "id": shown["id"]});
        let delete = json!({"verb": "delete", "object": named});
        pump.post(ann, delete).expect("deleted");
        for part in [first, second] {
            assert!(object(&pump, part).deleted.is_some());
        }
        assert!(object(&pump, elsewhere).deleted.is_none());
    }

    #[test]
    fn a_post_shows_so_many_and_no_more() {
        let pump = Pump::start();
        let ann = pump.register("ann");
        let all: Vec<Value> = (0..=PARTS_MAX)
            .map(|number| upload(&pump, ann, &number.to_string()).1)
            .collect();
        let note = json!({"objectType": "note", "attachments": all});
        let refused = pump.post(ann, json!({"object": note}));
        assert_eq!(refused.expect_err("too many").status(), 400);
    }

    #[test]
    fn things_that_show_each_other_have_an_end() {
        let pump = Pump::start();
        let ann = pump.register("ann");
        let first = posts(&pump, ann, &[], "ann");
        let named = |id| json!({"objectType": "note", "id": seen(&pump, ann, id)["id"]});
        let second = posts(&pump, ann, &[&named(first)], "ann");
        let mut changed = named(first);
        changed["attachments"] = json!([named(second)]);
        let update = json!({"verb": "update", "object": changed});
        pump.post(ann, update).expect("changed");
        let shown = seen(&pump, ann, first);
        assert_eq!(shown["attachments"][0]["content"], "Two");
        assert_eq!(
            shown["attachments"][0]["attachments"],
            json!([named(first)])
        );
    }
}
