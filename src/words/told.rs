//! Sentences that were made in English below the pages, such as those of errors: the API says them as they are, pages say
//! them in the reader's language. They are found in the table again, those with values in them by what stands around the values.

use super::{Words, catalog, fill, size};

/// Letters that a sentence with values must have beside them, so that nothing else is taken for it.
const FIXED_MIN: usize = 8;

impl Words {
    /// A sentence that was made in English, in the reader's language; as it is where the table does not know it.
    pub fn told(self, english: &str) -> String {
        let Some(catalog) = catalog::of(self.language) else {
            return english.to_owned();
        };
        if let Some(found) = catalog::find(self.language, english) {
            return found.one.to_owned();
        }
        let patterns = catalog.iter().filter(|(pattern, found)| {
            found.many.is_none() && pattern.contains('{') && fixed_len(pattern) >= FIXED_MIN
        });
        let matching = patterns.filter_map(|(pattern, found)| {
            Some((fixed_len(pattern), values_of(pattern, english)?, found.one))
        });
        // The one that leaves the least to the values says most of what is meant.
        let nearest = matching.max_by_key(|(fixed, ..)| *fixed);
        nearest.map_or_else(
            || english.to_owned(),
            |(_, values, sentence)| {
                let values: Vec<String> =
                    values.iter().map(|value| self.told_value(value)).collect();
                fill(sentence, &values)
            },
        )
    }

    /// A value in such a sentence: sizes are told as the language has them.
    fn told_value(self, value: &str) -> String {
        let is_size = value.split_once(' ').is_some_and(|(number, unit)| {
            number.parse::<f64>().is_ok() && size::UNITS.contains(&unit)
        });
        match is_size {
            true => self.size_in_words(value),
            false => value.to_owned(),
        }
    }
}

/// Letters of a sentence beside its values.
fn fixed_len(pattern: &str) -> usize {
    pieces(pattern).map(|(piece, _)| piece.len()).sum()
}

/// The pieces of a sentence, each with the place of the value that follows it.
fn pieces(pattern: &str) -> impl Iterator<Item = (&str, Option<usize>)> {
    let mut rest = Some(pattern);
    std::iter::from_fn(move || {
        let text = rest?;
        let found = text.split_once('{').and_then(|(before, after)| {
            let (place, after) = after.split_once('}')?;
            Some((before, place.parse().ok()?, after))
        });
        match found {
            Some((before, place, after)) => {
                rest = Some(after);
                Some((before, Some(place)))
            }
            None => {
                rest = None;
                Some((text, None))
            }
        }
    })
}

/// What stands in the places of a sentence; nothing if the text is not made by it.
fn values_of<'a>(pattern: &str, text: &'a str) -> Option<Vec<&'a str>> {
    let mut values: Vec<&str> = Vec::new();
    let mut rest = text;
    let mut open: Option<usize> = None;
    for (piece, next) in pieces(pattern) {
        let (value, after) = match (open, next) {
            (None, _) => ("", rest.strip_prefix(piece)?),
            (Some(_), None) => (rest.strip_suffix(piece)?, ""),
            (Some(_), Some(_)) => rest.split_once(piece)?,
        };
        if let Some(place) = open {
            values.resize(values.len().max(place + 1), "");
            *values.get_mut(place)? = value;
        }
        rest = after;
        open = next;
    }
    rest.is_empty().then_some(values)
}

#[cfg(test)]
mod tests {
    use super::values_of;
    use crate::words::{Language, Words};

    #[test]
    fn values_are_found_by_what_stands_around_them() {
        let find = values_of;
        assert_eq!(find("{0} is {1}.", "a b is c."), Some(vec!["a b", "c"]));
        assert_eq!(find("Of {1} by {0}", "Of x by y"), Some(vec!["y", "x"]));
        assert_eq!(find("At most {0}.", "At most 5.5."), Some(vec!["5.5"]));
        assert_eq!(find("At most {0}.", "At least 5."), None);
        assert_eq!(find("Same", "Same"), Some(vec![]));
        assert_eq!(find("Same", "Same thing"), None);
    }

    #[test]
    fn errors_are_said_in_the_language_of_the_reader() {
        let told = |language, english| Words::of(language).told(english);
        let english = "Too many tries. Wait 30 seconds and try again.";
        assert_eq!(told(Language::English, english), english);
        let german = told(Language::German, english);
        assert!(german.contains("30") && german != english, "{german}");
        let room = "There is no room for this file of 1.4 MB: your files take 9.5 GB of the 10 GB that you have. Delete some of \
                    what you uploaded, or ask the owner of this server for more room.";
        let french = told(Language::French, room);
        assert!(
            french.contains("1,4\u{a0}Mo") && french.contains("9,5\u{a0}Go"),
            "{french}"
        );
        assert_eq!(
            told(Language::Spanish, "nobody made this"),
            "nobody made this"
        );
    }
}
