//! Names of other servers lead where their owners say, and that changes. A name that leads into somebody's house one day is not
//! followed there. The other server is played by the test.

use crate::harness::documents::note;
use crate::harness::http::encode;
use crate::harness::peer::{Peer, Said};
use crate::harness::{Person, eventually, network, pump};
use serde_json::{Value, json};

/// The name of the other server.
const NAME: &str = "other.test";

/// What waits for the other server.
fn waiting(owner: &Person) -> Value {
    owner.get("/api/owner/deliveries").ok()
}

/// pump-api.md §6.3
#[test]
fn a_name_that_leads_into_the_house_later_is_not_followed_there() {
    let test = "names::a_name_that_leads_into_the_house_later_is_not_followed_there";
    network::inside(test, || {
        if !network::is_inside() {
            eprintln!("only a network of the story's own has names that move");
            return;
        }
        network::leads(NAME, &[network::PUBLIC]);
        let pump = network::server(0, &["--federateLan=false"]);
        let alice = pump.register("alice");
        let said = pump::said(&pump.command(&["user", "owner", "alice"], ""));
        assert!(said.contains("alice"), "{said}");
        let outside = Peer::named(NAME, network::PUBLIC);
        let house = Peer::named(NAME, network::HOUSE);
        let bob = outside.person("bob");
        house.person("bob");
        let person = json!({ "objectType": "person", "id": bob });
        alice.does("follow", &person);
        eventually(|| waiting(&alice)["totalItems"] == 0);
        let before = outside.heard("/api/user/bob/inbox").len();
        assert!(before > 0, "a public address is asked");

        network::leads(NAME, &[network::HOUSE]);
        alice.post(note("For Bob").to(person.clone()));
        eventually(|| waiting(&alice)["items"][0]["failures"].as_u64() > Some(0));
        assert_eq!(outside.heard("/api/user/bob/inbox").len(), before);

        network::leads(NAME, &[network::HOUSE, network::PUBLIC]);
        let retried = format!("/api/owner/deliveries/{NAME}/retry");
        alice.post_to(&retried, &json!({})).ok();
        eventually(|| waiting(&alice)["totalItems"] == 0);
        let arrived = outside.heard("/api/user/bob/inbox");
        assert!(arrived.iter().any(|heard| heard.body.contains("For Bob")));
        assert!(
            house.heard("/").is_empty(),
            "nothing in the house was asked"
        );
    });
}

/// pump-api.md §6.3
#[test]
fn nobody_leads_into_the_house_by_a_redirect() {
    let test = "names::nobody_leads_into_the_house_by_a_redirect";
    network::inside(test, || {
        if !network::is_inside() {
            eprintln!("only a network of the story's own has public addresses");
            return;
        }
        network::leads(NAME, &[network::PUBLIC]);
        let pump = network::server(0, &["--federateLan=false"]);
        let outside = Peer::named(NAME, network::PUBLIC);
        let house = Peer::named(NAME, network::HOUSE);
        let bob = outside.person("bob");
        let webfinger = format!("/.well-known/webfinger?resource={}", encode(&bob));
        for within in [network::HOUSE, "127.0.0.1", "[::1]", "169.254.169.254"] {
            outside.says(
                &webfinger,
                Said {
                    status: 302,
                    headers: vec![("Location".to_owned(), format!("http://{within}{webfinger}"))],
                    body: Vec::new(),
                },
            );
            outside.registers(&pump, "webfinger", &bob).expect(401);
        }
        assert!(
            !outside.heard(&webfinger).is_empty(),
            "the redirect was read"
        );
        assert!(house.heard("/").is_empty(), "and not followed");
    });
}
