//! Reads the items of a collection one after another, however long it is. What it holds at a time is one item.

use super::Halt;
use crate::error::Error;
use serde::de::{
    DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor,
};
use serde_json::Value;
use std::cell::Cell;
use std::fmt;
use std::io::{self, BufReader, Read};

/// Longest item, in bytes: an activity with everybody to whom it is addressed.
const ITEM_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// Longest collection, in bytes, unpacked.
const COLLECTION_BYTES_MAX: u64 = 512 * 1024 * 1024;

/// Most items of a collection.
pub(super) const ITEMS_MAX: u64 = 250_000;

/// Hands the items of a collection (an object with `items`, or an array) to `each`, with their lengths in bytes. `name` is
/// what sentences call it.
pub(super) fn each(
    input: impl Read,
    name: &str,
    each: &mut dyn FnMut(Value, u64) -> Result<(), Halt>,
) -> Result<(), Halt> {
    let taken = Cell::new(0);
    let mut halt = None;
    let collection = Collection {
        each,
        taken: &taken,
        halt: &mut halt,
    };
    let input = BufReader::new(Rationed {
        input,
        taken: &taken,
        all: 0,
    });
    let mut reader = serde_json::Deserializer::from_reader(input);
    let read = collection.deserialize(&mut reader);
    let read = read.and_then(|is_found| reader.end().map(|()| is_found));
    if let Some(halt) = halt {
        return Err(halt);
    }
    let problem = match read {
        Ok(true) => return Ok(()),
        Ok(false) => format!("{name} is no collection: it has no \u{201c}items\u{201d}."),
        Err(error)
            if error.is_io() && error.io_error_kind() == Some(io::ErrorKind::FileTooLarge) =>
        {
            let mib = COLLECTION_BYTES_MAX >> 20;
            format!(
                "{name} is too large: a collection can have {mib} MiB, and each of its items 4 MiB."
            )
        }
        Err(error) if error.is_io() => format!("{name} cannot be read: {error}."),
        Err(error) if error.is_eof() => {
            format!("{name} ends in the middle. Is this the whole file?")
        }
        Err(error) => format!("{name} is not right: {error}."),
    };
    Err(Error::Invalid(problem).into())
}

struct Collection<'a> {
    each: &'a mut dyn FnMut(Value, u64) -> Result<(), Halt>,
    /// Bytes that were read since the last item.
    taken: &'a Cell<u64>,
    /// Why the one who takes the items wants no more.
    halt: &'a mut Option<Halt>,
}

impl<'de> DeserializeSeed<'de> for Collection<'_> {
    /// Whether there were items.
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Collection<'_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a collection")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<bool, A::Error> {
        let mut is_found = false;
        while let Some(key) = map.next_key::<String>()? {
            if key == "items" {
                let items = Collection {
                    each: &mut *self.each,
                    taken: self.taken,
                    halt: &mut *self.halt,
                };
                map.next_value_seed(items)?;
                is_found = true;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(is_found)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<bool, A::Error> {
        let mut number = 0;
        self.taken.set(0);
        while let Some(item) = items.next_element::<Value>()? {
            number += 1;
            let given = if number > ITEMS_MAX {
                let text = format!("An archive can have {ITEMS_MAX} things of a kind.");
                Err(Error::TooLarge(text).into())
            } else {
                (self.each)(item, self.taken.replace(0))
            };
            if let Err(halt) = given {
                *self.halt = Some(halt);
                return Err(A::Error::custom("no more is wanted"));
            }
        }
        Ok(true)
    }
}

/// A reader that gives no more than a collection and an item may have.
struct Rationed<'a, R> {
    input: R,
    taken: &'a Cell<u64>,
    all: u64,
}

impl<R: Read> Read for Rationed<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.input.read(buffer)?;
        self.all += read as u64;
        self.taken.set(self.taken.get() + read as u64);
        if self.all > COLLECTION_BYTES_MAX || self.taken.get() > ITEM_BYTES_MAX {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::each;
    use crate::domain::archives::Halt;
    use std::io::Read as _;

    fn count(text: &str) -> Result<u64, String> {
        let mut number = 0;
        let read = each(text.as_bytes(), "feed.json", &mut |_, _| {
            number += 1;
            Ok(())
        });
        read.map(|()| number).map_err(|halt| halt.to_string())
    }

    #[test]
    fn collections_and_arrays_have_items() {
        assert_eq!(
            count(r#"{"totalItems": 2, "items": [{"a": 1}, {}], "x": [1]}"#),
            Ok(2)
        );
        assert_eq!(count("[{}, {}, {}]"), Ok(3));
        assert_eq!(count(r#"{"items": []}"#), Ok(0));
    }

    #[test]
    fn what_is_no_collection_is_told_apart() {
        for (text, word) in [
            ("", "in the middle"),
            (r#"{"items": [{}, {"#, "in the middle"),
            (r#"{"objectType": "note"}"#, "no collection"),
            (r#"{"items": [}"#, "not right"),
            ("[1] x", "not right"),
            ("\u{7f}ELF", "not right"),
            ("7", "not right"),
        ] {
            let problem = count(text).expect_err("refused");
            assert!(problem.contains(word), "{text}: {problem}");
        }
    }

    #[test]
    fn nothing_is_held_that_is_too_long() {
        let long = std::io::repeat(b'x').take(1 << 40);
        let endless = br#"["#.chain(&b"\""[..]).chain(long);
        let refused = each(endless, "feed.json", &mut |_, _| Ok(())).expect_err("too long");
        assert!(refused.to_string().contains("too large"), "{refused}");
        // Between the items it is the same.
        let blank = b"[{},".chain(std::io::repeat(b' ').take(1 << 40));
        each(blank, "feed.json", &mut |_, _| Ok(())).expect_err("too long");
    }

    #[test]
    fn whoever_takes_them_can_stop() {
        let mut number = 0;
        let read = each(&b"[1, 2, 3, nonsense"[..], "feed.json", &mut |_, _| {
            number += 1;
            Err(Halt::Ending)
        });
        assert!(matches!(read, Err(Halt::Ending)));
        assert_eq!(number, 1);
    }
}
