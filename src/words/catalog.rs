//! The tables of the languages: `assets/languages/*.po`, unpacked at the first reader of a language.

use super::Language;
use flate2::read::GzDecoder;
use std::io::Read as _;
use std::sync::LazyLock;

/// A sentence in another language.
#[derive(Clone, Copy, Debug)]
pub(super) struct Translation {
    /// The sentence, or that for one where the number counts.
    pub(super) one: &'static str,
    /// The sentence for other numbers.
    pub(super) many: Option<&'static str>,
}

/// English sentences and what they are in a language, in the order of the English ones.
type Catalog = Vec<(&'static str, Translation)>;

static GERMAN: LazyLock<Catalog> =
    LazyLock::new(|| unpack(include_bytes!(concat!(env!("OUT_DIR"), "/de.po.gz"))));
static SPANISH: LazyLock<Catalog> =
    LazyLock::new(|| unpack(include_bytes!(concat!(env!("OUT_DIR"), "/es.po.gz"))));
static FRENCH: LazyLock<Catalog> =
    LazyLock::new(|| unpack(include_bytes!(concat!(env!("OUT_DIR"), "/fr.po.gz"))));

/// What an English sentence is in a language.
pub(super) fn find(language: Language, english: &str) -> Option<Translation> {
    let catalog = of(language)?;
    let place = catalog.binary_search_by(|(known, _)| (*known).cmp(english));
    catalog.get(place.ok()?).map(|(_, found)| *found)
}

/// The table of a language; none for the language of the source.
pub(super) fn of(language: Language) -> Option<&'static Catalog> {
    match language {
        Language::English => None,
        Language::German => Some(&GERMAN),
        Language::Spanish => Some(&SPANISH),
        Language::French => Some(&FRENCH),
    }
}

fn unpack(packed: &[u8]) -> Catalog {
    let mut text = String::new();
    GzDecoder::new(packed)
        .read_to_string(&mut text)
        .expect("the build packed it");
    parse(String::leak(text))
}

/// Reads what we use of the format: one line per sentence, no escapes (a unit test holds that), no context. An entry without a
/// translation is none.
pub(super) fn parse(text: &'static str) -> Catalog {
    let mut catalog = Catalog::new();
    let (mut english, mut one) = (None, None);
    for line in text.lines() {
        let Some((keyword, quoted)) = line.split_once(' ') else {
            continue;
        };
        let Some(sentence) = quoted
            .strip_prefix('"')
            .and_then(|rest| rest.strip_suffix('"'))
        else {
            continue;
        };
        match keyword {
            "msgid" => english = Some(sentence).filter(|sentence| !sentence.is_empty()),
            "msgstr" | "msgstr[0]" => one = Some(sentence),
            _ => {}
        }
        let is_many = keyword == "msgstr[1]";
        if let (true, Some(english), Some(one)) = (
            is_many || keyword == "msgstr",
            english,
            one.filter(|one| !one.is_empty()),
        ) {
            let many = is_many.then_some(sentence);
            catalog.push((english, Translation { one, many }));
        }
    }
    catalog.sort_unstable_by_key(|(english, _)| *english);
    catalog
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn tables_are_read_line_by_line() {
        let table = parse(
            "# by hand\nmsgid \"\"\nmsgstr \"\"\n\nmsgid \"Post\"\nmsgstr \"Posten\"\n\nmsgid \"1 day\"\nmsgid_plural \"{0} days\"\n\
             msgstr[0] \"1 Tag\"\nmsgstr[1] \"{0} Tage\"\n\nmsgid \"Missing\"\nmsgstr \"\"\n",
        );
        let found: Vec<_> = table
            .iter()
            .map(|(english, found)| (*english, found.one, found.many))
            .collect();
        assert_eq!(
            found,
            [
                ("1 day", "1 Tag", Some("{0} Tage")),
                ("Post", "Posten", None)
            ]
        );
    }
}
