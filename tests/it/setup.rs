//! The first minutes of a server that nobody has configured (`design.md §3`): one page that makes the owner, guarded by a
//! code, and gone afterwards.

use crate::harness::browser::Form;
use crate::harness::people::PASSWORD;
use crate::harness::{Browser, Pump, Request, eventually, eventually_some, network};
use serde_json::json;

fn code_of(pump: &Pump) -> String {
    let output = pump.command(&["setup-code"], "");
    assert!(output.status.success(), "{output:?}");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

fn form(browser: &mut Browser) -> Form {
    browser.open("/setup").expect(200).form_to("/setup")
}

fn filled(form: Form, code: &str) -> Form {
    form.fill("code", code)
        .fill("site", "The Prodromous")
        .fill("nickname", "evan")
        .fill("password", PASSWORD)
        .fill("again", PASSWORD)
        .fill("hostname", "localhost")
}

/// Runs a story on machines of one network, which needs root.
#[track_caller]
fn among(machines: &[&str], test: &str, story: impl FnOnce()) {
    network::inside(&format!("setup::{test}"), || {
        if network::is_inside() {
            network::plug_in(machines, false);
            story();
        } else {
            eprintln!("this story needs a network of its own");
        }
    });
}

#[test]
fn before_the_setup_there_is_nothing_else() {
    let pump = Pump::unconfigured();
    let mut browser = pump.browser();
    let page = browser.open("/").expect(200);
    assert!(
        page.at.ends_with("/setup") || page.html().contains("/setup"),
        "{}",
        page.at
    );
    let answer = pump.nobody().post_to(
        "/api/client/register",
        &json!({ "type": "client_associate" }),
    );
    assert!(answer.status >= 400, "{}", answer.status);
    let answer = pump.nobody().get("/api/users");
    assert!(answer.status >= 400, "{}", answer.status);
}

#[test]
fn the_setup_wants_its_code_and_good_answers() {
    let pump = Pump::unconfigured();
    let code = code_of(&pump);
    let mut browser = pump.browser();
    let good = filled(form(&mut browser), &code);
    for (field, value) in [
        ("code", ""),
        ("code", "0000-0000"),
        ("nickname", "a b"),
        ("nickname", "api"),
        ("password", "short7"),
        ("hostname", "not a host"),
        ("registration", "friends"),
    ] {
        let answer = browser.submit_once(&good.clone().fill(field, value));
        assert!(
            (400..=403).contains(&answer.status),
            "{field}={value}: {}",
            answer.status
        );
        assert!(!answer.text().contains(PASSWORD));
    }
    let forged = browser.submit_once(&good.clone().without("_csrf"));
    assert_eq!(forged.status, 403);
    assert!(form(&mut browser).has("code"), "the setup is still open");
}

#[test]
fn guessing_the_code_is_stopped() {
    let pump = Pump::unconfigured();
    let code = code_of(&pump);
    let mut browser = pump.browser();
    let mut last = 0;
    for number in 0..12 {
        let guess = filled(form(&mut browser), &format!("AAAA-{number:04}"));
        last = browser.submit_once(&guess).status;
        if last == 429 {
            break;
        }
    }
    assert_eq!(last, 429);
    // Even the right code has to wait now.
    let right = filled(form(&mut browser), &code);
    assert_eq!(browser.submit_once(&right).status, 429);
}

#[test]
fn the_setup_makes_the_owner_and_is_gone() {
    let mut pump = Pump::unconfigured();
    let code = code_of(&pump);
    let mut browser = pump.browser();
    let good = filled(form(&mut browser), &code);
    let page = browser.submit(&good).expect(200);
    assert!(
        page.shows("evan") || page.shows("The Prodromous"),
        "{}",
        page.html()
    );
    for request in [
        Request::get("/setup"),
        Request::post("/setup").form(&[("code", &code)]),
    ] {
        let status = pump.nobody().send(request).status;
        assert!(matches!(status, 404 | 410), "{status}");
    }
    let mut later = pump.browser();
    let login = later.open("/main/login").expect(200).form_to("/main/login");
    let home = later.submit(&login.fill("nickname", "evan").fill("password", PASSWORD));
    assert_eq!(home.answer.status, 200);

    pump.restart();
    let status = pump.nobody().get("/setup").status;
    assert!(matches!(status, 404 | 410), "{status}");
    let output = pump.command(&["setup-code"], "");
    assert!(
        !output.status.success() || output.stdout.is_empty(),
        "{output:?}"
    );
}

#[test]
fn a_configured_server_has_no_setup() {
    let pump = Pump::start();
    let status = pump.nobody().get("/setup").status;
    assert!(matches!(status, 404 | 410), "{status}");
}

#[test]
fn it_ends_with_the_addresses_to_give_away() {
    let pump = Pump::unconfigured();
    let mut browser = pump.browser();
    let good = filled(form(&mut browser), &code_of(&pump));
    assert_eq!(good.value("registration"), "invite");
    let page = browser
        .submit(&good.fill("registration", "open"))
        .expect(200);
    assert_eq!(page.at, "/main/box/addresses?new=1");
    assert!(page.shows("Your pump is ready"), "{}", page.html());
    assert_eq!(page.text_of("name"), "http://localhost:8080");
    assert_eq!(page.html().matches("role=\"img\"").count(), 1, "one code");
    assert!(
        !page.html().contains("id=\"number\""),
        "it listens to itself"
    );
    let next = page.all("a", "href");
    for path in ["/main/invitations", "/main/compose#content"] {
        assert!(next.iter().any(|link| link == path), "{path}: {next:?}");
    }
    let again = browser.open(&page.at).expect(200);
    assert!(again.shows("Your pump is ready"));
    let later = browser.open("/main/box/addresses").expect(200);
    assert!(!later.shows("Your pump is ready") && !later.shows("What comes next?"));
    assert_eq!(later.text_of("name"), "http://localhost:8080");
    pump.browser()
        .open("/main/register")
        .expect(200)
        .form("registration");
    assert!(pump.runs(&["registration"], "").starts_with("open"));
}

#[test]
fn a_second_tap_leads_to_the_same_end() {
    let pump = Pump::unconfigured();
    let mut browser = pump.browser();
    let good = filled(form(&mut browser), &code_of(&pump));
    // Nobody sees the answer to the first tap.
    let mut tapped = browser.clone();
    assert_eq!(tapped.submit_once(&good).status, 303);
    for (field, value) in [
        ("password", "another-1"),
        ("nickname", "ann"),
        ("_csrf", "forged"),
    ] {
        let refused = browser.submit_once(&good.clone().fill(field, value));
        assert_eq!(refused.status, 404, "{field}");
    }
    let page = browser.submit(&good).expect(200);
    assert!(page.shows("Your pump is ready"), "{}", page.html());
    assert!(pump.runs(&["user", "list"], "").contains("evan"));
}

#[test]
fn a_power_cut_behind_the_last_button_loses_nothing() {
    let mut pump = Pump::unconfigured();
    let mut browser = pump.browser();
    let good = filled(form(&mut browser), &code_of(&pump));
    // Where there is no network, nobody else has a name.
    let answer = browser.submit_once(&good.fill("hostname", "attic.local"));
    assert_eq!(answer.status, 303);
    let place = "http://attic.local:8080/main/box/addresses?new=1";
    assert_eq!(
        answer.header("location"),
        place,
        "another name, other cookies"
    );
    pump.kill();
    pump.start_again();
    let ask = |browser: &mut Browser, path: &str| {
        browser.ask(Request::get(path).header("Host", "attic.local:8080"))
    };
    let mut later = pump.browser();
    let login = ask(&mut later, "/main/box/addresses?new=1");
    let way = login.expect(302).header("location").to_owned();
    assert!(
        way.contains("/main/login") && way.contains("addresses"),
        "{way}"
    );
    let page = ask(&mut later, "/main/login").expect(200).text();
    let token = page
        .split("name=\"_csrf\" value=\"")
        .nth(1)
        .expect("a form");
    let token = token.split('"').next().unwrap_or_default();
    let answers = [
        ("_csrf", token),
        ("nickname", "evan"),
        ("password", PASSWORD),
    ];
    let login = Request::post("/main/login").header("Host", "attic.local:8080");
    later.ask(login.form(&answers)).expect(303);
    let overview = ask(&mut later, "/main/box").expect(200).text();
    assert!(overview.contains("/main/box/addresses"));
    let addresses = ask(&mut later, "/main/box/addresses").expect(200).text();
    assert!(addresses.contains("http://attic.local:8080"));
}

/// RFC 6762 §9
#[test]
fn a_name_that_another_machine_has_is_refused() {
    let test = "a_name_that_another_machine_has_is_refused";
    among(&["kitchen", "new"], test, || {
        let kitchen = network::on_machine("kitchen", "10.77.0.2", &["--federateLan=true"]);
        let alice = kitchen.register("alice");
        kitchen.give_to("alice");
        let new = network::new_on_machine("new", "10.77.0.3");
        let heard = || alice.get("/api/owner/neighbours").ok()["items"].clone();
        eventually(|| heard().as_array().is_some_and(|all| all.len() == 1));
        let mut browser = new.browser();
        let good = filled(form(&mut browser), &code_of(&new));
        let taken = good.fill("hostname", "kitchen.local");
        let page = browser
            .submit(&taken.fill("registration", "closed"))
            .expect(409);
        let problem = page.text_of("error");
        assert!(
            problem.starts_with("kitchen.local is already here"),
            "{problem}"
        );
        assert!(problem.contains("such as kitchen-2.local"), "{problem}");
        assert_eq!(new.nobody().get("/setup").status, 200, "nothing was kept");
        let offered = page.form_to("/setup");
        assert_eq!(offered.value("hostname"), "kitchen-2.local");
        assert_eq!(offered.value("site"), "The Prodromous");
        assert_eq!(offered.value("registration"), "closed");
        let offered = offered.fill("password", PASSWORD).fill("again", PASSWORD);
        let answer = browser.submit_once(&offered);
        assert_eq!(answer.status, 303, "{}", answer.text());
        let place = "http://kitchen-2.local/main/box/addresses?new=1";
        assert_eq!(answer.header("location"), place);
        eventually(|| heard().to_string().contains("http://kitchen-2.local"));
    });
}

#[test]
fn two_new_pumps_get_two_names() {
    let test = "two_new_pumps_get_two_names";
    among(&["kitchen", "new"], test, || {
        let pumps = [("kitchen", "10.77.0.2"), ("new", "10.77.0.3")];
        let pumps = pumps.map(|(machine, at)| network::new_known_as(at, machine, at));
        let second = eventually_some(|| {
            let mut both = pumps.iter();
            both.find(|pump| pump.log().contains("pump-2.local"))
        });
        let mut browser = second.browser();
        let good = filled(form(&mut browser), &code_of(second));
        let page = browser
            .submit(&good.fill("hostname", "pump.local"))
            .expect(409);
        assert!(page.text_of("error").contains("such as pump-2.local"));
        let offered = page.form_to("/setup");
        let offered = offered.fill("password", PASSWORD).fill("again", PASSWORD);
        let page = browser.submit(&offered).expect(200);
        assert_eq!(page.text_of("name"), "http://pump-2.local");
    });
}

#[test]
fn a_phone_that_finds_no_names_is_led_to_none() {
    let test = "a_phone_that_finds_no_names_is_led_to_none";
    among(&["new"], test, || {
        let pump = network::new_known_as("10.77.0.2", "new", "10.77.0.2");
        let mut owner = pump.browser();
        let good = form(&mut owner);
        assert_eq!(good.value("hostname"), "pump.local", "numbers change");
        let good = filled(good, &code_of(&pump)).fill("hostname", "attic.local");
        let page = owner.submit(&good).expect(200);
        assert_eq!(
            page.at, "/main/box/addresses?new=1",
            "logged in where it came"
        );
        assert_eq!(page.text_of("name"), "http://attic.local");
        assert_eq!(page.text_of("number"), "http://10.77.0.2");
        assert_eq!(page.html().matches("role=\"img\"").count(), 2);

        let mut phone = pump.browser();
        assert!(phone.open("/").expect(200).at.starts_with('/'));
        let home = phone.log_in("evan", PASSWORD).expect(200);
        assert!(home.at.starts_with('/'), "{}", home.at);
        let note = phone.open("/main/compose").expect(200).form("composer");
        let page = phone
            .submit(&note.fill("content", "By a number"))
            .expect(200);
        assert!(
            page.at.starts_with('/') && page.shows("By a number"),
            "{}",
            page.at
        );
    });
}
