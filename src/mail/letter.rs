//! A letter as a message of RFC 5322: headers that nothing in them can break out of, plain text and HTML of the same
//! words, in bytes that every mail server takes.

use crate::clock::Timestamp;
use crate::mailbox::MailAddress;
use lettre::Address;
use lettre::message::header::{self, HeaderName, HeaderValue, Headers};
use lettre::message::{Mailbox, Mailboxes, MultiPart};
use std::time::{Duration, SystemTime};

/// Longest subject, in characters.
const SUBJECT_CHARS_MAX: usize = 120;

/// Longest name of a sender, in characters.
const NAME_CHARS_MAX: usize = 80;

/// Longest text and longest HTML, in bytes; what is longer is cut off. Those who write letters stay below.
const PART_BYTES_MAX: usize = 256 * 1024;

/// A letter of the server to one person.
#[derive(Clone, Debug)]
pub struct Letter {
    /// What tells it from all others of this host; the same for each try to send it.
    pub id: String,
    /// When it was written.
    pub date: Timestamp,
    /// What the sender is called.
    pub from_name: String,
    /// To whom it goes.
    pub to: MailAddress,
    /// What it is about.
    pub subject: String,
    /// What it says, as plain text.
    pub text: String,
    /// The same, as a page.
    pub html: String,
    /// Where letters like it are ended, without a login (RFC 2369, RFC 8058).
    pub unsubscribe: Option<String>,
}

impl Letter {
    /// The message in the form of the wire, from `sender` at `host`. Put together here, because lettre's builder reads hosts
    /// that are addresses of the network not back out of its own headers.
    pub(super) fn message(self, sender: Address, to: Address, host: &str) -> Vec<u8> {
        let date = Duration::from_secs(u64::try_from(self.date.0).unwrap_or(0));
        let name = one_line(&self.from_name, NAME_CHARS_MAX);
        let subject = one_line(&self.subject, SUBJECT_CHARS_MAX);
        let mut headers = Headers::new();
        let from = Mailbox::new(Some(name), sender);
        headers.set(header::From::from(Mailboxes::from(from)));
        headers.set(header::To::from(Mailboxes::from(Mailbox::new(None, to))));
        headers.set(header::Date::new(SystemTime::UNIX_EPOCH + date));
        headers.set(header::MessageId::from(format!("<{}@{host}>", self.id)));
        headers.set(header::Subject::from(subject));
        headers.set(header::MIME_VERSION_1_0);
        // Nobody's out-of-office note should answer (RFC 3834 §5).
        headers.insert_raw(written("Auto-Submitted", "auto-generated"));
        if let Some(address) = self.unsubscribe.as_deref().and_then(in_brackets) {
            // A provider may do it at one click of the reader, but only by https (RFC 8058 §3.1).
            if address.starts_with("<https:") {
                let click = written("List-Unsubscribe-Post", "List-Unsubscribe=One-Click");
                headers.insert_raw(click);
            }
            headers.insert_raw(written("List-Unsubscribe", &address));
        }
        let parts = MultiPart::alternative_plain_html(bounded(self.text), bounded(self.html));
        let mut message = headers.to_string().into_bytes();
        message.extend(parts.formatted());
        message
    }
}

/// A header whose value is ASCII without blanks at which it would have to be folded.
fn written(name: &'static str, value: &str) -> HeaderValue {
    let name = HeaderName::new_from_ascii_str(name);
    HeaderValue::dangerous_new_pre_encoded(name, value.to_owned(), value.to_owned())
}

/// An address of the web as such headers hold it; nothing if it could break the header.
fn in_brackets(address: &str) -> Option<String> {
    let is_plain = |byte: u8| byte.is_ascii_graphic() && !b"<>,".contains(&byte);
    address
        .bytes()
        .all(is_plain)
        .then(|| format!("<{address}>"))
}

/// Words for a header: no control characters, one blank between words, at most so many characters.
fn one_line(text: &str, chars_max: usize) -> String {
    let plain: String = text
        .chars()
        .map(|letter| match letter {
            letter if letter.is_control() => ' ',
            letter => letter,
        })
        .collect();
    let plain = plain.split_whitespace().collect::<Vec<_>>().join(" ");
    match plain.char_indices().nth(chars_max) {
        Some((end, _)) => format!("{}…", plain.get(..end).unwrap_or_default().trim_end()),
        None => plain,
    }
}

fn bounded(mut text: String) -> String {
    if text.len() > PART_BYTES_MAX {
        text.truncate(text.floor_char_boundary(PART_BYTES_MAX));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{Letter, PART_BYTES_MAX, SUBJECT_CHARS_MAX, one_line};
    use crate::clock::Timestamp;
    use crate::mailbox::MailAddress;

    fn letter() -> Letter {
        Letter {
            id: "m.7".to_owned(),
            date: Timestamp(1_795_217_902),
            from_name: "Our pump".to_owned(),
            to: MailAddress::parse("ann@example.org").expect("an address"),
            subject: "Hello".to_owned(),
            text: "Hello, Ann".to_owned(),
            html: "<p>Hello, Ann</p>".to_owned(),
            unsubscribe: Some("https://pump.test/main/unsubscribe/x".to_owned()),
        }
    }

    fn written(letter: Letter) -> String {
        written_at(letter, "pump.test")
    }

    fn written_at(letter: Letter, host: &str) -> String {
        let sender = format!("no-reply@{host}").parse().expect("an address");
        let to = letter.to.as_str().parse().expect("an address");
        let bytes = letter.message(sender, to, host);
        assert!(bytes.is_ascii(), "any mail server takes it");
        String::from_utf8(bytes).expect("ASCII")
    }

    fn headers(message: &str) -> Vec<&str> {
        let (headers, _) = message.split_once("\r\n\r\n").expect("a body");
        headers.split("\r\n").collect()
    }

    #[test]
    fn a_letter_has_the_headers_of_a_machine_that_behaves() {
        let message = written(letter());
        let headers = headers(&message);
        for header in [
            "From: \"Our pump\" <no-reply@pump.test>",
            "To: ann@example.org",
            "Message-ID: <m.7@pump.test>",
            "Date: Fri, 20 Nov 2026 23:38:22 +0000",
            "Subject: Hello",
            "Auto-Submitted: auto-generated",
            "List-Unsubscribe: <https://pump.test/main/unsubscribe/x>",
            "List-Unsubscribe-Post: List-Unsubscribe=One-Click",
            "MIME-Version: 1.0",
        ] {
            assert!(headers.contains(&header), "{header} in {message}");
        }
        let plain = Letter {
            unsubscribe: Some("http://pump.test/main/unsubscribe/x".to_owned()),
            ..letter()
        };
        assert!(!written(plain).contains("One-Click"));
    }

    #[test]
    fn a_site_without_a_name_sends_letters_too() {
        for host in ["[192.168.1.7]", "[IPv6:fd00::7]"] {
            let message = written_at(letter(), host);
            let from = format!("From: \"Our pump\" <no-reply@{host}>");
            assert!(headers(&message).contains(&from.as_str()), "{message}");
        }
    }

    #[test]
    fn whatever_is_taken_as_an_address_can_be_written_to() {
        let long = format!("{}@{}.example", "a".repeat(64), "b".repeat(63));
        for address in [
            "o'neil@home",
            "a.b+c@x1.example",
            "!#$%&*/=?^_`{|}~@a-b.org",
            &long,
        ] {
            let to = MailAddress::parse(address).expect("an address");
            let message = written(Letter { to, ..letter() });
            assert!(message.contains(&format!("To: {address}\r\n")), "{message}");
        }
    }

    #[test]
    fn nothing_breaks_out_of_a_header() {
        let sly = "Hi\r\nBcc: ben@example.org\r\n\r\n<script>\u{2028}Grüße";
        let message = written(Letter {
            subject: sly.to_owned(),
            from_name: sly.to_owned(),
            unsubscribe: Some("https://pump.test/x>\r\nBcc: ben@example.org".to_owned()),
            ..letter()
        });
        let names: Vec<&str> = headers(&message)
            .into_iter()
            .filter(|line| !line.starts_with([' ', '\t']))
            .filter_map(|line| line.split(':').next())
            .collect();
        assert!(!names.contains(&"Bcc"), "{message}");
        assert!(!names.contains(&"List-Unsubscribe"), "{message}");
    }

    #[test]
    fn what_is_long_is_cut_between_letters() {
        let long = "ü".repeat(SUBJECT_CHARS_MAX + 1);
        assert_eq!(one_line(&long, SUBJECT_CHARS_MAX).chars().count(), 121);
        let message = written(Letter {
            text: "ü".repeat(PART_BYTES_MAX),
            ..letter()
        });
        assert!(message.len() < 4 * PART_BYTES_MAX);
    }
}
