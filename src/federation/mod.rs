//! Speaks with other servers as pump.io does (`pump-api.md §6`): [`dialback`] proves who registers, both ways; [`speaking`]
//! signs what this server asks; [`sending`] delivers what was done here, [`receiving`] takes what was done elsewhere, and
//! [`relaying`] what the server of a group passes on;
//! [`fetching`] asks the home of people and objects what they are, [`refreshing`] whether that has changed, [`finding`] that of an
//! address that somebody types, and [`catching_up`] what somebody posted before;
//! [`proxying`] gets for people here what is there; [`visiting`] lets people of other servers in on the pages. [`firehose`]
//! and [`spam`] speak to servers of another kind.

pub mod catching_up;
pub mod dialback;
pub mod fetching;
pub mod finding;
pub mod firehose;
pub mod proxying;
pub mod receiving;
pub mod refreshing;
pub mod relaying;
pub mod sending;
pub mod spam;
pub mod speaking;
pub mod visiting;

use crate::ids::{Base, Nickname};

/// For whom this server speaks to another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Speaker {
    /// For itself.
    Host,
    /// For one of its users: the webfinger id without `acct:`, or the id where that is an address.
    Person(String),
}

impl Speaker {
    /// One of our users.
    pub fn user(base: &Base, nickname: &Nickname) -> Speaker {
        let id = base.person_id(nickname);
        Speaker::Person(id.strip_prefix("acct:").unwrap_or(&id).to_owned())
    }

    /// What the other server is told.
    fn identity<'a>(&'a self, base: &'a Base) -> &'a str {
        match self {
            Speaker::Host => base.authority(),
            Speaker::Person(id) => id,
        }
    }
}
