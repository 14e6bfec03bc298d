//! Reads what this server must know of a certificate in DER (RFC 5280 §4.1): how long it is valid, for which names, and by what
//! its authority knows it. What it means is not judged here; whoever connects does that.

use crate::clock::Timestamp;
use std::net::IpAddr;

/// Object identifiers of extensions, in DER (RFC 5280 §4.2.1).
const ALTERNATIVE_NAMES: &[u8] = &[0x55, 0x1d, 0x11];
const NAME_CONSTRAINTS: &[u8] = &[0x55, 0x1d, 0x1e];
const AUTHORITY_KEY: &[u8] = &[0x55, 0x1d, 0x23];

/// Tags of DER.
const SEQUENCE: u8 = 0x30;
const UTC_TIME: u8 = 0x17;
const BOOLEAN: u8 = 0x01;
const CONTEXT_0: u8 = 0xa0;
const CONTEXT_3: u8 = 0xa3;
const KEY_IDENTIFIER: u8 = 0x80;
const DNS_NAME: u8 = 0x82;
const IP_ADDRESS: u8 = 0x87;

/// What is read of a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Its serial number, as its bytes are written.
    pub serial: Vec<u8>,
    /// Since when it is valid.
    pub begin: Timestamp,
    /// Until when.
    pub end: Timestamp,
    /// The host names that it is for.
    pub hosts: Vec<String>,
    /// The addresses that it is for.
    pub addresses: Vec<IpAddr>,
    /// The names below which those must be that it signs; only of authorities.
    pub permitted: Vec<String>,
    /// By what the key that signed it is known.
    pub authority_key: Option<Vec<u8>>,
}

impl Facts {
    /// Reads a certificate; nothing if that is none.
    pub fn of(der: &[u8]) -> Option<Facts> {
        let (_, certificate, _) = element(der)?;
        let (_, mut rest, _) = element(certificate)?;
        // The version may be missing.
        let (tag, _, after) = element(rest)?;
        if tag == CONTEXT_0 {
            rest = after;
        }
        let (_, serial, rest) = element(rest)?;
        // The algorithm and the issuer.
        let (_, _, rest) = element(rest)?;
        let (_, _, rest) = element(rest)?;
        let (_, validity, rest) = element(rest)?;
        let (begin_tag, begin, after) = element(validity)?;
        let (end_tag, end, _) = element(after)?;
        let mut facts = Facts {
            serial: serial.to_vec(),
            begin: time(begin_tag, begin)?,
            end: time(end_tag, end)?,
            hosts: Vec::new(),
            addresses: Vec::new(),
            permitted: Vec::new(),
            authority_key: None,
        };
        let extensions = elements(rest).find(|(tag, _)| *tag == CONTEXT_3);
        if let Some((_, extensions)) = extensions {
            let (_, all, _) = element(extensions)?;
            for (_, extension) in elements(all) {
                facts.note(extension)?;
            }
        }
        Some(facts)
    }

    /// The part of its life that is left, in hundredths; 0 when it is over.
    pub fn percent_left(&self, now: Timestamp) -> i64 {
        let whole = self.end.secs_since(self.begin).max(1);
        let left = self.end.secs_since(now).clamp(0, whole);
        left.saturating_mul(100) / whole
    }

    fn note(&mut self, extension: &[u8]) -> Option<()> {
        let (_, kind, rest) = element(extension)?;
        let (tag, value, after) = element(rest)?;
        let value = match tag {
            // Whether it is critical.
            BOOLEAN => element(after)?.1,
            _ => value,
        };
        match kind {
            ALTERNATIVE_NAMES => {
                for (tag, name) in elements(element(value)?.1) {
                    match tag {
                        DNS_NAME => self.hosts.push(text(name)),
                        IP_ADDRESS => self.addresses.extend(address(name)),
                        _ => {}
                    }
                }
            }
            NAME_CONSTRAINTS => {
                let all = elements(element(value)?.1);
                for (_, permitted) in all.filter(|(tag, _)| *tag == CONTEXT_0) {
                    let trees = elements(permitted).filter(|(tag, _)| *tag == SEQUENCE);
                    let bases = trees.filter_map(|(_, tree)| element(tree));
                    let names = bases.filter(|(tag, ..)| *tag == DNS_NAME);
                    self.permitted.extend(names.map(|(_, name, _)| text(name)));
                }
            }
            AUTHORITY_KEY => {
                let mut parts = elements(element(value)?.1);
                let key = parts.find(|(tag, _)| *tag == KEY_IDENTIFIER);
                self.authority_key = key.map(|(_, key)| key.to_vec());
            }
            _ => {}
        }
        Some(())
    }
}

/// The common name of the subject of a certificate that has no other part in its name, as those of our own authority.
pub fn common_name(der: &[u8]) -> Option<String> {
    let (_, certificate, _) = element(der)?;
    let parts = elements(element(certificate)?.1);
    // The version, the serial number, the algorithm, the issuer and the validity come before it.
    let (_, subject) = parts.filter(|(tag, _)| *tag == SEQUENCE).nth(3)?;
    let (_, set, _) = element(subject)?;
    let (_, pair, _) = element(set)?;
    let (_, _, rest) = element(pair)?;
    Some(text(element(rest)?.1))
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn address(bytes: &[u8]) -> Option<IpAddr> {
    let v4 = <[u8; 4]>::try_from(bytes).map(IpAddr::from);
    v4.or_else(|_| <[u8; 16]>::try_from(bytes).map(IpAddr::from))
        .ok()
}

fn time(tag: u8, bytes: &[u8]) -> Option<Timestamp> {
    let text = std::str::from_utf8(bytes).ok()?;
    // UTCTime has two digits of the year; up to 49 they mean 20xx (RFC 5280 §4.1.2.5.1).
    let text = match tag {
        UTC_TIME if text < "5" => format!("20{text}"),
        UTC_TIME => format!("19{text}"),
        _ => text.to_owned(),
    };
    let part = |from: usize, to: usize| text.get(from..to);
    Timestamp::parse(&format!(
        "{}-{}-{}T{}:{}:{}Z",
        part(0, 4)?,
        part(4, 6)?,
        part(6, 8)?,
        part(8, 10)?,
        part(10, 12)?,
        part(12, 14)?
    ))
}

/// The elements of a DER sequence, as far as they can be read: tags and contents.
fn elements(mut rest: &[u8]) -> impl Iterator<Item = (u8, &[u8])> {
    std::iter::from_fn(move || {
        let (tag, content, after) = element(rest)?;
        rest = after;
        Some((tag, content))
    })
}

/// The first element of DER: its tag, its content, and what follows it.
fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (tag, rest) = der.split_first()?;
    let (first, rest) = rest.split_first()?;
    let (length, rest) = if *first < 0x80 {
        (usize::from(*first), rest)
    } else {
        let (bytes, rest) = rest.split_at_checked(usize::from(first & 0x7f).min(4))?;
        let length = bytes
            .iter()
            .fold(0, |length, byte| length << 8 | usize::from(*byte));
        (length, rest)
    };
    let (content, after) = rest.split_at_checked(length)?;
    Some((*tag, content, after))
}

#[cfg(test)]
mod tests {
    use super::Facts;
    use crate::clock::Timestamp;

    fn der(tag: u8, content: &[u8]) -> Vec<u8> {
        let length = u8::try_from(content.len()).expect("short");
        let mut out = vec![tag];
        match length {
            0x80.. => out.extend([0x81, length]),
            _ => out.push(length),
        }
        out.extend(content);
        out
    }

    fn certificate(version: &[u8], end: &[u8]) -> Vec<u8> {
        let issuer = der(0x30, &[7; 100]);
        let validity = der(0x30, &[&der(0x17, b"260101000000Z")[..], end].concat());
        let parts = [
            version,
            &der(2, &[1]),
            &der(0x30, &[]),
            &issuer,
            &validity,
            &[0x30, 0],
        ];
        der(0x30, &der(0x30, &parts.concat()))
    }

    #[test]
    fn the_end_of_a_certificate_is_read() {
        let version = der(0xa0, &der(2, &[2]));
        let short = certificate(&version, &der(0x17, b"270102030405Z"));
        let told = |der: &[u8]| Facts::of(der).map(|facts| facts.end.to_string());
        assert_eq!(told(&short).as_deref(), Some("2027-01-02T03:04:05Z"));
        let long = certificate(&[], &der(0x18, b"20510102030405Z"));
        assert_eq!(told(&long).as_deref(), Some("2051-01-02T03:04:05Z"));
        for length in 0..short.len() - 10 {
            assert_eq!(short.get(..length).and_then(Facts::of), None);
        }
        assert_eq!(Facts::of(b"\x30\xff\xff\xff\xff\xff"), None);
    }

    #[test]
    fn what_is_left_of_a_life_is_told_in_hundredths() {
        let facts = Facts {
            serial: vec![1],
            begin: Timestamp(1000),
            end: Timestamp(2000),
            hosts: Vec::new(),
            addresses: Vec::new(),
            permitted: Vec::new(),
            authority_key: None,
        };
        for (now, left) in [(0, 100), (1000, 100), (1250, 75), (1999, 0), (9000, 0)] {
            assert_eq!(facts.percent_left(Timestamp(now)), left, "{now}");
        }
    }
}
