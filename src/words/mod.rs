//! Every sentence of pages and letters in the reader's language. The source is written in English; `assets/languages/*.po` hold
//! the other languages (the format of GNU gettext), compiled in compressed and unpacked when somebody reads that language.
//!
//! Names and numbers stand in sentences as `{0}`, `{1}` …; what becomes a link stands in `[brackets]`. A unit test holds that every
//! sentence of the source has its translation.

mod catalog;
#[cfg(test)]
mod complete;
mod size;
mod told;
mod when;

use crate::html;
use std::borrow::Cow;
use std::fmt::{Display, Write as _};

/// The signs that embed and override, and those that keep apart (UAX #9 §2); the last of these ends such a part.
const EMBED_FIRST: char = '\u{202a}';
const EMBED_LAST: char = '\u{202e}';
const ISOLATE_FIRST: char = '\u{2066}';
const ISOLATE: char = '\u{2068}';
const ISOLATE_END: char = '\u{2069}';

/// A language of the pages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// The language of the source.
    #[default]
    English,
    /// `de`
    German,
    /// `es`
    Spanish,
    /// `fr`
    French,
}

impl Language {
    /// All of them, in the order in which people choose.
    pub const ALL: [Language; 4] = [
        Language::English,
        Language::German,
        Language::Spanish,
        Language::French,
    ];

    /// As pages and browsers name it (RFC 5646).
    pub fn code(self) -> &'static str {
        match self {
            Language::English => "en",
            Language::German => "de",
            Language::Spanish => "es",
            Language::French => "fr",
        }
    }

    /// What those who speak it call it.
    pub fn name(self) -> &'static str {
        match self {
            Language::English => "English",
            Language::German => "Deutsch",
            Language::Spanish => "Español",
            Language::French => "Français",
        }
    }

    /// `ltr` or `rtl`, as the attribute `dir` has it.
    pub fn direction(self) -> &'static str {
        match self {
            Language::English | Language::German | Language::Spanish | Language::French => "ltr",
        }
    }

    /// The language of a code, with or without a region: `de`, `de-AT`.
    pub fn of_code(code: &str) -> Option<Language> {
        let primary = code.split(['-', '_']).next().unwrap_or_default();
        let is_it = |language: &Language| language.code().eq_ignore_ascii_case(primary);
        Language::ALL.into_iter().find(is_it)
    }

    /// The first of ours that a browser asks for (RFC 9110 §12.5.4). Browsers name them in the order in which they are wanted.
    pub fn accepted(header: &str) -> Option<Language> {
        header.split(',').find_map(|wish| {
            let (code, weight) = wish.split_once(';').unwrap_or((wish, ""));
            let is_refused = weight.trim().trim_start_matches("q=").parse() == Ok(0.0);
            Language::of_code(code.trim()).filter(|_| !is_refused)
        })
    }

    /// Which of the two forms of a counted sentence a number takes.
    fn is_one(self, count: u64) -> bool {
        count == 1 || (self == Language::French && count == 0)
    }
}

/// Says sentences in one language.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Words {
    /// Which.
    pub language: Language,
}

impl Words {
    /// Those of a language.
    pub fn of(language: Language) -> Words {
        Words { language }
    }

    /// A sentence, or the English one where there is no translation.
    pub fn say(self, english: &str) -> &str {
        catalog::find(self.language, english).map_or(english, |found| found.one)
    }

    /// A sentence with what stands for `{0}`, `{1}` …
    pub fn fill(self, english: &str, values: impl Values) -> String {
        fill(self.say(english), &values)
    }

    /// One of two sentences, by a number, which is `{0}` in both: "1 comment", "{0} comments".
    pub fn count(self, one: &str, many: &str, count: u64) -> String {
        let is_one = self.language.is_one(count);
        let sentence = match catalog::find(self.language, one) {
            Some(found) if is_one => found.one,
            Some(found) => found.many.unwrap_or(found.one),
            None if is_one => one,
            None => many,
        };
        fill(sentence, &[self.number(count)])
    }

    /// What others typed, kept apart from the direction in which the text around it is read (Unicode, UAX #9 §2.4), as every value in
    /// a sentence is. Most names need nothing of that.
    pub fn apart(name: &str) -> Cow<'_, str> {
        if !name.chars().any(turns) {
            return Cow::Borrowed(name);
        }
        let is_whole = closes_what_it_opens(name);
        let kept = name.chars().filter(|&c| match c {
            EMBED_FIRST..=EMBED_LAST => false,
            ISOLATE_FIRST..=ISOLATE_END => is_whole,
            _ => true,
        });
        Cow::Owned(format!(
            "{ISOLATE}{}{ISOLATE_END}",
            kept.collect::<String>()
        ))
    }

    /// HTML of a sentence with names in it, each kept apart from the direction in which the sentence is read.
    pub fn named(self, english: &str, names: impl Values) -> String {
        let isolated: Vec<String> = (0..)
            .map_while(|place| names.value(place))
            .map(|name| format!("<bdi>{}</bdi>", html::escape(&name.to_string())))
            .collect();
        fill(&html::escape(self.say(english)), &isolated)
    }

    /// HTML of a sentence of which what stands in `[brackets]` leads to the addresses, in their order.
    pub fn linked(self, english: &str, links: impl Values) -> String {
        let mut out = String::new();
        let mut rest = self.say(english);
        for place in 0.. {
            let Some((link, (before, (inside, after)))) = links.value(place).and_then(|link| {
                let (before, inside) = rest.split_once('[')?;
                Some((link, (before, inside.split_once(']')?)))
            }) else {
                break;
            };
            let link = link.to_string();
            let link = html::escape(&link);
            let (before, inside) = (html::escape(before), html::escape(inside));
            let _ = write!(out, "{before}<a href=\"{link}\">{inside}</a>");
            rest = after;
        }
        out.push_str(&html::escape(rest));
        out
    }

    /// A number with its thousands parted as the language does it.
    pub fn number(self, number: u64) -> String {
        let parting = match self.language {
            Language::English => ',',
            Language::German => '.',
            Language::Spanish | Language::French => '\u{202f}',
        };
        let digits = number.to_string();
        // Spanish parts numbers of five digits and more.
        if self.language == Language::Spanish && digits.len() < 5 {
            return digits;
        }
        let mut out = String::with_capacity(digits.len() + 4);
        for (place, digit) in digits.chars().enumerate() {
            if place > 0 && (digits.len() - place).is_multiple_of(3) {
                out.push(parting);
            }
            out.push(digit);
        }
        out
    }
}

/// Names a sentence that is said elsewhere, so that it is translated.
pub const fn marked(english: &'static str) -> &'static str {
    english
}

/// Numbers of things, as templates hand them over.
pub trait Counted {
    /// How many.
    fn number(&self) -> u64;
}

impl Counted for u64 {
    fn number(&self) -> u64 {
        *self
    }
}

impl Counted for u32 {
    fn number(&self) -> u64 {
        u64::from(*self)
    }
}

impl Counted for usize {
    fn number(&self) -> u64 {
        *self as u64
    }
}

impl<C: Counted> Counted for &C {
    fn number(&self) -> u64 {
        (*self).number()
    }
}

/// What stands for `{0}`, `{1}` … in a sentence: an array of one kind, or a tuple.
pub trait Values {
    /// The value of a place.
    fn value(&self, place: usize) -> Option<&dyn Display>;
}

impl<T: Display, const N: usize> Values for [T; N] {
    fn value(&self, place: usize) -> Option<&dyn Display> {
        self.get(place).map(|value| value as &dyn Display)
    }
}

impl<T: Display> Values for Vec<T> {
    fn value(&self, place: usize) -> Option<&dyn Display> {
        self.get(place).map(|value| value as &dyn Display)
    }
}

impl<A: Display, B: Display> Values for (A, B) {
    fn value(&self, place: usize) -> Option<&dyn Display> {
        match place {
            0 => Some(&self.0),
            1 => Some(&self.1),
            _ => None,
        }
    }
}

impl<A: Display, B: Display, C: Display> Values for (A, B, C) {
    fn value(&self, place: usize) -> Option<&dyn Display> {
        match place {
            0 => Some(&self.0),
            1 => Some(&self.1),
            2 => Some(&self.2),
            _ => None,
        }
    }
}

impl<V: Values> Values for &V {
    fn value(&self, place: usize) -> Option<&dyn Display> {
        (*self).value(place)
    }
}

/// Whether a character may change the direction of what stands beside it.
fn turns(c: char) -> bool {
    matches!(c, '\u{590}'..='\u{8ff}' | '\u{200e}' | '\u{200f}' | EMBED_FIRST..=EMBED_LAST | ISOLATE_FIRST..=ISOLATE_END
        | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{feff}' | '\u{10800}'..='\u{10fff}' | '\u{1e800}'..='\u{1efff}')
}

/// Whether each part that is kept apart in a text ends in it, and nothing else ends.
fn closes_what_it_opens(text: &str) -> bool {
    let mut open = 0_i32;
    for c in text.chars() {
        match c {
            ISOLATE_END => open -= 1,
            ISOLATE_FIRST..=ISOLATE => open += 1,
            _ => {}
        }
        if open < 0 {
            return false;
        }
    }
    open == 0
}

fn fill(sentence: &str, values: &impl Values) -> String {
    let mut out = String::with_capacity(sentence.len() + 16);
    let mut rest = sentence;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let place = after.split_once('}');
        let value = place.and_then(|(number, _)| values.value(number.parse().ok()?));
        match (value, place) {
            (Some(value), Some((_, after))) => {
                out.push_str(&Words::apart(&value.to_string()));
                rest = after;
            }
            _ => {
                out.push('{');
                rest = after;
            }
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::{Language, Words};

    #[test]
    fn a_browser_gets_the_first_of_its_languages_that_is_there() {
        let accepted = Language::accepted;
        assert_eq!(
            accepted("pt-BR,de-AT;q=0.8,en;q=0.5"),
            Some(Language::German)
        );
        assert_eq!(accepted("fr;q=0, es"), Some(Language::Spanish));
        assert_eq!(accepted("ja, *"), None);
        assert_eq!(accepted(""), None);
    }

    #[test]
    fn values_stand_where_the_sentence_wants_them() {
        let words = Words::default();
        assert_eq!(words.fill("{1} by {0}", ["Ann", "Lake"]), "Lake by Ann");
        assert_eq!(words.fill("{0}", ["{1} {0}"]), "{1} {0}");
        assert_eq!(words.fill("{7} {", [1]), "{7} {");
        assert_eq!(words.count("1 comment", "{0} comments", 1), "1 comment");
        assert_eq!(
            words.count("1 comment", "{0} comments", 1200),
            "1,200 comments"
        );
    }

    #[test]
    fn names_are_kept_apart_and_escaped() {
        assert_eq!(
            Words::default().named("{1} & {0}", ["<b>", "Ann"]),
            "<bdi>Ann</bdi> &amp; <bdi>&lt;b&gt;</bdi>"
        );
    }

    #[test]
    fn a_name_turns_nothing_around_it() {
        assert_eq!(Words::apart("Ann & Ben 🎉"), "Ann & Ben 🎉");
        assert_eq!(
            Words::apart("\u{5d0}\u{5d1}"),
            "\u{2068}\u{5d0}\u{5d1}\u{2069}"
        );
        for trick in ["\u{2069}\u{202e}cyd", "\u{2067}c\u{202d}yd"] {
            assert_eq!(Words::apart(trick), "\u{2068}cyd\u{2069}");
        }
        // Names within names stay apart.
        let both = "\u{2068}\u{5d0}\u{2069}, Ann";
        assert_eq!(Words::apart(both), format!("\u{2068}{both}\u{2069}"));
    }

    #[test]
    fn links_are_the_only_markup_of_a_sentence() {
        let words = Words::default();
        assert_eq!(
            words.linked("<b> [here] & [there]", ["/a?b&c"]),
            "&lt;b&gt; <a href=\"/a?b&amp;c\">here</a> &amp; [there]"
        );
    }

    #[test]
    fn numbers_are_parted_as_the_language_does_it() {
        let number = |language, number| Words::of(language).number(number);
        assert_eq!(number(Language::English, 999), "999");
        assert_eq!(number(Language::English, 1_234_567), "1,234,567");
        assert_eq!(number(Language::German, 1234), "1.234");
        assert_eq!(number(Language::Spanish, 1234), "1234");
        assert_eq!(number(Language::French, 12_345), "12\u{202f}345");
    }
}
