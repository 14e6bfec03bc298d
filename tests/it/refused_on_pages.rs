//! What a person sees where something is refused, in a browser: each form with what is wrong with it, and the page of each error.
//! All of it as good as other pages, on the narrowest phone. With `PUMPHOUSE_TEST_SCREENSHOTS=1` pictures go to
//! `target/screenshots/refused`.

use crate::harness::chromium::{Rules, Screen, Window};
use crate::harness::people::PASSWORD;
use crate::harness::{Chromium, Pump, knob, pictures};
use std::fs;
use std::path::{Path, PathBuf};

/// A form of a page.
struct Tried<'t> {
    /// Its page.
    path: &'t str,
    /// What is filled in, by the names of fields.
    fields: &'t [(&'t str, &'t str)],
    /// Its selector.
    form: &'t str,
    status: u64,
    words: &'t str,
}

/// Looks at the page as one does who has just been refused.
#[track_caller]
fn bears(window: &mut Window, name: &str) {
    let wish = knob("PUMPHOUSE_TEST_SCREENSHOTS");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/screenshots/refused");
    window.on(Screen::NARROW).dark(false).still(true);
    assert_eq!(window.overhanging(), Vec::<String>::new(), "{name}");
    assert_eq!(window.small_targets(), Vec::<String>::new(), "{name}");
    for (screen, theme) in [
        (Screen::PHONE, "light"),
        (Screen::PHONE, "dark"),
        (Screen::DESK, "light"),
        (Screen::DESK, "dark"),
    ] {
        window.on(screen).dark(theme == "dark");
        let rules = match theme {
            "dark" => Rules::Colours,
            _ => Rules::All,
        };
        assert_eq!(window.axe(rules), Vec::<String>::new(), "{name}");
        if wish.is_some() {
            let file = format!("{name}-{}-{theme}.png", screen.width);
            window.picture_to(&folder.join(file));
        }
    }
}

/// Fills in a form and sends it, past what the browser itself would complain about.
#[track_caller]
fn tries(window: &mut Window, tried: &Tried<'_>) {
    window.open(tried.path);
    let fields = serde_json::json!(tried.fields);
    let form = serde_json::json!(tried.form);
    window.script(&format!(
        "(fields => {{
            const form = document.querySelector({form});
            for (const [name, value] of fields) form.elements[name].value = value;
            form.submit();
        }})({fields})"
    ));
    let said = "document.querySelector('#error')?.textContent ?? ''";
    window.until(
        |window| {
            let said = window.evaluate(said).unwrap_or_default();
            said.as_str().is_some_and(|said| said.contains(tried.words))
        },
        tried.words,
    );
    window.complaints();
    assert_eq!(window.status(), tried.status, "{}", tried.path);
    let name = tried.path.trim_matches('/').replace(['/', '?'], "-");
    bears(window, &format!("{name}-{}", tried.status));
}

fn file(pump: &Pump, name: &str, bytes: &[u8]) -> PathBuf {
    let file = pump.directory().join(name);
    fs::write(&file, bytes).expect("a file");
    file
}

#[test]
fn forms_say_what_is_wrong_and_keep_what_was_typed() {
    let pump = Pump::start();
    pump.register_all(["ann", "ben"]);
    let chromium = Chromium::take();
    let mut stranger = chromium.window(&pump);
    let (register, login) = ("/main/register", "/main/login");
    let new = |nickname, password, again| {
        [
            ("nickname", nickname),
            ("password", password),
            ("again", again),
        ]
    };
    for (path, fields, status, words) in [
        (
            register,
            &new("dan", "short7", "short7")[..],
            400,
            "at least 8 characters",
        ),
        (register, &new("ann", PASSWORD, PASSWORD), 409, "taken"),
        (register, &new("a b", PASSWORD, PASSWORD), 400, "nickname"),
        (
            register,
            &new("dan", PASSWORD, "other"),
            400,
            "not the same",
        ),
        (
            login,
            &[("nickname", "ann"), ("password", "wrong 123")],
            401,
            "is not right",
        ),
        (
            login,
            &[("nickname", "ann"), ("_csrf", "of yesterday")],
            403,
            "too old",
        ),
    ] {
        let form = match path {
            "/main/login" => "#login",
            _ => "#registration",
        };
        let tried = Tried {
            path,
            fields,
            form,
            status,
            words,
        };
        tries(&mut stranger, &tried);
        if status != 403 {
            let nickname = stranger.script("document.querySelector('#nickname').value");
            assert_eq!(nickname, fields[0].1);
            let kept = stranger.script("document.querySelector('#password').value");
            assert_eq!(kept, "", "a password is not shown again");
        }
    }

    let mut ann = chromium.window_of(&pump, "ann");
    let long = "a very long name ".repeat(20);
    for (path, form, fields, status, words) in [
        (
            "/main/account",
            "#account",
            &[
                ("current", "wrong 123"),
                ("password", "a new one 1"),
                ("again", "a new one 1"),
            ][..],
            401,
            "not right",
        ),
        (
            "/main/account",
            "#account",
            &[
                ("current", PASSWORD),
                ("password", "short7"),
                ("again", "short7"),
            ],
            400,
            "at least 8 characters",
        ),
        (
            "/main/find",
            "#find",
            &[("address", "nobody")],
            400,
            "address",
        ),
        (
            "/ann/lists",
            "#new-list",
            &[("name", &long)],
            400,
            "too long",
        ),
        ("/ann/lists", "#new-list", &[("name", "")], 400, "a name"),
        (
            "/main/groups",
            "#new-group",
            &[("name", &long)],
            400,
            "at most 80",
        ),
        (
            "/ann/lists",
            "#new-list",
            &[("name", "Choir"), ("_csrf", "old")],
            403,
            "too old",
        ),
    ] {
        let tried = Tried {
            path,
            fields,
            form,
            status,
            words,
        };
        tries(&mut ann, &tried);
    }
    // Whoever is refused is still logged in, and finds the way on.
    ann.sees("Messages");
}

#[test]
fn the_pages_of_errors_keep_the_ways_on_for_who_is_logged_in() {
    let pump = Pump::with(&["--uploadBytesMax", "100000"]);
    pump.register_all(["ann", "ben"]);
    let chromium = Chromium::take();
    let mut ann = chromium.window_of(&pump, "ann");
    for (path, status, words) in [
        ("/main/box", 403, "owner"),
        ("/nobody", 404, "no such user"),
        ("/main/no/such/page", 404, "nothing at this address"),
        ("/main/post", 405, "a form"),
    ] {
        ann.open(path).sees(words);
        assert_eq!(ann.status(), status, "{path}");
        assert_eq!(ann.script("document.querySelectorAll('.rail').length"), 1);
        bears(&mut ann, &format!("error-{status}"));
    }

    // A picture that is too large, and one for which there is no place.
    let mut sends = |name: &str, bytes: &[u8], status: u64, words: &str| {
        let picture = file(&pump, name, bytes);
        ann.open("/main/settings/profile");
        ann.attach("A new picture of you", &[&picture]);
        ann.script("document.querySelector('#profile').submit()");
        ann.sees(words).complaints();
        assert_eq!(ann.status(), status);
        bears(&mut ann, &format!("error-{status}"));
    };
    let large = pictures::grainy(1600, 1200, 1);
    sends("large.jpg", &large, 413, "too large: at most 98 KB");
    let uploads = pump.directory().join("uploads");
    fs::remove_dir_all(&uploads).expect("it is there");
    fs::write(&uploads, "in the way").expect("a file");
    sends(
        "small.png",
        &pictures::png(64, 64),
        500,
        "Something went wrong",
    );

    // Whoever guesses has to wait.
    let mut stranger = chromium.window(&pump);
    for _ in 0..30 {
        stranger.open("/main/login");
        stranger
            .fill("Nickname", "ben")
            .fill("Password", "guess 123");
        stranger.click_near("Forgot your password?", "Log in");
        if stranger.status() == 429 {
            break;
        }
    }
    stranger.sees("Too many tries.");
    bears(&mut stranger, "error-429");
}
