//! What a host, and somebody or something there, publishes of itself (`pump-api.md §6.3`), asked for in the order in which
//! pump.io's servers do.

use super::{Failure, Known, Peers, Said};
use crate::clock::Timestamp;
use crate::wire::links::Links;
use crate::wire::uri::encode;
use std::sync::Arc;

/// How long what a host publishes counts, in seconds: three days.
const HOST_SECS: i64 = 3 * 24 * 3600;

/// How long what a host publishes counts while something is missing in it, in seconds: ten minutes. Most likely the host is
/// being set up, or mended.
const INCOMPLETE_SECS: i64 = 600;

/// How long what is published of a person or an object counts, in seconds: six hours.
const RESOURCE_SECS: i64 = 6 * 3600;

/// What the documents without a `.json` in their address are asked for with.
const ACCEPT: &str = "application/json, application/xrd+xml; q=0.5";

/// What a server publishes of itself that others speak to (`pump-api.md §6.1`), beside where its people are found.
const RELS: [&str; 6] = [
    REGISTRATION,
    "dialback",
    REQUEST_TOKEN,
    AUTHORIZE,
    ACCESS_TOKEN,
    WHOAMI,
];

const REGISTRATION: &str = "registration_endpoint";
const REQUEST_TOKEN: &str = "http://apinamespace.org/oauth/request_token";
const AUTHORIZE: &str = "http://apinamespace.org/oauth/authorize";
const ACCESS_TOKEN: &str = "http://apinamespace.org/oauth/access_token";
const WHOAMI: &str = "http://apinamespace.org/activitypub/whoami";

/// Where another server is spoken to (`pump-api.md §6.1`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoints {
    /// Where applications register.
    pub registration: String,
    /// Where request tokens are had.
    pub request_token: String,
    /// Where its users agree.
    pub authorize: String,
    /// Where request tokens become access tokens.
    pub access_token: String,
    /// Where it says who somebody is.
    pub whoami: String,
}

/// The host of an id, with the port that it names (`pump-api.md §3.1`): of a URL, or after the `@` of an account.
pub fn authority(id: &str) -> Option<&str> {
    let (scheme, rest) = id.split_once(':').unwrap_or(("acct", id));
    let found = match scheme.to_ascii_lowercase().as_str() {
        "http" | "https" => rest.strip_prefix("//")?.split(['/', '?', '#']).next()?,
        "acct" => rest.rsplit_once('@')?.1,
        _ => return None,
    };
    let is_plain = |c: char| c.is_ascii_alphanumeric() || ".-:[]_".contains(c);
    (!found.is_empty() && found.len() <= 255 && found.chars().all(is_plain)).then_some(found)
}

impl Peers {
    /// The links of a person or an object elsewhere, by its id.
    pub fn links_of(&self, id: &str, now: Timestamp) -> Result<Arc<Links>, Failure> {
        let secs = |_: &Links| RESOURCE_SECS;
        self.remembered(id, secs, now, || self.discover(id, now))
    }

    /// Where a server is spoken to.
    pub fn endpoints(&self, host: &str, now: Timestamp) -> Result<Endpoints, Failure> {
        let links = self.host_meta(host, now)?;
        let at = |rel: &str| {
            let href = links.href(rel).map(str::to_owned);
            href.ok_or_else(|| Failure::Useless(format!("{host} names no {rel}"), None))
        };
        Ok(Endpoints {
            registration: at(REGISTRATION)?,
            request_token: at(REQUEST_TOKEN)?,
            authorize: at(AUTHORIZE)?,
            access_token: at(ACCESS_TOKEN)?,
            whoami: at(WHOAMI)?,
        })
    }

    /// Where it is asked whether a registration came from this host or person.
    pub fn dialback_of(&self, identity: &str, now: Timestamp) -> Result<String, Failure> {
        let links = match identity.contains(['@', '/']) {
            true => self.links_of(identity, now)?,
            false => self.host_meta(identity, now)?,
        };
        let found = links.href("dialback").map(str::to_owned);
        found.ok_or_else(|| Failure::Useless(format!("{identity} has no dialback"), None))
    }

    /// Forgets what was found of a host or an id: it did not help.
    pub fn forget(&self, name: &str) {
        self.known.remove(name);
    }

    fn host_meta(&self, host: &str, now: Timestamp) -> Result<Arc<Links>, Failure> {
        let secs = |links: &Links| match is_complete(links) {
            true => HOST_SECS,
            false => INCOMPLETE_SECS,
        };
        self.remembered(host, secs, now, || {
            let mut failed = None;
            // Whoever is known by a certificate shows it.
            let is_pinned = self.pins.as_ref().is_some_and(|pins| pins.knows(host));
            let schemes: &[&str] = match is_pinned {
                true => &["https"],
                false => &["https", "http"],
            };
            for scheme in schemes {
                for (ending, accept) in [(".json", None), ("", Some(ACCEPT))] {
                    let url = format!("{scheme}://{host}/.well-known/host-meta{ending}");
                    match self.links_at(&url, accept, false) {
                        Ok(links) => return Ok(links),
                        Err(error @ (Failure::Untrusted(_) | Failure::Busy(..))) => {
                            return Err(error);
                        }
                        Err(error) => {
                            let is_away = matches!(error, Failure::Unreachable(_));
                            failed = Some(error);
                            if is_away {
                                break;
                            }
                        }
                    }
                }
            }
            let nobody = || Failure::Unreachable(format!("{host} does not answer"));
            Err(failed.unwrap_or_else(nobody))
        })
    }

    fn discover(&self, id: &str, now: Timestamp) -> Result<Links, Failure> {
        let host = authority(id)
            .ok_or_else(|| Failure::Refused(format!("{id} is not an id of another server")))?;
        let well_known = format!("https://{host}/.well-known/webfinger?resource={{uri}}");
        match self.by_template(&well_known, id, true) {
            Ok(links) => return Ok(links),
            Err(error @ (Failure::Untrusted(_) | Failure::Busy(..))) => return Err(error),
            Err(_) => {}
        }
        let meta = self.host_meta(host, now)?;
        let template = meta
            .lrdd()
            .ok_or_else(|| Failure::Useless(format!("{host} has no webfinger"), None))?;
        self.by_template(template, id, false)
    }

    /// The links of an id; an account that is not known with its scheme is asked for without.
    fn by_template(&self, template: &str, id: &str, is_https_only: bool) -> Result<Links, Failure> {
        let ask = |id: &str| {
            let encoded = encode(id).to_string();
            self.links_at(&template.replace("{uri}", &encoded), None, is_https_only)
        };
        match (ask(id), id.strip_prefix("acct:")) {
            (Err(Failure::Useless(..)), Some(bare)) => ask(bare),
            (found, _) => found,
        }
    }

    fn links_at(
        &self,
        url: &str,
        accept: Option<&str>,
        is_https_only: bool,
    ) -> Result<Links, Failure> {
        let said = self.fetch(url, accept, is_https_only)?;
        if let Some(secs) = said.busy_secs() {
            return Err(Failure::Busy(
                format!("{url} answers {}", said.status),
                secs,
            ));
        }
        let Said {
            status,
            content_type,
            body,
            ..
        } = said;
        if status != 200 {
            return Err(Failure::Useless(
                format!("{url} answers {status}"),
                Some(status),
            ));
        }
        let none = || Failure::Useless(format!("{url} has no links"), None);
        Links::parse(&content_type, &body).ok_or_else(none)
    }

    fn remembered(
        &self,
        name: &str,
        secs: impl FnOnce(&Links) -> i64,
        now: Timestamp,
        find: impl FnOnce() -> Result<Links, Failure>,
    ) -> Result<Arc<Links>, Failure> {
        if let Some(known) = self.known.get(name)
            && now < known.until
        {
            return Ok(Arc::clone(&known.links));
        }
        let links = Arc::new(find()?);
        let known = Known {
            until: Timestamp(now.0 + secs(&links)),
            links: Arc::clone(&links),
        };
        self.known.insert(name.to_owned(), Arc::new(known));
        Ok(links)
    }
}

/// Whether a host publishes all that others speak to.
fn is_complete(links: &Links) -> bool {
    links.lrdd().is_some() && RELS.iter().all(|rel| links.href(rel).is_some())
}

#[cfg(test)]
mod tests {
    use super::{RELS, authority, is_complete};
    use crate::wire::links::Links;
    use serde_json::{Value, json};

    #[test]
    fn a_host_is_complete_with_all_that_others_speak_to() {
        let lrdd =
            json!({ "rel": "lrdd", "type": "application/json", "template": "http://b.test/{uri}" });
        let links = RELS.map(|rel| json!({ "rel": rel, "href": "http://b.test/" }));
        let all = [vec![lrdd], links.to_vec()].concat();
        let read = |links: &[Value]| {
            let document = json!({ "links": links }).to_string();
            Links::parse("application/json", document.as_bytes()).expect("links")
        };
        assert!(is_complete(&read(&all)));
        for missing in 0..all.len() {
            let mut some = all.clone();
            some.remove(missing);
            assert!(!is_complete(&read(&some)), "{}", all[missing]);
        }
    }

    #[test]
    fn ids_name_their_host() {
        for (id, expected) in [
            ("acct:bob@b.test", Some("b.test")),
            ("bob@b.test", Some("b.test")),
            ("http://b.test:8080/api/note/x", Some("b.test:8080")),
            ("https://b.test", Some("b.test")),
            ("http://user@b.test/", None),
            ("acct:bob@", None),
            ("acct:bob@b test", None),
            ("acct:bob@b.test/x", None),
            ("tag:b.test,2026:x", None),
            ("urn:uuid:1", None),
            ("", None),
        ] {
            assert_eq!(authority(id), expected, "{id}");
        }
    }
}
