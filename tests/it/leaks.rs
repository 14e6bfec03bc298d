//! What is private stays private wherever it is spoken of (`pump-api.md §4.9.4`, `§4.9.5`): outsiders go to every address
//! that they can find, and the private words are nowhere.

use crate::harness::documents::reference;
use crate::harness::oauth::Pair;
use crate::harness::people::link_self;
use crate::harness::{Activity, Caller, Person, Pump, activity, comment, note, public};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Stands in everything that outsiders may not see.
const SECRET: &str = "UNSEEN";

/// Most addresses that one outsider looks at.
const ADDRESSES_MAX: usize = 600;

const STREAMS: &[&str] = &[
    "",
    "/profile",
    "/feed",
    "/feed/major",
    "/feed/minor",
    "/followers",
    "/following",
    "/favorites",
    "/lists/person",
    "/lists/image",
    "/lists/note",
    "/inbox",
    "/uploads",
];

fn with_target(verb: &str, thing: &Value, target: &Value) -> Activity {
    activity(verb, thing).with("target", reference(target))
}

/// Evan and Ann have secrets, and speak of them in public in every way that there is.
fn secrets(evan: &Person, ann: &Person, cyd: &Person) -> Vec<Value> {
    let make = |maker: &Person, thing: Value, whom: &Person| {
        maker.post(activity("create", &thing).to(whom))["object"].clone()
    };
    let list = make(
        evan,
        json!({ "objectType": "collection", "displayName": "UNSEEN list", "objectTypes": ["person"] }),
        evan,
    );
    let group = make(
        evan,
        json!({ "objectType": "group", "displayName": "UNSEEN group", "summary": "UNSEEN" }),
        ann,
    );
    let open = json!({ "objectType": "group", "displayName": "Open group" });
    let open = evan.post(activity("create", &open).to(public()))["object"].clone();
    let hidden = note("UNSEEN words")
        .object_with("displayName", "UNSEEN name")
        .object_with(
            "attachments",
            json!([{ "objectType": "image", "displayName": "UNSEEN picture" }]),
        );
    let hidden = evan.post(hidden.to(ann).bcc(cyd))["object"].clone();
    let picture = json!({ "objectType": "image", "displayName": "UNSEEN portrait" });
    let picture = evan.post(activity("post", &picture).to(ann))["object"].clone();
    let tell = |who: &Person, what: Activity| who.post(what.to(public()));
    let mut told = vec![
        tell(ann, activity("join", &reference(&group))),
        tell(evan, activity("join", &reference(&group))),
        tell(ann, activity("join", &reference(&open))),
        tell(evan, activity("join", &reference(&open))),
        tell(ann, activity("like", &reference(&hidden))),
        tell(ann, activity("share", &reference(&hidden))),
        tell(ann, activity("share", &hidden)),
        tell(ann, activity("play", &reference(&hidden))),
        tell(ann, activity("like", &reference(&group))),
        tell(ann, with_target("add", &reference(&hidden), &open)),
        tell(evan, with_target("add", &reference(&picture), &open)),
        tell(ann, with_target("add", &reference(&hidden), &group)),
        tell(ann, comment("I answer", &hidden)),
        tell(evan, with_target("add", &ann.reference(), &list)),
        tell(evan, note("to a list").to(&list).cc(&group)),
        tell(evan, note("to somebody too").bto(cyd).bcc(&list)),
        tell(evan, note("about both").with("target", reference(&group))),
        tell(
            evan,
            activity(
                "update",
                &json!({
                    "id": hidden["id"], "objectType": "note", "content": "UNSEEN new words",
                }),
            ),
        ),
    ];
    ann.post(comment("UNSEEN answer", &hidden));
    ann.post(note("UNSEEN for the group").to(&group));
    ann.post(note("UNSEEN for the open group").to(&open));
    told.push(tell(cyd, activity("share", &told[12]["object"])));
    told.push(tell(cyd, comment("I answer too", &told[12]["object"])));
    // Bea follows Evan, and is not on his list.
    let kin = json!({ "objectType": "collection", "displayName": "UNSEEN kin", "objectTypes": ["person"] });
    let kin = make(evan, kin, evan);
    evan.post(with_target("add", &ann.reference(), &kin).to(evan));
    evan.post(with_target("add", &cyd.reference(), &kin).to(evan));
    let dear = evan.post(note("UNSEEN for kin").to(&kin))["object"].clone();
    let said = ann.post(comment("UNSEEN among kin", &dear))["object"].clone();
    let answer = cyd.post(comment("UNSEEN answer among kin", &said))["object"].clone();
    told.push(tell(ann, activity("like", &reference(&answer))));
    told.push(tell(cyd, activity("share", &reference(&said))));
    told.extend([hidden, group, list, open, picture, dear, said, answer]);
    told
}

/// Everything that begins with the base URL in an answer, or stands in an attribute of a page.
fn addresses(pump: &Pump, text: &str) -> Vec<String> {
    let base = pump.site.url_of("/");
    let quoted = text.split(['"', '\'']);
    let found = quoted.filter_map(|word| {
        let path = word.strip_prefix(&base).or(word.strip_prefix('/'))?;
        let end = path.find(['<', '>', ' ', '\\']).unwrap_or(path.len());
        Some(format!("/{}", path.get(..end)?.replace("&amp;", "&")))
    });
    found.collect()
}

/// Goes to every address that leads on from the first ones; answers how many there were.
fn look_everywhere(pump: &Pump, viewer: &Caller, first: Vec<String>, name: &str) -> usize {
    let mut next = first;
    let mut seen = BTreeSet::new();
    while let Some(path) = next.pop() {
        let is_changing = path.ends_with("/stream") || path.starts_with("/main/realtime");
        if is_changing || !seen.insert(path.clone()) || seen.len() > ADDRESSES_MAX {
            continue;
        }
        let answer = viewer.get(&path);
        assert!(answer.status < 500, "{name} at {path}");
        let is_text = ["json", "html"]
            .iter()
            .any(|kind| answer.header("content-type").contains(kind));
        if !is_text {
            continue;
        }
        let text = answer.text();
        assert!(!text.contains(SECRET), "{name} at {path}: {text}");
        assert!(
            !text.contains("\"bcc\"") && !text.contains("\"bto\""),
            "{name} at {path}"
        );
        next.extend(addresses(pump, &text));
    }
    seen.len()
}

/// pump-api.md §4.9.4, §4.9.5, D8, D10, D35
#[test]
fn what_is_private_is_nowhere_for_outsiders() {
    let options = json!({ "clients": [{ "client_id": "host", "client_secret": "secret", "host": "other.test" }] });
    let directory = tempfile::TempDir::new().expect("a directory");
    let file = directory.path().join("configuration.json");
    std::fs::write(&file, options.to_string()).expect("a file");
    let pump = Pump::with(&["--config", &file.display().to_string()]);
    let [evan, ann, bea, cyd] = pump.register_all(["evan", "ann", "bea", "cyd"]);
    bea.follow(&evan);
    let settings = json!({ "nickname": "ann", "password": crate::harness::people::PASSWORD, "settings": { "a": SECRET } });
    ann.put_to("/api/user/ann", &settings).ok();
    let told = secrets(&evan, &ann, &cyd);
    let anns = ann.get(&ann.path("inbox/major")).ok().to_string();
    assert!(anns.contains(SECRET), "{anns}");
    let streams = |caller: &str| {
        let people = [&evan, &ann, &cyd].into_iter();
        let mut paths: Vec<String> = people
            .flat_map(|person| {
                STREAMS
                    .iter()
                    .map(|rest| format!("/api/user/{}{rest}", person.nickname))
            })
            .collect();
        paths.push("/api/users".to_owned());
        paths.push(format!("/api/user/{caller}/inbox"));
        paths.push(format!("/api/user/{caller}/inbox/major"));
        paths.extend(
            told.iter()
                .map(|thing| pump.site.path_of(link_self(thing)).to_owned()),
        );
        paths
    };
    let host = Caller {
        client: Some(Pair::new("host", "secret")),
        ..pump.nobody()
    };
    let client = pump.client();
    let outsiders: [(&str, &Caller); 3] =
        [("bea", &bea), ("other server", &host), ("client", &client)];
    for (name, viewer) in outsiders {
        let count = look_everywhere(&pump, viewer, streams("bea"), name);
        assert!((100..ADDRESSES_MAX).contains(&count), "{name} saw {count}");
    }
    let pages = ["/evan", "/ann", "/cyd"].map(str::to_owned).to_vec();
    let count = look_everywhere(&pump, &pump.nobody(), pages, "a visitor");
    assert!(count > 10, "a visitor saw {count}");
}

/// pump-api.md §4.9.5 [+]
#[test]
fn whoever_is_addressed_secretly_is_known_to_the_sender_alone() {
    let pump = Pump::start();
    let [evan, ann, cyd] = pump.register_all(["evan", "ann", "cyd"]);
    let posted = evan.post(note("hi").to(&ann).bto(&cyd).bcc(&cyd));
    assert!(posted["bto"].is_array() && posted["bcc"].is_array());
    let anns = ann.get(&ann.path("inbox/major")).ok().to_string();
    assert!(!anns.contains("cyd@"), "{anns}");
    for reader in [&ann, &cyd] {
        reader.does("like", &posted["object"]);
        reader.post(comment("well", &posted["object"]));
        for path in ["inbox", "inbox/major", "feed", "feed/minor", "favorites"] {
            let text = reader.get(&reader.path(path)).ok().to_string();
            assert!(
                !text.contains("\"bto\"") && !text.contains("\"bcc\""),
                "{path}: {text}"
            );
        }
    }
}
