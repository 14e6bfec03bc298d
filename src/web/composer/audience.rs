//! To whom a post goes, as the box to post says it: one of the circles that there are, and people and lists in addition. What
//! was chosen last is chosen again, unless the settings fix something.

use super::{myself, own_list, own_lists, reference};
use crate::app::App;
use crate::auth::LocalUser;
use crate::domain::{circles, names, people};
use crate::error::Error;
use crate::ids::{Nickname, ThingId};
use crate::store::things::{self, Activity, Address, Object, Thing};
use crate::store::users;
use crate::web::forms::value;
use crate::wire::draft::{Addresses, ObjectDraft};
use crate::words::Words;

/// Most people and lists that are named in addition.
const ALSO_MAX: usize = 100;

/// The name of the list to which the first post of somebody in a household goes.
const FAMILY: &str = "Family";

/// What somebody chose.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::web) struct Chosen {
    /// `me`, `followers`, `public`, `people` (none but those in addition), or `list:` or `group:` and a key.
    pub(in crate::web) circle: String,
    /// In addition: `person:` or `list:` and a key.
    pub(in crate::web) also: Vec<String>,
    /// People who were typed by name.
    pub(in crate::web) names: String,
    /// Whether all of them are notified; people who are named are in any case.
    pub(in crate::web) notifies: bool,
}

impl Chosen {
    /// What a form says.
    pub(in crate::web) fn of_form(form: &[(String, String)]) -> Chosen {
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

    /// What was kept of the last post, or is fixed; nothing before the first.
    pub(in crate::web) fn of_text(text: &str) -> Option<Chosen> {
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

    /// What is chosen for who wants to write to a person, a list or a group; nothing if the key is of none.
    pub(in crate::web) fn towards(
        app: &App,
        user: &LocalUser,
        key: &str,
    ) -> Result<Option<Chosen>, Error> {
        for kind in ["person", "list", "group"] {
            let word = format!("{kind}:{key}");
            if meant(app, user, &word)?.is_none() {
                continue;
            }
            let (circle, also) = match kind {
                "person" => ("people".to_owned(), vec![word]),
                _ => (word, Vec::new()),
            };
            return Ok(Some(Chosen {
                circle,
                also,
                ..Chosen::default()
            }));
        }
        Ok(None)
    }

    /// As a post was addressed, as far as the box to post has words for it.
    pub(in crate::web) fn of_post(
        app: &App,
        user: &LocalUser,
        post: &Activity,
    ) -> Result<Chosen, Error> {
        let mut chosen = Chosen::default();
        let (mut circles, mut is_own) = (Vec::new(), false);
        for address in post.addresses.to.iter().chain(&post.addresses.cc) {
            match *address {
                Address::Public => circles.insert(0, "public".to_owned()),
                Address::Followers(owner) if owner == user.id().0 => {
                    circles.push("followers".to_owned());
                }
                Address::Thing(id) if id == user.id().0 => is_own = true,
                Address::Thing(id) => {
                    let Some(object) = things::object(&app.store, id)? else {
                        continue;
                    };
                    let kind = match object.object_type.as_str() {
                        "person" => "person",
                        "group" => "group",
                        _ => "list",
                    };
                    let word = format!("{kind}:{}", object.key(id));
                    if meant(app, user, &word)?.is_none() {
                        continue;
                    }
                    match kind {
                        "person" => chosen.also.push(word),
                        _ => circles.push(word),
                    }
                }
                Address::Followers(_) | Address::Following(_) => {}
            }
        }
        let mut circles = circles.into_iter();
        chosen.circle = match circles.next() {
            Some(circle) => circle,
            None if chosen.also.is_empty() && is_own => "me".to_owned(),
            None => "people".to_owned(),
        };
        chosen
            .also
            .extend(circles.filter(|word| word.starts_with("list:")));
        Ok(chosen)
    }

    /// What is chosen for somebody who posts now: as last time, as far as that is still there; in a household first the
    /// family, elsewhere those who follow.
    pub(in crate::web) fn for_user(
        app: &App,
        user: &LocalUser,
        kept: &str,
    ) -> Result<Chosen, Error> {
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
        // By the name that it has whatever language is read.
        let lists = own_lists(app, Words::default(), user.id().0)?;
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
    pub(in crate::web) fn addresses(
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
            "me" => addresses.to.push(myself(app, user)),
            "people" => {}
            "followers" => circles.insert(0, people::followers(app, user.nickname().as_str())),
            "public" => circles.insert(0, ObjectDraft::reference(names::PUBLIC, "collection")),
            group if group.starts_with("group:") => {
                let (id, group) = meant(app, user, group)?.ok_or_else(unknown)?;
                addresses.to.push(reference(app, id, &group));
            }
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

/// The list of the user, the group of which the user is a member, or the person that a word of a form means.
pub(in crate::web) fn meant(
    app: &App,
    user: &LocalUser,
    word: &str,
) -> Result<Option<(ThingId, Object)>, Error> {
    match word.split_once(':') {
        Some(("list", key)) => own_list(app, user, key),
        Some(("person", key)) => Ok(match names::by_key(&app.store, key)? {
            Some((id, Thing::Object(object))) if object.is_person() && object.deleted.is_none() => {
                Some((id, object))
            }
            _ => None,
        }),
        Some(("group", key)) => Ok(match names::by_key(&app.store, key)? {
            Some((id, Thing::Object(object)))
                if object.object_type == "group"
                    && object.deleted.is_none()
                    && circles::is_member(&app.store, id, user.id().0)? =>
            {
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
