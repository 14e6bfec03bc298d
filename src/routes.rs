//! Every address of the server on one page: method, path, who may call (the access column is the handler's signature),
//! which lane does the work, and how the body arrives. The order is that of `pump-api.md §1.3–1.5`.

use crate::auth::{self, Client, LocalUser, Reader, Visitor};
use crate::http::{Answer, Request};
use hyper::Method;

/// Who may call a handler, and what the handler learns of the caller (`pump-api.md §1.2`).
#[derive(Clone, Copy)]
pub enum Access {
    /// Everybody; the handler looks at nobody (`none`).
    Open(fn(&Request) -> Answer),
    /// An application by its own key (`2L`).
    ClientWrite(fn(&Request, &Client) -> Answer),
    /// Any proven caller (`AR`).
    AnyRead(fn(&Request, &Reader) -> Answer),
    /// A user, by token or session (`UR`).
    UserRead(fn(&Request, &LocalUser) -> Answer),
    /// A user, by token (`3L`).
    UserWrite(fn(&Request, &LocalUser) -> Answer),
    /// A page: a session or nobody (`C`).
    Page(fn(&Request, &Visitor) -> Answer),
    /// A form of a page: a session or nobody, and the CSRF token of that session (`C`).
    Form(fn(&Request, &Visitor) -> Answer),
}

/// Where the work is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    /// Our own store: short.
    Quick,
    /// Pictures, password hashes, other hosts: long; few at a time.
    Slow,
}

/// How the body arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Intake {
    /// In memory, within the bound for JSON and forms.
    Memory,
    /// In a file, within the bound for uploads.
    Spool,
}

/// One address.
#[derive(Clone)]
pub struct Route {
    /// The method; `GET` answers `HEAD` too.
    pub method: Method,
    /// The path in matchit's form, in lower case where it is literal.
    pub path: &'static str,
    /// Who may call, and the handler.
    pub access: Access,
    /// Where it runs.
    pub lane: Lane,
    /// How its body arrives.
    pub intake: Intake,
}

impl Access {
    /// Proves the caller and calls the handler.
    pub fn answer(&self, request: &Request) -> Answer {
        match self {
            Access::Open(handler) => handler(request),
            Access::ClientWrite(handler) => handler(request, &auth::client(request)?),
            Access::AnyRead(handler) => handler(request, &auth::reader(request)?),
            Access::UserRead(handler) => handler(request, &auth::user_reading(request)?),
            Access::UserWrite(handler) => handler(request, &auth::user_writing(request)?),
            Access::Page(handler) => handler(request, &auth::visitor(request)?),
            Access::Form(handler) => handler(request, &auth::visitor_sending(request)?),
        }
    }

    /// The column of the route table in the README.
    pub fn name(&self) -> &'static str {
        match self {
            Access::Open(_) => "open",
            Access::ClientWrite(_) => "client write",
            Access::AnyRead(_) => "any read",
            Access::UserRead(_) => "user read",
            Access::UserWrite(_) => "user write",
            Access::Page(_) => "page",
            Access::Form(_) => "form",
        }
    }
}
