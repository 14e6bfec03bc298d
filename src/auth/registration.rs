//! Applications make themselves known here (`pump-api.md §2.1`).

use super::addresses::{http_origin, is_redirect};
use crate::clock::Timestamp;
use crate::domain::principals;
use crate::error::Error;
use crate::http::Request;
use crate::ids::random_text;
use crate::store::clients::{self, Client, Identity, Kind};
use subtle::ConstantTimeEq;

/// Longest name of a client, in characters.
const TITLE_CHARS_MAX: usize = 200;

/// Longest address of a client's logo or callback, in bytes.
const ADDRESS_BYTES_MAX: usize = 2000;

/// Most contacts, and most callbacks, of one client.
const LIST_MAX: usize = 64;

/// What a client says of itself, checked.
#[derive(Debug)]
pub struct Registration {
    title: Option<String>,
    kind: Option<Kind>,
    logo: Option<String>,
    contacts: Vec<String>,
    redirect_uris: Vec<String>,
    is_public: bool,
}

/// What a registration asks for.
#[derive(Debug)]
pub struct Wanted {
    /// Id and secret of the client that changes; none for a new one.
    pub known: Option<(String, String)>,
    /// What the client says of itself.
    pub says: Registration,
    /// Whom it speaks for by itself, as was proved.
    pub identity: Option<Identity>,
}

impl Registration {
    /// Checks what a client says of itself; 400 with a sentence for what is wrong.
    pub fn new(
        title: Option<&str>,
        kind: Option<&str>,
        logo: Option<&str>,
        contacts: &[&str],
        redirect_uris: &[&str],
    ) -> Result<Registration, Error> {
        let kind = match kind {
            None => None,
            Some("web") => Some(Kind::Web),
            Some("native") => Some(Kind::Native),
            Some(_) => return Err(Error::invalid("application_type must be web or native.")),
        };
        if title.is_some_and(|title| title.chars().count() > TITLE_CHARS_MAX) {
            return Err(Error::invalid("application_name is too long."));
        }
        if logo.is_some_and(|logo| !is_address(logo)) {
            return Err(Error::invalid("logo_url must be a URL."));
        }
        if contacts.len() > LIST_MAX || !contacts.iter().all(|contact| is_mail(contact)) {
            return Err(Error::invalid(
                "contacts must be space-separated email addresses.",
            ));
        }
        let one_address = |uri: &&str| is_address(uri) && uri.matches("://").count() == 1;
        if redirect_uris.len() > LIST_MAX || !redirect_uris.iter().all(one_address) {
            return Err(Error::invalid(
                "redirect_uris must be space-separated URLs.",
            ));
        }
        let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        Ok(Registration {
            title: title.map(str::to_owned),
            kind,
            logo: logo.map(str::to_owned),
            contacts: owned(contacts),
            redirect_uris: owned(redirect_uris),
            is_public: false,
        })
    }

    /// The same client with the addresses of OAuth 2, which may be those of an application's own scheme; one that
    /// `is_public` keeps no secret. Answers the first address that cannot be one.
    pub fn with_redirects<'a>(
        mut self,
        redirect_uris: &[&'a str],
        is_public: bool,
    ) -> Result<Registration, &'a str> {
        for uri in redirect_uris {
            if uri.len() > ADDRESS_BYTES_MAX || !is_redirect(uri) {
                return Err(uri);
            }
        }
        if let Some(uri) = redirect_uris.get(LIST_MAX) {
            return Err(uri);
        }
        let owned = redirect_uris.iter().map(|uri| (*uri).to_owned());
        self.redirect_uris = owned.collect();
        self.is_public = is_public;
        Ok(self)
    }

    fn write_into(&self, client: &mut Client) {
        client.title.clone_from(&self.title);
        client.kind = self.kind;
        client.logo.clone_from(&self.logo);
        client.contacts.clone_from(&self.contacts);
        client.redirect_uris.clone_from(&self.redirect_uris);
        client.is_public = self.is_public;
    }
}

/// Keeps a new client, or changes one; 403 `Unauthorized` if id and secret do not fit.
pub fn register(request: &Request, wanted: &Wanted) -> Result<Client, Error> {
    let now = request.now;
    let store = &request.app().store;
    let fresh = fresh(random_text::<16>(), random_text::<32>(), now);
    let client = store.write(|tx| {
        let mut client = match &wanted.known {
            None => fresh.clone(),
            Some((id, secret)) => clients::get(tx, id)?
                .filter(|known| known.secret.as_bytes().ct_eq(secret.as_bytes()).into())
                .ok_or_else(|| Error::forbidden("Unauthorized"))?,
        };
        wanted.says.write_into(&mut client);
        if wanted.identity.is_some() {
            client.identity.clone_from(&wanted.identity);
            principals::introduce(request.app(), tx, &client, now)?;
        }
        client.updated = now;
        clients::put(tx, &client);
        Ok(client)
    })?;
    Ok(client)
}

/// A client of which nothing is known but id and secret.
pub(super) fn fresh(id: String, secret: String, now: Timestamp) -> Client {
    Client {
        id,
        secret,
        title: None,
        description: None,
        kind: None,
        redirect_uris: Vec::new(),
        contacts: Vec::new(),
        logo: None,
        identity: None,
        created: now,
        updated: now,
        is_public: false,
    }
}

fn is_address(text: &str) -> bool {
    text.len() <= ADDRESS_BYTES_MAX && http_origin(text).is_some()
}

/// One `@` with something on both sides: who is to read it must see to the rest.
fn is_mail(text: &str) -> bool {
    text.len() <= 254
        && matches!(text.split_once('@'), Some((name, host)) if !name.is_empty() && !host.is_empty() && !host.contains('@'))
}
