//! A public name with a certificate that an authority gives (ACME), asked of Debian's pebble in a network of each story's own.

use crate::harness::authority::Authority;
use crate::harness::network::{everywhere, inside};
use crate::harness::pump::{Environment, said};
use crate::harness::time::Clock;
use crate::harness::{Browser, Mount, Pump, Request, eventually, eventually_some};
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

/// The public name; the site itself is `pump-a.test`.
const NAME: &str = "pump-b.test";

fn server(authority: &Authority, environment: Environment) -> Option<Pump> {
    let options = authority.options();
    let options: Vec<&str> = options.iter().map(String::as_str).collect();
    let pump = everywhere(environment, &options)?;
    pump.register("evan");
    pump.give_to("evan");
    Some(pump)
}

/// Goes through the owner's page up to the order.
#[track_caller]
fn asks_for(evan: &mut Browser, name: &str) {
    let page = evan.open("/main/box/name").expect(200);
    let page = evan
        .submit(&page.form("look").fill("name", name))
        .expect(200);
    let form = page.form("want").check("agreed", "1").press("deed");
    evan.submit(&form).expect(200);
}

/// Whether who trusts the authority alone reaches the name by https, at an address of this machine.
fn is_trusted(root: &Path, name: &str) -> bool {
    let mut command = Command::new("openssl");
    command.args([
        "s_client",
        "-connect",
        "127.0.0.3:443",
        "-verify_return_error",
        "-brief",
    ]);
    match name.parse::<std::net::IpAddr>() {
        Ok(_) => command.args(["-noservername", "-verify_ip", name]),
        Err(_) => command.args(["-servername", name, "-verify_hostname", name]),
    };
    let output = command
        .arg("-CAfile")
        .arg(root)
        .stdin(Stdio::null())
        .output();
    output.expect("openssl is installed").status.success()
}

fn kept(pump: &Pump, file: &str) -> String {
    fs::read_to_string(pump.directory().join("certificates").join(file)).unwrap_or_default()
}

/// Runs a story with an authority, which looks for pages at this port, and a server that asks it, whose owner is logged in.
#[track_caller]
fn asking(
    test: &str,
    port: u16,
    more: &[(&str, &str)],
    story: impl FnOnce(&Authority, Pump, Browser),
) {
    inside(&format!("public_names::{test}"), || {
        let Some(authority) = Authority::start(port, more) else {
            return;
        };
        let Some(pump) = server(&authority, Vec::new()) else {
            return;
        };
        let evan = pump.browser_of("evan");
        story(&authority, pump, evan);
    });
}

/// Runs a story with a server that has the certificate, was stopped, and finds four and a half of its six days over when it is
/// started again. The story begins with the certificate.
#[track_caller]
fn later(test: &str, story: impl FnOnce(&Authority, &Clock, Pump, String)) {
    inside(&format!("public_names::{test}"), || {
        let (Some(authority), Some(clock)) = (Authority::start(80, &[]), Clock::behind(0)) else {
            return;
        };
        let Some(mut pump) = server(&authority, clock.environment()) else {
            return;
        };
        asks_for(&mut pump.browser_of("evan"), NAME);
        let root = authority.root();
        eventually(|| is_trusted(&root, NAME));
        let first = kept(&pump, "public.pem");
        assert!(pump.stop().success());
        clock.is_ahead(4 * 24 * 60 + 12 * 60);
        story(&authority, &clock, pump, first);
    });
}

#[test]
fn a_name_gets_a_certificate_that_everybody_trusts() {
    // Some nonces are refused, as by authorities that many use.
    asking(
        "a_name_gets_a_certificate_that_everybody_trusts",
        80,
        &[("PEBBLE_WFE_NONCEREJECT", "30")],
        |authority, pump, mut evan| {
            for (name, words) in [
                ("pump.local", "A public name looks like"),
                ("nobody.test", "Nobody knows the name"),
                ("192.0.2.9", "Nobody answers at 192.0.2.9."),
            ] {
                let form = evan.open("/main/box/name").expect(200).form("look");
                let page = evan.submit(&form.fill("name", name));
                assert!(page.shows(words), "{name}: {}", page.html());
            }
            let form = evan.open("/main/box/name").expect(200).form("look");
            let page = evan.submit(&form.fill("name", NAME)).expect(200);
            assert!(
                page.text_of("leads").contains("leads to this server"),
                "{}",
                page.html()
            );
            let unsure = evan.submit(&page.form("want").press("deed"));
            assert_eq!(unsure.answer.status, 400);
            assert!(
                !authority.log().contains("order-plz"),
                "{}",
                authority.log()
            );

            asks_for(&mut evan, NAME);
            let root = authority.root();
            eventually(|| is_trusted(&root, NAME));
            let page = evan.open("/main/box/name").expect(200);
            assert!(
                page.text_of("works").contains("It is renewed by itself"),
                "{}",
                page.html()
            );
            let addresses = evan.open("/main/box/addresses").expect(200);
            assert_eq!(addresses.text_of("public"), format!("https://{NAME}"));
            assert_eq!(addresses.text_of("name"), "http://pump-a.test");
            assert_eq!(addresses.text_of("secure"), "https://pump-a.test");
            let codes = addresses.html().matches("role=\"img\"").count();
            let places = addresses.html().matches("class=\"command\"").count();
            assert_eq!(codes, places, "each has its code");
            // The site's own name has its own certificate, and its address stays.
            assert!(!is_trusted(&root, "pump-a.test"));
            let at = |path: &str| Request::get(path).header("Host", NAME);
            let plain = pump.nobody().send(at("/main/login"));
            assert_eq!(plain.status, 200, "nobody is led away");
            let secured = pump.secured(443);
            let answer = secured.send(&at("/main/login")).expect(200);
            assert_eq!(answer.header("strict-transport-security"), "max-age=0");
            let me = pump.nobody().get("/evan").status;
            assert_eq!(me, 200);

            // Only https, when the owner wants that: there and nowhere else.
            let form = evan
                .open("/main/box/name")
                .expect(200)
                .form("strict")
                .press("deed");
            evan.submit(&form).expect(200);
            let answer = secured.send(&at("/main/login")).expect(200);
            assert_eq!(
                answer.header("strict-transport-security"),
                "max-age=15552000"
            );
            let led = pump.nobody().send(at("/main/login?x=1"));
            assert_eq!(led.status, 301);
            assert_eq!(
                led.header("location"),
                format!("https://{NAME}/main/login?x=1")
            );
            let home = pump.nobody().get("/main/login");
            assert_eq!(home.status, 200);
            assert!(home.headers.get("strict-transport-security").is_none());
            let form = evan
                .open("/main/box/name")
                .expect(200)
                .form("forget")
                .press("deed");
            evan.submit(&form).expect(200);
            assert!(!is_trusted(&root, NAME));
            assert_eq!(kept(&pump, "public.pem"), "");
            let addresses = evan.open("/main/box/addresses").expect(200);
            assert!(!addresses.html().contains(NAME), "{}", addresses.html());
        },
    );
}

#[test]
fn an_address_gets_one_too_and_a_refusal_is_told() {
    asking(
        "an_address_gets_one_too_and_a_refusal_is_told",
        80,
        &[],
        |authority, pump, mut evan| {
            asks_for(&mut evan, "127.0.0.3");
            let root = authority.root();
            eventually(|| is_trusted(&root, "127.0.0.3"));
            let form = evan
                .open("/main/box/name")
                .expect(200)
                .form("forget")
                .press("deed");
            evan.submit(&form).expect(200);
            asks_for(&mut evan, "blocked.test");
            eventually(|| {
                evan.open("/main/box/name")
                    .expect(200)
                    .shows("gives no certificate for blocked.test")
            });
            assert!(
                evan.open("/")
                    .expect(200)
                    .shows("There is no public certificate for blocked.test")
            );
            let doctor = said(&pump.command(&["doctor", "--hostname", "pump-a.test"], ""));
            assert!(
                doctor.contains("public name: blocked.test has no certificate"),
                "{doctor}"
            );
        },
    );
}

#[test]
fn one_open_port_is_enough() {
    // Nobody answers at the port where it looks for pages.
    asking(
        "one_open_port_is_enough",
        81,
        &[],
        |authority, _pump, mut evan| {
            asks_for(&mut evan, NAME);
            eventually(|| {
                evan.open("/main/box/name")
                    .expect(200)
                    .shows("ports 80 and 443")
            });
            let root = authority.root();
            assert!(!is_trusted(&root, NAME));
            let form = evan
                .open("/main/box/name")
                .expect(200)
                .form("deeds")
                .press("deed");
            evan.submit(&form).expect(200);
            eventually(|| is_trusted(&root, NAME));
        },
    );
}

#[test]
fn an_order_survives_a_restart() {
    // The authority takes its time, and the power goes meanwhile.
    asking(
        "an_order_survives_a_restart",
        80,
        &[("PEBBLE_VA_NOSLEEP", ""), ("PEBBLE_VA_SLEEPTIME", "4")],
        |authority, mut pump, mut evan| {
            asks_for(&mut evan, NAME);
            eventually(|| kept(&pump, "padlock.json").contains("/my-order/"));
            pump.kill();
            pump.start_again();
            let root = authority.root();
            eventually(|| is_trusted(&root, NAME));
            // It waits by chance: an order for which it looks while nobody is there is over.
            let log = authority.log();
            let missed = log.matches("set INVALID by invalid authz").count();
            let orders = log.matches("POST /order-plz").count();
            assert_eq!(orders, 1 + missed, "{log}");
        },
    );
}

#[test]
fn it_is_renewed_in_time_and_damage_is_mended() {
    later(
        "it_is_renewed_in_time_and_damage_is_mended",
        |authority, clock, mut pump, first| {
            let root = authority.root();
            pump.start_again();
            eventually(|| {
                let now = kept(&pump, "public.pem");
                !now.is_empty() && now != first
            });
            assert!(is_trusted(&root, NAME));

            assert!(pump.stop().success());
            clock.is_behind(0);
            let file = pump.directory().join("certificates/public.pem");
            fs::write(&file, "no certificate").expect("a file");
            let doctor = said(&pump.command(&["doctor", "--hostname", "pump-a.test"], ""));
            assert!(doctor.contains("public.pem is damaged"), "{doctor}");
            pump.start_again();
            // At home it answers at once, and the name gets another one.
            assert_eq!(pump.nobody().get("/evan").status, 200);
            eventually(|| is_trusted(&root, NAME));
        },
    );
}

#[test]
fn a_name_keeps_its_certificate_while_the_next_one_cannot_be_written() {
    later(
        "a_name_keeps_its_certificate_while_the_next_one_cannot_be_written",
        |authority, _, mut pump, first| {
            let root = authority.root();
            let orders = || authority.log().matches("POST /order-plz").count();
            assert_eq!(orders(), 1);
            let Some(locked) = Mount::locked(&pump.directory().join("certificates")) else {
                return;
            };
            pump.start_again();
            let mut evan = pump.browser_of("evan");
            let trouble = |evan: &mut Browser| {
                let page = evan.open("/main/box/name").expect(200);
                page.html()
                    .contains("id=\"trouble\"")
                    .then(|| page.text_of("trouble"))
            };
            let words = eventually_some(|| trouble(&mut evan));
            assert!(words.contains("The disk takes no writes"), "{words}");
            assert!(is_trusted(&root, NAME));
            assert_eq!(orders(), 1, "nobody is asked for what cannot be kept");
            assert_eq!(kept(&pump, "public.pem"), first);
            drop(locked);
            let form = evan.open("/main/box/name").expect(200).form("deeds");
            evan.submit(&form.press("deed")).expect(200);
            eventually(|| kept(&pump, "public.pem") != first);
            eventually(|| trouble(&mut evan).is_none());
            assert!(is_trusted(&root, NAME));
        },
    );
}
