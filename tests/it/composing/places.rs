//! The box to post on a device that does not tell where it is.

use crate::harness::{Chromium, Pump};

#[test]
fn a_device_that_does_not_tell_where_it_is_is_no_hindrance() {
    let pump = Pump::named("localhost", &[]);
    let ann = pump.register("ann");
    let chromium = Chromium::take();
    let mut phone = chromium.window_of(&pump, "ann");
    phone.on_a_phone().open("/main/compose");
    phone.fill("What is new?", "Somewhere");
    phone.click("Title, place, date").click("I am there now");
    phone.sees("This device does not tell where it is.");
    phone.fill("Place", "The sea");
    phone
        .click_near("Preview", "Post")
        .sees("Somewhere")
        .is_at("/");
    let posted = ann.feed().major().items()[0]["object"].clone();
    assert_eq!(posted["location"]["displayName"], "The sea");
    phone.complaints();
}
