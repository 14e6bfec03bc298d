//! Search: people, posts and tags that one may see are found, and nothing else is.

use crate::harness::documents::followers_of;
use crate::harness::http::encode;
use crate::harness::people::link_self;
use crate::harness::{Person, Pump, activity, comment, note, public};
use crate::photos::reader;
use serde_json::{Value, json};

/// Whether a search of somebody shows some words.
fn finds(pump: &Pump, nickname: &str, q: &str, words: &str) -> bool {
    let target = format!("/main/search?q={}", encode(q));
    reader(pump, nickname)
        .open(&target)
        .expect(200)
        .shows(words)
}

fn says(person: &Person, words: &str, to: impl Into<Value>) -> Value {
    person.post(note(words).to(to.into()))["object"].clone()
}

#[test]
fn what_is_not_for_somebody_is_not_found() {
    let pump = Pump::start();
    let [evan, ann, bea] = pump.register_all(["evan", "ann", "bea"]);
    assert!(pump.browser().open("/main/search?q=secret").shows("Log in"));
    says(&evan, "a secret for ann #geheim", ann.reference());
    assert!(finds(&pump, "ann", "secret", "a secret for ann"));
    assert!(finds(&pump, "evan", "secret", "a secret for ann"));
    for q in ["secret", "geheim", "#geheim", "for ann"] {
        let target = format!("/main/search?q={}", encode(q));
        let page = reader(&pump, "bea").open(&target).expect(200);
        assert!(!page.html().contains("a secret"), "{q}");
        assert!(!page.html().contains("/main/tag/geheim"), "{q}");
    }
    let tag = reader(&pump, "bea").open("/main/tag/geheim").expect(200);
    assert!(!tag.html().contains("a secret"));
    assert!(
        !pump
            .browser()
            .open("/main/tag/geheim")
            .html()
            .contains("a secret")
    );
    let _ = bea;
    for nonsense in ["%20", "x", "%23", "%3Cscript%3E", "%F0%9F%98%80"] {
        reader(&pump, "bea")
            .open(&format!("/main/search?q={nonsense}"))
            .expect(200);
    }
    let long = "x".repeat(500);
    reader(&pump, "bea")
        .open(&format!("/main/search?q={long}"))
        .expect(400);
    reader(&pump, "bea")
        .open("/main/search?q=xx&before=y")
        .expect(404);
}

#[test]
fn posts_are_found_by_the_beginnings_of_their_words() {
    let mut pump = Pump::start();
    let evan = pump.register("evan");
    let lake = says(&evan, "Größe Freude am SEE mit Übung", public());
    let walk =
        json!({"objectType": "article", "displayName": "The long walk", "content": "<p>One</p>"});
    evan.post(activity("post", &walk));
    evan.post(comment("a remark about crabs", &lake));
    for q in ["gros", "GRÖSSE", "übung see", "ubu fre", "freude, see!"] {
        assert!(finds(&pump, "evan", q, "Freude am SEE"), "{q}");
    }
    assert!(finds(&pump, "evan", "walk", "The long walk"));
    assert!(finds(&pump, "evan", "crab", "a remark about crabs"));
    assert!(finds(&pump, "evan", "see walk", "Nothing found"));
    assert!(finds(&pump, "evan", "eude", "Nothing found"));
    // The index follows what becomes of a post.
    evan.put_to(link_self(&lake), &json!({"content": "Now about mountains"}))
        .expect(200);
    assert!(finds(&pump, "evan", "mountain", "Now about mountains"));
    assert!(finds(&pump, "evan", "freude", "Nothing found"));
    pump.restart();
    assert!(finds(&pump, "evan", "mountain", "Now about mountains"));
    evan.delete(link_self(&lake)).expect(200);
    assert!(finds(&pump, "evan", "mountain", "Nothing found"));
}

#[test]
fn people_are_found_by_name_nickname_and_address() {
    let pump = Pump::start();
    let [evan, oma] = pump.register_all(["evan", "oma_w"]);
    let _ = evan;
    oma.put_to(
        "/api/user/oma_w/profile",
        &json!({"objectType": "person", "displayName": "Gerda Müller"}),
    )
    .expect(200);
    for q in ["gerda", "mull", "Müller Gerda", "oma", "@oma_w"] {
        assert!(finds(&pump, "evan", q, "Gerda Müller"), "{q}");
    }
    assert!(!finds(&pump, "evan", "gerda evan", "Gerda Müller"));
}

#[test]
fn tags_lead_to_what_has_them() {
    let pump = Pump::start();
    let [evan, ann] = pump.register_all(["evan", "ann"]);
    says(
        &evan,
        "<p>At the lake #Sommer &amp; #1 <a href=\"http://h.test/\">#link</a></p>",
        public(),
    );
    says(&evan, "only for followers #sommer", followers_of(&evan));
    says(&ann, "sommer without a sign", public());
    let page = pump.browser().open("/evan").expect(200);
    let html = page.html();
    assert!(html.contains("href=\"/main/tag/Sommer\""), "{html}");
    assert!(!html.contains("/main/tag/1") && !html.contains("/main/tag/link"));
    let tag = pump.browser().open("/main/tag/Sommer").expect(200);
    assert!(tag.shows("At the lake") && !tag.shows("only for followers"));
    assert!(!tag.shows("without a sign"));
    let own = reader(&pump, "evan").open("/main/tag/SOMMER").expect(200);
    assert!(own.shows("At the lake") && own.shows("only for followers"));
    let found = reader(&pump, "ann").open("/main/search?q=somm").expect(200);
    assert!(found.html().contains("/main/tag/sommer"));
    assert!(found.shows("without a sign"));
    // On the wire the words are as they came.
    let kept = evan.feed().items()[1]["object"]["content"].to_string();
    assert!(
        kept.contains("#Sommer") && !kept.contains("/main/tag"),
        "{kept}"
    );
    pump.browser().open("/main/tag/!").expect(404);
}
