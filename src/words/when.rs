//! Times in words.

use super::{Words, marked};
use crate::clock::Timestamp;

const MONTHS: [&str; 12] = [
    marked("January"),
    marked("February"),
    marked("March"),
    marked("April"),
    marked("May"),
    marked("June"),
    marked("July"),
    marked("August"),
    marked("September"),
    marked("October"),
    marked("November"),
    marked("December"),
];

impl Words {
    /// How long ago something was: the server does not know in which time zone the reader lives.
    pub fn ago(self, at: Timestamp, now: Timestamp) -> String {
        let secs = now.secs_since(at).unsigned_abs();
        match secs {
            0..45 => self.say("just now").to_owned(),
            45..5400 => self.count("1 minute ago", "{0} minutes ago", (secs / 60).max(1)),
            5400..86_400 => self.count("1 hour ago", "{0} hours ago", (secs + 1800) / 3600),
            86_400..604_800 => self.count("1 day ago", "{0} days ago", secs / 86_400),
            _ => self.date(at),
        }
    }

    /// A day in UTC: "5 November 2026".
    pub fn date(self, at: Timestamp) -> String {
        let (year, month, day) = parts(at);
        self.fill("{0} {1} {2}", (day, self.month_name(month), year))
    }

    /// A minute in UTC: "5 November 2026, 14:05 (UTC)".
    pub fn minute(self, at: Timestamp) -> String {
        let text = at.to_string();
        let clock = text.get(11..16).unwrap_or_default();
        self.fill("{0}, {1} (UTC)", (self.date(at), clock))
    }

    /// A month: "November 2026".
    pub fn month(self, year: i16, month: u8) -> String {
        self.fill("{0} {1}", (self.month_name(month), year))
    }

    /// The name of a month; empty for numbers that are none.
    pub fn month_name(self, month: u8) -> &'static str {
        let name = MONTHS.get(usize::from(month).wrapping_sub(1));
        self.say(name.copied().unwrap_or_default())
    }
}

fn parts(at: Timestamp) -> (i16, u8, u8) {
    let text = at.day();
    let mut numbers = text.split('-');
    let mut next = || numbers.next().and_then(|number| number.parse().ok());
    let (year, month, day) = (next(), next(), next());
    let small = |number: Option<i16>| u8::try_from(number.unwrap_or_default()).unwrap_or_default();
    (year.unwrap_or_default(), small(month), small(day))
}

#[cfg(test)]
mod tests {
    use crate::clock::Timestamp;
    use crate::words::{Language, Words};

    #[test]
    fn times_are_told_in_words() {
        let words = Words::default();
        let now = Timestamp::parse("2026-11-20T12:00:00Z").expect("a time");
        let ago = |secs: i64| words.ago(Timestamp(now.0 - secs), now);
        assert_eq!(ago(-5), "just now");
        assert_eq!(ago(60), "1 minute ago");
        assert_eq!(ago(3000), "50 minutes ago");
        assert_eq!(ago(7200), "2 hours ago");
        assert_eq!(ago(90_000), "1 day ago");
        assert_eq!(ago(700_000), "12 November 2026");
        let german = Words::of(Language::German);
        assert_eq!(german.date(now), "20. November 2026");
        assert_eq!(words.minute(now), "20 November 2026, 12:00 (UTC)");
        assert_eq!(german.ago(Timestamp(now.0 - 7200), now), "vor 2 Stunden");
    }
}
