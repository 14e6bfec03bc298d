//! Albums in the box to post: into which one the photos of a post come.

use super::{myself, own_list, reference};
use crate::app::App;
use crate::auth::LocalUser;
use crate::domain::access::Viewer;
use crate::domain::activities::{self, lists};
use crate::domain::documents::display_name;
use crate::error::Error;
use crate::http::Request;
use crate::ids::ThingId;
use crate::media::BlobName;
use crate::store::engine::{self, Tx};
use crate::store::keys::{Stream, StreamKind};
use crate::store::streams::{self, Start};
use crate::store::things::{self, Object};
use crate::web::cards::Cards;
use crate::web::frame::Frame;
use crate::wire::draft::ActivityDraft;

/// Most albums to choose from.
const ALBUMS_SHOWN: usize = 100;

/// An album to choose.
#[derive(Debug)]
pub(super) struct Offered {
    pub(super) key: String,
    /// What it is called, and who sees it.
    pub(super) words: String,
    pub(super) is_chosen: bool,
}

/// The albums of a user that are shown to somebody, newest first; the `chosen` one is among them in any case.
pub(super) fn offered(
    request: &Request,
    frame: &Frame,
    user: &LocalUser,
    chosen: &str,
) -> Result<Vec<Offered>, Error> {
    let app = request.app();
    let cards = Cards {
        app,
        frame,
        viewer: Viewer::user(user.id()),
        now: request.now,
    };
    let index = lists::index(user.id().0, "image");
    let mut ids =
        streams::page(&app.store, index, Start::Newest, ALBUMS_SHOWN)?.unwrap_or_default();
    if let Some((id, _)) = own_album(app, user, chosen)?.filter(|(id, _)| !ids.contains(id)) {
        ids.push(id);
    }
    let mut albums = Vec::new();
    for id in ids {
        let Some(album) = things::object(&app.store, id)?.filter(|album| album.deleted.is_none())
        else {
            continue;
        };
        let post = match album.post {
            Some(post) => things::activity(&app.store, post)?,
            None => None,
        };
        if let Some(post) = post {
            let name = display_name(&album).unwrap_or_default();
            let key = album.key(id).to_string();
            albums.push(Offered {
                words: format!("{name} ({})", cards.audience(&post)?.words),
                is_chosen: key == chosen,
                key,
            });
        }
    }
    Ok(albums)
}

/// The album of a user with this key.
pub(super) fn own_album(
    app: &App,
    user: &LocalUser,
    key: &str,
) -> Result<Option<(ThingId, Object)>, Error> {
    if key.is_empty() {
        return Ok(None);
    }
    let album = own_list(app, user, key)?;
    Ok(album.filter(|(_, album)| lists::member_type(album).as_deref() == Some("image")))
}

/// What somebody reads who chose an album that is deleted.
pub(super) fn gone() -> Error {
    Error::invalid("This album is not there any more. Choose another one, or none.")
}

/// Puts pictures into an album, in the write that posts them: the first of them stands first. 400 if it was deleted meanwhile.
pub(super) fn fill(
    request: &Request,
    tx: &mut dyn Tx,
    user: &LocalUser,
    (id, album): (ThingId, &Object),
    pictures: &[(ThingId, Object)],
) -> engine::Result<()> {
    let app = request.app();
    if things::object(tx, id)?.is_none_or(|album| album.deleted.is_some()) {
        return Err(gone().into());
    }
    let mut nothing_freed: Vec<BlobName> = Vec::new();
    let members = Stream::of(id, StreamKind::Members);
    for (picture, object) in pictures.iter().rev() {
        if streams::contains(tx, members, *picture)? {
            continue;
        }
        let mut draft = ActivityDraft::of("add", reference(app, *picture, object));
        draft.target = Some(reference(app, id, album));
        draft.addresses.to.push(myself(app, user));
        activities::apply(
            app,
            tx,
            user.id().0,
            None,
            &draft,
            request.now,
            &mut nothing_freed,
        )?;
    }
    Ok(())
}
