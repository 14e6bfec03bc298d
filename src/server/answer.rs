//! From hyper's request to hyper's response: finds the route, takes the body, has the work done in its lane, dresses the
//! answer.

use super::connection::Addresses;
use super::dress::{Dressed, Wishes};
use super::intake::{self, Taken};
use super::lane::Lane;
use super::meter::InFlight;
use super::outgoing::Outgoing;
use super::request_log::Line;
use super::router::Found;
use super::seats::{Seat, Seats};
use super::{Shared, canonical, connection, websocket};
use crate::clock;
use crate::error::Error;
use crate::http::{Answer, Content, Request, Response};
use crate::ids::UserId;
use crate::routes::{self, Intake, Proven, Route};
use crate::web::wifi;
use hyper::body::Incoming;
use hyper::header::{self, HeaderValue};
use hyper::upgrade::OnUpgrade;
use hyper::{Method, StatusCode, http};
use std::sync::Arc;
use tokio::time::timeout;

/// The connection that a request came over.
pub(super) struct Caller {
    pub(super) addresses: Addresses,
    pub(super) tls: bool,
    pub(super) in_flight: InFlight,
}

/// Answers one request.
pub(super) async fn answer(
    server: Arc<Shared>,
    caller: Caller,
    incoming: hyper::Request<Incoming>,
) -> hyper::Response<Outgoing> {
    let (mut head, body) = incoming.into_parts();
    let upgrade = head.extensions.remove::<OnUpgrade>();
    let is_head = head.method == Method::HEAD;
    let mut request = receive(&server, &caller, head);
    let mut line = Line::begin(&request.sent_method, &request.path);
    let wishes = Wishes::of(&request);
    let dressed = match plan(&server, &mut request) {
        Plan::Answer(response) => {
            intake::refuse(&request, body);
            server.dress(&wishes, Some(&request), Ok(response))
        }
        Plan::Refuse(error) => {
            intake::refuse(&request, body);
            refuse(&server, wishes, request, error).await
        }
        Plan::Call(route) => call(&server, route, request, body, wishes, &mut line).await,
    };
    line.write(dressed.response.status, dressed.cause.as_deref());
    send(&server, dressed, is_head, caller.in_flight, upgrade)
}

/// What is to be done with a request, judged by its head.
enum Plan {
    Answer(Response),
    Refuse(Error),
    Call(&'static Route),
}

fn receive(server: &Shared, caller: &Caller, head: http::request::Parts) -> Request {
    let sent_method = head.method;
    let mut headers = head.headers;
    let overriding = headers
        .get("x-http-method-override")
        .filter(|_| sent_method == Method::POST)
        .and_then(|name| Method::from_bytes(&name.as_bytes().to_ascii_uppercase()).ok());
    let method = match overriding {
        Some(method) => method,
        None if sent_method == Method::HEAD => Method::GET,
        None => sent_method.clone(),
    };
    // HTTP/2 says the host in the address (RFC 9113 §8.3.1); everything above reads it in one place.
    if let (false, Some(authority)) = (headers.contains_key(header::HOST), head.uri.authority())
        && let Ok(host) = HeaderValue::from_str(authority.as_str())
    {
        headers.insert(header::HOST, host);
    }
    let forwarded = headers.get_all("x-forwarded-for").into_iter();
    let forwarded = forwarded.filter_map(|value| value.to_str().ok());
    let peer = server
        .settings
        .trusted_proxies
        .caller(caller.addresses.peer, forwarded);
    Request {
        method,
        sent_method,
        headers,
        peer,
        here: caller.addresses.here,
        tls: caller.tls,
        ..Request::bare(
            Arc::clone(&server.app),
            Arc::clone(&server.guard),
            Method::GET,
            head.uri
                .path_and_query()
                .map_or("/", http::uri::PathAndQuery::as_str),
            clock::now(),
        )
    }
}

fn plan(server: &Shared, request: &mut Request) -> Plan {
    if let Some(location) = wifi::captive(&server.app.config, request) {
        return Plan::Answer(Response::redirect(StatusCode::FOUND, &location));
    }
    if let Some(location) = canonical::location(server, request) {
        return Plan::Answer(Response::redirect(StatusCode::MOVED_PERMANENTLY, &location));
    }
    match server.router.find(&request.method, &request.path) {
        Found::Route(route, params) => {
            request.params = params;
            Plan::Call(route)
        }
        Found::OtherMethods(allow) if request.method == Method::OPTIONS => {
            Plan::Answer(Response::text(allow.to_owned()).with(header::ALLOW, allow))
        }
        Found::OtherMethods(allow) => Plan::Refuse(Error::MethodNotAllowed(allow.to_owned())),
        Found::Nothing => Plan::Refuse(Error::not_found("There is nothing at this address.")),
    }
}

/// Answers with an error. A page is made in the Quick lane: it may look at the store.
async fn refuse(server: &Arc<Shared>, wishes: Wishes, request: Request, error: Error) -> Dressed {
    if !wishes.html_errors() {
        return server.dress(&wishes, Some(&request), Err(error));
    }
    let wishes = Arc::new(wishes);
    let (inner, its_wishes) = (Arc::clone(server), Arc::clone(&wishes));
    let made = server
        .quick
        .run(move || inner.dress(&its_wishes, Some(&request), Err(error)));
    match made.await {
        Ok(dressed) => dressed,
        Err(error) => server.dress(&wishes, None, Err(error)),
    }
}

async fn call(
    server: &Arc<Shared>,
    route: &'static Route,
    mut request: Request,
    body: Incoming,
    wishes: Wishes,
    line: &mut Line,
) -> Dressed {
    let wishes = Arc::new(wishes);
    let mut proven = None;
    if route.intake != Intake::Memory {
        let early = server.quick.run(move || {
            let proven = route.access.prove_early(&request);
            (request, proven)
        });
        match early.await {
            Ok((back, Ok(proof))) => (request, proven) = (back, proof),
            Ok((back, Err(error))) => {
                intake::refuse(&back, body);
                return server.dress(&wishes, Some(&back), Err(error));
            }
            Err(error) => return server.dress(&wishes, None, Err(error)),
        }
    }
    let share = match intake::take(server, route.intake, &request, body).await {
        Ok(Taken { body, share }) => {
            request.body = body;
            share
        }
        Err(error) => return server.dress(&wishes, Some(&request), Err(error)),
    };
    let (inner, its_wishes) = (Arc::clone(server), Arc::clone(&wishes));
    let work = lane(server, route).run(move || {
        let proven = match proven {
            Some(proven) => Ok(proven),
            None => route.access.prove(&request),
        };
        let caller = proven.as_ref().ok().map(Proven::caller);
        let user = proven.as_ref().ok().and_then(Proven::user);
        let answer = proven.and_then(|proven| proven.answer(&request));
        let (answer, seat) = seated(&inner.seats, &request, user, answer);
        let dressed = Dressed {
            seat,
            ..inner.dress(&its_wishes, Some(&request), answer)
        };
        drop(share);
        (dressed, caller)
    });
    let error = match timeout(server.bounds.request_time, work).await {
        Ok(Ok((dressed, caller))) => {
            if let Some(caller) = caller {
                line.caller = caller;
            }
            return dressed;
        }
        Ok(Err(error)) => error,
        Err(_) => Error::Busy("This takes longer than expected. Look again later.".to_owned()),
    };
    server.dress(&wishes, None, Err(error))
}

/// Takes a seat for somebody who goes on to listen; without one there is no listening.
fn seated(
    seats: &Seats,
    request: &Request,
    user: Option<UserId>,
    answer: Answer,
) -> (Answer, Option<Seat>) {
    let stays =
        |response: &Response| matches!(response.content, Content::Ongoing(_) | Content::Upgrade(_));
    if !answer.as_ref().is_ok_and(stays) || request.sent_method == Method::HEAD {
        return (answer, None);
    }
    match seats.take(request.peer, user) {
        Some(seat) => (answer, Some(seat)),
        None => {
            let text = "Too many are listening. Try again later, or read the feed.";
            (Err(Error::Busy(text.to_owned())), None)
        }
    }
}

fn lane<'a>(server: &'a Shared, route: &Route) -> &'a Lane {
    let waits_for_judge = route.method != Method::GET && server.app.judge().is_some();
    match route.lane {
        // Whoever posts waits for the spam server first.
        routes::Lane::Quick if waits_for_judge => &server.far,
        routes::Lane::Quick => &server.quick,
        routes::Lane::Slow => &server.slow,
        routes::Lane::Far => &server.far,
        routes::Lane::Proxy => &server.proxy,
    }
}

fn send(
    server: &Arc<Shared>,
    dressed: Dressed,
    is_head: bool,
    in_flight: InFlight,
    upgrade: Option<OnUpgrade>,
) -> hyper::Response<Outgoing> {
    let Response {
        status,
        mut headers,
        content,
    } = dressed.response;
    let bytes = match &content {
        Content::Empty => Some(0),
        Content::Memory(bytes) => Some(bytes.len() as u64),
        Content::File { bytes, .. } | Content::Pipe { bytes, .. } => Some(*bytes),
        Content::Ongoing(_) | Content::Upgrade(_) => None,
    };
    let has_length = status != StatusCode::NOT_MODIFIED && status != StatusCode::NO_CONTENT;
    if let Some(bytes) = bytes.filter(|_| has_length) {
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from(bytes));
    }
    let content = if is_head { Content::Empty } else { content };
    let outgoing = match (content, dressed.seat, upgrade) {
        (Content::Upgrade(conversation), Some(seat), Some(upgrade)) => {
            let its = Arc::clone(server);
            connection::start(websocket::converse(its, upgrade, conversation, seat));
            Outgoing::new(Content::Empty, None, in_flight, server)
        }
        (content, seat, _) => Outgoing::new(content, seat, in_flight, server),
    };
    let mut sent = hyper::Response::new(outgoing);
    *sent.status_mut() = status;
    *sent.headers_mut() = headers;
    sent
}
