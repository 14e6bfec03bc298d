//! People of other servers by their address: whom a typed address means, what is said where it means nobody, and what the page of
//! somebody elsewhere shows and does.

use crate::harness::browser::{Form, Page};
use crate::harness::documents::{note, public};
use crate::harness::{Browser, Person, Pump, eventually, network};

fn find(browser: &mut Browser, address: &str) -> Page {
    let form = browser.open("/main/find").expect(200).form("find");
    browser.submit(&form.fill("address", address))
}

/// What the form says of an address that leads to nobody.
#[track_caller]
fn refused(browser: &mut Browser, address: &str, status: u16) -> String {
    let page = find(browser, address).expect(status);
    assert_eq!(page.form("find").value("address"), address, "it stays");
    page.text_of("error")
}

fn form_to(page: &Page, path: &str) -> Form {
    page.form_to(path)
}

/// Bob's account, and the address of his page.
fn addresses(there: &Pump, bob: &Person) -> [String; 2] {
    let id = bob.id();
    let page = format!("{}/bob", there.site.base);
    [id.trim_start_matches("acct:").to_owned(), page]
}

#[test]
fn an_address_that_leads_to_nobody_says_why() {
    let pump = Pump::named("pump.example", &[]);
    let ann = pump.register("ann");
    pump.register("evan");
    pump.give_to("evan");
    let mut stranger = pump.browser();
    assert!(
        stranger
            .open("/main/find")
            .expect(200)
            .find_form("login")
            .is_some()
    );
    let mut browser = pump.browser_of("ann");
    for wrong in ["bob", "bob@", "bob@other", "http://", "b ob@other.example"] {
        let text = refused(&mut browser, wrong, 400);
        assert!(text.contains("no address"), "{wrong}: {text}");
    }
    // One's own server answers without being asked.
    let own = find(&mut browser, "@evan@pump.example").expect(200);
    assert!(own.at.ends_with("/evan"), "{}", own.at);
    let text = refused(&mut browser, "nobody@pump.example", 404);
    assert!(text.contains("this very server"), "{text}");
    assert!(find(&mut browser, ann.id().as_str()).at.ends_with("/ann"));
    // Whom the owner has blocked nobody asks.
    pump.runs(&["block", "add", "evil.example"], "");
    let text = refused(&mut browser, "zoe@www.evil.example", 403);
    assert!(text.contains("blocked"), "{text}");
    let text = refused(&mut browser, "zoe@127.0.0.9:1", 400);
    assert!(text.contains("no server that this one asks"), "{text}");
}

#[test]
fn somebody_elsewhere_is_found_shown_followed_listed_and_blocked() {
    network::inside(
        "finding::somebody_elsewhere_is_found_shown_followed_listed_and_blocked",
        || {
            let [here, mut there] = [0, 1].map(|number| network::server(number, &[]));
            let (ann, bob) = (here.register("ann"), there.register("bob"));
            bob.post(note("for everybody").to(public()));
            let mut browser = here.browser_of("ann");
            let [account, address] = addresses(&there, &bob);
            let nobody = address.replace("/bob", "/nobody");
            let text = refused(&mut browser, &nobody, 404);
            assert!(text.contains("nobody at this address"), "{text}");

            // Both addresses lead to the same page, and nobody hears of it.
            let page = find(&mut browser, &address).expect(200);
            assert!(page.shows("Bob") || page.shows("bob"), "{}", page.html());
            assert_eq!(find(&mut browser, &account).expect(200).at, page.at);
            assert!(page.all("a", "href").contains(&address), "the way home");
            assert_eq!(bob.followers().total(), 0);
            let mut stranger = here.browser();
            let login = stranger.open(&page.at).expect(200);
            assert!(login.find_form("login").is_some());

            let followed = browser.submit(&form_to(&page, "/main/follow")).expect(200);
            form_to(&followed, "/main/unfollow");
            eventually(|| bob.followers().total() == 1);
            eventually(|| browser.open(&page.at).shows("for everybody"));
            assert!(browser.open("/main/people?show=following").shows("bob"));
            assert!(browser.open("/main/people?q=bo").expect(200).shows("bob"));

            // The lists of which he is one.
            let followed = browser.open(&page.at);
            let lists = ann.lists().items();
            let family = lists.iter().find(|list| list["displayName"] == "Family");
            let family = family.expect("a list");
            let key = family["links"]["self"]["href"].as_str().expect("a link");
            let key = key.rsplit('/').next().expect("a key").to_owned();
            let form = form_to(&followed, "/main/lists/person").check("list", &key);
            let listed = browser.submit(&form).expect(200);
            let members = ann.stream_of(family, "members");
            assert_eq!(members.items()[0]["id"], bob.id());
            assert!(browser.open(&format!("/ann/list/{key}")).shows("bob"));
            let form = form_to(&listed, "/main/lists/person").without("list");
            browser.submit(&form).expect(200);
            assert_eq!(members.total(), 0);

            // Blocking comes after the following.
            let block = form_to(&listed, "/main/block");
            browser.submit(&block).expect(409);
            browser
                .submit(&form_to(&listed, "/main/unfollow"))
                .expect(200);
            let blocked = browser.submit(&block).expect(200);
            assert!(!blocked.text_of("blocked").is_empty());
            assert!(!blocked.html().contains("/main/follow"));
            let pardoned = browser
                .submit(&form_to(&blocked, "/main/unblock"))
                .expect(200);
            form_to(&pardoned, "/main/follow");

            there.stop();
            let away = address.replace("/bob", "/zoe");
            let text = refused(&mut browser, &away, 502);
            assert!(text.contains("not reached"), "{text}");
        },
    );
}
