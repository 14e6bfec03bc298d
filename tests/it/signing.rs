//! Signed calls: everything that a proof may get wrong, in the words that clients compare (`pump-api.md §1.1.1`), and all
//! that is right (`§2.5`).

use crate::harness::http::Answer;
use crate::harness::oauth::{Pair, Place, Signer};
use crate::harness::people::PASSWORD;
use crate::harness::{Caller, Person, Pump, Request, note, unix_secs};

fn caller(pump: &Pump, client: &Pair, token: &Pair) -> Caller {
    Caller {
        client: Some(client.clone()),
        token: Some(token.clone()),
        ..pump.nobody()
    }
}

fn send(evan: &Person, change: impl FnOnce(Signer) -> Signer, request: Request) -> Answer {
    let signer = change(Signer::new(evan.client_pair(), evan.token.as_ref()));
    evan.site.send(&signer.sign(&evan.site, request))
}

fn read_inbox(evan: &Person, change: impl FnOnce(Signer) -> Signer) -> Answer {
    send(evan, change, Request::get(&evan.path("inbox")))
}

/// pump-api.md §1.1.1 [W]
#[test]
fn calls_with_a_wrong_proof_are_refused_in_the_words_that_clients_compare() {
    let pump = Pump::start();
    let evan = pump.register("evan");
    let (client, token) = (evan.client_pair().clone(), evan.token_pair().clone());
    let inbox = evan.path("inbox");

    assert_eq!(pump.nobody().get(&inbox).refused(401), "Not logged in.");
    pump.nobody()
        .post_to(&evan.path("feed"), &note("hi").into())
        .oauth_refused(400, "Missing required parameter");
    pump.client()
        .post_to(&evan.path("feed"), &note("hi").into())
        .oauth_refused(400, "Missing required parameter");

    let unknown = Pair::new("AAAAAAAAAAAAAAAAAAAAAA", "secret");
    for token in [Some(token.clone()), None] {
        let stranger = Caller {
            client: Some(unknown.clone()),
            token,
            ..pump.nobody()
        };
        stranger
            .get(&evan.path("feed"))
            .oauth_refused(401, "Invalid / used nonce");
    }
    let other = pump.new_client("Other");
    caller(&pump, &other, &token)
        .get(&inbox)
        .oauth_refused(401, "Invalid / used nonce");
    caller(&pump, &client, &Pair::new("unknown", "secret"))
        .get(&inbox)
        .oauth_refused(400, "Invalid / expired Token");
    caller(&pump, &client, &Pair::new(&token.key, "wrong"))
        .get(&inbox)
        .oauth_refused(400, "Invalid signature");
    caller(&pump, &Pair::new(&client.key, "wrong"), &token)
        .get(&inbox)
        .oauth_refused(400, "Invalid signature");
    read_inbox(&evan, |signer| Signer {
        method: "RSA-SHA1",
        ..signer
    })
    .oauth_refused(400, "Invalid Signature Method");
    for missing in ["oauth_nonce", "oauth_signature", "oauth_timestamp"] {
        let request = evan.signed(Request::get(&inbox));
        let mut request = request;
        for (_, value) in &mut request.headers {
            *value = value.replace(missing, "oauth_nothing");
        }
        let answer = pump.site.send(&request);
        assert_eq!(answer.status, 400, "{missing}: {}", answer.text());
    }
    let ann = pump.register("ann");
    assert_eq!(ann.get(&inbox).refused(401), "Not authorized");
}

/// pump-api.md D3
#[test]
fn a_request_counts_once_and_only_near_its_time() {
    let pump = Pump::start();
    let evan = pump.register("evan");
    let once = evan.signed(Request::post(&evan.path("feed")).json(&note("once").into()));
    pump.site.send(&once).ok();
    pump.site
        .send(&once)
        .oauth_refused(401, "Invalid / used nonce");
    let now = unix_secs();
    for timestamp in [now - 86_400, now + 86_400, 0] {
        read_inbox(&evan, |signer| Signer {
            timestamp,
            ..signer
        })
        .oauth_refused(401, "Invalid / used nonce");
    }
    // Clocks of devices are a little wrong.
    for timestamp in [now - 240, now + 240] {
        read_inbox(&evan, |signer| Signer {
            timestamp,
            ..signer
        })
        .ok();
    }
    assert_eq!(evan.feed().major().total(), 1);
}

/// pump-api.md D3
#[test]
fn a_replay_is_refused_after_a_restart_too() {
    let mut pump = Pump::start();
    let evan = pump.register("evan");
    let once = evan.signed(Request::post(&evan.path("feed")).json(&note("once").into()));
    pump.site.send(&once).ok();
    pump.restart();
    pump.site
        .send(&once)
        .oauth_refused(401, "Invalid / used nonce");
}

#[test]
fn proofs_travel_in_the_header_the_query_or_a_form() {
    let pump = Pump::start();
    let evan = pump.register("evan");
    for place in [Place::Header, Place::Query] {
        read_inbox(&evan, |signer| Signer { place, ..signer }).ok();
    }
    let follow = Request::post("/api/users").form(&[("nickname", "ann"), ("password", PASSWORD)]);
    let client = pump.client();
    let signer = Signer {
        place: Place::Form,
        ..Signer::new(client.client_pair(), None)
    };
    pump.site.send(&signer.sign(&pump.site, follow)).ok();
}

#[test]
fn what_is_signed_is_the_address_as_sent() {
    let pump = Pump::start();
    let evan = pump.register("evan");
    for target in [
        "/api/user/evan/inbox?count=5&offset=0",
        "/api/user/evan/inbox?count=5&extra=&extra=a%20b&extra=%C3%A4%2B",
        "/api/user/evan/inbox/?count=5",
        "/API/User/evan/Inbox",
    ] {
        let answer = send(&evan, |signer| signer, Request::get(target));
        assert_eq!(answer.status, 200, "{target}: {}", answer.text());
    }
    // A changed query is a wrong signature.
    let mut request = evan.signed(Request::get("/api/user/evan/inbox?count=5"));
    request.target = "/api/user/evan/inbox?count=6".to_owned();
    pump.site
        .send(&request)
        .oauth_refused(400, "Invalid signature");
}

#[test]
fn other_ways_to_sign() {
    let pump = Pump::start();
    let evan = pump.register("evan");
    read_inbox(&evan, |signer| Signer {
        method: "HMAC-SHA256",
        ..signer
    })
    .ok();
    // On an open line everybody could read the secrets.
    read_inbox(&evan, |signer| Signer {
        method: "PLAINTEXT",
        ..signer
    })
    .oauth_refused(400, "Invalid Signature Method");
}
