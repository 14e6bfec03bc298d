//! Pages that belong together: the settings of a user, and what the owner of the server looks after ("Box"). A list of them
//! stands beside each on a wide screen; on a phone it is a page of its own, to which a link leads back.

use crate::web::frame::Frame;
use crate::web::owning::shell::PATH as SHELL;
use crate::web::wifi::PATH as WIFI;
use crate::words::marked;

/// One of the pages.
#[derive(Clone, Copy, Debug)]
pub struct Section {
    /// Its address within the site.
    pub path: &'static str,
    /// The drawing that stands for it.
    pub icon: &'static str,
    /// Its name.
    pub words: &'static str,
    /// What is there.
    pub about: &'static str,
}

/// The page on which all settings stand.
pub const SETTINGS: &str = "/main/settings";

/// The first of the owner's pages.
pub const BOX: &str = "/main/box";

/// The settings of privacy, and a page to which they lead.
const PRIVACY: &str = "/main/settings/privacy";
const MUTED: &str = "/main/muted";

/// The page that only boxes have that update their program.
const UPDATE: &str = "/main/box/update";

const fn section(
    path: &'static str,
    icon: &'static str,
    words: &'static str,
    about: &'static str,
) -> Section {
    Section {
        path,
        icon,
        words,
        about,
    }
}

const LANGUAGE: Section = section(
    "/main/settings/language",
    "language",
    marked("Language"),
    marked("In which language pages and letters speak to you."),
);

const APPEARANCE: Section = section(
    "/main/settings/appearance",
    "palette",
    marked("Appearance"),
    marked("Light, dark, or as your device is."),
);

/// Where a device learns to trust the server, if that has a padlock of its own.
const PADLOCK: Section = section(
    "/main/padlock",
    "lock",
    marked("Install the padlock"),
    marked("So that nobody in the network can read along, and the site can be an application."),
);

const OF_USERS: &[Section] = &[
    section(
        "/main/settings/profile",
        "person",
        marked("Your profile"),
        marked("Your name, your picture and what you tell about yourself."),
    ),
    section(
        "/main/account",
        "key",
        marked("Your account"),
        marked("Your password, your mail address, and where you are logged in."),
    ),
    LANGUAGE,
    APPEARANCE,
    section(
        PRIVACY,
        "lock",
        marked("Privacy"),
        marked("Whom a new post is for at first, and who sees what."),
    ),
    section(
        "/main/settings/notifications",
        "bell",
        marked("Notifications"),
        marked("What you are told when something comes for you, and how."),
    ),
    PADLOCK,
    section(
        "/main/apps",
        "apps",
        marked("Applications"),
        marked("What else has access to your account, and tokens for your own scripts."),
    ),
    section(
        "/main/settings/data",
        "download",
        marked("Your data"),
        marked("Take everything with you, or bring it here."),
    ),
    section(
        "/main/account/delete",
        "delete",
        marked("Delete your account"),
        marked("With everything that you posted."),
    ),
];

const OF_STRANGERS: &[Section] = &[LANGUAGE, APPEARANCE, PADLOCK];

const OF_THE_OWNER: &[Section] = &[
    section(
        "/main/box/people",
        "people",
        marked("People"),
        marked("Who has an account, how much room each takes, and help for who forgot a password."),
    ),
    section(
        "/main/box/addresses",
        "place",
        marked("Addresses"),
        marked("Where your pump is found, with codes to photograph."),
    ),
    section(
        "/main/invitations",
        "invite",
        marked("Invitations"),
        marked("Links by which new people come."),
    ),
    section(
        "/main/reports",
        "report",
        marked("Reports"),
        marked("What somebody found wrong with a post or a person."),
    ),
    section(
        "/main/box/site",
        "home",
        marked("The site"),
        marked("Its name, what strangers read, and who can get an account."),
    ),
    section(
        "/main/box/servers",
        "globe",
        marked("Other servers"),
        marked("What waits to be sent, who is blocked, and certificates on your network."),
    ),
    section(
        "/main/box/padlock",
        "lock",
        marked("Padlock"),
        marked("A second address, encrypted, at which nobody can read along."),
    ),
    section(
        "/main/box/name",
        "link",
        marked("A public name"),
        marked("A way in from everywhere, which every device trusts."),
    ),
    section(
        "/main/box/storage",
        "box",
        marked("Storage"),
        marked("What takes room on the disk, and how much is left."),
    ),
    section(
        "/main/box/backup",
        "file",
        marked("Backup"),
        marked("A copy of everything, for the day when the machine breaks."),
    ),
    section(
        WIFI,
        "wifi",
        marked("Wi-Fi"),
        marked("In which Wi-Fi the pump is."),
    ),
    section(
        SHELL,
        "key",
        marked("Secure shell"),
        marked("Who logs in to this machine with a terminal."),
    ),
    section(
        UPDATE,
        "download",
        marked("Update"),
        marked("Later versions of the program, when there are some."),
    ),
];

/// Pages of the owner's that stand elsewhere.
const IN_BOX: [&str; 3] = ["/main/invitations", "/main/reports", WIFI];

impl Frame {
    /// Whether the page is one of the owner's.
    pub fn is_in_box(&self) -> bool {
        let below = self.path.strip_prefix(BOX);
        below.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            || IN_BOX.contains(&self.path.as_str())
    }

    /// The pages to which this one belongs.
    pub fn sections(&self) -> impl Iterator<Item = &'static Section> {
        let all = match (self.is_user(), self.is_in_box() && self.is_owner) {
            (false, _) => OF_STRANGERS,
            (true, false) => OF_USERS,
            (true, true) => OF_THE_OWNER,
        };
        all.iter().filter(|section| match section.path {
            UPDATE => self.is_updated,
            WIFI => self.has_wifi,
            SHELL => self.has_shell,
            path => self.has_padlock || path != PADLOCK.path,
        })
    }

    /// The page that lists them, and its name.
    pub fn section_list(&self) -> (&'static str, &'static str) {
        match self.is_in_box() && self.is_owner {
            true => (BOX, marked("Box")),
            false => (SETTINGS, marked("Settings")),
        }
    }

    /// Whether a page is this one, or one below it.
    pub fn is_at(&self, path: &str) -> bool {
        if self.path == MUTED {
            return path == PRIVACY;
        }
        let below = self.path.strip_prefix(path);
        below.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            && !(path == "/main/account" && self.path == "/main/account/delete")
    }
}
