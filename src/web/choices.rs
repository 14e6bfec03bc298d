//! `/main/settings`: all settings in a list; and what everybody chooses for the pages, in which language they speak and how they
//! look. It is kept with the account, and in a cookie, so that the browser keeps it when nobody is logged in.

use crate::auth::Visitor;
use crate::error::Error;
use crate::http::{Answer, Request, Response, cookies};
use crate::store::preferences::{self, Appearance, Preferences};
use crate::web::forms::{again, see_other, value};
use crate::web::frame::{Frame, show};
use crate::web::login;
use crate::words::{Language, marked};
use askama::Template;

/// How long a browser keeps a choice, in seconds: a year.
const KEPT_SECS: i64 = 365 * 24 * 3600;

const LANGUAGE: &str = "language";
const APPEARANCE: &str = "appearance";

#[derive(Template)]
#[template(path = "settings/hub.html", config = "assets/askama.toml")]
struct Hub<'a> {
    frame: &'a Frame,
}

/// One of some things to choose from.
struct Choice {
    value: &'static str,
    words: &'static str,
    /// The language of the words, if it is another one than the page's.
    language: Option<&'static str>,
    is_chosen: bool,
}

#[derive(Template)]
#[template(path = "settings/choice.html", config = "assets/askama.toml")]
struct ChoicePage<'a> {
    frame: &'a Frame,
    /// The name of the field, which is the end of the address, too.
    name: &'static str,
    title: &'static str,
    about: &'static str,
    choices: Vec<Choice>,
    is_saved: bool,
    problem: Option<String>,
}

/// `GET /main/settings`
pub fn hub(request: &Request, visitor: &Visitor) -> Answer {
    let frame = Frame::of(request, visitor)?;
    if visitor.user().is_none() {
        return login::first(&frame);
    }
    show(visitor, &Hub { frame: &frame })
}

/// `GET /main/settings/language`: for everybody, also without an account.
pub fn language_form(request: &Request, visitor: &Visitor) -> Answer {
    let frame = Frame::of(request, visitor)?;
    let mut page = languages(&frame, &known(request, visitor)?.language);
    page.is_saved = request.query("saved").is_some();
    show(visitor, &page)
}

/// `GET /main/settings/appearance`: for everybody, also without an account.
pub fn appearance_form(request: &Request, visitor: &Visitor) -> Answer {
    let frame = Frame::of(request, visitor)?;
    let mut page = appearances(&frame, known(request, visitor)?.appearance);
    page.is_saved = request.query("saved").is_some();
    show(visitor, &page)
}

/// `POST /main/settings/language`: `language`, a code, or nothing for what the browser asks for. 303 back; 400 with the form.
pub fn language(request: &Request, visitor: &Visitor) -> Answer {
    let frame = Frame::of(request, visitor)?;
    let form = request.form();
    let chosen = value(&form, LANGUAGE);
    if !chosen.is_empty() && Language::of_code(chosen).is_none() {
        let error = Error::invalid("Choose one of the languages.");
        return again(visitor, error, |problem| {
            let mut page = languages(&frame, &known(request, visitor)?.language);
            page.problem = Some(problem);
            Ok(page)
        });
    }
    keep(request, visitor, |known| {
        chosen.clone_into(&mut known.language);
    })?;
    Ok(done(request, &frame, LANGUAGE, chosen))
}

/// `POST /main/settings/appearance`: `appearance`: `device`, `light` or `dark`. 303 back; 400 with the form.
pub fn appearance(request: &Request, visitor: &Visitor) -> Answer {
    let frame = Frame::of(request, visitor)?;
    let form = request.form();
    let Some(chosen) = Appearance::parse(value(&form, APPEARANCE)) else {
        let error = Error::invalid("Choose light, dark, or as the device is.");
        return again(visitor, error, |problem| {
            let mut page = appearances(&frame, known(request, visitor)?.appearance);
            page.problem = Some(problem);
            Ok(page)
        });
    };
    keep(request, visitor, |known| known.appearance = chosen)?;
    let kept = match chosen {
        Appearance::Device => "",
        other => other.name(),
    };
    Ok(done(request, &frame, APPEARANCE, kept))
}

/// The language that was chosen in the browser of a request.
pub fn language_of(request: &Request) -> Option<Language> {
    request.cookies(LANGUAGE).find_map(Language::of_code)
}

/// How pages are to look in the browser of a request.
pub fn appearance_of(request: &Request) -> Appearance {
    let chosen = request.cookies(APPEARANCE).find_map(Appearance::parse);
    chosen.unwrap_or_default()
}

/// What a user has chosen, or the browser of somebody else.
fn known(request: &Request, visitor: &Visitor) -> Result<Preferences, Error> {
    match visitor.user() {
        Some(user) => Ok(preferences::get(&request.app().store, user.id())?),
        None => Ok(Preferences {
            language: language_of(request).map_or("", Language::code).to_owned(),
            appearance: appearance_of(request),
            ..Preferences::default()
        }),
    }
}

fn keep(
    request: &Request,
    visitor: &Visitor,
    change: impl Fn(&mut Preferences),
) -> Result<(), Error> {
    let Some(user) = visitor.user() else {
        return Ok(());
    };
    let store = &request.app().store;
    Ok(store.write(|tx| preferences::change(tx, user.id(), &change))?)
}

/// Back to the form; the browser keeps the choice, or forgets an earlier one where it is empty.
fn done(request: &Request, frame: &Frame, name: &'static str, chosen: &str) -> Response {
    let secs = if chosen.is_empty() { 0 } else { KEPT_SECS };
    let cookie = cookies::built(request, name, chosen.to_owned(), secs);
    let mut answer = see_other(frame, &format!("/main/settings/{name}?saved=1"));
    answer.set_cookie(&cookie);
    answer
}

fn languages<'a>(frame: &'a Frame, chosen: &str) -> ChoicePage<'a> {
    let mut choices = vec![Choice {
        value: "",
        words: frame.say(marked("As your browser asks for")),
        language: None,
        is_chosen: chosen.is_empty(),
    }];
    choices.extend(Language::ALL.map(|language| Choice {
        value: language.code(),
        words: language.name(),
        language: Some(language.code()),
        is_chosen: language.code() == chosen,
    }));
    ChoicePage {
        frame,
        name: LANGUAGE,
        title: marked("Language"),
        about: marked("What people write stays as they wrote it."),
        choices,
        is_saved: false,
        problem: None,
    }
}

fn appearances(frame: &Frame, chosen: Appearance) -> ChoicePage<'_> {
    let words = |appearance| match appearance {
        Appearance::Device => marked("As your device is"),
        Appearance::Light => marked("Light"),
        Appearance::Dark => marked("Dark"),
    };
    ChoicePage {
        frame,
        name: APPEARANCE,
        title: marked("Appearance"),
        about: marked(
            "Many devices become dark in the evening by themselves, and the pages with them.",
        ),
        choices: Appearance::ALL
            .map(|appearance| Choice {
                value: appearance.name(),
                words: frame.say(words(appearance)),
                language: None,
                is_chosen: appearance == chosen,
            })
            .into(),
        is_saved: false,
        problem: None,
    }
}
