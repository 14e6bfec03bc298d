//! What somebody does not want to see any more at home, among photos, and in what they look for: single posts that they hid, and all
//! posts of people whom they muted. Nobody else is told of it, messages come all the same, and both can be taken back.

use crate::app::App;
use crate::error::Error;
use crate::ids::{ThingId, UserId};
use crate::store::engine::{Read, Result};
use crate::store::keys::{Stream, StreamKind};
use crate::store::streams::{self, Start};
use crate::store::things::{self, Activity, Object};

/// Most posts that one user hides; the oldest come back into sight.
pub const HIDDEN_MAX: u64 = 1_000;

/// Most people whom one user mutes.
pub const MUTED_MAX: u64 = 1_000;

/// What one user does not want to see.
#[derive(Clone, Copy)]
pub struct Quiet<'a> {
    from: &'a dyn Read,
    user: UserId,
    /// Most people hide nothing, and then nothing need be looked up.
    hides: bool,
    mutes: bool,
}

impl<'a> Quiet<'a> {
    /// That of a user.
    pub fn of(from: &'a dyn Read, user: UserId) -> Result<Quiet<'a>> {
        Ok(Quiet {
            from,
            user,
            hides: streams::total(from, hidden(user))? > 0,
            mutes: streams::total(from, muted(user))? > 0,
        })
    }

    /// Whether a post does not come home to the user: it was hidden, or what it answers, or who wrote or shared it is muted.
    pub fn silences(&self, activity: &Activity) -> Result<bool> {
        if !self.hides && !self.mutes {
            return Ok(false);
        }
        if self.hides(activity.object)? || self.mutes(activity.actor)? {
            return Ok(true);
        }
        match things::object(self.from, activity.object)? {
            Some(object) => self.silences_object(activity.object, &object),
            None => Ok(false),
        }
    }

    /// Whether the user does not want to come upon an object: it was hidden, or what it answers, or its author is muted.
    pub fn silences_object(&self, id: ThingId, object: &Object) -> Result<bool> {
        for hidden in [Some(id), object.in_reply_to].into_iter().flatten() {
            if self.hides(hidden)? {
                return Ok(true);
            }
        }
        object.author.map_or(Ok(false), |author| self.mutes(author))
    }

    /// Whether the user hid a post.
    pub fn hides(&self, object: ThingId) -> Result<bool> {
        Ok(self.hides && streams::contains(self.from, hidden(self.user), object)?)
    }

    /// Whether the user muted somebody.
    pub fn mutes(&self, person: ThingId) -> Result<bool> {
        Ok(self.mutes && streams::contains(self.from, muted(self.user), person)?)
    }
}

/// The posts that a user hid.
pub fn hidden(user: UserId) -> Stream {
    Stream::of(user.0, StreamKind::Hidden)
}

/// The people whom a user muted.
pub fn muted(user: UserId) -> Stream {
    Stream::of(user.0, StreamKind::Muted)
}

/// Hides a post from the user; what is hidden already stays so.
pub fn hide(app: &App, user: UserId, post: ThingId) -> std::result::Result<(), Error> {
    Ok(app.store.write(|tx| {
        let stream = hidden(user);
        if streams::append(tx, stream, post)? {
            let total = streams::total(tx, stream)?;
            if total > HIDDEN_MAX {
                let oldest = streams::page(tx, stream, Start::Offset(HIDDEN_MAX), 1)?;
                for post in oldest.unwrap_or_default() {
                    streams::remove(tx, stream, post)?;
                }
            }
        }
        Ok(())
    })?)
}

/// Shows a hidden post again.
pub fn unhide(app: &App, user: UserId, post: ThingId) -> std::result::Result<(), Error> {
    app.store
        .write(|tx| streams::remove(tx, hidden(user), post))?;
    Ok(())
}

/// Keeps the posts of a person away from the user. 400 for oneself and for what is nobody, 409 for one too many.
pub fn mute(app: &App, user: UserId, person: ThingId) -> std::result::Result<(), Error> {
    app.store.write(|tx| {
        if person == user.0 {
            return Err(Error::invalid("You cannot mute yourself.").into());
        }
        if things::object(tx, person)?.is_none_or(|person| !person.is_person()) {
            return Err(Error::invalid("Only people can be muted.").into());
        }
        let stream = muted(user);
        if streams::total(tx, stream)? >= MUTED_MAX && !streams::contains(tx, stream, person)? {
            return Err(Error::Conflict(format!("You mute {MUTED_MAX} people already.")).into());
        }
        streams::append(tx, stream, person)?;
        Ok(())
    })?;
    Ok(())
}

/// Lets the posts of a person come home again.
pub fn unmute(app: &App, user: UserId, person: ThingId) -> std::result::Result<(), Error> {
    app.store
        .write(|tx| streams::remove(tx, muted(user), person))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{HIDDEN_MAX, Quiet, hidden, hide, mute, unmute};
    use crate::domain::testing::Pump;
    use crate::ids::ThingId;
    use crate::store::streams;

    #[test]
    fn the_oldest_of_too_many_hidden_posts_comes_back_into_sight() {
        let pump = Pump::start();
        let ann = pump.register("ann");
        for post in 0..=HIDDEN_MAX {
            hide(&pump.app, ann, ThingId(5_000 + post)).expect("hidden");
        }
        let store = &pump.app.store;
        assert_eq!(
            streams::total(store, hidden(ann)).expect("readable"),
            HIDDEN_MAX
        );
        let quiet = Quiet::of(store, ann).expect("readable");
        assert!(!quiet.hides(ThingId(5_000)).expect("readable"));
        assert!(quiet.hides(ThingId(5_001)).expect("readable"));
    }

    #[test]
    fn one_mutes_others_and_not_oneself() {
        let pump = Pump::start();
        let [ann, ben] = ["ann", "ben"].map(|name| pump.register(name));
        assert!(mute(&pump.app, ann, ann.0).is_err());
        assert!(mute(&pump.app, ann, ThingId(1 << 40)).is_err());
        for _ in 0..2 {
            mute(&pump.app, ann, ben.0).expect("muted");
        }
        let mutes = || {
            let quiet = Quiet::of(&pump.app.store, ann).expect("readable");
            quiet.mutes(ben.0).expect("readable")
        };
        assert!(mutes());
        unmute(&pump.app, ann, ben.0).expect("heard again");
        assert!(!mutes());
    }
}
