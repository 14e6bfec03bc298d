//! The words of letters, in plain text and as a page (`assets/templates/mail/`): one form for all of them.

use super::confirming;
use super::recovering;
use crate::app::App;
use crate::clock::Timestamp;
use crate::error::Error;
use crate::mail::Letter;
use crate::mailbox::MailAddress;
use crate::words::Words as Speech;
use askama::Template;

/// What a letter says.
#[derive(Debug)]
pub(super) struct Words {
    /// Says sentences in the language of the reader.
    pub(super) speech: Speech,
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
pub(in crate::domain) struct Item {
    /// What happened, in HTML.
    pub(in crate::domain) sentence_html: String,
    /// The same, as text in one line.
    pub(in crate::domain) sentence_text: String,
    /// The title of what was posted; may be empty.
    pub(in crate::domain) title: String,
    /// What was posted, in HTML; may be empty.
    pub(in crate::domain) content_html: String,
    /// The same, as text.
    pub(in crate::domain) content_text: String,
    /// Where it is shown.
    pub(in crate::domain) url: Option<String>,
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
    pub(super) fn new(app: &App, speech: Speech, title: String) -> Words {
        Words::of(app.site_name(), app.base().url(), speech, title)
    }

    fn of(site: String, root: &str, speech: Speech, title: String) -> Words {
        Words {
            speech,
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
    pub(super) fn confirm(app: &App, speech: Speech, nickname: &str, code: &str) -> Words {
        let site = app.site_name();
        let hours = confirming::LINK_SECS / 3600;
        let url = format!("{}/main/confirm/{code}", app.base().url());
        let title = speech.fill("Confirm your mail address at {0}", [&site]);
        Words {
            paragraphs: vec![speech.fill(
                "Somebody, most likely you, gave this mail address for the account {0} at {1}. Follow the link to confirm \
                 that it is yours.",
                (nickname, &site),
            )],
            action: Some((speech.say("Confirm my address").to_owned(), url)),
            ending: vec![
                speech.fill("The link can be used once, within {0} hours.", [hours]),
                speech
                    .say("It was not you? Then do nothing: without the link the address is not kept.")
                    .to_owned(),
            ],
            ..Words::new(app, speech, title)
        }
    }

    /// The link by which a new password is set.
    pub(super) fn recover(app: &App, speech: Speech, nickname: &str, code: &str) -> Words {
        let site = app.site_name();
        let minutes = recovering::LETTER_SECS / 60;
        let title = speech.fill("A new password for {0} at {1}", (nickname, &site));
        Words {
            paragraphs: vec![speech.fill(
                "Somebody, most likely you, forgot the password of the account {0} at {1}. Follow the link to set a new one.",
                (nickname, &site),
            )],
            action: Some((
                speech.say("Set a new password").to_owned(),
                recovering::address(app, code),
            )),
            ending: vec![
                speech.fill(
                    "The link can be used once, within {0} minutes. Other browsers are logged out then.",
                    [minutes],
                ),
                speech
                    .say("It was not you? Then do nothing: your password stays as it is.")
                    .to_owned(),
            ],
            ..Words::new(app, speech, title)
        }
    }

    /// That a link was used.
    pub(super) fn password_changed(app: &App, speech: Speech, nickname: &str) -> Words {
        let site = app.site_name();
        let root = app.base().url();
        Words {
            paragraphs: vec![
                speech.fill(
                    "The account {0} at {1} was opened with a link for a forgotten password, and logged out of all other browsers.",
                    (nickname, &site),
                ),
                speech
                    .say("It was not you? Set a new password at once, and look at the applications that have access.")
                    .to_owned(),
            ],
            action: Some((
                speech.say("Set a new password").to_owned(),
                format!("{root}/main/recover"),
            )),
            ..Words::new(app, speech, speech.fill("Your password at {0}", [&site]))
        }
    }

    /// That mail goes elsewhere from now on.
    pub(super) fn address_changed(app: &App, speech: Speech, nickname: &str) -> Words {
        let site = app.site_name();
        Words {
            paragraphs: vec![
                speech.fill(
                    "Mail for the account {0} at {1} does not come to this address any more.",
                    (nickname, &site),
                ),
                speech
                    .say(
                        "It was not you? Log in and set another password, and your address again; if you cannot log in, ask \
                         the owner of the site.",
                    )
                    .to_owned(),
            ],
            action: Some((
                speech.say("Look at my account").to_owned(),
                format!("{}/main/account", app.base().url()),
            )),
            ..Words::new(app, speech, speech.fill("Your mail address at {0}", [&site]))
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
    let speech = Speech::default();
    let words = Words {
        paragraphs: vec!["If you read this, the server can send mail.".to_owned()],
        ..Words::of(
            site.to_owned(),
            root,
            speech,
            format!("A test letter from {site}"),
        )
    };
    words.letter(id, to, now)
}
