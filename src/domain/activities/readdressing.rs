//! To whom an album is shown, chosen anew: the addresses of the activity that made it change, and who sees it by them gets that
//! activity. Who does no more finds nothing there from then on; what other servers have got, they keep. The pictures in it stay with those
//! to whom they were posted.

use super::lists;
use crate::app::App;
use crate::clock::Timestamp;
use crate::domain::audience;
use crate::domain::distribution::INBOXES_PER_WRITE;
use crate::domain::{distribution, names};
use crate::error::Error;
use crate::ids::{ThingId, UserId};
use crate::store::engine::{Read, Result};
use crate::store::things::{self, Activity, Address, Object};
use crate::wire::draft::{Addresses, ObjectDraft};
use std::collections::BTreeSet;

/// What other addresses would change.
#[derive(Debug)]
pub struct Change {
    /// Who sees it then, and does not now: as far as they are named.
    pub gained: BTreeSet<ThingId>,
    /// Who sees it now, and does not then: as far as they are named.
    pub lost: BTreeSet<ThingId>,
    /// Whether everybody sees it now.
    pub was_public: bool,
    /// Whether everybody sees it then.
    pub is_public: bool,
    /// Whether it is told to the same as now, in the same way.
    pub is_same: bool,
    /// The activity that made it, as it would be.
    pub then: Activity,
}

/// What would change if an album were shown to `to`. 404 for what is no album of the user's, or one that was never shown to anybody.
pub fn weigh(
    app: &App,
    user: UserId,
    album: ThingId,
    to: &Addresses<Vec<ObjectDraft>>,
) -> std::result::Result<Change, Error> {
    let (_, now) = own_album(&app.store, user, album)?;
    let then = readdressed(app, &app.store, &now, to)?;
    let is_public = |activity: &Activity| {
        let mut all = activity.addresses.each().into_iter().flatten();
        all.any(|address| *address == Address::Public)
    };
    let people = |activity: &Activity| -> Result<BTreeSet<ThingId>> {
        let found = audience::recipients(&app.store, activity)?;
        let mut people = found.people;
        people.extend(found.elsewhere);
        people.remove(&user.0);
        Ok(people)
    };
    let (before, after) = (people(&now)?, people(&then)?);
    let (was_public, is_public) = (is_public(&now), is_public(&then));
    let only = |here: &BTreeSet<ThingId>, there: &BTreeSet<ThingId>, by_all: bool| match by_all {
        true => BTreeSet::new(),
        false => here.difference(there).copied().collect(),
    };
    Ok(Change {
        gained: only(&after, &before, was_public),
        lost: only(&before, &after, is_public),
        was_public,
        is_public,
        is_same: now.addresses == then.addresses,
        then,
    })
}

/// Shows an album to `to`. As [`weigh`]; a second time changes nothing.
pub fn readdress(
    app: &App,
    user: UserId,
    album: ThingId,
    to: &Addresses<Vec<ObjectDraft>>,
    now: Timestamp,
) -> std::result::Result<(), Error> {
    let (post, lost) = app.store.write(|tx| {
        let (post, before) = own_album(tx, user, album)?;
        let mut after = readdressed(app, tx, &before, to)?;
        if after.addresses == before.addresses {
            return Ok((post, Vec::new()));
        }
        after.updated = now;
        let had = audience::recipients(tx, &before)?;
        let have = audience::recipients(tx, &after)?;
        distribution::widen(app, tx, post, &after, &had, now)?;
        things::put_activity(tx, post, after);
        things::change_object(tx, album, |album| album.updated = now)?;
        let lost = had.people.difference(&have.people).copied();
        Ok((post, lost.collect::<Vec<_>>()))
    })?;
    // They cannot open it any more; that it is there stands in their inboxes no longer, either.
    for some in lost.chunks(INBOXES_PER_WRITE) {
        app.store
            .write(|tx| distribution::take_back(tx, post, some))?;
    }
    app.wake();
    Ok(())
}

/// The activity that made an album of a user's.
fn own_album(from: &dyn Read, user: UserId, album: ThingId) -> Result<(ThingId, Activity)> {
    let missing = || Error::not_found("There is no such album of yours.");
    let is_own = |album: &Object| {
        album.author == Some(user.0) && lists::member_type(album).as_deref() == Some("image")
    };
    let album = things::object(from, album)?.filter(is_own);
    let post = album.ok_or_else(missing)?.post.ok_or_else(missing)?;
    let activity = things::activity(from, post)?.ok_or_else(missing)?;
    Ok((post, activity))
}

/// The same activity for others. 400 for an address that nobody has.
fn readdressed(
    app: &App,
    from: &dyn Read,
    activity: &Activity,
    to: &Addresses<Vec<ObjectDraft>>,
) -> Result<Activity> {
    let address = |draft: &ObjectDraft| -> Result<Address> {
        let found = match &draft.id {
            Some(id) => names::find(app.base(), from, id)?,
            None => None,
        };
        found.ok_or_else(|| Error::invalid("Choose who can see the album.").into())
    };
    let addresses = to.try_map(|list| list.iter().map(address).collect())?;
    Ok(Activity {
        addresses,
        ..activity.clone()
    })
}

#[cfg(test)]
mod tests {
    use super::{readdress, weigh};
    use crate::domain::access::{self, Viewer};
    use crate::domain::testing::{NOW, Pump};
    use crate::ids::{ThingId, UserId};
    use crate::store::keys::StreamKind;
    use crate::store::things;
    use crate::wire::draft::{Addresses, ObjectDraft};
    use serde_json::json;

    fn album(pump: &Pump, owner: UserId) -> ThingId {
        let album =
            json!({"objectType": "collection", "displayName": "Summer", "objectTypes": ["image"]});
        let post = json!({"verb": "create", "object": album, "to": [person("ben")]});
        let post = pump.post(owner, post).expect("posted");
        let post = things::activity(&pump.app.store, post).expect("readable");
        post.expect("there").object
    }

    fn person(nickname: &str) -> serde_json::Value {
        json!({"objectType": "person", "id": format!("acct:{nickname}@pump.test")})
    }

    fn only(nickname: &str) -> Addresses<Vec<ObjectDraft>> {
        let id = format!("acct:{nickname}@pump.test");
        Addresses {
            to: vec![ObjectDraft::reference(&id, "person")],
            ..Addresses::default()
        }
    }

    #[test]
    fn an_album_that_is_shown_to_others_is_theirs_and_no_longer_that_of_those_before() {
        let pump = Pump::start();
        let [ann, ben, kim] = ["ann", "ben", "kim"].map(|name| pump.register(name));
        let album = album(&pump, ann);
        let sees = |who: UserId| {
            let store = &pump.app.store;
            let album = things::object(store, album).expect("readable");
            access::may_fetch(store, Viewer::user(who), &album.expect("there")).expect("readable")
        };
        assert!(sees(ben) && !sees(kim));
        let change = weigh(&pump.app, ann, album, &only("kim")).expect("weighed");
        assert_eq!(change.gained.into_iter().collect::<Vec<_>>(), [kim.0]);
        assert_eq!(change.lost.into_iter().collect::<Vec<_>>(), [ben.0]);
        assert!(!change.is_same && sees(ben), "nothing changes by looking");
        let inbox = || pump.total(kim.0, StreamKind::InboxDirect);
        let before = inbox();
        for _ in 0..2 {
            readdress(&pump.app, ann, album, &only("kim"), NOW).expect("changed");
        }
        assert!(sees(ann) && sees(kim) && !sees(ben));
        assert_eq!(inbox(), before + 1, "whoever is named is told, once");
        let of_ben = [StreamKind::Inbox, StreamKind::InboxDirect];
        let left = of_ben.map(|kind| pump.total(ben.0, kind));
        readdress(&pump.app, ann, album, &only("ben"), NOW).expect("changed");
        let back = of_ben.map(|kind| pump.total(ben.0, kind));
        assert_eq!(back, left.map(|total| total + 1));
        assert_eq!(inbox(), before, "and does not come upon it any more");
    }

    #[test]
    fn nobody_changes_who_sees_what_is_not_their_album() {
        let pump = Pump::start();
        let [ann, ben] = ["ann", "ben"].map(|name| pump.register(name));
        let album = album(&pump, ann);
        let note = json!({"objectType": "note", "content": "hi"});
        let note = pump.post(ann, json!({"object": note})).expect("posted");
        let note = things::activity(&pump.app.store, note).expect("readable");
        let note = note.expect("there").object;
        for (who, what) in [(ben, album), (ann, note), (ann, ben.0)] {
            let error = readdress(&pump.app, who, what, &only("ben"), NOW);
            assert_eq!(error.expect_err("refused").status(), 404);
        }
        let error = weigh(&pump.app, ann, album, &only("nobody-here"));
        assert_eq!(error.expect_err("refused").status(), 400);
    }
}
