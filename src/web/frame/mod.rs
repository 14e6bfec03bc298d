//! What stands around every page: the name of the site, the way home, who is logged in, and the token for its forms.
//! `places.rs` has the ways between the parts of the site, `faces.rs` people as pages show them.

mod faces;
mod places;

pub use faces::Face;
pub use places::{Place, counted};

use crate::auth::{Visitor, language};
use crate::domain::names::is_web_address;
use crate::domain::noticing::{self, Kind};
use crate::domain::{lan, padlock, pins, registration, reports, requests, updates};
use crate::error::Error;
use crate::http::{Answer, Request, Response};
use crate::store::meta::Registration;
use crate::store::preferences::{self, Appearance};
use crate::web::assets;
use crate::web::choices;
use crate::web::elsewhere::Elsewhere;
use crate::words::{Counted, Language, Values, Words, marked};
use askama::Template;
use hyper::{Method, header};
use std::borrow::Borrow;

/// The frame of one page.
#[derive(Debug)]
pub struct Frame {
    /// Says sentences in the reader's language.
    pub words: Words,
    /// How the reader wants pages to look.
    pub appearance: Appearance,
    /// The name of the site.
    pub site: String,
    /// What addresses of this site begin with: nothing, or a slash and the path prefix.
    pub root: String,
    /// What of other servers the page may load.
    pub files: Elsewhere,
    /// The token of the visitor's forms.
    pub csrf: String,
    /// The person who is logged in.
    pub me: Option<Face>,
    /// Whether that person is at home on another server.
    pub is_remote: bool,
    /// Whether that is the owner of the server.
    pub is_owner: bool,
    /// Whether the server runs on a box that updates it.
    pub is_updated: bool,
    /// Whether that box has Wi-Fi to look after.
    pub has_wifi: bool,
    /// Whether the owner says who logs in to the machine.
    pub has_shell: bool,
    /// How many requests of strangers wait for the user.
    pub requests: usize,
    /// How many reports wait for the owner.
    pub reports: usize,
    /// How many messages came since the user looked at them.
    pub messages: usize,
    /// How much else that concerns the user happened since.
    pub notices: usize,
    /// What the owner should know, in sentences.
    pub problems: Vec<String>,
    /// The path of the request within the site.
    pub path: String,
    /// The address of this page within the site, query included, to which its forms come back; for a form that went wrong,
    /// the home page.
    pub here: String,
    /// Whether the server has a padlock of its own, which devices install.
    pub has_padlock: bool,
    /// Who can register.
    pub registration: Registration,
    /// Whether the page has no ways to other pages: before the setup, where something went wrong, and where there are no
    /// pages for people.
    pub is_bare: bool,
    /// Who runs the site.
    pub owner: Option<String>,
    /// The owner's page.
    pub owner_url: Option<String>,
    /// HTML of the configuration for the footer.
    pub more_footer: Option<String>,
}

impl Frame {
    /// The frame of a page for a visitor.
    pub fn of(request: &Request, visitor: &Visitor) -> Result<Frame, Error> {
        let app = request.app();
        let mut frame = Frame::with(request, visitor.words());
        visitor.csrf().clone_into(&mut frame.csrf);
        frame.is_bare = app.config.noweb;
        if let Some(user) = visitor.user().filter(|_| !app.config.noweb) {
            let chosen = preferences::get(&app.store, user.id())?;
            frame.appearance = chosen.appearance;
            frame.files.is_guest = true;
            frame.me = frame.face(app, user.id().0)?;
            let new = |kind| noticing::count(&app.store, user.id(), &chosen, kind);
            frame.messages = new(Kind::Messages)?;
            frame.notices = new(Kind::Notices)?;
            frame.requests = requests::total(&app.store, user.id())?;
            frame.is_owner = visitor.owner(&app.store).is_ok();
            if frame.is_owner {
                frame.reports = reports::open_total(&app.store)?;
                let mut problems = pins::problems(&app.store)?;
                problems.extend(lan::problems(app));
                problems.extend(app.clock_problem());
                problems.extend(padlock::problems(app, request.now));
                let told = problems.iter().map(|problem| frame.words.told(problem));
                frame.problems = told.collect();
            }
        }
        if let Some(remote) = visitor.remote().filter(|_| !app.config.noweb) {
            frame.files.is_guest = true;
            frame.me = frame.face(app, remote.person())?;
            frame.is_remote = true;
        }
        Ok(frame)
    }

    /// The frame of a page that knows no visitor.
    pub fn bare(request: &Request) -> Frame {
        Frame::with(request, language::words(request))
    }

    fn with(request: &Request, words: Words) -> Frame {
        let app = request.app();
        let config = &app.config;
        let base = app.known_base();
        let root = match base {
            Some(base) if !base.prefix().is_empty() => format!("/{}", base.prefix()),
            _ => String::new(),
        };
        // A form that is shown again stands at an address that only takes forms.
        let here = match (&request.method, request.query.as_str()) {
            (&Method::GET, "") => format!("{root}{}", request.path),
            (&Method::GET, query) => format!("{root}{}?{query}", request.path),
            _ => format!("{root}/"),
        };
        Frame {
            words,
            appearance: choices::appearance_of(request),
            site: app.site_name(),
            path: request.path.clone(),
            here,
            files: Elsewhere::of(&app.proxies, base, &root),
            root,
            csrf: String::new(),
            me: None,
            is_remote: false,
            is_owner: false,
            is_updated: updates::is_possible(&app.config),
            has_wifi: app.config.wifi.is_some(),
            has_shell: app.config.shell.is_some(),
            requests: 0,
            reports: 0,
            messages: 0,
            notices: 0,
            problems: Vec::new(),
            has_padlock: padlock::is_on(app),
            registration: registration::mode(app, &app.store).unwrap_or(Registration::Closed),
            is_bare: true,
            owner: config.owner.clone(),
            owner_url: config.owner_url.clone().filter(|url| is_web_address(url)),
            more_footer: config.append_footer.clone(),
        }
    }

    /// A sentence in the reader's language (as all of these: [`Words`]).
    pub fn say<'a>(&self, english: &'a str) -> &'a str {
        self.words.say(english)
    }

    /// A sentence with values in it.
    pub fn fill(&self, english: &str, values: impl Values) -> String {
        self.words.fill(english, values)
    }

    /// A sentence about a number of things.
    pub fn count(&self, one: &str, many: &str, count: impl Counted) -> String {
        self.words.count(one, many, count.number())
    }

    /// HTML of a sentence with names in it.
    pub fn named(&self, english: &str, names: impl Values) -> String {
        self.words.named(english, names)
    }

    /// HTML of a sentence with links in it.
    pub fn linked(&self, english: &str, links: impl Values) -> String {
        self.words.linked(english, links)
    }

    /// HTML of a drawing of `assets/icons.svg`, which says nothing to those who cannot see it.
    pub fn icon(&self, name: &str) -> String {
        let file = self.asset("icons.svg");
        let class = match name {
            "left" | "right" => "icon pointing",
            _ => "icon",
        };
        format!("<svg class=\"{class}\" aria-hidden=\"true\"><use href=\"{file}#{name}\"/></svg>")
    }

    /// Whether reports or requests wait for whoever is logged in.
    pub fn is_waited_for(&self) -> bool {
        self.reports + self.requests > 0
    }

    /// The nickname of whoever is logged in; empty for nobody.
    pub fn nickname(&self) -> &str {
        self.me.as_ref().map_or("", |me| &me.nickname)
    }

    /// The languages to choose from.
    pub fn languages(&self) -> [Language; 4] {
        Language::ALL
    }

    /// The address of this page in a language, which the browser keeps from then on.
    pub fn in_language(&self, language: &Language) -> String {
        let query = self.here.split_once('?').map_or("", |(_, query)| query);
        let pairs = form_urlencoded::parse(query.as_bytes());
        let others = pairs.filter(|(name, _)| name != language::ASKED);
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(others);
        query.append_pair(language::ASKED, language.code());
        format!("?{}", query.finish())
    }

    /// Whether a user of this server is logged in.
    pub fn is_user(&self) -> bool {
        self.me.is_some() && !self.is_remote
    }

    /// Where the form of a deed is sent: what people of other servers do is posted there.
    pub fn deed(&self, name: &str) -> String {
        match self.is_remote {
            true => format!("{}/main/proxy?deed={name}", self.root),
            false => format!("{}/main/{name}", self.root),
        }
    }

    /// The attributes of a form of a deed on a post, or of its opposite if it is done: where it is sent, and that what comes back
    /// replaces the foot of the post where scripts run. What people of other servers do leads them to another page.
    pub fn in_place(&self, name: &str, is_done: impl Borrow<bool>) -> String {
        let action = match is_done.borrow() {
            true => self.deed(&format!("un{name}")),
            false => self.deed(name),
        };
        let action = crate::html::escape(&action);
        match self.is_remote {
            true => format!("action=\"{action}\""),
            false => format!(
                "action=\"{action}\" hx-post=\"{action}\" hx-target=\"closest .foot\" hx-swap=\"outerHTML\""
            ),
        }
    }

    /// The address of a path within the site.
    pub fn at(&self, path: &str) -> String {
        format!("{}{path}", self.root)
    }

    /// Where people of other servers log in to come to this page.
    pub fn remote_login(&self) -> String {
        self.remote_login_to(&self.here)
    }

    /// Where people of other servers log in to come to a path.
    pub fn remote_login_to(&self, onward: &str) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("continueTo", onward);
        format!("{}/main/remote?{}", self.root, query.finish())
    }

    /// Whether strangers can register.
    pub fn can_register(&self) -> bool {
        self.registration == Registration::Open
    }

    /// What a stranger reads who wants an account; nothing where everybody can register.
    pub fn way_in(&self) -> Option<&'static str> {
        match self.registration {
            Registration::Open => None,
            Registration::Invite => Some(marked(
                "New accounts are by invitation here. Ask somebody who runs this server for a link.",
            )),
            Registration::Closed => Some(marked(
                "New accounts are not open here. Ask the owner of this server for one.",
            )),
        }
    }

    /// The address of a file of `assets/`, which changes with its content.
    pub fn asset(&self, name: &str) -> String {
        let version = assets::version(name);
        format!("{}/assets/{name}?v={version}", self.root)
    }

    /// An address of this site without scheme and host; others as they are.
    pub fn local(&self, url: &str) -> String {
        self.files.local(url)
    }
}

/// Answers with a page; the visitor's cookie goes along, because the page may hold forms.
pub fn show(visitor: &Visitor, template: &impl Template) -> Answer {
    let html = template.render().map_err(Error::internal)?;
    Ok(visitor
        .introduce(Response::html(html))
        .with(header::CACHE_CONTROL, "private, no-store"))
}
