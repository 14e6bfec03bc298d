//! What is on other servers, as pages show it: never straight from there. Users and people of other
//! servers who are logged in get it by this server (`pump-api.md §6.9`); other visitors, who cannot, see no picture of another
//! server, and nobody there sees them.

use crate::domain::names::is_web_address;
use crate::domain::proxies::{Proxies, What};
use crate::html;
use crate::ids::Base;
use crate::web::hashtags;
use std::sync::Arc;

/// Finds for one visitor what a page may load.
#[derive(Clone, Debug)]
pub struct Elsewhere {
    proxies: Arc<Proxies>,
    /// The base URL; none before the setup.
    base: Option<Base>,
    /// What addresses of this site begin with.
    root: String,
    /// Whether the visitor gets files of other servers by this one: a user, or somebody of another server who is logged in.
    pub is_guest: bool,
}

impl Elsewhere {
    /// For somebody who is nobody yet.
    pub fn of(proxies: &Arc<Proxies>, base: Option<&Base>, root: &str) -> Elsewhere {
        Elsewhere {
            proxies: Arc::clone(proxies),
            base: base.cloned(),
            root: root.to_owned(),
            is_guest: false,
        }
    }

    /// The address from which a page may load the file at `url`; none if it may not.
    pub fn file(&self, url: &str) -> Option<String> {
        let base = self.base.as_ref()?;
        if !is_web_address(url) {
            let is_ours = url.starts_with("/uploads/");
            return is_ours.then(|| url.to_owned());
        }
        if self.proxies.is_open(base, url) {
            return Some(self.local(url));
        }
        let address = self.proxies.address(base, url, What::Media);
        let address = address.filter(|_| self.is_guest)?;
        Some(self.local(&address))
    }

    /// Clean HTML that loads nothing but from here, with links in the place of tags.
    pub fn html(&self, clean: &str) -> String {
        let its = self.clone();
        let html = html::with_files(clean, move |url| its.file(url));
        hashtags::link(&html, &self.root)
    }

    /// An address of this site without scheme and host; others as they are.
    pub fn local(&self, url: &str) -> String {
        let base = self.base.as_ref().map(Base::url);
        match base.and_then(|base| url.strip_prefix(base)) {
            Some(path) if path.starts_with('/') => format!("{}{path}", self.root),
            _ => url.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Elsewhere;
    use crate::domain::proxies::Proxies;
    use crate::ids::Base;
    use crate::store::Store;
    use crate::store::engine::memory::MemoryEngine;
    use std::sync::Arc;

    fn visitor(is_guest: bool) -> Elsewhere {
        let store = Store::on(Box::new(MemoryEngine::default())).expect("an empty store");
        let proxies = Arc::new(Proxies::new(&["images.test".to_owned()]));
        proxies.open(&store).expect("a store");
        let base = Base::new("pump.test", 443, "p");
        Elsewhere {
            is_guest,
            ..Elsewhere::of(&proxies, Some(&base), "/p")
        }
    }

    #[test]
    fn a_page_loads_nothing_from_other_servers() {
        let (nobody, user) = (visitor(false), visitor(true));
        for url in [
            "//b.test/x.png",
            "/\\b.test/x.png",
            "/\t/b.test/x.png",
            "HTTP://b.test/x.png",
            "http:b.test/x.png",
            "x.png",
            "",
        ] {
            assert_eq!(user.file(url), None, "{url}");
        }
        let theirs = "http://b.test/x.png";
        assert_eq!(nobody.file(theirs), None);
        let proxied = user.file(theirs).expect("users get it by this server");
        assert!(proxied.starts_with("/p/api/proxy/"), "{proxied}");
        for (url, expected) in [
            ("https://pump.test/p/uploads/x.png", "/p/uploads/x.png"),
            ("/uploads/x.png", "/uploads/x.png"),
            ("https://images.test/x.png", "https://images.test/x.png"),
        ] {
            assert_eq!(nobody.file(url).as_deref(), Some(expected));
        }
        let long = format!("http://b.test/{}", "x".repeat(4000));
        assert_eq!(user.file(&long), None);
    }

    #[test]
    fn neither_does_html() {
        let html = "<p>a <a href=\"http://b.test/\">link</a></p><img src=\"http://b.test/x.png\" alt=\"y\">\
            <video src=\"http://b.test/v\" poster=\"http://b.test/p\"></video><audio><source src=\"http://b.test/s\"></audio>";
        let shown = visitor(true).html(html);
        assert_eq!(shown.matches("/p/api/proxy/").count(), 4, "{shown}");
        assert_eq!(shown.matches("http://b.test/").count(), 1, "{shown}");
        let shown = visitor(false).html(html);
        assert!(
            shown.contains("alt=\"y\"") && !shown.contains("/api/proxy/"),
            "{shown}"
        );
        assert_eq!(shown.matches("http://b.test/").count(), 1, "{shown}");
        assert_eq!(visitor(true).html("<p>words</p>"), "<p>words</p>");
    }
}
