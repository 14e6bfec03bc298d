//! Sizes of files in words.

use super::{Language, Words};

/// From a KB on, of which one has 1024 bytes.
pub(super) const UNITS: [&str; 4] = ["KB", "MB", "GB", "TB"];

impl Words {
    /// A number of bytes for people: `0 bytes`, `812 KB`, `1.4 MB`, `10 GB`, where a KB is 1024 bytes.
    pub fn size(self, bytes: u64) -> String {
        if bytes < 1000 {
            return self.count("1 byte", "{0} bytes", bytes);
        }
        let mut value = bytes as f64 / 1024.0;
        let mut unit = 0;
        while value >= 999.5 && unit + 1 < UNITS.len() {
            value /= 1024.0;
            unit += 1;
        }
        let text = if value < 9.95 && unit > 0 {
            format!("{value:.1}")
        } else {
            format!("{value:.0}")
        };
        let text = text.strip_suffix(".0").unwrap_or(&text);
        self.size_in_words(&format!("{text} {}", UNITS.get(unit).unwrap_or(&UNITS[0])))
    }

    /// A size as English has it, with the decimal point and the units of the language.
    pub(super) fn size_in_words(self, english: &str) -> String {
        let text = match self.language {
            Language::English => return english.to_owned(),
            Language::German | Language::Spanish | Language::French => english.replace('.', ","),
        };
        match self.language {
            Language::French => text.replace('B', "o").replace(' ', "\u{a0}"),
            _ => text,
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::words::{Language, Words};

    #[test]
    fn sizes_are_told_in_words() {
        let size = |language, bytes| Words::of(language).size(bytes);
        assert_eq!(size(Language::English, 0), "0 bytes");
        assert_eq!(size(Language::English, 1_468_006), "1.4 MB");
        assert_eq!(size(Language::German, 1_468_006), "1,4 MB");
        assert_eq!(size(Language::French, 10 << 30), "10\u{a0}Go");
    }
}
