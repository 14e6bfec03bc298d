//! What one record of pump.io's databank is, whatever driver wrote it: the value, under its primary key.

use crate::clock::Timestamp;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use md5::{Digest as _, Md5};
use serde_json::{Map, Number, Value};

/// How deep MongoDB's documents are looked into; its own bound is 100.
const DEPTH_MAX: usize = 100;

/// A record.
#[derive(Debug)]
pub(super) struct Record {
    /// Its primary key, where it is known. The disk driver keeps only a hash of it.
    pub(super) id: Option<String>,
    /// What it holds, the primary key among it.
    pub(super) value: Value,
}

/// The member of a record that is its primary key.
pub(super) fn primary_key(kind: &str) -> &'static str {
    match kind {
        "user" => "nickname",
        "client" => "consumer_key",
        "accesstoken" => "access_token",
        "credentials" => "host_and_id",
        "stream" | "streamsegments" => "name",
        _ => "id",
    }
}

/// A document that `mongoexport` wrote, in either form of MongoDB's extended JSON (canonical or relaxed). The driver keeps the primary key in `_id`, what is no object in `_v`, and other signs for
/// points and dollars in keys.
pub(super) fn of_mongo(kind: &str, text: &[u8]) -> Result<Record, String> {
    let value: Value = serde_json::from_slice(text).map_err(cut_off)?;
    let Value::Object(mut members) = plain(value, 0) else {
        return Err("it is no JSON object".to_owned());
    };
    let id = match members.remove("_id") {
        Some(Value::String(id)) => id,
        Some(Value::Number(id)) => id.to_string(),
        _ => return Err("it has no _id".to_owned()),
    };
    let value = match members.get("_s") {
        Some(Value::Bool(true)) => members.remove("_v").unwrap_or(Value::Null),
        _ => {
            members.insert(primary_key(kind).to_owned(), id.as_str().into());
            Value::Object(members)
        }
    };
    Ok(Record {
        id: Some(id),
        value,
    })
}

/// A line with a key of Redis, a tabulator, and what stands there.
pub(super) fn of_redis(kind: &str, line: &[u8]) -> Result<Record, String> {
    let place = line.iter().position(|byte| *byte == b'\t');
    let (key, value) = place
        .and_then(|place| line.split_at_checked(place))
        .ok_or_else(|| "the line has no tabulator between key and value".to_owned())?;
    let id = String::from_utf8_lossy(key);
    let id = id
        .strip_prefix(kind)
        .and_then(|rest| rest.strip_prefix(':'))
        .ok_or_else(|| format!("the key does not begin with {kind}:"))?;
    let value = value.get(1..).unwrap_or_default();
    Ok(Record {
        id: Some(id.to_owned()),
        value: serde_json::from_slice(value).map_err(cut_off)?,
    })
}

/// A file of the disk driver.
pub(super) fn of_disk(kind: &str, bytes: &[u8]) -> Result<Record, String> {
    let value: Value = serde_json::from_slice(bytes).map_err(cut_off)?;
    let id = value.get(primary_key(kind)).and_then(Value::as_str);
    Ok(Record {
        id: id.map(str::to_owned),
        value,
    })
}

/// The name, without its ending, of the file in which the disk driver keeps the record with this primary key.
pub(super) fn file_name(id: &str) -> String {
    URL_SAFE_NO_PAD.encode(Md5::digest(id))
}

#[expect(clippy::needless_pass_by_value, reason = "maps an error")]
fn cut_off(error: serde_json::Error) -> String {
    match error.is_eof() {
        true => "it is cut off".to_owned(),
        false => "it is damaged: this is no JSON".to_owned(),
    }
}

/// MongoDB's own types as plain JSON, and its keys as they were.
fn plain(value: Value, depth: usize) -> Value {
    match value {
        Value::Object(members) => match special(&members) {
            Some(plain) => plain,
            None if depth < DEPTH_MAX => {
                let pairs = members.into_iter();
                let pairs = pairs.map(|(key, value)| (unescaped(key), plain(value, depth + 1)));
                Value::Object(pairs.collect())
            }
            None => Value::Null,
        },
        Value::Array(list) if depth < DEPTH_MAX => list
            .into_iter()
            .map(|value| plain(value, depth + 1))
            .collect(),
        Value::Number(number) => Value::Number(whole(number)),
        other => other,
    }
}

/// A number as JavaScript has it, which knows no other whole ones than doubles: `7.0` is 7.
fn whole(number: Number) -> Number {
    /// From here on doubles leave whole numbers out: 2⁵³.
    const EXACT_MAX: f64 = 9_007_199_254_740_992.0;
    match number.as_f64().filter(|_| number.is_f64()) {
        Some(value) if value.fract() == 0.0 && value.abs() < EXACT_MAX => {
            Number::from(value as i64)
        }
        _ => number,
    }
}

/// What an object of MongoDB's extended JSON stands for; nothing for an ordinary one.
fn special(members: &Map<String, Value>) -> Option<Value> {
    let (key, value) = members.iter().next().filter(|_| members.len() == 1)?;
    match (key.as_str(), value) {
        ("$oid" | "$symbol", Value::String(text)) => Some(text.as_str().into()),
        ("$numberInt" | "$numberLong", Value::String(digits)) => {
            digits.parse::<i64>().ok().map(Value::from)
        }
        ("$numberDouble" | "$numberDecimal", Value::String(digits)) => {
            let number = digits.parse().ok().and_then(Number::from_f64);
            Some(number.map_or(Value::Null, |number| Value::Number(whole(number))))
        }
        ("$date", Value::String(text)) => Some(text.as_str().into()),
        ("$date", Value::Object(below)) => {
            let ms = match special(below)? {
                Value::Number(ms) => ms.as_i64()?,
                _ => return None,
            };
            Some(time(ms))
        }
        // As old versions wrote it.
        ("$date", Value::Number(ms)) => Some(time(ms.as_i64()?)),
        ("$undefined", _) => Some(Value::Null),
        _ => None,
    }
}

/// A time, of milliseconds since 1970, which may be before it.
fn time(ms: i64) -> Value {
    Timestamp(ms.div_euclid(1000)).to_string().into()
}

/// The driver wrote `U+00FF` and two digits for a point and for a dollar.
fn unescaped(key: String) -> String {
    match key.contains('\u{ff}') {
        true => key.replace("\u{ff}0e", ".").replace("\u{ff}04", "$"),
        false => key,
    }
}

#[cfg(test)]
mod tests {
    use super::{file_name, of_disk, of_mongo, of_redis};
    use serde_json::json;

    #[test]
    fn a_line_of_mongoexport_is_what_was_put_in() {
        let line = br#"{"_id":"evan","_passwordHash":"x","n":{"$numberLong":"7"},"a":{"$date":"2013-01-02T03:04:05Z"},"k":{"www\u00ff0eh\u00ff0etest":[{"$numberDouble":"1.5"}]}}"#;
        let read = of_mongo("user", line).expect("readable");
        assert_eq!(read.id.as_deref(), Some("evan"));
        let expected = json!({"nickname": "evan", "_passwordHash": "x", "n": 7, "a": "2013-01-02T03:04:05Z", "k": {"www.h.test": [1.5]}});
        assert_eq!(read.value, expected);
        let line = br#"{"_id":"s:stream:1","_s":true,"_v":["a","b"]}"#;
        let read = of_mongo("streamsegment", line).expect("readable");
        assert_eq!(read.value, json!(["a", "b"]));
    }

    #[test]
    fn both_forms_of_extended_json_say_the_same() {
        // Both were written by the rules of MongoDB's extended JSON, version 2, for one document.
        let canonical = br#"{"_id":{"$oid":"5e0a1b2c3d4e5f6071829304"},"n":{"$numberInt":"42"},"l":{"$numberLong":"1356998400000"},"d":{"$numberDouble":"1.5"},"w":{"$numberDouble":"1356998400000.0"},"a":{"$date":{"$numberLong":"1356998400000"}},"b":{"$date":{"$numberLong":"-1000"}},"x":{"$undefined":true},"c":[{"$numberInt":"1"},{"deep":{"$numberLong":"-7"}}]}"#;
        let relaxed = br#"{"_id":{"$oid":"5e0a1b2c3d4e5f6071829304"},"n":42,"l":1356998400000,"d":1.5,"w":1356998400000.0,"a":{"$date":"2013-01-01T00:00:00Z"},"b":{"$date":{"$numberLong":"-1000"}},"x":{"$undefined":true},"c":[1,{"deep":-7}]}"#;
        let expected = json!({
            "id": "5e0a1b2c3d4e5f6071829304", "n": 42, "l": 1_356_998_400_000_i64, "d": 1.5, "w": 1_356_998_400_000_i64,
            "a": "2013-01-01T00:00:00Z", "b": "1969-12-31T23:59:59Z", "x": null, "c": [1, {"deep": -7}],
        });
        for text in [&canonical[..], relaxed] {
            let read = of_mongo("note", text).expect("readable");
            assert_eq!(read.value, expected);
            assert_eq!(read.id.as_deref(), Some("5e0a1b2c3d4e5f6071829304"));
        }
        let old = of_mongo("note", br#"{"_id":"a","a":{"$date":1356998400000}}"#);
        assert_eq!(old.expect("readable").value["a"], expected["a"]);
        // What only looks like it is what somebody wrote.
        let text = br#"{"_id":"a","o":{"$oid":7,"more":1},"p":{"$date":true},"q":1e300}"#;
        let read = of_mongo("note", text).expect("readable");
        assert_eq!(read.value["o"], json!({"$oid": 7, "more": 1}));
        assert_eq!(read.value["p"], json!({"$date": true}));
        assert_eq!(read.value["q"], json!(1e300));
    }

    #[test]
    fn what_is_no_record_says_why() {
        for (line, why) in [
            (&br#"{"_id":"evan","a":["#[..], "cut off"),
            (b"nonsense", "no JSON"),
            (b"[]", "no JSON object"),
            (b"7", "no JSON object"),
            (br#"{"a":1}"#, "_id"),
        ] {
            let error = of_mongo("user", line).expect_err("no record");
            assert!(error.contains(why), "{error}");
        }
        for (line, why) in [
            (&b"user:evan"[..], "tabulator"),
            (b"note:x\t{}", "user:"),
            (b"user:x\t{", "cut off"),
        ] {
            let error = of_redis("user", line).expect_err("no record");
            assert!(error.contains(why), "{error}");
        }
        assert!(of_disk("user", b"{").is_err());
    }

    #[test]
    fn keys_of_redis_and_names_of_files_are_those_of_the_drivers() {
        let read =
            of_redis("note", b"note:http://h.test/api/note/x\t{\"id\":\"y\"}").expect("readable");
        assert_eq!(read.id.as_deref(), Some("http://h.test/api/note/x"));
        // md5("evan") in base64, as node.js has it.
        assert_eq!(file_name("evan"), "mMx9N9x7kMFKWe8MXKqJlQ");
    }
}
