//! The box to post: files that come in pieces, several of them in one post, and to whom it goes. Scripts and browsers without
//! scripts speak to it as here; a real browser does in [`real`], [`gathering`], [`films`], [`crowded`] and [`places`], other
//! applications in [`shared`].

mod crowded;
mod films;
mod gathering;
mod places;
mod real;
mod shared;

use crate::harness::{Answer, Browser, Pump, Request, eventually, pictures};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;

/// Bytes of a piece here.
const PIECE: usize = 4000;

/// Somebody with the form open.
struct Writer {
    browser: Browser,
    csrf: String,
}

impl Writer {
    #[track_caller]
    fn of(pump: &Pump, nickname: &str) -> Writer {
        let mut browser = pump.browser_of(nickname);
        let form = browser.open("/main/compose").expect(200).form("composer");
        let csrf = form.value("_csrf").to_owned();
        Writer { browser, csrf }
    }

    #[track_caller]
    fn asks(&mut self, request: Request) -> Answer {
        let request = request
            .header("X-CSRF-Token", &self.csrf)
            .header("X-Requested-With", "XMLHttpRequest")
            .header("Tus-Resumable", "1.0.0");
        self.browser.ask(request)
    }

    #[track_caller]
    fn begins(&mut self, name: &str, bytes: usize) -> Answer {
        let metadata = format!(
            "filename {},filetype {}",
            BASE64_STANDARD.encode(name),
            BASE64_STANDARD.encode("image/jpeg")
        );
        let request = Request::post("/main/uploads").header("Upload-Length", &bytes.to_string());
        self.asks(request.header("Upload-Metadata", &metadata))
    }

    #[track_caller]
    fn sends(&mut self, at: &str, offset: usize, piece: &[u8]) -> Answer {
        let request = Request::new("PATCH", at)
            .header("Upload-Offset", &offset.to_string())
            .bytes("application/offset+octet-stream", piece);
        self.asks(request)
    }

    #[track_caller]
    fn looks(&mut self, at: &str) -> Answer {
        self.asks(Request::new("HEAD", at))
    }

    /// Sends a whole file; answers its key.
    #[track_caller]
    fn uploads(&mut self, name: &str, bytes: &[u8]) -> String {
        let begun = self.begins(name, bytes.len()).expect(201);
        let at = begun.header("location").to_owned();
        for (number, piece) in bytes.chunks(PIECE).enumerate() {
            self.sends(&at, number * PIECE, piece).expect(200);
        }
        at.rsplit('/').next().expect("a key").to_owned()
    }

    #[track_caller]
    fn posts(&mut self, fields: &[(&str, &str)]) -> Answer {
        self.asks(Request::post("/main/post").form(fields))
    }
}

fn key_of(at: &str) -> &str {
    at.rsplit('/').next().expect("a key")
}

#[test]
fn pieces_of_strangers_of_other_sites_and_of_others_are_refused() {
    let pump = Pump::with(&["--uploadBytesMax", "100000", "--uploadQuotaBytes", "150000"]);
    let [evan, _] = pump.register_all(["evan", "ann"]);
    let mut writer = Writer::of(&pump, "evan");
    let photo = pictures::photo(640, 480, 1);

    let nobody = Request::post("/main/uploads").header("Upload-Length", "9");
    assert!(pump.browser().ask(nobody).status >= 400);
    let token = writer.csrf.clone();
    writer.csrf = "guess".to_owned();
    assert_eq!(writer.begins("sea.jpg", 9).status, 403);
    writer.csrf = token;
    assert_eq!(writer.begins("sea.jpg", 0).status, 400);
    assert_eq!(writer.begins("sea.jpg", 100_001).status, 413);
    let nothing = Request::post("/main/uploads");
    assert_eq!(writer.asks(nothing).status, 400);

    let at = writer.begins("sea.jpg", photo.len()).expect(201);
    let at = at.header("location").to_owned();
    assert_eq!(writer.sends(&at, 7, &photo[7..90]).status, 409);
    writer.sends(&at, 0, &photo[..90]).expect(200);
    assert_eq!(writer.sends(&at, 0, &photo[..90]).status, 409);
    assert_eq!(writer.looks(&at).expect(200).header("upload-offset"), "90");
    let mut too_much = photo[90..].to_vec();
    too_much.push(0);
    assert_eq!(writer.sends(&at, 90, &too_much).status, 413);
    let plain = Request::new("PATCH", &at).header("Upload-Offset", "90");
    let plain = writer.asks(plain.bytes("text/plain", b"x"));
    assert_eq!(plain.status, 415);

    let mut other = Writer::of(&pump, "ann");
    for answer in [
        other.looks(&at),
        other.sends(&at, 90, &photo[90..]),
        other.posts(&[
            ("content", "x"),
            ("audience", "public"),
            ("upload", key_of(&at)),
        ]),
    ] {
        assert!([400, 404].contains(&answer.status), "{}", answer.status);
    }
    other.asks(Request::new("DELETE", &at));
    assert_eq!(writer.looks(&at).expect(200).header("upload-offset"), "90");

    // What is not whole is not posted, and what is no picture is none.
    let early = [("content", ""), ("audience", "me"), ("upload", key_of(&at))];
    assert_eq!(writer.posts(&early).status, 400);
    let broken = writer.begins("sea.jpg", 9).expect(201);
    let broken = broken.header("location").to_owned();
    assert_eq!(writer.sends(&broken, 0, b"no photo!").status, 400);
    assert_eq!(writer.looks(&broken).status, 404);

    // Bytes that are on their way count.
    assert_eq!(writer.begins("more.jpg", 100_000).status, 201);
    assert_eq!(writer.begins("more.jpg", 100_000).status, 413);
    writer.asks(Request::new("DELETE", &at)).expect(204);
    assert_eq!(writer.looks(&at).status, 404);
    assert_eq!(evan.feed().major().total(), 0);
}

#[test]
fn an_upload_goes_on_where_it_was_when_the_server_was_killed() {
    let mut pump = Pump::start();
    let evan = pump.register("evan");
    let mut writer = Writer::of(&pump, "evan");
    let photo = pictures::photo(1200, 900, 1);
    let at = writer.begins("sea.jpg", photo.len()).expect(201);
    let at = at.header("location").to_owned();
    writer.sends(&at, 0, &photo[..PIECE]).expect(200);
    pump.kill();
    pump.start_again();
    let known = writer.looks(&at).expect(200);
    assert_eq!(known.header("upload-offset"), PIECE.to_string());
    let whole = writer.sends(&at, PIECE, &photo[PIECE..]).expect(200);
    assert_eq!(whole.json()["kind"], "image");
    // It waits for its post, also over a restart, and is posted once.
    pump.kill();
    pump.start_again();
    assert_eq!(
        writer.looks(&at).expect(200).header("upload-offset"),
        photo.len().to_string()
    );
    let fields = [
        ("content", "Sea"),
        ("audience", "followers"),
        ("upload", key_of(&at)),
        ("once", "a"),
    ];
    let posted = writer.posts(&fields).expect(201);
    let again = writer.posts(&fields).expect(201);
    assert_eq!(posted.json()["url"], again.json()["url"]);
    assert_eq!(evan.feed().major().total(), 1);
    assert_eq!(writer.looks(&at).status, 404);
    writer
        .browser
        .open(posted.json()["url"].as_str().expect("an address"))
        .expect(200);
}

#[test]
fn several_photos_are_one_post_for_those_who_may_see_it() {
    let pump = Pump::start();
    let [evan, ann, bea] = pump.register_all(["evan", "ann", "bea"]);
    let mut writer = Writer::of(&pump, "evan");
    let photos = [1, 3, 6].map(|turn| pictures::photo(640, 480, turn));
    let keys: Vec<String> = photos
        .iter()
        .map(|photo| writer.uploads("sea.jpg", photo))
        .collect();
    let alt = format!("alt.{}", keys[0]);
    let fields = [
        ("content", "Three of **them**"),
        ("audience", "people"),
        ("names", "@ann"),
        ("date", "1999-12-31"),
        ("place", "The sea"),
        ("upload", &keys[2]),
        ("upload", &keys[0]),
        ("upload", &keys[1]),
        (&alt, "A dog"),
    ];
    let many = vec![("upload", "AAAAAAAAAAAAAAAAAAAAAA"); 21];
    assert_eq!(
        writer
            .posts(&[&[("audience", "me")], &many[..]].concat())
            .status,
        400
    );
    writer.posts(&fields).expect(201);

    eventually(|| ann.inbox().direct().items()[0]["object"]["attachments"].is_array());
    let item = ann.inbox().direct().items()[0].clone();
    let note = &item["object"];
    assert_eq!(note["objectType"], "note");
    assert_eq!(note["content"], "<p>Three of <strong>them</strong></p>");
    assert_eq!(note["location"]["displayName"], "The sea");
    assert!(
        note["published"]
            .as_str()
            .is_some_and(|at| at.starts_with("1999-12-31"))
    );
    let parts = note["attachments"].as_array().expect("parts");
    assert_eq!(parts.len(), 3);
    assert_eq!(parts[1]["alt"], "A dog");
    let address = |part: &Value| {
        let url = part["image"]["url"].as_str().expect("a picture");
        pump.site.path_of(url).to_owned()
    };
    for part in parts {
        assert_eq!(ann.get(&address(part)).status, 200);
        assert_eq!(bea.get(&address(part)).status, 403);
        assert_eq!(pump.nobody().get(&address(part)).status, 403);
    }
    let mut reader = pump.browser_of("ann");
    let home = reader.open("/").expect(200);
    assert_eq!(
        home.all("img", "src")
            .iter()
            .filter(|source| source.contains("/uploads/"))
            .count(),
        3
    );
    assert!(home.all("img", "alt").contains(&"A dog".to_owned()));
    let page = parts[1]["url"].as_str().expect("a page of its own");
    let page = pump.site.path_of(page);
    reader.open(page).expect(200);
    pump.browser_of("bea").open(page).expect(403);

    // What was chosen last is chosen again, and the parts go with the post.
    let form = writer.browser.open("/main/compose").form("composer");
    assert_eq!(form.value("audience"), "people");
    evan.does("delete", note);
    assert_eq!(ann.get(&address(&parts[0])).status, 404);
}

#[test]
fn without_scripts_photos_are_not_lost_by_what_is_wrong_with_the_rest() {
    let pump = Pump::start();
    let evan = pump.register("evan");
    let mut browser = pump.browser_of("evan");
    let form = browser.open("/main/compose").form("composer");
    assert_eq!(form.value("audience"), "followers");
    let (one, two) = (pictures::photo(640, 480, 1), pictures::photo(480, 640, 1));
    let wrong = form
        .fill("content", "Two")
        .fill("names", "nobody-here")
        .fill("alt", "A dog\nA cat")
        .attach("photo", "one.jpg", "image/jpeg", &one)
        .attach("photo", "two.jpg", "image/jpeg", &two);
    let page = browser.submit(&wrong);
    assert_eq!(page.answer.status, 400);
    assert!(page.shows("nobody-here") && page.shows("A cat"));
    let again = page.form("composer").fill("names", "").press("preview");
    let preview = browser.submit(&again).expect(200);
    browser.submit(&preview.form("composer")).expect(200);
    let posted = evan.feed().major().items();
    let parts = posted[0]["object"]["attachments"].as_array().cloned();
    let words: Vec<Value> = parts
        .unwrap_or_default()
        .iter()
        .map(|part| part["alt"].clone())
        .collect();
    assert_eq!(words, ["A dog", "A cat"]);
    let both = browser.open("/main/compose").form("composer");
    let both = both
        .fill("content", "x")
        .fill("audience", "me")
        .fill("names", "evan");
    assert_eq!(browser.submit_once(&both).status, 400);
}

#[test]
fn a_form_whose_token_is_too_old_says_so_and_posts_nothing() {
    let pump = Pump::start();
    let evan = pump.register("evan");
    let mut browser = pump.browser_of("evan");
    let form = browser.open("/main/compose").form("composer");
    let photo = pictures::photo(320, 240, 1);
    let form =
        form.fill("content", "Written slowly")
            .attach("photo", "sea.jpg", "image/jpeg", &photo);
    let page = browser.submit(&form.clone().fill("_csrf", "of yesterday"));
    assert_eq!(page.answer.status, 403);
    assert!(page.text_of("error").contains("too old"));
    assert_eq!(evan.feed().major().total(), 0);
    browser.submit(&form).expect(200);
    assert_eq!(evan.feed().major().total(), 1);
}
