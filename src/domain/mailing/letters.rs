//! The words of letters, in plain text and as a page (`assets/templates/mail/`): one form for all of them.

use super::confirming;
use super::recovering;
use crate::app::App;
use crate::clock::Timestamp;
use crate::error::Error;
use crate::mail::Letter;
use crate::mailbox::MailAddress;
use askama::Template;

/// What a letter says.
#[derive(Debug)]
pub(super) struct Words {
    /// The name of the site.
    pub(super) site: String,
    /// The address of the site.
    pub(super) root: String,
    /// What it is about: the subject, too.
    pub(super) title: String,
    /// What it says first.
    pub(super) paragraphs: Vec<String>,
    /// What the reader can do: words and an address.
    pub(super) action: Option<(String, String)>,
    /// What it tells of.
    pub(super) items: Vec<Item>,
    /// What it says at the end.
    pub(super) ending: Vec<String>,
    /// Where the setting is that made it come.
    pub(super) settings: Option<String>,
    /// Where such letters are ended.
    pub(super) unsubscribe: Option<String>,
}

/// One activity in a letter.
#[derive(Debug)]
pub(super) struct Item {
    /// What happened, in HTML.
    pub(super) sentence_html: String,
    /// The same, as text in one line.
    pub(super) sentence_text: String,
    /// The title of what was posted; may be empty.
    pub(super) title: String,
    /// What was posted, in HTML; may be empty.
    pub(super) content_html: String,
    /// The same, as text.
    pub(super) content_text: String,
    /// Where it is shown.
    pub(super) url: Option<String>,
}

#[derive(Template)]
#[template(path = "mail/letter.html", config = "assets/askama.toml")]
struct Page<'a> {
    words: &'a Words,
}

#[derive(Template)]
#[template(path = "mail/letter.txt", config = "assets/askama.toml")]
struct Text<'a> {
    words: &'a Words,
}

impl Words {
    /// A letter with a title and nothing else yet.
    pub(super) fn new(app: &App, title: String) -> Words {
        Words::of(app.site_name(), app.base().url(), title)
    }

    fn of(site: String, root: &str, title: String) -> Words {
        Words {
            site,
            root: root.to_owned(),
            title,
            paragraphs: Vec::new(),
            action: None,
            items: Vec::new(),
            ending: Vec::new(),
            settings: None,
            unsubscribe: None,
        }
    }

    /// The link by which an address is confirmed.
    pub(super) fn confirm(app: &App, nickname: &str, code: &str) -> Words {
        let site = app.site_name();
        let hours = confirming::LINK_SECS / 3600;
        let url = format!("{}/main/confirm/{code}", app.base().url());
        Words {
            paragraphs: vec![format!(
                "Somebody, most likely you, gave this mail address for the account {nickname} at {site}. Follow the link to \
                 confirm that it is yours."
            )],
            action: Some(("Confirm my address".to_owned(), url)),
            ending: vec![
                format!("The link can be used once, within {hours} hours."),
                "It was not you? Then do nothing: without the link the address is not kept."
                    .to_owned(),
            ],
            ..Words::new(app, format!("Confirm your mail address at {site}"))
        }
    }

    /// The link by which a new password is set.
    pub(super) fn recover(app: &App, nickname: &str, code: &str) -> Words {
        let site = app.site_name();
        let minutes = recovering::LETTER_SECS / 60;
        Words {
            paragraphs: vec![format!(
                "Somebody, most likely you, forgot the password of the account {nickname} at {site}. Follow the link to set a \
                 new one."
            )],
            action: Some((
                "Set a new password".to_owned(),
                recovering::address(app, code),
            )),
            ending: vec![
                format!(
                    "The link can be used once, within {minutes} minutes. Other browsers are logged out then."
                ),
                "It was not you? Then do nothing: your password stays as it is.".to_owned(),
            ],
            ..Words::new(app, format!("A new password for {nickname} at {site}"))
        }
    }

    /// That a link was used.
    pub(super) fn password_changed(app: &App, nickname: &str) -> Words {
        let site = app.site_name();
        let root = app.base().url();
        Words {
            paragraphs: vec![
                format!("The account {nickname} at {site} was opened with a link for a forgotten password, and logged out of all other browsers."),
                "It was not you? Set a new password at once, and look at the applications that have access.".to_owned(),
            ],
            action: Some(("Set a new password".to_owned(), format!("{root}/main/recover"))),
            ..Words::new(app, format!("Your password at {site}"))
        }
    }

    /// That mail goes elsewhere from now on.
    pub(super) fn address_changed(app: &App, nickname: &str) -> Words {
        let site = app.site_name();
        Words {
            paragraphs: vec![
                format!("Mail for the account {nickname} at {site} does not come to this address any more."),
                "It was not you? Log in and set another password, and your address again; if you cannot log in, ask the owner \
                 of the site."
                    .to_owned(),
            ],
            action: Some((
                "Look at my account".to_owned(),
                format!("{}/main/account", app.base().url()),
            )),
            ..Words::new(app, format!("Your mail address at {site}"))
        }
    }

    /// As a letter to somebody.
    pub(super) fn letter(
        &self,
        id: String,
        to: MailAddress,
        date: Timestamp,
    ) -> Result<Letter, Error> {
        let written = |text: askama::Result<String>| text.map_err(Error::internal);
        Ok(Letter {
            id,
            date,
            from_name: self.site.clone(),
            to,
            subject: self.title.clone(),
            text: written(Text { words: self }.render())?,
            html: written(Page { words: self }.render())?,
            unsubscribe: self.unsubscribe.clone(),
        })
    }
}

/// A letter by which the owner sees whether mail arrives.
pub fn test_letter(
    site: &str,
    root: &str,
    to: MailAddress,
    id: String,
    now: Timestamp,
) -> Result<Letter, Error> {
    let title = format!("A test letter from {site}");
    let words = Words {
        paragraphs: vec!["If you read this, the server can send mail.".to_owned()],
        ..Words::of(site.to_owned(), root, title)
    };
    words.letter(id, to, now)
}
