//! The pages of photos and albums: who sees which pictures there, what is done to albums, and all of an album in one file.

use crate::harness::browser::Page;
use crate::harness::documents::followers_of;
use crate::harness::people::link_self;
use crate::harness::{
    Browser, Chromium, Person, Pump, Request, activity, eventually, note, pictures, public,
};
use serde_json::{Value, json};
use std::io::{Cursor, Read as _};

pub(crate) fn reader(pump: &Pump, nickname: &str) -> Browser {
    pump.browser_of(nickname)
}

/// Posts a photo and answers its object.
pub(crate) fn posts_photo(person: &Person, words: &str, to: impl Into<Value>) -> Value {
    let mut object = person.upload("image/jpeg", &pictures::jpeg(640, 480));
    object["displayName"] = json!(words);
    person.post(activity("post", &object).to(to.into()))["object"].clone()
}

pub(crate) fn key_of(object: &Value) -> String {
    let key = link_self(object).rsplit('/').next().expect("a key");
    key.to_owned()
}

/// Makes an album by the form and answers its address and its key.
pub(crate) fn makes_album(browser: &mut Browser, name: &str, audience: &str) -> (String, String) {
    let albums = browser.open("/main/albums").expect(200);
    let form = albums.form_to("/main/albums").fill("name", name);
    let page = browser.submit(&form.fill("audience", audience)).expect(200);
    let link = page.all("form", "action");
    let add = link.iter().find(|action| action.ends_with("/add"));
    let key = match add {
        Some(add) => add.split('/').nth(3).expect("a key").to_owned(),
        None => {
            let links = page.all("a", "href");
            let album = links.iter().find(|link| link.contains("/list/"));
            let album = album.expect("the way to the album");
            album.rsplit('/').next().expect("a key").to_owned()
        }
    };
    let links = page.all("a", "href");
    let album = links.iter().find(|link| link.contains("/list/"));
    (album.expect("the way to the album").clone(), key)
}

/// The words of the pictures of a page.
fn pictures_on(page: &Page) -> Vec<String> {
    let alts = page.all("img", "alt").into_iter();
    alts.filter(|alt| !alt.is_empty()).collect()
}

/// Adds photos to an album from the page where they are chosen.
pub(crate) fn fills(browser: &mut Browser, key: &str, photos: &[&Value]) {
    for photo in photos {
        let page = browser.open(&format!("/main/album-add?picture={}", key_of(photo)));
        let form = page.expect(200).form_to(&format!("/main/albums/{key}/add"));
        browser.submit(&form).expect(200);
    }
}

#[test]
fn photos_are_those_that_one_made_or_got() {
    let pump = Pump::start();
    let [evan, ann, bea] = pump.register_all(["evan", "ann", "bea"]);
    let login = pump.browser().open("/main/photos").expect(200);
    assert!(login.shows("Log in"), "strangers have no photos");
    let empty = reader(&pump, "bea").open("/main/photos").expect(200);
    assert!(empty.shows("No photos yet"));

    bea.follow(&evan);
    posts_photo(&evan, "for ann alone", ann.reference());
    let open = posts_photo(&evan, "for everybody", public());
    posts_photo(&bea, "of bea", followers_of(&bea));
    // Several in one post, and one that only names what was posted to others.
    let part = evan.upload("image/jpeg", &pictures::jpeg(320, 240));
    let post = note("two")
        .to(&ann)
        .object_with("attachments", json!([part]));
    evan.post(post);
    evan.post(note("words alone").to(public()));

    let of = |nickname: &str, target: &str| {
        let page = reader(&pump, nickname).open(target).expect(200);
        pictures_on(&page)
    };
    assert_eq!(
        of("ann", "/main/photos"),
        ["Picture by evan", "for ann alone"]
    );
    assert_eq!(of("bea", "/main/photos"), ["of bea", "for everybody"]);
    assert_eq!(of("bea", "/main/photos?whose=mine"), ["of bea"]);
    assert_eq!(
        of("evan", "/main/photos?whose=mine"),
        ["Picture by evan", "for everybody", "for ann alone"]
    );
    assert!(of("ann", "/main/photos?whose=mine").is_empty());
    evan.delete(link_self(&open)).expect(200);
    assert_eq!(
        of("bea", "/main/photos"),
        ["of bea"],
        "what is deleted is gone"
    );
}

#[test]
fn photos_stand_in_the_month_to_which_they_belong() {
    let mut pump = Pump::start();
    let evan = pump.register("evan");
    for (when, words) in [
        ("2019-07-20T10:00:00Z", "the moon"),
        ("2024-12-24T18:00:00Z", "the tree"),
        ("2024-12-25T08:00:00Z", "the goose"),
    ] {
        let mut object = evan.upload("image/jpeg", &pictures::jpeg(64, 48));
        object["displayName"] = json!(words);
        evan.post(
            activity("post", &object)
                .to(public())
                .with("published", when),
        );
    }
    let mut browser = reader(&pump, "evan");
    let page = browser.open("/main/photos").expect(200);
    assert_eq!(pictures_on(&page), ["the goose", "the tree", "the moon"]);
    assert!(page.shows("December 2024") && page.shows("July 2019"));
    let links = page.all("a", "data-month");
    assert_eq!(links, ["2024-12", "2019-07"]);
    let old = browser.open("/main/photos?month=2020-01").expect(200);
    assert_eq!(pictures_on(&old), ["the moon"], "from a month on");
    for nonsense in [
        "month=2020-13",
        "month=x&skip=-1",
        "skip=99999999999999999999",
    ] {
        browser
            .open(&format!("/main/photos?{nonsense}"))
            .expect(200);
    }
    // After a restart all of it is there.
    pump.restart();
    let page = reader(&pump, "evan").open("/main/photos").expect(200);
    assert_eq!(pictures_on(&page), ["the goose", "the tree", "the moon"]);
}

#[test]
fn an_album_is_its_owners_and_for_those_whom_it_was_shown() {
    let pump = Pump::start();
    let [evan, ann, bea] = pump.register_all(["evan", "ann", "bea"]);
    let _ = &bea;
    ann.follow(&evan);
    let mut owner = reader(&pump, "evan");
    for (name, words) in [
        ("", "Give the album a name."),
        (" ", "Give the album a name."),
    ] {
        let form = owner.open("/main/albums").form_to("/main/albums");
        let page = owner.submit(&form.fill("name", name)).expect(400);
        assert!(page.shows(words));
    }
    let secret = posts_photo(&evan, "a secret", evan.reference());
    let shown = posts_photo(&evan, "the lake", followers_of(&evan));
    let (album, key) = makes_album(&mut owner, "<b>Summer</b>", "followers");
    fills(&mut owner, &key, &[&secret, &shown]);
    let page = owner.open(&album).expect(200);
    assert_eq!(pictures_on(&page), ["the lake", "a secret"]);
    assert!(!page.html().contains("<b>Summer"), "names are no markup");

    // Who follows sees the album, and of its pictures those that were posted to her.
    let mut follower = reader(&pump, "ann");
    assert!(
        follower
            .open("/main/albums")
            .expect(200)
            .shows("Albums of others")
    );
    let page = follower.open(&album).expect(200);
    assert_eq!(pictures_on(&page), ["the lake"]);
    assert!(page.shows("Some photos of this album were posted to others"));
    assert!(page.forms().iter().all(|form| !form.has("do")));
    // Others see nothing of it, and nobody but its owner changes it.
    let mut other = reader(&pump, "bea");
    other.open(&album).expect(403);
    assert!(!other.open("/main/albums").expect(200).shows("Summer"));
    other
        .open(&format!("/main/albums/{key}/archive.zip"))
        .expect(404);
    let csrf = follower.open("/main/albums").form_to("/main/albums");
    let csrf = csrf.value("_csrf").to_owned();
    for (target, pairs) in [
        (
            format!("/main/albums/{key}"),
            [("do", "rename"), ("name", "Mine")],
        ),
        (
            format!("/main/albums/{key}/add"),
            [("picture", "x"), ("picture", "y")],
        ),
    ] {
        let mut pairs = pairs.to_vec();
        pairs.push(("_csrf", csrf.as_str()));
        let request = Request::post(&target).form(&pairs);
        follower.ask(request).expect(404);
    }
    follower
        .open(&format!("/main/albums/{key}/choose"))
        .expect(404);
    // A picture that one may not see comes into no album.
    let answer = follower.open(&format!("/main/album-add?picture={}", key_of(&secret)));
    answer.expect(404);
}

#[test]
fn albums_are_filled_arranged_renamed_and_deleted() {
    let pump = Pump::start();
    let evan = pump.register("evan");
    let photos = ["one", "two", "three"].map(|words| posts_photo(&evan, words, public()));
    let mut owner = reader(&pump, "evan");
    let (album, key) = makes_album(&mut owner, "Summer", "public");
    let choose = owner
        .open(&format!("/main/albums/{key}/choose"))
        .expect(200);
    assert_eq!(choose.all("input", "aria-label"), ["three", "two", "one"]);
    fills(&mut owner, &key, &[&photos[0], &photos[1], &photos[2]]);
    let order = |owner: &mut Browser| pictures_on(&owner.open(&album).expect(200));
    assert_eq!(order(&mut owner), ["three", "two", "one"]);

    let deed = |owner: &mut Browser, deed: &str, photo: &Value| {
        let page = owner.open(&format!("{album}?arrange=1")).expect(200);
        let photo = key_of(photo);
        let mut forms = page.forms().into_iter();
        let form = forms.find(|form| form.has("picture") && form.value("picture") == photo);
        let csrf = form
            .expect("the form of the photo")
            .value("_csrf")
            .to_owned();
        let pairs = [("_csrf", csrf.as_str()), ("picture", &photo), ("do", deed)];
        let request = Request::post(&format!("/main/albums/{key}")).form(&pairs);
        owner.ask(request).expect(303);
    };
    deed(&mut owner, "later", &photos[2]);
    assert_eq!(order(&mut owner), ["two", "three", "one"]);
    deed(&mut owner, "earlier", &photos[0]);
    assert_eq!(order(&mut owner), ["two", "one", "three"]);
    deed(&mut owner, "earlier", &photos[1]);
    deed(&mut owner, "front", &photos[2]);
    assert_eq!(order(&mut owner), ["three", "two", "one"]);
    deed(&mut owner, "cover", &photos[0]);
    deed(&mut owner, "remove", &photos[1]);
    assert_eq!(order(&mut owner), ["three", "one"]);
    // Clients see the same list.
    let lists = evan.stream(&evan.path("lists/image"));
    assert!(lists.says("Summer"));
    let page = owner.open(&format!("{album}?arrange=1")).expect(200);
    let form = page.forms().into_iter().find(|form| form.has("name"));
    let form = form.expect("the form of the name").fill("name", "Winter");
    assert!(owner.submit(&form).expect(200).shows("Winter"));

    let page = owner
        .open(&format!("/main/delete?object={key}"))
        .expect(200);
    owner.submit(&page.form_to("/main/delete")).expect(200);
    owner.open(&album).expect(410);
    let photos = owner.open("/main/photos").expect(200);
    assert_eq!(
        pictures_on(&photos),
        ["three", "two", "one"],
        "the photos stay"
    );
}

#[test]
fn an_album_is_had_in_one_file() {
    let pump = Pump::start();
    let [evan, ann] = pump.register_all(["evan", "ann"]);
    ann.follow(&evan);
    posts_photo(&evan, "secret", evan.reference());
    let original = pictures::jpeg(640, 480);
    let lake = posts_photo(&evan, "The: lake/..", public());
    let secret = posts_photo(&evan, "secret", evan.reference());
    let mut owner = reader(&pump, "evan");
    let (_, key) = makes_album(&mut owner, "Summer", "followers");
    fills(&mut owner, &key, &[&lake, &secret]);
    let target = format!("/main/albums/{key}/archive.zip");
    let login = pump.browser().open(&target);
    assert!(login.shows("Log in"));
    let had = |nickname: &str| {
        let answer = reader(&pump, nickname).ask(Request::get(&target));
        let answer = answer.expect(200);
        assert_eq!(answer.header("content-type"), "application/zip");
        assert!(answer.header("content-disposition").contains("Summer.zip"));
        let mut archive = zip::ZipArchive::new(Cursor::new(answer.body)).expect("an archive");
        let mut files = Vec::new();
        for number in 0..archive.len() {
            let mut file = archive.by_index(number).expect("a file");
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes).expect("whole");
            let name = file.name().expect("a name").into_owned();
            files.push((name, bytes));
        }
        files
    };
    let own = had("evan");
    assert_eq!(own.len(), 2);
    assert!(
        own.iter().all(|(_, bytes)| *bytes == original),
        "as uploaded"
    );
    assert!(own[0].0.ends_with(" 0001 The lake.jpg"), "{}", own[0].0);
    let others = had("ann");
    assert_eq!(others.len(), 1, "what one may not see is not in it");
    assert_ne!(others[0].1, original, "others get a copy");
    assert_eq!(pictures::size_of(&others[0].1), (640, 480));
}

#[test]
fn the_grid_on_a_phone_goes_on_by_itself_and_stands_still() {
    let pump = Pump::start();
    let evan = pump.register("evan");
    for number in 0..95 {
        let month = 12 - number / 40;
        let mut object = evan.upload("image/png", &pictures::png(8, 8));
        object["displayName"] = json!(format!("picture {number}"));
        let when = format!("2025-{month:02}-15T12:00:{:02}Z", number % 60);
        evan.post(
            activity("post", &object)
                .to(public())
                .with("published", when),
        );
    }
    eventually(|| evan.feed().total() >= 95);
    let chromium = Chromium::take();
    let mut phone = chromium.window_of(&pump, "evan");
    phone.on_a_phone().open("/main/photos");
    phone.sees("December 2025");
    phone.has_no_axe_violations();
    let count = "document.querySelectorAll('.tile').length";
    let shift = "window.shifted = 0; new PerformanceObserver(list => { for (const entry of list.getEntries()) \
        if (!entry.hadRecentInput) window.shifted += entry.value; }).observe({ type: 'layout-shift', buffered: true })";
    phone.script(shift);
    phone.script("scrollTo(0, document.body.scrollHeight)");
    phone.until(
        |phone| phone.evaluate(count) == Ok(95.into()),
        "older photos do not come",
    );
    phone.until(
        |phone| phone.evaluate("window.shifted < 0.1") == Ok(true.into()),
        "the page jumps",
    );
    assert_eq!(
        phone.evaluate("document.documentElement.scrollWidth <= innerWidth"),
        Ok(true.into())
    );
    assert!(phone.small_targets().is_empty());
    // A tap shows it over the whole screen, with the way to its page and to the one beside it.
    phone.script("scrollTo(0, 0); document.querySelector('.tile').click(); 0");
    phone
        .sees("1 of 40")
        .swipe(".lightbox .stage", -200, 0)
        .sees("2 of 40");
    phone
        .press("Escape")
        .sees_no("2 of 40")
        .is_at("/main/photos");
    assert!(phone.complaints().is_empty());
}

#[test]
fn months_that_show_nothing_do_not_stand_beside_the_photos() {
    let pump = Pump::start();
    let [evan, ann] = pump.register_all(["evan", "ann"]);
    let posts = |person: &Person, words: &str, when: &str| {
        let mut object = person.upload("image/jpeg", &pictures::jpeg(64, 48));
        object["displayName"] = json!(words);
        let post = activity("post", &object).to(public());
        person.post(post.with("published", when))["object"].clone()
    };
    ann.follow(&evan);
    posts(&evan, "the moon", "2019-07-20T10:00:00Z");
    posts(&evan, "the tree", "2024-12-24T18:00:00Z");
    posts(&ann, "her tree", "2024-12-25T18:00:00Z");
    let spring = posts(&ann, "the spring", "2025-03-21T18:00:00Z");
    let mut browser = reader(&pump, "ann");
    let months = |browser: &mut Browser| {
        let page = browser.open("/main/photos").expect(200);
        page.all("a", "data-month")
    };
    assert_eq!(months(&mut browser), ["2025-03", "2024-12", "2019-07"]);
    let says = |browser: &mut Browser, deed: &str| {
        let page = browser.open("/evan").expect(200);
        let form = page.form_to(&format!("/main/{deed}"));
        browser.submit_once(&form).expect(303);
    };
    says(&mut browser, "mute");
    assert_eq!(months(&mut browser), ["2025-03", "2024-12"]);
    ann.delete(link_self(&spring)).expect(200);
    assert_eq!(months(&mut browser), ["2024-12"]);
    says(&mut browser, "unmute");
    assert_eq!(months(&mut browser), ["2024-12", "2019-07"]);
}

#[test]
fn the_photos_of_a_profile_are_shown_over_the_whole_screen() {
    let pump = Pump::start();
    let [evan, _] = pump.register_all(["evan", "ann"]);
    posts_photo(&evan, "for evan alone", evan.reference());
    posts_photo(&evan, "the lake", public());
    let parts = ["the hut", "the hill"].map(|words| {
        let mut part = evan.upload("image/jpeg", &pictures::jpeg(320, 240));
        part["displayName"] = json!(words);
        part
    });
    evan.post(
        note("two")
            .to(public())
            .object_with("attachments", json!(parts)),
    );
    let chromium = Chromium::take();
    let mut phone = chromium.window_of(&pump, "ann");
    phone.on_a_phone().open("/evan?show=photos");
    let count = "document.querySelectorAll('.tile').length";
    assert_eq!(phone.evaluate(count), Ok(3.into()));
    phone.script("document.querySelectorAll('.tile')[1].click(); 0");
    phone
        .sees("2 of 3")
        .swipe(".lightbox .stage", -200, 0)
        .sees("3 of 3");
    phone.press("ArrowLeft").sees("2 of 3").press("Escape");
    phone.sees_no("2 of 3").is_at("/evan?show=photos");
    phone.has_no_axe_violations();
    assert!(phone.overhanging().is_empty());
}
