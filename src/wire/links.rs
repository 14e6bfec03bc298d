//! Links that other hosts publish of themselves and what is theirs, read from JSON (RFC 7033 §4.4) or XRD 1.0 (RFC 6415).

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use serde::Deserialize;

/// Most links of one document that are looked at.
const LINKS_MAX: usize = 100;

/// One link, as it was published.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Published {
    /// What it leads to.
    #[serde(default)]
    pub rel: String,
    /// The media type of that.
    #[serde(default, rename = "type")]
    pub media_type: Option<String>,
    /// The address.
    #[serde(default)]
    pub href: Option<String>,
    /// The address for each resource, which takes the place of `{uri}`.
    #[serde(default)]
    pub template: Option<String>,
}

/// The links of a host or of a resource, in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Links(pub Vec<Published>);

impl Links {
    /// Reads a document of this media type; nothing if it is none.
    pub fn parse(content_type: &str, body: &[u8]) -> Option<Links> {
        #[derive(Deserialize)]
        struct Document {
            #[serde(default)]
            links: Vec<Published>,
        }
        if content_type.starts_with("application/xrd+xml") {
            return parse_xrd(std::str::from_utf8(body).ok()?);
        }
        if !content_type.starts_with("application/json")
            && !content_type.starts_with("application/jrd+json")
        {
            return None;
        }
        let mut document: Document = serde_json::from_slice(body).ok()?;
        document.links.truncate(LINKS_MAX);
        Some(Links(document.links))
    }

    /// Where the first link of this kind leads.
    pub fn href(&self, rel: &str) -> Option<&str> {
        let mut all = self.0.iter().filter(|link| link.rel == rel);
        all.find_map(|link| link.href.as_deref())
    }

    /// The template for the links of a resource (`pump-api.md §6.3`): for JSON, else for XRD, else one that does not say.
    pub fn lrdd(&self) -> Option<&str> {
        let of_type = |media_type: Option<&str>| {
            let mut all = self
                .0
                .iter()
                .filter(|link| link.rel == "lrdd" && link.media_type.as_deref() == media_type);
            all.find_map(|link| link.template.as_deref())
        };
        of_type(Some("application/json"))
            .or_else(|| of_type(Some("application/xrd+xml")))
            .or_else(|| of_type(None))
    }
}

fn parse_xrd(text: &str) -> Option<Links> {
    let mut reader = Reader::from_str(text);
    let mut links = Links::default();
    loop {
        match reader.read_event().ok()? {
            Event::Start(tag) | Event::Empty(tag) if tag.local_name().as_ref() == "Link" => {
                links.0.push(xrd_link(&tag)?);
                if links.0.len() == LINKS_MAX {
                    return Some(links);
                }
            }
            Event::Eof => return Some(links),
            _ => {}
        }
    }
}

fn xrd_link(tag: &BytesStart<'_>) -> Option<Published> {
    let mut link = Published::default();
    for attribute in tag.attributes() {
        let attribute = attribute.ok()?;
        let value = quick_xml::escape::unescape(&attribute.value)
            .ok()?
            .into_owned();
        match attribute.key.as_ref() {
            "rel" => link.rel = value,
            "type" => link.media_type = Some(value),
            "href" => link.href = Some(value),
            "template" => link.template = Some(value),
            _ => {}
        }
    }
    Some(link)
}

#[cfg(test)]
mod tests {
    use super::Links;
    use crate::wire::descriptor::{Descriptor, Link, Target};

    #[test]
    fn what_we_publish_we_can_read_in_both_forms() {
        let lrdd = |media_type, template: &str| Link {
            rel: "lrdd",
            media_type: Some(media_type),
            target: Target::Template(template.to_owned()),
        };
        let links = vec![
            lrdd("application/xrd+xml", "http://h.test/x?a=1&resource={uri}"),
            lrdd("application/json", "http://h.test/j?resource={uri}"),
            Link::to("self", "http://h.test/\"ann\"".to_owned()),
        ];
        let published = Descriptor {
            links,
            ..Descriptor::default()
        };
        let json = Links::parse(
            "application/json; charset=utf-8",
            published.json().as_bytes(),
        );
        let xrd = Links::parse("application/xrd+xml", &published.xrd());
        assert_eq!(json, xrd);
        let json = json.expect("readable");
        assert_eq!(json.lrdd(), Some("http://h.test/j?resource={uri}"));
        assert_eq!(json.href("self"), Some("http://h.test/\"ann\""));
        assert_eq!(json.href("other"), None);
    }

    #[test]
    fn what_is_no_such_document_is_nothing() {
        for (content_type, body) in [
            ("text/html", "<html></html>"),
            ("application/json", "["),
            ("application/json", "{\"links\": 7}"),
            ("application/xrd+xml", "<XRD><Link rel=></XRD>"),
        ] {
            assert_eq!(Links::parse(content_type, body.as_bytes()), None, "{body}");
        }
        let none = Links::parse("application/json", b"{}").expect("a document");
        assert_eq!((none.lrdd(), none.0.len()), (None, 0));
    }
}
