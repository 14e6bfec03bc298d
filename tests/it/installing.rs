//! The site as an application of somebody's device: the manifest, and the page for when there is no connection.

use crate::harness::{Chromium, Pump, Request};
use serde_json::Value;

#[test]
fn the_manifest_names_the_site_and_its_icons() {
    let pump = Pump::with(&["--site", "The \"Prodromous\" & friends"]);
    let mut browser = pump.browser();
    let answer = browser
        .ask(Request::get("/manifest.webmanifest"))
        .expect(200);
    assert_eq!(answer.header("content-type"), "application/manifest+json");
    let manifest: Value = serde_json::from_slice(&answer.body).expect("JSON");
    assert_eq!(manifest["name"], "The \"Prodromous\" & friends");
    assert_eq!(manifest["display"], "standalone");
    for icon in manifest["icons"].as_array().expect("icons") {
        let address = icon["src"].as_str().expect("an address");
        let picture = browser.ask(Request::get(address)).expect(200);
        let size = crate::harness::pictures::size_of(&picture.body);
        let sizes = format!("{}x{}", size.0, size.1);
        assert_eq!(icon["sizes"], sizes.as_str());
    }
    let purposes: Vec<&Value> = manifest["icons"]
        .as_array()
        .expect("icons")
        .iter()
        .map(|icon| &icon["purpose"])
        .collect();
    assert!(purposes.iter().any(|purpose| **purpose == "maskable"));
    let german = Request::get("/manifest.webmanifest").header("Accept-Language", "de");
    let german: Value = serde_json::from_slice(&pump.nobody().send(german).body).expect("JSON");
    assert_eq!(german["lang"], "de");
    let worker = browser.ask(Request::get("/sw.js")).expect(200);
    assert!(worker.header("content-type").contains("javascript"));
    assert_eq!(worker.header("cache-control"), "no-cache");
    let page = browser.open("/main/offline").expect(200);
    assert!(page.shows("You are offline") && page.find_form("login").is_none());
    let bare = Pump::with(&["--noweb=true"]);
    for address in ["/manifest.webmanifest", "/sw.js"] {
        let status = bare.browser().ask(Request::get(address)).status;
        assert!(status >= 400, "{address}: {status}");
    }
}

#[test]
fn without_a_connection_there_is_a_page_that_goes_on_by_itself() {
    let pump = Pump::named("localhost", &[]);
    pump.register("ann");
    let chromium = Chromium::take();
    let mut ann = chromium.window_of(&pump, "ann");
    ann.on_a_phone().open("/");
    ann.until(
        |window| window.script("navigator.serviceWorker.controller !== null") == true,
        "the worker is not there",
    );
    ann.road.cut();
    ann.script("location.assign('/main/people')");
    ann.sees("You are offline");
    let places = ann.script("document.querySelectorAll('.rail').length");
    assert_eq!(places, 0, "nothing of anybody's is kept");
    ann.road.mend();
    ann.click("Try again").sees("People");
    // What was on its way broke off.
    let _ = ann.complaints();
}
