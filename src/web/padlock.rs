//! `/main/padlock`: how a device comes to trust this server, so that its https address has a padlock; and what the device
//! installs. Everybody at home can read it, with an account or without.

use crate::auth::Visitor;
use crate::certificates::own::pem_of;
use crate::domain::padlock::{self, Own};
use crate::error::Error;
use crate::html::escape;
use crate::http::{Answer, Request, Response};
use crate::web::frame::{Frame, show};
use crate::web::qr;
use askama::Template;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper::{StatusCode, header};

/// Bytes of a fingerprint in one group of digits.
const GROUP_BYTES: usize = 2;

#[derive(Template)]
#[template(path = "padlock.html", config = "assets/askama.toml")]
struct Page<'a> {
    frame: &'a Frame,
    /// Nothing where the server has no padlock.
    padlock: Option<Shown>,
    /// Whether this page came encrypted.
    is_secure: bool,
    device: Device,
}

struct Shown {
    /// The address of this page by https.
    test: String,
    /// The address of this page by http, for another device.
    address: String,
    host: String,
    fingerprint: String,
    has_code: bool,
}

/// What the browser runs on, as far as it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Device {
    Phone,
    Mac,
    Android,
    Windows,
    Other,
}

impl Device {
    fn of(browser: &str) -> Device {
        let has = |word| browser.contains(word);
        match () {
            () if has("iPhone") || has("iPad") => Device::Phone,
            () if has("Android") => Device::Android,
            () if has("Macintosh") => Device::Mac,
            () if has("Windows") => Device::Windows,
            () => Device::Other,
        }
    }
}

impl Page<'_> {
    fn is_for(&self, name: &str) -> bool {
        let device = match name {
            "phone" => Device::Phone,
            "mac" => Device::Mac,
            "android" => Device::Android,
            "windows" => Device::Windows,
            _ => Device::Other,
        };
        self.device == device
    }
}

/// `GET /main/padlock`
pub fn page(request: &Request, visitor: &Visitor) -> Answer {
    let frame = Frame::of(request, visitor)?;
    let app = request.app();
    let own = padlock::own(app).zip(padlock::url(app));
    let shown = own.map(|(own, url)| {
        let address = format!("{}/main/padlock", app.base().url());
        Shown {
            test: format!("{url}/main/padlock"),
            host: app.base().host().to_owned(),
            fingerprint: in_groups(&own.fingerprint),
            has_code: address.len() <= qr::TEXT_BYTES_MAX,
            address,
        }
    });
    let browser = request.header(&header::USER_AGENT).unwrap_or_default();
    let page = Page {
        frame: &frame,
        padlock: shown,
        is_secure: request.is_secure(),
        device: Device::of(browser),
    };
    show(visitor, &page)
}

/// `GET /main/padlock/pumphouse.crt`: the root, as PEM; 404 where there is none.
pub fn certificate(request: &Request) -> Answer {
    let root = root(request)?;
    Ok(file("application/x-x509-ca-cert", pem_of(&root)))
}

/// `GET /main/padlock/pumphouse.mobileconfig`: the root in a profile, as devices of Apple take it; 404 where there is none.
pub fn profile(request: &Request) -> Answer {
    let app = request.app();
    let own = padlock::own(app).ok_or_else(none)?;
    let text = profile_of(&root(request)?, &own, &app.site_name(), app.base().host());
    Ok(file("application/x-apple-aspen-config", text))
}

/// `GET /main/padlock/qr.svg`: the address of the page as a code to photograph; 404 for one that is too long.
pub fn code(request: &Request) -> Answer {
    let address = format!("{}/main/padlock", request.app().base().url());
    let drawing = qr::svg(&address).ok_or_else(none)?;
    Ok(Response::new(StatusCode::OK, "image/svg+xml", drawing)
        .with(header::CACHE_CONTROL, "private, max-age=3600"))
}

fn root(request: &Request) -> Result<Vec<u8>, Error> {
    padlock::root(request.app()).ok_or_else(none)
}

fn none() -> Error {
    Error::not_found("This server has no padlock. Whoever runs it can turn it on.")
}

fn file(kind: &'static str, text: String) -> Response {
    Response::new(StatusCode::OK, kind, text).with(header::CACHE_CONTROL, "no-store")
}

/// A profile of configuration (Apple, "Configuration Profile Reference", `com.apple.security.root`). It is known by the root, so
/// that the same one installed twice is one.
fn profile_of(root: &[u8], own: &Own, site: &str, host: &str) -> String {
    let [site, host] = [site, host].map(escape);
    let [whole, part] = [0, 16].map(|from| uuid(&own.fingerprint, from));
    let certificate = STANDARD.encode(root);
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
<key>PayloadType</key><string>Configuration</string>
<key>PayloadVersion</key><integer>1</integer>
<key>PayloadIdentifier</key><string>pumphouse.padlock.{whole}</string>
<key>PayloadUUID</key><string>{whole}</string>
<key>PayloadDisplayName</key><string>{site} ({host})</string>
<key>PayloadContent</key>
<array>
<dict>
<key>PayloadType</key><string>com.apple.security.root</string>
<key>PayloadVersion</key><integer>1</integer>
<key>PayloadIdentifier</key><string>pumphouse.padlock.{whole}.root</string>
<key>PayloadUUID</key><string>{part}</string>
<key>PayloadDisplayName</key><string>{host}</string>
<key>PayloadCertificateFileName</key><string>pumphouse.crt</string>
<key>PayloadContent</key><data>{certificate}</data>
</dict>
</array>
</dict>
</plist>
"#
    )
}

/// Sixteen bytes of a fingerprint as an id.
fn uuid(fingerprint: &[u8; 32], from: usize) -> String {
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&fingerprint[from..from + 16]);
    uuid::Builder::from_random_bytes(bytes)
        .into_uuid()
        .hyphenated()
        .to_string()
        .to_uppercase()
}

/// A fingerprint in groups of digits, as people compare them.
pub fn in_groups(fingerprint: &[u8]) -> String {
    let groups = fingerprint.chunks(GROUP_BYTES).map(|group| {
        let digits = group.iter().map(|byte| format!("{byte:02X}"));
        digits.collect::<String>()
    });
    groups.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::{Device, in_groups};

    #[test]
    fn devices_say_what_they_are() {
        for (browser, device) in [
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X)",
                Device::Phone,
            ),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)",
                Device::Mac,
            ),
            ("Mozilla/5.0 (Linux; Android 15)", Device::Android),
            ("Mozilla/5.0 (Windows NT 10.0; Win64; x64)", Device::Windows),
            ("Mozilla/5.0 (X11; Linux x86_64)", Device::Other),
            ("", Device::Other),
        ] {
            assert_eq!(Device::of(browser), device, "{browser}");
        }
        assert_eq!(in_groups(&[0xab, 1, 0xff]), "AB01 FF");
    }
}
