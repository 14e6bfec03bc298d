//! Albums over time: who sees one is changed, photos are posted into one, and what is in one goes.

use crate::harness::browser::Page;
use crate::harness::documents::{followers_of, reference};
use crate::harness::people::link_self;
use crate::harness::{
    Browser, Chromium, Person, Pump, Request, Stream, activity, eventually, network, note,
    pictures, public,
};
use crate::photos::{fills, key_of, makes_album, posts_photo, reader};
use serde_json::{Value, json};

/// The words of the photos in the grid of a page.
fn photos_on(page: &Page) -> Vec<String> {
    let words = page.all("img", "alt").into_iter();
    words.filter(|words| !words.is_empty()).collect()
}

/// The page that says what another audience changes.
fn asks(browser: &mut Browser, key: &str, audience: &str, also: &[&Person]) -> Page {
    let page = browser.open(&format!("/main/albums/{key}/audience"));
    let mut form = page.expect(200).form("shown-to").without("also");
    form = form.fill("audience", audience);
    let names: Vec<&str> = also.iter().map(|who| who.nickname.as_str()).collect();
    browser.submit(&form.fill("names", &names.join(", ")))
}

#[test]
fn nobody_but_its_owner_changes_who_sees_an_album() {
    let pump = Pump::start();
    let [evan, _] = pump.register_all(["evan", "ann"]);
    let mut owner = reader(&pump, "evan");
    let (album, key) = makes_album(&mut owner, "Summer", "me");
    let target = format!("/main/albums/{key}/audience");
    assert!(pump.browser().open(&target).shows("Log in"));
    let mut other = reader(&pump, "ann");
    other.open(&target).expect(404);
    let csrf = other.open("/main/albums").form_to("/main/albums");
    let pairs = [
        ("_csrf", csrf.value("_csrf")),
        ("audience", "public"),
        ("sure", "yes"),
    ];
    other.ask(Request::post(&target).form(&pairs)).expect(404);
    other.open(&album).expect(403);
    // Without the token of the form nothing happens, and what means nobody is refused with a sentence.
    let forged = [("audience", "public"), ("sure", "yes")];
    owner.ask(Request::post(&target).form(&forged)).expect(403);
    let words = |page: Page| page.expect(400).text_of("shown-to");
    assert!(
        asks(&mut owner, &key, "people", &[])
            .expect(400)
            .shows("Name somebody who can see this.")
    );
    let page = owner.open(&target).form("shown-to");
    let unknown = page.fill("audience", "people").fill("names", "nobody-here");
    let page = owner.submit(&unknown);
    assert!(page.shows("nobody-here") && !words(page).is_empty());
    let page = owner.open(&target).form("shown-to");
    let list = page.fill("audience", "list:AAAAAAAAAAAAAAAAAAAAAA");
    owner.submit(&list).expect(400);
    // That of profile pictures is its owner's, and stays so; what is no album has no such page.
    let lists = evan.stream(&evan.path("lists/image")).items();
    let profile = lists
        .iter()
        .find(|list| list["displayName"] == "Profile Pictures");
    let profile = key_of(profile.expect("an album"));
    owner
        .open(&format!("/main/albums/{profile}/audience"))
        .expect(404);
    let photo = posts_photo(&evan, "the lake", public());
    owner
        .open(&format!("/main/albums/{}/audience", key_of(&photo)))
        .expect(404);
    reader(&pump, "ann").open(&album).expect(403);
}

#[test]
fn who_sees_an_album_is_told_before_it_changes_and_photos_stay_with_their_own() {
    let mut pump = Pump::start();
    let [evan, ann, bea] = pump.register_all(["evan", "ann", "bea"]);
    bea.follow(&evan);
    let secret = posts_photo(&evan, "a secret", evan.reference());
    let lake = posts_photo(&evan, "the lake", followers_of(&evan));
    let mut owner = reader(&pump, "evan");
    let (album, key) = makes_album(&mut owner, "Summer", "followers");
    fills(&mut owner, &key, &[&secret, &lake]);
    let page = owner.open(&album).expect(200);
    assert!(page.shows("One of these photos was posted to other people than can see the album."));
    let sees = |who: &str| {
        let mut browser = match who {
            "" => pump.browser(),
            who => reader(&pump, who),
        };
        let page = browser.open(&album);
        // Whoever is not logged in is asked to log in.
        match page.shows("Summer") {
            true => (page.answer.status, photos_on(&page)),
            false => (403, Vec::new()),
        }
    };
    let none: Vec<String> = Vec::new();
    assert_eq!(sees("bea"), (200, vec!["the lake".to_owned()]));
    assert_eq!(sees("ann").0, 403);

    // Nothing changes by asking.
    let page = asks(&mut owner, &key, "people", &[&ann]).expect(200);
    let words = page.words();
    let (comes, goes) = words
        .split_once("Who does not see it any more")
        .expect("both");
    assert!(comes.contains("Who comes to see it") && comes.contains("ann"));
    assert!(goes.contains("bea") && !goes.contains("ann"), "{goes}");
    assert!(goes.contains("2 photos in it were posted to other people than these."));
    assert_eq!((sees("bea").0, sees("ann").0), (200, 403));
    let again = owner.submit(&page.form("sure").press("again")).expect(200);
    assert!(again.form("shown-to").value("names").contains("ann"));

    // It does when its owner is sure, and a second tap does no harm. She is told of the album once, and sees no photo by it.
    let sure = page.form("sure").press("sure");
    for _ in 0..2 {
        let done = owner.submit(&sure).expect(200);
        assert!(done.shows("Who can see the album is changed."));
    }
    assert_eq!(sees("ann"), (200, none.clone()));
    assert_eq!(sees("bea").0, 403);
    assert_eq!(sees("").0, 403);
    let told = |stream: Stream| {
        let items = stream.items();
        let of = |item: &&Value| item["object"]["displayName"] == "Summer";
        items.iter().filter(of).count()
    };
    eventually(|| told(ann.inbox().direct()) == 1);
    assert_eq!((told(ann.inbox()), told(bea.inbox())), (1, 0));
    let largest = lake["fullImage"]["url"].as_str().expect("a picture");
    ann.get(largest).expect(403);
    bea.get(largest).expect(200);
    let mut reader_of =
        |who: &str| reader(&pump, who).open(&format!("/main/albums/{key}/archive.zip"));
    assert_eq!(reader_of("bea").answer.status, 404);
    assert_eq!(reader_of("ann").answer.status, 200);
    let _ = &mut reader_of;

    // For everybody: whoever comes by finds the album, and in it what everybody may see.
    let open = posts_photo(&evan, "the hill", public());
    fills(&mut owner, &key, &[&open]);
    let page = asks(&mut owner, &key, "public", &[]).expect(200);
    assert!(page.shows("Everybody on the Internet, with or without an account"));
    owner.submit(&page.form("sure").press("sure")).expect(200);
    let hill = vec!["the hill".to_owned()];
    assert_eq!(sees(""), (200, hill.clone()));
    assert_eq!(sees("ann"), (200, hill));
    pump.nobody().get(largest).expect(403);
    let page = asks(&mut owner, &key, "me", &[]).expect(200);
    assert!(page.shows("Everybody on the Internet but those who are chosen now"));
    assert!(page.shows("What other servers have got of it already is not called back."));
    owner.submit(&page.form("sure").press("sure")).expect(200);
    assert_eq!((sees("").0, sees("ann").0, sees("bea").0), (403, 403, 403));
    // The same once more is nothing to be sure of.
    let page = asks(&mut owner, &key, "me", &[]).expect(200);
    assert!(page.find_form("sure").is_none());
    pump.restart();
    assert_eq!(reader(&pump, "ann").open(&album).answer.status, 403);
}

#[test]
fn an_album_is_shown_to_somebody_of_another_server_later_and_not_called_back() {
    let story = "albums::an_album_is_shown_to_somebody_of_another_server_later_and_not_called_back";
    network::inside(story, || {
        let [a, b] = [0, 1].map(|number| network::server(number, &[]));
        let (alice, bob) = (a.register("alice"), b.register("bob"));
        alice.follow(&bob);
        eventually(|| bob.followers().has(&alice.reference()));
        let mut owner = reader(&b, "bob");
        let (_, key) = makes_album(&mut owner, "Summer", "me");
        let arrived = || {
            let items = alice.inbox().items().into_iter();
            let of_album = items.filter(|item| item["object"]["displayName"] == "Summer");
            of_album.count()
        };
        let mut decides = |audience: &str, is_also: bool| {
            let page = owner.open(&format!("/main/albums/{key}/audience"));
            let page = page.expect(200);
            let people = page.all("input", "value").into_iter();
            let also = people.filter(|value| is_also && value.starts_with("person:"));
            let form = page
                .form("shown-to")
                .without("also")
                .fill("audience", audience);
            let form = also.fold(form, |form, person| form.check("also", &person));
            let page = owner.submit(&form).expect(200);
            owner.submit(&page.form("sure").press("sure")).expect(200);
            page
        };
        let page = decides("people", true);
        assert!(page.shows("alice") && !page.shows("is not called back"));
        eventually(|| arrived() == 1);
        let page = decides("me", false);
        assert!(page.shows("What other servers have got of it already is not called back."));
        decides("people", true);
        // What she has got once she has once; what comes after it on the same way tells that all of it came.
        let note = bob.post(note("Later").to(&alice));
        eventually(|| {
            alice
                .inbox()
                .items()
                .iter()
                .any(|item| item["id"] == note["id"])
        });
        assert_eq!(arrived(), 1);
    });
}

#[test]
fn an_album_is_made_for_people_by_name_and_a_guest_link_outlives_a_change() {
    let pump = Pump::start();
    let [evan, _, _] = pump.register_all(["evan", "ann", "bea"]);
    let mut owner = reader(&pump, "evan");
    let form = owner.open("/main/albums").form_to("/main/albums");
    let form = form.fill("name", "Summer").fill("audience", "people");
    owner.submit(&form).expect(400);
    owner.submit(&form.fill("names", "@ann")).expect(200);
    let album = owner.open("/main/albums").expect(200);
    let album = album.all("a", "href").into_iter();
    let album = album
        .filter(|link| link.contains("/list/"))
        .collect::<Vec<_>>();
    let lists = evan.stream(&evan.path("lists/image")).items();
    let summer = lists.iter().find(|list| list["displayName"] == "Summer");
    let key = key_of(summer.expect("the album"));
    let album = album
        .iter()
        .find(|link| link.ends_with(&key))
        .expect("a way");
    assert_eq!(reader(&pump, "ann").open(album).answer.status, 200);
    assert_eq!(reader(&pump, "bea").open(album).answer.status, 403);
    // The form knows who was chosen.
    let form = owner.open(&format!("/main/albums/{key}/audience"));
    let form = form.expect(200).form("shown-to");
    assert_eq!(form.value("audience"), "people");
    assert!(form.value("also").starts_with("person:"));
    let lake = posts_photo(&evan, "the lake", evan.reference());
    fills(&mut owner, &key, &[&lake]);
    let link = crate::guest_links::makes_link(&mut owner, &key);
    let page = asks(&mut owner, &key, "me", &[]).expect(200);
    assert!(page.shows("Guest links to this album go on working"));
    owner.submit(&page.form("sure").press("sure")).expect(200);
    let page = pump.browser().open(&link).expect(200);
    assert_eq!(photos_on(&page), ["the lake"]);
}

#[test]
fn photos_are_posted_into_an_album_for_those_who_see_it() {
    let pump = Pump::start();
    let [evan, ann, _] = pump.register_all(["evan", "ann", "bea"]);
    ann.follow(&evan);
    let mut owner = reader(&pump, "evan");
    let mut other = reader(&pump, "bea");
    let (_, of_bea) = makes_album(&mut other, "Hers", "public");
    let (album, key) = makes_album(&mut owner, "Winter", "public");
    let page = owner.open(&album).expect(200);
    let add = format!("/main/compose?album={key}");
    assert!(page.all("a", "href").contains(&add));

    // The album of somebody else, or one that is gone, is none to post into.
    for wrong in [of_bea.as_str(), "AAAAAAAAAAAAAAAAAAAAAA", "x"] {
        let page = owner
            .open(&format!("/main/compose?album={wrong}"))
            .expect(200);
        assert!(page.shows("This album is not there any more."));
        assert_eq!(page.form("composer").value("album"), "");
        let photo = pictures::photo(320, 240, 1);
        let form = page.form("composer").fill("album", wrong);
        let form = form.attach("photo", "a.jpg", "image/jpeg", &photo);
        let page = owner.submit(&form).expect(400);
        assert!(page.shows("This album is not there any more."));
    }
    assert_eq!(evan.feed().major().total(), 0);
    let form = owner.open(&add).expect(200).form("composer");
    assert_eq!(
        (form.value("album"), form.value("audience")),
        (key.as_str(), "public")
    );
    let page = owner
        .submit(&form.clone().fill("content", "words alone"))
        .expect(400);
    assert!(page.shows("Choose a photo that comes into the album, or no album."));
    assert!(page.html().contains("words alone"));

    // Several, in their order; a second tap posts nothing more, and leads to the album as the first one does.
    let (one, two) = (pictures::photo(640, 480, 1), pictures::photo(480, 640, 1));
    let form = form
        .fill("alt", "first\nsecond")
        .attach("photo", "one.jpg", "image/jpeg", &one)
        .attach("photo", "two.jpg", "image/jpeg", &two);
    for _ in 0..2 {
        let page = owner.submit(&form).expect(200);
        assert_eq!(photos_on(&page), ["first", "second"]);
        assert!(page.shows("Whoever can see the album sees these photos, too."));
    }
    assert_eq!(evan.feed().major().total(), 1);
    let page = reader(&pump, "ann").open(&album).expect(200);
    assert_eq!(photos_on(&page), ["first", "second"]);
    // What is put into an album is no habit for the next post.
    let next = owner.open("/main/compose").expect(200).form("composer");
    assert_eq!(
        (next.value("album"), next.value("audience")),
        ("", "followers")
    );

    // Deleted in the middle: the photo waits in the form, and comes into another album, or none.
    let form = owner.open(&add).expect(200).form("composer");
    let form = form.attach("photo", "three.jpg", "image/jpeg", &one);
    let delete = owner
        .open(&format!("/main/delete?object={key}"))
        .expect(200);
    owner.submit(&delete.form_to("/main/delete")).expect(200);
    let page = owner.submit(&form).expect(400);
    assert!(page.shows("This album is not there any more. Choose another one, or none."));
    assert!(page.shows("three.jpg"));
    let again = page.form("composer");
    assert!(!again.has("album"), "there is no other one: {again:?}");
    owner.submit(&again).expect(200);
    assert_eq!(evan.feed().major().total(), 2);
}

#[test]
fn an_album_counts_what_its_viewer_sees_and_forgets_what_is_deleted() {
    let pump = Pump::start();
    let [evan, ann] = pump.register_all(["evan", "ann"]);
    ann.follow(&evan);
    let name = "Sommer ".repeat(11) + "ÄÖ🎉";
    let mut owner = reader(&pump, "evan");
    let (album, key) = makes_album(&mut owner, &name, "followers");
    let page = owner.open(&album).expect(200);
    assert!(page.shows("This album is empty") && page.shows("0 photos"));
    let of_ann = posts_photo(&ann, "of ann", public());
    let photos: Vec<Value> = ["one", "two", "three"]
        .iter()
        .map(|words| posts_photo(&evan, words, followers_of(&evan)))
        .collect();
    let secret = posts_photo(&evan, "a secret", evan.reference());
    let all: Vec<&Value> = photos.iter().chain([&secret, &of_ann]).collect();
    fills(&mut owner, &key, &all[..1]);
    assert!(owner.open(&album).expect(200).shows("1 photo"));
    fills(&mut owner, &key, &all[1..]);
    assert!(owner.open(&album).expect(200).shows("5 photos"));
    let mut other = reader(&pump, "ann");
    let page = other.open(&album).expect(200);
    assert!(
        page.shows("4 photos") && page.shows("Some photos of this album were posted to others")
    );
    assert!(other.open("/main/albums").expect(200).shows("4 photos"));

    // What goes is in no number, on no page, and in nobody's way where a page begins behind it.
    evan.delete(link_self(&photos[1])).expect(200);
    ann.delete(link_self(&of_ann)).expect(200);
    let page = owner.open(&album).expect(200);
    assert!(page.shows("3 photos"), "{}", page.words());
    assert_eq!(photos_on(&page), ["a secret", "three", "one"]);
    assert!(owner.open("/main/albums").expect(200).shows("3 photos"));
    assert!(other.open(&album).expect(200).shows("2 photos"));
    owner.open(&format!("{album}?arrange=1")).expect(200);
    let gone = key_of(&photos[1]);
    let page = owner.open(&format!("{album}?before={gone}")).expect(200);
    assert_eq!(photos_on(&page), ["a secret", "three", "one"]);
}

#[test]
fn photos_are_posted_into_an_album_on_a_phone_over_a_reload() {
    let pump = Pump::start();
    let [evan, ann] = pump.register_all(["evan", "ann"]);
    ann.follow(&evan);
    let mut owner = reader(&pump, "evan");
    let (album, key) = makes_album(&mut owner, "Summer", "followers");
    let file = pump.directory().join("sea.jpg");
    std::fs::write(&file, pictures::grainy(1200, 800, 1)).expect("a file");
    let chromium = Chromium::take();
    let mut phone = chromium.window_of(&pump, "evan");
    phone.on_a_phone().open(&album).sees("This album is empty");
    phone.has_no_axe_violations();
    phone
        .click("Add photos")
        .sees("Put the photos into an album");
    phone.has_no_axe_violations();
    assert!(phone.overhanging().is_empty() && phone.small_targets().is_empty());
    let chosen = "document.querySelector('#album').value";
    assert_eq!(phone.script(chosen), key.as_str());
    phone.attach("Camera", &[&file]).sees("ready");
    phone.reload().sees("sea.jpg").sees("ready");
    assert_eq!(
        phone.script(chosen),
        key.as_str(),
        "a reload keeps the album"
    );
    phone
        .click_near("Preview", "Post")
        .is_at(&album)
        .sees("1 photo");
    let mut other = chromium.window_of(&pump, "ann");
    other.open(&album).sees("1 photo");
    let shown = "document.querySelectorAll('.tile').length";
    assert_eq!(other.evaluate(shown), Ok(1.into()));

    // An album that is chosen in the box itself is part of the draft, too.
    phone
        .open("/main/compose")
        .fill("What is new?", "More of it");
    phone.click("Album, title, place, date");
    phone.choose("Put the photos into an album", "Summer");
    phone.reload().until(
        |phone| phone.script(chosen) == key.as_str(),
        "a reload forgets the album",
    );

    // Who sees it is changed by keyboard, and people are found by their names.
    phone.open(&format!("/main/albums/{key}/audience"));
    phone
        .sees("Before anything changes")
        .has_no_axe_violations();
    phone.click("Only me");
    phone.fill("Find people by name", "ann").press("Enter");
    phone.until(
        |phone| phone.script("document.querySelector('[name=audience]:checked').value") == "people",
        "whoever names somebody does not mean only themselves",
    );
    phone.click("Go on").sees("Who comes to see it");
    phone.has_no_axe_violations();
    assert!(phone.overhanging().is_empty());
    phone
        .click("Change it")
        .sees("Who can see the album is changed.");
    phone.has_no_axe_violations();
    assert!(phone.complaints().is_empty());
}

#[test]
fn a_large_album_goes_on_by_itself_and_without_scripts_page_by_page() {
    let pump = Pump::start();
    let evan = pump.register("evan");
    let list = json!({"objectType": "collection", "displayName": "All", "objectTypes": ["image"]});
    let list = evan.post(activity("create", &list).to(public()))["object"].clone();
    let dot = pictures::png(8, 8);
    for number in 0..100 {
        let mut picture = evan.upload("image/png", &dot);
        picture["displayName"] = json!(format!("dot {number}"));
        let picture = evan.post(activity("post", &picture).to(public()))["object"].clone();
        evan.post(activity("add", &reference(&picture)).with("target", reference(&list)));
    }
    let album = format!("/evan/list/{}", key_of(&list));
    let mut stranger = pump.browser();
    let page = stranger.open(&album).expect(200);
    assert!(page.shows("100 photos"));
    assert_eq!(photos_on(&page).len(), 90);
    let links = page.all("a", "href");
    let older = links.iter().find(|link| link.contains("before="));
    let page = stranger.open(older.expect("more photos")).expect(200);
    assert_eq!(photos_on(&page).len(), 10);
    assert!(photos_on(&page).contains(&"dot 0".to_owned()));

    let chromium = Chromium::take();
    let mut phone = chromium.window(&pump);
    phone.on_a_phone().open(&album);
    phone.script("scrollTo(0, document.body.scrollHeight)");
    let count = "document.querySelectorAll('.tile').length";
    phone.until(
        |phone| phone.evaluate(count) == Ok(100.into()),
        "older photos do not come",
    );
    phone.script("document.querySelectorAll('.tile')[89].click(); 0");
    phone
        .sees("90 of 100")
        .press("ArrowRight")
        .sees("91 of 100");
    phone.press("Escape").sees_no("91 of 100");
    phone.has_no_axe_violations();
    assert!(phone.overhanging().is_empty() && phone.complaints().is_empty());
}
