//! Objects as JSON (`pump-api.md §3.3`).

use super::memory::Piece;
use super::{Documents, Finish, time};
use crate::domain::activities::parts;
use crate::domain::{access, circles, names};
use crate::ids::ThingId;
use crate::store::engine::Result;
use crate::store::keys::{Stream, StreamKind};
use crate::store::streams;
use crate::store::things::{self, Identity, Object};
use crate::wire::draft::{self, Members};
use crate::wire::json;
use serde_json::Value;

/// How much of an object is written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Depth {
    /// Whether the author is written: not in the activity that posted it.
    pub author: bool,
    /// Whether what it answers is written: not inside that very object.
    pub in_reply_to: bool,
    /// Whether the counts are written.
    pub counts: bool,
    /// Whether what is attached is written whole: not inside of what is attached.
    pub attachments: bool,
}

impl Depth {
    /// Everything.
    pub(super) const WHOLE: Depth = Depth {
        author: true,
        in_reply_to: true,
        counts: true,
        attachments: true,
    };
}

impl Documents<'_> {
    /// Writes an object as the main thing, with what `finish` adds.
    pub fn object_into(
        &self,
        out: &mut json::Object<'_>,
        id: ThingId,
        object: &Object,
        finish: Finish,
    ) -> Result<()> {
        if object.is_person() {
            return self.person(out, id, object, finish, true);
        }
        self.object_at(out, id, object, finish, Depth::WHOLE)
    }

    /// Writes the object with this id where it stands inside something else; what the viewer may not read shrinks.
    pub(super) fn nested(
        &self,
        out: &mut json::Object<'_>,
        id: ThingId,
        finish: Finish,
        depth: Depth,
    ) -> Result<()> {
        let Some(object) = things::object(self.store, id)? else {
            return Ok(());
        };
        if object.is_person() {
            return self.person(out, id, &object, finish, finish != finish.aside());
        }
        if !access::may_read_object(self.store, self.viewer, &object)? {
            self.stub(out, id, &object);
            return Ok(());
        }
        self.object_at(out, id, &object, finish, depth)
    }

    /// Writes the object with this id where it is beside the point: the application of an activity, an addressee.
    pub(super) fn aside(
        &self,
        out: &mut json::Object<'_>,
        id: ThingId,
        finish: Finish,
    ) -> Result<()> {
        self.members_once(out, id, Piece::Aside, |out| {
            let depth = Depth {
                counts: false,
                ..Depth::WHOLE
            };
            self.nested(out, id, finish.aside(), depth)
        })
    }

    /// Writes an object that is no person and that the viewer may read.
    pub(super) fn object_at(
        &self,
        out: &mut json::Object<'_>,
        id: ThingId,
        object: &Object,
        finish: Finish,
        depth: Depth,
    ) -> Result<()> {
        out.text("objectType", &object.object_type);
        out.text("id", &names::object_id(self.base, id, object).to_string());
        if let Some(published) = object.published {
            time(out, "published", published);
        }
        time(out, "updated", object.updated);
        let author = match object.author {
            Some(author) => self.known(author)?.map(|person| (author, person)),
            None => None,
        };
        let (mut theirs, mut proxy) = (Members::new(), None);
        if let Some(deleted) = object.deleted {
            time(out, "deleted", deleted);
        } else if object.is_local() {
            let attached = match depth.attachments {
                true => self.attached(object)?,
                false => None,
            };
            self.own_members(out, (id, object), finish, attached)?;
        } else {
            self.refreshing.look(id, object);
            let mut members = draft::members_of(&object.members);
            if self.is_proxied(finish)? {
                proxy = self.proxy_of_own(&members);
                self.add_proxies(&mut members);
            }
            for name in ["likes", "replies", "shares"] {
                theirs.extend(members.remove_entry(name));
            }
            out.members(&draft::members_text(&members));
        }
        if depth.author
            && let Some((author, person)) = &author
        {
            self.person(
                &mut out.object("author"),
                *author,
                person,
                Finish::PLAIN,
                false,
            )?;
        }
        if depth.in_reply_to
            && let Some(parent) = object.in_reply_to
        {
            let depth = Depth {
                author: true,
                in_reply_to: false,
                counts: false,
                attachments: true,
            };
            self.nested(&mut out.object("inReplyTo"), parent, Finish::PLAIN, depth)?;
        }
        if object.is_local() {
            self.links(
                out,
                id,
                object,
                author.as_ref().and_then(|(_, person)| person.nickname()),
            );
        }
        if object.deleted.is_some() {
            return Ok(());
        }
        self.object_flags(out, id, object, finish, proxy)?;
        self.object_feeds(out, id, object, &theirs, finish, depth)?;
        self.member_feeds(out, id, object)
    }

    /// What is attached to an object made here, whole where it is here and the viewer may read it; nothing where that is
    /// nothing else than what is kept.
    fn attached(&self, object: &Object) -> Result<Option<Value>> {
        let attached = parts::attached(self.base, self.store, object)?;
        if attached.is_empty() {
            return Ok(None);
        }
        let mut members = draft::members_of(&object.members);
        let Some(Value::Array(mut list)) = members.remove("attachments") else {
            return Ok(None);
        };
        let depth = Depth {
            author: false,
            in_reply_to: false,
            counts: true,
            attachments: false,
        };
        for (id, part) in attached {
            let name = names::object_id(self.base, id, &part).to_string();
            let mut text = String::with_capacity(1024);
            {
                let mut out = json::Object::open(&mut text);
                match access::may_read_object(self.store, self.viewer, &part)? {
                    true => self.object_at(&mut out, id, &part, Finish::PLAIN, depth)?,
                    false => self.stub(&mut out, id, &part),
                }
            }
            let kept = list.iter_mut().find(|kept| kept["id"] == name.as_str());
            if let (Some(kept), Ok(whole)) = (kept, serde_json::from_str(&text)) {
                *kept = whole;
            }
        }
        Ok(Some(Value::Array(list)))
    }

    /// A mere reference; what is left of an object for somebody who may not read it (`pump-api.md §4.9.4`).
    fn stub(&self, out: &mut json::Object<'_>, id: ThingId, object: &Object) {
        out.text("objectType", &object.object_type);
        out.text("id", &names::object_id(self.base, id, object).to_string());
    }

    fn links(
        &self,
        out: &mut json::Object<'_>,
        id: ThingId,
        object: &Object,
        author: Option<&str>,
    ) {
        let own = names::object_self(self.base, id, object);
        {
            let mut links = out.object("links");
            links.object("self").plain("href", format_args!("{own}"));
            if circles::is_group(object) {
                let inbox = names::object_feed(self.base, id, object, "inbox");
                let mut link = links.object("activity-inbox");
                link.plain("href", format_args!("{inbox}"));
            }
        }
        if let Some(nickname) = author {
            let key = object.key(id);
            let kind = names::page_type(object);
            out.plain(
                "url",
                format_args!("{}/{nickname}/{kind}/{key}", self.base.url()),
            );
        }
    }

    fn object_flags(
        &self,
        out: &mut json::Object<'_>,
        id: ThingId,
        object: &Object,
        finish: Finish,
        proxy: Option<String>,
    ) -> Result<()> {
        let Some(viewer) = self.viewer.person else {
            return Ok(());
        };
        if finish.liked {
            out.boolean(
                "liked",
                object.likes > 0 && self.is_in(id, StreamKind::Likes, viewer)?,
            );
        }
        let followable = finish.followed && is_followable(object);
        if !finish.shared && !followable && proxy.is_none() {
            return Ok(());
        }
        let mut flags = out.object("pump_io");
        if finish.shared {
            let shared = object.shares > 0 && self.is_in(id, StreamKind::Shares, viewer)?;
            flags.boolean("shared", shared);
        }
        if followable {
            flags.boolean("followed", self.is_in(viewer, StreamKind::Following, id)?);
        }
        if let Some(proxy) = proxy {
            flags.text("proxyURL", &proxy);
        }
        Ok(())
    }

    /// Writes who likes and shares the object and what answers it. Those of an object of another server are at `theirs`, if
    /// it said so; what they hold is what is known here (`pump-api.md §3.7`).
    fn object_feeds(
        &self,
        out: &mut json::Object<'_>,
        id: ThingId,
        object: &Object,
        theirs: &Members,
        finish: Finish,
        depth: Depth,
    ) -> Result<()> {
        for (name, total, wanted, kind) in [
            ("likes", object.likes, finish.likers, StreamKind::Likes),
            (
                "replies",
                object.replies,
                finish.replies,
                StreamKind::Replies,
            ),
            ("shares", object.shares, finish.sharers, StreamKind::Shares),
        ] {
            let url = theirs.get(name).and_then(|feed| feed["url"].as_str());
            if !object.is_local() && url.is_none() {
                continue;
            }
            let mut feed = out.object(name);
            match url {
                Some(url) => feed.text("url", url),
                None => feed.plain(
                    "url",
                    format_args!("{}", names::object_feed(self.base, id, object, name)),
                ),
            }
            if depth.counts {
                feed.number("totalItems", u64::from(total));
            }
            if wanted && total > 0 {
                self.embedded(&mut feed, id, kind, |items, entry| match kind {
                    StreamKind::Replies => self.reply_item(items, entry, true),
                    _ => self.item(items, entry),
                })?;
            }
            if let Some(flags) = theirs.get(name).and_then(|feed| feed.get("pump_io")) {
                feed.raw("pump_io", &flags.to_string());
            }
        }
        Ok(())
    }

    /// Writes the members of a list, and the members and documents of a group.
    fn member_feeds(&self, out: &mut json::Object<'_>, id: ThingId, object: &Object) -> Result<()> {
        if object.is_collection() && matches!(object.identity, Identity::Made | Identity::Given(_))
        {
            let mut members = out.object("members");
            members.plain(
                "url",
                format_args!("{}", names::object_feed(self.base, id, object, "members")),
            );
            let stream = Stream::of(id, StreamKind::Members);
            let total = streams::total(self.store, stream)?;
            members.number("totalItems", total);
            // Who is in a list is its owner's to know (pump-api.md §10.3, D35).
            if total > 0 && object.author.is_some_and(|owner| self.viewer.is(owner)) {
                self.embedded(&mut members, id, StreamKind::Members, |items, member| {
                    self.member_item(items, member)
                })?;
            }
        }
        if circles::is_group(object) {
            for (name, kind) in [
                ("members", StreamKind::Members),
                ("documents", StreamKind::Documents),
            ] {
                let mut feed = out.object(name);
                let url = names::object_feed(self.base, id, object, name);
                feed.plain("url", format_args!("{url}"));
                feed.number(
                    "totalItems",
                    streams::total(self.store, Stream::of(id, kind))?,
                );
            }
        }
        Ok(())
    }

    /// Writes a member inside its list: a mere reference (`pump-api.md §3.6.5`).
    fn member_item(&self, items: &mut json::Array<'_>, id: ThingId) -> Result<bool> {
        let Some(member) = things::object(self.store, id)? else {
            return Ok(false);
        };
        self.stub(&mut items.object(), id, &member);
        Ok(true)
    }

    /// Writes a reply, if the viewer may read it. In the feed of replies it does not repeat what it answers; inside that
    /// object clients want it.
    pub fn reply_item(
        &self,
        items: &mut json::Array<'_>,
        id: ThingId,
        in_reply_to: bool,
    ) -> Result<bool> {
        let Some(reply) = things::object(self.store, id)? else {
            return Ok(false);
        };
        if !access::may_read_object(self.store, self.viewer, &reply)? {
            return Ok(false);
        }
        let depth = Depth {
            in_reply_to,
            ..Depth::WHOLE
        };
        self.object_at(&mut items.object(), id, &reply, Finish::REPLY, depth)?;
        Ok(true)
    }
}

/// Whether a thing that is no person can be followed: it says where its activities are.
fn is_followable(object: &Object) -> bool {
    object.members.contains("\"activity-outbox\"")
        && draft::members_of(&object.members)
            .get("links")
            .is_some_and(|links| links.get("activity-outbox").is_some())
}
