//! Mail addresses as people type them, checked as far as a form can tell: who really reads there, only a confirmation
//! says. No I/O.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Longest address, in bytes (RFC 5321 §4.5.3.1.3, without the brackets of a path).
const ADDRESS_BYTES_MAX: usize = 254;

/// Longest part before the `@`, in bytes (RFC 5321 §4.5.3.1.1).
const LOCAL_BYTES_MAX: usize = 64;

/// Longest label of a domain, in bytes (RFC 1035 §2.3.4).
const LABEL_BYTES_MAX: usize = 63;

/// An address of the form `local@domain`, in ASCII: nothing in it could end a header or a command of SMTP.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct MailAddress(String);

impl MailAddress {
    /// Checks an address; the error is a sentence for whoever typed it.
    pub fn parse(text: &str) -> Result<MailAddress, String> {
        let text = text.trim();
        let fits = text.len() <= ADDRESS_BYTES_MAX
            && text
                .rsplit_once('@')
                .is_some_and(|(local, domain)| is_local(local) && is_domain(domain));
        if fits {
            Ok(MailAddress(text.to_owned()))
        } else {
            Err("That is no mail address. One looks like ann@example.org.".to_owned())
        }
    }

    /// As typed.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for MailAddress {
    type Error = String;

    fn try_from(text: String) -> Result<MailAddress, String> {
        MailAddress::parse(&text)
    }
}

impl From<MailAddress> for String {
    fn from(address: MailAddress) -> String {
        address.0
    }
}

impl fmt::Display for MailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A dot-atom (RFC 5322 §3.2.3); the quoted form is written by nobody.
fn is_local(text: &str) -> bool {
    let atom = |part: &str| {
        !part.is_empty()
            && part
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte))
    };
    text.len() <= LOCAL_BYTES_MAX && text.split('.').all(atom)
}

/// Names of hosts; one label alone is a machine of the own network.
fn is_domain(text: &str) -> bool {
    text.split('.').all(|label| {
        !label.is_empty()
            && label.len() <= LABEL_BYTES_MAX
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    })
}

#[cfg(test)]
mod tests {
    use super::MailAddress;

    #[test]
    fn addresses_are_told_from_what_is_none() {
        for good in [
            "ann@example.org",
            " ann.b+pump@mail.example.org ",
            "o'neil@home",
            "a@xn--bcher-kva.example",
        ] {
            let address = MailAddress::parse(good).expect(good);
            assert_eq!(address.as_str(), good.trim());
        }
        let long = format!("{}@example.org", "a".repeat(65));
        for bad in [
            "",
            "ann",
            "@example.org",
            "ann@",
            "ann@@example.org",
            ".ann@example.org",
            "an..n@example.org",
            "ann@example..org",
            "ann@-example.org",
            "ann@exa mple.org",
            "ann@example.org\r\nBcc: ben@example.org",
            "ann@example.org, ben@example.org",
            "Ann <ann@example.org>",
            "\"ann\"@example.org",
            "änn@example.org",
            &long,
        ] {
            MailAddress::parse(bad).expect_err(bad);
        }
    }
}
