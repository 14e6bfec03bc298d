//! A browser without scripts: it keeps cookies, follows redirects within the site, finds forms and sends them.

use super::ear::Ear;
use super::html::{Tag, tags, unescape, without_tags};
use super::http::{Answer, Multipart, Request, Site, decode, encode_form};
use std::sync::Arc;

/// How many redirects it follows.
const REDIRECTS_MAX: usize = 5;

/// A browser.
#[derive(Clone, Debug)]
pub(crate) struct Browser {
    site: Arc<Site>,
    cookies: Vec<(String, String)>,
    /// What it asks for as `Accept-Language`, if it does.
    languages: Option<&'static str>,
}

/// A page, or wherever the site led.
#[derive(Debug)]
pub(crate) struct Page {
    /// The target that answered.
    pub(crate) at: String,
    pub(crate) answer: Answer,
}

/// A form that is being filled in.
#[derive(Clone, Debug)]
pub(crate) struct Form {
    pub(crate) id: String,
    pub(crate) action: String,
    pub(crate) method: String,
    multipart: bool,
    /// What is sent: names and values.
    pub(crate) fields: Vec<(String, String)>,
    /// Names of the file inputs.
    file_inputs: Vec<String>,
    files: Vec<(String, String, String, Vec<u8>)>,
    /// Buttons that have a name.
    buttons: Vec<(String, String)>,
}

impl Browser {
    pub(crate) fn new(site: &Arc<Site>) -> Browser {
        Browser {
            site: Arc::clone(site),
            cookies: Vec::new(),
            languages: None,
        }
    }

    /// That asks for pages in languages, as `Accept-Language` has them.
    pub(crate) fn reading(mut self, languages: &'static str) -> Browser {
        self.languages = Some(languages);
        self
    }

    /// Loads a page, following redirects.
    #[track_caller]
    pub(crate) fn open(&mut self, target: &str) -> Page {
        self.follow(Request::get(target))
    }

    /// Asks once, with the cookies, without following.
    #[track_caller]
    pub(crate) fn ask(&mut self, request: Request) -> Answer {
        let mut request = request.header("Accept", "text/html,application/xhtml+xml,*/*;q=0.8");
        if let Some(cookies) = self.cookies() {
            request = request.header("Cookie", &cookies);
        }
        if let Some(languages) = self.languages {
            request = request.header("Accept-Language", languages);
        }
        let answer = self.site.send(&request);
        for cookie in answer.headers.get_all("set-cookie") {
            self.keep(cookie.to_str().expect("cookies are text"));
        }
        answer
    }

    /// Listens to a stream of events, as a script of the site would.
    #[track_caller]
    pub(crate) fn listen(&self, target: &str) -> Ear {
        let cookies = self.cookies().unwrap_or_default();
        Ear::open(&self.site, &Request::get(target).header("Cookie", &cookies))
    }

    /// The cookies that it keeps: names and values.
    pub(crate) fn cookie_pairs(&self) -> &[(String, String)] {
        &self.cookies
    }

    /// What it sends as `Cookie`.
    fn cookies(&self) -> Option<String> {
        let pairs = self.cookies.iter();
        let cookies: Vec<String> = pairs
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        (!cookies.is_empty()).then(|| cookies.join("; "))
    }

    /// Sends a form as its only unnamed button does.
    #[track_caller]
    pub(crate) fn submit(&mut self, form: &Form) -> Page {
        self.follow(self.request_of(form))
    }

    /// Logs somebody in on the page for it.
    #[track_caller]
    pub(crate) fn log_in(&mut self, nickname: &str, password: &str) -> Page {
        let form = self.open("/main/login").expect(200).form("login");
        self.submit(&form.fill("nickname", nickname).fill("password", password))
    }

    /// Sends a form and does not follow where it leads.
    #[track_caller]
    pub(crate) fn submit_once(&mut self, form: &Form) -> Answer {
        self.ask(self.request_of(form))
    }

    fn request_of(&self, form: &Form) -> Request {
        let pairs: Vec<(&str, &str)> = form
            .fields
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        if form.method == "GET" {
            let mark = if form.action.contains('?') { '&' } else { '?' };
            let target = format!("{}{mark}{}", form.action, encode_form(&pairs));
            return Request::get(&target);
        }
        let request = Request::post(&form.action).header("Origin", &self.site.base);
        if !form.multipart {
            return request.form(&pairs);
        }
        let mut body = Multipart::new();
        for (name, value) in pairs {
            body.text(name, value);
        }
        for name in &form.file_inputs {
            let mut is_used = false;
            for (_, file, kind, bytes) in form.files.iter().filter(|(input, ..)| input == name) {
                body.file(name, file, kind, bytes);
                is_used = true;
            }
            // What browsers send for a file input that nobody has used.
            if !is_used {
                body.file(name, "", "application/octet-stream", b"");
            }
        }
        body.into_body_of(request)
    }

    /// Sends a request and follows where it leads.
    #[track_caller]
    pub(crate) fn follow(&mut self, request: Request) -> Page {
        let mut at = request.target.clone();
        let mut answer = self.ask(request);
        for _ in 0..REDIRECTS_MAX {
            if !(301..=308).contains(&answer.status) || answer.status == 304 {
                break;
            }
            at = answer.header("location").to_owned();
            let ours = at.starts_with('/') || at.starts_with(&self.site.base);
            if !ours {
                break;
            }
            answer = self.ask(Request::get(&at));
        }
        Page { at, answer }
    }

    fn keep(&mut self, cookie: &str) {
        let mut parts = cookie.split(';');
        let first = parts.next().unwrap_or_default();
        let (name, value) = first.split_once('=').expect("a cookie has a value");
        let gone = parts.any(|part| {
            let part = part.trim().to_ascii_lowercase();
            part == "max-age=0" || part.starts_with("expires=thu, 01 jan 1970")
        });
        self.cookies.retain(|(known, _)| known != name.trim());
        if !gone && !value.is_empty() {
            self.cookies
                .push((name.trim().to_owned(), value.trim().to_owned()));
        }
    }
}

impl Page {
    /// The page; fails the story if the status is another one.
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Page {
        Page {
            at: self.at,
            answer: self.answer.expect(status),
        }
    }

    pub(crate) fn html(&self) -> String {
        self.answer.text()
    }

    /// What a person reads on the page: its text without what is no text.
    pub(crate) fn words(&self) -> String {
        let html = self.html();
        let body = html.split_once("<body").map_or("", |(_, body)| body);
        unescape(&without_tags(body))
    }

    /// Whether a text stands on the page, as a person reads it: names in sentences are isolated by marks that nobody sees.
    pub(crate) fn shows(&self, text: &str) -> bool {
        let html = self.html().replace("<bdi>", "").replace("</bdi>", "");
        unescape(&html).contains(text)
    }

    /// All forms.
    pub(crate) fn forms(&self) -> Vec<Form> {
        forms_of(&self.html(), &self.at)
    }

    /// The form with an id.
    #[track_caller]
    pub(crate) fn form(&self, id: &str) -> Form {
        self.find_form(id)
            .unwrap_or_else(|| panic!("{}: no form {id} in {}", self.at, self.html()))
    }

    /// The form with an id, if there is one.
    pub(crate) fn find_form(&self, id: &str) -> Option<Form> {
        self.forms().into_iter().find(|form| form.id == id)
    }

    /// The form that is sent to a path.
    #[track_caller]
    pub(crate) fn form_to(&self, path: &str) -> Form {
        self.forms()
            .into_iter()
            .find(|form| form.action.split('?').next() == Some(path))
            .unwrap_or_else(|| panic!("{}: no form to {path} in {}", self.at, self.html()))
    }

    /// The text in the element with an id, without tags.
    #[track_caller]
    pub(crate) fn text_of(&self, id: &str) -> String {
        let html = self.html();
        let tag = tags(&html)
            .into_iter()
            .find(|tag| tag.get("id") == Some(id))
            .unwrap_or_else(|| panic!("{}: nothing has the id {id} in {html}", self.at));
        let rest = html.get(tag.end..).unwrap_or_default();
        let close = format!("</{}", tag.name);
        let inside = rest.split(&close).next().unwrap_or_default();
        unescape(&without_tags(inside)).trim().to_owned()
    }

    /// The values of an attribute of all elements of a name (`img`, `src`).
    pub(crate) fn all(&self, element: &str, attribute: &str) -> Vec<String> {
        tags(&self.html())
            .iter()
            .filter(|tag| tag.name == element)
            .filter_map(|tag| tag.get(attribute).map(str::to_owned))
            .collect()
    }

    /// One value in the query of the URL where the site led.
    #[track_caller]
    pub(crate) fn query(&self, name: &str) -> String {
        let (_, query) = self.at.split_once('?').unwrap_or_default();
        query
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .find(|(key, _)| *key == name)
            .map(|(_, value)| decode(value))
            .unwrap_or_else(|| panic!("no {name} in {}", self.at))
    }
}

impl Form {
    /// With a value in a field that the form has.
    #[track_caller]
    pub(crate) fn fill(mut self, name: &str, value: &str) -> Form {
        assert!(self.has(name), "the form has no field {name}: {self:?}");
        self.fields.retain(|(known, _)| known != name);
        self.fields.push((name.to_owned(), value.to_owned()));
        self
    }

    /// With a file in an input that the form has.
    #[track_caller]
    pub(crate) fn attach(mut self, input: &str, name: &str, kind: &str, bytes: &[u8]) -> Form {
        assert!(
            self.file_inputs.iter().any(|known| known == input),
            "the form has no file input {input}: {self:?}"
        );
        self.files.push((
            input.to_owned(),
            name.to_owned(),
            kind.to_owned(),
            bytes.to_vec(),
        ));
        self
    }

    /// As sent by a button with a name.
    #[track_caller]
    pub(crate) fn press(mut self, name: &str) -> Form {
        let button = self
            .buttons
            .iter()
            .find(|(known, _)| known == name)
            .unwrap_or_else(|| panic!("the form has no button {name}: {self:?}"))
            .clone();
        self.fields.push(button);
        self
    }

    /// With one more box checked, which sends this value.
    pub(crate) fn check(mut self, name: &str, value: &str) -> Form {
        self.fields.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Without a field.
    pub(crate) fn without(mut self, name: &str) -> Form {
        self.fields.retain(|(known, _)| known != name);
        self
    }

    /// The value of a field.
    #[track_caller]
    pub(crate) fn value(&self, name: &str) -> &str {
        let field = self.fields.iter().find(|(known, _)| known == name);
        let (_, value) = field.unwrap_or_else(|| panic!("no field {name}: {self:?}"));
        value
    }

    /// Whether the form has a field.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.fields.iter().any(|(known, _)| known == name)
    }
}

fn forms_of(html: &str, at: &str) -> Vec<Form> {
    let mut forms: Vec<Form> = Vec::new();
    let mut open = false;
    let mut select: Option<(String, bool)> = None;
    for tag in tags(html) {
        match tag.name.as_str() {
            "form" => {
                forms.push(form_from(&tag, at));
                open = true;
            }
            "/form" => open = false,
            _ if !open => {}
            "select" => select = Some((tag.owned("name"), false)),
            "/select" => select = None,
            name => {
                let form = forms.last_mut().expect("a form is open");
                if name == "option" {
                    if let Some((field, taken)) = &mut select {
                        let selected = tag.get("selected").is_some();
                        if selected || !*taken {
                            form.fields.retain(|(known, _)| known != field);
                            form.fields.push((field.clone(), tag.owned("value")));
                            *taken = true;
                        }
                    }
                } else {
                    add_field(form, &tag, html);
                }
            }
        }
    }
    forms
}

fn form_from(tag: &Tag, at: &str) -> Form {
    let action = tag.owned("action");
    Form {
        id: tag.owned("id"),
        action: if action.is_empty() {
            at.to_owned()
        } else {
            action
        },
        method: tag.get("method").unwrap_or("get").to_ascii_uppercase(),
        multipart: tag.get("enctype") == Some("multipart/form-data"),
        fields: Vec::new(),
        file_inputs: Vec::new(),
        files: Vec::new(),
        buttons: Vec::new(),
    }
}

fn add_field(form: &mut Form, tag: &Tag, html: &str) {
    let name = tag.owned("name");
    if name.is_empty() {
        return;
    }
    let value = tag.owned("value");
    match (tag.name.as_str(), tag.get("type").unwrap_or_default()) {
        ("button", _) | ("input", "submit") => form.buttons.push((name, value)),
        ("input", "file") => form.file_inputs.push(name),
        ("input", "checkbox" | "radio") if tag.get("checked").is_none() => {}
        ("input", _) => form.fields.push((name, value)),
        ("textarea", _) => {
            let rest = html.get(tag.end..).unwrap_or_default();
            let inside = rest.split("</textarea").next().unwrap_or_default();
            form.fields.push((name, unescape(inside)));
        }
        _ => {}
    }
}
