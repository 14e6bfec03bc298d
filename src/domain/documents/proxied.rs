//! Where users of this server get what is on other servers: `pump_io.proxyURL` beside each address there (`pump-api.md §3.7`,
//! `§6.9`). Nobody else is told: others cannot read there.

use super::{Documents, Finish};
use crate::domain::proxies::What;
use crate::domain::{names, relays};
use crate::ids::ThingId;
use crate::store::engine::Result;
use crate::store::things::{self, Activity, Object};
use crate::wire::draft::{self, Members};
use crate::wire::json;
use crate::wire::scrub::FILE_MEMBERS;
use serde_json::{Value, json};

/// Members with the address of a feed, besides those that the serializer writes itself.
const FEEDS: [&str; 7] = [
    "members",
    "followers",
    "following",
    "lists",
    "likes",
    "replies",
    "shares",
];

impl Documents<'_> {
    /// What opens a thing for the group for which this is written, if it is written for one.
    pub(super) fn relay_key(&self, thing: ThingId) -> Option<String> {
        let group = self.relaying?;
        self.proxies.relay_key(thing, group)
    }

    /// Whether an activity holds a key that is not for whom this is written: it is for those to whom it is passed on.
    pub(super) fn hides_key(&self, activity: &Activity) -> bool {
        let is_passed_on = self.is_delivery && activity.remote_id.is_some();
        !is_passed_on && activity.members.contains(relays::MEMBER)
    }

    /// Whether addresses of other servers are told with those here, in something that is finished like this.
    pub(super) fn is_proxied(&self, finish: Finish) -> Result<bool> {
        if !finish.proxied {
            return Ok(false);
        }
        if let Some(known) = self.is_user.get() {
            return Ok(*known);
        }
        let person = match self.viewer.person {
            Some(person) => things::object(self.store, person)?,
            None => None,
        };
        let is_user = person.is_some_and(|person| person.nickname().is_some());
        Ok(*self.is_user.get_or_init(|| is_user))
    }

    /// As [`Documents::is_proxied`], for members that may name no address of another server: what was made here mostly names
    /// none, and that is seen quickly.
    pub(super) fn has_proxied(&self, members: &str, finish: Finish) -> Result<bool> {
        if !finish.proxied {
            return Ok(false);
        }
        let ours = members.matches(self.base.url()).count();
        Ok(members.matches("://").count() > ours && self.is_proxied(finish)?)
    }

    /// The address here for what is at `url`, where there is one.
    pub(super) fn proxy_of(&self, url: &str, what: What) -> Option<String> {
        self.proxies.address(self.base, url, what)
    }

    /// The address here for something that says itself where it is.
    pub(super) fn proxy_of_own(&self, members: &Members) -> Option<String> {
        let own = members.get("links")?.get("self")?.get("href")?.as_str()?;
        self.proxy_of(own, What::Document)
    }

    /// Puts the addresses here beside those of the files and feeds that an object names.
    pub(super) fn add_proxies(&self, members: &mut Members) {
        let files = FILE_MEMBERS.iter().map(|name| (*name, What::Media));
        let feeds = FEEDS.iter().map(|name| (*name, What::Document));
        for (name, what) in files.chain(feeds) {
            let Some(Value::Object(value)) = members.get_mut(name) else {
                continue;
            };
            let url = value.get("url").and_then(Value::as_str);
            if let Some(proxy) = url.and_then(|url| self.proxy_of(url, what)) {
                value.insert("pump_io".to_owned(), json!({ "proxyURL": proxy }));
            }
        }
    }

    /// Writes the members that the maker of an object here gave, which may show a file of another server; `attached` instead
    /// of what it names as attached.
    pub(super) fn own_members(
        &self,
        out: &mut json::Object<'_>,
        (id, object): (ThingId, &Object),
        finish: Finish,
        attached: Option<Value>,
    ) -> Result<()> {
        let has_proxied = self.has_proxied(&object.members, finish)?;
        let key = match object.file {
            Some(_) => self.relay_key(id),
            None => None,
        };
        if !has_proxied && attached.is_none() && key.is_none() {
            out.members(&object.members);
            return Ok(());
        }
        let mut members = draft::members_of(&object.members);
        if let Some(key) = key {
            add_key(&mut members, &key);
        }
        if has_proxied {
            self.add_proxies(&mut members);
        }
        if let Some(attached) = attached {
            members.insert("attachments".to_owned(), attached);
        }
        out.members(&draft::members_text(&members));
        Ok(())
    }

    /// Writes the members that the maker of an activity gave: what provided it and belongs to it is named there.
    pub(super) fn activity_members(
        &self,
        out: &mut json::Object<'_>,
        own: &str,
        finish: Finish,
    ) -> Result<()> {
        const NAMES: [&str; 3] = ["provider", "context", "source"];
        if !self.has_proxied(own, finish)? {
            out.members(own);
            return Ok(());
        }
        let mut members = draft::members_of(own);
        for name in NAMES {
            if let Some(Value::Object(named)) = members.get_mut(name) {
                let own = self.proxy_of_own(named);
                self.add_proxies(named);
                if let Some(proxy) = own {
                    named.insert("pump_io".to_owned(), json!({ "proxyURL": proxy }));
                }
            }
        }
        out.members(&draft::members_text(&members));
        Ok(())
    }
}

/// Puts a key into the addresses of the files that an object here shows.
fn add_key(members: &mut Members, key: &str) {
    let keyed = |url: &str| Value::from(names::with_argument(url, relays::ARGUMENT, key));
    for name in FILE_MEMBERS {
        if let Some(url) = members.get_mut(*name).and_then(|file| file.get_mut("url"))
            && let Some(text) = url.as_str()
        {
            *url = keyed(text);
        }
    }
    if let Some(url) = members.get_mut("fileUrl")
        && let Some(text) = url.as_str()
    {
        *url = keyed(text);
    }
}
