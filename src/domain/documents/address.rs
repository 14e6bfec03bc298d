//! To whom activities were addressed, as JSON (`pump-api.md §3.10`).

use super::memory::Piece;
use super::{Documents, Finish};
use crate::domain::names;
use crate::domain::proxies::What;
use crate::ids::ThingId;
use crate::store::engine::Result;
use crate::store::things::{Address, Object};
use crate::wire::{draft, json};

impl Documents<'_> {
    /// Writes somebody to whom an activity was addressed (`pump-api.md §3.10`).
    pub(super) fn address(
        &self,
        out: &mut json::Object<'_>,
        address: Address,
        finish: Finish,
    ) -> Result<()> {
        let (person, kind, name, piece) = match address {
            Address::Public => {
                out.plain("objectType", format_args!("collection"));
                out.plain("id", format_args!("{}", names::PUBLIC));
                return Ok(());
            }
            Address::Thing(id) => return self.aside(out, id, finish),
            Address::Followers(person) => (person, "followers", "Followers", Piece::Followers),
            Address::Following(person) => (person, "following", "Following", Piece::Following),
        };
        let Some(object) = self.known(person)? else {
            return Ok(());
        };
        self.members_once(out, person, piece, |out| match object.nickname() {
            Some(_) => self.circle(out, person, &object, kind, name),
            None => self.far_circle(out, person, &object, (kind, name), finish),
        })
    }

    /// Writes the collection of whom a person follows, or of who follows.
    fn circle(
        &self,
        out: &mut json::Object<'_>,
        person: ThingId,
        object: &Object,
        kind: &str,
        name: &str,
    ) -> Result<()> {
        let (base, nickname) = (self.base.url(), object.nickname().unwrap_or_default());
        out.plain("objectType", format_args!("collection"));
        out.plain("id", format_args!("{base}/api/user/{nickname}/{kind}"));
        out.plain("url", format_args!("{base}/{nickname}/{kind}"));
        out.plain("displayName", format_args!("{name}"));
        self.person(
            &mut out.object("author"),
            person,
            object,
            Finish::PLAIN,
            false,
        )?;
        out.object("links")
            .object("self")
            .plain("href", format_args!("{base}/api/user/{nickname}/{kind}"));
        out.object("members")
            .plain("url", format_args!("{base}/api/user/{nickname}/{kind}"));
        Ok(())
    }

    /// Writes the collection of whom a person elsewhere follows, or of who follows, as that person names it.
    fn far_circle(
        &self,
        out: &mut json::Object<'_>,
        person: ThingId,
        object: &Object,
        (kind, name): (&str, &str),
        finish: Finish,
    ) -> Result<()> {
        let theirs = draft::members_of(&object.members);
        let url = theirs.get(kind).and_then(|feed| feed["url"].as_str());
        out.plain("objectType", format_args!("collection"));
        if let Some(url) = url {
            out.text("id", url);
        }
        out.plain("displayName", format_args!("{name}"));
        self.person(
            &mut out.object("author"),
            person,
            object,
            Finish::PLAIN,
            false,
        )?;
        let Some(url) = url else {
            return Ok(());
        };
        out.object("links").object("self").text("href", url);
        let proxy = match self.is_proxied(finish)? {
            true => self.proxy_of(url, What::Document),
            false => None,
        };
        let mut members = out.object("members");
        members.text("url", url);
        if let Some(proxy) = &proxy {
            members.object("pump_io").text("proxyURL", proxy);
        }
        drop(members);
        if let Some(proxy) = &proxy {
            out.object("pump_io").text("proxyURL", proxy);
        }
        Ok(())
    }
}
