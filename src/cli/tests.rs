//! What people type; refusals first.

use super::{Command, Deed, Invocation, Quota, help, parse};
use std::path::Path;

fn typed(line: &str) -> Result<Invocation, String> {
    parse(line.split_whitespace().map(Into::into)).map_err(|usage| usage.to_string())
}

fn command(line: &str) -> Command {
    typed(line).expect("the line makes sense").command
}

#[test]
fn a_line_that_makes_no_sense_gets_a_sentence_and_a_hint() {
    for (line, sentence, hint) in [
        (
            "server",
            "There is no command `server`.",
            "pumphouse --help",
        ),
        (
            "--hostnam x",
            "There is no option --hostnam. The closest one is --hostname.",
            "pumphouse --help",
        ),
        ("-x", "There is no option -x.", "pumphouse --help"),
        (
            "--port",
            "Missing argument for option '--port'.",
            "pumphouse --help",
        ),
        (
            "--config",
            "Missing argument for option '--config'.",
            "pumphouse --help",
        ),
        (
            "--noweb false",
            "`false` is no command. Write the value behind `=`, like --noweb=false.",
            "pumphouse --help",
        ),
        (
            "serve now",
            "What is `now`? `serve` takes nothing like it.",
            "pumphouse serve --help",
        ),
        (
            "user",
            "`user` needs one of add, show, password, reset-link, email, suspend, unsuspend, quota, remove, owner, token, list.",
            "pumphouse user --help",
        ),
        (
            "user rename ann",
            "There is no command `user rename`, only add, show, password, reset-link, email, suspend, unsuspend, quota, remove, owner, token, list.",
            "pumphouse user --help",
        ),
        (
            "user add",
            "The nickname is missing.",
            "pumphouse user --help",
        ),
        (
            "user add api",
            "The nickname \u{201c}api\u{201d} is reserved. Choose another one.",
            "pumphouse user --help",
        ),
        (
            "user list ann",
            "What is `ann`? `user` takes nothing like it.",
            "pumphouse user --help",
        ),
        (
            "user add ann --uses 2",
            "--uses is no option of `user add`.",
            "pumphouse user --help",
        ),
        (
            "user quota ann much",
            "`much` is no number of bytes; write it like 500M, 2G, 0, or `default`.",
            "pumphouse user --help",
        ),
        (
            "--note x",
            "--note is no option of the server.",
            "pumphouse --help",
        ),
        (
            "invite new --days soon",
            "--days needs a number, not `soon`.",
            "pumphouse invite --help",
        ),
        (
            "invite list --family",
            "--family is no option of `invite list`.",
            "pumphouse invite --help",
        ),
        (
            "registration maybe",
            "`registration` is one of open, invite, closed.",
            "pumphouse registration --help",
        ),
        (
            "backup",
            "`backup` needs exactly one file or directory.",
            "pumphouse backup --help",
        ),
        (
            "restore a b",
            "`restore` needs exactly one file.",
            "pumphouse restore --help",
        ),
    ] {
        let refusal = typed(line).expect_err(line);
        assert_eq!(refusal, format!("{sentence}\nTry `{hint}`."), "{line}");
    }
}

#[test]
fn a_password_on_the_command_line_is_refused_and_not_repeated() {
    let refusal = typed("user password ann sesame").expect_err("it is refused");
    assert!(refusal.contains("read from standard input") && !refusal.contains("sesame"));
    let given = typed("--secret sesame").expect("it makes sense");
    assert!(!format!("{given:?}").contains("sesame"));
}

#[test]
fn every_command_is_understood() {
    assert!(matches!(command(""), Command::Serve));
    assert!(matches!(command("serve"), Command::Serve));
    assert!(
        matches!(command("user add Ann"), Command::Deed(Deed::UserAdd(n)) if n.as_str() == "Ann")
    );
    assert!(matches!(
        command("user password ann"),
        Command::Deed(Deed::UserPassword(_))
    ));
    assert!(matches!(
        command("user remove ann"),
        Command::Deed(Deed::UserRemove(_))
    ));
    assert!(matches!(
        command("user owner ann"),
        Command::Deed(Deed::UserOwner(_))
    ));
    assert!(matches!(
        command("user suspend ann"),
        Command::Deed(Deed::UserSuspend(_, true))
    ));
    assert!(matches!(
        command("user quota ann 2G"),
        Command::Deed(Deed::UserQuota(_, Quota::Bytes(0x8000_0000)))
    ));
    assert!(matches!(
        command("user quota ann"),
        Command::Deed(Deed::UserQuota(_, Quota::Keep))
    ));
    assert!(matches!(
        command("user list"),
        Command::Deed(Deed::UserList)
    ));
    assert!(matches!(
        command("user reset-link ann"),
        Command::Deed(Deed::UserResetLink(_))
    ));
    assert!(matches!(
        command("user email ann ann@example.org"),
        Command::Deed(Deed::UserEmail(_, _))
    ));
    assert!(matches!(
        command("mail-test ann@example.org"),
        Command::MailTest(_)
    ));
    assert!(matches!(command("setup-code"), Command::SetupCode));
    assert!(matches!(command("doctor"), Command::Doctor));
    assert!(matches!(command("compact"), Command::Compact));
    assert!(
        matches!(command("backup /tmp/a"), Command::Backup(file, false) if file == Path::new("/tmp/a"))
    );
    assert!(matches!(
        command("backup --encrypt a"),
        Command::Backup(_, true)
    ));
    assert!(matches!(command("restore -"), Command::Restore(file) if file == Path::new("-")));
    assert!(matches!(command("--version"), Command::Version));
    assert!(matches!(command("-V user"), Command::Version));
}

#[test]
fn options_stand_anywhere_and_keep_their_order() {
    let given =
        typed("--datadir=/srv user --noweb add -c /a.json ann --port 80 --compress=false --port=0")
            .expect("it makes sense");
    assert!(matches!(given.command, Command::Deed(Deed::UserAdd(_))));
    assert_eq!(given.config_file.as_deref(), Some(Path::new("/a.json")));
    let options: Vec<_> = given
        .arguments
        .iter()
        .map(|argument| {
            let value = argument.value.as_ref().map(|value| value.reveal());
            (argument.option.name, value)
        })
        .collect();
    assert_eq!(
        options,
        [
            ("datadir", Some("/srv")),
            ("noweb", None),
            ("port", Some("80")),
            ("compress", Some("false")),
            ("port", Some("0")),
        ]
    );
}

#[test]
fn help_explains_what_is_named() {
    let about = |line| match command(line) {
        Command::Help(text) => text,
        other => panic!("{line} is {other:?}"),
    };
    assert_eq!(about("--help"), help());
    assert_eq!(about("help"), help());
    assert_eq!(about("nonsense -h"), help());
    assert!(about("backup --help").starts_with("pumphouse backup FILE|DIRECTORY\n"));
    assert_eq!(about("help user").matches("pumphouse user").count(), 12);
    assert_eq!(about("user add --help").matches("pumphouse ").count(), 1);
    for part in [
        "PUMPHOUSE_HOSTNAME",
        "--urlPort (0 to 65535)",
        "setup-code",
        "/etc/pumphouse.json",
    ] {
        assert!(help().contains(part), "{part}");
    }
}
