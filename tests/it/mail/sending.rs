//! How letters leave: encrypted and let in or not at all, put off and sent later, given up, through restarts and silence.

use super::{address, confirmed, pump_of, site};
use crate::harness::pump::{command_line, said};
use crate::harness::{MailServer, Pump, Speech, eventually};
use serde_json::json;
use std::net::TcpListener;
use std::path::Path;

/// `mail-test` with options, on a directory of its own; whether it went well, and what it said.
fn mail_test(options: &[String]) -> (bool, String) {
    let directory = tempfile::TempDir::new().expect("a directory");
    let path = directory.path().display().to_string();
    let mut arguments = vec![
        "mail-test",
        "ann@example.org",
        "--hostname=pump.test",
        "--datadir",
        &path,
    ];
    arguments.extend(options.iter().map(String::as_str));
    let output = command_line(&arguments, "");
    (output.status.success(), said(&output))
}

fn without(options: &[String], name: &str) -> Vec<String> {
    let start = format!("--{name}=");
    let mut options = options.to_vec();
    options.retain(|option| !option.starts_with(&start));
    options
}

fn with(options: &[String], option: &str) -> Vec<String> {
    let name = option.trim_start_matches("--").split('=').next();
    let mut options = without(options, name.expect("a name"));
    options.push(option.to_owned());
    options
}

#[track_caller]
fn refused(options: &[String], part: &str) {
    let (went_well, said) = mail_test(options);
    assert!(!went_well && said.contains(part), "{part} in: {said}");
    assert!(!said.contains("sesame"), "{said}");
}

#[test]
fn mail_goes_only_to_a_server_that_is_there_and_trusted_and_lets_us_in() {
    refused(&[], "Set smtpserver");
    let (Some(plain), Some(secure)) = (
        MailServer::start(Speech::Plain),
        MailServer::start(Speech::StartTls),
    ) else {
        return;
    };
    let (plain, options) = (plain.options(), secure.options());
    refused(&with(&plain, "--smtpusetls=true"), "offers no STARTTLS");
    refused(&without(&options, "smtpca"), "name it with smtpca");
    let address = with(&options, "--smtpserver=127.0.0.1");
    refused(&address, "its certificate is for another name");
    refused(
        &with(&options, "--smtppass=sesame-8"),
        "Check smtpuser and smtppass",
    );
    refused(&with(&options, "--smtpca=/nowhere.pem"), "cannot be read");
    let no_certificate = with(&options, "--smtpca=Cargo.toml");
    refused(&no_certificate, "holds no certificate");
    refused(
        &with(&options, "--smtpport=1"),
        "Check smtpserver and smtpport",
    );
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = silent.local_addr().expect("an address").port();
    let silent_options = with(
        &with(&plain, &format!("--smtpport={port}")),
        "--smtptimeout=50",
    );
    refused(&silent_options, "does not answer within 50 ms");
    assert!(secure.letters().is_empty());

    let (went_well, said) = mail_test(&options);
    assert!(went_well && said.contains("took the letter"), "{said}");
    let letter = secure.letter_to("ann@example.org", 1);
    assert_eq!(letter.0["encrypted"], true);
    assert_eq!(letter.0["user"], "pump");
    assert_eq!(letter.0["sender"], "no-reply@pump.test");
}

#[test]
fn tls_from_the_start_works_too_and_the_doctor_looks_at_all_of_it() {
    let Some(server) = MailServer::start(Speech::Tls) else {
        return;
    };
    let options = with(&server.options(), "--smtpfrom=pump@pump.test");
    let doctor = |options: &[String]| {
        let directory = tempfile::TempDir::new().expect("a directory");
        let path = directory.path().display().to_string();
        let mut arguments = vec!["doctor", "--port=0", "--datadir", &path];
        arguments.extend(options.iter().map(String::as_str));
        said(&command_line(&arguments, ""))
    };
    assert!(doctor(&[]).contains("ok    mail: no mail server is configured"));
    let impatient = with(&options, "--smtptimeout=300");
    let plain = doctor(&with(&impatient, "--smtpusessl=false"));
    assert!(plain.contains("needs smtpusessl"), "{plain}");
    let well = doctor(&options);
    assert!(well.contains("takes letters from pump@pump.test"), "{well}");
    assert!(server.letters().is_empty(), "nothing was sent");
    let (went_well, said) = mail_test(&options);
    assert!(went_well, "{said}");
    let letter = server.letter_to("ann@example.org", 1);
    assert_eq!(letter.0["encrypted"], true);
    assert_eq!(letter.0["sender"], "pump@pump.test");
}

#[test]
fn a_server_whose_mail_cannot_work_does_not_start() {
    let directory = tempfile::TempDir::new().expect("a directory");
    let start = |options: &[&str]| {
        let path = directory.path().display().to_string();
        let mut arguments = vec!["serve", "--port=0", "--datadir", &path];
        arguments.extend(options);
        let output = command_line(&arguments, "");
        assert!(!output.status.success());
        said(&output)
    };
    assert!(start(&["--requireEmail"]).contains("set smtpserver"));
    let missing = start(&["--smtpserver=localhost", "--smtpca=/nowhere.pem"]);
    assert!(
        missing.contains("/nowhere.pem, cannot be read"),
        "{missing}"
    );
}

#[test]
fn a_letter_is_one_that_programs_and_people_read() {
    let Some((server, pump)) = site(&["--site", "Grüße & <Küsse>"]) else {
        return;
    };
    let ann = confirmed(&server, &pump, "ann");
    let letter = server.letter_to(&address("ann"), 1);
    assert_eq!(letter.0["ascii"], true);
    assert_eq!(letter.0["defects"], json!([]));
    assert_eq!(
        letter.subject(),
        "Confirm your mail address at Grüße & <Küsse>"
    );
    assert!(letter.header("from").contains("Grüße & <Küsse>"));
    assert_eq!(letter.header("auto-submitted"), "auto-generated");
    assert!(letter.header("message-id").ends_with("@pump.test>"));
    assert!(letter.header("date").contains(" 20"));
    assert!(letter.text().contains("Grüße & <Küsse>"));
    assert!(
        letter.html().contains("Grüße &#38; &#60;Küsse&#62;")
            || letter.html().contains("Grüße &amp; &lt;Küsse&gt;")
    );
    assert!(ann.get("/api/user/ann").ok()["email"] == "ann@example.org");
}

#[test]
fn a_letter_that_is_put_off_goes_later_and_is_the_same_one() {
    let Some((mut server, mut pump)) = site(&[]) else {
        return;
    };
    confirmed(&server, &pump, "ann");
    server.behave("defer");
    forget(&pump, "ann");
    server.has_done("defer", 1);
    eventually(|| pump.log().contains("Come back later"));
    assert_eq!(server.letters_to(&address("ann")).len(), 1);
    // The connection breaks after the letter was handed over, before that was said.
    server.behave("break");
    pump.restart();
    let lost = server.letter_to(&address("ann"), 2);
    server.behave("accept");
    // What the connection took away is tried again soon, without anybody's help.
    let again = server.letter_to(&address("ann"), 3);
    assert_eq!(lost.header("message-id"), again.header("message-id"));
    assert_eq!(lost.header("date"), again.header("date"));
    assert!(!pump.log().contains("given up"));
    for letter in [lost, again] {
        let page = pump.browser().open(&letter.link("/main/recover/"));
        page.expect(200);
    }
}

#[test]
fn a_letter_that_is_refused_is_given_up_with_a_line() {
    let Some((mut server, pump)) = site(&[]) else {
        return;
    };
    confirmed(&server, &pump, "ann");
    confirmed(&server, &pump, "ben");
    server.behave("refuse");
    forget(&pump, "ann");
    server.has_done("refuse", 1);
    eventually(|| {
        let log = pump.log();
        log.contains("is given up: The mail server refused it: 550 5.1.1 Nobody of that name")
    });
    server.behave("accept");
    forget(&pump, "ben");
    server.letter_to(&address("ben"), 2);
    assert_eq!(server.letters_to(&address("ann")).len(), 1);
}

#[test]
fn what_waited_for_the_mail_server_goes_when_it_is_back() {
    let Some((mut server, pump)) = site(&[]) else {
        return;
    };
    confirmed(&server, &pump, "ann");
    server.behave("down");
    forget(&pump, "ann");
    eventually(|| pump.log().contains("connection refused"));
    server.behave("up");
    server.letter_to(&address("ann"), 2);
    // A sender that it does not know is no fault of a letter either.
    server.behave("no-sender");
    forget_again(&pump, "ann");
    eventually(|| {
        pump.log()
            .contains("Set smtpfrom to an address that it knows")
    });
    assert!(!pump.log().contains("given up"));
}

#[test]
fn a_mail_server_that_says_nothing_holds_up_neither_posts_nor_the_end() {
    let Some((mut server, mut pump)) = site(&[]) else {
        return;
    };
    let ann = confirmed(&server, &pump, "ann");
    let ben = pump.register("ben");
    ben.follow(&ann);
    server.behave("silent");
    forget(&pump, "ann");
    server.has_done("silent", 1);
    ann.post(crate::harness::note("still here"));
    assert!(ben.inbox().major().says("still here"));
    let asked = std::time::Instant::now();
    assert!(pump.stop().success());
    assert!(
        asked.elapsed().as_secs() < 25,
        "it waits for no time-out of the mail server"
    );
    server.behave("accept");
    pump.start_again();
    server.letter_to(&address("ann"), 2);
}

#[test]
fn letters_wait_in_the_store_while_there_is_no_server_and_no_secret_is_in_it() {
    let Some((mut server, mut pump)) = site(&[]) else {
        return;
    };
    confirmed(&server, &pump, "ann");
    server.behave("down");
    forget(&pump, "ann");
    eventually(|| pump.log().contains("connection refused"));
    pump.signal("KILL");
    pump.ended();
    server.behave("up");
    pump.start_again();
    let letter = server.letter_to(&address("ann"), 2);
    let code = letter.link("/main/recover/").replace("/main/recover/", "");
    assert!(pump.stop().success());
    let mut files = Vec::new();
    collect(&pump.directory().join("store"), &mut files);
    assert!(!files.is_empty());
    for file in files {
        let bytes = std::fs::read(&file).expect("a file");
        let has = bytes
            .windows(code.len())
            .any(|part| part == code.as_bytes());
        assert!(!has, "{} holds the code", file.display());
    }
    assert!(!pump.log().contains(&code), "nor does the log");
}

fn collect(directory: &Path, files: &mut Vec<std::path::PathBuf>) {
    for entry in std::fs::read_dir(directory).expect("a directory") {
        let path = entry.expect("readable").path();
        if path.is_dir() {
            collect(&path, files);
        } else {
            files.push(path);
        }
    }
}

/// Somebody says to have forgotten a password.
#[track_caller]
fn forget(pump: &Pump, nickname: &str) {
    let asked = json!({ "nickname": nickname });
    pump.nobody().post_to("/main/recover", &asked).ok();
}

#[track_caller]
fn forget_again(pump: &Pump, nickname: &str) {
    let asked = json!({ "nickname": nickname, "force": true });
    pump.nobody().post_to("/main/recover", &asked).ok();
}

#[test]
fn without_pages_there_are_no_letters() {
    let Some(server) = MailServer::start(Speech::Plain) else {
        return;
    };
    let pump = pump_of(&server, &["--noweb"]);
    let account =
        json!({ "nickname": "ann", "password": "correct-horse-7", "email": "ann@example.org" });
    let user = pump.client().post_to("/api/users", &account).ok();
    assert!(user.get("settings").is_none() && user.get("email").is_none());
    let asked = json!({ "nickname": "ann" });
    let answer = pump.nobody().post_to("/main/recover", &asked);
    assert_eq!(answer.status, 404);
}
