//! What there is to choose from when somebody says who can see a post: the circles with what they mean and how many people they
//! are, lists, and people who are found by name.

use super::audience::{Chosen, meant};
use super::own_lists;
use crate::app::App;
use crate::auth::LocalUser;
use crate::domain::documents::display_name;
use crate::error::Error;
use crate::ids::ThingId;
use crate::store::keys::{SITE, Stream, StreamKind};
use crate::store::streams::{self, Start};
use crate::store::things;
use crate::web::frame::{Face, Frame};
use crate::words::marked;

/// People of a list who are named where it is offered.
const MEMBERS_NAMED: usize = 5;

/// People who are offered beside those who are chosen; all others are found by their names.
const PEOPLE_SHOWN: usize = 12;

/// People of each kind among whom somebody is looked for.
const PEOPLE_LOOKED_AT: usize = 500;

/// People who are found at once.
const PEOPLE_FOUND: usize = 8;

/// What there is to choose from.
#[derive(Debug, Default)]
pub(in crate::web) struct Choices {
    /// The circles, of which one is chosen.
    pub(in crate::web) circles: Vec<Choice>,
    /// Lists and people in addition.
    pub(in crate::web) also: Vec<Choice>,
    /// People who were typed by name.
    pub(in crate::web) names: String,
    /// Whether all of them are notified.
    pub(in crate::web) notifies: bool,
}

/// One audience, or a part of one.
#[derive(Debug)]
pub(in crate::web) struct Choice {
    /// As forms name it.
    pub(in crate::web) value: String,
    /// The drawing that stands for it.
    pub(in crate::web) icon: &'static str,
    /// "Family (6)"
    pub(in crate::web) words: String,
    /// What it means, in a sentence; for people how they are called.
    pub(in crate::web) meaning: String,
    /// The person, if it is one.
    pub(in crate::web) face: Option<Face>,
    /// Whether it is chosen.
    pub(in crate::web) is_chosen: bool,
}

impl Choices {
    /// What a user can choose, and what is chosen.
    pub(in crate::web) fn of(
        app: &App,
        frame: &Frame,
        user: &LocalUser,
        chosen: &Chosen,
    ) -> Result<Choices, Error> {
        let person = user.id().0;
        let mut choices = Choices {
            names: chosen.names.clone(),
            notifies: chosen.notifies,
            ..Choices::default()
        };
        let mut circle = |value: &str, icon, words: String, meaning: &str| {
            choices.circles.push(Choice {
                is_chosen: value == chosen.circle,
                value: value.to_owned(),
                icon,
                words,
                meaning: meaning.to_owned(),
                face: None,
            });
        };
        let say = |sentence| frame.say(sentence);
        circle(
            "me",
            "lock",
            say(marked("Only me")).to_owned(),
            say(marked("Nobody but you sees this.")),
        );
        let lists = own_lists(app, frame.words, person)?;
        for (id, list) in &lists {
            let words = format!("{} ({})", list.name, list.members);
            let meaning = on_list(app, frame, *id, list.members)?;
            circle(&format!("list:{}", list.key), "list", words, &meaning);
        }
        let followers = Stream::of(person, StreamKind::Followers);
        let followers = streams::total(&app.store, followers)?;
        circle(
            "followers",
            "people",
            frame.fill("Everyone who follows me ({0})", [followers]),
            say(marked(
                "Everyone who follows you sees this, here and in their applications; also those who follow you later.",
            )),
        );
        circle(
            "public",
            "globe",
            say(marked("Public (whole Internet)")).to_owned(),
            say(marked(
                "Everybody on the Internet can see this, with or without an account.",
            )),
        );
        if let Some((_, group)) =
            meant(app, user, &chosen.circle)?.filter(|_| chosen.circle.starts_with("group:"))
        {
            let name = display_name(&group).unwrap_or_default();
            let meaning = say(marked("Everybody in this group sees this."));
            circle(&chosen.circle, "group", name, meaning);
        }
        circle(
            "people",
            "person",
            say(marked("Only those whom I name")).to_owned(),
            say(marked(
                "Only the people and lists that you name below see this, and you.",
            )),
        );
        choices.name_others(app, frame, user, chosen)?;
        Ok(choices)
    }

    /// The lists and people that can be named in addition.
    fn name_others(
        &mut self,
        app: &App,
        frame: &Frame,
        user: &LocalUser,
        chosen: &Chosen,
    ) -> Result<(), Error> {
        for (_, list) in own_lists(app, frame.words, user.id().0)? {
            let value = format!("list:{}", list.key);
            self.also.push(Choice {
                is_chosen: chosen.also.contains(&value),
                icon: "list",
                words: format!("{} ({})", list.name, list.members),
                meaning: String::new(),
                face: None,
                value,
            });
        }
        for word in chosen
            .also
            .iter()
            .filter(|word| word.starts_with("person:"))
        {
            if let Some((id, object)) = meant(app, user, word)? {
                self.also.push(of_person(frame.face_of(id, &object), true));
            }
        }
        for face in known_people(app, frame, user, PEOPLE_SHOWN, |_| true)? {
            let choice = of_person(face, false);
            if !self.also.iter().any(|known| known.value == choice.value) {
                self.also.push(choice);
            }
        }
        Ok(())
    }

    /// What is chosen, in words.
    pub(in crate::web) fn words(&self) -> String {
        let circle = self
            .circles
            .iter()
            .filter(|circle| circle.value != "people");
        let all = circle.chain(&self.also).filter(|choice| choice.is_chosen);
        let words: Vec<&str> = all.map(|choice| choice.words.as_str()).collect();
        words.join(", ")
    }

    /// The drawing of what is chosen.
    pub(in crate::web) fn icon(&self) -> &'static str {
        let chosen = self.circles.iter().find(|choice| choice.is_chosen);
        chosen.map_or("people", |choice| choice.icon)
    }
}

fn of_person(face: Face, is_chosen: bool) -> Choice {
    Choice {
        value: format!("person:{}", face.key),
        icon: "person",
        words: face.name.clone(),
        meaning: face.handle.clone(),
        face: Some(face),
        is_chosen,
    }
}

/// The people whose name or handle has some text in it, among those whom a user has to do with and those who are here.
pub(super) fn search(
    app: &App,
    frame: &Frame,
    user: &LocalUser,
    typed: &str,
) -> Result<Vec<Choice>, Error> {
    let typed = typed.trim().trim_start_matches('@').to_lowercase();
    if typed.is_empty() {
        return Ok(Vec::new());
    }
    let fits = |face: &Face| {
        face.name.to_lowercase().contains(&typed) || face.handle.to_lowercase().contains(&typed)
    };
    let faces = known_people(app, frame, user, PEOPLE_FOUND, fits)?;
    Ok(faces
        .into_iter()
        .map(|face| of_person(face, false))
        .collect())
}

fn known_people(
    app: &App,
    frame: &Frame,
    user: &LocalUser,
    count: usize,
    fits: impl Fn(&Face) -> bool,
) -> Result<Vec<Face>, Error> {
    let person = user.id().0;
    let mut found: Vec<Face> = Vec::new();
    for stream in [
        Stream::of(person, StreamKind::Following),
        Stream::of(person, StreamKind::Followers),
        Stream::of(SITE, StreamKind::Users),
    ] {
        let ids = streams::page(&app.store, stream, Start::Newest, PEOPLE_LOOKED_AT)?;
        for id in ids.unwrap_or_default() {
            if found.len() == count {
                return Ok(found);
            }
            if id == person || found.iter().any(|known| known.id == id) {
                continue;
            }
            let object = things::object(&app.store, id)?;
            if let Some(object) =
                object.filter(|object| object.is_person() && object.deleted.is_none())
            {
                found.extend(Some(frame.face_of(id, &object)).filter(&fits));
            }
        }
    }
    Ok(found)
}

/// Who is on a list, in words.
fn on_list(app: &App, frame: &Frame, list: ThingId, total: u64) -> Result<String, Error> {
    let members = Stream::of(list, StreamKind::Members);
    let members = streams::page(&app.store, members, Start::Newest, MEMBERS_NAMED)?;
    let mut names = Vec::new();
    for id in members.unwrap_or_default() {
        names.extend(frame.face(app, id)?.map(|face| face.name));
    }
    let others = total.saturating_sub(names.len() as u64);
    let names = names.join(", ");
    Ok(match (total, others) {
        (0, _) => {
            let nobody = marked("Nobody is on this list yet, so nobody but you sees this.");
            frame.say(nobody).to_owned()
        }
        (_, 0) => frame.fill("Only these people see this, and you: {0}.", [names]),
        (_, others) => {
            let others = frame.count("1 other", "{0} others", others);
            frame.fill(
                "Only these people see this, and you: {0} and {1}.",
                (names, others),
            )
        }
    })
}
