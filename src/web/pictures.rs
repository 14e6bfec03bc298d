//! The files of posts on pages: pictures in the sizes that there are, and links to everything else.

use crate::domain::access;
use crate::domain::activities::parts;
use crate::domain::documents::display_name;
use crate::domain::names::{domain, is_web_address};
use crate::domain::uploads;
use crate::error::Error;
use crate::ids::ThingId;
use crate::media::{Variant, placeholder};
use crate::store::things::Object;
use crate::web::cards::Cards;
use crate::web::frame::{Face, Frame};
use crate::wire::draft::{self, Members};
use serde_json::Value;

/// A picture in several sizes, or a film.
#[derive(Debug, Default)]
pub struct Picture {
    /// The one for browsers that choose none.
    pub source: String,
    /// All of them, in the form of the attribute `srcset`; empty if there is one.
    pub sources: String,
    /// The largest one.
    pub largest: String,
    /// In pixels; none for a picture of which they are not known.
    pub size: Option<(u64, u64)>,
    /// What it shows, in words.
    pub alt: String,
    /// What stands in its place until it is there.
    pub placeholder: Option<String>,
    /// The file as it was uploaded, for whoever may have it.
    pub original: Option<String>,
    /// Its own page, where it has one beside that of the post.
    pub page: Option<String>,
    /// Whether the page may show it; else it links to where it is.
    pub is_shown: bool,
    /// Whether it is a film: that is the largest then, and the others are its poster, empty if it has none.
    pub is_film: bool,
    /// Whether a film comes from another server: then nothing of it comes before somebody plays it.
    pub is_far: bool,
}

/// A file that is no picture.
#[derive(Debug)]
pub struct FileLink {
    /// Where it is.
    pub url: String,
    /// `audio`, `video` or `file`.
    pub kind: &'static str,
    /// Whether it is on another server.
    pub is_far: bool,
    /// What it is called, with the ending that tells its kind.
    pub name: String,
    /// How long it is, in words; empty where that is not known.
    pub size: String,
}

/// What a post shows besides its words.
#[derive(Debug, Default)]
pub struct Shown {
    /// Its pictures and films, in order.
    pub pictures: Vec<Picture>,
    /// Its other files, in order.
    pub files: Vec<FileLink>,
}

impl Shown {
    /// Whether there are pictures that are no films: those that albums take.
    pub fn has_photos(&self) -> bool {
        self.pictures.iter().any(|picture| !picture.is_film)
    }

    /// The film, if there is one and nothing else to see: it has its player in its place.
    pub fn only_film(&self) -> Option<&Picture> {
        match self.pictures.as_slice() {
            [only] if only.is_film => Some(only),
            _ => None,
        }
    }
}

impl Cards<'_> {
    /// What a post shows: its own picture or file, and those that are attached to it and that the viewer may read.
    pub(super) fn shown(
        &self,
        id: ThingId,
        object: &Object,
        author: &Face,
        title: Option<&str>,
    ) -> Result<Shown, Error> {
        let members = draft::members_of(&object.members);
        let mut shown = Shown::default();
        self.show(&mut shown, id, object, author, title, None)?;
        let base = self.app.base();
        for (id, part) in parts::attached(base, &self.app.store, object)? {
            if !access::may_read_object(&self.app.store, self.viewer, &part)? {
                continue;
            }
            let title = display_name(&part);
            let page = Some(self.link(id, &part, author));
            self.show(&mut shown, id, &part, author, title.as_deref(), page)?;
        }
        if !object.is_local()
            && let Some(Value::Array(list)) = members.get("attachments")
        {
            for part in list.iter().take(parts::PARTS_MAX) {
                if let Value::Object(part) = part {
                    let kind = part.get("objectType").and_then(Value::as_str);
                    let picture = known_picture(self.frame, part, author);
                    match self.file_of(kind.unwrap_or_default(), part) {
                        Some(film) if film.kind == "video" => {
                            shown.pictures.push(self.as_film(&film, picture, author));
                        }
                        file => {
                            shown
                                .pictures
                                .extend(picture.filter(|_| kind == Some("image")));
                            shown.files.extend(file);
                        }
                    }
                }
            }
        }
        Ok(shown)
    }

    /// Adds what one object shows.
    fn show(
        &self,
        shown: &mut Shown,
        id: ThingId,
        object: &Object,
        author: &Face,
        title: Option<&str>,
        page: Option<String>,
    ) -> Result<(), Error> {
        let picture = match self.film(id, object, author)? {
            Some(film) => Some(film),
            None => {
                let members = draft::members_of(&object.members);
                shown.files.extend(self.file(object, &members));
                self.picture(id, object, author, title)?
            }
        };
        shown
            .pictures
            .extend(picture.map(|picture| Picture { page, ..picture }));
        Ok(())
    }

    /// The film of an object, if a page may play it.
    pub(super) fn film(
        &self,
        id: ThingId,
        object: &Object,
        author: &Face,
    ) -> Result<Option<Picture>, Error> {
        if object.object_type != "video" {
            return Ok(None);
        }
        let members = draft::members_of(&object.members);
        let Some(film) = self
            .file(object, &members)
            .filter(|film| film.kind == "video")
        else {
            return Ok(None);
        };
        let title = display_name(object);
        let poster = match self.copy_of_picture(id, object, &members)? {
            Some(poster) => Some(poster),
            // What a film of this server names elsewhere is not its poster: the archive of another server brought it along.
            None if object.is_local() => None,
            None => known_picture(self.frame, &members, author),
        };
        let alt = members.get("alt").and_then(Value::as_str);
        let alt = alt.filter(|alt| !alt.trim().is_empty()).map(str::to_owned);
        let mut film = self.as_film(&film, poster, author);
        if let Some(words) = alt.or(title) {
            film.alt = words;
        }
        Ok(Some(film))
    }

    fn as_film(&self, film: &FileLink, poster: Option<Picture>, author: &Face) -> Picture {
        let alt = self.frame.fill("Video by {0}", [&author.name]);
        Picture {
            largest: film.url.clone(),
            original: None,
            alt,
            page: None,
            is_shown: true,
            is_film: true,
            is_far: film.is_far,
            ..poster.filter(|poster| poster.is_shown).unwrap_or_default()
        }
    }

    /// The picture of a post; none if it has none. `title` says what it shows where nothing else does.
    pub(super) fn picture(
        &self,
        id: ThingId,
        object: &Object,
        author: &Face,
        title: Option<&str>,
    ) -> Result<Option<Picture>, Error> {
        let members = draft::members_of(&object.members);
        let alt = members.get("alt").and_then(Value::as_str);
        let alt = alt.filter(|alt| !alt.trim().is_empty()).or(title);
        let alt = alt.map_or_else(
            || self.frame.fill("Picture by {0}", [&author.name]),
            str::to_owned,
        );
        if object.object_type == "video" {
            return Ok(None);
        }
        if let Some(picture) = self.copy_of_picture(id, object, &members)? {
            let original = self.original(id, object)?;
            return Ok(Some(Picture {
                alt,
                original,
                ..picture
            }));
        }
        if object.object_type != "image" {
            return Ok(None);
        }
        let picture = known_picture(self.frame, &members, author);
        Ok(picture.map(|picture| Picture { alt, ..picture }))
    }

    /// The copies of the picture of an object, or of the poster of its film.
    fn copy_of_picture(
        &self,
        id: ThingId,
        object: &Object,
        members: &Members,
    ) -> Result<Option<Picture>, Error> {
        let copies: Vec<_> = uploads::copies(self.app, id, object)?
            .into_iter()
            .filter(|copy| !matches!(copy.variant, Variant::Avatar | Variant::AvatarSharp))
            .collect();
        let (Some(smallest), Some(largest)) = (copies.first(), copies.last()) else {
            return Ok(None);
        };
        let sources = copies
            .iter()
            .map(|copy| format!("{} {}w", self.frame.local(&copy.url), copy.width));
        let middle = copies.get(1).unwrap_or(smallest);
        Ok(Some(Picture {
            source: self.frame.local(&middle.url),
            sources: sources.collect::<Vec<_>>().join(", "),
            largest: self.frame.local(&largest.url),
            size: Some((u64::from(largest.width), u64::from(largest.height))),
            placeholder: placeholder_of(members),
            is_shown: true,
            ..Picture::default()
        }))
    }

    /// The file of a post that is no picture.
    pub(super) fn file(&self, object: &Object, members: &Members) -> Option<FileLink> {
        let mut link = self.file_of(&object.object_type, members)?;
        if let Some(upload) = &object.file {
            link.size = self.frame.words.size(upload.bytes);
            let ending = format!(".{}", upload.extension);
            if let Some(title) = display_name(object) {
                link.name = match title.to_lowercase().ends_with(&ending) {
                    true => title,
                    false => format!("{title}{ending}"),
                };
            }
        }
        Some(link)
    }

    /// The file as it was uploaded: its author's alone.
    fn original(&self, id: ThingId, object: &Object) -> Result<Option<String>, Error> {
        if !object.author.is_some_and(|author| self.viewer.is(author)) {
            return Ok(None);
        }
        let url = uploads::original(self.app, id, object)?;
        Ok(url.map(|url| self.frame.local(&url)))
    }

    fn file_of(&self, object_type: &str, members: &Members) -> Option<FileLink> {
        [("stream", "video"), ("fileUrl", "file")]
            .into_iter()
            .find_map(|(member, kind)| {
                let value = members.get(member)?;
                let url = value
                    .as_str()
                    .or_else(|| value.get("url").and_then(Value::as_str))?;
                let kind = if object_type == "audio" {
                    "audio"
                } else {
                    kind
                };
                if !is_web_address(url) {
                    return None;
                }
                // What is only linked is nothing that a page loads.
                let loaded = self.frame.files.file(url).filter(|_| kind != "file");
                let name = url.rsplit('/').next().unwrap_or_default();
                Some(FileLink {
                    name: name.split(['?', '#']).next().unwrap_or_default().to_owned(),
                    size: String::new(),
                    kind: if loaded.is_some() { kind } else { "file" },
                    url: loaded.unwrap_or_else(|| self.frame.local(url)),
                    is_far: domain(url) != domain(self.app.base().url()),
                })
            })
    }
}

/// What stands in the place of a picture until it is there.
fn placeholder_of(members: &Members) -> Option<String> {
    placeholder::address(members.get("thumbhash")?.as_str()?)
}

/// The picture that members of an object show, which may be on another server.
fn known_picture(frame: &Frame, members: &Members, author: &Face) -> Option<Picture> {
    let known = |name: &str| {
        let picture = members.get(name)?;
        let url = picture
            .get("url")?
            .as_str()
            .filter(|url| is_web_address(url))?;
        let side = |name: &str| picture.get(name).and_then(Value::as_u64);
        Some((url.to_owned(), side("width").zip(side("height"))))
    };
    let (url, size) = known("image")?;
    let (largest, _) = known("fullImage").unwrap_or((url.clone(), size));
    let source = frame.files.file(&url);
    let words = ["alt", "displayName"].into_iter().find_map(|name| {
        let words = members.get(name)?.as_str()?;
        (!words.trim().is_empty()).then(|| words.to_owned())
    });
    Some(Picture {
        is_shown: source.is_some(),
        source: source.unwrap_or_default(),
        sources: String::new(),
        largest: frame.files.file(&largest).unwrap_or(largest),
        size,
        placeholder: None,
        original: None,
        is_film: false,
        is_far: false,
        alt: words.unwrap_or_else(|| frame.fill("Picture by {0}", [&author.name])),
        page: None,
    })
}
