//! To whom a post goes, as the box to post says it: one of the circles that there are, and people and lists in addition. What
//! was chosen last is chosen again.

use super::{own_list, own_lists, reference};
use crate::app::App;
use crate::auth::LocalUser;
use crate::domain::{names, people};
use crate::error::Error;
use crate::ids::{Nickname, ThingId};
use crate::store::keys::{SITE, Stream, StreamKind};
use crate::store::streams::{self, Start};
use crate::store::things::{self, Object, Thing};
use crate::store::users;
use crate::web::forms::value;
use crate::web::frame::{Face, Frame};
use crate::wire::draft::{Addresses, ObjectDraft};
use crate::words::marked;

/// People who are offered beside those who are chosen; all others are found by their names.
const PEOPLE_SHOWN: usize = 12;

/// People of each kind among whom somebody is looked for.
const PEOPLE_LOOKED_AT: usize = 500;

/// People who are found at once.
const PEOPLE_FOUND: usize = 8;

/// Most people and lists that are named in addition.
const ALSO_MAX: usize = 100;

/// The name of the list to which the first post of somebody in a household goes.
const FAMILY: &str = "Family";

/// What somebody chose.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Chosen {
    /// `me`, `followers`, `public`, `people` (none but those in addition), or `list:` and a key.
    pub(super) circle: String,
    /// In addition: `person:` or `list:` and a key.
    pub(super) also: Vec<String>,
    /// People who were typed by name.
    pub(super) names: String,
    /// Whether all of them are notified; people who are named are in any case.
    pub(super) notifies: bool,
}

/// What there is to choose from.
#[derive(Debug, Default)]
pub(super) struct Choices {
    /// The circles, of which one is chosen.
    pub(super) circles: Vec<Choice>,
    /// Lists and people in addition.
    pub(super) also: Vec<Choice>,
    /// People who were typed by name.
    pub(super) names: String,
    /// Whether all of them are notified.
    pub(super) notifies: bool,
}

/// One audience, or a part of one.
#[derive(Debug)]
pub(super) struct Choice {
    /// As forms name it.
    pub(super) value: String,
    /// The drawing that stands for it.
    pub(super) icon: &'static str,
    /// "Family (6)"
    pub(super) words: String,
    /// What it means, in a sentence; for people how they are called.
    pub(super) meaning: String,
    /// The person, if it is one.
    pub(super) face: Option<Face>,
    /// Whether it is chosen.
    pub(super) is_chosen: bool,
}

impl Chosen {
    /// What a form says.
    pub(super) fn of_form(form: &[(String, String)]) -> Chosen {
        let also = form.iter().filter(|(name, _)| name == "also");
        Chosen {
            circle: value(form, "audience").to_owned(),
            also: also
                .map(|(_, value)| value.clone())
                .take(ALSO_MAX)
                .collect(),
            names: value(form, "names").trim().to_owned(),
            notifies: !value(form, "notify").is_empty(),
        }
    }

    /// What was kept of the last post; nothing before the first.
    pub(super) fn of_text(text: &str) -> Option<Chosen> {
        let mut words = text.split_whitespace().map(str::to_owned);
        let mut chosen = Chosen {
            circle: words.next()?,
            also: words.collect(),
            ..Chosen::default()
        };
        let before = chosen.also.len();
        chosen.also.retain(|word| word != "notify");
        chosen.notifies = chosen.also.len() != before;
        Some(chosen)
    }

    /// As it is kept. People who were typed by name are `found`.
    fn to_text(&self, found: &[String]) -> String {
        let mut words = vec![self.circle.clone()];
        words.extend(self.also.iter().cloned());
        words.extend(found.iter().filter(|key| !self.also.contains(key)).cloned());
        if self.notifies {
            words.push("notify".to_owned());
        }
        words.join(" ")
    }

    /// What is chosen for somebody who posts now: as last time, as far as that is still there; in a household first the
    /// family, elsewhere those who follow.
    pub(super) fn for_user(app: &App, user: &LocalUser, kept: &str) -> Result<Chosen, Error> {
        if let Some(mut chosen) = Chosen::of_text(kept) {
            let mut also = Vec::new();
            for word in chosen.also {
                if meant(app, user, &word)?.is_some() {
                    also.push(word);
                }
            }
            chosen.also = also;
            let is_there = match chosen.circle.as_str() {
                "me" | "followers" | "public" => true,
                "people" => !chosen.also.is_empty(),
                list => meant(app, user, list)?.is_some(),
            };
            if is_there {
                return Ok(chosen);
            }
        }
        let is_household = app.config.hostname.is_none();
        let lists = own_lists(app, user.id().0)?;
        let family = lists.iter().find(|(_, list)| list.name == FAMILY);
        Ok(Chosen {
            circle: match family.filter(|_| is_household) {
                Some((_, list)) => format!("list:{}", list.key),
                None => "followers".to_owned(),
            },
            ..Chosen::default()
        })
    }

    /// The addresses that it means, and how it is kept for the next post. 400 with what is wrong.
    pub(super) fn addresses(
        &self,
        app: &App,
        user: &LocalUser,
    ) -> Result<(Addresses<Vec<ObjectDraft>>, String), Error> {
        let unknown = || Error::invalid("Choose who can see this.");
        let mut addresses: Addresses<Vec<ObjectDraft>> = Addresses::default();
        let mut named = Vec::new();
        let mut circles = Vec::new();
        let mut found = Vec::new();
        for word in &self.also {
            let (id, object) = meant(app, user, word)?.ok_or_else(unknown)?;
            let draft = reference(app, id, &object);
            match object.is_person() {
                true => named.push(draft),
                false => circles.push(draft),
            }
        }
        for name in self.names.split([',', ';', '\n']) {
            let name = name.trim().trim_start_matches('@');
            if name.is_empty() {
                continue;
            }
            let (id, object) = called(app, name)?.ok_or_else(|| {
                Error::Invalid(format!(
                    "Nobody called \u{201c}{name}\u{201d} is known here. People here go by their nickname."
                ))
            })?;
            named.push(reference(app, id, &object));
            found.push(format!("person:{}", object.key(id)));
        }
        match self.circle.as_str() {
            "me" if !(named.is_empty() && circles.is_empty()) => {
                return Err(Error::invalid(
                    "You chose \u{201c}Only me\u{201d} and others. Choose \u{201c}Only those whom I name\u{201d} if they are to see this.",
                ));
            }
            "people" if named.is_empty() && circles.is_empty() => {
                return Err(Error::invalid("Name somebody who can see this."));
            }
            "me" => addresses.to.push(super::myself(app, user)),
            "people" => {}
            "followers" => circles.insert(0, people::followers(app, user.nickname().as_str())),
            "public" => circles.insert(0, ObjectDraft::reference(names::PUBLIC, "collection")),
            list => {
                let key = list.strip_prefix("list:").ok_or_else(unknown)?;
                let (id, list) = own_list(app, user, key)?.ok_or_else(unknown)?;
                circles.insert(0, reference(app, id, &list));
            }
        }
        addresses.to.extend(named);
        match self.notifies {
            true => addresses.to.extend(circles),
            false => addresses.cc.extend(circles),
        }
        for list in [&mut addresses.to, &mut addresses.cc] {
            let mut known = Vec::new();
            list.retain(|address| {
                let is_new = !known.contains(&address.id);
                known.push(address.id.clone());
                is_new
            });
        }
        Ok((addresses, self.to_text(&found)))
    }
}

impl Choices {
    /// What a user can choose, and what is chosen.
    pub(super) fn of(
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
        let lists = own_lists(app, person)?;
        for (_, list) in &lists {
            let words = format!("{} ({})", list.name, list.members);
            let meaning = match list.members {
                0 => say(marked(
                    "Nobody is on this list yet, so nobody but you sees this.",
                )),
                _ => say(marked("Only the people on this list see this, and you.")),
            };
            circle(&format!("list:{}", list.key), "list", words, meaning);
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
        for (_, list) in own_lists(app, user.id().0)? {
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
    pub(super) fn words(&self) -> String {
        let circle = self
            .circles
            .iter()
            .filter(|circle| circle.value != "people");
        let all = circle.chain(&self.also).filter(|choice| choice.is_chosen);
        let words: Vec<&str> = all.map(|choice| choice.words.as_str()).collect();
        words.join(", ")
    }

    /// The drawing of what is chosen.
    pub(super) fn icon(&self) -> &'static str {
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

/// The list of the user, or the person, that a word of a form means.
fn meant(app: &App, user: &LocalUser, word: &str) -> Result<Option<(ThingId, Object)>, Error> {
    match word.split_once(':') {
        Some(("list", key)) => own_list(app, user, key),
        Some(("person", key)) => Ok(match names::by_key(&app.store, key)? {
            Some((id, Thing::Object(object))) if object.is_person() && object.deleted.is_none() => {
                Some((id, object))
            }
            _ => None,
        }),
        _ => Ok(None),
    }
}

/// Who is called so: by the nickname here, or by the account elsewhere, if that is known here.
fn called(app: &App, name: &str) -> Result<Option<(ThingId, Object)>, Error> {
    let id = match Nickname::new(name) {
        Ok(nickname) => users::by_nickname(&app.store, &nickname)?.map(|(user, _)| user.0),
        Err(_) => names::find_thing(app.base(), &app.store, name)?,
    };
    let Some(id) = id else {
        return Ok(None);
    };
    let object = things::object(&app.store, id)?;
    Ok(object
        .filter(|object| object.is_person() && object.deleted.is_none())
        .map(|object| (id, object)))
}

#[cfg(test)]
mod tests {
    use super::Chosen;

    #[test]
    fn what_was_chosen_is_kept_in_words() {
        let chosen = Chosen {
            circle: "list:A".to_owned(),
            also: vec!["person:B".to_owned()],
            names: "kim".to_owned(),
            notifies: true,
        };
        let text = chosen.to_text(&["person:C".to_owned(), "person:B".to_owned()]);
        assert_eq!(text, "list:A person:B person:C notify");
        let again = Chosen::of_text(&text).expect("something");
        assert_eq!(again.circle, "list:A");
        assert_eq!(again.also, ["person:B", "person:C"]);
        assert!(again.notifies);
        assert_eq!(Chosen::of_text(""), None);
    }
}
