//! People and groups of other servers who changed there: whoever looks at them here sees it some hours later, and nobody waits.

use crate::harness::peer::{Peer, Said};
use crate::harness::people::{Caller, PASSWORD, items_of};
use crate::harness::time::Clock;
use crate::harness::{Pump, eventually};
use serde_json::{Value, json};

/// A server that lives by a clock, with evan, who has a token: signatures of programs would not count.
fn server(clock: &Clock) -> (Pump, Caller) {
    let pump = Pump::within(clock.environment(), &["--federateLan=true"]);
    pump.runs(&["user", "add", "evan"], &format!("{PASSWORD}\n"));
    let token = pump.runs(&["user", "token", "evan", "--scope", "writeall"], "");
    let token = token.lines().last().expect("a token").to_owned();
    let evan = pump.nobody().bearing(&token);
    (pump, evan)
}

/// Starts the server again at another time.
fn goes_on(pump: &mut Pump, clock: &Clock, minutes: u32) {
    assert!(pump.stop().success());
    clock.is_ahead(minutes);
    pump.start_again();
}

/// What the actor of the newest thing from elsewhere is called in the inbox.
fn name(evan: &Caller) -> String {
    let items = items_of(&evan.get("/api/user/evan/inbox/direct").ok());
    let name = items[0]["actor"]["displayName"].as_str();
    name.unwrap_or_default().to_owned()
}

fn is_called(peer: &Peer, zoe: &str, name: &str) {
    let profile =
        json!({ "objectType": "person", "id": zoe, "displayName": name, "summary": "New" });
    peer.json("/api/user/zoe/profile", &profile);
}

/// pump-api.md §6.7, D7
#[test]
fn somebody_who_changed_at_home_is_seen_so_after_some_hours() {
    let Some(clock) = Clock::behind(0) else {
        return;
    };
    let (mut pump, evan) = server(&clock);
    let peer = Peer::start();
    let zoe = peer.person("zoe");
    let key = peer.key(&pump, "webfinger", &zoe);
    let hello: Value = json!({
        "verb": "post",
        "id": format!("{}/api/activity/1", peer.base),
        "actor": { "objectType": "person", "id": zoe, "displayName": "Zoe" },
        "object": { "objectType": "note", "id": format!("{}/api/note/1", peer.base), "content": "Hello" },
        "to": [{ "objectType": "person", "id": pump.site.url_of("/api/user/evan/profile") }],
    });
    peer.push_to(&pump, &key, "/api/user/evan/inbox", &hello)
        .ok();
    let asked = || peer.heard("/api/user/zoe/profile").len();
    let before = asked();
    is_called(&peer, &zoe, "Zoe Two");
    assert_eq!(name(&evan), "Zoe");

    goes_on(&mut pump, &clock, 7 * 60);
    // What is read does not wait.
    name(&evan);
    eventually(|| name(&evan) == "Zoe Two");
    // Within the hours before it was not asked, and now once.
    assert_eq!(asked(), before + 1);
    let page = pump.browser_of("evan").open("/").expect(200);
    assert!(page.shows("Zoe Two"), "{}", page.html());

    // A home that fails is asked again after a minute, and changes nothing.
    let broken = Said {
        status: 500,
        headers: Vec::new(),
        body: Vec::new(),
    };
    peer.says("/api/user/zoe/profile", broken);
    goes_on(&mut pump, &clock, 14 * 60);
    assert_eq!(name(&evan), "Zoe Two");
    eventually(|| asked() == before + 2);
    eventually(|| pump.log().contains("stays as it is known"));
    assert_eq!(name(&evan), "Zoe Two");
    is_called(&peer, &zoe, "Zoe Three");
    goes_on(&mut pump, &clock, 14 * 60 + 3);
    name(&evan);
    eventually(|| name(&evan) == "Zoe Three");
    assert_eq!(asked(), before + 3);
    // Nobody but the home says who somebody is: here it says that it is somebody else.
    is_called(&peer, "http://other.test/zoe", "Forged");
    goes_on(&mut pump, &clock, 21 * 60 + 3);
    name(&evan);
    eventually(|| asked() == before + 4);
    assert_eq!(name(&evan), "Zoe Three");
    pump.is_sound();
}

/// pump-api.md §6.7
#[test]
fn so_is_a_group() {
    let Some(clock) = Clock::behind(0) else {
        return;
    };
    let (mut pump, evan) = server(&clock);
    let peer = Peer::start();
    let id = format!("{}/api/group/1", peer.base);
    peer.knows(&id, &[("self", &id)]);
    let is_called = |name: &str| {
        let group = json!({ "objectType": "group", "id": id, "displayName": name });
        peer.json("/api/group/1", &group);
    };
    let name = || {
        let items = items_of(&evan.get("/api/user/evan/feed/minor").ok());
        items[0]["object"]["displayName"].clone()
    };
    is_called("Choir");
    let join = json!({ "verb": "join", "object": { "objectType": "group", "id": id } });
    evan.post_to("/api/user/evan/feed", &join).ok();
    eventually(|| name() == "Choir");
    is_called("Big Choir");
    goes_on(&mut pump, &clock, 7 * 60);
    name();
    eventually(|| name() == "Big Choir");
}
