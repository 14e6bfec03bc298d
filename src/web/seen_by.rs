//! `/main/audience`: who can see a post, down to names, as far as the viewer may know (`pump-api.md §4.9`): who is on a list is its
//! owner's to know, and who was addressed in secret its author's.

use crate::auth::Visitor;
use crate::domain::circles;
use crate::domain::errands;
use crate::domain::threads;
use crate::error::Error;
use crate::http::{Answer, Request};
use crate::ids::ThingId;
use crate::store::copies;
use crate::store::keys::{Stream, StreamKind};
use crate::store::streams::{self, Start};
use crate::store::things::{self, Activity, Address, Object};
use crate::web::cards::Cards;
use crate::web::deeds::readable;
use crate::web::frame::{Face, Frame, show};
use crate::web::things::viewer;
use crate::words::marked;
use askama::Template;
use std::collections::BTreeSet;

/// Most people of one circle who are named.
const FACES_MAX: usize = 100;

/// Most servers that are named.
const HOSTS_MAX: usize = 50;

#[derive(Template)]
#[template(path = "audience.html", config = "assets/askama.toml")]
struct Page<'a> {
    frame: &'a Frame,
    circles: Vec<Circle>,
    hosts: Vec<String>,
    is_own: bool,
    has_list: bool,
    /// The server where it was posted, if that is another one: it knows more.
    home: Option<String>,
    back: String,
}

/// Everybody, one person, or all of a list.
#[derive(Default)]
struct Circle {
    icon: &'static str,
    words: String,
    /// Who is in it, as far as they are named.
    faces: Vec<Face>,
    /// How many more there are.
    more: u64,
}

/// `GET /main/audience?object=KEY`: 200 for whoever may read the post; 403, 404, 410.
pub fn audience(request: &Request, visitor: &Visitor) -> Answer {
    let frame = Frame::of(request, visitor)?;
    let viewer = viewer(visitor);
    let key = request.query("object").unwrap_or_default();
    let (id, object) = readable(request, viewer, &key)?;
    let app = request.app();
    let cards = Cards {
        app,
        frame: &frame,
        viewer,
        now: request.now,
    };
    let post = match object.post {
        Some(post) => things::activity(&app.store, post)?,
        None => None,
    };
    let author = object.author.map(|author| frame.face(app, author));
    let back = match author.transpose()?.flatten() {
        Some(author) => cards.link(id, &object, &author),
        None => frame.at("/"),
    };
    let is_own = object.author.is_some_and(|author| viewer.is(author));
    let mut seeing = Seeing {
        cards: &cards,
        is_own,
        circles: Vec::new(),
        hosts: BTreeSet::new(),
        has_list: false,
    };
    if let Some(post) = &post {
        seeing.look(id, &object, post)?;
    }
    let home = match object.is_local() {
        true => None,
        false => errands::host_of(&app.store, id)?,
    };
    let page = Page {
        frame: &frame,
        circles: seeing.circles,
        hosts: seeing.hosts.into_iter().take(HOSTS_MAX).collect(),
        is_own,
        has_list: seeing.has_list,
        home,
        back,
    };
    show(visitor, &page)
}

/// Collects who can see a post.
struct Seeing<'a> {
    cards: &'a Cards<'a>,
    is_own: bool,
    circles: Vec<Circle>,
    /// Servers where some of them are.
    hosts: BTreeSet<String>,
    has_list: bool,
}

impl Seeing<'_> {
    fn look(&mut self, id: ThingId, object: &Object, post: &Activity) -> Result<(), Error> {
        let store = &self.cards.app.store;
        let [to, cc, bto, bcc] = post.addresses.each();
        let open = to.iter().chain(cc);
        // Who is addressed in secret knows it of themselves.
        let (is_own, viewer) = (self.is_own, self.cards.viewer);
        let is_known = |address: &&Address| {
            is_own || matches!(address, Address::Thing(person) if viewer.is(*person))
        };
        let secret = bto.iter().chain(bcc).filter(is_known);
        let mut known: Vec<Address> = Vec::new();
        for address in open.chain(secret) {
            if !known.contains(address) {
                known.push(*address);
                self.address(post, *address)?;
            }
        }
        if let Some(author) = object.author
            && !known.contains(&Address::Thing(author))
        {
            self.person(author)?;
        }
        if self.is_own {
            let copies = copies::of(store, id)?;
            self.hosts.extend(copies.into_iter().map(|(host, _)| host));
        }
        Ok(())
    }

    fn address(&mut self, post: &Activity, address: Address) -> Result<(), Error> {
        let words = self.cards.frame.words;
        match address {
            Address::Public => self.circles.push(Circle {
                icon: "globe",
                words: words
                    .say("Everybody on the Internet, with or without an account")
                    .to_owned(),
                ..Circle::default()
            }),
            Address::Followers(owner) | Address::Following(owner)
                if !threads::opens(&self.cards.app.store, post, address, owner)? => {}
            Address::Followers(owner) => {
                let sentences = [
                    marked("Everyone who follows you"),
                    marked("Followers of {0}"),
                ];
                self.circle(owner, StreamKind::Followers, sentences)?;
            }
            Address::Following(owner) => {
                let sentences = [
                    marked("Everyone whom you follow"),
                    marked("People whom {0} follows"),
                ];
                self.circle(owner, StreamKind::Following, sentences)?;
            }
            Address::Thing(id) => self.thing(post, id)?,
        }
        Ok(())
    }

    /// Those who follow somebody, or whom somebody follows.
    fn circle(
        &mut self,
        owner: ThingId,
        kind: StreamKind,
        [own, theirs]: [&str; 2],
    ) -> Result<(), Error> {
        let words = self.cards.frame.words;
        let words = match self.cards.viewer.is(owner) {
            true => words.say(own).to_owned(),
            false => words.fill(theirs, [self.cards.name_of(owner)?]),
        };
        self.members("people", &words, Stream::of(owner, kind), true)
    }

    fn thing(&mut self, post: &Activity, id: ThingId) -> Result<(), Error> {
        let store = &self.cards.app.store;
        let Some(object) = things::object(store, id)? else {
            return Ok(());
        };
        if object.is_person() {
            return self.person(id);
        }
        let members = Stream::of(id, StreamKind::Members);
        if circles::is_group(&object) {
            let name = self.cards.name_of(id)?;
            let is_open = self.cards.viewer.person.is_some();
            return self.members("group", &name, members, is_open);
        }
        let Some(owner) = object.author.filter(|_| object.is_collection()) else {
            return Ok(());
        };
        let is_open = threads::opens(store, post, Address::Thing(id), owner)?;
        if !is_open || object.deleted.is_some() {
            return Ok(());
        }
        let is_theirs = self.cards.viewer.is(owner);
        self.has_list |= is_theirs;
        let words = match is_theirs {
            true => self.cards.name_of(id)?,
            false => {
                let owner = self.cards.name_of(owner)?;
                self.cards.frame.fill("People whom {0} chose", [owner])
            }
        };
        self.members("list", &words, members, is_theirs)
    }

    fn person(&mut self, id: ThingId) -> Result<(), Error> {
        if let Some(host) = errands::host_of(&self.cards.app.store, id)? {
            self.hosts.insert(host);
        }
        let frame = self.cards.frame;
        if let Some(face) = frame.face(self.cards.app, id)? {
            self.circles.push(Circle {
                icon: "person",
                words: match frame.is_me(id) {
                    true => frame.say("You").to_owned(),
                    false => String::new(),
                },
                faces: vec![face],
                more: 0,
            });
        }
        Ok(())
    }

    /// A circle with its people; only how many there are, where `is_open` is not so.
    fn members(
        &mut self,
        icon: &'static str,
        words: &str,
        stream: Stream,
        is_open: bool,
    ) -> Result<(), Error> {
        let store = &self.cards.app.store;
        let total = streams::total(store, stream)?;
        let mut circle = Circle {
            icon,
            words: format!("{words} ({})", self.cards.frame.words.number(total)),
            ..Circle::default()
        };
        if is_open {
            let some = streams::page(store, stream, Start::Newest, FACES_MAX)?;
            let some = some.unwrap_or_default();
            circle.more = total.saturating_sub(some.len() as u64);
            for person in some {
                if let Some(host) = errands::host_of(store, person)? {
                    self.hosts.insert(host);
                }
                circle
                    .faces
                    .extend(self.cards.frame.face(self.cards.app, person)?);
            }
        }
        self.circles.push(circle);
        Ok(())
    }
}
