//! Registering clients (`pump-api.md §2.1`) and users (`§4.1`, `§5.2`).

use crate::harness::people::PASSWORD;
use crate::harness::{Pump, Request, note};
use serde_json::{Value, json};

const REGISTER: &str = "/api/client/register";

fn associate() -> Value {
    json!({ "type": "client_associate", "application_name": "Testy" })
}

/// A document with one member changed; null takes it away.
fn but(mut document: Value, name: &str, value: &Value) -> Value {
    if value.is_null() {
        document.as_object_mut().expect("an object").remove(name);
    } else {
        document[name] = value.clone();
    }
    document
}

#[test]
fn a_client_that_says_nonsense_is_refused_with_a_reason() {
    let pump = Pump::start();
    let nobody = pump.nobody();
    for (name, value) in [
        ("type", json!(null)),
        ("type", json!("client_destroy")),
        ("client_id", json!("some-id")),
        ("client_secret", json!("some-secret")),
        ("access_token", json!("some-token")),
        ("contacts", json!("not an address")),
        ("contacts", json!(["a@example.com"])),
        ("application_type", json!("toaster")),
        ("logo_url", json!("no url")),
        ("redirect_uris", json!("gopher://example.com/")),
        (
            "redirect_uris",
            json!("http://example.com/ahttp://example.com/b"),
        ),
    ] {
        let text = nobody
            .post_to(REGISTER, &but(associate(), name, &value))
            .refused(400);
        assert!(!text.contains("serde"), "{name}: {text}");
    }
    nobody
        .send(Request::post(REGISTER).bytes("application/json", b"{\"type\":"))
        .refused(400);
    nobody.send(Request::post(REGISTER)).refused(400);
}

#[test]
fn registering_with_another_scheme_than_dialback_is_refused() {
    let pump = Pump::start();
    let answer = pump.nobody().send(
        Request::post(REGISTER)
            .header("Authorization", "Basic YTpi")
            .json(&associate()),
    );
    let answer = answer.expect(401);
    assert_eq!(answer.header("www-authentication"), "Dialback");
    assert!(answer.header("content-type").starts_with("text/plain"));
}

/// pump-api.md §2.1 [W], Q4
#[test]
fn a_client_registers_by_json_or_form_and_keeps_its_key_when_it_updates() {
    let pump = Pump::start();
    let nobody = pump.nobody();
    let by_json = nobody
        .post_to(
            REGISTER,
            &json!({
                "type": "client_associate", "client_name": "PyPump", "application_name": "Testy",
                "application_type": "native", "redirect_uri": "oob", "logo_uri": "whatever",
                "logo_url": "https://example.com/logo.png", "contacts": "a@example.com b@example.com",
                "redirect_uris": "http://example.com/cb http://localhost:8000/cb",
            }),
        )
        .ok();
    assert_eq!(by_json["client_id"].as_str().map(str::len), Some(22));
    assert_eq!(by_json["client_secret"].as_str().map(str::len), Some(43));
    assert_eq!(by_json["expires_at"], 0);

    let by_form = nobody
        .send(Request::post(REGISTER).form(&[
            ("type", "client_associate"),
            ("application_name", "Testy"),
            ("application_type", "web"),
        ]))
        .ok();
    assert_ne!(
        by_form["client_id"], by_json["client_id"],
        "same name, two clients"
    );

    let (id, secret) = (&by_json["client_id"], &by_json["client_secret"]);
    let update = json!({
        "type": "client_update", "client_id": id, "client_secret": secret,
        "application_name": "Testy 2", "application_type": "native",
    });
    nobody
        .post_to(
            REGISTER,
            &but(update.clone(), "client_secret", &json!("wrong")),
        )
        .refused(403);
    nobody
        .post_to(
            REGISTER,
            &but(
                update.clone(),
                "client_id",
                &json!("AAAAAAAAAAAAAAAAAAAAAA"),
            ),
        )
        .refused(403);
    let updated = nobody.post_to(REGISTER, &update).ok();
    assert_eq!(&updated["client_id"], id);
    assert_eq!(&updated["client_secret"], secret);
}

#[test]
fn the_name_of_a_client_is_the_generator_of_what_it_posts() {
    let pump = Pump::start();
    let evan = pump.register("evan");
    let posted = evan.post(note("hi").with("generator", json!({ "displayName": "Forged" })));
    let generator = &posted["generator"];
    assert_eq!(generator["displayName"], "Stories");
    assert_eq!(generator["objectType"], "application");
    let id = generator["id"].as_str().expect("a generator has an id");
    assert!(id.starts_with("urn:uuid:"), "{id}");
}

/// pump-api.md D23
#[test]
fn an_account_is_refused_without_a_client_or_with_a_bad_name_or_password() {
    let pump = Pump::start();
    let account = json!({ "nickname": "evan", "password": PASSWORD });
    pump.nobody()
        .post_to("/api/users", &account)
        .oauth_refused(400, "Missing required parameter");

    let client = pump.client();
    let long = "n".repeat(65);
    for nickname in [
        "",
        "a b",
        "ä",
        "a/b",
        "api",
        "oauth",
        "oauth2",
        "public",
        "robots.txt",
        "humans.txt",
        ".well-known",
        "sitemap.xml",
        "favicon.ico",
        "contribute.json",
        "main",
        "shared",
        "uploads",
        "javascript",
        "stylesheet",
        "images",
        "template",
        "font",
        ".hidden",
        "MAIN",
        &long,
    ] {
        client
            .post_to(
                "/api/users",
                &but(account.clone(), "nickname", &json!(nickname)),
            )
            .refused(400);
    }
    for password in ["", "short7", "onlyletters", "1234567890", "password1"] {
        client
            .post_to(
                "/api/users",
                &but(account.clone(), "password", &json!(password)),
            )
            .refused(400);
    }
    for (name, value) in [
        ("nickname", json!(null)),
        ("password", json!(null)),
        ("nickname", json!(7)),
        ("password", json!({})),
    ] {
        client
            .post_to("/api/users", &but(account.clone(), name, &value))
            .refused(400);
    }
    assert_eq!(client.stream("/api/users").total(), 0);
}

/// pump-api.md D23
#[test]
fn a_nickname_belongs_to_one_person_whatever_its_case() {
    let pump = Pump::start();
    pump.register("evan");
    for nickname in ["evan", "Evan", "EVAN"] {
        pump.client()
            .post_to(
                "/api/users",
                &json!({ "nickname": nickname, "password": PASSWORD }),
            )
            .refused(409);
    }
    assert_eq!(pump.client().get("/api/user/EVAN").ok()["nickname"], "evan");
}

/// pump-api.md §5.6 [+]
#[test]
fn one_address_asks_for_so_many_accounts_and_then_waits() {
    let pump = Pump::start();
    pump.register("evan");
    let client = pump.client();
    let taken = json!({ "nickname": "evan", "password": PASSWORD });
    let mut asked = (0..200).map(|_| client.post_to("/api/users", &taken));
    let refused = asked.find(|answer| answer.status != 409);
    let refused = refused.expect("not for ever").expect(429);
    assert!(!refused.header("retry-after").is_empty());
    let text = refused.refused(429);
    assert!(text.contains("Wait"), "{text}");
}

#[test]
fn no_accounts_where_registration_is_disabled() {
    let pump = Pump::with(&["--disableRegistration"]);
    pump.client()
        .post_to(
            "/api/users",
            &json!({ "nickname": "evan", "password": PASSWORD }),
        )
        .refused(403);
}

/// pump-api.md §1.3 [W], §3.5 [W], D5, Q3
#[test]
fn a_new_person_can_speak_at_once() {
    let pump = Pump::start();
    let user = pump
        .client()
        .send(Request::post("/api/users").form(&[("nickname", "evan"), ("password", PASSWORD)]))
        .ok();
    assert_eq!(user["nickname"], "evan");
    assert!(user["password"].is_null() && user["_passwordHash"].is_null());
    let profile = &user["profile"];
    assert_eq!(profile["id"], "acct:evan@pump.test");
    assert_eq!(profile["objectType"], "person");
    assert_eq!(profile["preferredUsername"], "evan");
    assert_eq!(profile["displayName"], "evan");
    assert_eq!(profile["url"], "http://pump.test/evan");
    let links = &profile["links"];
    for (link, path) in [
        ("self", "profile"),
        ("activity-inbox", "inbox"),
        ("activity-outbox", "feed"),
    ] {
        let url = format!("http://pump.test/api/user/evan/{path}");
        assert_eq!(links[link]["href"], url);
    }
    let evan = pump.person("evan", &user);
    let answer = evan.get("/api/whoami").expect(302);
    assert_eq!(
        answer.header("location"),
        "http://pump.test/api/user/evan/profile"
    );
    let myself = evan.get(answer.header("location")).ok();
    assert_eq!(myself["id"], evan.id());
    assert_eq!(evan.post(note("hi"))["actor"]["id"], evan.id());
}

#[test]
fn a_fresh_account_has_these_streams() {
    let pump = Pump::start();
    let evan = pump.register("evan");
    let direct = evan.inbox().direct();
    for (stream, total) in [
        (evan.feed(), 5),
        (evan.feed().minor(), 5),
        (evan.feed().major(), 0),
        (evan.inbox(), 6),
        (evan.inbox().minor(), 5),
        (evan.inbox().major(), 1),
        (direct.clone(), 1),
        (direct.major(), 1),
        (direct.minor(), 0),
        (evan.lists(), 4),
        (evan.followers(), 0),
        (evan.following(), 0),
        (evan.favorites(), 0),
    ] {
        assert_eq!(stream.total(), total, "{}", stream.path);
        let items = stream.items().len();
        assert_eq!(u64::try_from(items), Ok(total), "{}", stream.path);
    }
    let lists = evan.lists().items();
    let mut names: Vec<&str> = lists
        .iter()
        .filter_map(|list| list["displayName"].as_str())
        .collect();
    names.sort_unstable();
    assert_eq!(names, ["Acquaintances", "Coworkers", "Family", "Friends"]);
    let welcome = &direct.major().items()[0];
    assert_eq!(welcome["object"]["objectType"], "note");
    assert_eq!(welcome["actor"]["objectType"], "service");
}

#[test]
fn users_are_listed_newest_first_and_without_their_secrets() {
    let pump = Pump::start();
    let client = pump.client();
    client
        .post_to(
            "/api/users",
            &json!({ "nickname": "evan", "password": PASSWORD, "email": "evan@example.com" }),
        )
        .ok();
    let ann = pump.register("ann");
    let page = ann.get("/api/users").ok();
    assert_eq!(page["totalItems"], 2);
    assert_eq!(page["items"][0]["nickname"], "ann");
    assert_eq!(page["items"][1]["nickname"], "evan");
    let text = page.to_string();
    assert!(
        !text.contains("evan@example.com") && !text.contains("secret"),
        "{text}"
    );
    pump.nobody().get("/api/users").refused(401);
    ann.get("/api/user/nobody").refused(404);
}

#[test]
fn the_owner_of_an_account_changes_it_and_nobody_else_does() {
    let pump = Pump::start();
    let [evan, ann] = pump.register_all(["evan", "ann"]);
    let path = "/api/user/evan";
    let user = json!({
        "nickname": "evan", "password": "another-horse-8", "settings": { "theme": "dark" },
    });
    pump.client()
        .put_to(path, &user)
        .oauth_refused(400, "Missing required parameter");
    assert_eq!(ann.put_to(path, &user).refused(401), "Not authorized");
    evan.put_to(path, &but(user.clone(), "nickname", &json!("eve")))
        .refused(400);
    evan.put_to(path, &but(user.clone(), "password", &json!("short")))
        .refused(400);
    evan.put_to(
        path,
        &but(user.clone(), "published", &json!("2001-01-01T00:00:00Z")),
    )
    .refused(400);

    for profile in [json!(7), json!({}), ann.reference()] {
        evan.put_to(path, &but(user.clone(), "profile", &profile))
            .refused(400);
    }

    let stored = evan
        .put_to(path, &but(user.clone(), "profile", &evan.reference()))
        .ok();
    assert_eq!(stored["settings"]["theme"], "dark");
    assert!(!stored.to_string().contains("another-horse-8"));
    assert_eq!(evan.get(path).ok()["settings"]["theme"], "dark");
    assert!(
        ann.get(path).ok()["settings"].is_null(),
        "settings are one's own"
    );
}

/// pump-api.md D9
#[test]
fn the_profile_can_be_changed_but_not_who_one_is() {
    let pump = Pump::start();
    let [evan, ann] = pump.register_all(["evan", "ann"]);
    let path = "/api/user/evan/profile";
    let change = json!({
        "displayName": "Evan P.", "summary": "I <b>like</b> pumps<script>x</script>",
        "location": { "objectType": "place", "displayName": "Montreal" },
        "preferredUsername": "root", "url": "http://evil.example/",
    });
    ann.put_to(path, &change).refused(401);
    evan.put_to(path, &json!({ "displayName": 7 })).refused(400);
    evan.put_to(path, &json!({ "id": "acct:root@pump.test" }))
        .refused(400);
    evan.put_to(path, &change).ok();
    let profile = ann.get(path).ok();
    assert_eq!(profile["displayName"], "Evan P.");
    assert_eq!(profile["location"]["displayName"], "Montreal");
    assert_eq!(profile["summary"], "I <b>like</b> pumps");
    assert_eq!(profile["id"], evan.id());
    assert_eq!(profile["preferredUsername"], "evan");
    assert_eq!(profile["url"], "http://pump.test/evan");
    let update = &evan.feed().items()[0];
    assert_eq!(update["verb"], "update");
}
