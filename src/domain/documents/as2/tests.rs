//! Mappings, on documents as the serializer writes them.

use super::{At, Kind, PUBLIC, document, feed};
use serde_json::{Value, json};

fn translated(kind: Kind, as1: &Value) -> Value {
    serde_json::from_str(&document(kind, &as1.to_string())).expect("JSON")
}

fn ann() -> Value {
    json!({ "objectType": "person", "id": "acct:ann@h.test", "url": "https://h.test/ann", "displayName": "Ann",
        "links": { "self": { "href": "https://h.test/api/user/ann/profile" } } })
}

fn activity(verb: &str) -> Value {
    json!({ "verb": verb, "id": "https://h.test/api/activity/A", "actor": ann(),
        "object": { "objectType": "note", "id": "https://h.test/api/note/N", "content": "hi" } })
}

/// pump-api.md §3.11
#[test]
fn verbs_become_types() {
    for (verb, name) in [
        ("post", "Create"),
        ("submit", "Create"),
        ("create", "Create"),
        ("author", "Create"),
        ("share", "Announce"),
        ("favorite", "Like"),
        ("like", "Like"),
        ("follow", "Follow"),
        ("join", "Join"),
        ("leave", "Leave"),
        ("add", "Add"),
        ("attach", "Add"),
        ("remove", "Remove"),
        ("update", "Update"),
        ("delete", "Delete"),
        ("accept", "Accept"),
        ("reject", "Reject"),
        ("invite", "Invite"),
        ("flag-as-inappropriate", "Flag"),
        ("play", "View"),
        ("watch", "View"),
        ("rsvp-maybe", "TentativeAccept"),
        ("rsvp-no", "Reject"),
        ("rsvp-yes", "Accept"),
        ("FOLLOW", "Follow"),
        ("checkin", "Activity"),
        ("http://example.org/verbs/juggle", "Activity"),
    ] {
        let as2 = translated(Kind::Activity, &activity(verb));
        assert_eq!(as2["type"], name, "{verb}");
        assert_eq!(as2["object"]["type"], "Note", "{verb}");
    }
    let mut into = activity("post");
    into["target"] = json!({ "objectType": "group", "id": "https://h.test/api/group/G" });
    assert_eq!(translated(Kind::Activity, &into)["type"], "Add");
}

/// pump-api.md §3.11
#[test]
fn what_is_taken_back_is_undone() {
    for (verb, undone) in [
        ("stop-following", "Follow"),
        ("unlike", "Like"),
        ("unfavorite", "Like"),
        ("unshare", "Announce"),
    ] {
        let as2 = translated(Kind::Activity, &activity(verb));
        assert_eq!(as2["type"], "Undo", "{verb}");
        let inner = &as2["object"];
        assert_eq!(inner["type"], undone, "{verb}");
        assert_eq!(inner["actor"], "https://h.test/ann");
        assert_eq!(inner["object"]["id"], "https://h.test/api/note/N");
    }
}

/// pump-api.md §3.11
#[test]
fn an_activity_says_who_did_what_for_whom() {
    let mut as1 = activity("post");
    as1["content"] = json!("<a href='https://h.test/ann'>Ann</a> posted a note");
    as1["to"] = json!([ann(), { "objectType": "collection", "id": "http://activityschema.org/collection/public" }]);
    as1["cc"] =
        json!([{ "objectType": "collection", "id": "https://h.test/api/user/ann/followers" }]);
    as1["bto"] = json!([ann()]);
    as1["bcc"] = json!([ann()]);
    as1["generator"] = json!({ "objectType": "application", "id": "urn:uuid:1", "displayName": "Pen",
        "likes": { "url": "https://h.test/api/application/likes?id=urn%3Auuid%3A1" } });
    as1["mood"] = json!("unknown to the vocabulary");
    let as2 = translated(Kind::Activity, &as1);
    assert_eq!(as2["summary"], as1["content"]);
    assert!(as2["content"].is_null() && as2["mood"].is_null());
    assert_eq!(as2["to"], json!(["https://h.test/ann", PUBLIC]));
    assert_eq!(as2["cc"], json!(["https://h.test/api/user/ann/followers"]));
    assert!(as2["bto"].is_null() && as2["bcc"].is_null());
    let pen = json!({ "type": "Application", "id": "urn:uuid:1", "name": "Pen" });
    assert_eq!(as2["generator"], pen);
    assert_eq!(as2["object"]["attributedTo"], "https://h.test/ann");
    assert_eq!(as2["actor"]["type"], "Person");
    assert_eq!(as2["@context"], "https://www.w3.org/ns/activitystreams");
    assert!(as2["actor"]["@context"].is_null());
}

/// pump-api.md §3.11
#[test]
fn a_person_is_named_by_the_page_and_has_boxes() {
    let mut as1 = ann();
    as1["preferredUsername"] = json!("ann");
    as1["summary"] = json!("bakes");
    as1["image"] = json!({ "url": "https://h.test/uploads/ann/a.jpg", "width": 96, "height": 96 });
    as1["pump_io"] =
        json!({ "followed": false, "fullImage": { "url": "https://h.test/uploads/ann/b.png" } });
    as1["links"]["activity-inbox"] = json!({ "href": "https://h.test/api/user/ann/inbox" });
    as1["favorites"] = json!({ "url": "https://h.test/api/user/ann/favorites", "totalItems": 9 });
    let as2 = translated(
        Kind::User,
        &json!({ "nickname": "ann", "email": "a@h.test", "profile": as1 }),
    );
    assert_eq!(
        as2,
        json!({ "@context": "https://www.w3.org/ns/activitystreams", "type": "Person", "id": "https://h.test/ann",
            "name": "Ann", "summary": "bakes", "preferredUsername": "ann",
            "url": { "type": "Link", "href": "https://h.test/ann", "mediaType": "text/html" },
            "icon": { "type": "Image", "url": { "type": "Link", "href": "https://h.test/uploads/ann/a.jpg",
                "mediaType": "image/jpeg", "width": 96, "height": 96 } },
            "image": { "type": "Image", "url": { "type": "Link", "href": "https://h.test/uploads/ann/b.png",
                "mediaType": "image/png" } },
            "inbox": "https://h.test/api/user/ann/inbox", "liked": "https://h.test/api/user/ann/favorites" })
    );
}

/// pump-api.md §3.11
#[test]
fn files_are_links_with_type_and_size() {
    let picture = json!({ "objectType": "image", "id": "tag:x", "url": "https://h.test/ann/image/I",
        "links": { "self": { "href": "https://h.test/api/image?id=tag%3Ax" } },
        "image": { "url": "https://h.test/a_thumb.jpg", "width": 320, "height": 200 },
        "fullImage": { "url": "https://h.test/a.JPEG?x=1", "width": 1920, "height": 1200 } });
    let as2 = translated(Kind::Object, &picture);
    assert_eq!(as2["id"], "https://h.test/api/image?id=tag%3Ax");
    assert_eq!(
        as2["url"],
        json!([{ "type": "Link", "href": "https://h.test/ann/image/I", "mediaType": "text/html" },
            { "type": "Link", "href": "https://h.test/a.JPEG?x=1", "mediaType": "image/jpeg", "width": 1920, "height": 1200 }])
    );
    assert_eq!(as2["preview"]["url"]["width"], 320);
    let sound = json!({ "objectType": "audio", "id": "tag:y", "stream": { "url": "https://h.test/a.mp3", "duration": 61 } });
    let as2 = translated(Kind::Object, &sound);
    assert_eq!(as2["duration"], "PT61S");
    assert_eq!(as2["url"]["mediaType"], "audio/mpeg");
    let file = json!({ "objectType": "file", "id": "tag:z", "fileUrl": "https://h.test/a.bin", "mimeType": "text/csv" });
    let as2 = translated(Kind::Object, &file);
    assert_eq!(
        (&as2["type"], &as2["url"]["mediaType"]),
        (&json!("Document"), &json!("text/csv"))
    );
    let note = json!({ "objectType": "note", "id": "tag:n", "attachments": [picture, "https://h.test/x", "nonsense", 7, {}] });
    let as2 = translated(Kind::Object, &note);
    assert_eq!(as2["attachment"][0]["type"], "Image");
    assert_eq!(as2["attachment"][1], "https://h.test/x");
    assert_eq!(as2["attachment"][2], json!({ "type": "Object" }));
    assert_eq!(as2["attachment"].as_array().map(Vec::len), Some(3));
}

/// pump-api.md §3.11
#[test]
fn unknown_and_deleted_things_have_types_too() {
    for (as1, name) in [
        ("comment", "Note"),
        ("collection", "Collection"),
        ("badge", "Object"),
        ("http://example.org/types/kite", "Object"),
        ("", "Object"),
    ] {
        let as2 = translated(
            Kind::Object,
            &json!({ "objectType": as1, "id": "https://h.test/x" }),
        );
        assert_eq!(as2["type"], name, "{as1}");
    }
    let gone = json!({ "objectType": "comment", "id": "https://h.test/x", "deleted": "2026-11-20T23:27:48Z", "author": ann() });
    assert_eq!(
        translated(Kind::Object, &gone),
        json!({ "@context": "https://www.w3.org/ns/activitystreams", "type": "Tombstone", "id": "https://h.test/x",
            "formerType": "Note", "deleted": "2026-11-20T23:27:48Z" })
    );
}

#[test]
fn members_of_the_wrong_kind_are_left_out() {
    let strange = json!({ "objectType": "event", "id": "https://h.test/x", "displayName": 7, "content": ["x"], "image": 1,
        "fullImage": { "url": "javascript:alert(1)" }, "url": "javascript:alert(1)", "attachments": {}, "tags": [[]],
        "startTime": "soon", "endTime": "2026-11-20T23:27:48+01:00", "author": "ann", "inReplyTo": [], "location": "home",
        "likes": { "url": 1 }, "replies": null, "_private": "x" });
    assert_eq!(
        translated(Kind::Object, &strange),
        json!({ "@context": "https://www.w3.org/ns/activitystreams", "type": "Event", "id": "https://h.test/x",
            "endTime": "2026-11-20T22:27:48Z", "tag": [] })
    );
    let deep = "[".repeat(10_000) + &"]".repeat(10_000);
    let text =
        format!("{{\"objectType\":\"note\",\"id\":\"tag:x\",\"content\":\"hi\",\"deep\":{deep}}}");
    assert!(document(Kind::Object, &text).contains("\"hi\""));
}

/// pump-api.md §3.11
#[test]
fn a_feed_is_a_collection_with_its_first_page() {
    let url = "https://h.test/api/user/ann/feed";
    let as1 = json!({ "displayName": "Activities by Ann", "objectTypes": ["activity"], "url": url, "totalItems": 3,
        "items": [activity("post")], "author": ann(),
        "links": { "prev": { "href": format!("{url}?since=A") }, "next": { "href": format!("{url}?before=A") } } });
    let read = |as1: &Value, is_feed| {
        let page = &format!("{url}?offset=0");
        let text = feed(&as1.to_string(), &At { page, is_feed });
        serde_json::from_str::<Value>(&text).expect("JSON")
    };
    let as2 = read(&as1, true);
    assert_eq!(as2["type"], "OrderedCollection");
    assert_eq!((&as2["id"], &as2["totalItems"]), (&json!(url), &json!(3)));
    assert_eq!(
        (&as2["name"], &as2["attributedTo"]),
        (&json!("Activities by Ann"), &json!("https://h.test/ann"))
    );
    let first = &as2["first"];
    assert_eq!(first["type"], "OrderedCollectionPage");
    assert_eq!(
        (&first["id"], &first["partOf"]),
        (&json!(format!("{url}?offset=0")), &json!(url))
    );
    assert_eq!(first["next"], format!("{url}?before=A"));
    assert_eq!(first["prev"], format!("{url}?since=A"));
    assert_eq!(first["orderedItems"][0]["type"], "Create");
    let page = read(&as1, false);
    assert_eq!(page["type"], "OrderedCollectionPage");
    assert_eq!(
        (&page["totalItems"], &page["partOf"]),
        (&json!(3), &json!(url))
    );
    let empty =
        json!({ "displayName": "x", "url": url, "totalItems": 0, "items": [], "links": {} });
    assert!(read(&empty, true)["first"].is_null());
    assert_eq!(read(&empty, false)["orderedItems"], json!([]));
}
