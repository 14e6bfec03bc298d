//! `/main/apps`: the applications that may speak for somebody, and the form that takes this back.

use crate::auth::Visitor;
use crate::http::{Answer, Request, Response};
use crate::store::{clients, tokens};
use crate::web::cards::Time;
use crate::web::frame::{Frame, show};
use crate::web::login::{self, value};
use askama::Template;
use hyper::StatusCode;

/// Most applications on the page.
const SHOWN_MAX: usize = 100;

#[derive(Template)]
#[template(path = "apps.html", config = "assets/askama.toml")]
struct Apps<'a> {
    frame: &'a Frame,
    apps: Vec<Application>,
}

struct Application {
    client: String,
    name: String,
    description: Option<String>,
    since: Option<Time>,
}

/// `GET /main/apps`
pub fn list(request: &Request, visitor: &Visitor) -> Answer {
    let frame = Frame::of(request, visitor)?;
    let Some(user) = visitor.user() else {
        return login::first(&frame);
    };
    let store = &request.app().store;
    let mut apps = Vec::new();
    for (id, grant) in tokens::grants_of(store, user.id(), SHOWN_MAX)? {
        let client = clients::get(store, &id)?;
        let first = match grant.tokens.first() {
            Some(token) => tokens::get(store, token)?,
            None => None,
        };
        let (name, description) =
            client.map_or((None, None), |client| (client.title, client.description));
        apps.push(Application {
            name: name.unwrap_or_else(|| "An application without a name".to_owned()),
            description,
            since: first.map(|token| Time::of(token.created, request.now)),
            client: id,
        });
    }
    let page = Apps {
        frame: &frame,
        apps,
    };
    show(visitor, &page)
}

/// `POST /main/apps`: `client`. Takes back everything that was granted to it; 303 back.
pub fn revoke(request: &Request, visitor: &Visitor) -> Answer {
    let frame = Frame::of(request, visitor)?;
    let Some(user) = visitor.user() else {
        return login::first(&frame);
    };
    let form = request.form();
    let store = &request.app().store;
    store.write(|tx| tokens::revoke(tx, user.id(), value(&form, "client")))?;
    Ok(Response::redirect(
        StatusCode::SEE_OTHER,
        &format!("{}/main/apps", frame.root),
    ))
}
