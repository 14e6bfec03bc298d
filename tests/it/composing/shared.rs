//! What other applications of a device share with the site: it waits in the box to post.

use super::real::states;
use crate::harness::chromium::Window;
use crate::harness::http::Multipart;
use crate::harness::people::PASSWORD;
use crate::harness::{Chromium, Pump, Request, pictures};
use serde_json::Value;

/// Bytes of what a stranger pretends to share.
const LARGE: usize = 300_000;

/// Bytes of a film, more than the server reads of what it refuses to a program.
const FILM: usize = 20 << 20;

/// The box to post on Ann's phone, where the site is an application.
#[track_caller]
fn installed(chromium: &Chromium, pump: &Pump) -> Window {
    let mut phone = chromium.window_of(pump, "ann");
    phone.on_a_phone().open("/main/compose");
    phone.until(
        |phone| phone.script("navigator.serviceWorker.controller !== null") == true,
        "the worker is not there",
    );
    phone
}

/// Shares a text and a file with the site, as the system of the device does when somebody picks it; `bytes` is a script that gives an
/// array of them.
fn shares(phone: &mut Window, text: &str, name: &str, bytes: &str) {
    phone.script(&format!(
        "(bytes => {{
            const form = Object.assign(document.createElement('form'), {{ method: 'post', enctype: 'multipart/form-data', action: '/main/shared' }});
            const text = Object.assign(document.createElement('textarea'), {{ name: 'text', value: '{text}' }});
            const file = Object.assign(document.createElement('input'), {{ type: 'file', name: 'file' }});
            const given = new DataTransfer();
            given.items.add(new File([Uint8Array.from(bytes)], '{name}'));
            file.files = given.files;
            form.append(text, file);
            document.body.append(form);
            form.submit();
        }})({bytes})"
    ));
}

/// What the system of a device sends: nothing tells it from the user's own hand but `Sec-Fetch-Site`.
fn share(words: &[(&str, &str)], files: &[(&str, &str, &[u8])], from: Option<&str>) -> Request {
    let mut body = Multipart::new();
    for (name, value) in words {
        body.text(name, value);
    }
    for (name, kind, bytes) in files {
        body.file("file", name, kind, bytes);
    }
    let request = body.into_body_of(Request::post("/main/shared"));
    match from {
        Some(from) => request.header("Sec-Fetch-Site", from),
        None => request,
    }
}

#[test]
fn what_a_page_sends_or_a_stranger_is_refused() {
    let pump = Pump::start();
    let evan = pump.register("evan");
    let mut browser = pump.browser_of("evan");
    let photo = pictures::photo(320, 240, 1);
    let files = [("sea.jpg", "image/jpeg", photo.as_slice())];
    for from in [
        None,
        Some("cross-site"),
        Some("same-site"),
        Some("nonsense"),
    ] {
        let answer = browser.ask(share(&[("text", "Buy this")], &files, from));
        assert_eq!(answer.status, 403, "{from:?}");
        assert!(answer.text().contains("Only your own device"), "{from:?}");
    }
    let large = vec![0; LARGE];
    let files = [("sea.jpg", "image/jpeg", large.as_slice())];
    let nobody = pump.browser().ask(share(&[], &files, Some("none")));
    assert_eq!(nobody.status, 401);
    let page = nobody.text();
    assert!(page.contains("Log in, then share it again.") && page.contains("/main/login"));
    assert_eq!(browser.ask(Request::get("/main/shared")).status, 405);
    // None of them left anything behind.
    let form = browser.open("/main/compose").expect(200).form("composer");
    assert_eq!(form.value("content"), "");
    assert!(!form.has("upload"));
    assert_eq!(evan.feed().major().total(), 0);
}

#[test]
fn a_film_that_is_not_taken_is_answered_with_a_page() {
    let pump = Pump::with(&["--uploadBytesMax", "100000"]);
    pump.register("evan");
    let film = vec![7; FILM];
    let files = [("film.mp4", "video/mp4", film.as_slice())];
    for (mut browser, status, words) in [
        (pump.browser(), 401, "Log in, then share it again."),
        (pump.browser_of("evan"), 413, "too large"),
    ] {
        let answer = browser.ask(share(&[], &files, Some("none")));
        assert_eq!(answer.status, status);
        assert!(answer.text().contains(words), "{}", answer.text());
    }
}

#[test]
fn what_cannot_be_posted_is_said_beside_the_rest() {
    let pump = Pump::with(&["--uploadBytesMax", "100000"]);
    pump.register("evan");
    let mut browser = pump.browser_of("evan");
    let photo = pictures::photo(320, 240, 1);
    let files: [(&str, &str, &[u8]); 3] = [
        ("broken.jpg", "image/jpeg", b"no photo"),
        ("sea.jpg", "image/jpeg", &photo),
        ("empty.txt", "text/plain", b""),
    ];
    let looking = [("text", "Look")];
    let page = browser
        .follow(share(&looking, &files, Some("none")))
        .expect(400);
    assert_ne!(page.text_of("error"), "");
    let form = page.form("composer");
    assert_eq!(form.value("content"), "Look");
    assert!(form.has("upload"), "the photo is lost");
    let many = vec![("a.txt", "text/plain", b"a".as_slice()); 21];
    let page = browser
        .follow(share(&looking, &many, Some("none")))
        .expect(400);
    assert!(page.text_of("error").contains("at most 20"));
    assert_eq!(page.form("composer").value("content"), "Look");
    let large = vec![0; LARGE];
    let files = [("film.mp4", "video/mp4", large.as_slice())];
    let answer = browser.ask(share(&[], &files, Some("none")));
    assert_eq!(answer.status, 413);
    assert!(answer.text().contains("too large"));
    let bare = Pump::with(&["--enableUploads=false"]);
    bare.register("ann");
    let mut ann = bare.browser_of("ann");
    let manifest = ann.ask(Request::get("/manifest.webmanifest")).expect(200);
    let manifest: Value = serde_json::from_slice(&manifest.body).expect("JSON");
    assert!(manifest["share_target"]["params"]["files"].is_null());
    let files = [("sea.jpg", "image/jpeg", photo.as_slice())];
    assert_eq!(ann.ask(share(&[], &files, Some("none"))).status, 400);
}

#[test]
fn words_and_photos_of_a_device_wait_in_the_box_and_are_posted_from_there() {
    let pump = Pump::start();
    let evan = pump.register("evan");
    let mut browser = pump.browser_of("evan");
    let manifest = browser
        .ask(Request::get("/manifest.webmanifest"))
        .expect(200);
    let manifest: Value = serde_json::from_slice(&manifest.body).expect("JSON");
    let target = &manifest["share_target"];
    assert_eq!(target["action"], "/main/shared");
    assert_eq!(target["method"], "POST");
    assert_eq!(target["enctype"], "multipart/form-data");
    assert_eq!(target["params"]["files"][0]["name"], "file");

    let photos = [1, 3].map(|turn| pictures::photo(640, 480, turn));
    let files = photos
        .each_ref()
        .map(|photo| ("sea.jpg", "image/jpeg", photo.as_slice()));
    let words = [
        ("title", "Waves & <b>wind</b>"),
        ("text", "Look at them"),
        ("url", "https://sea.example/?a=1&b=2"),
    ];
    let page = browser
        .follow(share(&words, &files, Some("none")))
        .expect(200);
    assert!(page.at.starts_with("/main/compose?"), "{}", page.at);
    assert_eq!(evan.feed().major().total(), 0, "sharing posts nothing");
    let form = page.form("composer");
    assert_eq!(form.value("title"), "Waves & <b>wind</b>");
    assert_eq!(
        form.value("content"),
        "Look at them\n\nhttps://sea.example/?a=1&b=2"
    );
    browser.submit(&form).expect(200);
    let posted = evan.feed().major().items()[0]["object"].clone();
    let parts = posted["attachments"].as_array().map(Vec::len);
    assert_eq!(parts, Some(2));
    assert_eq!(posted["displayName"], "Waves & <b>wind</b>");

    // Words that are too long for an address come all the same.
    let long = "Waves, and more of them. ".repeat(400);
    let page = browser.follow(share(&[("text", &long)], &[], Some("same-origin")));
    assert_eq!(
        page.expect(200).form("composer").value("content"),
        long.trim()
    );
}

#[test]
fn in_a_browser_what_was_shared_joins_the_draft_and_is_posted() {
    let pump = Pump::named("localhost", &[]);
    let ann = pump.register("ann");
    let chromium = Chromium::take();
    let mut phone = installed(&chromium, &pump);
    phone.fill("What is new?", "Begun before");
    phone.until(
        |phone| {
            phone.script("localStorage.getItem('draft ann')?.includes('before') ?? false") == true
        },
        "the draft is not kept",
    );
    let photo = pictures::photo(640, 480, 1);
    shares(&mut phone, "Shared waves", "sea.jpg", &format!("{photo:?}"));
    phone.sees("sea.jpg").is_at("/main/compose");
    let written = "document.querySelector('#content').value";
    assert_eq!(phone.script(written), "Begun before\n\nShared waves");
    phone.reload().sees("sea.jpg");
    assert_eq!(phone.script(written), "Begun before\n\nShared waves");
    assert_eq!(
        phone.script("document.querySelectorAll('.waiting li').length"),
        1
    );
    phone.has_no_axe_violations();
    phone
        .click_near("Preview", "Post")
        .sees("Shared waves")
        .is_at("/");
    let posted = ann.feed().major().items()[0]["object"].clone();
    assert_eq!(posted["objectType"], "image");
    assert_eq!(phone.complaints(), Vec::<String>::new());
}

#[test]
fn what_is_shared_by_nobody_or_without_a_network_waits_on_the_device() {
    let pump = Pump::named("localhost", &[]);
    let ann = pump.register("ann");
    let chromium = Chromium::take();
    let mut phone = installed(&chromium, &pump);
    phone.click("Your menu").click("Log out").sees("Log in");
    // Larger than what the server reads of what it does not want.
    let film = format!(
        "(() => {{ const film = new Uint8Array({FILM}); film.set([...'____ftypmp42____mp42isom'].map(c => c.charCodeAt(0))); return film; }})()"
    );
    shares(&mut phone, "A whole summer", "summer.mp4", &film);
    phone.sees("Forgot your password?");
    phone
        .fill("Nickname", "ann")
        .fill("Password", PASSWORD)
        .click_near("Forgot your password?", "Log in")
        .is_at("/main/compose");
    phone.until(|phone| states(phone) == "done", "the film is lost");
    let written = "document.querySelector('#content').value";
    assert_eq!(phone.script(written), "A whole summer");
    phone.reload();
    phone.until(|phone| states(phone) == "done", "it does not wait");
    assert_eq!(phone.script(written), "A whole summer");

    // Without a network it joins the rest as soon as there is one.
    phone.road.cut();
    shares(&mut phone, "And the dog", "dog.txt", "[87, 111, 111, 102]");
    phone.sees("You are offline");
    phone.road.mend();
    phone.click("Try again").sees("dog.txt");
    phone.until(|phone| states(phone) == "done done", "the file is lost");
    assert_eq!(phone.script(written), "A whole summer\n\nAnd the dog");
    phone
        .click_near("Preview", "Post")
        .sees("A whole summer")
        .is_at("/");
    phone.complaints();
    let posted = ann.feed().major().items()[0]["object"].clone();
    assert_eq!(posted["attachments"].as_array().map(Vec::len), Some(2));
    assert_eq!(ann.feed().major().total(), 1);
}
