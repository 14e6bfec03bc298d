//! Https of the server's own beside http: a certificate that vouches for this server alone, which devices install.

use crate::full_disk::Crowded;
use crate::harness::people::PASSWORD;
use crate::harness::time::Clock;
use crate::harness::{Browser, Mount, Pump, Request, eventually};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

fn owned(options: &[&str]) -> Pump {
    let mut all = vec!["--httpsPort", "0"];
    all.extend(options);
    let pump = Pump::with(&all);
    pump.register("evan");
    pump.give_to("evan");
    pump
}

#[track_caller]
fn turn(browser: &mut Browser, deed: &str) -> crate::harness::browser::Page {
    let page = browser.open("/main/box/padlock").expect(200);
    let form = match deed {
        "anew" => page.form("anew"),
        _ => page.form("turn"),
    };
    browser.submit(&form.press("deed"))
}

/// The port of https, read from the owner's page.
#[track_caller]
fn port(browser: &mut Browser) -> u16 {
    let page = browser.open("/main/box/padlock").expect(200);
    let address = page.text_of("https");
    let port = address.trim_end_matches('/').rsplit_once(':');
    port.and_then(|(_, port)| port.parse().ok())
        .unwrap_or_else(|| panic!("no port in {address:?}"))
}

fn openssl(arguments: &[&str]) -> Output {
    let mut command = Command::new("openssl");
    command.args(arguments).stdin(std::process::Stdio::null());
    command.output().expect("openssl is installed")
}

#[track_caller]
fn said(output: &Output) -> String {
    crate::harness::pump::said(output)
}

/// What a device would install, as a file.
#[track_caller]
fn root(pump: &Pump, directory: &Path) -> PathBuf {
    let answer = pump
        .browser()
        .ask(Request::get("/main/padlock/pumphouse.crt"))
        .expect(200);
    assert_eq!(answer.header("content-type"), "application/x-x509-ca-cert");
    let file = directory.join("root.crt");
    fs::write(&file, &answer.body).expect("a file");
    file
}

/// Connects as a device that trusts the root alone, and asks for a page; the certificate must be good for `name`.
#[track_caller]
fn connects(port: u16, root: &Path, name: &str) -> Output {
    let port = format!("127.0.0.1:{port}");
    let root = root.display().to_string();
    openssl(&[
        "s_client",
        "-connect",
        &port,
        "-servername",
        name,
        "-CAfile",
        &root,
        "-verify_hostname",
        name,
        "-verify_return_error",
        "-brief",
    ])
}

#[test]
fn it_is_off_until_the_owner_turns_it_on() {
    let pump = owned(&[]);
    pump.register("ann");
    let mut evan = pump.browser_of("evan");
    let page = pump.browser().open("/main/padlock").expect(200);
    assert!(page.shows("This server has no padlock of its own"));
    for file in ["pumphouse.crt", "pumphouse.mobileconfig"] {
        let asked = Request::get(&format!("/main/padlock/{file}"));
        assert_eq!(pump.browser().ask(asked).status, 404, "{file}");
    }
    assert!(!evan.open("/main/settings").html().contains("/main/padlock"));
    assert!(!pump.directory().join("certificates").exists());
    let ann = pump
        .browser_of("ann")
        .ask(Request::post("/main/box/padlock"));
    assert_eq!(ann.status, 403);

    turn(&mut evan, "on").expect(200);
    let first = port(&mut evan);
    let directory = TempDir::new().expect("a directory");
    let root = root(&pump, directory.path());
    let trusting = connects(first, &root, "pump.test");
    assert!(trusting.status.success(), "{}", said(&trusting));
    assert!(evan.open("/main/settings").html().contains("/main/padlock"));

    let page = turn(&mut evan, "off").expect(200);
    assert!(page.shows("It is off."), "{}", page.html());
    eventually(|| std::net::TcpStream::connect(("127.0.0.1", first)).is_err());
    let page = pump.browser().open("/main/padlock").expect(200);
    assert!(page.shows("This server has no padlock of its own"));
    // What was installed is good again.
    turn(&mut evan, "on").expect(200);
    let trusting = connects(port(&mut evan), &root, "pump.test");
    assert!(trusting.status.success(), "{}", said(&trusting));
}

#[test]
fn it_vouches_for_this_server_alone() {
    let pump = owned(&[]);
    let mut evan = pump.browser_of("evan");
    turn(&mut evan, "on").expect(200);
    let directory = TempDir::new().expect("a directory");
    let root = root(&pump, directory.path());
    let home = pump.directory().join("certificates");
    for file in ["home-authority.pem", "home.pem", "padlock.json"] {
        let facts = fs::metadata(home.join(file)).expect("it is there");
        assert_eq!(facts.permissions().mode() & 0o777, 0o600, "{file}");
    }
    let facts = openssl(&[
        "x509",
        "-in",
        &root.display().to_string(),
        "-noout",
        "-text",
    ]);
    let facts = said(&facts);
    assert!(facts.contains("Name Constraints: critical"), "{facts}");
    assert!(
        facts.contains("DNS:pump.test") && facts.contains("IP:192.168.0.0"),
        "{facts}"
    );
    // As long as devices take it, and no longer.
    let leaf = openssl(&[
        "x509",
        "-in",
        &home.join("home.pem").display().to_string(),
        "-noout",
        "-dates",
        "-ext",
        "subjectAltName,extendedKeyUsage,keyUsage",
    ]);
    let leaf = said(&leaf);
    assert!(
        leaf.contains("DNS:pump.test") && leaf.contains("TLS Web Server Authentication"),
        "{leaf}"
    );
    let lasts = |days: u64| {
        let secs = (days * 24 * 3600).to_string();
        let file = home.join("home.pem").display().to_string();
        openssl(&["x509", "-in", &file, "-noout", "-checkend", &secs])
            .status
            .success()
    };
    assert!(lasts(390) && !lasts(397));

    // Whoever steals the key that is kept gets no device to believe anything else.
    for (name, subject, is_believed) in [
        ("pump.test", "DNS:pump.test", true),
        ("bank.example", "DNS:bank.example", false),
        ("pump.local", "DNS:pump.local", false),
        ("192.168.1.9", "IP:192.168.1.9", true),
        ("93.184.215.14", "IP:93.184.215.14", false),
    ] {
        let signed = signed_by(&home.join("home-authority.pem"), directory.path(), subject);
        let checked = openssl(&[
            "verify",
            "-CAfile",
            &root.display().to_string(),
            "-untrusted",
            &home.join("home.pem").display().to_string(),
            if name.contains("168") || name.contains("93.") {
                "-verify_ip"
            } else {
                "-verify_hostname"
            },
            name,
            &signed.display().to_string(),
        ]);
        assert_eq!(
            checked.status.success(),
            is_believed,
            "{name}: {}",
            said(&checked)
        );
        let is_told = is_believed || said(&checked).contains("permitted subtree violation");
        assert!(is_told, "{}", said(&checked));
    }
    // A key of a root, which could sign anything, is nowhere.
    let keys = fs::read_to_string(home.join("home-authority.pem")).expect("readable");
    assert_eq!(keys.matches("PRIVATE KEY-----").count(), 2, "one key");
    let certificates = directory.path().join("of-the-key.pem");
    fs::write(&certificates, &keys).expect("a file");
    let key = openssl(&[
        "pkey",
        "-in",
        &certificates.display().to_string(),
        "-pubout",
    ]);
    let public = openssl(&[
        "x509",
        "-in",
        &root.display().to_string(),
        "-noout",
        "-pubkey",
    ]);
    assert_ne!(said(&key), said(&public), "the key is the one of the root");
}

/// A certificate for a subject, signed by what is kept of an authority.
#[track_caller]
fn signed_by(authority: &Path, directory: &Path, subject: &str) -> PathBuf {
    let at = |name: &str| directory.join(name).display().to_string();
    let authority = authority.display().to_string();
    let request = openssl(&[
        "req",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-keyout",
        &at("key.pem"),
        "-subj",
        "/CN=Thief at work",
        "-out",
        &at("request.pem"),
    ]);
    assert!(request.status.success(), "{}", said(&request));
    fs::write(
        at("extensions"),
        format!("subjectAltName={subject}\nextendedKeyUsage=serverAuth\n"),
    )
    .expect("a file");
    let signed = openssl(&[
        "x509",
        "-req",
        "-in",
        &at("request.pem"),
        "-CA",
        &authority,
        "-CAkey",
        &authority,
        "-days",
        "30",
        "-set_serial",
        "7",
        "-extfile",
        &at("extensions"),
        "-out",
        &at("signed.pem"),
    ]);
    assert!(signed.status.success(), "{}", said(&signed));
    directory.join("signed.pem")
}

#[test]
fn http_goes_on_and_the_two_do_not_disturb_each_other() {
    let pump = owned(&["--redirectToCanonical=true"]);
    let mut evan = pump.browser_of("evan");
    turn(&mut evan, "on").expect(200);
    let port = port(&mut evan);
    let plain = pump.browser().ask(Request::get("/main/login")).expect(200);
    let cookie = plain.header("set-cookie").to_owned();
    assert!(
        cookie.starts_with("session=") && !cookie.contains("Secure"),
        "{cookie}"
    );
    assert!(plain.headers.get("strict-transport-security").is_none());
    assert_eq!(evan.open("/").expect(200).at, "/");

    let secured = pump.secured(port);
    let answer = secured.send(&Request::get("/main/login")).expect(200);
    let cookie = answer.header("set-cookie").to_owned();
    assert!(
        cookie.starts_with("__Host-session=") && cookie.contains("Secure"),
        "{cookie}"
    );
    assert!(answer.headers.get("strict-transport-security").is_none());
    // A session of http is none there, and the other way round.
    let mut browser = Browser::new(&std::sync::Arc::new(secured));
    let page = browser.log_in("evan", PASSWORD);
    assert_eq!(page.answer.status, 200);
    assert!(page.html().contains("data-user=\"evan\""));
    let pairs = browser.cookie_pairs().to_vec();
    let (_, value) = pairs
        .iter()
        .find(|(name, _)| name == "__Host-session")
        .expect("a session");
    let mixed = Request::get("/").header("Cookie", &format!("__Host-session={value}"));
    assert!(!String::from_utf8_lossy(&pump.site.send(&mixed).body).contains("data-user"));
    let page = browser.open("/main/settings/notifications").expect(200);
    assert!(page.find_form("notices-form").is_some() || page.shows("On your devices"));
    assert!(
        page.html().contains("push.js"),
        "messages can be switched on"
    );
    // Ids and addresses stay.
    assert!(browser.open("/evan").expect(200).html().contains("/evan"));
    let page = browser.open("/main/padlock").expect(200);
    assert!(
        page.text_of("works").contains("encrypted"),
        "{}",
        page.html()
    );
    // Another name leads to the right one, and stays encrypted; an address of the home is right, too.
    let other = Request::get("/main/login?x=1").header("Host", &format!("other.test:{port}"));
    let led = browser.ask(other).expect(301);
    assert_eq!(
        led.header("location"),
        format!("https://pump.test:{port}/main/login?x=1")
    );
    let near = Request::get("/").header("Host", &format!("192.168.1.9:{port}"));
    browser.ask(near).expect(200);
    // A tested link of the page leads to this port.
    let page = pump.browser().open("/main/padlock").expect(200);
    assert_eq!(
        page.all("a", "href")
            .iter()
            .filter(|href| **href == format!("https://pump.test:{port}/main/padlock"))
            .count(),
        1
    );
}

#[test]
fn devices_get_what_they_can_install() {
    let pump = owned(&["--site", "The <Prodromous> & friends"]);
    let mut evan = pump.browser_of("evan");
    turn(&mut evan, "on").expect(200);
    let answer = pump
        .browser()
        .ask(Request::get("/main/padlock/pumphouse.mobileconfig"))
        .expect(200);
    assert_eq!(
        answer.header("content-type"),
        "application/x-apple-aspen-config"
    );
    let directory = TempDir::new().expect("a directory");
    let profile = directory.path().join("profile.plist");
    fs::write(&profile, &answer.body).expect("a file");
    // Python reads such files as devices do.
    let read = Command::new("python3")
        .args(["-c", "import plistlib,sys; p=plistlib.load(open(sys.argv[1],'rb')); c=p['PayloadContent'][0]; \
            print(p['PayloadDisplayName']); print(p['PayloadType'], c['PayloadType'], len({p['PayloadUUID'], c['PayloadUUID']})); \
            open(sys.argv[2],'wb').write(c['PayloadContent'])"])
        .arg(&profile)
        .arg(directory.path().join("root.der"))
        .output()
        .expect("python3 is installed");
    let text = said(&read);
    assert!(
        text.contains("The <Prodromous> & friends (pump.test)"),
        "{text}"
    );
    assert!(
        text.contains("Configuration com.apple.security.root 2"),
        "{text}"
    );
    let print = |file: &str, form: &str| {
        let file = directory.path().join(file).display().to_string();
        said(&openssl(&[
            "x509",
            "-inform",
            form,
            "-in",
            &file,
            "-noout",
            "-fingerprint",
            "-sha256",
        ]))
    };
    root(&pump, directory.path());
    assert_eq!(print("root.der", "DER"), print("root.crt", "PEM"));
    let shown: String = pump.browser().open("/main/padlock").expect(200).words();
    let digits: String = shown.chars().filter(char::is_ascii_hexdigit).collect();
    let expected: String = print("root.crt", "PEM")
        .split('=')
        .nth(1)
        .expect("a fingerprint")
        .chars()
        .filter(char::is_ascii_hexdigit)
        .collect();
    assert!(digits.contains(&expected), "{shown}");
    for (browser, open) in [
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X)",
            "phone",
        ),
        ("Mozilla/5.0 (Linux; Android 15)", "android"),
        ("Mozilla/5.0 (Windows NT 10.0)", "windows"),
        ("curl", "other"),
    ] {
        let asked = Request::get("/main/padlock").header("User-Agent", browser);
        let html = String::from_utf8(pump.browser().ask(asked).expect(200).body).expect("text");
        assert!(
            html.contains(&format!("<details class=\"fold\" id=\"{open}\" open>")),
            "{browser}"
        );
        assert_eq!(html.matches("\" open>").count(), 1, "{browser}");
    }
    let drawing = pump
        .browser()
        .ask(Request::get("/main/padlock/qr.svg"))
        .expect(200);
    assert_eq!(drawing.header("content-type"), "image/svg+xml");
}

#[test]
fn a_restart_keeps_it_and_damage_is_told_and_mended() {
    let mut pump = owned(&[]);
    let mut evan = pump.browser_of("evan");
    turn(&mut evan, "on").expect(200);
    let directory = TempDir::new().expect("a directory");
    let root_file = root(&pump, directory.path());
    pump.restart();
    let mut evan = pump.browser_of("evan");
    assert!(
        connects(port(&mut evan), &root_file, "pump.test")
            .status
            .success()
    );
    let doctor = said(&pump.command(&["doctor", "--hostname", "pump.test"], ""));
    assert!(
        doctor.contains("ok    padlock: the certificate that is shown is for pump.test"),
        "{doctor}"
    );

    // What is shown is made anew; what devices trust is the same.
    let home = pump.directory().join("certificates");
    assert!(pump.stop().success());
    fs::write(home.join("home.pem"), "no certificate").expect("a file");
    let doctor = said(&pump.command(&["doctor", "--hostname", "pump.test"], ""));
    assert!(
        doctor.contains("warn  padlock: ") && doctor.contains("home.pem is damaged"),
        "{doctor}"
    );
    pump.start_again();
    let mut evan = pump.browser_of("evan");
    assert!(
        connects(port(&mut evan), &root_file, "pump.test")
            .status
            .success()
    );

    // The authority itself is not to be had again: the owner is told, the rest of the server runs.
    assert!(pump.stop().success());
    let kept = fs::read(home.join("home-authority.pem")).expect("readable");
    fs::write(home.join("home-authority.pem"), &kept[..kept.len() / 3]).expect("a file");
    fs::remove_file(home.join("home.pem")).expect("removed");
    pump.start_again();
    let mut evan = pump.browser_of("evan");
    let page = evan.open("/main/box/padlock").expect(200);
    assert!(
        page.shows("home-authority.pem is damaged"),
        "{}",
        page.html()
    );
    let refused = turn(&mut evan, "on");
    assert_eq!(refused.answer.status, 409);
    assert!(
        refused.shows("Start over with a new certificate"),
        "{}",
        refused.html()
    );
    let doctor = said(&pump.command(&["doctor", "--hostname", "pump.test"], ""));
    assert!(
        doctor.contains("fail  padlock: ") && doctor.contains("is damaged"),
        "{doctor}"
    );
    turn(&mut evan, "anew").expect(200);
    let now = root(&pump, directory.path());
    assert!(
        connects(port(&mut evan), &now, "pump.test")
            .status
            .success()
    );
    assert!(!evan.open("/").expect(200).shows("is damaged"));
}

#[test]
fn a_port_that_is_taken_is_told_and_nothing_else_changes() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("an address").port().to_string();
    let pump = owned(&["--httpsPort", &port]);
    let mut evan = pump.browser_of("evan");
    let refused = turn(&mut evan, "on");
    assert_eq!(refused.answer.status, 409);
    assert!(
        refused.shows("another program uses this port"),
        "{}",
        refused.html()
    );
    assert!(refused.shows("--httpsPort"), "{}", refused.html());
    assert!(
        !evan
            .open("/main/box/padlock")
            .expect(200)
            .html()
            .contains("id=\"https\"")
    );
    drop(taken);
    turn(&mut evan, "on").expect(200);
    assert!(
        evan.open("/main/box/padlock")
            .expect(200)
            .html()
            .contains("id=\"https\"")
    );
}

#[test]
fn where_the_configuration_has_a_certificate_it_decides() {
    let directory = TempDir::new().expect("a directory");
    let [key, cert] =
        ["key.pem", "cert.pem"].map(|name| directory.path().join(name).display().to_string());
    let made = openssl(&[
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-subj",
        "/CN=pump.test",
        "-keyout",
        &key,
        "-out",
        &cert,
    ]);
    assert!(made.status.success(), "{}", said(&made));
    let pump = Pump::with(&["--key", &key, "--cert", &cert]);
    pump.register("evan");
    pump.give_to("evan");
    let mut evan = pump.browser_of("evan");
    let page = evan.open("/main/box/padlock").expect(200);
    assert!(page.text_of("configured").contains("key and cert"));
    assert!(page.find_form("turn").is_none());
    let token = evan
        .open("/main/account")
        .form_to("/main/account")
        .value("_csrf")
        .to_owned();
    let forced = Request::post("/main/box/padlock").form(&[("_csrf", &token), ("deed", "on")]);
    assert_eq!(evan.ask(forced).status, 409);
}

#[test]
fn it_renews_itself_in_time_and_makes_nothing_while_the_clock_is_wrong() {
    let Some(clock) = Clock::behind(0) else {
        return;
    };
    let mut pump = Pump::within(clock.environment(), &["--httpsPort", "0"]);
    pump.register("evan");
    pump.give_to("evan");
    let mut evan = pump.browser_of("evan");
    turn(&mut evan, "on").expect(200);
    let file = pump.directory().join("certificates/home.pem");
    let first = fs::read(&file).expect("readable");
    let authority = pump.directory().join("certificates/home-authority.pem");
    let trusted = fs::read(&authority).expect("readable");
    // A third of its life is left; what devices trust goes on.
    clock.is_ahead(270 * 24 * 60);
    eventually(|| fs::read(&file).expect("readable") != first);
    assert_eq!(fs::read(&authority).expect("readable"), trusted);
    assert!(pump.stop().success());

    let clock = Clock::behind(9000).expect("it was there before");
    let pump = Pump::within(clock.environment(), &["--httpsPort", "0"]);
    pump.runs(&["user", "add", "evan"], &format!("{PASSWORD}\n"));
    pump.give_to("evan");
    let mut evan = pump.browser_of("evan");
    let refused = turn(&mut evan, "on");
    assert_eq!(refused.answer.status, 409);
    assert!(
        refused.shows("No certificate can be made yet: the clock"),
        "{}",
        refused.html()
    );
    assert!(
        !pump
            .directory()
            .join("certificates/home-authority.pem")
            .exists()
    );
}

#[test]
fn a_disk_that_takes_nothing_is_told_and_what_there_was_goes_on() {
    let Some(Crowded { pump, disk }) = Crowded::with(&["--httpsPort", "0"]) else {
        return;
    };
    pump.register("evan");
    pump.give_to("evan");
    let mut evan = pump.browser_of("evan");
    let home = pump.directory().join("certificates");
    let refuses = |evan: &mut Browser, deed: &str, status: u16, words: &str| {
        let page = turn(evan, deed);
        assert_eq!(page.answer.status, status, "{deed}: {}", page.html());
        assert!(page.text_of("error").contains(words), "{}", page.html());
    };
    let full = "The disk of this server is full";
    disk.fill(0);
    refuses(&mut evan, "on", 507, full);
    let kept = fs::read_dir(&home).map_or(0, Iterator::count);
    assert_eq!(kept, 0, "nothing of it stays");
    disk.free();
    turn(&mut evan, "on").expect(200);

    let directory = TempDir::new().expect("a directory");
    let first = root(&pump, directory.path());
    let installed = fs::read(&first).expect("readable");
    let is_as_before = |evan: &mut Browser| {
        let first = root(&pump, directory.path());
        assert_eq!(fs::read(&first).expect("readable"), installed);
        let trusting = connects(port(evan), &first, "pump.test");
        assert!(trusting.status.success(), "{}", said(&trusting));
    };
    disk.fill(0);
    for deed in ["anew", "off"] {
        refuses(&mut evan, deed, 507, full);
        is_as_before(&mut evan);
    }
    disk.free();
    let Some(locked) = Mount::locked(&home) else {
        return;
    };
    for deed in ["anew", "off"] {
        refuses(&mut evan, deed, 503, "The data directory cannot be written");
        is_as_before(&mut evan);
    }
    drop(locked);
    turn(&mut evan, "anew").expect(200);
    let other = root(&pump, directory.path());
    assert_ne!(fs::read(&other).expect("readable"), installed);
    let trusting = connects(port(&mut evan), &other, "pump.test");
    assert!(trusting.status.success(), "{}", said(&trusting));
    drop(pump);
}

#[test]
fn a_renewal_that_finds_no_room_is_told_and_goes_on_later() {
    let Some(clock) = Clock::behind(0) else {
        return;
    };
    let pump = Pump::within(clock.environment(), &["--httpsPort", "0"]);
    pump.register("evan");
    pump.give_to("evan");
    let mut evan = pump.browser_of("evan");
    turn(&mut evan, "on").expect(200);
    let home = pump.directory().join("certificates");
    let directory = TempDir::new().expect("a directory");
    let root_file = root(&pump, directory.path());
    let first = fs::read(home.join("home.pem")).expect("readable");
    let Some(locked) = Mount::locked(&home) else {
        return;
    };
    clock.is_ahead(270 * 24 * 60);
    let mut evan = pump.browser_of("evan");
    eventually(|| evan.open("/").expect(200).shows("The disk takes no writes"));
    assert!(
        connects(port(&mut evan), &root_file, "pump.test")
            .status
            .success()
    );
    drop(locked);
    eventually(|| fs::read(home.join("home.pem")).expect("readable") != first);
    eventually(|| !evan.open("/").expect(200).shows("The disk takes no writes"));
}
