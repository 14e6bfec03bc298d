//! The words of texts as they are looked for: in lower case, without accents, and tags beside the words that they are
//! (`#Sömmer` is `#sommer` and `sommer`). No I/O.

use std::collections::BTreeSet;

/// Longest word, in characters; of longer ones the beginning counts.
const WORD_CHARS_MAX: usize = 24;

/// Most words of one text, each counted once.
pub const WORDS_MAX: usize = 200;

/// Puts the words of a text among `words`, as far as there is room.
pub fn collect(text: &str, words: &mut BTreeSet<String>) {
    let mut word = String::new();
    let (mut is_tag, mut before) = (false, ' ');
    for letter in text.chars().chain([' ']) {
        if is_of_word(letter) {
            if word.is_empty() {
                is_tag = before == '#';
            }
            fold(letter, &mut word);
        } else if !word.is_empty() {
            keep(std::mem::take(&mut word), is_tag, words);
        }
        before = letter;
    }
}

/// One word as it is kept; nothing if the text has none, and the first one if it has several.
pub fn one(text: &str) -> Option<String> {
    let is_first = |letter: &char| is_of_word(*letter);
    let mut word = String::new();
    let rest = text.chars().skip_while(|letter| !is_first(letter));
    rest.take_while(is_first)
        .for_each(|letter| fold(letter, &mut word));
    shortened(&mut word);
    (!word.is_empty()).then_some(word)
}

/// Whether a letter belongs to words and tags.
pub fn is_of_word(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_' || is_mark(letter)
}

fn keep(mut word: String, is_tag: bool, words: &mut BTreeSet<String>) {
    shortened(&mut word);
    // Single letters of the alphabet stand in every text.
    if word.len() > 1 && words.len() < WORDS_MAX {
        if is_tag && !word.bytes().all(|byte| byte.is_ascii_digit()) {
            words.insert(format!("#{word}"));
        }
        words.insert(word);
    }
}

fn shortened(word: &mut String) {
    if let Some((end, _)) = word.char_indices().nth(WORD_CHARS_MAX) {
        word.truncate(end);
    }
}

/// Marks that stand above and below the letter before them.
fn is_mark(letter: char) -> bool {
    ('\u{300}'..='\u{36f}').contains(&letter)
}

/// Adds a letter in lower case and without its accent.
fn fold(letter: char, out: &mut String) {
    if letter.is_ascii() {
        out.push(letter.to_ascii_lowercase());
        return;
    }
    for letter in letter.to_lowercase().filter(|letter| !is_mark(*letter)) {
        match letter {
            'à'..='å' | 'ā' | 'ă' | 'ą' | 'ǎ' => out.push('a'),
            'æ' => out.push_str("ae"),
            'ç' | 'ć' | 'ĉ' | 'ċ' | 'č' => out.push('c'),
            'ď' | 'đ' | 'ð' => out.push('d'),
            'è'..='ë' | 'ē' | 'ĕ' | 'ė' | 'ę' | 'ě' => out.push('e'),
            'ĝ' | 'ğ' | 'ġ' | 'ģ' => out.push('g'),
            'ĥ' | 'ħ' => out.push('h'),
            'ì'..='ï' | 'ĩ' | 'ī' | 'ĭ' | 'į' | 'ı' => out.push('i'),
            'ĵ' => out.push('j'),
            'ķ' => out.push('k'),
            'ĺ' | 'ļ' | 'ľ' | 'ŀ' | 'ł' => out.push('l'),
            'ñ' | 'ń' | 'ņ' | 'ň' => out.push('n'),
            'ò'..='ö' | 'ø' | 'ō' | 'ŏ' | 'ő' => out.push('o'),
            'œ' => out.push_str("oe"),
            'ŕ' | 'ŗ' | 'ř' => out.push('r'),
            'ś' | 'ŝ' | 'ş' | 'š' | 'ș' => out.push('s'),
            'ß' => out.push_str("ss"),
            'ţ' | 'ť' | 'ŧ' | 'ț' => out.push('t'),
            'þ' => out.push_str("th"),
            'ù'..='ü' | 'ũ' | 'ū' | 'ŭ' | 'ů' | 'ű' | 'ų' => out.push('u'),
            'ŵ' => out.push('w'),
            'ý' | 'ÿ' | 'ŷ' => out.push('y'),
            'ź' | 'ż' | 'ž' => out.push('z'),
            'ё' => out.push('е'),
            other => out.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{WORDS_MAX, collect, one};
    use std::collections::BTreeSet;

    fn words(text: &str) -> Vec<String> {
        let mut words = BTreeSet::new();
        collect(text, &mut words);
        words.into_iter().collect()
    }

    #[test]
    fn words_are_folded() {
        assert_eq!(words("Größe, ÉTÉ e\u{301}te\u{301}!"), ["ete", "grosse"]);
        assert_eq!(words("a 7 и Ünï-code x2"), ["code", "uni", "x2", "и"]);
        assert_eq!(words("—…"), Vec::<String>::new());
    }

    #[test]
    fn tags_are_words_too() {
        assert_eq!(
            words("#Sömmer a#b ##x1 #7 #12"),
            ["#sommer", "#x1", "12", "sommer", "x1"]
        );
    }

    #[test]
    fn long_words_and_many_words_have_an_end() {
        let long = "ä".repeat(99);
        assert_eq!(words(&long), ["a".repeat(24)]);
        let many: Vec<String> = (10..999).map(|number| format!("w{number}")).collect();
        assert!(words(&many.join(" ")).len() <= WORDS_MAX + 1);
    }

    #[test]
    fn one_word_is_the_first() {
        assert_eq!(one(" #Été, now").as_deref(), Some("ete"));
        assert_eq!(one("#!"), None);
    }
}
