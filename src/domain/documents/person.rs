//! People as JSON (`pump-api.md §3.5`).

use super::memory::Piece;
use super::{Documents, Finish, time};
use crate::domain::names;
use crate::ids::ThingId;
use crate::store::engine::Result;
use crate::store::keys::{Stream, StreamKind};
use crate::store::streams;
use crate::store::things::Object;
use crate::wire::draft;
use crate::wire::json;
use serde_json::Value;

impl Documents<'_> {
    /// Writes a person; `with_totals` where the person is the main thing asked for.
    pub(super) fn person(
        &self,
        out: &mut json::Object<'_>,
        id: ThingId,
        person: &Object,
        finish: Finish,
        with_totals: bool,
    ) -> Result<()> {
        if finish == finish.aside() && !with_totals {
            let piece = match finish.proxied {
                true => Piece::ProxiedPerson,
                false => Piece::Person,
            };
            return self.members_once(out, id, piece, |out| {
                self.person_members(out, id, person, finish, false)
            });
        }
        self.person_members(out, id, person, finish, with_totals)
    }

    fn person_members(
        &self,
        out: &mut json::Object<'_>,
        id: ThingId,
        person: &Object,
        finish: Finish,
        with_totals: bool,
    ) -> Result<()> {
        out.plain("objectType", format_args!("person"));
        out.text("id", &names::object_id(self.base, id, person).to_string());
        time(out, "updated", person.updated);
        let Some(nickname) = person.nickname() else {
            self.refreshing.look(id, person);
            if let Some(published) = person.published {
                time(out, "published", published);
            }
            self.write_flags(out, id, person, finish)?;
            return Ok(());
        };
        let base = self.base.url();
        out.text("preferredUsername", nickname);
        out.plain("url", format_args!("{base}/{nickname}"));
        {
            let mut links = out.object("links");
            links
                .object("self")
                .plain("href", format_args!("{base}/api/user/{nickname}/profile"));
            links
                .object("activity-inbox")
                .plain("href", format_args!("{base}/api/user/{nickname}/inbox"));
            links
                .object("activity-outbox")
                .plain("href", format_args!("{base}/api/user/{nickname}/feed"));
        }
        for (name, path, kind) in [
            ("followers", "followers", StreamKind::Followers),
            ("following", "following", StreamKind::Following),
            ("favorites", "favorites", StreamKind::Favorites),
            ("lists", "lists/person", StreamKind::PersonLists),
        ] {
            let mut feed = out.object(name);
            feed.plain("url", format_args!("{base}/api/user/{nickname}/{path}"));
            if with_totals {
                feed.number(
                    "totalItems",
                    streams::total(self.store, Stream::of(id, kind))?,
                );
            }
        }
        self.write_flags(out, id, person, finish)
    }

    /// Writes the person's own members together with `liked` and `pump_io`, which mixes what is stored
    /// (`fullImage`) with what depends on the viewer.
    fn write_flags(
        &self,
        out: &mut json::Object<'_>,
        id: ThingId,
        person: &Object,
        finish: Finish,
    ) -> Result<()> {
        let viewer = self
            .viewer
            .person
            .filter(|_| finish.followed || finish.shared || finish.liked);
        let is_proxied = self.has_proxied(&person.members, finish)?;
        if viewer.is_none() && !is_proxied {
            out.members(&person.members);
            return Ok(());
        }
        let mut members = draft::members_of(&person.members);
        let picture = match members.remove("pump_io") {
            Some(Value::Object(mut stored)) => stored.remove("fullImage"),
            _ => None,
        };
        let mut proxy = None;
        if is_proxied {
            proxy = self.proxy_of_own(&members);
            self.add_proxies(&mut members);
        }
        out.members(&draft::members_text(&members));
        if picture.is_none() && proxy.is_none() && viewer.is_none() {
            return Ok(());
        }
        if finish.liked
            && let Some(viewer) = viewer
        {
            out.boolean(
                "liked",
                person.likes > 0 && self.is_in(id, StreamKind::Likes, viewer)?,
            );
        }
        let mut flags = out.object("pump_io");
        if let Some(picture) = picture {
            flags.raw("fullImage", &picture.to_string());
        }
        if let Some(proxy) = proxy {
            flags.text("proxyURL", &proxy);
        }
        let Some(viewer) = viewer else {
            return Ok(());
        };
        if finish.shared {
            flags.boolean(
                "shared",
                person.shares > 0 && self.is_in(id, StreamKind::Shares, viewer)?,
            );
        }
        if finish.followed {
            // Of somebody here the followers are known, wherever they are.
            let followed = match person.nickname() {
                Some(_) => self.is_in(id, StreamKind::Followers, viewer)?,
                None => self.is_in(viewer, StreamKind::Following, id)?,
            };
            flags.boolean("followed", followed);
        }
        Ok(())
    }

    /// Whether a set-like stream holds a thing.
    pub(super) fn is_in(&self, owner: ThingId, kind: StreamKind, thing: ThingId) -> Result<bool> {
        streams::contains(self.store, Stream::of(owner, kind), thing)
    }
}
