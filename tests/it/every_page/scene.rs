//! A family as families are: photos of every shape, long words, long names and short ones, and somebody who tries things.

use super::machine::{self, Machine};
use crate::authorising::request_token;
use crate::guest_links::makes_link;
use crate::harness::documents::{comment, reference};
use crate::harness::{Person, Pump, activity, note, pictures, public};
use crate::oauth2::{AUTHC, AUTHZ, App, target};
use crate::photos::{fills, makes_album, posts_photo};
use serde_json::{Value, json};

const LONG: &str = "It rained all morning, and then the sun came out over the harbour. We walked along the pier to the lighthouse, \
    where somebody sold smoked fish from a small boat, and the children counted the gulls until they fell asleep. ";

/// A name for each that pages have to bear.
const NAMES: [(&str, &str); 5] = [
    (
        "evan",
        "Evangelos Konstantinos Papadopoulos-Prodromou the Younger, of the House by the Sea",
    ),
    ("ann", "A"),
    ("bea", "<script>alert('bea')</script><b>Bea"),
    ("cyd", "\u{202e}cyd \u{5d0}\u{5d1}\u{5d2} \u{200f}(left"),
    ("dan", "🎉"),
];

/// A server with a family on it.
pub(super) struct Family {
    pub(super) pump: Pump,
    evan: Person,
    /// The page of an activity.
    activity: String,
    _machine: Machine,
}

impl Family {
    pub(super) fn new() -> Family {
        let machine = Machine::new();
        let mut options = machine.options();
        options.extend(["--httpsPort", "0"].map(str::to_owned));
        let options: Vec<&str> = options.iter().map(String::as_str).collect();
        let pump = Pump::with(&options);
        let evan = pump.register("evan");
        pump.give_to("evan");
        machine::locks(&mut pump.browser_of("evan"));
        Machine::offers(&pump);
        let posted = fill(&pump, &evan);
        let page = posted["url"].as_str().expect("an activity has a page");
        let activity = pump.site.path_of(page).to_owned();
        Family {
            pump,
            evan,
            activity,
            _machine: machine,
        }
    }

    /// Pages to which no page leads: the first addresses of people, and what comes by letters and from programs.
    pub(super) fn addresses(&self) -> Vec<String> {
        let invited = self
            .evan
            .post_to("/api/owner/invitations", &json!({ "note": "for grandma" }));
        let link = invited.json()["url"].as_str().expect("a link").to_owned();
        let reset = self.pump.runs(&["user", "reset-link", "dan"], "");
        let token = request_token(&self.pump, self.evan.client_pair(), "oob");
        let app = App::confidential(&self.pump);
        let site = &self.pump.site;
        let mut browser = self.pump.browser_of("evan");
        let (album, key) = makes_album(&mut browser, "A summer by the sea", "public");
        let photo = posts_photo(&self.evan, "Waves", public());
        fills(&mut browser, &key, &[&photo]);
        let for_guests = makes_link(&mut browser, &key);
        let mut addresses = vec![
            site.path_of(&link).to_owned(),
            site.path_of(reset.trim()).to_owned(),
            format!("/oauth/authorize?oauth_token={}", token.key),
            target(AUTHZ, &app.question("writeall")),
            target(AUTHC, &app.question("writeall")),
            self.activity.clone(),
            "/main/confirm/no-such-code".to_owned(),
            "/main/tag/sea".to_owned(),
            album,
            for_guests,
            "/main/unsubscribe/no-such-code".to_owned(),
        ];
        addresses.extend(NAMES.map(|(nickname, _)| format!("/{nickname}")));
        addresses
    }
}

/// Lets a family move in with somebody; answers an activity.
pub(super) fn fill(pump: &Pump, first: &Person) -> Value {
    let others: Vec<Person> = NAMES
        .iter()
        .filter(|(nickname, _)| *nickname != first.nickname && *nickname != "evan")
        .map(|(nickname, _)| pump.register(nickname))
        .collect();
    let names = [(first, NAMES[0].1)].into_iter();
    let names = names.chain(
        others
            .iter()
            .zip(NAMES.iter().skip(1).map(|(_, name)| *name)),
    );
    for (person, name) in names {
        let profile = json!({
            "objectType": "person", "id": person.id(), "displayName": name, "summary": LONG,
            "location": { "objectType": "place", "displayName": "Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogogoch" },
        });
        person.put_to(&person.path("profile"), &profile).ok();
    }
    for person in &others {
        person.follow(first);
        first.follow(person);
    }
    say(first, &others);
    show(first);
    let list = json!({ "objectType": "collection", "displayName": "The whole family and everybody who eats with us on Sundays", "objectTypes": ["person"] });
    let list = first.post(activity("create", &list).to(first))["object"].clone();
    for person in &others {
        first.post(activity("add", &person.reference()).with("target", reference(&list)));
    }
    let group = json!({ "objectType": "group", "displayName": "Everybody who sings, hums or only listens on Thursdays", "summary": LONG });
    let group = first.post(activity("create", &group).to(public()))["object"].clone();
    first.does("join", &group);
    first.post(note("We sing at eight").to(reference(&group)));
    first.post(note("For the family alone").to(&list))
}

/// Texts of every kind, and what the others say to them.
fn say(first: &Person, others: &[Person]) {
    let texts = [
        LONG.repeat(12),
        "a".repeat(400),
        "🎉".repeat(200),
        "x".to_owned(),
        "\u{202e}backwards \u{5d0}\u{5d1}\u{5d2}".to_owned(),
        "<script>alert(1)</script><p>A <b>bold</b> word, a <a href=\"https://example.com/a/very/long/address/that/does/not/fit\">link</a></p>\
            <ul><li>one</li><li>two</li></ul><pre>let code = \"that is much longer than the screen of any phone that there is\";</pre>"
            .to_owned(),
    ];
    let mut last = Value::Null;
    for text in texts {
        last = first.post(note(&text).to(public()))["object"].clone();
    }
    for person in others {
        person.does("like", &last);
        person.post(comment(LONG, &last).to(public()));
        person.post(note(&format!("Greetings from {}", person.nickname)).to(public()));
    }
    others[0].post(activity("share", &reference(&last)).to(public()));
    others[1].post(note("Only for you").to(first));
}

/// Pictures of every shape.
fn show(first: &Person) {
    let shapes = [
        ("image/jpeg", pictures::photo(1600, 1200, 6), "A beach"),
        (
            "image/jpeg",
            pictures::grainy(2000, 300, 1),
            "The whole family in one row",
        ),
        ("image/jpeg", pictures::jpeg(200, 1600), LONG),
        ("image/png", pictures::png(8, 8), "A dot"),
        ("image/png", pictures::transparent_png(400, 400), ""),
        ("image/gif", pictures::moving_gif(60, 60), "It blinks"),
    ];
    for (kind, bytes, words) in shapes {
        let mut picture = first.upload(kind, &bytes);
        picture["displayName"] = json!(words);
        picture["content"] = json!(words);
        first.post(activity("post", &picture).to(public()));
    }
}
