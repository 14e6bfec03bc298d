//! Pictures side by side: the parts of grids of photos, albums and what guests see.

use crate::domain::access;
use crate::domain::activities::parts;
use crate::domain::documents::display_name;
use crate::error::Error;
use crate::ids::ThingId;
use crate::store::things::Object;
use crate::web::cards::Cards;
use crate::web::frame::Face;
use crate::web::pictures::Picture;

/// One picture of a grid.
#[derive(Debug)]
pub struct Tile {
    /// Which object shows it; none for what only its post on another server shows.
    pub id: Option<ThingId>,
    /// The key of that object; empty if there is none.
    pub key: String,
    /// The picture.
    pub picture: Picture,
    /// Its page.
    pub page: String,
    /// Who made it.
    pub author: Face,
}

impl Cards<'_> {
    /// The pictures of a post that the viewer may read, in order.
    pub(super) fn tiles(&self, id: ThingId, post: &Object) -> Result<Vec<Tile>, Error> {
        let author = post.author.map(|author| self.frame.face(self.app, author));
        let Some(author) = author.transpose()?.flatten() else {
            return Ok(Vec::new());
        };
        if !post.is_local() {
            let title = display_name(post);
            let shown = self.shown(id, post, &author, title.as_deref())?;
            let pictures = shown
                .pictures
                .into_iter()
                .filter(|picture| picture.is_shown);
            let tile = |picture| Tile {
                id: None,
                key: String::new(),
                picture,
                page: self.link(id, post, &author),
                author: author.clone(),
            };
            return Ok(pictures.map(tile).collect());
        }
        let mut tiles = Vec::new();
        tiles.extend(self.tile(id, post, &author)?);
        for (id, part) in parts::attached(self.app.base(), &self.app.store, post)? {
            if access::may_read_object(&self.app.store, self.viewer, &part)? {
                tiles.extend(self.tile(id, &part, &author)?);
            }
        }
        Ok(tiles)
    }

    /// The picture or film of an object as a part of a grid; none if it has none that a page may show.
    pub(super) fn tile(
        &self,
        id: ThingId,
        object: &Object,
        author: &Face,
    ) -> Result<Option<Tile>, Error> {
        let title = display_name(object);
        let picture = match self.film(id, object, author)? {
            Some(film) => Some(film),
            None => self.picture(id, object, author, title.as_deref())?,
        };
        let picture = picture.filter(|picture| picture.is_shown);
        Ok(picture.map(|picture| Tile {
            id: Some(id),
            key: object.key(id).to_string(),
            picture,
            page: self.link(id, object, author),
            author: author.clone(),
        }))
    }
}
