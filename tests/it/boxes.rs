//! The owner's pages ("Box").

use crate::harness::people::PASSWORD;
use crate::harness::{Browser, Pump, Request, note, pictures, public};
use std::fs;

const PAGES: [&str; 14] = [
    "/main/box",
    "/main/box/addresses",
    "/main/box/people",
    "/main/box/people/ann",
    "/main/box/site",
    "/main/box/servers",
    "/main/box/padlock",
    "/main/box/name",
    "/main/box/storage",
    "/main/box/backup",
    "/main/box/backup/sheet",
    "/main/box/update",
    "/main/box/shell",
    "/main/wifi",
];

const FORMS: [&str; 15] = [
    "/main/box/people/ann",
    "/main/box/site",
    "/main/box/registration",
    "/main/box/deliveries",
    "/main/box/blocks",
    "/main/box/pins",
    "/main/box/padlock",
    "/main/box/name",
    "/main/box/storage",
    "/main/box/backup",
    "/main/box/nightly",
    "/main/box/update",
    "/main/box/update/deed",
    "/main/box/shell",
    "/main/wifi",
];

fn owned() -> Pump {
    let pump = Pump::with(&[
        "--versionsdir",
        "/nowhere",
        "--wifidir",
        "/nowhere",
        "--shelldir",
        "/nowhere",
    ]);
    pump.register_all(["evan", "ann"]);
    pump.give_to("evan");
    pump
}

/// The form on Ann's page that does a deed.
#[track_caller]
fn deed(evan: &mut Browser, id: &str) -> crate::harness::browser::Form {
    evan.open("/main/box/people/ann").expect(200).form(id)
}

#[test]
fn they_are_the_owner_s_alone() {
    let pump = owned();
    let mut ann = pump.browser_of("ann");
    let token = ann.open("/main/account").form_to("/main/account");
    let token = token.value("_csrf").to_owned();
    for page in PAGES {
        let answer = pump.browser().ask(Request::get(page)).expect(302);
        assert!(answer.header("location").contains("/main/login"), "{page}");
        assert_eq!(ann.ask(Request::get(page)).status, 403, "{page}");
    }
    for form in FORMS {
        let bare = ann.ask(Request::post(form));
        assert_eq!(bare.status, 403, "{form}");
        let sent = Request::post(form).form(&[
            ("_csrf", &token),
            ("deed", "owner"),
            ("password", PASSWORD),
        ]);
        assert_eq!(ann.ask(sent).status, 403, "{form}");
    }
    assert!(!ann.open("/").html().contains("/main/box"));
    let mut evan = pump.browser_of("evan");
    assert!(evan.open("/").html().contains("/main/box"));
    for page in PAGES {
        evan.open(page).expect(200);
    }
    assert_eq!(evan.open("/main/box/people/nobody").answer.status, 404);
}

#[test]
fn the_owner_helps_and_suspends_people() {
    let pump = owned();
    let mut evan = pump.browser_of("evan");
    let mut ann = pump.browser_of("ann");
    let list = evan.open("/main/box/people").expect(200);
    assert!(list.shows("@ann") && list.shows("@evan"));
    let quota = deed(&mut evan, "quota-form");
    let wrong = evan.submit(&quota.clone().fill("quota", "five parsecs"));
    assert_eq!(wrong.answer.status, 400);
    assert!(wrong.shows("20 GB"));
    let given = evan.submit(&quota.fill("quota", "20 MB")).expect(200);
    assert!(
        given.text_of("room").contains("of 20 MB"),
        "{}",
        given.text_of("room")
    );
    let page = evan.open("/main/box/people/ann").expect(200);
    let suspend = page
        .forms()
        .into_iter()
        .find(|form| form.id.is_empty() && form.action.ends_with("/ann"));
    evan.submit(&suspend.expect("a way to suspend").press("deed"))
        .expect(200);
    assert!(ann.open("/main/settings").at.contains("/main/login"));
    let page = evan.open("/main/box/people/ann").expect(200);
    assert!(page.shows("suspended"));
    let admit = page
        .forms()
        .into_iter()
        .find(|form| form.id.is_empty() && form.action.ends_with("/ann"));
    evan.submit(&admit.expect("a way back").press("deed"))
        .expect(200);
    assert_eq!(pump.browser().log_in("ann", PASSWORD).answer.status, 200);

    let delete = deed(&mut evan, "delete-account");
    let unsure = evan.submit(&delete.clone().fill("typed", "bea"));
    assert_eq!(unsure.answer.status, 400);
    let over = deed(&mut evan, "hand-over");
    assert_eq!(
        evan.submit(&over.clone().fill("password", "wrong-horse-7"))
            .answer
            .status,
        401
    );
    evan.submit(&delete.fill("typed", "ann")).expect(200);
    assert_eq!(evan.open("/main/box/people/ann").answer.status, 410);
}

#[test]
fn the_server_can_be_handed_over() {
    let pump = owned();
    let mut evan = pump.browser_of("evan");
    let over = deed(&mut evan, "hand-over").fill("password", PASSWORD);
    evan.submit(&over).expect(200);
    assert_eq!(evan.open("/main/box").answer.status, 403);
    pump.browser_of("ann").open("/main/box").expect(200);
}

#[test]
fn the_owner_writes_what_strangers_read() {
    let mut pump = owned();
    let mut evan = pump.browser_of("evan");
    let form = evan.open("/main/box/site").expect(200).form("site");
    let nameless = evan.submit(&form.clone().fill("name", "  "));
    assert_eq!(nameless.answer.status, 400);
    let broken = form
        .clone()
        .attach("picture", "us.jpg", "image/jpeg", b"no picture");
    assert_eq!(evan.submit(&broken).answer.status, 400);
    assert_eq!(
        pump.browser().ask(Request::get("/main/picture")).status,
        404
    );
    let form = form
        .fill("name", "The <Prodromous>")
        .fill("welcome", "Hello <b>you</b>.\nThis is ours.")
        .attach(
            "picture",
            "us.jpg",
            "image/jpeg",
            &pictures::photo(1600, 1200, 1),
        );
    evan.submit(&form).expect(200);
    let first = pump.browser().open("/").expect(200);
    assert!(
        first.shows("The <Prodromous>")
            && first.shows("Hello <b>you</b>.")
            && first.shows("This is ours.")
    );
    let picture = first
        .all("img", "src")
        .into_iter()
        .find(|src| src.contains("/main/picture"));
    let picture = pump
        .browser()
        .ask(Request::get(&picture.expect("a picture")))
        .expect(200);
    assert_eq!(pictures::size_of(&picture.body), (960, 720));
    let form = evan.open("/main/box/site").expect(200).form("registration");
    evan.submit(&form.fill("registration", "closed"))
        .expect(200);
    assert!(pump.browser().open("/").shows("not open here"));
    pump.is_sound();
}

#[test]
fn blocks_and_storage_are_looked_after() {
    let pump = owned();
    let mut evan = pump.browser_of("evan");
    let form = evan.open("/main/box/servers").expect(200).form("block");
    let wrong = evan.submit(&form.clone().fill("id", "not a host"));
    assert_eq!(wrong.answer.status, 400);
    let page = evan
        .submit(&form.fill("id", "spam.test").fill("reason", "sells pills"))
        .expect(200);
    assert!(page.shows("spam.test") && page.shows("sells pills"));
    let lift = page
        .forms()
        .into_iter()
        .find(|form| form.has("id") && form.id.is_empty());
    let lift = lift.expect("a way to lift it").press("remove");
    evan.submit(&lift).expect(200);
    let page = evan.submit(&lift).expect(200);
    assert!(!page.shows("sells pills"), "a second tap is harmless");
    let overview = evan.open("/main/box").expect(200);
    assert_eq!(overview.text_of("version"), env!("CARGO_PKG_VERSION"));
    assert!(evan.open("/main/box/storage").expect(200).shows("are free"));
}

#[test]
fn a_backup_that_was_downloaded_is_a_whole_server() {
    let pump = Pump::start();
    let [_, ann] = pump.register_all(["evan", "ann"]);
    pump.give_to("evan");
    ann.post(note("kept for ever").to(public()));
    let mut evan = pump.browser_of("evan");
    let form = evan.open("/main/box/backup").expect(200).form("backup");
    assert_eq!(
        evan.submit(&form.clone().fill("password", "wrong-horse-7"))
            .answer
            .status,
        401
    );
    let right = form.fill("password", PASSWORD);
    for (passphrase, repeated) in [("short", "short"), ("four rivers", "three rivers")] {
        let wrong = right
            .clone()
            .fill("passphrase", passphrase)
            .fill("repeated", repeated);
        assert_eq!(evan.submit_once(&wrong).status, 400);
    }
    let closed = right
        .clone()
        .fill("passphrase", "four rivers")
        .fill("repeated", "four rivers");
    let closed = evan.submit_once(&closed).expect(200);
    assert!(closed.body.starts_with(b"age-encryption.org/v1\n"));
    assert!(closed.header("content-disposition").contains(".tar.age"));
    let answer = evan.submit_once(&right).expect(200);
    assert_eq!(
        answer.header("content-length"),
        answer.body.len().to_string()
    );
    assert!(answer.header("content-disposition").contains("attachment"));
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("a.backup");
    fs::write(&file, &answer.body).expect("written");
    let data = directory.path().join("data");
    let datadir = data.to_str().expect("text");
    let restored = crate::harness::pump::command_line(
        &[
            "--datadir",
            datadir,
            "restore",
            file.to_str().expect("text"),
        ],
        "",
    );
    assert!(
        restored.status.success(),
        "{}",
        crate::harness::pump::said(&restored)
    );
}
