//! Sharing (`pump-api.md §4.4`).

use crate::harness::documents::each;
use crate::harness::{Pump, eventually, note, public};

/// pump-api.md D15
#[test]
fn a_shared_note_reaches_the_followers_of_whoever_shares_it() {
    let pump = Pump::start();
    let [evan, ann, bea] = pump.register_all(["evan", "ann", "bea"]);
    bea.follow(&ann);
    let posted = evan.post(note("share me").to(public()));
    let object = &posted["object"];
    ann.try_does("unshare", object).refused(400);

    let shared = ann.does("share", object);
    assert_eq!(shared["object"]["author"]["id"], evan.id());
    assert_eq!(shared["object"]["pump_io"]["shared"], true);
    eventually(|| bea.inbox().major().has(&shared));
    assert!(bea.inbox().major().says("share me"));
    let shares = bea.stream_of(object, "shares");
    assert_eq!(shares.total(), 1);
    assert_eq!(each(&shares.items(), "id"), [ann.id()]);
    assert_eq!(ann.read(object).ok()["pump_io"]["shared"], true);
    assert_eq!(bea.read(object).ok()["pump_io"]["shared"], false);
    assert_eq!(bea.read(object).ok()["shares"]["items"][0]["id"], ann.id());

    // Once more is fine and changes nothing.
    ann.does("share", object);
    assert_eq!(shares.total(), 1);

    ann.does("unshare", object);
    assert_eq!(shares.total(), 0);
    assert!(shares.items().is_empty());
    assert_eq!(ann.read(object).ok()["pump_io"]["shared"], false);
    ann.try_does("unshare", object).refused(400);
}

/// pump-api.md D8
#[test]
fn sharing_something_private_shows_it_to_nobody_else() {
    let pump = Pump::start();
    let [evan, ann, bea] = pump.register_all(["evan", "ann", "bea"]);
    bea.follow(&ann);
    let posted = evan.post(note("private matter").to(&ann));
    let shared = ann.does("share", &posted["object"]);
    eventually(|| bea.inbox().major().has(&shared));
    let items = bea.inbox().major().items();
    let item = items.iter().find(|item| item["id"] == shared["id"]);
    let object = &item.expect("it is there")["object"];
    assert_eq!(object["id"], posted["object"]["id"], "the id stays");
    assert!(object["content"].is_null(), "{object}");
}
