//! Groups on the pages: made, joined, written to, filled with documents, left, changed and deleted, and who sees nothing of them.

use crate::harness::documents::{note, reference};
use crate::harness::people::link_self;
use crate::harness::{Browser, Pump, network};
use serde_json::Value;

/// Makes a group on the page; answers the path of its page.
#[track_caller]
fn make(browser: &mut Browser, name: &str, audience: &str) -> String {
    let form = browser.open("/main/groups").expect(200).form("new-group");
    let form = form.fill("name", name).fill("about", "We <b>sing</b>.");
    browser
        .submit(&form.fill("audience", audience))
        .expect(200)
        .at
}

#[test]
fn a_group_lives_on_its_page() {
    let pump = Pump::start();
    let [evan, ann, bea] = pump.register_all(["evan", "ann", "bea"]);
    ann.follow(&evan);
    let mut browser = pump.browser_of("evan");
    let form = browser.open("/main/groups").expect(200).form("new-group");
    for wrong in [
        form.clone(),
        form.clone().fill("name", &"n".repeat(81)),
        form.clone()
            .fill("name", "Choir")
            .fill("audience", "list:x"),
    ] {
        browser.submit(&wrong).expect(400).text_of("error");
    }
    let page = make(&mut browser, "Choir", "followers");
    let group = browser.open(&page).expect(200);
    assert!(
        group.shows("Everyone who follows you"),
        "{}",
        group.text_of("audience")
    );
    assert!(
        group.html().contains("We &lt;b&gt;sing"),
        "nothing typed is markup"
    );
    group.form_to("/main/groups/leave");

    // Who may not see it learns nothing and does nothing.
    let mut stranger = pump.browser();
    assert!(
        stranger
            .open(&page)
            .expect(200)
            .find_form("login")
            .is_some()
    );
    let mut others = pump.browser_of("bea");
    others.open(&page).expect(403);
    for path in ["join", "change", "document"] {
        let target = format!("/main/groups/{path}");
        let own = group.forms().into_iter().find(|form| form.action == target);
        if let Some(own) = own {
            let token = others.open("/main/groups").form("new-group");
            let forged = own.fill("_csrf", token.value("_csrf"));
            others.submit(&forged).expect(403);
        }
    }

    // A follower is offered it, joins, and is told what is posted to it.
    let mut hers = pump.browser_of("ann");
    assert!(hers.open("/main/groups").shows("Choir"));
    let joined = hers.open(&page).expect(200).form_to("/main/groups/join");
    let joined = hers.submit(&joined).expect(200);
    assert!(joined.shows("Write to this group") && joined.shows("@ann"));
    let list = evan.feed().major().items();
    let made = list
        .iter()
        .find(|item| item["object"]["displayName"] == "Choir");
    let document: Value = made.expect("a group")["object"].clone();
    let said = evan.post(note("we sing at eight").to(reference(&document)));
    assert!(ann.inbox().has(&said) && !bea.inbox().has(&said));
    assert!(hers.open(&page).shows("we sing at eight"));

    // Documents are put in and taken out by members.
    let form = hers.open(&page).form("document");
    hers.submit(&form).expect(400).text_of("error");
    let form = form.attach("file", "song.txt", "text/plain", b"la la la");
    let filled = hers.submit(&form).expect(200);
    assert!(filled.shows("song.txt"), "{}", filled.html());
    let taken = filled.forms().into_iter().find(|form| form.has("remove"));
    let empty = hers.submit(&taken.expect("a button")).expect(200);
    assert!(!empty.forms().iter().any(|form| form.has("remove")));

    // Its maker alone changes it.
    assert!(hers.open(&page).find_form("change").is_none());
    let change = group.form("change").fill("name", "Loud choir");
    assert!(browser.submit(&change).expect(200).shows("Loud choir"));
    let left = hers.open(&page).form_to("/main/groups/leave");
    let left = hers.submit(&left).expect(200);
    left.form_to("/main/groups/join");
    let late = evan.post(note("still there?").to(reference(&document)));
    assert!(!ann.inbox().has(&late));
    evan.delete(link_self(&document)).ok();
    browser.open(&page).expect(410);
}

#[test]
fn a_group_of_another_server_is_found_joined_and_read() {
    network::inside(
        "groups_on_pages::a_group_of_another_server_is_found_joined_and_read",
        || {
            let [here, there] = [0, 1].map(|number| network::server(number, &[]));
            let (ann, bob) = (here.register("ann"), there.register("bob"));
            let mut his = there.browser_of("bob");
            let page = make(&mut his, "Choir", "public");
            his.open(&page).expect(200);
            let made = bob.feed().major().items();
            let group = made[0]["object"].clone();
            let id = group["id"].as_str().expect("an id");
            let mut hers = here.browser_of("ann");
            let form = hers.open("/main/find").form("find");
            let found = hers.submit(&form.fill("address", id)).expect(200);
            assert!(found.shows("Choir"), "{}", found.html());
            let join = found.form_to("/main/groups/join");
            hers.submit(&join).expect(200);
            crate::harness::eventually(|| bob.stream_of(&group, "members").total() == 2);
            let said = bob.post(note("we sing at eight").to(reference(&group)));
            crate::harness::eventually(|| ann.inbox().has(&said));
            assert!(hers.open(&found.at).shows("we sing at eight"));
            assert!(hers.open("/main/groups").shows("Choir"));
            let leave = hers.open(&found.at).form_to("/main/groups/leave");
            hers.submit(&leave).expect(200);
            crate::harness::eventually(|| bob.stream_of(&group, "members").total() == 1);
        },
    );
}

#[test]
fn what_is_written_from_a_page_goes_to_whose_page_it_is() {
    let pump = Pump::start();
    let [evan, ann, bea] = pump.register_all(["evan", "ann", "bea"]);
    bea.follow(&evan);
    let mut his = pump.browser_of("evan");
    let page = make(&mut his, "Choir", "public");
    let mut hers = pump.browser_of("ann");
    let join = hers.open(&page).expect(200).form_to("/main/groups/join");
    hers.submit(&join).expect(200);

    let write = |browser: &mut Browser, from: &str, words: &str| {
        let links = browser.open(from).expect(200).all("a", "href");
        let link = links.iter().find(|link| link.contains("/main/compose?to="));
        let form = browser.open(link.expect("a link to write")).expect(200);
        browser
            .submit(&form.form("composer").fill("content", words))
            .expect(200);
    };
    write(&mut his, &page, "we sing at eight");
    write(&mut hers, "/evan", "just for you");
    let holds = |person: &crate::harness::Person, words: &str| {
        let items = person.inbox().major().items();
        let said = |item: &Value| {
            item["object"]["content"]
                .as_str()
                .is_some_and(|text| text.contains(words))
        };
        items.iter().any(said)
    };
    assert!(holds(&ann, "we sing at eight") && !holds(&bea, "we sing at eight"));
    assert!(holds(&evan, "just for you") && !holds(&bea, "just for you"));
    // A group is no habit: what is written next goes where it went before.
    let next = his.open("/main/compose").expect(200).form("composer");
    assert_eq!(next.value("audience"), "followers");
    let foreign = pump.browser_of("bea").open(&format!(
        "/main/compose?to={}",
        page.rsplit('/').next().expect("a key")
    ));
    assert!(
        !foreign.expect(200).html().contains("data-to"),
        "she is no member"
    );
}
