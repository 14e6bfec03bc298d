//! What is promised to browsers without scripts, on a phone: to read, post a photo, comment, like and follow.

use crate::harness::{Chromium, Pump, eventually, note, pictures, public};
use std::fs;

#[test]
fn without_scripts_people_follow_read_like_comment_and_post_a_photo() {
    let pump = Pump::start();
    let [evan, ann] = pump.register_all(["evan", "ann"]);
    let posted = ann.post(note("The sea is calm").to(public()));
    let chromium = Chromium::take();
    let mut phone = chromium.window_of(&pump, "evan");
    phone.on_a_phone().scripts(false);

    phone.open("/ann").sees("The sea is calm");
    phone.click("Follow ann").sees("Unfollow");
    eventually(|| evan.following().total() == 1);
    ann.post(note("And now the wind").to(public()));
    eventually(|| evan.inbox().major().says("And now the wind"));
    phone.open("/").sees("And now the wind");

    phone.open("/ann");
    phone.click_near("The sea is calm", "Like");
    let likes = ann.stream_of(&posted["object"], "likes");
    assert_eq!(likes.total(), 1);
    phone.open("/ann").click_near("The sea is calm", "Comment");
    phone
        .fill("Your comment", "As it was last year")
        .click_near("Your comment", "Comment");
    phone.sees("As it was last year");
    let replies = ann.stream_of(&posted["object"], "replies");
    assert_eq!(replies.total(), 1);

    let photo = pump.directory().join("dog.jpg");
    fs::write(&photo, pictures::photo(640, 480, 1)).expect("a file");
    phone.open("/").click("What is new?").sees("New post");
    phone
        .fill("What is new?", "Our dog")
        .attach("Photos or a video", &[&photo])
        .fill("What do they show?", "A dog at the sea")
        .click_near("Preview", "Post");
    phone.sees("Our dog").is_at("/");
    let shown = evan.feed().major().items()[0]["object"].clone();
    assert_eq!(shown["objectType"], "image");
    assert_eq!(shown["alt"], "A dog at the sea");
    assert_eq!(phone.overhanging(), Vec::<String>::new());
    assert_eq!(phone.complaints(), Vec::<String>::new());
}
