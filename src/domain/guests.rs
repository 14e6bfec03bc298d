//! Links by which somebody without an account sees one album or one post. A link is a number of its maker's and a signature,
//! so it can neither be guessed nor made out of what is stored; it works while it is kept and has not ended. By it one sees
//! what its maker posted, and what everybody may see: nobody gives away what others posted to few.

use crate::app::App;
use crate::clock::Timestamp;
use crate::domain::access::{self, Viewer};
use crate::domain::activities::{lists, parts};
use crate::error::Error;
use crate::ids::{ThingId, UserId};
use crate::media::Variant;
use crate::store::engine::{Read, Result};
use crate::store::guest_links::{self, GuestLink};
use crate::store::keys::{Stream, StreamKind};
use crate::store::meta;
use crate::store::streams;
use crate::store::things::{self, Object, Upload};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

/// How long a link can live, in days.
pub const DAYS: [u32; 3] = [7, 30, 365];

/// Most links that a user can have at a time.
pub const LINKS_MAX: usize = 100;

/// Longest note beside a link, in characters.
pub const NOTE_CHARS_MAX: usize = 80;

/// How long a link that has ended still stands in the list, in seconds.
const REMEMBERED_SECS: i64 = 30 * 24 * 3600;

/// Bytes of the signature of a link.
const MAC_BYTES: usize = 16;

/// Bytes of a link: whose it is, its number, the signature.
const TOKEN_BYTES: usize = 6 + 6 + MAC_BYTES;

/// A link as its maker sees it.
#[derive(Clone, Debug)]
pub struct Made {
    /// Its number.
    pub number: ThingId,
    /// The secret part of its address.
    pub token: String,
    /// What is kept of it.
    pub link: GuestLink,
    /// What it shows; nothing if that is gone.
    pub shown: Option<Object>,
    /// Whether it works no more.
    pub is_over: bool,
}

/// A link that works, and what it leads to.
#[derive(Debug)]
pub struct Opened {
    /// Who made it.
    pub user: UserId,
    /// Its number.
    pub number: ThingId,
    /// When it ends.
    pub ends: Timestamp,
    /// The album or post.
    pub thing: ThingId,
    /// The same.
    pub object: Object,
}

/// Whether somebody can make a link to an object: to their own albums, and to posts of their own.
pub fn can_share(user: UserId, object: &Object) -> bool {
    let is_album = lists::member_type(object).as_deref() == Some("image");
    let is_post = !object.is_person() && !object.is_collection() && object.object_type != "group";
    object.author == Some(user.0)
        && object.is_local()
        && object.deleted.is_none()
        && (is_album || is_post && object.post.is_some())
}

/// Makes a link and answers its secret part. 400 for a life that no link has or a note that is too long, 404 for what is not
/// the user's, 409 where there are too many.
pub fn make(
    app: &App,
    user: UserId,
    thing: ThingId,
    days: u32,
    note: &str,
    now: Timestamp,
) -> std::result::Result<String, Error> {
    let note = note.trim();
    if !DAYS.contains(&days) {
        return Err(Error::invalid("Choose how long the link works."));
    }
    if note.chars().count() > NOTE_CHARS_MAX || note.chars().any(char::is_control) {
        return Err(Error::Invalid(format!(
            "The note can have at most {NOTE_CHARS_MAX} characters, in one line."
        )));
    }
    let secret = meta::guest_secret(&app.store)?;
    let number = app.store.fresh_id();
    let link = GuestLink {
        thing,
        created: now,
        ends: Timestamp(now.0 + i64::from(days) * 24 * 3600),
        note: note.to_owned(),
        views: 0,
        seen: None,
    };
    app.store.write(|tx| {
        let object = things::object(tx, thing)?;
        if !object.is_some_and(|object| can_share(user, &object)) {
            return Err(Error::not_found("There is nothing of yours to share here.").into());
        }
        let mut known = guest_links::list(tx, user, LINKS_MAX * 2)?;
        for (old, _) in
            known.extract_if(.., |(_, link)| now.secs_since(link.ends) > REMEMBERED_SECS)
        {
            guest_links::remove(tx, user, old);
        }
        if known.len() >= LINKS_MAX {
            return Err(Error::Conflict(format!(
                "You have {LINKS_MAX} guest links already. Take some of them back first."
            ))
            .into());
        }
        guest_links::put(tx, user, number, &link);
        Ok(())
    })?;
    Ok(token(&secret, user, number))
}

/// The links of a user, newest first.
pub fn list(app: &App, user: UserId, now: Timestamp) -> std::result::Result<Vec<Made>, Error> {
    let secret = meta::guest_secret(&app.store)?;
    let mut all = Vec::new();
    for (number, link) in guest_links::list(&app.store, user, LINKS_MAX * 2)? {
        let shown = things::object(&app.store, link.thing)?;
        let shown = shown.filter(|object| can_share(user, object));
        all.push(Made {
            number,
            token: token(&secret, user, number),
            is_over: link.ends <= now || shown.is_none(),
            shown,
            link,
        });
    }
    all.reverse();
    Ok(all)
}

/// Takes a link back; a second time changes nothing.
pub fn revoke(app: &App, user: UserId, number: ThingId) -> std::result::Result<(), Error> {
    Ok(app.store.write(|tx| {
        guest_links::remove(tx, user, number);
        Ok(())
    })?)
}

/// What a link leads to: 404, in the same words whatever is wrong with it.
pub fn open(app: &App, token: &str, now: Timestamp) -> std::result::Result<Opened, Error> {
    let secret = meta::guest_secret(&app.store)?;
    let (user, number) = read(&secret, token).ok_or_else(unknown)?;
    let link = guest_links::get(&app.store, user, number)?;
    let link = link.filter(|link| now < link.ends).ok_or_else(unknown)?;
    let maker = things::object(&app.store, user.0)?;
    let object = things::object(&app.store, link.thing)?;
    let is_there = maker.is_some_and(|maker| maker.deleted.is_none());
    let object = object.filter(|object| is_there && can_share(user, object));
    Ok(Opened {
        user,
        number,
        ends: link.ends,
        thing: link.thing,
        object: object.ok_or_else(unknown)?,
    })
}

/// Counts that somebody looked at the page of a link.
pub fn count_view(app: &App, opened: &Opened, now: Timestamp) -> Result<()> {
    app.store.note(|tx| {
        if let Some(mut link) = guest_links::get(tx, opened.user, opened.number)? {
            link.views = link.views.saturating_add(1);
            link.seen = Some(now);
            guest_links::put(tx, opened.user, opened.number, &link);
        }
        Ok(())
    })
}

impl Opened {
    /// Whether what stands in the album, or came with the post, is shown by the link.
    pub fn shows(&self, from: &dyn Read, object: &Object) -> Result<bool> {
        let is_own = object.author == Some(self.user.0) && object.post.is_some();
        Ok(
            object.deleted.is_none()
                && (is_own || access::may_fetch(from, Viewer::NOBODY, object)?),
        )
    }

    /// Whether a file of an object is shown by the link. Of pictures that are the copies, not the original.
    pub fn shows_file(
        &self,
        app: &App,
        id: ThingId,
        object: &Object,
        variant: Variant,
    ) -> Result<bool> {
        let is_picture = object.file.as_ref().is_some_and(Upload::is_picture);
        if (variant == Variant::Original && is_picture) || !self.shows(&app.store, object)? {
            return Ok(false);
        }
        if self.object.is_collection() {
            let members = Stream::of(self.thing, StreamKind::Members);
            return streams::contains(&app.store, members, id);
        }
        if id == self.thing {
            return Ok(true);
        }
        let parts = parts::attached(app.base(), &app.store, &self.object)?;
        Ok(parts.iter().any(|(part, _)| *part == id) && object.post == self.object.post)
    }
}

fn unknown() -> Error {
    Error::not_found(
        "This link does not work, or does not work any more. Ask whoever gave it to you for a new one.",
    )
}

fn token(secret: &[u8; 32], user: UserId, number: ThingId) -> String {
    let mut bytes = [user.0.bytes(), number.bytes()].concat();
    let mac = signing(secret, &bytes).finalize().into_bytes();
    bytes.extend_from_slice(&mac[..MAC_BYTES]);
    URL_SAFE_NO_PAD.encode(bytes)
}

fn read(secret: &[u8; 32], token: &str) -> Option<(UserId, ThingId)> {
    let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
    let bytes: [u8; TOKEN_BYTES] = bytes.try_into().ok()?;
    let (signed, mac) = bytes.split_at(TOKEN_BYTES - MAC_BYTES);
    // In the same time whatever is wrong.
    signing(secret, signed).verify_truncated_left(mac).ok()?;
    let (user, number) = signed.split_first_chunk()?;
    Some((
        UserId(ThingId::from_bytes(*user)),
        ThingId::from_bytes(number.try_into().ok()?),
    ))
}

fn signing(secret: &[u8; 32], signed: &[u8]) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("HMAC takes keys of any length");
    mac.update(signed);
    mac
}

#[cfg(test)]
mod tests {
    use super::{read, token};
    use crate::ids::{ThingId, UserId};

    #[test]
    fn only_what_was_signed_is_read() {
        let (user, number) = (UserId(ThingId(7)), ThingId(1_795_217_913_123));
        let good = token(&[1; 32], user, number);
        assert_eq!(read(&[1; 32], &good), Some((user, number)));
        assert_eq!(read(&[2; 32], &good), None);
        for place in 0..good.len() {
            let mut forged = good.clone().into_bytes();
            forged[place] = if forged[place] == b'A' { b'B' } else { b'A' };
            let forged = String::from_utf8(forged).expect("text");
            assert_eq!(read(&[1; 32], &forged), None, "{place}");
        }
        for nonsense in ["", "x", &good.replacen('A', "", 1), &format!("{good}AAAA")] {
            assert_eq!(read(&[1; 32], nonsense), None);
        }
    }
}
