//! People hear by mail of what comes for them, as they want it, and nothing that they may not read.

use super::{address, confirmed, logged_in, site};
use crate::harness::documents::{comment, note, public};
use crate::harness::mail_server::Letter;
use crate::harness::people::PASSWORD;
use crate::harness::{MailServer, Person, Pump, Request, eventually, eventually_some};
use serde_json::{Value, json};

fn to(person: &Person, text: &str) -> Value {
    json!({ "verb": "post", "to": [person.reference()], "object": { "objectType": "note", "content": text } })
}

#[track_caller]
fn set(person: &Person, notices: &str) {
    let nickname = &person.nickname;
    let record = json!({ "nickname": nickname, "password": PASSWORD, "settings": { "mailNotices": notices } });
    person
        .put_to(&format!("/api/user/{nickname}"), &record)
        .ok();
}

/// The letters to somebody that tell of something, by subject.
fn told(server: &MailServer, nickname: &str) -> Vec<Letter> {
    let mut letters = server.letters_to(&address(nickname));
    letters.retain(|letter| letter.0["headers"].get("list-unsubscribe").is_some());
    letters
}

/// Waits for a letter that tells of something with these words.
#[track_caller]
fn letter_with(server: &MailServer, nickname: &str, words: &str) -> Letter {
    let has = |letter: &Letter| letter.text().contains(words);
    eventually_some(|| told(server, nickname).into_iter().find(has))
}

/// Waits for a letter that goes after all that is due before it.
#[track_caller]
fn all_has_gone(server: &MailServer, pump: &Pump, nickname: &str) {
    let passwords = || {
        let mut letters = server.letters_to(&address(nickname));
        letters.retain(|letter| letter.subject().starts_with("A new password"));
        letters.len()
    };
    let before = passwords();
    let asked = json!({ "nickname": nickname, "force": true });
    pump.nobody().post_to("/main/recover", &asked).ok();
    eventually(|| passwords() > before);
}

/// pump-api.md §5.5, D30
#[test]
fn what_is_sent_to_somebody_directly_comes_by_mail_and_can_be_ended() {
    let Some((server, pump)) = site(&[]) else {
        return;
    };
    let ann = confirmed(&server, &pump, "ann");
    let ben = pump.register("ben");
    // Not what one does oneself, nor what comes to everybody, nor to whom has no address.
    ann.post(to(&ann, "a note to myself"));
    ann.follow(&ben);
    ben.post(note("to the world").to(public()));
    ann.post(to(&ben, "ben has no address"));
    ben.post(to(&ann, "<p>Hi <b>Ann</b>, look: <a href=\"https://h.test/\">this</a></p><img src=\"https://h.test/x.gif\"><script>x()</script>"));
    let letter = server.letter_to(&address("ann"), 2);
    assert_eq!(letter.subject(), "ben posted a note");
    assert!(
        letter
            .text()
            .contains("Hi Ann, look: this <https://h.test/>"),
        "{}",
        letter.text()
    );
    assert!(letter.html().contains("<b>Ann</b>"));
    for gone in ["script", "<img", "x.gif"] {
        assert!(!letter.html().contains(gone), "{gone}");
    }
    assert!(letter.text().contains("http://pump.test/ben/note/"));
    assert_eq!(letter.0["defects"], json!([]));

    let link = letter.link("/main/unsubscribe/");
    let header = format!("<http://pump.test{link}>");
    assert_eq!(letter.header("list-unsubscribe"), header);
    let mut stranger = pump.browser();
    assert_eq!(stranger.open("/main/unsubscribe/abc").answer.status, 404);
    let page = stranger.open(&link).expect(200);
    assert!(page.shows("tells ann nothing more"));
    assert_eq!(
        ann.get("/api/user/ann").ok()["settings"]["mailNotices"],
        "direct"
    );
    // At one click of a mail program, which has no cookies and sends no token (RFC 8058 §3.1).
    let click = Request::post(&link).form(&[("List-Unsubscribe", "One-Click")]);
    assert_eq!(pump.nobody().send(click.clone()).status, 200);
    assert_eq!(pump.nobody().send(click).status, 200, "again does no harm");
    stranger.submit(&page.form("unsubscribe")).expect(200);
    assert_eq!(
        ann.get("/api/user/ann").ok()["settings"]["mailNotices"],
        "off"
    );
    ben.post(to(&ann, "not by mail any more"));
    all_has_gone(&server, &pump, "ann");
    assert_eq!(told(&server, "ann").len(), 1);
}

/// pump-api.md §5.5, D30
#[test]
fn everybody_chooses_what_comes() {
    let Some((server, pump)) = site(&[]) else {
        return;
    };
    let ann = confirmed(&server, &pump, "ann");
    let ben = pump.register("ben");
    let record = |notices: Value| json!({ "nickname": "ann", "password": PASSWORD, "settings": { "mailNotices": notices, "colour": "blue" } });
    for bad in [json!("sometimes"), json!(1), json!(["all"])] {
        let refused = ann.put_to("/api/user/ann", &record(bad));
        assert_eq!(refused.status, 400);
    }
    let answer = ann.put_to("/api/user/ann", &record(json!("all"))).ok();
    assert_eq!(
        answer["settings"],
        json!({ "mailNotices": "all", "colour": "blue" })
    );
    assert!(ben.get("/api/user/ann").ok().get("settings").is_none());
    ann.follow(&ben);
    ben.post(note("to the world").to(public()));
    let letter = server.letter_to(&address("ann"), 2);
    assert!(letter.text().contains("to the world"));
    let mut browser = logged_in(&pump, "ann", PASSWORD);
    let page = browser.open("/main/settings/notifications").expect(200);
    let form = page.form("notices-form");
    assert_eq!(form.value("notices"), "all");
    let bad = browser.submit(&form.clone().fill("notices", "nonsense"));
    assert_eq!(bad.answer.status, 400);
    let page = browser.submit(&form.fill("notices", "off")).expect(200);
    assert_eq!(page.form("notices-form").value("notices"), "off");
    ben.post(to(&ann, "unheard"));
    all_has_gone(&server, &pump, "ann");
    assert_eq!(told(&server, "ann").len(), 1);
}

/// pump-api.md §5.5
#[test]
fn a_letter_tells_only_what_its_reader_may_know_when_it_goes() {
    let Some((mut server, mut pump)) = site(&[]) else {
        return;
    };
    let ann = confirmed(&server, &pump, "ann");
    let [ben, cat] = pump.register_all(["ben", "cat"]);
    let secret = ben.post(to(&cat, "the surprise for Ann"));
    set(&ann, "all");
    ann.follow(&cat);
    // Cat comments to Ann on what Ann may not read, and Ben's note is gone before the letter goes.
    server.behave("down");
    cat.post(comment("so true", &secret["object"]).to(&ann));
    let gone = ben.post(to(&ann, "taken back"));
    ben.does("delete", &gone["object"]);
    server.behave("up");
    pump.restart();
    letter_with(&server, "ann", "so true");
    all_has_gone(&server, &pump, "ann");
    for letter in told(&server, "ann") {
        let all = format!("{}{}{}", letter.subject(), letter.text(), letter.html());
        assert!(!all.contains("surprise"), "{all}");
        assert!(!all.contains("taken back"), "{all}");
    }
}

#[test]
fn a_flood_is_a_few_letters() {
    let Some((mut server, mut pump)) = site(&[]) else {
        return;
    };
    let ann = confirmed(&server, &pump, "ann");
    let ben = pump.register("ben");
    server.behave("down");
    for number in 0..30 {
        ben.post(to(&ann, &format!("note {number}")));
    }
    server.behave("up");
    pump.restart();
    // The first letter was begun with what was there then; all others are one.
    eventually(|| told(&server, "ann").len() > 1);
    all_has_gone(&server, &pump, "ann");
    let letters = told(&server, "ann");
    assert_eq!(letters.len(), 2);
    let named = |letter: &Letter| letter.text().matches("ben posted a note").count();
    let (first, second) = (named(&letters[0]), named(&letters[1]));
    assert_eq!(second, 20);
    let more = format!("And {} more, which you find there", 10 - first);
    assert!(letters[1].text().contains(&more), "{}", letters[1].text());
    let subject = format!("{} new activities at Pumphouse", 30 - first);
    assert_eq!(letters[1].subject(), subject);
}

#[test]
fn a_letter_speaks_the_language_of_its_reader() {
    let Some((server, pump)) = site(&[]) else {
        return;
    };
    let ann = confirmed(&server, &pump, "ann");
    let ben = pump.register("ben");
    let mut browser = logged_in(&pump, "ann", PASSWORD);
    let form = browser
        .open("/main/settings/language")
        .expect(200)
        .form("language");
    browser.submit(&form.fill("language", "fr")).expect(200);
    ben.post(to(&ann, "On se voit dimanche ?"));
    let letter = server.letter_to(&address("ann"), 2);
    assert_eq!(letter.subject(), "ben a publié une note");
    let text = letter.text();
    // What somebody wrote stays as it is, all around it is French.
    for part in ["On se voit dimanche ?", "Plus d’e-mails de ce genre"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(!text.contains("No more letters"), "{text}");
    let page = browser.open(&letter.link("/main/unsubscribe/")).expect(200);
    assert_eq!(page.all("html", "lang").concat(), "fr");
}
