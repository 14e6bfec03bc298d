//! Callers in all their forms, against a server in memory: what is refused and in which words, then what is let in.

use super::grants;
use super::oauth2::authorize::{Asked, Verdict};
use super::oauth2::{self, Failure};
use super::sessions::{self, CSRF_FIELD};
use super::{Guard, LocalUser, Visitor, configured, passwords};
use crate::app::App;
use crate::auth;
use crate::clock::Timestamp;
use crate::config::{ClientAccount, Config, Secret, TokenAccount, UserAccount};
use crate::error::Error;
use crate::http::{Body, Request, Response};
use crate::ids::{Base, Nickname, ThingId, UserId};
use crate::media::Blobs;
use crate::scope::Scope;
use crate::store::codes::CODE_SECS;
use crate::store::engine::Engine;
use crate::store::engine::memory::MemoryEngine;
use crate::store::engine::sled::Sled;
use crate::store::tokens::{self, Pair};
use crate::store::users::{self, User};
use crate::store::{Store, bearer, clients};
use hyper::header::{self, HeaderName, HeaderValue};
use hyper::{HeaderMap, Method};
use std::sync::Arc;

const NOW: Timestamp = Timestamp(1_795_217_902);
const ANN: UserId = UserId(ThingId(7));
const PASSWORD: &str = "correct-horse-7";
const TOKEN: &str = "9sFPRCLmxqZziJANigZakw";

/// A server with the user `ann`, the client `client` (secret `client-secret`) and ann's token of the secret
/// `token-secret` for it.
struct Site {
    app: Arc<App>,
    guard: Arc<Guard>,
    _directory: tempfile::TempDir,
}

impl Site {
    fn on(port: u16) -> Site {
        let directory = tempfile::tempdir().expect("a directory");
        Site::with(port, Box::new(MemoryEngine::default()), directory)
    }

    fn with(port: u16, engine: Box<dyn Engine>, directory: tempfile::TempDir) -> Site {
        let store = Store::on(engine).expect("a store");
        let blobs = Blobs::open(directory.path()).expect("a directory");
        let config = Config {
            require_email: true,
            ..Config::defaults()
        };
        let app = App::new(config, store, blobs);
        app.set_base(Base::new("pump.test", port, ""));
        let guard = Guard::default();
        let password = passwords::hash(&guard, PASSWORD).expect("a place");
        let ann = User {
            password: password.as_str().to_owned(),
            ..users::tests::user("ann")
        };
        let client = clients::Client {
            secret: "client-secret".to_owned(),
            ..clients::tests::client("client")
        };
        let pair = Pair {
            token: TOKEN.to_owned(),
            secret: "token-secret".to_owned(),
        };
        app.store
            .write(|tx| {
                clients::put(tx, &client);
                users::add(tx, ANN, &ann)?;
                tokens::add(tx, ANN, "client", &pair, NOW)
            })
            .expect("a store");
        Site {
            app: Arc::new(app),
            guard: Arc::new(guard),
            _directory: directory,
        }
    }

    fn request(&self, method: Method, address: &str) -> Request {
        let (app, guard) = (Arc::clone(&self.app), Arc::clone(&self.guard));
        Request::bare(app, guard, method, address, NOW)
    }

    /// A request signed with `PLAINTEXT`, which needs no signing here.
    fn plaintext(&self, client: &str, secrets: &str, token: &str, nonce: &str) -> Request {
        let mut request = self.request(Method::GET, "/api/whoami");
        request.tls = true;
        let token = if token.is_empty() {
            String::new()
        } else {
            format!(", oauth_token=\"{token}\"")
        };
        let value = format!(
            "OAuth oauth_consumer_key=\"{client}\", oauth_signature_method=\"PLAINTEXT\", \
             oauth_signature=\"{secrets}\", oauth_timestamp=\"{NOW_SECS}\", oauth_nonce=\"{nonce}\"{token}",
            NOW_SECS = NOW.0
        );
        set(&mut request.headers, header::AUTHORIZATION, &value);
        request
    }

    fn anns(&self, nonce: &str) -> Request {
        self.plaintext("client", "client-secret%26token-secret", TOKEN, nonce)
    }

    fn browser(&self, address: &str, cookie: &str) -> Request {
        let mut request = self.request(Method::GET, address);
        set(&mut request.headers, header::COOKIE, cookie);
        request
    }

    fn form(&self, cookie: &str, pairs: &[(&str, &str)]) -> Request {
        let mut request = self.browser("/form", cookie);
        request.method = Method::POST;
        let kind = "application/x-www-form-urlencoded";
        set(&mut request.headers, header::CONTENT_TYPE, kind);
        let mut body = form_urlencoded::Serializer::new(String::new());
        request.body = Body::Memory(body.extend_pairs(pairs).finish().into());
        request
    }

    fn login(&self) -> Visitor {
        let request = self.request(Method::POST, "/main/login");
        sessions::login(&request, "ann", PASSWORD).expect("the right password")
    }

    fn user_of(&self, cookie: &str) -> Option<LocalUser> {
        sessions::user(&self.browser("/", cookie)).expect("a store")
    }
}

fn set(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    headers.insert(name, HeaderValue::from_str(value).expect("header text"));
}

fn cookie_of(visitor: &Visitor) -> String {
    let answer = visitor.introduce(Response::text(""));
    let line = answer.headers.get(header::SET_COOKIE);
    let line = line.and_then(|line| line.to_str().ok()).unwrap_or_default();
    line.split(';').next().unwrap_or_default().to_owned()
}

fn refusal<T>(answer: Result<T, Error>) -> (u16, String) {
    match answer {
        Ok(_) => (200, String::new()),
        Err(error) => (error.status(), error.public()),
    }
}

fn refused(status: u16, text: &str) -> (u16, String) {
    (status, text.to_owned())
}

#[test]
fn secrets_do_not_travel_on_an_open_line() {
    let site = Site::on(8080);
    let mut request = site.anns("1");
    request.tls = false;
    let answer = refusal(auth::user_reading(&request));
    assert_eq!(answer, refused(400, "Invalid Signature Method"));
    request.tls = true;
    auth::user_reading(&request).expect("a proof");
    let behind = Site::on(443);
    let mut request = behind.anns("1");
    request.tls = false;
    auth::user_reading(&request).expect("encrypted up to the front end");
}

#[test]
fn every_caller_is_refused_in_the_words_that_clients_compare() {
    let site = Site::on(443);
    let nobody = || site.request(Method::GET, "/api/whoami");
    let not_logged_in = refused(401, "Not logged in.");
    let missing = refused(400, "Missing required parameter");
    let nonce = refused(401, "Invalid / used nonce");
    assert_eq!(refusal(auth::reader(&nobody())), not_logged_in);
    assert_eq!(refusal(auth::user_reading(&nobody())), not_logged_in);
    assert_eq!(refusal(auth::user_writing(&nobody())), missing);
    assert_eq!(refusal(auth::client(&nobody())), missing);

    let mut empty = nobody();
    set(&mut empty.headers, header::AUTHORIZATION, "OAuth");
    assert_eq!(refusal(auth::reader(&empty)), missing);
    let mut bearer = nobody();
    set(&mut bearer.headers, header::AUTHORIZATION, "Bearer x");
    let unknown = refused(
        401,
        "This token is not known here, was taken back, or has ended.",
    );
    assert_eq!(refusal(auth::reader(&bearer)), unknown);
    assert_eq!(refusal(auth::client(&bearer)), unknown);
    set(&mut bearer.headers, header::AUTHORIZATION, "Bearerx");
    assert_eq!(refusal(auth::reader(&bearer)), not_logged_in);

    let client = |number: &str| site.plaintext("client", "client-secret%26", "", number);
    assert_eq!(refusal(auth::user_reading(&client("1"))), missing);
    assert_eq!(refusal(auth::user_writing(&client("2"))), missing);
    for token in ["", TOKEN] {
        let unknown = site.plaintext("nope", "x%26", token, "3");
        assert_eq!(refusal(auth::reader(&unknown)), nonce);
    }
    let unknown = site.plaintext("client", "client-secret%26x", "badtoken", "4");
    assert_eq!(
        refusal(auth::reader(&unknown)),
        refused(400, "Invalid / expired Token")
    );
    let forged = site.plaintext("client", "client-secret%26x", TOKEN, "5");
    let wrong = refused(400, "Invalid signature");
    assert_eq!(refusal(auth::reader(&forged)), wrong);
    let other = clients::tests::client("other");
    let kept = site.app.store.write(|tx| {
        clients::put(tx, &other);
        Ok(())
    });
    kept.expect("a store");
    let foreign = site.plaintext("other", "secret%26token-secret", TOKEN, "6");
    assert_eq!(refusal(auth::reader(&foreign)), nonce);
}

#[test]
fn a_client_reads_as_nobody_and_a_user_as_the_person() {
    let site = Site::on(443);
    let client = site.plaintext("client", "client-secret%26", "", "1");
    let reader = auth::reader(&client).expect("a client");
    assert_eq!(reader.person(), None);
    let again = refused(401, "Invalid / used nonce");
    assert_eq!(refusal(auth::client(&client)), again, "a proof counts once");
    let reader = auth::reader(&site.anns("2")).expect("a user");
    assert_eq!(reader.person(), Some(ANN.0));
    let user = auth::user_writing(&site.anns("3")).expect("a user");
    assert_eq!((user.id(), user.client()), (ANN, Some("client")));
    let ben = Nickname::new("ben").expect("a nickname");
    let others = refusal(user.owning(&ben));
    assert_eq!(others, refused(401, "Not authorized"));
}

/// RFC 6749 §4.1.2
#[test]
fn codes_and_access_tokens_end_by_themselves() {
    let site = Site::on(443);
    let client = clients::Client {
        secret: "client-secret".to_owned(),
        redirect_uris: vec!["https://app.test/cb".to_owned()],
        kind: None,
        ..clients::tests::client("app")
    };
    let kept = site.app.store.write(|tx| {
        clients::put(tx, &client);
        Ok(())
    });
    kept.expect("a store");
    let agree = || {
        let request = site.request(Method::POST, "/oauth2/authz");
        let pairs = [
            ("client_id", "app"),
            ("redirect_uri", "https://app.test/cb"),
            ("response_type", "code"),
        ];
        let pairs = pairs.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let Ok(Verdict::Ask(asked)) = Asked::read(&request, pairs.to_vec()) else {
            panic!("a good question");
        };
        let visitor = site.login();
        let location = asked.agree(&request, visitor.user().expect("ann"));
        let location = location.expect("a code");
        let (_, rest) = location.split_once("code=").expect("a code");
        rest.split('&').next().unwrap_or_default().to_owned()
    };
    let exchange = |code: &str, secs: i64| {
        let mut request = site.form(
            "",
            &[
                ("grant_type", "authorization_code"),
                ("code", code),
                ("redirect_uri", "https://app.test/cb"),
                ("client_id", "app"),
                ("client_secret", "client-secret"),
            ],
        );
        request.now = Timestamp(NOW.0 + secs);
        oauth2::exchange(&request)
    };
    let code = agree();
    let old = exchange(&code, CODE_SECS);
    assert!(
        matches!(old, Err(Failure::Refused { code, .. }) if code == "invalid_grant"),
        "{old:?}"
    );
    let issued = exchange(&agree(), CODE_SECS - 1).expect("a fresh code");
    let read = |secs: i64| {
        let mut request = site.request(Method::GET, "/api/whoami");
        request.now = Timestamp(NOW.0 + secs);
        let value = format!("bearer  {}", issued.access);
        set(&mut request.headers, header::AUTHORIZATION, &value);
        refusal(auth::user_reading(&request)).0
    };
    let end = CODE_SECS - 1 + bearer::ACCESS_SECS;
    assert_eq!((read(end - 1), read(end)), (200, 401));
}

#[test]
fn a_suspended_account_is_told_so_by_every_proof() {
    let site = Site::on(443);
    let cookie = cookie_of(&site.login());
    let token = site.app.store.write(|tx| {
        let (_, token) = bearer::add_personal(tx, ANN, "cron", Scope::WRITE_ALL, None, NOW)?;
        Ok(token)
    });
    let mut bearer = site.request(Method::GET, "/api/whoami");
    let value = format!("Bearer {}", token.expect("kept"));
    set(&mut bearer.headers, header::AUTHORIZATION, &value);
    let suspend = |since: Option<Timestamp>| {
        let changed = site
            .app
            .store
            .write(|tx| users::update(tx, ANN, NOW, |ann| ann.suspended = since));
        changed.expect("there");
    };
    suspend(Some(NOW));
    let told = refused(
        403,
        "This account is suspended. Ask the owner of this server.",
    );
    assert_eq!(refusal(auth::user_writing(&site.anns("1"))), told);
    assert_eq!(refusal(auth::user_reading(&bearer)), told);
    assert_eq!(refusal(auth::account_writing(&bearer)), told);
    assert_eq!(refusal(auth::reader(&site.browser("/", &cookie))), told);
    let visitor = auth::visitor(&site.browser("/", &cookie)).expect("a store");
    assert!(visitor.user().is_none(), "pages know nobody");
    let login = site.request(Method::POST, "/main/login");
    assert_eq!(refusal(sessions::login(&login, "ann", PASSWORD)), told);
    assert_eq!(refusal(sessions::login(&login, "ann", "wrong")).0, 401);
    suspend(None);
    auth::user_writing(&site.anns("2")).expect("a user");
    auth::account_writing(&bearer).expect("a user");
    assert!(site.user_of(&cookie).is_some());
}

#[test]
fn an_account_that_is_gone_or_not_confirmed_is_let_nowhere() {
    let mut site = Site::on(443);
    let change = |site: &Site, address: Option<&str>| {
        let address = address.map(str::to_owned);
        let changed = site.app.store.write(|tx| {
            users::update(tx, ANN, NOW, |ann| {
                ann.unconfirmed_email.clone_from(&address);
            })
        });
        changed.expect("there");
    };
    change(&site, Some("ann@example.com"));
    assert_eq!(refusal(auth::reader(&site.anns("1"))).0, 403);
    change(&site, None);
    auth::reader(&site.anns("2")).expect("a user");
    change(&site, Some("ann@example.com"));
    let app = Arc::get_mut(&mut site.app).expect("nobody else has it");
    app.config.require_email = false;
    auth::reader(&site.anns("4")).expect("nobody has to wait any more");
    let cookie = cookie_of(&site.login());
    let gone = site.app.store.write(|tx| users::remove(tx, ANN));
    gone.expect("there");
    let answer = refusal(auth::reader(&site.anns("3")));
    assert_eq!(answer, refused(401, "Invalid / used nonce"));
    assert!(site.user_of(&cookie).is_none());
}

#[test]
fn logging_in_makes_a_new_cookie_and_logging_out_ends_it() {
    let site = Site::on(443);
    let wrong = refused(401, "Incorrect username or password");
    let request = site.request(Method::POST, "/main/login");
    for (nickname, password) in [
        ("ann", "wrong-one-1"),
        ("nobody", PASSWORD),
        ("a b", PASSWORD),
    ] {
        assert_eq!(
            refusal(sessions::login(&request, nickname, password)),
            wrong
        );
    }
    let first = cookie_of(&site.login());
    let request = site.browser("/main/login", &first);
    let second = sessions::login(&request, "Ann", PASSWORD).expect("the right password");
    let second = cookie_of(&second);
    assert!(site.user_of(&first).is_none(), "its session has ended");
    assert!(site.user_of(&second).is_some());
    let gone = sessions::logout(&site.browser("/main/logout", &second)).expect("a store");
    assert_eq!(gone.max_age(), Some(cookie::time::Duration::ZERO));
    assert!(site.user_of(&second).is_none());
}

#[test]
fn cookies_are_for_this_site_alone_and_only_where_a_form_needs_them() {
    let site = Site::on(443);
    let visitor = auth::visitor(&site.request(Method::GET, "/")).expect("a store");
    assert_eq!(cookie_of(&visitor), "", "nothing asked for a token");
    visitor.csrf();
    let answer = visitor.introduce(Response::text(""));
    let line = answer.headers.get(header::SET_COOKIE).expect("a cookie");
    let line = line.to_str().expect("text");
    for part in ["; HttpOnly", "; SameSite=Lax", "; Secure", "; Path=/"] {
        assert!(line.contains(part), "{line}");
    }
    let again = visitor.introduce(answer);
    assert_eq!(again.headers.get_all(header::SET_COOKIE).iter().count(), 1);
    let open = Site::on(80);
    let visitor = auth::visitor(&open.request(Method::GET, "/")).expect("a store");
    visitor.csrf();
    let answer = visitor.introduce(Response::text(""));
    let line = answer.headers.get(header::SET_COOKIE).expect("a cookie");
    assert!(!line.to_str().expect("text").contains("Secure"));
}

#[test]
fn a_form_counts_only_from_a_page_of_ours_with_its_token() {
    let site = Site::on(443);
    let visitor = site.login();
    let (cookie, csrf) = (cookie_of(&visitor), visitor.csrf().to_owned());
    let send = |request: &Request| refusal(auth::visitor_sending(request)).0;
    let with_header = |name: &'static str, value: &str| {
        let mut request = site.form(&cookie, &[(CSRF_FIELD, &csrf)]);
        set(&mut request.headers, HeaderName::from_static(name), value);
        request
    };
    assert_eq!(send(&site.form(&cookie, &[])), 403);
    assert_eq!(send(&site.form(&cookie, &[(CSRF_FIELD, "x")])), 403);
    assert_eq!(send(&site.form("", &[(CSRF_FIELD, &csrf)])), 403);
    let other = cookie_of(&site.login());
    assert_eq!(send(&site.form(&other, &[(CSRF_FIELD, &csrf)])), 403);
    for (name, value) in [
        ("origin", "https://evil.test"),
        ("origin", "nonsense"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("x-csrf-token", "x"),
    ] {
        assert_eq!(send(&with_header(name, value)), 403, "{name}: {value}");
    }
    for (name, value) in [
        ("origin", "https://pump.test"),
        ("origin", "null"),
        ("sec-fetch-site", "same-origin"),
        ("x-csrf-token", &csrf),
    ] {
        assert_eq!(send(&with_header(name, value)), 200, "{name}: {value}");
    }
    let sent = auth::visitor_sending(&site.form(&cookie, &[(CSRF_FIELD, &csrf)]));
    assert!(sent.is_ok_and(|visitor| visitor.user().is_some()));
}

#[test]
fn what_the_configuration_names_is_there_and_a_second_start_changes_nothing() {
    let directory = tempfile::tempdir().expect("a directory");
    let engine = Sled::open(&directory.path().join("store")).expect("a new store");
    let mut site = Site::with(443, Box::new(engine), directory);
    let secret = |text: &str| Secret::new(text);
    let mut config = Config::defaults();
    config.clients = vec![ClientAccount {
        client_id: "configured".to_owned(),
        client_secret: secret("s1"),
        title: Some("Configured".to_owned()),
        description: None,
        host: None,
    }];
    let token = |client: &str, name: &str| TokenAccount {
        token: secret(name),
        client_id: client.to_owned(),
        token_secret: Some(secret("token-secret")),
        scope: None,
    };
    config.users = vec![UserAccount {
        nickname: Nickname::new("evan").expect("a nickname"),
        password: secret(PASSWORD),
        email: None,
        tokens: vec![token("configured", "evans"), token("unknown", "idle")],
    }];
    let app = Arc::get_mut(&mut site.app).expect("nobody else has it");
    app.config = config;
    for start in 0..2 {
        configured::ensure(&site.app, &site.guard, NOW).expect("a start");
        let nonce = format!("{start}");
        let request = site.plaintext("configured", "s1%26token-secret", "evans", &nonce);
        let user = auth::user_writing(&request).expect("a user");
        assert_eq!(user.nickname().as_str(), "evan");
    }
    let idle = tokens::get(&site.app.store, "idle").expect("readable");
    assert_eq!(idle, None, "its client is not known");
    let login = site.request(Method::POST, "/main/login");
    sessions::login(&login, "evan", PASSWORD).expect("the right password");
}

#[test]
fn a_verifier_exists_only_after_consent_and_for_one_exchange() {
    let site = Site::on(443);
    let ask = |callback: &str, nonce: &str| {
        let mut request = site.plaintext("client", "client-secret%26", "", nonce);
        request.query = format!("oauth_callback={callback}");
        request
    };
    assert_eq!(refusal(grants::begin(&ask("", "1"))).0, 400);
    assert_eq!(refusal(grants::begin(&ask("myapp://x", "2"))).0, 400);
    let pair = grants::begin(&ask("oob", "3")).expect("a request token");
    let exchange = |verifier: &str, nonce: &str| {
        let secrets = format!("client-secret%26{}", pair.secret);
        let mut request = site.plaintext("client", &secrets, &pair.token, nonce);
        request.query = format!("oauth_verifier={verifier}");
        grants::exchange(&request)
    };
    let expired = refused(401, "Invalid / expired Token");
    assert_eq!(refusal(exchange("guess", "4")), expired);

    let visitor = site.login();
    let user = visitor.user().expect("logged in");
    let request = site.request(Method::POST, "/oauth/authorize");
    let pending = grants::pending(&request, &pair.token).expect("alive");
    assert!(!pending.is_known(&request, user).expect("a store"));
    let stranger = site.login();
    let foreign = pending.check_ticket(&visitor, &pending.ticket(&stranger));
    assert_eq!(refusal(foreign).0, 400);
    pending
        .check_ticket(&visitor, &pending.ticket(&visitor))
        .expect("its own ticket");
    let agreed = pending.agree(&request, user).expect("alive");
    assert_eq!(agreed.location, None);
    assert_eq!(refusal(exchange("guess", "5")), expired);
    let access = exchange(&agreed.verifier, "6").expect("an access token");
    assert_eq!(access.token, TOKEN, "the one that the client has already");
    assert_eq!(refusal(exchange(&agreed.verifier, "7")), expired);
    let late = Request {
        now: Timestamp(NOW.0 + 600),
        ..request
    };
    assert_eq!(refusal(grants::pending(&late, &pair.token)).0, 400);
}
