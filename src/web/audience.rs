//! Who can see a post, in words.

use crate::domain::access;
use crate::domain::documents::display_name;
use crate::domain::names;
use crate::error::Error;
use crate::ids::ThingId;
use crate::store::things::{self, Activity, Address};
use crate::web::cards::Cards;
use crate::web::lists::name_of_list;
use crate::words::{Words, marked};

/// Who can see a post.
#[derive(Clone, Debug, Default)]
pub struct Audience {
    /// The drawing that stands for it.
    pub icon: &'static str,
    /// In words.
    pub words: String,
}

impl Cards<'_> {
    /// To whom an activity went, as far as the viewer may know.
    pub fn audience(&self, post: &Activity) -> Result<Audience, Error> {
        let words = self.frame.words;
        let said = |icon, sentence: &str| Audience {
            icon,
            words: words.say(sentence).to_owned(),
        };
        let [to, cc, bto, bcc] = post.addresses.each();
        let all: Vec<&Address> = to.iter().chain(cc).chain(bto).chain(bcc).collect();
        let is_only = |person| {
            all.iter()
                .all(|address| **address == Address::Thing(person))
        };
        if self.viewer.person.is_some_and(is_only) {
            return Ok(match self.viewer.is(post.actor) {
                true => said("lock", marked("Only you")),
                false => Audience {
                    icon: "lock",
                    words: words.fill("Only you and {0}", [self.name_of(post.actor)?]),
                },
            });
        }
        if is_only(post.actor) {
            return Ok(said("lock", marked("Only its author")));
        }
        let own_followers = Address::Followers(post.actor);
        if self.viewer.is(post.actor) && all == [&own_followers] {
            return Ok(said("people", marked("Everyone who follows you")));
        }
        let mut named: Vec<String> = Vec::new();
        for address in to.iter().chain(cc) {
            named.push(match *address {
                Address::Public => words.say("Public (whole Internet)").to_owned(),
                Address::Followers(owner) => words.fill("Followers of {0}", [self.name_of(owner)?]),
                Address::Following(owner) => {
                    words.fill("People whom {0} follows", [self.name_of(owner)?])
                }
                Address::Thing(id) => self.name_of(id)?,
            });
        }
        named.dedup();
        let icon = match all.contains(&&Address::Public) {
            true => "globe",
            false => "people",
        };
        Ok(match named.is_empty() {
            true => said("people", marked("Chosen people")),
            false => Audience {
                icon,
                words: named.join(", "),
            },
        })
    }

    /// What somebody or something is called, as far as the viewer may know.
    pub(super) fn name_of(&self, id: ThingId) -> Result<String, Error> {
        let words = self.frame.words;
        let Some(object) = things::object(&self.app.store, id)? else {
            return Ok(words.say("somebody").to_owned());
        };
        if !access::may_read_object(&self.app.store, self.viewer, &object)? {
            return Ok(words.say("Chosen people").to_owned());
        }
        if object.object_type == "collection" {
            return Ok(name_of_list(words, &object));
        }
        let name = display_name(&object);
        let name =
            name.unwrap_or_else(|| names::object_id(self.app.base(), id, &object).to_string());
        Ok(Words::apart(&name).into_owned())
    }
}
