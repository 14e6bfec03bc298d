//! Links by which people without an account see an album or a post: what they show, and that they show nothing else.

use crate::harness::documents::followers_of;
use crate::harness::{Browser, Person, Pump, Request, note, public};
use crate::photos::{fills, key_of, makes_album, posts_photo, reader};
use serde_json::Value;

/// Makes a link to a thing and answers its path.
pub(crate) fn makes_link(browser: &mut Browser, key: &str) -> String {
    let page = browser
        .open(&format!("/main/guests?thing={key}"))
        .expect(200);
    let page = browser.submit(&page.form_to("/main/guests").fill("note", "Oma"));
    let links = page.expect(200).all("input", "value");
    let link = links.iter().find(|value| value.contains("/main/g/"));
    let link = link.expect("a link");
    assert!(link.starts_with("http://"), "{link}");
    link.split_once("/main/g/")
        .map(|(_, token)| format!("/main/g/{token}"))
        .expect("a token")
}

fn largest(object: &Value) -> String {
    let url = object["fullImage"]["url"].as_str().expect("a picture");
    url.rsplit('/').next().expect("a name").to_owned()
}

fn family(pump: &Pump) -> (Person, Person, Browser) {
    let [evan, ann] = pump.register_all(["evan", "ann"]);
    ann.follow(&evan);
    evan.follow(&ann);
    let browser = reader(pump, "evan");
    (evan, ann, browser)
}

#[test]
fn a_link_that_was_not_made_or_was_taken_back_shows_nothing() {
    let pump = Pump::start();
    let (evan, ann, mut browser) = family(&pump);
    let photo = posts_photo(&evan, "the lake", followers_of(&evan));
    let of_ann = posts_photo(&ann, "of ann", followers_of(&ann));
    // Nobody shares what is somebody else's.
    browser
        .open(&format!("/main/guests?thing={}", key_of(&of_ann)))
        .expect(404);
    assert!(pump.browser().open("/main/guests").shows("Log in"));
    let link = makes_link(&mut browser, &key_of(&photo));
    let file = format!("{link}/{}", largest(&photo));
    let mut stranger = pump.browser();
    stranger.open(&link).expect(200);
    let words = "This link does not work, or does not work any more.";
    let (start, token) = link.split_at("/main/g/".len());
    let forged: String = token.chars().rev().collect();
    let short = token.get(..token.len() - 1).expect("a token");
    for forged in [
        forged.as_str(),
        short,
        "x",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    ] {
        let page = stranger.open(&format!("{start}{forged}")).expect(404);
        assert!(page.shows(words) && !page.shows("the lake"), "{forged}");
        let file = format!("{start}{forged}/{}", largest(&photo));
        stranger.ask(Request::get(&file)).expect(404);
    }
    stranger.ask(Request::get(&file)).expect(200);
    // Others cannot take it back, its maker can, and twice does no harm.
    let page = browser.open("/main/guests").expect(200);
    let form = page.form_to("/main/guests/revoke");
    let mut other = reader(&pump, "ann");
    let csrf = other.open("/main/albums").form_to("/main/albums");
    let csrf = csrf.value("_csrf").to_owned();
    let pairs = [("_csrf", csrf.as_str()), ("number", form.value("number"))];
    other
        .ask(Request::post("/main/guests/revoke").form(&pairs))
        .expect(303);
    stranger.open(&link).expect(200);
    for _ in 0..2 {
        browser.submit_once(&form).expect(303);
        let page = stranger.open(&link).expect(404);
        assert!(page.shows(words));
        stranger.ask(Request::get(&file)).expect(404);
    }
}

#[test]
fn a_link_ends_with_its_time_and_with_what_it_shows() {
    let pump = Pump::start();
    let (evan, _, mut browser) = family(&pump);
    let note = evan.post(note("hello grandma").to(followers_of(&evan)))["object"].clone();
    let link = makes_link(&mut browser, &key_of(&note));
    let mut stranger = pump.browser();
    assert!(stranger.open(&link).expect(200).shows("hello grandma"));
    evan.delete(crate::harness::people::link_self(&note))
        .expect(200);
    stranger.open(&link).expect(404);
    assert!(
        browser
            .open("/main/guests")
            .shows("This link does not work any more.")
    );
}

#[test]
fn guests_see_the_album_and_nothing_else() {
    let pump = Pump::start();
    let (evan, ann, mut browser) = family(&pump);
    let lake = posts_photo(&evan, "the lake", followers_of(&evan));
    let other = posts_photo(&evan, "not in the album", followers_of(&evan));
    let of_ann = posts_photo(&ann, "for friends of ann", followers_of(&ann));
    let open = posts_photo(&ann, "public", public());
    let (album, key) = makes_album(&mut browser, "Summer", "me");
    fills(&mut browser, &key, &[&lake, &of_ann, &open]);
    let link = makes_link(&mut browser, &key);

    let mut stranger = pump.browser();
    let answer = stranger.ask(Request::get(&link)).expect(200);
    assert_eq!(answer.header("referrer-policy"), "no-referrer");
    assert!(answer.header("x-robots-tag").contains("noindex"));
    assert!(answer.header("cache-control").contains("no-store"));
    let page = stranger.open(&link).expect(200);
    assert!(page.shows("Summer") && page.shows("evan"));
    let alts = page.all("img", "alt");
    assert!(alts.contains(&"the lake".to_owned()) && alts.contains(&"public".to_owned()));
    assert!(!page.html().contains("not in the album") && !page.html().contains("for friends"));
    // Every size of what it shows is had by it, and nothing of anything else.
    for source in page
        .all("img", "src")
        .iter()
        .filter(|source| source.contains("/main/g/"))
    {
        let answer = stranger.ask(Request::get(source)).expect(200);
        assert_eq!(answer.header("referrer-policy"), "no-referrer");
    }
    let get = |browser: &mut Browser, photo: &Value, base: &str| {
        let target = format!("{base}/{}", largest(photo));
        browser.ask(Request::get(&target)).status
    };
    assert_eq!(get(&mut stranger, &lake, &link), 200);
    assert_eq!(get(&mut stranger, &other, &link), 404);
    assert_eq!(
        get(&mut stranger, &of_ann, &link),
        404,
        "not its maker's to give away"
    );
    let name = largest(&lake);
    let (key, ending) = (name.get(..22), name.rsplit('.').next());
    let original = format!("{link}/{}.{}", key.expect("a key"), ending.expect("one"));
    stranger.ask(Request::get(&original)).expect(404);
    stranger.open(&album).expect(200).shows("Log in");
    let views = browser.open("/main/guests").expect(200);
    assert!(views.shows("looked at 2 times") && views.shows("Oma"));
}
