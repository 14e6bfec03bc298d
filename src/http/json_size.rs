//! How much memory a JSON document can take, seen before it is read: a tree of small objects in memory is a hundred times as
//! long as its text, so that the bound on bodies alone would let a few callers fill the memory of a small board.

use crate::error::Error;

/// Most objects of one document: each takes some 640 bytes at least.
const OBJECTS_MAX: usize = 8192;

/// Most values of one document, objects among them.
const VALUES_MAX: usize = 32_768;

/// Refuses (400) a document with more objects or values than are read here. What is no JSON passes: its reader says so.
pub(super) fn check(json: &[u8]) -> Result<(), Error> {
    let (mut objects, mut values) = (0, 1);
    let mut is_text = false;
    let mut bytes = json.iter();
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => is_text = !is_text,
            b'\\' if is_text => drop(bytes.next()),
            b'{' | b'[' | b',' if !is_text => {
                objects += usize::from(*byte == b'{');
                values += 1;
            }
            _ => {}
        }
    }
    if objects > OBJECTS_MAX || values > VALUES_MAX {
        return Err(Error::Invalid(format!(
            "The document has too many parts: at most {OBJECTS_MAX} objects and {VALUES_MAX} values are read here."
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{OBJECTS_MAX, VALUES_MAX, check};

    #[test]
    fn documents_of_very_many_parts_are_refused() {
        let list = |item: &str, count: usize| format!("[{}0]", format!("{item},").repeat(count));
        for refused in [
            list("{\"\":1}", OBJECTS_MAX + 1),
            list("[]", VALUES_MAX),
            list("1", VALUES_MAX),
            "{".repeat(OBJECTS_MAX + 1),
            format!("[\"\\\\\",{}", list("{}", OBJECTS_MAX + 1)),
        ] {
            check(refused.as_bytes()).expect_err("too many parts");
        }
    }

    #[test]
    fn long_texts_are_one_part_whatever_they_hold() {
        let text = "{[,".repeat(VALUES_MAX);
        for fine in [
            list_of(1000),
            format!("{{\"content\":\"{text}\"}}"),
            format!("{{\"content\":\"\\\"{text}\"}}"),
            String::new(),
            "\"".to_owned(),
            "\"\\".to_owned(),
        ] {
            check(fine.as_bytes()).expect("few parts");
        }
    }

    fn list_of(people: usize) -> String {
        let person = "{\"objectType\":\"person\",\"id\":\"acct:ann@h.test\"}";
        format!("[{}]", vec![person; people].join(","))
    }
}
