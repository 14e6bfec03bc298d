//! A server behind a reverse proxy (`trustProxy`): callers are known by what the proxy says of them, and by nothing that they say
//! themselves.

use crate::harness::people::PASSWORD;
use crate::harness::{Answer, Pump, Request, pump};
use serde_json::json;

/// Asks for an account that is taken more often than one address may; answers the last status.
fn asks_often(pump: &Pump, from: impl Fn(u32) -> String) -> u16 {
    pump.register("evan");
    let client = pump.client();
    let taken = json!({ "nickname": "evan", "password": PASSWORD });
    let mut last = 0;
    for number in 0..200 {
        let request = Request::post("/api/users").header("X-Forwarded-For", &from(number % 250));
        last = client.send(request.json(&taken)).status;
        if last == 429 {
            break;
        }
    }
    last
}

/// The setup page, as a proxy asks for it in somebody's name.
fn setup_for(pump: &Pump, header: &str, who: &str) -> Answer {
    let request = Request::get("/setup").header(header, who);
    pump.site.send(&request)
}

#[test]
fn what_strangers_say_of_themselves_counts_for_nothing() {
    let pump = Pump::start();
    let last = asks_often(&pump, |number| format!("198.51.100.{number}"));
    assert_eq!(
        last, 429,
        "whoever connects is counted, whatever is written"
    );
    drop(pump);

    let pump = Pump::with(&["--trustProxy", r#"["127.0.0.1"]"#]);
    let last = asks_often(&pump, |number| format!("198.51.100.{number}, 203.0.113.9"));
    assert_eq!(
        last, 429,
        "what stands before the proxy's own word is anybody's"
    );
}

#[test]
fn who_comes_through_a_proxy_is_counted_by_the_own_address() {
    let pump = Pump::with(&["--trustProxy", r#"["127.0.0.0/8"]"#]);
    let last = asks_often(&pump, |number| format!("203.0.113.9, 198.51.100.{number}"));
    assert_eq!(last, 409, "each is another one");
}

#[test]
fn a_pump_is_set_up_from_its_own_network() {
    let pump = Pump::unconfigured_with(&["--trustProxy", r#"["127.0.0.1"]"#]);
    for (from, expected) in [
        ("93.184.215.14", 403),
        ("2a00:1450::9", 403),
        ("192.168.1.5", 200),
        ("fd00::5", 200),
        ("fe80::5", 200),
    ] {
        let answer = setup_for(&pump, "X-Forwarded-For", from);
        assert_eq!(answer.status, expected, "{from}: {}", answer.text());
    }
    let pump = Pump::unconfigured();
    for header in ["X-Forwarded-For", "Forwarded"] {
        let answer = setup_for(&pump, header, "192.168.1.5");
        assert_eq!(answer.status, 403, "nobody knows who that is");
        assert!(answer.text().contains("trustProxy"), "{}", answer.text());
    }
    assert_eq!(pump.site.send(&Request::get("/setup")).status, 200);
}

#[test]
fn nonsense_for_proxies_is_refused_at_the_start() {
    let output = pump::command_line(&["doctor", "--trustProxy", r#"["proxy.test"]"#], "");
    assert_eq!(output.status.code(), Some(78));
    let said = pump::said(&output);
    assert!(said.contains("must be a list of addresses"), "{said}");
}
