//! The places of the site, between which a user goes, and how much is new there.

use super::Frame;
use crate::domain::noticing;
use crate::words::marked;

/// One of the places of the site.
#[derive(Debug)]
pub struct Place {
    /// Its address within the site.
    pub path: &'static str,
    /// The drawing that stands for it.
    pub icon: &'static str,
    /// Its name.
    pub words: &'static str,
    /// `wide` for what only wide screens show, `post` for the box to post.
    pub class: Option<&'static str>,
    /// How many things there are new: `3`, `99+`; empty for none.
    pub count: String,
    /// Whether the page is that place.
    pub is_here: bool,
}

impl Frame {
    /// The places between which a user goes.
    pub fn places(&self) -> Vec<Place> {
        let place = |path_of: &'static str, icon, words: &'static str| Place {
            is_here: self.path == path_of,
            path: path_of,
            icon,
            words: self.say(words),
            class: None,
            count: String::new(),
        };
        let with = |place, new| Place {
            count: match new {
                0 => String::new(),
                new => counted(new),
            },
            ..place
        };
        let messages = place("/main/messages", "message", marked("Messages"));
        let notices = place("/main/notifications", "bell", marked("Notifications"));
        let mut places = vec![
            place("/", "home", marked("Home")),
            place("/main/photos", "photos", marked("Photos")),
            Place {
                class: Some("post"),
                ..place("/main/compose", "plus", marked("Post"))
            },
            with(messages, self.messages),
            place("/main/people", "people", marked("People")),
            Place {
                class: Some("wide"),
                ..with(notices, self.notices)
            },
            Place {
                class: Some("wide"),
                ..place("/main/groups", "group", marked("Groups"))
            },
            Place {
                class: Some("wide"),
                ..place("/main/search", "search", marked("Search"))
            },
        ];
        if self.is_owner {
            places.push(Place {
                class: Some("wide"),
                is_here: self.is_in_box(),
                ..place("/main/box", "box", marked("Box"))
            });
        }
        places
    }

    /// How much is new, as the title of pages has it before its words: `(3) `; nothing where nothing is new.
    pub fn new_in_title(&self) -> String {
        match self.messages + self.notices {
            0 => String::new(),
            new => format!("({}) ", counted(new)),
        }
    }

    /// How much else than messages is new, for the bell: `3`, `99+`; empty for nothing.
    pub fn bell(&self) -> String {
        match self.notices {
            0 => String::new(),
            new => counted(new),
        }
    }
}

impl Place {
    /// Whether new things are counted there.
    pub fn counts(&self) -> bool {
        matches!(self.icon, "message" | "bell")
    }
}

/// A number of new things as a badge has it.
pub fn counted(new: usize) -> String {
    match new < noticing::COUNT_MAX {
        true => new.to_string(),
        false => format!("{}+", noticing::COUNT_MAX - 1),
    }
}
