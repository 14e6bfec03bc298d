//! What owners do with their albums: make, rename, fill, arrange them. That an album is there is told to those who may see it;
//! what is done to it afterwards is told to nobody.

use super::{NAME_CHARS_MAX, albums, page, tile};
use crate::app::App;
use crate::auth::{LocalUser, Visitor};
use crate::domain::access::{self, Viewer};
use crate::domain::activities::{self, lists};
use crate::domain::names;
use crate::error::Error;
use crate::http::{Answer, Request};
use crate::ids::ThingId;
use crate::store::keys::{Stream, StreamKind};
use crate::store::streams::{self, Start};
use crate::store::things::{self, Object, Thing};
use crate::web::composer::audience::Chosen;
use crate::web::composer::{own_list, reference};
use crate::web::forms::{again, see_other, value};
use crate::web::frame::{Frame, show};
use crate::web::lists::quietly;
use crate::web::login;
use crate::web::tiles::Tile;
use crate::wire::draft::{ActivityDraft, ObjectDraft};
use askama::Template;
use serde_json::json;

/// Pictures on a page from which some are chosen.
const CHOICES: usize = 60;

/// Uploads that are looked at for it.
const LOOKED_AT_MAX: usize = 400;

/// Most pictures that one form adds.
const ADDED_MAX: usize = 200;

/// Most albums to choose from.
const ALBUMS_SHOWN: usize = 200;

#[derive(Template)]
#[template(path = "album-choose.html", config = "assets/askama.toml")]
struct Choose<'a> {
    frame: &'a Frame,
    key: &'a str,
    name: String,
    url: String,
    /// Pictures, and whether they are in the album already.
    tiles: Vec<(Tile, bool)>,
    older: Option<String>,
    is_first: bool,
}

#[derive(Template)]
#[template(path = "album-add.html", config = "assets/askama.toml")]
struct Add<'a> {
    frame: &'a Frame,
    /// The key of the picture or post.
    picture: &'a str,
    tiles: Vec<Tile>,
    /// Keys and names of albums, and whether all of the pictures are there already.
    albums: Vec<(String, String, bool)>,
}

/// `POST /main/albums`: `name`, and `audience`, `also`, `names` as the box to post says them. 303 to the page where pictures are
/// chosen for it; 400 with the form.
pub fn create(request: &Request, visitor: &Visitor) -> Answer {
    let frame = Frame::of(request, visitor)?;
    let Some(user) = visitor.user() else {
        return login::first(&frame);
    };
    let form = request.form();
    match made(request, user, &form) {
        Ok(key) => Ok(see_other(&frame, &format!("/main/albums/{key}/choose"))),
        Err(error) => again(visitor, error, |problem| {
            albums(request, user, &frame, &form, Some(problem))
        }),
    }
}

fn made(request: &Request, user: &LocalUser, form: &[(String, String)]) -> Result<String, Error> {
    let app = request.app();
    let mut album = ObjectDraft {
        object_type: Some("collection".to_owned()),
        ..ObjectDraft::default()
    };
    let name = checked_name(value(form, "name"))?;
    album.members.insert("displayName".to_owned(), json!(name));
    album
        .members
        .insert("objectTypes".to_owned(), json!(["image"]));
    let mut draft = ActivityDraft::of("create", album);
    (draft.addresses, _) = Chosen::of_form(form).addresses(app, user)?;
    let id = activities::post(app, user.id(), None, &draft, request.now)?;
    let id = things::activity(&app.store, id)?.ok_or(Error::Gone)?.object;
    let album = things::object(&app.store, id)?.ok_or(Error::Gone)?;
    Ok(album.key(id).to_string())
}

fn checked_name(name: &str) -> Result<&str, Error> {
    let name = name.trim();
    if name.is_empty() {
        return Err(Error::invalid("Give the album a name."));
    }
    if name.chars().count() > NAME_CHARS_MAX {
        return Err(Error::Invalid(format!(
            "The name of an album can have at most {NAME_CHARS_MAX} characters."
        )));
    }
    Ok(name)
}

/// The album of a user with this key: 404 for everybody else's.
pub(super) fn own_album(
    request: &Request,
    user: &LocalUser,
    key: &str,
) -> Result<(ThingId, Object), Error> {
    let album = own_list(request.app(), user, key)?
        .filter(|(_, album)| lists::member_type(album).as_deref() == Some("image"));
    album.ok_or_else(|| Error::not_found("There is no such album of yours."))
}

pub(super) fn path_of(user: &LocalUser, key: &str) -> String {
    format!("/{}/list/{key}", user.nickname())
}

/// `POST /main/albums/{key}`: `do` is `rename` (with `name`), or with `picture` (a key) one of `cover`, `remove`, `front`, `earlier`,
/// `later`. 303 to the album; 400 with its page; 404.
pub fn change(request: &Request, visitor: &Visitor) -> Answer {
    let frame = Frame::of(request, visitor)?;
    let Some(user) = visitor.user() else {
        return login::first(&frame);
    };
    let form = request.form();
    let key = request.param("key");
    let (id, album) = own_album(request, user, key)?;
    match changed(request, user, (id, &album), &form) {
        Ok(()) => {
            let mut onward = path_of(user, key);
            if value(&form, "do") != "rename" {
                onward.push_str("?arrange=1");
                let before = value(&form, "before");
                if names::by_key(&request.app().store, before)?.is_some() {
                    onward.push_str(&format!("&before={before}"));
                }
                onward.push_str("#arrange");
            }
            Ok(see_other(&frame, &onward))
        }
        Err(error) => again(visitor, error, |problem| {
            page(request, visitor, &frame, (id, &album), Some(problem))
        }),
    }
}

fn changed(
    request: &Request,
    user: &LocalUser,
    (id, album): (ThingId, &Object),
    form: &[(String, String)],
) -> Result<(), Error> {
    let app = request.app();
    let members = Stream::of(id, StreamKind::Members);
    let deed = value(form, "do");
    if deed == "rename" {
        let name = checked_name(value(form, "name"))?;
        return update(request, user, (id, album), "displayName", name);
    }
    let gone = || Error::invalid("This picture is not in the album any more.");
    let key = value(form, "picture");
    let picture = names::by_key(&app.store, key)?.ok_or_else(gone)?.0;
    if !streams::contains(&app.store, members, picture)? {
        return match deed {
            // A second tap: it is out already.
            "remove" => Ok(()),
            _ => Err(gone()),
        };
    }
    let beside = |start| streams::page(&app.store, members, start, 1);
    match deed {
        "cover" => update(request, user, (id, album), "cover", key),
        "remove" => {
            let object = things::object(&app.store, picture)?.ok_or_else(gone)?;
            let mut draft = ActivityDraft::of("remove", reference(app, picture, &object));
            draft.target = Some(reference(app, id, album));
            quietly(request, user, draft).map(drop)
        }
        "front" => Ok(app.store.write(|tx| {
            if streams::remove(tx, members, picture)? {
                streams::append(tx, members, picture)?;
            }
            Ok(())
        })?),
        "earlier" | "later" => {
            let start = match deed {
                "earlier" => Start::Since(picture),
                _ => Start::Before(picture),
            };
            if let Some(other) = beside(start)?.unwrap_or_default().first() {
                app.store
                    .write(|tx| streams::swap(tx, members, picture, *other))?;
            }
            Ok(())
        }
        _ => Err(Error::invalid("Say what to do with the album.")),
    }
}

/// Changes one member of an album.
fn update(
    request: &Request,
    user: &LocalUser,
    (id, album): (ThingId, &Object),
    member: &str,
    to: &str,
) -> Result<(), Error> {
    let mut changed = reference(request.app(), id, album);
    changed.members.insert(member.to_owned(), json!(to));
    quietly(request, user, ActivityDraft::of("update", changed)).map(drop)
}

/// `GET /main/albums/{key}/choose`: one's own pictures, some of which are to come into the album.
pub fn choose(request: &Request, visitor: &Visitor) -> Answer {
    let frame = Frame::of(request, visitor)?;
    let Some(user) = visitor.user() else {
        return login::first(&frame);
    };
    let app = request.app();
    let key = request.param("key");
    let (id, album) = own_album(request, user, key)?;
    let cards = super::cards(request, &frame, Viewer::user(user.id()));
    let missing = || Error::not_found("There is no such page.");
    let before = request.query("before");
    let start = match &before {
        Some(key) => Start::Before(names::by_key(&app.store, key)?.ok_or_else(missing)?.0),
        None => Start::Newest,
    };
    let uploads = Stream::of(user.id().0, StreamKind::Uploads);
    let members = Stream::of(id, StreamKind::Members);
    let mut tiles: Vec<(Tile, bool)> = Vec::new();
    let found = streams::page(&app.store, uploads, start, LOOKED_AT_MAX)?.ok_or_else(missing)?;
    let is_full = found.len() == LOOKED_AT_MAX;
    let mut last = None;
    for upload in found {
        if tiles.len() == CHOICES {
            break;
        }
        last = Some(upload);
        if let Some(tile) =
            tile(&cards, upload)?.filter(|_| is_posted(app, upload).unwrap_or(false))
        {
            let is_in = streams::contains(&app.store, members, upload)?;
            tiles.push((tile, is_in));
        }
    }
    let is_more = is_full || tiles.len() == CHOICES;
    let last = match last.filter(|_| is_more) {
        Some(last) => things::object(&app.store, last)?.map(|upload| upload.key(last)),
        None => None,
    };
    let page = Choose {
        key,
        name: super::name_of(&frame, &album),
        url: format!("{}{}", frame.root, path_of(user, key)),
        tiles,
        older: last.map(|last| format!("{}/main/albums/{key}/choose?before={last}", frame.root)),
        is_first: before.is_none(),
        frame: &frame,
    };
    show(visitor, &page)
}

/// Whether an upload is a picture that was posted.
fn is_posted(app: &App, upload: ThingId) -> Result<bool, Error> {
    let upload = things::object(&app.store, upload)?;
    Ok(upload.is_some_and(|upload| upload.object_type == "image" && upload.post.is_some()))
}

/// `GET /main/album-add?picture=KEY`: the albums into which a picture, or the pictures of a post, can come.
pub fn choose_album(request: &Request, visitor: &Visitor) -> Answer {
    let frame = Frame::of(request, visitor)?;
    let Some(user) = visitor.user() else {
        return login::first(&frame);
    };
    let app = request.app();
    let picture = request.query("picture").unwrap_or_default();
    let tiles = pictures_of(request, user, &frame, &picture)?;
    if tiles.is_empty() {
        return Err(Error::not_found("There is no such picture."));
    }
    let index = lists::index(user.id().0, "image");
    let mut albums = Vec::new();
    for id in streams::page(&app.store, index, Start::Newest, ALBUMS_SHOWN)?.unwrap_or_default() {
        if let Some(album) = things::object(&app.store, id)?.filter(|album| album.deleted.is_none())
        {
            let members = Stream::of(id, StreamKind::Members);
            let mut has_all = true;
            for tile in tiles.iter().filter_map(|tile| tile.id) {
                has_all &= streams::contains(&app.store, members, tile)?;
            }
            let name = super::name_of(&frame, &album);
            albums.push((album.key(id).to_string(), name, has_all));
        }
    }
    let page = Add {
        frame: &frame,
        picture: &picture,
        tiles,
        albums,
    };
    show(visitor, &page)
}

/// `POST /main/albums/{key}/add`: `picture` (keys of pictures or posts, as often as there are). 303 to the album; 400, 404.
pub fn add(request: &Request, visitor: &Visitor) -> Answer {
    let frame = Frame::of(request, visitor)?;
    let Some(user) = visitor.user() else {
        return login::first(&frame);
    };
    let app = request.app();
    let form = request.form();
    let key = request.param("key");
    let (id, album) = own_album(request, user, key)?;
    let keys = form.iter().filter(|(name, _)| name == "picture");
    let keys: Vec<&str> = keys.map(|(_, key)| key.as_str()).collect();
    if keys.len() > ADDED_MAX {
        return Err(Error::Invalid(format!(
            "At most {ADDED_MAX} pictures can be added at once."
        )));
    }
    let members = Stream::of(id, StreamKind::Members);
    // The newest stands first; so the first that was chosen comes last.
    for key in keys.into_iter().rev() {
        for tile in pictures_of(request, user, &frame, key)?.into_iter().rev() {
            let Some(picture) = tile.id else { continue };
            if streams::contains(&app.store, members, picture)? {
                continue;
            }
            let Some(object) = things::object(&app.store, picture)? else {
                continue;
            };
            let mut draft = ActivityDraft::of("add", reference(app, picture, &object));
            draft.target = Some(reference(app, id, &album));
            quietly(request, user, draft)?;
        }
    }
    Ok(see_other(&frame, &path_of(user, key)))
}

/// The picture with a key, or those of the post with it, as far as the user may see them.
fn pictures_of(
    request: &Request,
    user: &LocalUser,
    frame: &Frame,
    key: &str,
) -> Result<Vec<Tile>, Error> {
    let viewer = Viewer::user(user.id());
    let store = &request.app().store;
    let Some((id, Thing::Object(post))) = names::by_key(store, key)? else {
        return Ok(Vec::new());
    };
    if post.deleted.is_some() || post.is_person() || !access::may_fetch(store, viewer, &post)? {
        return Ok(Vec::new());
    }
    let mut tiles = super::cards(request, frame, viewer).tiles(id, &post)?;
    // Films are in no album.
    tiles.retain(|tile| tile.id.is_some() && !tile.picture.is_film);
    Ok(tiles)
}
