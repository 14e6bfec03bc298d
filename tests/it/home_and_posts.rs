//! Home, messages, notifications and posts, as people see them on pages without scripts: what is narrowed, muted and hidden, who can see
//! what, what is new, and posts with other words.

use crate::harness::browser::Page;
use crate::harness::documents::comment;
use crate::harness::people::link_self;
use crate::harness::{
    Browser, Person, Pump, Request, activity, eventually, note, pictures, public,
};
use serde_json::{Value, json};

/// The key of an object in the addresses of pages.
fn key(object: &Value) -> String {
    let link = link_self(object);
    link.rsplit('/').next().expect("a key").to_owned()
}

/// The words of a page without its markup.
fn words(page: &Page) -> String {
    let html = page.html();
    let parts = html
        .split('<')
        .map(|part| part.split_once('>').map_or(part, |(_, words)| words));
    parts.collect()
}

/// Sends the form of a page that goes to a path for one thing.
#[track_caller]
fn press(browser: &mut Browser, page: &Page, path: &str, name: &str, value: &str) -> Page {
    let forms = page.forms();
    let form = forms
        .iter()
        .find(|form| form.action == path && form.has(name) && form.value(name) == value);
    let form = form.unwrap_or_else(|| panic!("no form to {path} for {value}"));
    browser.submit(form).expect(200)
}

#[test]
fn pages_for_one_alone_ask_strangers_to_log_in() {
    let pump = Pump::start();
    let evan = pump.register("evan");
    let secret = key(&evan.post(note("secret"))["object"]);
    for path in ["/main/messages", "/main/notifications", "/main/muted"] {
        let answer = pump.browser().ask(Request::get(path)).expect(302);
        assert!(answer.header("location").contains("/main/login"), "{path}");
    }
    let mut stranger = pump.browser();
    stranger.ask(Request::get("/main/news")).expect(401);
    for path in ["/main/audience", "/main/reactions", "/main/foot"] {
        for (object, status) in [
            (secret.as_str(), 403),
            ("AAAAAAAAAAAAAAAAAAAAAA", 404),
            ("", 404),
        ] {
            let target = format!("{path}?object={object}");
            stranger.ask(Request::get(&target)).expect(status);
        }
    }
}

#[test]
fn who_can_see_a_post_is_told_down_to_names_and_no_further() {
    let pump = Pump::start();
    let [evan, ann, bea, cyd] = pump.register_all(["evan", "ann", "bea", "cyd"]);
    let named = json!({ "objectType": "collection", "displayName": "Slow payers", "objectTypes": ["person"] });
    let list = evan.post(activity("create", &named).to(&evan));
    for person in [&ann, &bea] {
        let add = activity("add", &person.reference()).with("target", list["object"].clone());
        evan.post(add.to(&evan));
    }
    let told = evan.post(note("for the list").with("to", json!([list["object"]])));
    let secretly = evan.post(note("in secret").to(&ann).bcc(&bea));
    let open = evan.post(note("for all").to(public()));
    let audience = |who: &str, post: &Value| {
        let target = format!("/main/audience?object={}", key(&post["object"]));
        pump.browser_of(who).open(&target)
    };
    assert_eq!(audience("cyd", &told).answer.status, 403);

    let own = audience("evan", &told).expect(200);
    assert!(own.shows("Slow payers (2)") && own.shows("@ann") && own.shows("@bea"));
    let theirs = audience("ann", &told).expect(200);
    assert!(theirs.shows("People whom evan chose (2)"));
    assert!(!theirs.shows("Slow payers") && !theirs.shows("@bea"));

    assert!(audience("evan", &secretly).expect(200).shows("@bea"));
    assert!(!audience("ann", &secretly).expect(200).shows("@bea"));
    let hers = audience("bea", &secretly).expect(200);
    assert!(hers.shows("You") && hers.shows("@ann"));

    let target = format!("/main/audience?object={}", key(&open["object"]));
    assert!(
        pump.browser()
            .open(&target)
            .expect(200)
            .shows("Everybody on the Internet")
    );
    cyd.follow(&evan);
    let followed = evan.post(note("for followers"));
    let page = audience("cyd", &followed).expect(200);
    assert!(page.shows("Followers of evan (1)") && page.shows("@cyd"));
}

#[test]
fn what_is_muted_or_hidden_stays_away_from_home_until_it_is_taken_back() {
    let pump = Pump::start();
    let [evan, ann, bea] = pump.register_all(["evan", "ann", "bea"]);
    for other in [&ann, &bea] {
        evan.follow(other);
    }
    let first = ann.post(note("first of ann"));
    ann.post(note("only to evan").to(&evan));
    bea.post(note("first of bea").to(public()));
    let mut browser = pump.browser_of("evan");
    let home = browser.open("/").expect(200);
    let post = key(&first["object"]);
    let mute = home.forms();
    let mute = mute
        .iter()
        .find(|form| form.action == "/main/mute" && form.value("object") == post)
        .expect("a way to mute the author");
    for (person, status) in [
        ("", 404),
        ("AAAAAAAAAAAAAAAAAAAAAA", 404),
        (post.as_str(), 400),
    ] {
        let answer = browser.submit_once(&mute.clone().fill("person", person));
        assert_eq!(answer.status, status, "{person}");
    }
    browser.submit(mute).expect(200);
    let home = browser.open("/").expect(200);
    assert!(!home.shows("first of ann") && home.shows("first of bea"));
    assert!(
        browser
            .open("/main/messages")
            .expect(200)
            .shows("only to evan")
    );
    assert!(browser.open("/ann").expect(200).shows("first of ann"));
    // What somebody else shares of a muted person stays away, too.
    let open = ann.post(note("open word of ann").to(public()));
    bea.does("share", &open["object"]);
    assert!(!browser.open("/").shows("open word of ann"));

    let muted = browser.open("/main/muted").expect(200);
    assert!(muted.html().contains("class=\"up\""), "a way back");
    let person = mute.value("person").to_owned();
    press(&mut browser, &muted, "/main/unmute", "person", &person);
    let home = browser.open("/").expect(200);
    assert!(home.shows("first of ann"));
    press(&mut browser, &home, "/main/hide", "object", &post);
    assert!(!browser.open("/").shows("first of ann"));
    assert!(
        pump.browser_of("ann").open("/").shows("first of ann"),
        "for others nothing changes"
    );
    let muted = browser.open("/main/muted").expect(200);
    assert!(muted.shows("first of ann"));
    press(&mut browser, &muted, "/main/unhide", "object", &post);
    assert!(browser.open("/").shows("first of ann"));
}

#[test]
fn what_is_muted_or_hidden_stands_among_no_photos_and_is_not_found() {
    let pump = Pump::start();
    let [evan, ann, bea] = pump.register_all(["evan", "ann", "bea"]);
    for other in [&ann, &bea] {
        evan.follow(other);
    }
    let shows = |who: &Person, words: &str| {
        let photo = who.upload("image/jpeg", &pictures::jpeg(64, 64));
        let photo = activity("post", &photo)
            .object_with("alt", words)
            .object_with("content", format!("{words} #beach"));
        key(&who.post(photo.to(public()))["object"])
    };
    shows(&ann, "Sand of Ann");
    let hidden = shows(&bea, "Waves of Bea");
    shows(&bea, "Shells of Bea");
    let mut browser = pump.browser_of("evan");
    let sees = |browser: &mut Browser, words: &str| {
        ["/main/photos", "/main/tag/beach", "/main/search?q=beach"]
            .map(|page| browser.open(page).expect(200).shows(words))
    };
    assert_eq!(sees(&mut browser, "Sand of Ann"), [true; 3]);

    // Muted on the page of the person, and heard again there.
    let page = browser.open("/ann").expect(200);
    let person = page.forms();
    let person = person
        .iter()
        .find(|form| form.action == "/main/mute" && !form.has("object"))
        .expect("a way to mute the person")
        .value("person")
        .to_owned();
    let muted = press(&mut browser, &page, "/main/mute", "person", &person);
    assert!(muted.shows("You have muted them") && muted.shows("Sand of Ann"));
    let home = browser.open("/").expect(200);
    press(&mut browser, &home, "/main/hide", "object", &hidden);
    for (words, is_seen) in [
        ("Sand of Ann", false),
        ("Waves of Bea", false),
        ("Shells of Bea", true),
    ] {
        assert_eq!(sees(&mut browser, words), [is_seen; 3], "{words}");
        let mut other = pump.browser_of("bea");
        assert!(other.open("/main/tag/beach").shows(words), "{words}");
    }
    // What others say to a hidden post is no news, either.
    let post = json!({ "objectType": "image", "id": bea.url_of(&format!("/api/image/{hidden}")) });
    let page = browser.open("/ann").expect(200);
    press(&mut browser, &page, "/main/unmute", "person", &person);
    assert_eq!(sees(&mut browser, "Sand of Ann"), [true; 3]);
    let told = bea.post(comment("Salty", &post));
    assert!(evan.inbox().minor().has(&told));
    assert!(!browser.open("/").shows("commented"));
}

#[test]
fn home_is_narrowed_to_photos_and_to_the_people_of_a_list() {
    let pump = Pump::start();
    let [evan, ann, bea] = pump.register_all(["evan", "ann", "bea"]);
    for other in [&ann, &bea] {
        evan.follow(other);
    }
    ann.post(note("words of ann"));
    bea.post(note("words of bea"));
    let picture = bea.upload("image/jpeg", &pictures::photo(320, 240, 1));
    bea.post(activity("post", &picture).object_with("displayName", "Lake"));
    let named = |name: &str| json!({ "objectType": "collection", "displayName": name, "objectTypes": ["person"] });
    let band = evan.post(activity("create", &named("Band")).to(&evan));
    let add = activity("add", &ann.reference()).with("target", band["object"].clone());
    evan.post(add.to(&evan));
    let mut browser = pump.browser_of("evan");
    let theirs = ann.post(activity("create", &named("Theirs")).to(&ann));
    for list in [key(&theirs["object"]), "AAAAAAAAAAAAAAAAAAAAAA".to_owned()] {
        browser.open(&format!("/?list={list}")).expect(404);
    }
    let photos = browser.open("/?only=photos").expect(200);
    assert!(photos.shows("Lake") && !photos.shows("words of"));
    let of_band = format!("/?list={}", key(&band["object"]));
    assert!(
        browser
            .open("/")
            .expect(200)
            .all("a", "href")
            .contains(&of_band)
    );
    let list = browser.open(&of_band).expect(200);
    assert!(list.shows("words of ann") && !list.shows("words of bea") && !list.shows("Lake"));
    // The way to older posts stays narrow.
    for number in 0..25 {
        ann.post(note(&format!("number {number}")));
        bea.post(note(&format!("other {number}")));
    }
    let list = browser.open(&of_band).expect(200);
    let older = list
        .all("a", "href")
        .into_iter()
        .find(|link| link.contains("before="));
    let older = browser
        .open(&older.expect("a way to older posts"))
        .expect(200);
    assert!(older.shows("number 0") && older.shows("words of ann") && !older.shows("other"));
}

#[test]
fn what_is_new_is_counted_until_it_is_seen_on_every_device() {
    let pump = Pump::start();
    let [evan, ann, bea] = pump.register_all(["evan", "ann", "bea"]);
    let posted = evan.post(note("look here").to(public()));
    let mut phone = pump.browser_of("evan");
    let mut desk = pump.browser_of("evan");
    let news = |browser: &mut Browser| browser.ask(Request::get("/main/news")).expect(200).json();
    // The pump greets everybody by a message, which is no news.
    assert_eq!(
        news(&mut phone),
        json!({ "message": "", "bell": "", "title": "", "posts": 0 })
    );
    let greeting = phone.open("/main/messages").expect(200);
    assert!(greeting.shows("Welcome to") && !greeting.html().contains("<title>("));
    for person in [&ann, &bea] {
        person.does("favorite", &posted["object"]);
    }
    ann.post(comment("well said", &posted["object"]));
    ann.follow(&evan);
    ann.post(note("between us").to(&evan));
    evan.post(comment("thank you", &posted["object"]));
    // Two who like one note are one line.
    assert_eq!(
        news(&mut phone),
        json!({ "message": "1", "bell": "3", "title": "4", "posts": 0 })
    );
    assert!(phone.open("/").html().contains("<title>(4) "));

    let page = phone.open("/main/notifications").expect(200);
    let told = words(&page);
    assert!(told.contains("bea and ann like your note"), "{told}");
    assert!(told.contains("ann commented on your note") && told.contains("well said"));
    assert!(told.contains("ann follows you") && !told.contains("thank you"));
    assert!(page.html().contains("<title>(1) "));
    assert!(desk.open("/main/messages").expect(200).shows("between us"));
    for browser in [&mut phone, &mut desk] {
        assert_eq!(news(browser)["title"], "");
    }
    // What was taken back is not told.
    bea.does("unfavorite", &posted["object"]);
    let told = words(&desk.open("/main/notifications").expect(200));
    assert!(
        told.contains("ann likes your note") && !told.contains("bea"),
        "{told}"
    );
    // Nobody is told of what does not concern them.
    assert_eq!(news(&mut pump.browser_of("bea"))["bell"], "");
}

#[test]
fn ones_own_post_gets_other_words() {
    let pump = Pump::start();
    let [evan, ann] = pump.register_all(["evan", "ann"]);
    let rich = "<p>A <b>bold</b> word</p>";
    let posted = evan.post(note(rich).to(public()));
    let target = format!("/main/edit?object={}", key(&posted["object"]));
    pump.browser_of("ann").open(&target).expect(403);
    let mut browser = pump.browser_of("evan");
    browser
        .open("/main/edit?object=AAAAAAAAAAAAAAAAAAAAAA")
        .expect(404);
    let form = browser.open(&target).expect(200).form("edit");
    assert_eq!(form.value("content"), "A **bold** word");
    let empty = browser.submit_once(&form.clone().fill("content", " "));
    assert_eq!(empty.status, 400);

    // A new place leaves the words as they were.
    let page = browser
        .submit(&form.clone().fill("place", "At the <lake>"))
        .expect(200);
    assert!(page.shows("At the <lake>"));
    assert_eq!(ann.read(&posted["object"]).ok()["content"], rich);
    let page = browser.submit(&form.fill("content", "Other words").fill("title", "A title"));
    assert!(page.expect(200).shows("Other words"));
    let read = ann.read(&posted["object"]).ok();
    assert_eq!(
        (&read["displayName"], &read["content"]),
        (&json!("A title"), &json!("<p>Other words</p>"))
    );

    // Times are told in seconds.
    let words = ["more words", "other words"].iter().cycle();
    let mut words = words.copied();
    let mut edited = || {
        let form = browser.open(&target).form("edit");
        let next = words.next().unwrap_or_default();
        browser.submit(&form.fill("content", next)).shows("edited")
    };
    eventually(&mut edited);

    let said = ann.post(comment("my coment", &posted["object"]));
    let mut browser = pump.browser_of("ann");
    let form = browser
        .open(&format!("/main/edit?object={}", key(&said["object"])))
        .form("edit");
    assert!(!form.has("title") && !form.has("place"));
    let page = browser
        .submit(&form.fill("content", "my comment"))
        .expect(200);
    assert!(page.shows("my comment") && !page.shows("my coment"));
}

#[test]
fn comments_are_typed_and_changed_as_posts_are() {
    let pump = Pump::start();
    let [evan, ann] = pump.register_all(["evan", "ann"]);
    let posted = evan.post(note("hello").to(public()));
    let mut browser = pump.browser_of("ann");
    let page = browser.open("/evan").expect(200);
    let forms = page.forms();
    let form = forms.iter().find(|form| form.action == "/main/comment");
    let form = form.expect("a box for a comment").clone();
    for (wrong, status) in [(" ".to_owned(), 400), ("x".repeat(20_000), 413)] {
        let answer = browser.submit_once(&form.clone().fill("content", &wrong));
        assert_eq!(answer.status, status);
    }
    let typed = "**Well** said, <b>\n\n- see https://h.test/";
    let page = browser.submit(&form.fill("content", typed)).expect(200);
    assert!(page.html().contains("<strong>Well</strong> said"));
    let said = || ann.stream_of(&posted["object"], "replies").items()[0].clone();
    assert_eq!(
        said()["content"],
        "<p><strong>Well</strong> said, &lt;b&gt;</p><ul><li>see <a href=\"https://h.test/\">https://h.test/</a></li></ul>"
    );
    let form = browser
        .open(&format!("/main/edit?object={}", key(&said())))
        .form("edit");
    assert_eq!(form.value("content"), typed);
    browser
        .submit(&form.fill("content", "*Well* said"))
        .expect(200);
    assert_eq!(said()["content"], "<p><em>Well</em> said</p>");
}

#[test]
fn each_picture_of_a_post_is_described_afterwards() {
    let pump = Pump::start();
    let [evan, ann] = pump.register_all(["evan", "ann"]);
    let upload = || evan.upload("image/jpeg", &pictures::jpeg(64, 64));
    let (one, two) = (upload(), upload());
    let elsewhere = json!({ "objectType": "image", "image": { "url": "https://h.test/a.jpg" } });
    let post = note("Two").object_with("attachments", json!([one, two, elsewhere]));
    let posted = evan.post(post.to(public()));
    let target = format!("/main/edit?object={}", key(&posted["object"]));
    let mut browser = pump.browser_of("evan");
    let form = browser.open(&target).expect(200).form("edit");
    let names = [&one, &two].map(|part| format!("alt-{}", key(part)));
    assert!(names.iter().all(|name| form.value(name).is_empty()));
    let long = browser.submit_once(&form.clone().fill(&names[0], &"x".repeat(3_000)));
    assert_eq!(long.status, 413);

    let typed = form.fill(&names[1], "A cat <asleep>").fill("content", "");
    browser.submit(&typed).expect(200);
    let read = ann.read(&posted["object"]).ok();
    let shown = read["attachments"].as_array().expect("all of them").clone();
    assert_eq!(shown.len(), 3);
    assert_eq!([&shown[0]["id"], &shown[1]["id"]], [&one["id"], &two["id"]]);
    assert!(shown[0]["alt"].as_str().unwrap_or_default().is_empty());
    assert_eq!(shown[1]["alt"], "A cat <asleep>");
    assert_eq!(shown[2]["image"], elsewhere["image"]);
    let page = browser.open(&target).expect(200);
    assert_eq!(page.form("edit").value(&names[1]), "A cat <asleep>");
    let mut other = pump.browser_of("ann");
    assert!(other.open("/evan").shows("A cat <asleep>"));
    let found = other.open("/main/search?q=asleep").expect(200);
    assert!(found.shows("A cat <asleep>"));
}
