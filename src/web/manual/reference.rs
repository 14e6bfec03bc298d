//! Every address of the API with one sentence. A unit test of the routes holds it against their table.

/// Addresses of one subject.
#[derive(Debug)]
pub struct Chapter {
    /// What it is about.
    pub title: &'static str,
    /// The addresses.
    pub entries: &'static [Entry],
}

/// One address.
#[derive(Debug)]
pub struct Entry {
    /// `GET`, `POST` …
    pub method: &'static str,
    /// The path, with parameters in braces.
    pub path: &'static str,
    /// Who may call: the words of the table of routes.
    pub who: &'static str,
    /// What it is for.
    pub sentence: &'static str,
}

const fn entry(
    method: &'static str,
    path: &'static str,
    who: &'static str,
    sentence: &'static str,
) -> Entry {
    Entry {
        method,
        path,
        who,
        sentence,
    }
}

/// All addresses, in the order of a reader who begins.
#[rustfmt::skip]
pub const CHAPTERS: &[Chapter] = &[
    Chapter { title: "Feeds and inboxes", entries: &[
        entry("GET", "/api/user/{nickname}/feed", "any read", "What somebody did, as you may see it."),
        entry("GET", "/api/user/{nickname}/feed/major", "any read", "Notes, pictures, shares."),
        entry("GET", "/api/user/{nickname}/feed/minor", "any read", "Likes, follows, comments and all else."),
        entry("POST", "/api/user/{nickname}/feed", "user write", "Posts an activity of your own."),
        entry("POST", "/api/user/{nickname}/feed/major", "user write", "The same, refused unless it is major."),
        entry("POST", "/api/user/{nickname}/feed/minor", "user write", "The same, refused unless it is minor."),
        entry("GET", "/api/user/{nickname}/inbox", "user read", "What came for you, and what you did."),
        entry("POST", "/api/user/{nickname}/inbox", "client write", "For other servers: pushes an activity of somebody elsewhere."),
        entry("GET", "/api/user/{nickname}/inbox/major", "user read", "Of these, the major ones."),
        entry("GET", "/api/user/{nickname}/inbox/minor", "user read", "Of these, the minor ones."),
        entry("GET", "/api/user/{nickname}/inbox/direct", "user read", "What was sent to you by name."),
        entry("GET", "/api/user/{nickname}/inbox/direct/major", "user read", "Of these, the major ones: messages."),
        entry("GET", "/api/user/{nickname}/inbox/direct/minor", "user read", "Of these, the minor ones: notices."),
    ]},
    Chapter { title: "Listening", entries: &[
        entry("GET", "/api/user/{nickname}/feed/stream", "any read", "A feed as it grows: server-sent events."),
        entry("GET", "/api/user/{nickname}/feed/major/stream", "any read", "The major part of it."),
        entry("GET", "/api/user/{nickname}/feed/minor/stream", "any read", "The minor part of it."),
        entry("GET", "/api/user/{nickname}/inbox/stream", "user read", "Your inbox as it grows."),
        entry("GET", "/api/user/{nickname}/inbox/major/stream", "user read", "The major part of it."),
        entry("GET", "/api/user/{nickname}/inbox/minor/stream", "user read", "The minor part of it."),
        entry("GET", "/api/user/{nickname}/inbox/direct/stream", "user read", "What is sent to you by name."),
        entry("GET", "/api/user/{nickname}/inbox/direct/major/stream", "user read", "The major part of it."),
        entry("GET", "/api/user/{nickname}/inbox/direct/minor/stream", "user read", "The minor part of it."),
        entry("GET", "/api/group/{key}/inbox/stream", "any read", "What is posted to a group."),
        entry("GET", "/api/group/inbox/stream", "any read", "The same by ?id=."),
        entry("GET", "/main/realtime/sockjs", "open", "SockJS says hello."),
        entry("GET", "/main/realtime/sockjs/info", "open", "What this SockJS can do."),
        entry("OPTIONS", "/main/realtime/sockjs/info", "open", "Permission for pages of other sites."),
        entry("GET", "/main/realtime/sockjs/websocket", "open", "A WebSocket without the frames of SockJS."),
        entry("GET", "/main/realtime/sockjs/{page}", "open", "The page for frames, which loads nothing here."),
        entry("GET", "/main/realtime/sockjs/{server}/{session}/websocket", "open", "The WebSocket of SockJS."),
        entry("POST", "/main/realtime/sockjs/{server}/{session}/xhr", "open", "One answer with what is there: polling."),
        entry("OPTIONS", "/main/realtime/sockjs/{server}/{session}/xhr", "open", "Permission for pages of other sites."),
        entry("POST", "/main/realtime/sockjs/{server}/{session}/xhr_send", "open", "Messages from a client that polls or streams."),
        entry("OPTIONS", "/main/realtime/sockjs/{server}/{session}/xhr_send", "open", "Permission for pages of other sites."),
        entry("POST", "/main/realtime/sockjs/{server}/{session}/xhr_streaming", "open", "A long answer that grows."),
        entry("OPTIONS", "/main/realtime/sockjs/{server}/{session}/xhr_streaming", "open", "Permission for pages of other sites."),
        entry("GET", "/main/realtime/sockjs/{server}/{session}/eventsource", "open", "The same as server-sent events."),
    ]},
    Chapter { title: "People", entries: &[
        entry("GET", "/api/whoami", "user read", "Redirects to your own profile."),
        entry("GET", "/api/users", "any read", "Everybody who has an account here, newest first."),
        entry("GET", "/api/user/{nickname}", "any read", "An account with its person; some members only for yourself."),
        entry("GET", "/api/user/{nickname}/profile", "any read", "The person."),
        entry("PUT", "/api/user/{nickname}/profile", "user write", "Changes your name, picture and what you tell."),
        entry("GET", "/api/user/{nickname}/followers", "any read", "Who follows; ?q= searches by name."),
        entry("GET", "/api/user/{nickname}/following", "any read", "Who is followed; ?q= searches by name."),
        entry("POST", "/api/user/{nickname}/following", "user write", "Follows a person."),
        entry("GET", "/api/user/{nickname}/favorites", "any read", "What somebody likes."),
        entry("POST", "/api/user/{nickname}/favorites", "user write", "Likes an object."),
        entry("POST", "/api/reports", "user write", "Tells the owner of the server what is wrong with a post or a person."),
    ]},
    Chapter { title: "Objects and activities", entries: &[
        entry("GET", "/api/activity/{key}", "any read", "One activity."),
        entry("PUT", "/api/activity/{key}", "user write", "Changes what your activity says; tells nobody."),
        entry("DELETE", "/api/activity/{key}", "user write", "Takes your activity out of sight; tells nobody."),
        entry("GET", "/api/{type}/{key}", "any read", "One object: a note, an image …"),
        entry("PUT", "/api/{type}/{key}", "user write", "Changes your object, and tells its audience."),
        entry("DELETE", "/api/{type}/{key}", "user write", "Deletes your object, and tells its audience."),
        entry("GET", "/api/{type}/{key}/likes", "any read", "Who likes it."),
        entry("GET", "/api/{type}/{key}/replies", "any read", "What answers it."),
        entry("GET", "/api/{type}/{key}/shares", "any read", "Who shared it."),
        entry("GET", "/api/{type}", "any read", "One object by ?id=, where the id is no address of this site."),
        entry("PUT", "/api/{type}", "user write", "Changes it, by ?id=."),
        entry("DELETE", "/api/{type}", "user write", "Deletes it, by ?id=."),
        entry("GET", "/api/{type}/likes", "any read", "Who likes it, by ?id=."),
        entry("GET", "/api/{type}/replies", "any read", "What answers it, by ?id=."),
        entry("GET", "/api/{type}/shares", "any read", "Who shared it, by ?id=."),
    ]},
    Chapter { title: "Lists and groups", entries: &[
        entry("GET", "/api/user/{nickname}/lists/{type}", "any read", "The lists that hold objects of a type."),
        entry("GET", "/api/collection/{key}/members", "any read", "Who is in your list."),
        entry("POST", "/api/collection/{key}/members", "user write", "Puts somebody into your list."),
        entry("GET", "/api/collection/members", "any read", "Who is in it, by ?id=."),
        entry("POST", "/api/collection/members", "user write", "Puts somebody into it, by ?id=."),
        entry("GET", "/api/group/{key}/members", "any read", "Who has joined a group."),
        entry("GET", "/api/group/members", "any read", "The same by ?id=."),
        entry("GET", "/api/group/{key}/inbox", "any read", "What was posted to a group."),
        entry("GET", "/api/group/inbox", "any read", "The same by ?id=."),
        entry("POST", "/api/group/{key}/inbox", "client write", "For other servers: pushes what somebody elsewhere says in the group."),
        entry("POST", "/api/group/inbox", "client write", "The same by ?id=."),
        entry("GET", "/api/group/{key}/documents", "any read", "What members put into a group."),
        entry("GET", "/api/group/documents", "any read", "The same by ?id=."),
    ]},
    Chapter { title: "Files", entries: &[
        entry("POST", "/api/user/{nickname}/uploads", "user write", "Takes a file; answers with its object, which only you see until you post it."),
        entry("GET", "/api/user/{nickname}/uploads", "user read", "What you uploaded."),
        entry("GET", "/api/proxy/{key}", "user read", "What is on another server: the addresses that documents name as proxyURL."),
        entry("GET", "/uploads/{*path}", "open", "A file, for whoever may read the object that shows it."),
    ]},
    Chapter { title: "Your account", entries: &[
        entry("POST", "/api/users", "client write", "Registers a user."),
        entry("PUT", "/api/user/{nickname}", "account write", "Changes your password, address of mail, settings."),
        entry("DELETE", "/api/user/{nickname}", "account write", "Removes your account with all that you posted."),
        entry("POST", "/api/user/{nickname}/export", "account write", "Asks for an archive of all that you own."),
        entry("GET", "/api/user/{nickname}/export", "user read", "How far it is."),
        entry("GET", "/api/user/{nickname}/export/archive.zip", "user read", "The archive."),
        entry("POST", "/api/user/{nickname}/import", "account write", "Brings an archive, or a collection of activities, into your account."),
        entry("GET", "/api/user/{nickname}/import", "user read", "How far it is."),
    ]},
    Chapter { title: "Applications", entries: &[
        entry("POST", "/api/client/register", "open", "Makes your program known here."),
        entry("POST", "/api/dialback", "open", "For other servers: asks whether this one registered there."),
        entry("GET", "/oauth2/authz", "page", "OAuth 2: the user agrees."),
        entry("POST", "/oauth2/authz", "form", "OAuth 2: what the user said."),
        entry("GET", "/oauth2/authc", "page", "OAuth 2: the user logs in first."),
        entry("POST", "/oauth2/authc", "form", "OAuth 2: the login."),
        entry("POST", "/oauth2/token", "open", "OAuth 2: a code, a refresh token or your key for tokens."),
        entry("POST", "/oauth2/revoke", "open", "OAuth 2: ends a token."),
        entry("GET", "/.well-known/oauth-authorization-server", "open", "OAuth 2: all of this for programs to find."),
        entry("GET", "/.well-known/oauth-authorization-server/{*path}", "open", "The same for a site below a path."),
        entry("GET", "/oauth/request_token", "open", "OAuth 1: a request token."),
        entry("POST", "/oauth/request_token", "open", "OAuth 1: a request token."),
        entry("GET", "/oauth/authorize", "page", "OAuth 1: the user agrees."),
        entry("POST", "/oauth/authorize", "form", "OAuth 1: what the user said."),
        entry("GET", "/oauth/access_token", "open", "OAuth 1: the access token."),
        entry("POST", "/oauth/access_token", "open", "OAuth 1: the access token."),
    ]},
    Chapter { title: "Discovery", entries: &[
        entry("GET", "/.well-known/webfinger", "open", "What an account or an id is and where: ?resource=."),
        entry("GET", "/api/lrdd", "open", "The same as XRD."),
        entry("GET", "/.well-known/host-meta", "open", "Where the endpoints of this site are."),
        entry("GET", "/.well-known/host-meta.json", "open", "The same as JSON."),
    ]},
    Chapter { title: "For the owner of the server", entries: &[
        entry("GET", "/api/owner/users", "owner read", "All accounts."),
        entry("POST", "/api/owner/users", "owner write", "Makes an account."),
        entry("GET", "/api/owner/users/{nickname}", "owner read", "One account."),
        entry("PUT", "/api/owner/users/{nickname}", "owner write", "Changes it: password, email, suspended, uploadQuotaBytes, role."),
        entry("DELETE", "/api/owner/users/{nickname}", "owner write", "Removes it with all that was posted."),
        entry("POST", "/api/owner/users/{nickname}/reset-link", "owner write", "A link for somebody who forgot the password."),
        entry("GET", "/api/owner/registration", "owner read", "Who can register."),
        entry("PUT", "/api/owner/registration", "owner write", "Changes that: open, invite, closed."),
        entry("GET", "/api/owner/invitations", "owner read", "All invitations."),
        entry("POST", "/api/owner/invitations", "owner write", "Makes an invitation."),
        entry("GET", "/api/owner/invitations/{code}", "owner read", "One invitation, and who came by it."),
        entry("DELETE", "/api/owner/invitations/{code}", "owner write", "Takes it back."),
        entry("GET", "/api/owner/deliveries", "owner read", "What waits for other hosts, and why."),
        entry("POST", "/api/owner/deliveries/{host}/retry", "owner write", "Tries a host now."),
        entry("DELETE", "/api/owner/deliveries/{host}", "owner write", "Drops what waits for a host."),
        entry("GET", "/api/owner/pins", "owner read", "Certificates of servers on the local network that count, and what was refused."),
        entry("DELETE", "/api/owner/pins/{host}", "owner write", "Lets the next certificate of a host count."),
        entry("GET", "/api/owner/blocks", "owner read", "Blocked hosts and people of other servers."),
        entry("POST", "/api/owner/blocks", "owner write", "Blocks a host with all below it, or a person elsewhere."),
        entry("DELETE", "/api/owner/blocks/{id}", "owner write", "Takes the block away; the id percent-encoded."),
        entry("GET", "/api/owner/reports", "owner read", "What people reported; ?state=open or done."),
        entry("GET", "/api/owner/reports/{id}", "owner read", "One report."),
        entry("PUT", "/api/owner/reports/{id}", "owner write", "Answers it: dismiss, delete, suspend."),
    ]},
];
