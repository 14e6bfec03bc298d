//! What discovery answers with: a resource and its links, as JSON (RFC 7033 §4.4) or as XRD 1.0 (RFC 6415).

use super::json;
use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};
use std::io;

/// The namespace of XRD.
const XRD: &str = "http://docs.oasis-open.org/ns/xri/xrd-1.0";

/// A resource and where its parts are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Descriptor {
    /// The id of the resource; none where the whole host is meant.
    pub subject: Option<String>,
    /// Other ids of it.
    pub aliases: Vec<String>,
    /// Its links, in order.
    pub links: Vec<Link>,
}

/// One link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// What it leads to.
    pub rel: &'static str,
    /// The media type of what it leads to, where that is said.
    pub media_type: Option<&'static str>,
    /// The address, or a template with `{uri}` in it.
    pub target: Target,
}

/// Where a link leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// To an address.
    Href(String),
    /// To an address for each resource, which takes the place of `{uri}`.
    Template(String),
}

impl Link {
    /// A link to an address.
    pub fn to(rel: &'static str, href: String) -> Link {
        Link {
            rel,
            media_type: None,
            target: Target::Href(href),
        }
    }

    /// The same link with the media type of what it leads to.
    #[must_use]
    pub fn of_type(mut self, media_type: &'static str) -> Link {
        self.media_type = Some(media_type);
        self
    }
}

impl Target {
    fn pair(&self) -> (&'static str, &str) {
        match self {
            Target::Href(href) => ("href", href),
            Target::Template(template) => ("template", template),
        }
    }
}

impl Descriptor {
    /// As JSON.
    pub fn json(&self) -> String {
        json::object(|out| {
            if let Some(subject) = &self.subject {
                out.text("subject", subject);
            }
            if !self.aliases.is_empty() {
                let mut aliases = out.array("aliases");
                for alias in &self.aliases {
                    aliases.text(alias);
                }
            }
            let mut links = out.array("links");
            for link in &self.links {
                let mut out = links.object();
                out.text("rel", link.rel);
                if let Some(media_type) = link.media_type {
                    out.text("type", media_type);
                }
                let (name, address) = link.target.pair();
                out.text(name, address);
            }
        })
    }

    /// As XRD.
    #[expect(clippy::missing_panics_doc, reason = "memory only")]
    pub fn xrd(&self) -> Vec<u8> {
        let mut writer = Writer::new(Vec::with_capacity(1024));
        self.write_xrd(&mut writer)
            .expect("writing to memory does not fail");
        writer.into_inner()
    }

    fn write_xrd(&self, writer: &mut Writer<Vec<u8>>) -> io::Result<()> {
        writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
        let root = writer.create_element("XRD").with_attribute(("xmlns", XRD));
        root.write_inner_content(|out| {
            if let Some(subject) = &self.subject {
                out.create_element("Subject")
                    .write_text_content(BytesText::new(subject))?;
            }
            for alias in &self.aliases {
                out.create_element("Alias")
                    .write_text_content(BytesText::new(alias))?;
            }
            for link in &self.links {
                let mut element = out.create_element("Link").with_attribute(("rel", link.rel));
                if let Some(media_type) = link.media_type {
                    element = element.with_attribute(("type", media_type));
                }
                element.with_attribute(link.target.pair()).write_empty()?;
            }
            Ok(())
        })?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{Descriptor, Link, Target};

    fn descriptor() -> Descriptor {
        let template = Link {
            rel: "lrdd",
            media_type: Some("application/json"),
            target: Target::Template("http://h.test/x?a=1&resource={uri}".to_owned()),
        };
        Descriptor {
            subject: Some("acct:o'hara@h.test".to_owned()),
            aliases: vec!["http://h.test/<o>".to_owned()],
            links: vec![template, Link::to("self", "http://h.test/\"o\"".to_owned())],
        }
    }

    #[test]
    fn json_names_what_is_there_and_nothing_else() {
        let written: serde_json::Value = serde_json::from_str(&descriptor().json()).expect("JSON");
        let expected = serde_json::json!({
            "subject": "acct:o'hara@h.test",
            "aliases": ["http://h.test/<o>"],
            "links": [
                {
                    "rel": "lrdd",
                    "type": "application/json",
                    "template": "http://h.test/x?a=1&resource={uri}",
                },
                { "rel": "self", "href": "http://h.test/\"o\"" },
            ],
        });
        assert_eq!(written, expected);
        assert_eq!(Descriptor::default().json(), r#"{"links":[]}"#);
    }

    /// pump-api.md D25: an apostrophe is right in XRD.
    #[test]
    fn xrd_says_the_same_and_escapes() {
        let written = String::from_utf8(descriptor().xrd()).expect("UTF-8");
        let expected = concat!(
            r#"<?xml version="1.0" encoding="UTF-8"?>"#,
            r#"<XRD xmlns="http://docs.oasis-open.org/ns/xri/xrd-1.0">"#,
            "<Subject>acct:o&apos;hara@h.test</Subject><Alias>http://h.test/&lt;o&gt;</Alias>",
            r#"<Link rel="lrdd" type="application/json" template="http://h.test/x?a=1&amp;resource={uri}"/>"#,
            r#"<Link rel="self" href="http://h.test/&quot;o&quot;"/></XRD>"#,
        );
        assert_eq!(written, expected);
    }
}
