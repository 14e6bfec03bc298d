//! Files and pages as `Link`, pictures as `Image`: in the vocabulary media type, width and height are a link's.

use super::node::{Node, is_web};
use crate::media;
use crate::wire::json;

/// An address with what is known of what is there.
pub(super) struct Link {
    href: String,
    media_type: Option<String>,
    size: Option<(u64, u64)>,
}

impl Link {
    /// A page for people.
    pub(super) fn page(href: String) -> Link {
        Link {
            href,
            media_type: Some("text/html".to_owned()),
            size: None,
        }
    }

    /// Something whose type its ending tells, if any.
    pub(super) fn file(href: String) -> Link {
        let path = href.split(['?', '#']).next().unwrap_or_default();
        let name = path.rsplit('/').next().unwrap_or_default();
        let ending = name.rsplit_once('.').map(|(_, ending)| ending);
        let media_type = ending.and_then(media::kind::mime_of_extension);
        Link {
            media_type: media_type.map(str::to_owned),
            href,
            size: None,
        }
    }

    /// The same with a media type, if it is one.
    pub(super) fn of_type(mut self, media_type: Option<String>) -> Link {
        let is_type = |text: &String| text.split('/').filter(|part| !part.is_empty()).count() == 2;
        self.media_type = media_type.filter(is_type).or(self.media_type);
        self
    }

    /// The media link `{url, width, height}` of ActivityStreams 1, also as a mere text.
    pub(super) fn media(node: &Node<'_>, name: &str) -> Option<Link> {
        let Some(media) = node.node(name) else {
            return node.url(name).map(Link::file);
        };
        let size = media.count("width").zip(media.count("height"));
        Some(Link {
            size: size.filter(|(width, height)| *width > 0 && *height > 0),
            ..Link::file(media.url("url")?)
        })
    }

    fn write(&self, out: &mut json::Object<'_>) {
        out.text("type", "Link");
        out.text("href", &self.href);
        if let Some(media_type) = &self.media_type {
            out.text("mediaType", media_type);
        }
        if let Some((width, height)) = self.size {
            out.number("width", width);
            out.number("height", height);
        }
    }
}

/// Writes `url`: one link, or a list of several.
pub(super) fn urls(out: &mut json::Object<'_>, links: &[Link]) {
    match links {
        [] => {}
        [link] => link.write(&mut out.object("url")),
        several => {
            let mut list = out.array("url");
            several
                .iter()
                .for_each(|link| link.write(&mut list.object()));
        }
    }
}

/// Writes a picture that belongs to something: `icon`, `image`, `preview`.
pub(super) fn image(out: &mut json::Object<'_>, name: &str, link: &Link) {
    let mut image = out.object(name);
    image.text("type", "Image");
    link.write(&mut image.object("url"));
}

/// The larger copy of a picture: of an image by itself, or of a person.
pub(super) fn full(node: &Node<'_>) -> Option<Link> {
    Link::media(node, "fullImage").or_else(|| Link::media(&node.node("pump_io")?, "fullImage"))
}

/// Reads an entry of a list that is a mere address.
pub(super) fn address(json: &str) -> Option<String> {
    let text: String = serde_json::from_str(json).ok()?;
    is_web(&text).then_some(text)
}
