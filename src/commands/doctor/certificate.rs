//! The certificate of https: usable with its key, and for how long. Of X.509 (RFC 5280 §4.1) only what leads to the end of
//! its validity is read.

use super::Findings;
use crate::cli::Failure;
use crate::clock::Timestamp;
use crate::config::Config;
use crate::server;

/// Days before the end at which somebody should look: those who renew do so a month before.
const DAYS_LOW: i64 = 14;

const DAY_SECS: i64 = 24 * 3600;

pub(super) fn check(
    config: &Config,
    now: Timestamp,
    findings: &mut Findings,
) -> Result<(), Failure> {
    let Some(files) = &config.tls else {
        return Ok(());
    };
    let certificate = match server::check_certificate(files) {
        Ok(certificate) => certificate,
        Err(sentence) => return findings.fail(format_args!("certificate: {sentence}")),
    };
    let Some(end) = end_of(&certificate) else {
        return findings
            .warn("certificate: it fits its key, but how long it is valid cannot be read.");
    };
    let days = (end.0 - now.0).div_euclid(DAY_SECS);
    let path = files.cert.display();
    match days {
        ..0 => findings.fail(format_args!(
            "certificate: {path} was valid until {end}. Renew it."
        )),
        0..DAYS_LOW => findings.warn(format_args!(
            "certificate: {path} fits its key and is valid for {days} more days. Renew it."
        )),
        _ => findings.ok(format_args!(
            "certificate: {path} fits its key and is valid for {days} more days."
        )),
    }
}

/// When a certificate in DER stops being valid.
fn end_of(der: &[u8]) -> Option<Timestamp> {
    let (_, certificate, _) = element(der)?;
    let (_, mut rest, _) = element(certificate)?;
    // The version, which may be missing, the serial number, the algorithm and the issuer come before the validity.
    let (tag, _, after) = element(rest)?;
    if tag == 0xa0 {
        rest = after;
    }
    for _ in 0..3 {
        rest = element(rest)?.2;
    }
    let (_, validity, _) = element(rest)?;
    let (_, _, after) = element(validity)?;
    let (tag, time, _) = element(after)?;
    let text = std::str::from_utf8(time).ok()?;
    // UTCTime has two digits of the year; up to 49 they mean 20xx (RFC 5280 §4.1.2.5.1).
    let text = match tag {
        0x17 if text < "5" => format!("20{text}"),
        0x17 => format!("19{text}"),
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
    use super::end_of;

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
        let told = |der: &[u8]| end_of(der).map(|end| end.to_string());
        assert_eq!(told(&short).as_deref(), Some("2027-01-02T03:04:05Z"));
        let long = certificate(&[], &der(0x18, b"20510102030405Z"));
        assert_eq!(told(&long).as_deref(), Some("2051-01-02T03:04:05Z"));
        for length in 0..short.len() - 10 {
            assert_eq!(short.get(..length).and_then(end_of), None);
        }
        assert_eq!(end_of(b"\x30\xff\xff\xff\xff\xff"), None);
    }
}
