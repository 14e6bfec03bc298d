//! Films: had in the parts that players ask for, by those who may see them and by nobody else.

use crate::guest_links::makes_link;
use crate::harness::people::Caller;
use crate::harness::{Answer, Pump, Request, activity, pictures};
use crate::photos::key_of;
use serde_json::json;

/// Bytes of a film, most of them different from their neighbours.
const FILM_BYTES: usize = 200_000;

/// What begins as a film does; nobody plays it.
fn film() -> Vec<u8> {
    let mut bytes = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom\0\0\0\0".to_vec();
    let rest = FILM_BYTES - bytes.len();
    bytes.extend((0..rest).map(|at| u8::try_from(at % 251).expect("below 256")));
    bytes
}

fn part(caller: &Caller, url: &str, range: &str) -> Answer {
    caller.send(Request::get(url).header("Range", range))
}

#[test]
fn whoever_may_not_see_a_film_gets_no_part_of_it() {
    let pump = Pump::start();
    let [evan, ann, bea] = pump.register_all(["evan", "ann", "bea"]);
    let film = evan.upload("video/mp4", &film());
    let url = film["stream"]["url"].as_str().expect("an address");
    let ranges = ["bytes=0-1", "bytes=-10", "bytes=999999999-", "nonsense"];
    let refused = |caller: &Caller| {
        for range in ranges {
            let answer = part(caller, url, range).expect(403);
            for header in ["content-range", "etag", "last-modified", "accept-ranges"] {
                assert_eq!(answer.header(header), "", "{range}");
            }
            assert!(answer.body.len() < 1000);
        }
    };
    for caller in [&pump.nobody(), &pump.client(), &ann.caller, &bea.caller] {
        refused(caller);
    }
    let post = evan.post(activity("post", &film).to(&ann));
    part(&ann, url, "bytes=0-1").expect(206);
    for caller in [&pump.nobody(), &pump.client(), &bea.caller] {
        refused(caller);
    }
    // Whoever knows a name of the file learns no more by it.
    let tag = part(&ann, url, "bytes=0-1").header("etag").to_owned();
    let known = Request::get(url).header("Range", "bytes=0-1");
    bea.send(known.header("If-Range", &tag)).expect(403);
    evan.does("delete", &post["object"]);
    assert_ne!(part(&ann, url, "bytes=0-1").status, 206);
}

#[test]
fn players_get_the_part_for_which_they_ask() {
    let pump = Pump::start();
    let [evan, ann] = pump.register_all(["evan", "ann"]);
    let bytes = film();
    let film = evan.upload("video/mp4", &bytes);
    let url = film["stream"]["url"].as_str().expect("an address");
    evan.post(activity("post", &film).to(&ann));
    let whole = ann.get(url).expect(200);
    assert_eq!(whole.header("accept-ranges"), "bytes");
    assert_eq!(whole.header("content-type"), "video/mp4");
    assert!(whole.body == bytes);

    // What Safari asks first, what players ask when one seeks, and the end of the file, where many films have their index.
    for (range, from, to) in [
        ("bytes=0-1", 0, 2),
        ("bytes=0-", 0, FILM_BYTES),
        ("bytes=150000-", 150_000, FILM_BYTES),
        ("bytes=70000-79999", 70_000, 80_000),
        ("bytes=-500", FILM_BYTES - 500, FILM_BYTES),
        ("bytes=-99999999", 0, FILM_BYTES),
        ("bytes=199999-199999", FILM_BYTES - 1, FILM_BYTES),
        ("bytes=199000-99999999999999999999999", 199_000, FILM_BYTES),
    ] {
        let answer = part(&ann, url, range).expect(206);
        assert!(answer.body == bytes[from..to], "{range}");
        let told = format!("bytes {from}-{}/{FILM_BYTES}", to - 1);
        assert_eq!(answer.header("content-range"), told, "{range}");
        assert_eq!(answer.header("content-length"), (to - from).to_string());
        assert_eq!(answer.header("content-type"), "video/mp4", "{range}");
        assert_eq!(answer.header("etag"), whole.header("etag"));
        assert_eq!(answer.header("content-encoding"), "");
    }
    for range in ["bytes=200000-", "bytes=999999-1999999", "bytes=-0"] {
        let answer = part(&ann, url, range).expect(416);
        assert_eq!(
            answer.header("content-range"),
            format!("bytes */{FILM_BYTES}")
        );
        assert_eq!(answer.header("cache-control"), "no-store", "{range}");
        assert!(answer.body.is_empty());
    }
    for range in ["bytes=0-1,5-6", "bytes=9-1", "seconds=1-2", "bytes=x-y"] {
        assert!(part(&ann, url, range).expect(200).body == bytes, "{range}");
    }

    // A part of the file that one has begun with, and all of it where that is another one.
    let date = whole.header("last-modified");
    for (known, status) in [
        (whole.header("etag"), 206),
        (date, 206),
        ("\"another\"", 200),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 200),
        (&format!("W/{}", whole.header("etag")), 200),
    ] {
        let request = Request::get(url).header("Range", "bytes=5-9");
        ann.send(request.header("If-Range", known)).expect(status);
    }
    let request = Request::get(url).header("Range", "bytes=5-9");
    let request = request.header("If-None-Match", whole.header("etag"));
    ann.send(request).expect(304);
    let head = Request::new("HEAD", url).header("Range", "bytes=5-9");
    let head = ann.send(head).expect(200);
    assert_eq!(head.header("content-length"), FILM_BYTES.to_string());
}

#[test]
fn a_film_is_sought_by_a_session_and_by_a_link_for_guests() {
    let pump = Pump::start();
    let evan = pump.register("evan");
    let bytes = film();
    let mut film = evan.upload("video/mp4", &bytes);
    film["displayName"] = json!("The pier");
    let url = film["stream"]["url"].as_str().expect("an address");
    let path = pump.site.path_of(url).to_owned();
    let film = evan.post(activity("post", &film).to(&evan))["object"].clone();
    let mut browser = pump.browser_of("evan");
    let seek = |path: &str| Request::get(path).header("Range", "bytes=100000-100009");
    let answer = browser.ask(seek(&path)).expect(206);
    assert!(answer.body == bytes[100_000..100_010]);
    let link = makes_link(&mut browser, &key_of(&film));
    let name = path.rsplit('/').next().expect("a name");
    let mut guest = pump.browser();
    guest.ask(seek(&path)).expect(403);
    let answer = guest.ask(seek(&format!("{link}/{name}"))).expect(206);
    assert!(answer.body == bytes[100_000..100_010]);
    let photo = evan.upload("image/jpeg", &pictures::jpeg(64, 48));
    let other = photo["image"]["url"].as_str().expect("an address");
    let other = other.rsplit('/').next().expect("a name");
    guest.ask(seek(&format!("{link}/{other}"))).expect(404);
}
