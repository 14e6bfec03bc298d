//! Whom an application speaks for by itself (`pump-api.md §1.2`, "principal"): another server, or a person elsewhere. They
//! read as somebody to whom things are addressed. Each is made known here when its application is, or when somebody logs in
//! at home to look at pages here; reading only looks it up.

use crate::app::App;
use crate::clock::Timestamp;
use crate::domain::{names, objects};
use crate::error::Error;
use crate::ids::ThingId;
use crate::store::aliases;
use crate::store::clients::Client;
use crate::store::engine::{Read, Result, Tx};
use crate::store::things::{self, Identity, Object};
use crate::wire::draft::{Members, ObjectDraft, members_text};

/// The thing that stands for whom a client speaks for; nothing for an ordinary client, and for one whose id is taken by
/// something that was made here.
pub fn of(app: &App, from: &dyn Read, client: &Client) -> Result<Option<ThingId>> {
    if client.identity.is_none() {
        return Ok(None);
    }
    let id = client.generator().id;
    let Some(thing) = aliases::find(from, &id)?.filter(|_| is_foreign(app, &id)) else {
        return Ok(None);
    };
    let object = things::object(from, thing)?;
    let is_known = object.is_some_and(|object| !object.is_local() && object.deleted.is_none());
    Ok(Some(thing).filter(|_| is_known))
}

/// Makes known whom a client speaks for, if that is somebody elsewhere who is not known yet.
pub fn introduce(app: &App, tx: &mut dyn Tx, client: &Client, now: Timestamp) -> Result<()> {
    let generator = client.generator();
    if client.identity.is_some() && is_foreign(app, &generator.id) {
        objects::give_back(app.base(), tx, &generator.id)?;
    }
    let is_new = client.identity.is_some() && is_foreign(app, &generator.id);
    if !is_new || aliases::find(tx, &generator.id)?.is_some() {
        return Ok(());
    }
    let mut members = Members::new();
    if let Some(name) = &generator.display_name {
        members.insert("displayName".to_owned(), name.as_str().into());
    }
    let mut object = stranger(&generator.id, generator.object_type, now);
    object.members = members_text(&members);
    let thing = app.store.fresh_id();
    aliases::add(tx, &generator.id, thing)?;
    things::put_object(tx, thing, object);
    Ok(())
}

/// Makes somebody elsewhere known, as their home describes them now; answers the thing. 403 for an id that is somebody or
/// something else here, and for who was deleted.
pub fn welcome(app: &App, tx: &mut dyn Tx, draft: &ObjectDraft, now: Timestamp) -> Result<ThingId> {
    let id = names::canonical(draft.id.as_deref().unwrap_or_default());
    objects::give_back(app.base(), tx, &id)?;
    let known = aliases::find(tx, &id)?;
    let kept = match known {
        Some(known) => things::object(tx, known)?,
        None => None,
    };
    let mut person = kept.unwrap_or_else(|| stranger(&id, "person", now));
    objects::retype(&mut person, draft);
    let is_person = person.is_person() && !person.is_local() && person.deleted.is_none();
    if !is_person || !is_foreign(app, &id) {
        let sentence = format!("{id} is nobody of another server.");
        return Err(Error::Forbidden(sentence).into());
    }
    objects::replace(&mut person, draft, now);
    let thing = known.unwrap_or_else(|| app.store.fresh_id());
    if known.is_none() {
        aliases::add(tx, &id, thing)?;
    }
    things::put_object(tx, thing, person);
    Ok(thing)
}

fn stranger(id: &str, object_type: &str, now: Timestamp) -> Object {
    let identity = Identity::Remote(id.to_owned());
    let mut object = Object::new(identity, object_type, now);
    object.published = None;
    object
}

fn is_foreign(app: &App, id: &str) -> bool {
    app.known_base()
        .is_some_and(|base| !names::is_ours(base, id))
}

#[cfg(test)]
mod tests {
    use crate::domain::access::{self, Viewer};
    use crate::domain::documents::{Documents, Finish};
    use crate::domain::testing::{NOW, Pump};
    use crate::ids::{ThingId, UserId};
    use crate::store::clients::{self, Client, Identity};
    use crate::store::things;
    use serde_json::{Value, json};

    const ZOE: &str = "acct:zoe@other.test";

    fn client(identity: Identity) -> Client {
        Client {
            identity: Some(identity),
            ..clients::tests::client("theirs")
        }
    }

    /// Whom the client of somebody reads as, after it was made known.
    fn principal(pump: &Pump, identity: Identity) -> Option<ThingId> {
        let client = client(identity);
        let write =
            |tx: &mut dyn crate::store::engine::Tx| super::introduce(&pump.app, tx, &client, NOW);
        pump.app.store.write(write).expect("written");
        super::of(&pump.app, &pump.app.store, &client).expect("readable")
    }

    fn zoe(pump: &Pump) -> Viewer {
        let person = principal(pump, Identity::Person("zoe@other.test".to_owned()));
        assert!(person.is_some());
        Viewer { person }
    }

    /// The object of a post as a viewer gets it; nothing if the viewer may not read it.
    fn seen(pump: &Pump, viewer: Viewer, post: ThingId) -> Option<Value> {
        let store = &pump.app.store;
        let activity = things::activity(store, post).expect("readable")?;
        if !access::may_read_activity(store, viewer, &activity).expect("readable") {
            return None;
        }
        let object = things::object(store, activity.object).expect("readable")?;
        assert!(access::may_fetch(store, viewer, &object).expect("readable"));
        let documents = Documents::for_viewer(&pump.app, viewer);
        let text = documents.object_text(activity.object, &object, Finish::FULL);
        serde_json::from_str(&text.expect("written")).ok()
    }

    fn note(to: &[Value]) -> Value {
        json!({ "object": { "objectType": "note", "content": "hi" }, "to": to })
    }

    #[test]
    fn a_person_elsewhere_reads_what_is_addressed_to_them() {
        let pump = Pump::start();
        let ann = pump.register("ann");
        // Addressed before and after she is known as the one for whom a client speaks.
        let to_zoe = json!({ "objectType": "person", "id": ZOE });
        let early = pump
            .post(ann, note(std::slice::from_ref(&to_zoe)))
            .expect("posted");
        let zoe = zoe(&pump);
        let late = pump
            .post(ann, note(std::slice::from_ref(&to_zoe)))
            .expect("posted");
        let own = pump
            .post(ann, json!({ "object": { "objectType": "note" } }))
            .expect("posted");
        let listed = json!({ "objectType": "person", "id": "acct:kim@other.test" });
        let to_kim = pump.post(ann, note(&[listed])).expect("posted");
        for post in [early, late] {
            let note = seen(&pump, zoe, post).expect("for her");
            assert_eq!(note["content"], "hi");
            assert_eq!(note["liked"], false);
            assert_eq!(note["pump_io"]["shared"], false);
        }
        for post in [own, to_kim] {
            assert_eq!(seen(&pump, zoe, post), None);
            assert_eq!(seen(&pump, Viewer::NOBODY, post), None);
        }
    }

    #[test]
    fn a_person_elsewhere_reads_what_is_for_a_list_that_holds_them() {
        let pump = Pump::start();
        let ann = pump.register("ann");
        let zoe = zoe(&pump);
        let list =
            json!({ "objectType": "collection", "displayName": "Far", "objectTypes": ["person"] });
        let made = pump
            .post(ann, json!({ "verb": "create", "object": list }))
            .expect("made");
        let list = seen(&pump, Viewer::user(ann), made).expect("her own");
        let list = json!({ "objectType": "collection", "id": list["id"] });
        let post = pump
            .post(ann, note(std::slice::from_ref(&list)))
            .expect("posted");
        assert_eq!(seen(&pump, zoe, post), None);
        let person = json!({ "objectType": "person", "id": ZOE });
        let add = json!({ "verb": "add", "object": person, "target": list });
        pump.post(ann, add).expect("added");
        assert!(seen(&pump, zoe, post).is_some());
    }

    #[test]
    fn nobody_reads_as_somebody_of_this_server() {
        let pump = Pump::start();
        let UserId(ann) = pump.register("ann");
        for id in ["ann@pump.test", "other@pump.test"] {
            assert_eq!(principal(&pump, Identity::Person(id.to_owned())), None);
        }
        assert_eq!(
            principal(&pump, Identity::Host("pump.test".to_owned())),
            None
        );
        // An id that a client here gave to its note stands for the note until its own server comes.
        let note = json!({ "object": { "objectType": "note", "id": "http://squat.test/" } });
        let post = pump.post(UserId(ann), note).expect("posted");
        let squat = principal(&pump, Identity::Host("squat.test".to_owned()));
        let post = things::activity(&pump.app.store, post).expect("readable");
        assert_ne!(squat, post.map(|post| post.object));
        assert!(squat.is_some());
        assert!(principal(&pump, Identity::Host("other.test".to_owned())).is_some());
    }
}
