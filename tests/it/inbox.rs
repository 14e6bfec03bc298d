//! Inboxes and feeds: what goes where (`pump-api.md §4.5`, `§4.7`), and who may read what (`§4.9`).

use crate::harness::documents::followers_of;
use crate::harness::{Activity, Pump, Stream, comment, eventually, note, public};
use serde_json::{Value, json};

/// Waits until an activity is in a stream.
#[track_caller]
fn arrives(stream: &Stream, activity: &Value) {
    eventually(|| stream.has(activity));
}

#[test]
fn an_inbox_is_its_owners_alone() {
    let pump = Pump::start();
    let [evan, ann] = pump.register_all(["evan", "ann"]);
    for name in [
        "inbox",
        "inbox/major",
        "inbox/minor",
        "inbox/direct",
        "inbox/direct/major",
        "inbox/direct/minor",
        "uploads",
    ] {
        let path = evan.path(name);
        assert_eq!(pump.nobody().get(&path).refused(401), "Not logged in.");
        let client = pump.client().get(&path);
        assert!(
            (400..=401).contains(&client.status),
            "{path}: {}",
            client.status
        );
        assert_eq!(ann.get(&path).refused(401), "Not authorized");
        evan.get(&path).ok();
    }
    ann.get("/api/user/nobody/feed").refused(404);
}

#[test]
fn a_note_reaches_followers_and_those_it_is_addressed_to() {
    let pump = Pump::start();
    let [evan, ann, bea, cyd] = pump.register_all(["evan", "ann", "bea", "cyd"]);
    ann.follow(&evan);

    let to_followers = evan.post(note("for my followers"));
    arrives(&ann.inbox().major(), &to_followers);
    let to_all = evan.post(note("for everybody").to(public()));
    arrives(&ann.inbox().major(), &to_all);
    let to_bea = evan.post(note("for bea").to(&bea));
    arrives(&bea.inbox().direct().major(), &to_bea);
    arrives(&bea.inbox().major(), &to_bea);
    let copy = evan.post(note("copy for bea").cc(&bea));
    arrives(&bea.inbox().major(), &copy);
    let blind = evan.post(note("blind copy for bea").bcc(&bea));
    arrives(&bea.inbox().major(), &blind);
    let blind_to = evan.post(note("blind for bea").bto(&bea));
    arrives(&bea.inbox().direct().major(), &blind_to);

    let direct = bea.inbox().direct();
    assert!(
        !direct.has(&copy) && !direct.has(&blind),
        "cc and bcc are not direct"
    );
    assert!(!bea.inbox().has(&to_followers) && !bea.inbox().has(&to_all));
    assert!(!ann.inbox().has(&to_bea));
    assert_eq!(cyd.inbox().major().total(), 1, "cyd has only the welcome");
    assert!(ann.inbox().major().first_is("for everybody"));
    assert!(!ann.inbox().minor().has(&to_all));
}

/// pump-api.md D15
#[test]
fn an_activity_enters_an_inbox_once_however_it_is_addressed() {
    let pump = Pump::start();
    let [evan, ann] = pump.register_all(["evan", "ann"]);
    ann.follow(&evan);
    let posted = evan.post(
        note("many ways")
            .to(&ann)
            .to(&evan)
            .cc(&ann)
            .cc(public())
            .cc(followers_of(&evan)),
    );
    for person in [&ann, &evan] {
        arrives(&person.inbox().major(), &posted);
        let items = person.inbox().items();
        let entries = items.iter().filter(|item| item["id"] == posted["id"]);
        assert_eq!(entries.count(), 1, "{}", person.nickname);
        assert!(person.inbox().direct().major().has(&posted));
    }
}

/// pump-api.md §4.5 [W]
#[test]
fn minor_things_are_kept_apart() {
    let pump = Pump::start();
    let [evan, ann] = pump.register_all(["evan", "ann"]);
    evan.follow(&ann);
    let posted = evan.post(note("hi").to(public()));
    let liked = ann.does("favorite", &posted["object"]);
    let commented = ann.post(comment("nice", &posted["object"]));
    arrives(&evan.inbox().minor(), &liked);
    arrives(&evan.inbox().minor(), &commented);
    assert!(evan.inbox().direct().minor().has(&commented));
    let major = evan.inbox().major();
    assert!(!major.has(&liked) && !major.has(&commented));
    let inbox = evan.inbox();
    assert_eq!(
        inbox.total(),
        inbox.major().total() + inbox.minor().total(),
        "each entry is either major or minor"
    );
}

#[test]
fn what_is_blind_is_seen_by_the_author_alone() {
    let pump = Pump::start();
    let [evan, ann, bea] = pump.register_all(["evan", "ann", "bea"]);
    let posted = evan.post(note("psst").to(&ann).bcc(&bea).bto(&bea));
    assert_eq!(posted["bcc"][0]["id"], bea.id());
    arrives(&bea.inbox(), &posted);
    arrives(&ann.inbox(), &posted);
    for reader in [&ann, &bea] {
        let read = reader.read(&posted).ok();
        assert!(read["bcc"].is_null() && read["bto"].is_null(), "{read}");
        for stream in [
            reader.inbox(),
            reader.inbox().major(),
            reader.feed_of(&evan),
        ] {
            let items = stream.items();
            let item = items
                .iter()
                .find(|item| item["id"] == posted["id"])
                .unwrap_or_else(|| panic!("{} cannot see it in {}", reader.nickname, stream.path));
            assert!(
                item["bcc"].is_null() && item["bto"].is_null(),
                "{}",
                stream.path
            );
        }
    }
    let mine = evan.read(&posted).ok();
    assert_eq!(mine["bcc"][0]["id"], bea.id());
    assert_eq!(mine["bto"][0]["id"], bea.id());
}

#[test]
fn who_takes_part_does_not_learn_who_was_addressed_blindly() {
    let pump = Pump::start();
    let [evan, ann, bea] = pump.register_all(["evan", "ann", "bea"]);
    let posted = evan.post(note("psst").to(&ann).bcc(&bea));
    let liked = ann.does("favorite", &posted["object"]);
    let said = ann.post(comment("what?", &posted["object"]));
    for activity in [&liked, &said] {
        assert!(!activity.to_string().contains("bea"), "{activity}");
        let read = ann.read(activity).ok();
        assert!(read["bcc"].is_null() && read["bto"].is_null(), "{read}");
        // It goes to her all the same.
        arrives(&bea.inbox().minor(), activity);
    }
    assert!(!ann.feed().page().to_string().contains("bea"));
    let own = ann.post(comment("by the way", &posted["object"]).bcc(&evan));
    assert_eq!(own["bcc"][0]["id"], evan.id());
}

/// Statuses of reading an activity, its object, and its object's streams.
fn statuses(reader: &crate::harness::Caller, posted: &Value) -> Vec<u16> {
    let object = &posted["object"];
    let mut statuses = vec![reader.read(posted).status, reader.read(object).status];
    for stream in ["likes", "replies", "shares"] {
        statuses.push(reader.stream_of(object, stream).ask("").status);
    }
    statuses
}

/// pump-api.md Q34
#[test]
fn reading_follows_the_audience() {
    let pump = Pump::start();
    let [evan, ann, bea] = pump.register_all(["evan", "ann", "bea"]);
    ann.follow(&evan);
    let client = pump.client();
    let (yes, no, out) = (vec![200; 5], vec![403; 5], vec![401; 5]);

    let everybody = evan.post(note("everybody").to(public()));
    assert_eq!(statuses(&pump.nobody(), &everybody), out);
    for reader in [&client, &ann.caller, &bea.caller, &evan.caller] {
        assert_eq!(statuses(reader, &everybody), yes);
    }
    let followers = evan.post(note("followers"));
    let to_bea = evan.post(note("bea").to(&bea));
    let blind = evan.post(note("blind").bcc(&bea));
    let friends = &evan
        .lists()
        .items()
        .into_iter()
        .find(|list| list["displayName"] == "Friends")
        .expect("a new account has a list of friends");
    let to_list = evan.post(note("friends").to(friends));
    for (posted, ann_may, bea_may) in [
        (&followers, &yes, &no),
        (&to_bea, &no, &yes),
        (&blind, &no, &yes),
        (&to_list, &no, &no),
    ] {
        assert_eq!(&statuses(&client, posted), &no);
        assert_eq!(&statuses(&ann, posted), ann_may, "ann: {posted}");
        assert_eq!(&statuses(&bea, posted), bea_may, "bea: {posted}");
        assert_eq!(&statuses(&evan, posted), &yes);
    }
    // Whoever follows or is on the list now may read now.
    ann.does("stop-following", &evan.reference());
    bea.follow(&evan);
    evan.post(
        Activity(json!({ "verb": "add", "object": ann.reference() }))
            .with("target", crate::harness::documents::reference(friends)),
    );
    assert_eq!(statuses(&ann, &followers), no);
    assert_eq!(statuses(&bea, &followers), yes);
    assert_eq!(statuses(&ann, &to_list), yes);

    // A feed shows each reader what that reader may read.
    let seen = |reader: &crate::harness::Caller| {
        let mut seen: Vec<String> = reader
            .feed_of(&evan)
            .major()
            .items()
            .iter()
            .filter_map(|item| item["object"]["content"].as_str().map(str::to_owned))
            .collect();
        seen.sort();
        seen
    };
    assert_eq!(seen(&client), ["everybody"]);
    assert_eq!(seen(&ann), ["everybody", "friends"]);
    assert_eq!(seen(&bea), ["bea", "blind", "everybody", "followers"]);
    assert_eq!(seen(&evan).len(), 5);
    assert_eq!(
        client.feed_of(&evan).items_at("count=1").len(),
        1,
        "pages are full of visible items"
    );
}

/// pump-api.md D8
#[test]
fn a_private_note_does_not_leak_through_what_others_do_with_it() {
    let pump = Pump::start();
    let [evan, ann, bea] = pump.register_all(["evan", "ann", "bea"]);
    bea.follow(&ann);
    let secret = evan.post(note("the secret").to(&ann));
    let object = &secret["object"];
    ann.post(Activity(json!({ "verb": "like", "object": object })).to(public()));
    ann.post(Activity(json!({ "verb": "share", "object": object })).to(public()));
    ann.post(comment("I agree", object).to(public()));
    // Bea knows the id and refers to it herself.
    bea.try_post(Activity(
        json!({ "verb": "like", "object": crate::harness::documents::reference(object) }),
    ));
    bea.try_post(comment("me too", object));
    eventually(|| bea.inbox().minor().says("I agree"));
    for stream in [
        ann.feed(),
        ann.feed().major(),
        ann.feed().minor(),
        ann.favorites(),
        bea.feed(),
        bea.inbox(),
        bea.inbox().major(),
        bea.inbox().minor(),
        bea.favorites(),
    ] {
        let page = bea.get(&stream.path);
        if page.status == 200 {
            assert!(!page.text().contains("the secret"), "{}", stream.path);
        }
    }
    assert_eq!(statuses(&bea, &secret), vec![403; 5]);
}
