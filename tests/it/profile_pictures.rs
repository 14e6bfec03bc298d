//! The picture of a person: which part of it is seen, chosen on a phone and told by a form.

use crate::harness::chromium::Chromium;
use crate::harness::{Pump, Request, pictures};
use image::GenericImageView;
use std::fs;

/// The colours of the middle, the left and the right edge of the picture of ann that clients show, as red and blue.
fn seen(pump: &Pump) -> [(bool, bool); 3] {
    let profile = pump.anyone().get("/api/user/ann/profile").expect(200).json();
    let address = profile["image"]["url"].as_str().expect("a picture");
    let path = address.strip_prefix(pump.url("").trim_end_matches('/')).unwrap_or(address);
    let square = pump.anyone().get(path).expect(200);
    let square = image::load_from_memory(&square.body).expect("a picture");
    assert_eq!(square.dimensions(), (96, 96));
    [48, 4, 91].map(|x| {
        let [red, _, blue, _] = square.get_pixel(x, 48).0;
        (red > 128, blue > 128)
    })
}
