//! Every address of the server on one page: method, path, who may call (the access column is the handler's signature),
//! which lane does the work, and how the body arrives. The order is that of `pump-api.md §1.3–1.5`.

use crate::api::sockjs::{self, polling, socket};
use crate::api::{
    activities, archives, clients, dialback, discovery, feeds, groups, listening, metrics, oauth,
    oauth2, objects, owner, people, proxied, receiving, registering, reports, requests, uploads,
    users,
};
use crate::auth::{self, Client, Guest, LocalUser, Owner, Reader, Visitor};
use crate::config::Config;
use crate::domain;
use crate::error::Error;
use crate::http::{Answer, Request};
use crate::ids::UserId;
use crate::web::composer::uploads as sending;
use crate::web::{
    account, albums, apps, archives as archiving, assets, choices, composer, confirming, deeds,
    delete as delete_page, edit, finding, groups as circles, guests, home, installing, invitations,
    join, leaving, lists, login, mail, manual, messages, nearby, notifications, notifying,
    oauth as authorizing, oauth2 as authorizing2, owning, padlock, people as everybody, photos,
    profile, proxy, pushing, quieting, reactions, recovering, remote, reporting,
    requests as requesting, resetting, search as searching, seen_by, settings, setup,
    setup_restore, things, tokens, wifi,
};
use hyper::Method;

use Access::{
    AccountWrite, AnyRead, ClientWrite, Form, GuestRead, Open, OwnerRead, OwnerWrite, Page, Shared,
    UserRead, UserWrite,
};
use Lane::{Far, Proxy, Quick, Slow};

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
    /// As that, or somebody of another server who is logged in here.
    GuestRead(fn(&Request, &Guest) -> Answer),
    /// A user, by token (`3L`).
    UserWrite(fn(&Request, &LocalUser) -> Answer),
    /// A user, by a token that may change the account itself (`3L`; a bearer token needs `writeall`).
    AccountWrite(fn(&Request, &LocalUser) -> Answer),
    /// The owner of the server, by token or session (`UR`; a bearer token needs `writeall`).
    OwnerRead(fn(&Request, &Owner) -> Answer),
    /// The owner of the server, by token (`3L`; a bearer token needs `writeall`).
    OwnerWrite(fn(&Request, &Owner) -> Answer),
    /// A page: a session or nobody (`C`).
    Page(fn(&Request, &Visitor) -> Answer),
    /// A form of a page: a session or nobody, and the CSRF token of that session (`C`).
    Form(fn(&Request, &Visitor) -> Answer),
    /// What the user's device hands over, with the session and without a token (`C`).
    Shared(fn(&Request, &Visitor) -> Answer),
}

/// Where the work is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    /// Our own store: short.
    Quick,
    /// Pictures, password hashes: long; few at a time.
    Slow,
    /// Waits for other hosts.
    Far,
    /// Gets what people look at from other hosts: has places of its own, so that inboxes stay open meanwhile.
    Proxy,
}

/// How the body arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Intake {
    /// In memory, within the bound for JSON and forms.
    Memory,
    /// In a file, within the bound for uploads.
    Spool,
    /// In a file, within the bound for archives.
    Archive,
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

/// Every address, literal ones before those with parameters only for the reader: the table finds the most literal one.
#[rustfmt::skip]
pub const ROUTES: &[Route] = &[
    // Users (pump-api.md §1.3)
    get   ("/api/users",                           AnyRead(users::all),            Quick),
    post  ("/api/users",                           ClientWrite(registering::register), Slow),
    get   ("/api/user/{nickname}",                 AnyRead(users::one),            Quick),
    put   ("/api/user/{nickname}",                 AccountWrite(users::update),    Slow),
    delete("/api/user/{nickname}",                 AccountWrite(users::delete),    Quick),
    get   ("/api/user/{nickname}/profile",         AnyRead(people::profile),       Quick),
    put   ("/api/user/{nickname}/profile",         UserWrite(people::update_profile), Quick),
    get   ("/api/whoami",                          UserRead(users::whoami),        Quick),
    post  ("/api/user/{nickname}/export",          AccountWrite(archives::ask),    Quick),
    get   ("/api/user/{nickname}/export",          UserRead(archives::exported),   Quick),
    get   ("/api/user/{nickname}/export/archive.zip", UserRead(archives::fetch),   Quick),

    // Streams of activities
    archive("/api/user/{nickname}/import",         AccountWrite(archives::bring),  Slow),
    get   ("/api/user/{nickname}/import",          UserRead(archives::brought),    Quick),
    get   ("/api/user/{nickname}/feed",            AnyRead(feeds::all),            Quick),
    get   ("/api/user/{nickname}/feed/major",      AnyRead(feeds::major),          Quick),
    get   ("/api/user/{nickname}/feed/minor",      AnyRead(feeds::minor),          Quick),
    post  ("/api/user/{nickname}/feed",            UserWrite(feeds::post),         Quick),
    post  ("/api/user/{nickname}/feed/major",      UserWrite(feeds::post_major),   Quick),
    post  ("/api/user/{nickname}/feed/minor",      UserWrite(feeds::post_minor),   Quick),
    get   ("/api/user/{nickname}/inbox",           UserRead(feeds::inbox),         Quick),
    post  ("/api/user/{nickname}/inbox",           ClientWrite(receiving::inbox),  Far),
    get   ("/api/user/{nickname}/inbox/major",     UserRead(feeds::inbox_major),   Quick),
    get   ("/api/user/{nickname}/inbox/minor",     UserRead(feeds::inbox_minor),   Quick),
    get   ("/api/user/{nickname}/inbox/direct",    UserRead(feeds::direct),        Quick),
    get   ("/api/user/{nickname}/inbox/direct/major", UserRead(feeds::direct_major), Quick),
    get   ("/api/user/{nickname}/inbox/direct/minor", UserRead(feeds::direct_minor), Quick),
    get   ("/api/user/{nickname}/inbox/requests",  UserRead(requests::all),        Quick),
    post  ("/api/user/{nickname}/inbox/requests",  UserWrite(requests::accept),    Quick),
    delete("/api/user/{nickname}/inbox/requests",  UserWrite(requests::delete),    Quick),

    // The same, as they grow: server-sent events
    get   ("/api/user/{nickname}/feed/stream",         AnyRead(listening::feed),        Quick),
    get   ("/api/user/{nickname}/feed/major/stream",   AnyRead(listening::feed_major),  Quick),
    get   ("/api/user/{nickname}/feed/minor/stream",   AnyRead(listening::feed_minor),  Quick),
    get   ("/api/user/{nickname}/inbox/stream",        UserRead(listening::inbox),      Quick),
    get   ("/api/user/{nickname}/inbox/major/stream",  UserRead(listening::inbox_major), Quick),
    get   ("/api/user/{nickname}/inbox/minor/stream",  UserRead(listening::inbox_minor), Quick),
    get   ("/api/user/{nickname}/inbox/direct/stream", UserRead(listening::direct),     Quick),
    get   ("/api/user/{nickname}/inbox/direct/major/stream", UserRead(listening::direct_major), Quick),
    get   ("/api/user/{nickname}/inbox/direct/minor/stream", UserRead(listening::direct_minor), Quick),

    // Streams of people and objects
    get   ("/api/user/{nickname}/followers",       AnyRead(people::followers),     Quick),
    get   ("/api/user/{nickname}/following",       AnyRead(people::following),     Quick),
    post  ("/api/user/{nickname}/following",       UserWrite(people::follow),      Quick),
    get   ("/api/user/{nickname}/favorites",       AnyRead(people::favorites),     Quick),
    post  ("/api/user/{nickname}/favorites",       UserWrite(people::favorite),    Quick),
    get   ("/api/user/{nickname}/blocked",         UserRead(requests::blocked),    Quick),
    post  ("/api/user/{nickname}/blocked",         UserWrite(requests::block),     Quick),
    delete("/api/user/{nickname}/blocked",         UserWrite(requests::unblock),   Quick),
    get   ("/api/user/{nickname}/lists/{type}",    AnyRead(people::lists),         Quick),
    get   ("/api/user/{nickname}/uploads",         UserRead(people::uploads),      Quick),
    upload("/api/user/{nickname}/uploads",         UserWrite(uploads::add),        Slow),

    // Activities and objects
    get   ("/api/activity/{key}",                  AnyRead(activities::one),       Quick),
    put   ("/api/activity/{key}",                  UserWrite(activities::update),  Quick),
    delete("/api/activity/{key}",                  UserWrite(activities::delete),  Quick),
    get   ("/api/collection/{key}/members",        AnyRead(objects::members),      Quick),
    get   ("/api/collection/members",              AnyRead(objects::members),      Quick),
    post  ("/api/collection/{key}/members",        UserWrite(objects::add_member), Quick),
    post  ("/api/collection/members",              UserWrite(objects::add_member), Quick),
    get   ("/api/group/{key}/members",             AnyRead(groups::members),       Quick),
    get   ("/api/group/members",                   AnyRead(groups::members),       Quick),
    get   ("/api/group/{key}/inbox",               AnyRead(groups::inbox),         Quick),
    get   ("/api/group/inbox",                     AnyRead(groups::inbox),         Quick),
    post  ("/api/group/{key}/inbox",               ClientWrite(receiving::group_inbox), Far),
    post  ("/api/group/inbox",                     ClientWrite(receiving::group_inbox), Far),
    get   ("/api/group/{key}/documents",           AnyRead(groups::documents),     Quick),
    get   ("/api/group/documents",                 AnyRead(groups::documents),     Quick),
    get   ("/api/group/{key}/inbox/stream",        AnyRead(listening::group),      Quick),
    get   ("/api/group/inbox/stream",              AnyRead(listening::group),      Quick),
    get   ("/api/{type}",                          AnyRead(objects::one),          Quick),
    put   ("/api/{type}",                          UserWrite(objects::update),     Quick),
    delete("/api/{type}",                          UserWrite(objects::delete),     Quick),
    get   ("/api/{type}/likes",                    AnyRead(objects::likes),        Quick),
    get   ("/api/{type}/replies",                  AnyRead(objects::replies),      Quick),
    get   ("/api/{type}/shares",                   AnyRead(objects::shares),       Quick),
    get   ("/api/{type}/{key}",                    AnyRead(objects::one),          Quick),
    put   ("/api/{type}/{key}",                    UserWrite(objects::update),     Quick),
    delete("/api/{type}/{key}",                    UserWrite(objects::delete),     Quick),
    get   ("/api/{type}/{key}/likes",              AnyRead(objects::likes),        Quick),
    get   ("/api/{type}/{key}/replies",            AnyRead(objects::replies),      Quick),
    get   ("/api/{type}/{key}/shares",             AnyRead(objects::shares),       Quick),

    // The owner's side
    get   ("/api/owner/users",                     OwnerRead(owner::users::all),   Quick),
    post  ("/api/owner/users",                     OwnerWrite(owner::users::add),  Slow),
    get   ("/api/owner/users/{nickname}",          OwnerRead(owner::users::one),   Quick),
    put   ("/api/owner/users/{nickname}",          OwnerWrite(owner::users::change), Slow),
    delete("/api/owner/users/{nickname}",          OwnerWrite(owner::users::remove), Quick),
    post  ("/api/owner/users/{nickname}/reset-link", OwnerWrite(owner::reset_links::make), Quick),
    get   ("/api/owner/reports",                   OwnerRead(owner::reports::all), Quick),
    get   ("/api/owner/reports/{id}",              OwnerRead(owner::reports::one), Quick),
    put   ("/api/owner/reports/{id}",              OwnerWrite(owner::reports::resolve), Quick),
    post  ("/api/reports",                         UserWrite(reports::add),        Quick),
    get   ("/api/owner/deliveries",                OwnerRead(owner::deliveries::all), Quick),
    post  ("/api/owner/deliveries/{host}/retry",   OwnerWrite(owner::deliveries::retry), Quick),
    delete("/api/owner/deliveries/{host}",         OwnerWrite(owner::deliveries::drop_all), Quick),
    get   ("/api/owner/neighbours",                OwnerRead(owner::neighbours::all), Quick),
    get   ("/api/owner/pins",                      OwnerRead(owner::pins::all),    Quick),
    delete("/api/owner/pins/{host}",               OwnerWrite(owner::pins::forget), Quick),
    get   ("/api/owner/blocks",                    OwnerRead(owner::blocks::all),  Quick),
    post  ("/api/owner/blocks",                    OwnerWrite(owner::blocks::add), Quick),
    delete("/api/owner/blocks/{id}",               OwnerWrite(owner::blocks::remove), Quick),
    get   ("/api/owner/registration",              OwnerRead(owner::registration::get), Quick),
    put   ("/api/owner/registration",              OwnerWrite(owner::registration::put), Quick),
    get   ("/api/owner/invitations",               OwnerRead(owner::invitations::all), Quick),
    post  ("/api/owner/invitations",               OwnerWrite(owner::invitations::make), Quick),
    get   ("/api/owner/invitations/{code}",        OwnerRead(owner::invitations::one), Quick),
    delete("/api/owner/invitations/{code}",        OwnerWrite(owner::invitations::revoke), Quick),

    // Applications and OAuth (pump-api.md §2)
    post  ("/api/client/register",                 Open(clients::register),        Far),
    post  ("/api/dialback",                        Open(dialback::confirm),        Quick),
    get   ("/oauth/request_token",                 Open(oauth::request_token),     Quick),
    post  ("/oauth/request_token",                 Open(oauth::request_token),     Quick),
    get   ("/oauth/authorize",                     Page(authorizing::show),        Quick),
    post  ("/oauth/authorize",                     Form(authorizing::answer),      Slow),
    get   ("/oauth/access_token",                  Open(oauth::access_token),      Quick),
    post  ("/oauth/access_token",                  Open(oauth::access_token),      Quick),
    get   ("/oauth2/authz",                        Page(authorizing2::consent),    Quick),
    post  ("/oauth2/authz",                        Form(authorizing2::decide),     Quick),
    get   ("/oauth2/authc",                        Page(authorizing2::login_form), Quick),
    post  ("/oauth2/authc",                        Form(authorizing2::login),      Slow),
    post  ("/oauth2/token",                        Open(oauth2::token),            Quick),
    post  ("/oauth2/revoke",                       Open(oauth2::revoke),           Quick),
    get   ("/.well-known/host-meta",               Open(discovery::host_meta),     Quick),
    get   ("/.well-known/host-meta.json",          Open(discovery::host_meta_json), Quick),
    get   ("/.well-known/webfinger",               Open(discovery::webfinger),     Quick),
    get   ("/api/lrdd",                            Open(discovery::lrdd),          Quick),
    get   ("/.well-known/oauth-authorization-server", Open(oauth2::metadata),      Quick),
    get   ("/.well-known/oauth-authorization-server/{*path}", Open(oauth2::metadata), Quick),

    // Realtime by SockJS (pump-api.md §7)
    get   ("/main/realtime/sockjs",                Open(sockjs::greeting),         Quick),
    get   ("/main/realtime/sockjs/info",           Open(sockjs::info),             Quick),
    permit("/main/realtime/sockjs/info",           Open(sockjs::permit_get),       Quick),
    get   ("/main/realtime/sockjs/websocket",      Open(socket::raw),              Quick),
    get   ("/main/realtime/sockjs/{page}",         Open(sockjs::frame),            Quick),
    get   ("/main/realtime/sockjs/{server}/{session}/websocket", Open(socket::framed), Quick),
    post  ("/main/realtime/sockjs/{server}/{session}/xhr", Open(polling::xhr), Quick),
    permit("/main/realtime/sockjs/{server}/{session}/xhr", Open(sockjs::permit_post), Quick),
    post  ("/main/realtime/sockjs/{server}/{session}/xhr_send", Open(polling::xhr_send), Quick),
    permit("/main/realtime/sockjs/{server}/{session}/xhr_send", Open(sockjs::permit_post), Quick),
    post  ("/main/realtime/sockjs/{server}/{session}/xhr_streaming", Open(polling::xhr_streaming), Quick),
    permit("/main/realtime/sockjs/{server}/{session}/xhr_streaming", Open(sockjs::permit_post), Quick),
    get   ("/main/realtime/sockjs/{server}/{session}/eventsource", Open(polling::eventsource), Quick),

    // Files
    get   ("/api/proxy/{key}",                     GuestRead(proxied::get),        Proxy),
    get   ("/uploads/{*path}",                     Open(uploads::file),            Quick),

    // Pages (pump-api.md §1.5)
    get   ("/main/api",                            Page(manual::manual),           Quick),
    get   ("/",                                    Page(home::home),               Quick),
    get   ("/setup",                               Page(setup::form),              Quick),
    post  ("/setup",                               Open(setup::claim),             Far),
    get   ("/setup/restore",                       Page(setup_restore::form),      Quick),
    archive("/setup/restore",                      Form(setup_restore::begin),     Slow),
    get   ("/main/register",                       Page(login::register_form),     Quick),
    post  ("/main/register",                       Open(login::register),          Slow),
    get   ("/main/join/{code}",                    Page(join::form),               Quick),
    post  ("/main/join/{code}",                    Open(join::join),               Slow),
    get   ("/main/login",                          Page(login::login_form),        Quick),
    post  ("/main/login",                          Open(login::login),             Slow),
    get   ("/main/remote",                         Page(remote::form),             Quick),
    post  ("/main/remote",                         Form(remote::set_out),          Far),
    get   ("/main/authorized/{host}",              Page(remote::arrive),           Far),
    post  ("/main/proxy",                          Form(proxy::forward),           Far),
    post  ("/main/logout",                         Open(login::logout),            Quick),
    post  ("/main/renew",                          AccountWrite(login::renew),     Quick),
    get   ("/main/confirm",                        Page(confirming::waiting),      Quick),
    post  ("/main/confirm",                        Form(confirming::send_again),   Quick),
    get   ("/main/confirm/{code}",                 Page(confirming::follow),       Quick),
    get   ("/main/recover",                        Page(recovering::form),         Quick),
    post  ("/main/recover",                        Open(recovering::ask),          Quick),
    get   ("/main/recover-sent",                   Page(recovering::sent),         Quick),
    get   ("/main/recover/{code}",                 Page(recovering::code_form),    Quick),
    post  ("/main/recover/{code}",                 Form(recovering::set_password), Slow),
    post  ("/main/redeem-code",                    ClientWrite(recovering::redeem), Quick),
    get   ("/main/reset",                          Page(resetting::form),          Quick),
    post  ("/main/reset",                          Form(resetting::make),          Quick),
    get   ("/main/unsubscribe/{code}",             Page(mail::unsubscribe_form),   Quick),
    post  ("/main/unsubscribe/{code}",             Open(mail::unsubscribe),        Quick),
    get   ("/main/compose",                        Page(composer::page),           Quick),
    get   ("/main/compose/people",                 Page(composer::people),         Quick),
    post  ("/main/compose/preview",                Form(composer::preview),        Quick),
    upload("/main/post",                           Form(composer::post),           Slow),
    upload("/main/shared",                         Shared(composer::sharing::take), Slow),
    post  ("/main/uploads",                        Form(sending::begin),           Quick),
    get   ("/main/uploads/{key}",                  Page(sending::state),           Quick),
    patch ("/main/uploads/{key}",                  Form(sending::add),             Slow),
    delete("/main/uploads/{key}",                  Form(sending::cancel),          Quick),
    upload("/main/uploads/{key}/poster",           Form(sending::poster),          Slow),
    post  ("/main/comment",                        Form(deeds::comment),           Quick),
    post  ("/main/like",                           Form(deeds::like),              Quick),
    post  ("/main/unlike",                         Form(deeds::unlike),            Quick),
    post  ("/main/share",                          Form(deeds::share),             Quick),
    post  ("/main/unshare",                        Form(deeds::unshare),           Quick),
    post  ("/main/follow",                         Form(deeds::follow),            Quick),
    post  ("/main/unfollow",                       Form(deeds::unfollow),          Quick),
    get   ("/main/delete",                         Page(delete_page::ask),         Quick),
    post  ("/main/delete",                         Form(delete_page::delete),      Quick),
    get   ("/main/nearby",                         Page(nearby::pumps),            Quick),
    get   ("/main/photos",                         Page(photos::photos),           Quick),
    get   ("/main/albums",                         Page(albums::all),              Quick),
    post  ("/main/albums",                         Form(albums::changing::create), Quick),
    post  ("/main/albums/{key}",                   Form(albums::changing::change), Quick),
    get   ("/main/albums/{key}/audience",          Page(albums::showing::ask),     Quick),
    post  ("/main/albums/{key}/audience",          Form(albums::showing::choose),  Quick),
    get   ("/main/albums/{key}/choose",            Page(albums::changing::choose), Quick),
    post  ("/main/albums/{key}/add",               Form(albums::changing::add),    Quick),
    get   ("/main/albums/{key}/archive.zip",       Page(albums::archive::fetch),   Quick),
    get   ("/main/album-add",                      Page(albums::changing::choose_album), Quick),
    get   ("/main/guests",                         Page(guests::list),             Quick),
    post  ("/main/guests",                         Form(guests::make),             Quick),
    post  ("/main/guests/revoke",                  Form(guests::revoke),           Quick),
    get   ("/main/g/{token}",                      Page(guests::page),             Quick),
    get   ("/main/g/{token}/{file}",               Open(guests::file),             Quick),
    get   ("/main/search",                         Page(searching::search),        Quick),
    get   ("/main/tag/{tag}",                      Page(searching::tag),           Quick),
    get   ("/main/people",                         Page(everybody::people),        Quick),
    get   ("/main/person",                         Page(profile::person),          Quick),
    get   ("/main/find",                           Page(finding::form),            Quick),
    post  ("/main/find",                           Form(finding::find),            Far),
    post  ("/main/block",                          Form(requesting::block),        Quick),
    post  ("/main/unblock",                        Form(requesting::unblock),      Quick),
    get   ("/main/edit",                           Page(edit::form),               Quick),
    post  ("/main/edit",                           Form(edit::edit),               Quick),
    get   ("/main/foot",                           Page(things::foot_of),          Quick),
    get   ("/main/audience",                       Page(seen_by::audience),        Quick),
    get   ("/main/reactions",                      Page(reactions::reactions),     Quick),
    get   ("/main/messages",                       Page(messages::messages),       Quick),
    get   ("/main/notifications",                  Page(notifications::notifications), Quick),
    get   ("/main/news",                           Page(messages::news),           Quick),
    post  ("/main/hide",                           Form(quieting::hide),           Quick),
    post  ("/main/unhide",                         Form(quieting::unhide),         Quick),
    post  ("/main/mute",                           Form(quieting::mute),           Quick),
    post  ("/main/unmute",                         Form(quieting::unmute),         Quick),
    get   ("/main/muted",                          Page(quieting::muted),          Quick),
    post  ("/main/lists",                          Form(lists::create),            Quick),
    post  ("/main/lists/rename",                   Form(lists::rename),            Quick),
    post  ("/main/lists/person",                   Form(lists::person),            Quick),
    post  ("/main/lists/add",                      Form(lists::add),               Quick),
    post  ("/main/lists/remove",                   Form(lists::remove),            Quick),
    get   ("/main/report",                         Page(reporting::form),          Quick),
    post  ("/main/report",                         Form(reporting::send),          Quick),
    get   ("/main/reports",                        Page(reporting::list),          Quick),
    post  ("/main/reports",                        Form(reporting::resolve),       Quick),
    get   ("/main/requests",                       Page(requesting::list),         Quick),
    post  ("/main/requests",                       Form(requesting::decide),       Quick),
    get   ("/main/groups",                         Page(circles::all),             Quick),
    post  ("/main/groups",                         Form(circles::changing::create), Quick),
    post  ("/main/groups/join",                    Form(circles::changing::join),  Quick),
    post  ("/main/groups/leave",                   Form(circles::changing::leave), Quick),
    post  ("/main/groups/change",                  Form(circles::changing::change), Quick),
    upload("/main/groups/document",                Form(circles::changing::document), Slow),
    get   ("/main/group/{key}",                    Page(circles::showing::group),  Quick),
    get   ("/main/invitations",                    Page(invitations::list),        Quick),
    post  ("/main/invitations",                    Form(invitations::change),      Quick),
    get   ("/main/box",                            Page(owning::overview),         Quick),
    get   ("/main/box/people",                     Page(owning::people::list),     Quick),
    get   ("/main/box/people/{nickname}",          Page(owning::people::one),      Quick),
    post  ("/main/box/people/{nickname}",          Form(owning::people::change),   Slow),
    get   ("/main/box/site",                       Page(owning::site::form),       Quick),
    upload("/main/box/site",                       Form(owning::site::describe),   Slow),
    post  ("/main/box/registration",               Form(owning::site::register),   Quick),
    get   ("/main/picture",                        Open(owning::site::picture),    Quick),
    get   ("/main/box/servers",                    Page(owning::servers::list),    Quick),
    post  ("/main/box/deliveries",                 Form(owning::servers::deliver), Quick),
    post  ("/main/box/blocks",                     Form(owning::servers::block),   Quick),
    post  ("/main/box/pins",                       Form(owning::servers::unpin),   Quick),
    get   ("/main/box/storage",                    Page(owning::storage::show_disk), Quick),
    post  ("/main/box/storage",                    Form(owning::storage::empty),   Quick),
    get   ("/main/box/addresses",                  Page(owning::addresses::list),  Quick),
    get   ("/main/box/power",                      Page(owning::power::form),      Quick),
    post  ("/main/box/power",                      Form(owning::power::fulfil),    Quick),
    get   ("/main/box/backup",                     Page(owning::backup::form),     Quick),
    post  ("/main/box/backup",                     Form(owning::backup::make),     Slow),
    get   ("/main/box/backup/sheet",               Page(owning::backup::sheet),    Quick),
    post  ("/main/box/nightly",                    Form(owning::backup::plan),     Quick),
    get   ("/main/box/padlock",                    Page(owning::padlock::form),    Quick),
    post  ("/main/box/padlock",                    Form(owning::padlock::turn),    Slow),
    get   ("/main/box/name",                       Page(owning::name::form),       Quick),
    post  ("/main/box/name",                       Form(owning::name::perform),    Far),
    get   ("/.well-known/pumphouse/{nonce}",       Open(owning::name::echo),       Quick),
    get   ("/.well-known/acme-challenge/{token}",  Open(owning::name::proof),      Quick),
    get   ("/main/padlock",                        Page(padlock::page),            Quick),
    get   ("/main/padlock/pumphouse.crt",          Open(padlock::certificate),     Quick),
    get   ("/main/padlock/pumphouse.mobileconfig", Open(padlock::profile),         Quick),
    get   ("/main/padlock/qr.svg",                 Open(padlock::code),            Quick),
    get   ("/main/wifi",                           Page(wifi::form),               Quick),
    post  ("/main/wifi",                           Form(wifi::join),               Quick),
    get   ("/main/box/shell",                      Page(owning::shell::form),      Quick),
    post  ("/main/box/shell",                      Form(owning::shell::change),    Slow),
    get   ("/main/box/update",                     Page(owning::update::form),     Quick),
    upload("/main/box/update",                     Form(owning::update::bring),    Slow),
    post  ("/main/box/update/deed",                Form(owning::update::act),      Quick),
    get   ("/main/settings",                       Page(choices::hub),             Quick),
    get   ("/main/settings/profile",               Page(settings::profile_form),   Quick),
    get   ("/main/invitations/{code}/qr.svg",      Page(invitations::code),        Quick),
    upload("/main/settings",                       Form(settings::profile),        Slow),
    get   ("/main/settings/language",              Page(choices::language_form),   Quick),
    post  ("/main/settings/language",              Form(choices::language),        Quick),
    get   ("/main/settings/appearance",            Page(choices::appearance_form), Quick),
    post  ("/main/settings/appearance",            Form(choices::appearance),      Quick),
    get   ("/main/settings/privacy",               Page(composer::privacy_form),   Quick),
    post  ("/main/settings/privacy",               Form(composer::privacy),        Quick),
    get   ("/main/settings/notifications",         Page(notifying::form),          Quick),
    post  ("/main/push",                           Form(pushing::subscribe),       Slow),
    post  ("/main/push/remove",                    Form(pushing::unsubscribe),     Quick),
    post  ("/main/push/test",                      Form(pushing::try_out),         Quick),
    get   ("/main/settings/data",                  Page(archiving::form),          Quick),
    get   ("/main/account",                        Page(account::form),            Quick),
    post  ("/main/account",                        Form(account::change),          Slow),
    post  ("/main/account/email",                  Form(mail::address),            Slow),
    post  ("/main/account/notices",                Form(notifying::by_mail),       Quick),
    post  ("/main/account/sessions",               Form(account::log_out),         Quick),
    get   ("/main/account/delete",                 Page(leaving::ask),             Quick),
    post  ("/main/account/delete",                 Form(leaving::leave),           Slow),
    post  ("/main/export",                         Form(archiving::ask),           Quick),
    get   ("/main/export/archive.zip",             Page(archiving::fetch),         Quick),
    archive("/main/import",                        Form(archiving::bring),         Slow),
    get   ("/main/apps",                           Page(apps::list),               Quick),
    post  ("/main/apps",                           Form(apps::revoke),             Quick),
    get   ("/main/tokens",                         Page(tokens::form),             Quick),
    post  ("/main/tokens",                         Form(tokens::make),             Quick),
    get   ("/{nickname}",                          Page(profile::profile),         Quick),
    get   ("/{nickname}/followers",                Page(profile::followers),       Quick),
    get   ("/{nickname}/following",                Page(profile::following),       Quick),
    get   ("/{nickname}/favorites",                Page(profile::favorites),       Quick),
    get   ("/{nickname}/lists",                    Page(lists::lists),             Quick),
    get   ("/{nickname}/list/{key}",               Page(lists::list),              Quick),
    get   ("/{nickname}/group/{key}",              Page(circles::showing::group),  Quick),
    get   ("/{nickname}/activity/{key}",           Page(things::activity),         Quick),
    get   ("/{nickname}/{type}/{key}",             Page(things::object),           Quick),
    get   ("/assets/{file}",                       Open(assets::file),             Quick),
    get   ("/favicon.ico",                         Open(assets::favicon),          Quick),
    get   ("/manifest.webmanifest",                Open(installing::manifest),     Quick),
    get   ("/sw.js",                               Open(installing::worker),       Quick),
    get   ("/main/offline",                        Page(installing::offline),      Quick),
    get   ("/robots.txt",                          Open(assets::robots),           Quick),
    get   ("/metrics",                             Open(metrics::show),            Quick),
];

/// The addresses of a server that is configured so: without `noweb` all of them.
pub fn of(config: &Config) -> impl Iterator<Item = &'static Route> {
    let noweb = config.noweb;
    ROUTES
        .iter()
        .filter(move |route| !noweb || !route.is_page())
}

impl Route {
    /// Whether the address belongs to the pages for people (`pump-api.md §1.5`). Not so the pages on which somebody agrees
    /// to an application, nor the first page and people's own addresses, where the manual and their profiles stand instead.
    fn is_page(&self) -> bool {
        let realtime =
            self.path.starts_with("/main/realtime/") || self.path == "/main/realtime/sockjs";
        (self.path.starts_with("/main/") && !realtime)
            || self.path.starts_with("/{nickname}/")
            || ["/manifest.webmanifest", "/sw.js"].contains(&self.path)
    }
}

/// `GET` and `HEAD`.
pub const fn get(path: &'static str, access: Access, lane: Lane) -> Route {
    route(Method::GET, path, access, lane, Intake::Memory)
}

/// `POST` with a body in memory.
pub const fn post(path: &'static str, access: Access, lane: Lane) -> Route {
    route(Method::POST, path, access, lane, Intake::Memory)
}

/// `PUT` with a body in memory.
pub const fn put(path: &'static str, access: Access, lane: Lane) -> Route {
    route(Method::PUT, path, access, lane, Intake::Memory)
}

/// `DELETE`.
pub const fn delete(path: &'static str, access: Access, lane: Lane) -> Route {
    route(Method::DELETE, path, access, lane, Intake::Memory)
}

/// `OPTIONS`, where pages of other origins ask for permission.
pub const fn permit(path: &'static str, access: Access, lane: Lane) -> Route {
    route(Method::OPTIONS, path, access, lane, Intake::Memory)
}

/// `POST` with a body in a file.
pub const fn upload(path: &'static str, access: Access, lane: Lane) -> Route {
    route(Method::POST, path, access, lane, Intake::Spool)
}

/// `PATCH` with a body in a file.
pub const fn patch(path: &'static str, access: Access, lane: Lane) -> Route {
    route(Method::PATCH, path, access, lane, Intake::Spool)
}

/// `POST` with an archive, which holds many uploads.
pub const fn archive(path: &'static str, access: Access, lane: Lane) -> Route {
    route(Method::POST, path, access, lane, Intake::Archive)
}

const fn route(
    method: Method,
    path: &'static str,
    access: Access,
    lane: Lane,
    intake: Intake,
) -> Route {
    Route {
        method,
        path,
        access,
        lane,
        intake,
    }
}

/// A handler together with the caller whom it wants: what is left is to call it.
pub enum Proven {
    /// Nobody was looked at.
    Nobody(fn(&Request) -> Answer),
    /// An application by its own key.
    Client(fn(&Request, &Client) -> Answer, Client),
    /// A reader.
    Reader(fn(&Request, &Reader) -> Answer, Reader),
    /// A user.
    User(fn(&Request, &LocalUser) -> Answer, LocalUser),
    /// A user, or somebody of another server.
    Guest(fn(&Request, &Guest) -> Answer, Guest),
    /// The owner of the server.
    Owner(fn(&Request, &Owner) -> Answer, Owner),
    /// A visitor of a page.
    Visitor(fn(&Request, &Visitor) -> Answer, Box<Visitor>),
}

impl Access {
    /// Proves the caller of a complete request. A proof counts once (OAuth nonces), so it is made once.
    pub fn prove(&self, request: &Request) -> Result<Proven, Error> {
        if let Some(instead) = setup::instead(request)? {
            return Ok(Proven::Nobody(instead));
        }
        Ok(match *self {
            Access::Open(handler) => Proven::Nobody(handler),
            Access::ClientWrite(handler) => Proven::Client(handler, auth::client(request)?),
            Access::AnyRead(handler) => Proven::Reader(handler, auth::reader(request)?),
            Access::UserRead(handler) => Proven::User(handler, auth::user_reading(request)?),
            Access::GuestRead(handler) => Proven::Guest(handler, auth::guest_reading(request)?),
            Access::UserWrite(handler) => Proven::User(handler, auth::user_writing(request)?),
            Access::AccountWrite(handler) => Proven::User(handler, auth::account_writing(request)?),
            Access::OwnerRead(handler) => Proven::Owner(handler, auth::owner_reading(request)?),
            Access::OwnerWrite(handler) => Proven::Owner(handler, auth::owner_writing(request)?),
            Access::Page(handler) => Proven::Visitor(handler, Box::new(auth::visitor(request)?)),
            Access::Form(handler) => {
                Proven::Visitor(handler, Box::new(auth::visitor_sending(request)?))
            }
            Access::Shared(handler) => {
                Proven::Visitor(handler, Box::new(auth::visitor_sharing(request)?))
            }
        })
    }

    /// Proves the caller of an upload from the request's head, before its body is taken, so that strangers cannot fill
    /// the disk. Nothing for a form: its token is in the body, so here only a session is asked for, and
    /// [`Access::prove`] follows.
    pub fn prove_early(&self, request: &Request) -> Result<Option<Proven>, Error> {
        if !matches!(self, Access::Form(_)) || setup::instead(request)?.is_some() {
            return self.prove(request).map(Some);
        }
        match auth::visitor(request)?.user() {
            Some(_) => Ok(None),
            // The setup takes a backup from whoever is near and knows its code, which is in the body, too.
            None if domain::setup::is_open(&request.app)? => setup::check(request).map(|()| None),
            None => Err(Error::Unauthorized("Not logged in.".to_owned())),
        }
    }

    /// The column of the route table in the README.
    pub fn name(&self) -> &'static str {
        match self {
            Access::Open(_) => "open",
            Access::ClientWrite(_) => "client write",
            Access::AnyRead(_) => "any read",
            Access::UserRead(_) => "user read",
            Access::GuestRead(_) => "guest read",
            Access::UserWrite(_) => "user write",
            Access::AccountWrite(_) => "account write",
            Access::OwnerRead(_) => "owner read",
            Access::OwnerWrite(_) => "owner write",
            Access::Page(_) => "page",
            Access::Form(_) => "form",
            Access::Shared(_) => "shared",
        }
    }
}

impl Proven {
    /// Calls the handler.
    pub fn answer(&self, request: &Request) -> Answer {
        match self {
            Proven::Nobody(handler) => handler(request),
            Proven::Client(handler, client) => handler(request, client),
            Proven::Reader(handler, reader) => handler(request, reader),
            Proven::User(handler, user) => handler(request, user),
            Proven::Guest(handler, guest) => handler(request, guest),
            Proven::Owner(handler, owner) => handler(request, owner),
            Proven::Visitor(handler, visitor) => {
                handler(request, visitor).map(|answer| visitor.introduce(answer))
            }
        }
    }

    /// The user who calls; nobody where a page or a client does.
    pub fn user(&self) -> Option<UserId> {
        match self {
            Proven::Nobody(_) | Proven::Client(..) => None,
            Proven::Reader(_, reader) => reader.user(),
            Proven::User(_, user) => Some(user.id()),
            Proven::Guest(_, guest) => guest.user().map(LocalUser::id),
            Proven::Owner(_, owner) => Some(owner.id()),
            Proven::Visitor(_, visitor) => visitor.user().map(LocalUser::id),
        }
    }

    /// The caller for the request log; `-` for nobody.
    pub fn caller(&self) -> String {
        let user_name = |user: &LocalUser| match user.client() {
            Some(client) => format!("user:{} client:{client}", user.nickname()),
            None => format!("user:{}", user.nickname()),
        };
        match self {
            Proven::Nobody(_) => "-".to_owned(),
            Proven::Client(_, client) => format!("client:{}", client.id()),
            Proven::Reader(_, reader) => match reader.person() {
                Some(person) => format!("person:{}", person.0),
                None => "client".to_owned(),
            },
            Proven::User(_, user) | Proven::Guest(_, Guest::User(user)) => user_name(user),
            Proven::Guest(_, Guest::Remote(remote)) => format!("remote:{}", remote.address()),
            Proven::Owner(_, owner) => user_name(owner.user()),
            Proven::Visitor(_, visitor) => match (visitor.user(), visitor.remote()) {
                (Some(user), _) => user_name(user),
                (None, Some(remote)) => format!("remote:{}", remote.address()),
                (None, None) => "-".to_owned(),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{ROUTES, Route};
    use crate::web::manual::reference::CHAPTERS;
    use std::collections::BTreeSet;
    use std::fmt::Write as _;

    #[test]
    fn the_readme_shows_every_address() {
        let mut table = "| method | path | who may call | lane |\n|---|---|---|---|\n".to_owned();
        for route in ROUTES {
            let lane = format!("{:?}", route.lane).to_lowercase();
            let (method, path, who) = (&route.method, route.path, route.access.name());
            writeln!(table, "| {method} | `{path}` | {who} | {lane} |").expect("memory");
        }
        crate::readme::holds("routes", &table);
    }

    #[test]
    fn the_manual_names_every_address_that_is_no_page() {
        let pages = [
            "/",
            "/setup",
            "/setup/restore",
            // What authorities, and this server itself, look for.
            "/.well-known/acme-challenge/{token}",
            "/.well-known/pumphouse/{nonce}",
            "/assets/{file}",
            "/favicon.ico",
            "/robots.txt",
            "/manifest.webmanifest",
            "/sw.js",
        ];
        let of_api = |route: &&Route| {
            !route.is_page() && !pages.contains(&route.path) && route.path != "/{nickname}"
        };
        let line = |method: &str, path: &str, who: &str| format!("{method} {path} {who}");
        let there: BTreeSet<String> = ROUTES
            .iter()
            .filter(of_api)
            .map(|route| line(route.method.as_str(), route.path, route.access.name()))
            .collect();
        let entries = CHAPTERS.iter().flat_map(|chapter| chapter.entries);
        let named: BTreeSet<String> = entries
            .map(|entry| line(entry.method, entry.path, entry.who))
            .collect();
        let missing: Vec<_> = there.difference(&named).collect();
        let too_much: Vec<_> = named.difference(&there).collect();
        assert!(
            missing.is_empty() && too_much.is_empty(),
            "src/web/manual/reference.rs lacks {missing:#?} and has {too_much:#?} which are no routes"
        );
    }
}
