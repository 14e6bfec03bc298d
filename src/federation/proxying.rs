//! Gets for people here what is on other servers (`pump-api.md §6.9`). Documents are asked for as the reader, who may see more
//! than others. Pictures, sounds and films are asked for as nobody first: most are public, and then nobody elsewhere learns
//! who looks at them, and one copy here is for everybody. What only the reader gets is kept for the reader alone.

use super::Speaker;
use super::speaking::{self, Signed};
use crate::app::App;
use crate::auth::LocalUser;
use crate::clock::Timestamp;
use crate::domain::blocks;
use crate::domain::proxies::What;
use crate::error::Error;
use crate::media::cache::LABEL_BYTES_MAX;
use crate::media::{self, CacheName, Copied, Label, Spool};
use crate::peers::{Arriving, Failure, authority};
use hyper::header::{self, HeaderName};

/// Longest document that is passed on, in bytes: the longest page of a feed here, and some more.
const DOCUMENT_BYTES_MAX: u64 = 5 * 1024 * 1024;

/// Longest picture, sound or film that is passed on, in bytes.
const MEDIA_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// How long a kept file is shown without asking whether it is still the same, in seconds.
const FRESH_SECS: i64 = 3600;

/// Documents that are passed on, besides pictures, sounds and films.
const DOCUMENTS: &[&str] = &[
    "application/json",
    "application/activity+json",
    "application/ld+json",
    "application/jrd+json",
];

/// The conditions of a reader that are passed on.
pub const CONDITIONS: [HeaderName; 2] = [header::IF_MODIFIED_SINCE, header::IF_NONE_MATCH];

/// What there is.
#[derive(Debug)]
pub enum Fetched {
    /// The file.
    File(Copied),
    /// The reader has it already.
    Unchanged(Label),
}

/// One reading.
struct Reading<'a> {
    app: &'a App,
    /// Nobody for somebody of another server, who gets what everybody gets.
    user: Option<&'a LocalUser>,
    url: &'a str,
    host: &'a str,
    what: What,
    now: Timestamp,
}

/// Gets what a key stands for, as its reader may see it. 404 for a key that this server has not made, 403 for a host that is
/// blocked, 502 where the other server has no answer that can be passed on.
pub fn fetch(
    app: &App,
    user: Option<&LocalUser>,
    key: &str,
    conditions: &[(HeaderName, String)],
    now: Timestamp,
) -> Result<Fetched, Error> {
    let missing = || Error::not_found("There is nothing at this address.");
    let (what, url) = app.proxies.meant(key).ok_or_else(missing)?;
    if blocks::is_blocked(&app.store, &url)? {
        let text = "This comes from a server that the owner of this one has blocked.";
        return Err(Error::forbidden(text));
    }
    let host = authority(&url).ok_or_else(missing)?.to_ascii_lowercase();
    let reading = Reading {
        app,
        user,
        url: &url,
        host: &host,
        what,
        now,
    };
    match what {
        What::Document if user.is_none() => {
            let text = "Ask your own server for this: it knows who you are there.";
            Err(Error::forbidden(text))
        }
        What::Document => match reading.signed(conditions)? {
            Heard::Same(label) => Ok(Fetched::Unchanged(label)),
            Heard::New(spool, label) => copied(&spool, label, now).map(Fetched::File),
            Heard::Away(why) => Err(Error::Remote(why)),
        },
        What::Media => reading.media(conditions),
    }
}

/// What another server said.
enum Heard {
    /// Whoever asked has it already.
    Same(Label),
    /// This.
    New(Spool, Label),
    /// Nothing: it cannot answer now.
    Away(String),
}

impl Reading<'_> {
    fn media(&self, conditions: &[(HeaderName, String)]) -> Result<Fetched, Error> {
        let cache = self.app.blobs.cache();
        let public = CacheName::of(self.url, None);
        let own = self
            .user
            .map(|user| CacheName::of(self.url, Some(user.id().0.0)));
        let mut names = [Some(&public), own.as_ref()].into_iter().flatten();
        let found = names.find_map(|name| cache.open(name));
        let asked = match found {
            Some(kept) if (0..FRESH_SECS).contains(&self.now.secs_since(kept.at)) => {
                return Ok(Fetched::File(kept));
            }
            Some(ref kept) => validators(&kept.label),
            None => conditions.to_vec(),
        };
        let (name, heard) = match (self.unsigned(&asked)?, &own) {
            (Some(heard), _) => (&public, heard),
            (None, own) => {
                cache.remove(&public);
                let own = own.as_ref().ok_or_else(|| self.refused())?;
                (own, self.signed(&asked)?)
            }
        };
        match (heard, found) {
            (Heard::New(spool, label), _) => {
                let may_keep = !has_directive(&label, "no-store");
                let new = copied(&spool, label, self.now)?;
                if may_keep {
                    cache.keep(name, spool);
                }
                Ok(Fetched::File(new))
            }
            (Heard::Same(_), Some(kept)) => {
                cache.renew(&kept, self.now);
                Ok(Fetched::File(kept))
            }
            (Heard::Same(label), None) => Ok(Fetched::Unchanged(label)),
            // What was there before is better than nothing.
            (Heard::Away(_), Some(kept)) => Ok(Fetched::File(kept)),
            (Heard::Away(why), None) => Err(Error::Remote(why)),
        }
    }

    /// Asks as nobody; nothing if it is not for everybody.
    fn unsigned(&self, headers: &[(HeaderName, String)]) -> Result<Option<Heard>, Error> {
        self.hear(true, || self.app.peers.follow(self.url, headers, false))
    }

    /// Asks as the reader.
    fn signed(&self, headers: &[(HeaderName, String)]) -> Result<Heard, Error> {
        let user = self.user.ok_or_else(|| self.refused())?;
        let speaker = Speaker::user(self.app.base(), user.nickname());
        let asked = Signed::GetWith(headers);
        let heard = self.hear(false, || {
            speaking::open(self.app, &speaker, asked, self.url)
        })?;
        heard.ok_or_else(|| self.refused())
    }

    fn refused(&self) -> Error {
        Error::Remote(format!("{} does not show this to you.", self.host))
    }

    /// Asks a host, unless it did not answer just now; nothing if it does not show this.
    fn hear(
        &self,
        is_public: bool,
        ask: impl FnOnce() -> Result<Arriving, Failure>,
    ) -> Result<Option<Heard>, Error> {
        let (host, now) = (self.host, self.now);
        if self.app.proxies.is_resting(host, now) {
            let why = format!("{host} did not answer a moment ago.");
            return Ok(Some(Heard::Away(why)));
        }
        match ask() {
            Ok(arriving) => match arriving.head.status {
                401 | 403 => Ok(None),
                status @ 500.. => {
                    let why = format!("{host} answers {status}.");
                    Ok(Some(Heard::Away(why)))
                }
                _ => self.take(arriving, is_public).map(Some),
            },
            Err(Failure::Unreachable(why)) => {
                self.app.proxies.rest(host, now);
                Ok(Some(Heard::Away(why)))
            }
            Err(failure) => Err(failure.into()),
        }
    }

    fn take(&self, arriving: Arriving, is_public: bool) -> Result<Heard, Error> {
        let label = label(&arriving, is_public);
        let host = self.host;
        match arriving.head.status {
            304 => return Ok(Heard::Same(label)),
            200 => {}
            status => return Err(Error::Remote(format!("{host} answers {status}."))),
        }
        let kind = arriving.head.content_type.split(';').next();
        let kind = kind.unwrap_or_default().trim();
        if !is_passed_on(kind) {
            let text = format!("{host} answers with {kind:?}, which is not passed on.");
            return Err(Error::Remote(text));
        }
        if arriving.header(&header::CONTENT_ENCODING).is_some() {
            let text = format!("{host} answers with an encoding that was not asked for.");
            return Err(Error::Remote(text));
        }
        let bytes_max = match self.what {
            What::Document => DOCUMENT_BYTES_MAX,
            What::Media => MEDIA_BYTES_MAX,
        };
        let mut spool = self.app.blobs.spool(bytes_max + LABEL_BYTES_MAX)?;
        label.write(&mut spool)?;
        arriving.read(|piece| match spool.write(piece) {
            Err(media::Error::TooLarge { .. }) => {
                let mib = bytes_max >> 20;
                let text = format!("{host} answers with more than {mib} MiB.");
                Err(Error::Remote(text))
            }
            written => Ok(written?),
        })?;
        Ok(Heard::New(spool, label))
    }
}

/// What is said of a file here, as the other server says it; what only one reader gets is for no shared cache.
fn label(arriving: &Arriving, is_public: bool) -> Label {
    let header = |name: HeaderName| arriving.header(&name).map(str::to_owned);
    let caching = header(header::CACHE_CONTROL).map(|text| match is_public {
        true => text,
        false => directives(&text)
            .map(|word| match word.eq_ignore_ascii_case("public") {
                true => "private",
                false => word,
            })
            .collect::<Vec<_>>()
            .join(", "),
    });
    Label {
        content_type: header(header::CONTENT_TYPE),
        etag: header(header::ETAG),
        last_modified: header(header::LAST_MODIFIED),
        expires: header(header::EXPIRES),
        cache_control: caching,
    }
}

fn directives(caching: &str) -> impl Iterator<Item = &str> {
    caching.split(',').map(str::trim)
}

fn has_directive(label: &Label, name: &str) -> bool {
    let caching = label.cache_control.as_deref().unwrap_or_default();
    directives(caching).any(|word| word.eq_ignore_ascii_case(name))
}

/// The conditions under which the other server need not send again what is kept.
fn validators(label: &Label) -> Vec<(HeaderName, String)> {
    let condition = |name, value: &Option<String>| Some((name, value.clone()?));
    [
        condition(header::IF_NONE_MATCH, &label.etag),
        condition(header::IF_MODIFIED_SINCE, &label.last_modified),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Whether a media type is passed on: nothing that a browser could run (`pump-api.md §10.3`, D37).
fn is_passed_on(kind: &str) -> bool {
    let is_media = ["image/", "audio/", "video/"]
        .iter()
        .any(|start| kind.starts_with(start));
    DOCUMENTS.contains(&kind) || (is_media && !kind.contains("svg") && !kind.contains("xml"))
}

fn copied(spool: &Spool, label: Label, now: Timestamp) -> Result<Copied, Error> {
    let file = spool.reader().map_err(Error::internal)?;
    let broken = || Error::internal("a file of another server cannot be read back");
    let copied = Copied::read(file, now).ok_or_else(broken)?;
    Ok(Copied { label, ..copied })
}

#[cfg(test)]
mod tests {
    use super::is_passed_on;

    #[test]
    fn what_a_browser_could_run_is_not_passed_on() {
        for kind in [
            "image/jpeg",
            "image/webp",
            "audio/ogg",
            "video/mp4",
            "application/json",
            "application/activity+json",
        ] {
            assert!(is_passed_on(kind), "{kind}");
        }
        for kind in [
            "text/html",
            "text/plain",
            "image/svg+xml",
            "image/svg",
            "application/xhtml+xml",
            "text/xml",
            "application/javascript",
            "application/octet-stream",
            "application/pdf",
            "",
        ] {
            assert!(!is_passed_on(kind), "{kind}");
        }
    }
}
