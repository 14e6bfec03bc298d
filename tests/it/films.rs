//! Films: had in the parts that players ask for, by those who may see them and by nobody else; and as a browser shows them, with a still
//! picture that the sender's browser took.

use crate::guest_links::makes_link;
use crate::harness::chromium::Window;
use crate::harness::{
    Answer, Browser, Caller, Chromium, Person, Pump, Request, activity, note, pictures, public,
};
use crate::moving::bringing::brought;
use crate::moving::exported;
use crate::photos::{key_of, reader};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use std::path::PathBuf;

/// Bytes of a film, most of them different from their neighbours.
const FILM_BYTES: usize = 200_000;

/// What begins as a film does; nobody plays it.
fn film() -> Vec<u8> {
    let mut bytes = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom\0\0\0\0".to_vec();
    let rest = FILM_BYTES - bytes.len();
    bytes.extend((0..rest).map(|at| u8::try_from(at % 251).expect("below 256")));
    bytes
}

fn part(caller: &Caller, url: &str, range: &str) -> Answer {
    caller.send(Request::get(url).header("Range", range))
}

#[test]
fn whoever_may_not_see_a_film_gets_no_part_of_it() {
    let pump = Pump::start();
    let [evan, ann, bea] = pump.register_all(["evan", "ann", "bea"]);
    let film = evan.upload("video/mp4", &film());
    let url = film["stream"]["url"].as_str().expect("an address");
    let ranges = ["bytes=0-1", "bytes=-10", "bytes=999999999-", "nonsense"];
    let refused = |caller: &Caller| {
        for range in ranges {
            let answer = part(caller, url, range).expect(403);
            for header in ["content-range", "etag", "last-modified", "accept-ranges"] {
                assert_eq!(answer.header(header), "", "{range}");
            }
            assert!(answer.body.len() < 1000);
        }
    };
    for caller in [&pump.nobody(), &pump.client(), &ann.caller, &bea.caller] {
        refused(caller);
    }
    let post = evan.post(activity("post", &film).to(&ann));
    part(&ann, url, "bytes=0-1").expect(206);
    for caller in [&pump.nobody(), &pump.client(), &bea.caller] {
        refused(caller);
    }
    // Whoever knows a name of the file learns no more by it.
    let tag = part(&ann, url, "bytes=0-1").header("etag").to_owned();
    let known = Request::get(url).header("Range", "bytes=0-1");
    bea.send(known.header("If-Range", &tag)).expect(403);
    evan.does("delete", &post["object"]);
    assert_ne!(part(&ann, url, "bytes=0-1").status, 206);
}

#[test]
fn players_get_the_part_for_which_they_ask() {
    let pump = Pump::start();
    let [evan, ann] = pump.register_all(["evan", "ann"]);
    let bytes = film();
    let film = evan.upload("video/mp4", &bytes);
    let url = film["stream"]["url"].as_str().expect("an address");
    evan.post(activity("post", &film).to(&ann));
    let whole = ann.get(url).expect(200);
    assert_eq!(whole.header("accept-ranges"), "bytes");
    assert_eq!(whole.header("content-type"), "video/mp4");
    assert!(whole.body == bytes);

    // What Safari asks first, what players ask when one seeks, and the end of the file, where many films have their index.
    for (range, from, to) in [
        ("bytes=0-1", 0, 2),
        ("bytes=0-", 0, FILM_BYTES),
        ("bytes=150000-", 150_000, FILM_BYTES),
        ("bytes=70000-79999", 70_000, 80_000),
        ("bytes=-500", FILM_BYTES - 500, FILM_BYTES),
        ("bytes=-99999999", 0, FILM_BYTES),
        ("bytes=199999-199999", FILM_BYTES - 1, FILM_BYTES),
        ("bytes=199000-99999999999999999999999", 199_000, FILM_BYTES),
    ] {
        let answer = part(&ann, url, range).expect(206);
        assert!(answer.body == bytes[from..to], "{range}");
        let told = format!("bytes {from}-{}/{FILM_BYTES}", to - 1);
        assert_eq!(answer.header("content-range"), told, "{range}");
        assert_eq!(answer.header("content-length"), (to - from).to_string());
        assert_eq!(answer.header("content-type"), "video/mp4", "{range}");
        assert_eq!(answer.header("etag"), whole.header("etag"));
        assert_eq!(answer.header("content-encoding"), "");
    }
    for range in ["bytes=200000-", "bytes=999999-1999999", "bytes=-0"] {
        let answer = part(&ann, url, range).expect(416);
        assert_eq!(
            answer.header("content-range"),
            format!("bytes */{FILM_BYTES}")
        );
        assert_eq!(answer.header("cache-control"), "no-store", "{range}");
        assert!(answer.body.is_empty());
    }
    for range in ["bytes=0-1,5-6", "bytes=9-1", "seconds=1-2", "bytes=x-y"] {
        assert!(part(&ann, url, range).expect(200).body == bytes, "{range}");
    }

    // A part of the file that one has begun with, and all of it where that is another one.
    let date = whole.header("last-modified");
    for (known, status) in [
        (whole.header("etag"), 206),
        (date, 206),
        ("\"another\"", 200),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 200),
        (&format!("W/{}", whole.header("etag")), 200),
    ] {
        let request = Request::get(url).header("Range", "bytes=5-9");
        ann.send(request.header("If-Range", known)).expect(status);
    }
    let request = Request::get(url).header("Range", "bytes=5-9");
    let request = request.header("If-None-Match", whole.header("etag"));
    ann.send(request).expect(304);
    let head = Request::new("HEAD", url).header("Range", "bytes=5-9");
    let head = ann.send(head).expect(200);
    assert_eq!(head.header("content-length"), FILM_BYTES.to_string());
}

#[test]
fn a_film_is_sought_by_a_session_and_by_a_link_for_guests() {
    let pump = Pump::start();
    let evan = pump.register("evan");
    let bytes = film();
    let mut film = evan.upload("video/mp4", &bytes);
    film["displayName"] = json!("The pier");
    let url = film["stream"]["url"].as_str().expect("an address");
    let path = pump.site.path_of(url).to_owned();
    let film = evan.post(activity("post", &film).to(&evan))["object"].clone();
    let mut browser = pump.browser_of("evan");
    let seek = |path: &str| Request::get(path).header("Range", "bytes=100000-100009");
    let answer = browser.ask(seek(&path)).expect(206);
    assert!(answer.body == bytes[100_000..100_010]);
    let link = makes_link(&mut browser, &key_of(&film));
    let name = path.rsplit('/').next().expect("a name");
    let mut guest = pump.browser();
    guest.ask(seek(&path)).expect(403);
    let answer = guest.ask(seek(&format!("{link}/{name}"))).expect(206);
    assert!(answer.body == bytes[100_000..100_010]);
    let photo = evan.upload("image/jpeg", &pictures::jpeg(64, 48));
    let other = photo["image"]["url"].as_str().expect("an address");
    let other = other.rsplit('/').next().expect("a name");
    guest.ask(seek(&format!("{link}/{other}"))).expect(404);
}

/// Somebody who sends a film by the box to post.
struct Sender {
    browser: Browser,
    csrf: String,
}

impl Sender {
    fn of(pump: &Pump, nickname: &str) -> Sender {
        let mut browser = pump.browser_of(nickname);
        let form = browser.open("/main/compose").expect(200).form("composer");
        let csrf = form.value("_csrf").to_owned();
        Sender { browser, csrf }
    }

    fn asks(&mut self, request: Request) -> Answer {
        let request = request.header("X-CSRF-Token", &self.csrf);
        self.browser
            .ask(request.header("X-Requested-With", "XMLHttpRequest"))
    }

    /// Sends a file; answers its address.
    fn sends(&mut self, kind: &str, bytes: &[u8]) -> String {
        let kind = BASE64_STANDARD.encode(kind);
        let begun = Request::post("/main/uploads")
            .header("Upload-Length", &bytes.len().to_string())
            .header("Upload-Metadata", &format!("filetype {kind}"));
        let at = self.asks(begun).expect(201).header("location").to_owned();
        let piece = Request::new("PATCH", &at).header("Upload-Offset", "0");
        self.asks(piece.bytes("application/offset+octet-stream", bytes))
            .expect(200);
        at
    }

    fn sends_poster(&mut self, at: &str, kind: &str, bytes: &[u8]) -> Answer {
        self.asks(Request::post(&format!("{at}/poster")).bytes(kind, bytes))
    }

    fn posts(&mut self, at: &str, audience: &str) -> Answer {
        let key = at.rsplit('/').next().expect("a key");
        let fields = [("audience", audience), ("names", "ann"), ("upload", key)];
        self.asks(Request::post("/main/post").form(&fields))
            .expect(201)
    }
}

#[test]
fn a_poster_belongs_to_a_film_of_ones_own_that_waits() {
    let pump = Pump::start();
    let [evan, ann, bea] = pump.register_all(["evan", "ann", "bea"]);
    let mut sender = Sender::of(&pump, "evan");
    let at = sender.sends("video/mp4", &film());
    let still = pictures::jpeg(1280, 720);
    let nobody = Request::post(&format!("{at}/poster")).bytes("image/jpeg", &still);
    assert!(pump.browser().ask(nobody).status >= 400);
    let mut other = Sender::of(&pump, "ann");
    assert_eq!(other.sends_poster(&at, "image/jpeg", &still).status, 404);
    let half = Request::post("/main/uploads").header("Upload-Length", "9999");
    let half = sender.asks(half).expect(201).header("location").to_owned();
    assert_eq!(sender.sends_poster(&half, "image/jpeg", &still).status, 404);
    let photo = sender.sends("image/jpeg", &pictures::jpeg(64, 48));
    assert_eq!(
        sender.sends_poster(&photo, "image/jpeg", &still).status,
        409
    );
    for (bytes, status) in [
        (b"no picture at all".as_slice(), 400),
        (&still[..still.len() / 2], 400),
        (b"", 400),
        (&film(), 400),
    ] {
        let refused = sender.sends_poster(&at, "image/jpeg", bytes);
        assert_eq!(refused.status, status, "{}", refused.text());
        assert!(refused.json()["error"].is_string());
    }
    let large = vec![0xFF; (1 << 20) + 1];
    assert_eq!(sender.sends_poster(&at, "image/jpeg", &large).status, 413);

    // It is taken once, and shown to those who see the film; they see the film, too.
    let kept = sender.sends_poster(&at, "image/jpeg", &still).expect(200);
    let small = kept.json()["picture"]
        .as_str()
        .expect("a picture")
        .to_owned();
    let again = sender.sends_poster(&at, "image/jpeg", &pictures::jpeg(64, 48));
    assert_eq!(again.expect(200).json()["picture"], small.as_str());
    sender.posts(&at, "people");
    assert_eq!(sender.sends_poster(&at, "image/jpeg", &still).status, 404);
    let posted = ann.inbox().direct().items()[0]["object"].clone();
    assert_eq!(posted["objectType"], "video");
    let poster = posted["image"]["url"].as_str().expect("a poster");
    let film = posted["stream"]["url"].as_str().expect("a film");
    assert_eq!(
        pictures::size_of(&ann.get(poster).expect(200).body),
        (320, 180)
    );
    part(&ann, film, "bytes=0-1").expect(206);
    for caller in [&bea.caller, &pump.nobody()] {
        caller.get(poster).expect(403);
        part(caller, film, "bytes=0-1").expect(403);
    }
    let page = reader(&pump, "ann").open("/").expect(200);
    assert!(page.all("video", "poster")[0].contains("/uploads/evan/"));
    let links = page.all("a", "href");
    assert!(!links.iter().any(|link| link.contains("/main/album-add")));
    evan.does("delete", &posted);
    assert!(ann.get(poster).status >= 400);
}

#[test]
fn a_film_that_moves_to_another_server_brings_its_poster_along() {
    let (old, new) = (Pump::start(), Pump::named("new.test", &[]));
    let ([evan, _], mover) = (old.register_all(["evan", "ann"]), new.register("evan"));
    let mut sender = Sender::of(&old, "evan");
    let at = sender.sends("video/mp4", &film());
    let still = pictures::jpeg(1280, 720);
    sender.sends_poster(&at, "image/jpeg", &still).expect(200);
    sender.posts(&at, "public");
    let archive = exported(&evan).body;
    let done = brought(&mover, &archive);
    assert_eq!(done["leftOut"], 0, "{done}");
    let film_of = |person: &Person| {
        let posts = person.feed().major().items();
        let films = posts.iter().map(|post| post["object"].clone());
        let mut films = films.filter(|object| object["objectType"] == "video");
        films.next().expect("a film")
    };
    let (before, after) = (film_of(&evan), film_of(&mover));
    for (name, size) in [("image", (320, 180)), ("fullImage", (1280, 720))] {
        let url = after[name]["url"].as_str().expect("a poster");
        assert!(url.starts_with("http://new.test/uploads/evan/"), "{url}");
        assert_ne!(Some(url), before[name]["url"].as_str());
        assert_eq!(pictures::size_of(&mover.get(url).expect(200).body), size);
    }
    assert!(after["thumbhash"].is_string(), "{after}");
    let page = reader(&new, "evan").open("/main/photos").expect(200);
    assert_eq!(page.all("a", "data-film").len(), 1);
    // A second time changes nothing, and the original stays a film.
    let again = brought(&mover, &archive);
    assert_eq!(again["leftOut"], 0, "{again}");
    assert_eq!(film_of(&mover)["fullImage"], after["fullImage"]);
    let stream = after["stream"]["url"].as_str().expect("a film");
    assert_eq!(mover.get(stream).expect(200).body, film());
}

/// Posts a photo and a film together and answers the post.
fn posts_photo_and_film(person: &Person) -> Value {
    let parts = [
        person.upload("image/jpeg", &pictures::jpeg(320, 240)),
        person.upload("video/mp4", &film()),
    ];
    let post = note("Two").to(public());
    person.post(post.object_with("attachments", json!(parts)))["object"].clone()
}

#[test]
fn films_stand_among_the_photos_of_a_post_of_a_month_and_for_guests() {
    let pump = Pump::start();
    let [evan, ann] = pump.register_all(["evan", "ann"]);
    ann.follow(&evan);
    let post = posts_photo_and_film(&evan);
    let mut browser = reader(&pump, "ann");
    let films = |page: &crate::harness::browser::Page| -> Vec<String> {
        let links = page.all("a", "data-film").len();
        let alts = page.all("a", "data-alt");
        assert_eq!(links, alts.len());
        alts
    };
    for place in ["/", "/main/photos", "/evan?show=photos"] {
        let page = browser.open(place).expect(200);
        assert_eq!(films(&page), ["Video by evan"], "{place}");
    }
    // Albums are for photos.
    let page = browser.open(&format!("/main/album-add?picture={}", key_of(&post)));
    assert!(films(&page.expect(200)).is_empty());
    let mut owner = reader(&pump, "evan");
    let link = makes_link(&mut owner, &key_of(&post));
    let mut guest = pump.browser();
    let page = guest.open(&link).expect(200);
    assert_eq!(films(&page), ["Video by evan"]);
    let links = page.all("a", "href");
    let film = links.iter().find(|href| href.ends_with(".mp4"));
    let film = film.expect("a film");
    assert!(film.starts_with(&link), "{film}");
    let request = Request::get(film).header("Range", "bytes=0-9");
    assert_eq!(guest.ask(request).expect(206).body.len(), 10);
}

/// A film of a second and a half, as the browser itself makes it.
pub(crate) fn real_film(pump: &Pump, window: &mut Window) -> PathBuf {
    let made = window.script(
        "new Promise(done => {
            const canvas = Object.assign(document.createElement('canvas'), { width: 320, height: 180 });
            const pen = canvas.getContext('2d');
            const recorder = new MediaRecorder(canvas.captureStream(10), { mimeType: 'video/webm;codecs=vp8' });
            const parts = [];
            recorder.ondataavailable = ({ data }) => parts.push(data);
            recorder.onstop = async () => {
                const bytes = new Uint8Array(await new Blob(parts).arrayBuffer());
                done(btoa(String.fromCharCode(...bytes)));
            };
            let drawn = 0;
            const draw = () => {
                pen.fillStyle = 'rgb(20, 160, 60)';
                pen.fillRect(0, 0, 320, 180);
                pen.fillStyle = 'white';
                pen.fillRect(20 * drawn, 60, 40, 40);
                if (drawn++ < 15) setTimeout(draw, 100);
                else recorder.stop();
            };
            recorder.start();
            draw();
        })",
    );
    let bytes = BASE64_STANDARD.decode(made.as_str().expect("a film"));
    let file = pump.directory().join("pier.webm");
    std::fs::write(&file, bytes.expect("base64")).expect("a file");
    file
}

fn is_so(window: &mut Window, script: &str) -> bool {
    window.evaluate(script) == Ok(Value::Bool(true))
}

#[test]
fn a_film_plays_over_the_whole_screen_and_stops_when_it_is_left() {
    let pump = Pump::start();
    let [evan, ann] = pump.register_all(["evan", "ann"]);
    ann.follow(&evan);
    let photo = pump.directory().join("sea.jpg");
    std::fs::write(&photo, pictures::photo(1200, 800, 1)).expect("a file");
    let chromium = Chromium::take();
    let mut phone = chromium.window_of(&pump, "evan");
    phone.on_a_phone().open("/");
    let pier = real_film(&pump, &mut phone);
    phone.click("What is new?").sees("Who can see this");
    phone.attach("Photos", &[&photo, &pier]);
    let done = "[...document.querySelectorAll('.waiting li')].map(one => one.dataset.state).join() === 'done,done'";
    phone.until(|phone| is_so(phone, done), "not all of it came");
    let drawn =
        "[...document.querySelectorAll('.waiting img')].every(image => image.naturalWidth > 0)";
    phone.until(|phone| is_so(phone, drawn), "the film is not shown");
    phone.fill("What does it show? (2)", "The pier");
    phone.click_near("Preview", "Post").sees("Posted.");

    let mut reader = chromium.window_of(&pump, "ann");
    reader.on_a_phone().open("/");
    let poster = "document.querySelector('[data-film] .u-photo')?.naturalWidth > 0";
    reader.until(|reader| is_so(reader, poster), "the film has no picture");
    let green = "(() => { const canvas = document.createElement('canvas'); const pen = canvas.getContext('2d');
        pen.drawImage(document.querySelector('[data-film] .u-photo'), 0, 0, 50, 50);
        const [red, green, blue] = pen.getImageData(45, 5, 1, 1).data; return green > 100 && red < 80 && blue < 110; })()";
    assert!(is_so(&mut reader, green), "it is out of the film");
    reader.has_no_axe_violations();
    let film = "document.querySelector('.lightbox video')";
    reader.script("document.querySelector('.pictures a').click(); 0");
    reader.sees("1 of 2");
    assert!(is_so(&mut reader, &format!("{film} === null")));
    reader
        .swipe(".lightbox .stage", -200, 0)
        .sees("2 of 2")
        .sees("The pier");
    assert!(is_so(
        &mut reader,
        &format!("{film}.controls && {film}.paused")
    ));
    reader.has_no_axe_violations();
    reader.script(&format!(
        "window.film = {film}; film.muted = true; film.loop = true; film.play(); 0"
    ));
    reader.until(
        |reader| is_so(reader, "film.currentTime > 0.2 && !film.paused"),
        "the film does not play",
    );
    // A finger on the film leads on, as on a picture; one on its controls seeks.
    reader.swipe(".lightbox video", 200, 0).sees("1 of 2");
    assert!(is_so(
        &mut reader,
        &format!("film.paused && {film} === null")
    ));
    reader
        .press("ArrowRight")
        .sees("2 of 2")
        .press("ArrowRight")
        .sees("1 of 2");
    reader.press("Escape").sees_no("1 of 2");
    // Who taps a film sees it play.
    reader.click("The pier Video").sees("2 of 2");
    reader.until(
        |reader| is_so(reader, &format!("!{film}.paused")),
        "a film that is tapped does not begin",
    );
    reader.script(&format!("window.film = {film}; 0"));
    reader.back().sees_no("2 of 2");
    assert!(is_so(&mut reader, "film.paused"));
    assert!(reader.complaints().is_empty());
}

#[test]
fn a_film_that_the_browser_cannot_play_is_shown_by_a_drawing_and_can_be_had() {
    let pump = Pump::start();
    let [evan, ann] = pump.register_all(["evan", "ann"]);
    ann.follow(&evan);
    posts_photo_and_film(&evan);
    let chromium = Chromium::take();
    let mut phone = chromium.window_of(&pump, "ann");
    phone.on_a_phone().open("/").has_no_axe_violations();
    phone
        .click("Video by evan")
        .sees("This browser cannot play the video.");
    phone.sees("Download the video").has_no_axe_violations();
    phone.press("ArrowLeft").sees("1 of 2").press("Escape");
    phone.open("/main/photos").has_no_axe_violations();
    assert!(phone.overhanging().is_empty());
    for complaint in phone.complaints() {
        assert!(complaint.contains(".mp4"), "{complaint}");
    }

    // One alone stands in the page for guests, and not over its edges.
    let alone = evan.upload("video/mp4", &film());
    let alone = evan.post(activity("post", &alone).to(public()))["object"].clone();
    let link = makes_link(&mut pump.browser_of("evan"), &key_of(&alone));
    let mut guest = chromium.window(&pump);
    guest.on_a_phone().open(&link).has_no_axe_violations();
    assert_eq!(
        guest.script("document.querySelectorAll('main video').length"),
        1
    );
    assert_eq!(guest.overhanging(), Vec::<String>::new());
    for complaint in guest.complaints() {
        assert!(complaint.contains("/main/g/"), "{complaint}");
    }
}
