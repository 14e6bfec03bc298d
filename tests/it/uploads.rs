//! Files that people upload (`pump-api.md §3.8`, `§4.9.6`): what is taken, what is made of it, who gets it.

use crate::harness::documents::reference;
use crate::harness::people::link_self;
use crate::harness::{Answer, Caller, Person, Pump, Request, activity, note, pictures, public};
use base64::Engine as _;
use serde_json::{Value, json};

fn post_raw(person: &Person, kind: &str, bytes: &[u8]) -> Answer {
    person.send(Request::post(&person.path("uploads")).bytes(kind, bytes))
}

fn url_of<'v>(object: &'v Value, member: &str) -> &'v str {
    let thing = &object[member];
    thing["url"]
        .as_str()
        .or_else(|| thing.as_str())
        .unwrap_or_else(|| panic!("no {member} in {object}"))
}

/// The bytes of a file, as a caller gets them.
fn fetch(caller: &Caller, url: &str) -> Vec<u8> {
    caller.get(url).expect(200).body
}

fn posted_image(person: &Person, bytes: &[u8], to: Value) -> Value {
    let object = person.upload("image/jpeg", bytes);
    person.post(activity("post", &object).to(to))["object"].clone()
}

#[test]
fn strangers_upload_nothing() {
    let pump = Pump::start();
    let [evan, ann] = pump.register_all(["evan", "ann"]);
    let request = Request::post(&evan.path("uploads")).bytes("image/jpeg", &pictures::jpeg(8, 8));
    pump.nobody().send(request.clone()).expect(400);
    pump.client().send(request.clone()).expect(400);
    ann.send(request).refused(401);
    assert_eq!(evan.stream(&evan.path("uploads")).total(), 0);
}

/// pump-api.md D33
#[test]
fn what_is_no_picture_is_refused_and_harms_nothing() {
    let pump = Pump::start();
    let evan = pump.register("evan");
    let photo = pictures::jpeg(640, 480);
    let (head, _) = photo.split_at(photo.len() / 3);
    let (start, _) = photo.split_at(40);
    for (what, kind, bytes) in [
        ("a photo that is cut off", "image/jpeg", head.to_vec()),
        ("the first bytes of a photo", "image/jpeg", start.to_vec()),
        ("text", "image/jpeg", b"this is no picture".to_vec()),
        ("nothing", "image/jpeg", Vec::new()),
        ("a bomb", "image/png", pictures::bomb_png()),
        (
            "a page",
            "image/png",
            b"<html><script>alert(1)</script></html>".to_vec(),
        ),
    ] {
        let answer = post_raw(&evan, kind, &bytes);
        assert_eq!(answer.status, 400, "{what}: {}", answer.text());
        answer.refused(400);
    }
    let uploads = evan.path("uploads");
    for body in [
        json!({}),
        json!([]),
        json!({ "mimeType": "image/jpeg" }),
        json!({ "data": "aGVsbG8=" }),
        json!({ "mimeType": "image/jpeg", "data": "!!! no base64 !!!" }),
        json!({ "mimeType": 7, "data": "aGVsbG8=" }),
    ] {
        evan.post_to(&uploads, &body).refused(400);
    }
    assert_eq!(evan.stream(&uploads).total(), 0);
    let left: Vec<_> = walk(&pump.directory().join("uploads"));
    assert!(left.is_empty(), "refused files stay on disk: {left:?}");
}

/// All files below a directory.
fn walk(directory: &std::path::Path) -> Vec<std::path::PathBuf> {
    let Ok(entries) = std::fs::read_dir(directory) else {
        return Vec::new();
    };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.expect("a directory can be read").path();
        if path.is_dir() {
            files.extend(walk(&path));
        } else {
            files.push(path);
        }
    }
    files
}

/// pump-api.md §3.8.1 [W], D13, Q10
#[test]
fn a_photo_arrives_whole_in_chunks_in_json_and_in_a_form() {
    let pump = Pump::start();
    let evan = pump.register("evan");
    let path = evan.path("uploads");
    let photo = pictures::photo(640, 480, 1);
    let standard = base64::engine::general_purpose::STANDARD.encode(&photo);
    let url_safe = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(&photo);
    let post = Request::post(&path);
    for (how, request) in [
        ("raw", post.clone().bytes("image/jpeg", &photo)),
        ("chunked", post.clone().chunked("image/jpeg", &photo)),
        (
            "base64",
            post.clone()
                .json(&json!({ "mimeType": "image/jpeg", "data": standard })),
        ),
        (
            "url-safe",
            post.clone()
                .json(&json!({ "mimeType": "image/jpeg", "data": url_safe })),
        ),
        (
            "multipart",
            post.multipart("qqfile", "beach.jpg", "image/jpeg", &photo),
        ),
    ] {
        let object = evan.send(request).ok();
        assert_eq!(object["objectType"], "image", "{how}");
        assert_eq!(object["author"]["id"], evan.id(), "{how}");
        assert!(link_self(&object).starts_with("http://pump.test/api/image/"));
        let (image, full) = (&object["image"], &object["fullImage"]);
        assert_eq!(
            (&image["width"], &image["height"]),
            (&json!(320), &json!(240)),
            "{how}"
        );
        assert_eq!(
            (&full["width"], &full["height"]),
            (&json!(640), &json!(480)),
            "{how}"
        );
        let small = fetch(&evan, url_of(&object, "image"));
        assert_eq!(pictures::size_of(&small), (320, 240), "{how}");
        let large = fetch(&evan, url_of(&object, "fullImage"));
        assert_eq!(pictures::size_of(&large), (640, 480), "{how}");
        assert_eq!(object["likes"]["totalItems"], 0);
    }
    let uploads = evan.stream(&path);
    assert_eq!(uploads.total(), 5);
    assert!(uploads.items()[0]["image"]["url"].is_string());
}

/// pump-api.md D13
#[test]
fn the_place_where_a_photo_was_taken_is_told_to_nobody_else() {
    let pump = Pump::start();
    let [evan, ann] = pump.register_all(["evan", "ann"]);
    let photo = pictures::photo(800, 600, 1);
    assert!(pictures::contains(&photo, &pictures::place()));
    let object = posted_image(&evan, &photo, public());
    let mut urls: Vec<String> = Vec::new();
    collect_urls(&ann.read(&object).ok(), &mut urls);
    let files: Vec<&String> = urls
        .iter()
        .filter(|url| url.contains("/uploads/"))
        .collect();
    assert!(files.len() >= 2, "{urls:?}");
    for url in files {
        let answer = ann.get(url);
        if answer.status == 200 {
            assert!(
                !pictures::contains(&answer.body, &pictures::place()),
                "{url}"
            );
            let camera = pictures::CAMERA.as_bytes();
            assert!(!pictures::contains(&answer.body, camera), "{url}");
        }
    }
}

/// All texts in a document that are URLs.
fn collect_urls(value: &Value, urls: &mut Vec<String>) {
    match value {
        Value::String(text) if text.starts_with("http") => urls.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| collect_urls(item, urls)),
        Value::Object(members) => members.values().for_each(|item| collect_urls(item, urls)),
        _ => {}
    }
}

#[test]
fn a_photo_that_was_taken_sideways_stands_upright() {
    let pump = Pump::start();
    let evan = pump.register("evan");
    // Stored with red on the left; "6" says: turn clockwise to see it upright. Red is then on top.
    let object = evan.upload("image/jpeg", &pictures::photo(640, 480, 6));
    for (member, width, height) in [("image", 240, 320), ("fullImage", 480, 640)] {
        assert_eq!(object[member]["width"], width, "{member}");
        assert_eq!(object[member]["height"], height, "{member}");
        let picture = pictures::open(&fetch(&evan, url_of(&object, member))).to_rgb8();
        assert_eq!(
            (picture.width(), picture.height()),
            (width, height),
            "{member}"
        );
        let top = picture.get_pixel(width / 2, height / 8);
        let bottom = picture.get_pixel(width / 2, height - height / 8);
        assert!(top.0[0] > 180 && top.0[2] < 80, "{member}: top is {top:?}");
        assert!(
            bottom.0[2] > 180 && bottom.0[0] < 80,
            "{member}: bottom is {bottom:?}"
        );
    }
}

#[test]
fn small_pictures_stay_as_they_are() {
    let pump = Pump::start();
    let evan = pump.register("evan");
    let object = evan.upload("image/jpeg", &pictures::jpeg(200, 100));
    assert_eq!(object["image"]["width"], 200);
    assert_eq!(object["image"]["height"], 100);
    assert!(object["fullImage"].is_null());
    let bytes = fetch(&evan, url_of(&object, "image"));
    assert_eq!(pictures::size_of(&bytes), (200, 100));
}

#[test]
fn other_kinds_of_pictures_are_taken_too() {
    let pump = Pump::start();
    let evan = pump.register("evan");
    for (kind, bytes) in [
        ("image/png", pictures::transparent_png(600, 300)),
        ("image/gif", pictures::moving_gif(600, 300)),
        ("image/webp", pictures::webp(600, 300)),
    ] {
        let object = evan.upload(kind, &bytes);
        assert_eq!(object["objectType"], "image", "{kind}");
        let small = fetch(&evan, url_of(&object, "image"));
        assert_eq!(pictures::size_of(&small), (320, 160), "{kind}");
        if kind == "image/png" {
            let pixel = pictures::open(&small).to_rgba8().get_pixel(10, 10).0;
            assert_eq!(pixel[3], 0, "what is transparent stays so");
        }
    }
    // A picture is what its bytes say, whatever the client calls it.
    let object = evan.upload("image/jpeg", &pictures::png(600, 300));
    for member in ["image", "fullImage"] {
        let file = evan.get(url_of(&object, member)).expect(200);
        let kind = if file.body.starts_with(b"\x89PNG") {
            "image/png"
        } else {
            "image/jpeg"
        };
        assert_eq!(file.header("content-type"), kind, "{member}");
        pictures::open(&file.body);
    }
}

/// pump-api.md D13
#[test]
fn files_that_are_no_pictures_become_things_of_their_kind() {
    let pump = Pump::start();
    let evan = pump.register("evan");
    let text = evan.upload("text/plain", b"just some words");
    assert_eq!(text["objectType"], "file");
    let file = evan.get(url_of(&text, "fileUrl")).expect(200);
    assert_eq!(file.body, b"just some words");
    assert_eq!(file.header("x-content-type-options"), "nosniff");
    let page = evan.upload("text/html", b"<script>alert(1)</script>");
    let file = evan.get(url_of(&page, "fileUrl")).expect(200);
    let inline_html = file.header("content-type").starts_with("text/html")
        && !file.header("content-disposition").starts_with("attachment");
    assert!(!inline_html, "pages of others are never shown from here");
    for (kind, bytes, object_type) in [
        (
            "audio/ogg",
            b"OggS\0\x02\0\0\0\0\0\0\0\0".as_slice(),
            "audio",
        ),
        (
            "video/mp4",
            b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom\0\0\0\0".as_slice(),
            "video",
        ),
    ] {
        let object = evan.upload(kind, bytes);
        assert_eq!(object["objectType"], object_type, "{kind}");
        assert!(object["stream"]["url"].is_string(), "{object}");
    }
}

/// pump-api.md D13
#[test]
fn a_file_is_its_owners_until_it_is_posted_and_then_its_readers() {
    let pump = Pump::start();
    let [evan, ann, bea] = pump.register_all(["evan", "ann", "bea"]);
    let object = evan.upload("image/jpeg", &pictures::jpeg(640, 480));
    let urls = [url_of(&object, "image"), url_of(&object, "fullImage")];
    let others = [pump.nobody(), pump.client(), ann.caller.clone()];
    for url in urls {
        evan.get(url).expect(200);
        for other in &others {
            other.get(url).expect(403);
        }
    }
    ann.read(&object).refused(403);
    // Whoever knows the id and does something with it learns nothing of it.
    let liked = ann.try_does("like", &object);
    assert!(!liked.text().contains("/uploads/evan/"), "{}", liked.text());
    for stream in [ann.favorites(), ann.feed(), ann.inbox()] {
        let page = stream.page().to_string();
        assert!(!page.contains("/uploads/evan/"), "{}: {page}", stream.path);
    }
    evan.post(activity("post", &reference(&object)).to(&ann));
    for url in urls {
        ann.get(url).expect(200);
        bea.get(url).expect(403);
        pump.nobody().get(url).expect(403);
        let private = evan.get(url).expect(200);
        assert!(
            !private.header("cache-control").contains("public"),
            "{:?}",
            private.headers
        );
    }
    pump.nobody()
        .get("/uploads/evan/2026/1/2/AAAAAA.jpg")
        .expect(404);
    pump.nobody().get("/uploads/../secret").expect(404);
    pump.nobody()
        .get("/uploads/evan/%2e%2e/%2e%2e/secret")
        .expect(404);

    let open = posted_image(&evan, &pictures::jpeg(640, 480), public());
    for url in [url_of(&open, "image"), url_of(&open, "fullImage")] {
        for reader in [&pump.nobody(), &pump.client(), &bea.caller] {
            reader.get(url).expect(200);
        }
    }
    evan.does("delete", &open);
    let gone = pump.nobody().get(url_of(&open, "image"));
    assert!(matches!(gone.status, 403 | 404 | 410), "{}", gone.status);
}

/// pump-api.md §3.8.1 [W], Q10
#[test]
fn text_given_with_the_post_or_later_belongs_to_the_picture() {
    let pump = Pump::start();
    let evan = pump.register("evan");
    // In the post, as some clients do.
    let mut object = evan.upload("image/jpeg", &pictures::jpeg(64, 48));
    object["displayName"] = json!("The beach");
    object["content"] = json!("<i>Sand</i>");
    let posted = evan.post(activity("post", &object));
    assert_eq!(posted["object"]["displayName"], "The beach");
    assert_eq!(posted["object"]["content"], "<i>Sand</i>");
    assert_eq!(posted["object"]["image"]["width"], 64);
    assert!(evan.feed().major().has(&posted));
    evan.try_post(activity("post", &object)).refused(400);
    // Bare, and described by an update afterwards.
    let object = evan.upload("image/jpeg", &pictures::jpeg(64, 48));
    evan.post(activity("post", &object));
    evan.post(activity("update", &reference(&object)).object_with("displayName", "The sea"));
    assert_eq!(evan.read(&object).ok()["displayName"], "The sea");
    assert_eq!(evan.read(&object).ok()["image"]["width"], 64);
    // A post by somebody else takes nothing over.
    let ann = pump.register("ann");
    let mine = evan.upload("image/jpeg", &pictures::jpeg(64, 48));
    ann.try_post(activity("post", &reference(&mine)))
        .refused(400);
}

#[test]
fn a_file_is_sent_in_parts_and_only_when_it_is_new() {
    let pump = Pump::start();
    let evan = pump.register("evan");
    let object = posted_image(&evan, &pictures::jpeg(640, 480), public());
    let nobody = pump.nobody();
    let url = url_of(&object, "fullImage");
    let whole = nobody.get(url).expect(200);
    assert_eq!(whole.header("accept-ranges"), "bytes");
    assert_eq!(whole.header("content-type"), "image/jpeg");
    let length = whole.body.len();
    let part = |range: &str| nobody.send(Request::get(url).header("Range", range));

    let first = part("bytes=0-99").expect(206);
    assert_eq!(first.body, whole.body[..100]);
    assert_eq!(
        first.header("content-range"),
        format!("bytes 0-99/{length}")
    );
    let last = part("bytes=-10").expect(206);
    assert_eq!(last.body, whole.body[length - 10..]);
    let rest = part("bytes=100-").expect(206);
    assert_eq!(rest.body, whole.body[100..]);
    let none = part(&format!("bytes={length}-")).expect(416);
    assert_eq!(none.header("content-range"), format!("bytes */{length}"));
    // Nonsense is ignored (RFC 9110 §14.2).
    assert_eq!(part("sheep=1-2").expect(200).body.len(), length);

    let tag = whole.header("etag");
    assert!(!tag.is_empty());
    let same = nobody.send(Request::get(url).header("If-None-Match", tag));
    assert!(same.expect(304).body.is_empty());
    nobody
        .send(Request::get(url).header("If-None-Match", "\"another\""))
        .expect(200);
    let date = whole.header("last-modified");
    assert!(date.ends_with(" GMT"), "{date}");
    nobody
        .send(Request::get(url).header("If-Modified-Since", date))
        .expect(304);
    nobody
        .send(Request::get(url).header("If-Modified-Since", "Thu, 01 Jan 1970 00:00:00 GMT"))
        .expect(200);
    let head = nobody.send(Request::new("HEAD", url)).expect(200);
    assert_eq!(head.header("content-length"), length.to_string());
    assert!(head.body.is_empty());
}

#[test]
fn a_photo_of_twelve_megapixels_is_taken() {
    let pump = Pump::start();
    let evan = pump.register("evan");
    let object = evan.upload("image/jpeg", &pictures::photo(4000, 3000, 1));
    assert_eq!(object["image"]["width"], 320);
    assert_eq!(object["image"]["height"], 240);
    let small = fetch(&evan, url_of(&object, "image"));
    assert_eq!(pictures::size_of(&small), (320, 240));
    evan.post(note("still here"));
}

#[test]
fn uploads_survive_a_restart() {
    let mut pump = Pump::start();
    let evan = pump.register("evan");
    let object = posted_image(&evan, &pictures::jpeg(640, 480), public());
    let before = fetch(&evan, url_of(&object, "image"));
    pump.restart();
    assert_eq!(fetch(&pump.nobody(), url_of(&object, "image")), before);
}

#[test]
fn an_upload_over_the_bound_is_refused() {
    let pump = Pump::with(&["--uploadBytesMax", "100000"]);
    let evan = pump.register("evan");
    let bytes = vec![b'x'; 200_000];
    let path = evan.path("uploads");
    for request in [
        Request::post(&path).bytes("application/octet-stream", &bytes),
        Request::post(&path).chunked("application/octet-stream", &bytes),
    ] {
        // The server may answer and close while the client still sends.
        match evan.site.try_send(&evan.signed(request)) {
            Ok(answer) => assert_eq!(answer.status, 413, "{}", answer.text()),
            Err(error) => eprintln!("the connection was closed: {error}"),
        }
    }
    assert_eq!(evan.stream(&path).total(), 0);
    assert!(walk(&pump.directory().join("uploads")).is_empty());
}

/// pump-api.md §1.3
#[test]
fn where_uploads_are_switched_off_they_have_no_address() {
    let pump = Pump::with(&["--enableUploads=false"]);
    let evan = pump.register("evan");
    let path = evan.path("uploads");
    evan.get(&path).refused(404);
    let upload = Request::post(&path).bytes("image/jpeg", &pictures::jpeg(8, 8));
    evan.send(upload).refused(404);
}
