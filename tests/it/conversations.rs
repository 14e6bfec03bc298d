//! Comments on what is not for everybody: who reads a post for followers or for a list reads the comments on it, and nobody else
//! does (`pump-api.md §4.6`, case 6, `§4.7`, `§4.9`).

use crate::harness::documents::{followers_of, reference};
use crate::harness::http::encode;
use crate::harness::people::link_self;
use crate::harness::{
    Activity, Person, Pump, activity, comment, eventually, eventually_some, network, note, public,
};
use serde_json::{Value, json};

/// A list of somebody with members, that nobody else is told of.
fn list_of(owner: &Person, members: &[&Person]) -> Value {
    let named =
        json!({ "objectType": "collection", "displayName": "Kin", "objectTypes": ["person"] });
    let list = owner.post(activity("create", &named).to(owner))["object"].clone();
    for member in members {
        let add = activity("add", &member.reference()).with("target", reference(&list));
        owner.post(add.to(owner));
    }
    list
}

fn page_of(pump: &Pump, thing: &Value) -> String {
    let url = thing["url"].as_str().expect("a page");
    pump.site.path_of(url).to_owned()
}

/// Whether somebody meets words among the answers to something.
fn is_answered(who: &Person, thing: &Value, words: &str) -> bool {
    who.stream_of(thing, "replies")
        .page()
        .to_string()
        .contains(words)
}

/// Whether somebody meets words in the inbox.
fn hears(who: &Person, words: &str) -> bool {
    who.inbox().page().to_string().contains(words)
}

#[test]
fn naming_a_circle_of_somebody_else_reaches_nobody() {
    let pump = Pump::start();
    let [ann, ben, oma, kim] = pump.register_all(["ann", "ben", "oma", "kim"]);
    oma.follow(&ann);
    let list = list_of(&ann, &[&ben, &oma]);
    let told = ann.post(note("for kin").to(&list))["object"].clone();
    let open = ann.post(note("for all").to(public()))["object"].clone();
    let own = kim.post(note("of my own").to(public()))["object"].clone();

    // Who may not read the post cannot answer it, whatever he names.
    kim.try_post(comment("UNASKED there", &told).to(&list))
        .refused(400);
    // Neither does it help to answer something that was not for that list, or for those followers.
    let circles = |said: Activity| said.to(&list).cc(followers_of(&ann));
    let tries = [
        kim.post(circles(comment("UNASKED below", &open))),
        kim.post(circles(comment("UNASKED own", &own))),
        kim.post(circles(note("UNASKED note"))),
        // On the list, but the post was not for the followers.
        ben.post(comment("UNASKED followers", &told).to(followers_of(&ann))),
    ];
    for said in &tries {
        oma.read(&said["object"]).refused(403);
        oma.read(said).refused(403);
    }
    assert!(!hears(&oma, "UNASKED") && !hears(&ann, "UNASKED"));
    for thing in [&told, &open, &own] {
        assert!(!is_answered(&oma, thing, "UNASKED"));
    }
}

#[test]
fn who_reads_a_post_for_a_list_reads_the_comments_on_it() {
    let pump = Pump::start();
    let [ann, ben, oma, kim] = pump.register_all(["ann", "ben", "oma", "kim"]);
    kim.follow(&ann);
    kim.follow(&ben);
    let list = list_of(&ann, &[&ben, &oma]);
    let told = ann.post(note("We have a date").to(&list))["object"].clone();
    let said = ben.post(comment("HURRAY for you", &told));
    let words = "HURRAY";

    for reader in [&ann, &oma] {
        assert!(reader.inbox().minor().has(&said), "{}", reader.nickname);
        assert!(is_answered(reader, &told, words));
        assert_eq!(reader.read(&told).ok()["replies"]["totalItems"], 1);
        assert!(reader.feed_of(&ben).minor().has(&said));
        let mut browser = pump.browser_of(&reader.nickname);
        assert!(
            browser
                .open(&page_of(&pump, &told))
                .expect(200)
                .shows(words)
        );
        let found = browser.open("/main/search?q=hurray").expect(200);
        assert!(found.shows(words), "{}", reader.nickname);
    }
    // Oma answers and likes it; what she says is for the same people.
    oma.does("like", &said["object"]);
    let answer = oma.post(comment("HURRAY, says Oma", &said["object"]));
    for reader in [&ann, &ben] {
        assert!(reader.inbox().minor().has(&answer), "{}", reader.nickname);
        assert!(
            reader
                .stream_of(&said["object"], "replies")
                .has(&answer["object"])
        );
    }
    assert_eq!(ben.read(&said["object"]).ok()["likes"]["totalItems"], 1);
    // Who sees it is told by the names of those who know the list.
    let audience = |who: &str| {
        let link = link_self(&said["object"]).to_owned();
        let key = link.rsplit('/').next().expect("a key").to_owned();
        pump.browser_of(who)
            .open(&format!("/main/audience?object={key}"))
    };
    assert!(audience("ann").expect(200).shows("@oma"));
    let bens = audience("ben").expect(200);
    assert!(bens.shows("People whom ann chose (2)") && !bens.shows("Kin"));

    // Kim follows both and is on no list: nothing of it is for her.
    assert!(!hears(&kim, words) && !kim.feed_of(&ben).says(words));
    for thing in [&told, &said["object"], &answer["object"]] {
        kim.read(thing).refused(403);
        kim.stream_of(thing, "replies").ask("").refused(403);
        let mut browser = pump.browser_of("kim");
        assert!(!browser.open(&page_of(&pump, thing)).shows(words));
    }
    assert!(
        !pump
            .browser_of("kim")
            .open("/main/search?q=hurray")
            .shows("HURRAY for")
    );
    assert_eq!(audience("kim").answer.status, 403);

    // Whoever is taken off the list reads neither the post nor what is said about it.
    let remove = activity("remove", &oma.reference()).with("target", reference(&list));
    ann.post(remove.to(&ann));
    oma.read(&told).refused(403);
    oma.read(&said["object"]).refused(403);
}

#[test]
fn who_follows_reads_the_comments_on_what_followers_read() {
    let pump = Pump::start();
    let [ann, ben, oma, kim] = pump.register_all(["ann", "ben", "oma", "kim"]);
    ben.follow(&ann);
    oma.follow(&ann);
    let told = ann.post(note("For those who follow"))["object"].clone();
    let said = ben.post(comment("Well said", &told));
    assert!(oma.inbox().minor().has(&said) && oma.stream_of(&told, "replies").says("Well said"));
    assert!(!kim.inbox().has(&said));
    kim.read(&said["object"]).refused(403);
    // A comment for fewer stays with them.
    let aside = ben.post(comment("Between us", &told).to(&ann));
    assert!(!oma.inbox().has(&aside));
    oma.read(&aside["object"]).refused(403);
    // It goes with what it answers.
    ann.does("delete", &told);
    oma.read(&said["object"]).refused(403);
}

/// pump-api.md §4.12, §6.6
#[test]
fn comments_from_another_server_are_passed_on_at_home_and_comments_from_home_reach_it() {
    network::inside(
        "conversations::comments_from_another_server_are_passed_on_at_home_and_comments_from_home_reach_it",
        || {
            let [a, b] = [0, 1].map(|number| network::server(number, &[]));
            let [ann, oma, kim] = a.register_all(["ann", "oma", "kim"]);
            let zoe = b.register("zoe");
            oma.follow(&ann);
            zoe.follow(&ann);
            eventually(|| ann.followers().page()["totalItems"] == 2);
            let told = ann.post(note("For those who follow"))["object"].clone();
            let got = eventually_some(|| {
                let items = zoe.inbox().major().items();
                items
                    .into_iter()
                    .find(|item| item["object"]["id"] == told["id"])
            });

            let said = zoe.post(comment("From over there", &got["object"]));
            eventually(|| oma.inbox().minor().has(&said));
            assert!(oma.stream_of(&told, "replies").says("From over there"));
            assert!(!hears(&kim, "From over there"));
            kim.stream_of(&told, "replies").ask("").refused(403);

            // Whoever is named in it is told of it as such.
            let named = comment("Especially for Oma", &got["object"])
                .to(ann.reference())
                .to(oma.reference())
                .cc(followers_of(&ann));
            let named = zoe.post(named);
            eventually(|| oma.inbox().direct().minor().has(&named));

            let answer = oma.post(comment("From here", &told));
            eventually(|| zoe.inbox().minor().has(&answer));
            let id = encode(told["id"].as_str().expect("an id"));
            let replies = zoe.stream(&format!("/api/note/replies?id={id}"));
            assert!(replies.has(&answer["object"]));

            // Whoever wants to hear nothing of her does not hear it by way of Ann.
            oma.post_to(&oma.path("blocked"), &zoe.reference()).ok();
            let more = zoe.post(comment("And more", &got["object"]));
            eventually(|| ann.inbox().minor().has(&more));
            assert!(!oma.inbox().has(&more));
        },
    );
}
