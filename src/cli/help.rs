//! What `--help` says: the program on one page, each command in a few lines.

use crate::config::given::{DEFAULT_FILE, ENVIRONMENT_PREFIX};
use crate::config::render;
use std::ffi::OsString;

/// Commands as typed, what they do in one line, and what else there is to know.
pub(super) const COMMANDS: &[(&str, &str, &str)] = &[
    (
        "serve",
        "Run the server (default).",
        "Prints `listening on http://HOST:PORT/` when it answers. Ends after the requests in flight on SIGTERM or SIGINT.",
    ),
    (
        "user add NICKNAME",
        "Make an account.",
        "Asks for the password twice; reads one line where standard input is not a terminal.",
    ),
    (
        "user password NICKNAME",
        "Give an account another password.",
        "Asks for the password twice; reads one line where standard input is not a terminal.",
    ),
    (
        "user show NICKNAME",
        "Show an account.",
        "Nickname, role, mail address, since when, by whose invitation, what its uploads take.",
    ),
    (
        "user suspend NICKNAME",
        "Let somebody neither log in nor do anything.",
        "What was posted stays. Not for the owner.",
    ),
    (
        "user unsuspend NICKNAME",
        "Let a suspended user in again.",
        "Passwords and applications are as they were.",
    ),
    (
        "user quota NICKNAME [BYTES]",
        "Show or decide how much somebody can upload.",
        "BYTES like 500M or 2G, 0 for nothing, or `default` for what the option uploadQuotaBytes says. Counts what is there anew.",
    ),
    (
        "user remove NICKNAME",
        "Remove an account.",
        "It is done at once, without asking; what was posted goes when the server runs again.",
    ),
    (
        "user reset-link NICKNAME",
        "Make a link with which somebody sets a new password.",
        "For who has forgotten it, and gets no mail. It is printed once, can be used once within a day, and ends all sessions. The owner makes such links on the page of the people, too.",
    ),
    (
        "user email NICKNAME ADDRESS",
        "Give an account a mail address.",
        "It counts as confirmed; an account that waited for that is let in.",
    ),
    (
        "user owner NICKNAME",
        "Make somebody the owner of the server.",
        "Whoever was it before becomes a user like the others. An owner's account cannot be removed.",
    ),
    (
        "user token NICKNAME",
        "Make a token for a script, and print it.",
        "--scope read (default), writeown or writeall; --name TEXT, which marks what the script posts; --days NUMBER, after which it ends (default: never).",
    ),
    (
        "user list",
        "List the accounts.",
        "One a line: nickname, day of registration, role, number of posts.",
    ),
    (
        "invite new",
        "Make an invitation, and print its link.",
        "--uses NUMBER of people who can come by it (default: 1); --days NUMBER for which it is good (default: 14); --note TEXT for yourself; --family, and whoever comes belongs to the family: all of it follow each other and are on each other's list \"Family\"; --qr draws the link, too, to be photographed from the terminal. It is made in the name of the owner.",
    ),
    (
        "invite list",
        "List the invitations.",
        "One a line, newest first: link, state, end, how many came of how many, whether it is one to the family, who came, note.",
    ),
    (
        "invite revoke CODE",
        "Take an invitation back.",
        "CODE can be the whole link. Whoever came by it stays.",
    ),
    (
        "block add WHO",
        "Block a host, or a person elsewhere.",
        "WHO is a host like other.example, with all hosts below it, or a person like zoe@other.example. --reason TEXT for yourself. They are answered nothing, and nobody here can address, follow or bring in what is theirs. A user of this server is suspended instead.",
    ),
    (
        "block remove WHO",
        "Take a block away.",
        "What was hidden is shown again.",
    ),
    (
        "block list",
        "List the blocks.",
        "One a line: who, since when, why.",
    ),
    (
        "delivery list",
        "List what waits for other servers.",
        "One host a line: how many deliveries wait, when it is tried next, what went wrong. Nothing is listed where all has arrived.",
    ),
    (
        "delivery retry HOST",
        "Try a server now.",
        "Without this a server that took nothing is left alone ever longer, at most six hours.",
    ),
    (
        "delivery drop HOST",
        "Drop what waits for a server.",
        "For good. What is done later is delivered again.",
    ),
    (
        "pin list",
        "List the certificates of servers on the local network.",
        "One host a line: since when its first certificate counts, and its SHA-256; below it another one that came later and was refused. Servers for which a public authority vouches are not among them.",
    ),
    (
        "pin forget HOST",
        "Let the next certificate of a server count.",
        "For a server that was installed anew. What waits for it is tried at once.",
    ),
    (
        "report list",
        "List what people reported.",
        "One a line, oldest first: number, time, who reports, what, and their words.",
    ),
    (
        "report dismiss NUMBER",
        "Do nothing about a report.",
        "It is done, with all others about the same post or person.",
    ),
    (
        "report delete NUMBER",
        "Delete the post that a report is about.",
        "It cannot be brought back.",
    ),
    (
        "report suspend NUMBER",
        "Suspend the author of what a report is about.",
        "`user unsuspend` lets them in again.",
    ),
    (
        "registration [WHO]",
        "Show or decide who can register.",
        "WHO is open (everybody), invite (whoever has an invitation) or closed (nobody; accounts are made by `user add`). The option disableRegistration closes it whatever is decided here.",
    ),
    (
        "setup-code",
        "Show the code that the setup page asks for.",
        "There is one until the server has an owner.",
    ),
    (
        "mail-test ADDRESS",
        "Send a letter, to see whether mail arrives.",
        "By the mail server of the options smtp…; says what the mail server says. The server may run meanwhile.",
    ),
    (
        "doctor",
        "Look for what is wrong.",
        "Checks the configuration, the data directory, the certificate, the address, the mail server, every record of the store and the uploaded files. One line for each: ok, warn or fail. Ends with 0 if nothing failed.",
    ),
    (
        "compact",
        "Rewrite the store into a fresh, smaller one.",
        "The server must be stopped, and the disk needs room for the new one beside the old one.",
    ),
    (
        "export NICKNAME FILE",
        "Write everything that a user owns into an archive.",
        "The server must be stopped; while it runs, people export their own data at /main/settings/data. The archive is a ZIP file with Activity Streams 1.0 collections and the uploads; README.txt in it explains it.",
    ),
    (
        "import NICKNAME FILE",
        "Bring such an archive into an account.",
        "The server must be stopped; while it runs, people bring their own data in at /main/settings/data. The file may also be a collection of activities in Activity Streams 1.0 (JSON). What is there already is not doubled, so after a failure the same command goes on.",
    ),
    (
        "import --from-pumpio DIRECTORY",
        "Bring everything that a pump.io kept into this server.",
        "The server must be stopped, and have the name of the old one (hostname, urlPort). DIRECTORY holds a dump of its databank and its uploads; README.md says how to make one. --dry-run only looks; --report FILE says where to write what was left out (default: pump.io-report.txt in the data directory). What is here already is not doubled, so after a failure the same command goes on.",
    ),
    (
        "backup FILE|DIRECTORY",
        "Write everything into one file: accounts, posts, photos.",
        "The server may run meanwhile. In a directory the file gets a name with host and time. It is read back and compared before it gets its name. --encrypt asks for a passphrase, twice (reads one line where standard input is not a terminal); `age -d` opens such a file, too, and `tar` the others. It holds what everybody wrote, passwords' hashes and the server's keys: keep it safe.",
    ),
    (
        "restore FILE",
        "Fill an empty data directory from such a file.",
        "Nothing may be in the data directory yet, and the server must be stopped. Asks for the passphrase if there is one. All of the file is compared before anything is put in place. Takes files of older releases, too.",
    ),
    (
        "appliance first-boot",
        "Take over what the boot partition of a ready-made box hands over.",
        "For the units of the image, as root: --boot DIRECTORY of the boot partition, --data DIRECTORY of the server; --state, --iwd and --zones for other places than usual; --remount where the boot partition is mounted read-only. Reads pump.toml, rpi-preseed.toml, network-config and user-data, once, and takes the passwords out of them.",
    ),
    (
        "appliance console",
        "Show on the screen of a ready-made box where its pump is opened.",
        "For the units of the image: options as for `appliance status`. The setup code is shown, as text and to be photographed, until somebody owns the pump. Draws anew what changes, for ever; with --once it ends at once.",
    ),
    (
        "appliance wifi",
        "Open a Wi-Fi of its own where a ready-made box has no network.",
        "For the units of the image, as root: --boot and --data DIRECTORY, --iwd where its networks are, --wifi where the server reads what happens, --notes where what goes wrong is told; --patience SECONDS (60). After a minute without a network the Wi-Fi \"Pump setup\" (password pumpsetup) leads to a page on which the Wi-Fi of the home is chosen; what does not work brings it back.",
    ),
    (
        "appliance shell",
        "Let those log in to a ready-made box whose keys its owner typed.",
        "For the units of the image, as root: --boot and --data DIRECTORY, --state where the box keeps the keys. Takes over what the page Secure shell left, once; without a key nobody logs in.",
    ),
    (
        "appliance update FILE",
        "Install a later version of the program on a ready-made box.",
        "For the units of the image, as root: --public-key FILE by which the package must be signed (minisign), --versions and --data DIRECTORY, --service UNIT to restart; --request FILE that asked for it; --older lets an older version in; --patience SECONDS until it must answer (90). The package is a tar file with pumphouse and pumphouse.minisig. If the new version does not come up, the one before runs again.",
    ),
    (
        "appliance settle",
        "Bring an update to its end that was cut off.",
        "After a start: waits for the version that has not proved itself, or goes back. Options as for `appliance update`.",
    ),
    (
        "appliance choose",
        "Count a start of a version that has not proved itself.",
        "Before each start of the server, as root: --versions DIRECTORY. After three starts the version before runs again.",
    ),
    (
        "appliance start -- WORDS",
        "Become the server: the version that shall run.",
        "--versions DIRECTORY. Without a version there, or if it does not start, this program is the server. WORDS are those of the server, like: serve --config FILE.",
    ),
    (
        "appliance status",
        "Write pump-status.txt onto the boot partition.",
        "For the units of the image: options as for `appliance first-boot`, and --notes DIRECTORY with sentences of other units. Writes only what is new.",
    ),
];

/// The whole help.
pub fn help() -> String {
    let mut out = String::from(
        "Pumphouse: a social server that a family can own.\n\nUsage: pumphouse [COMMAND] [OPTIONS]\n\nCommands:\n",
    );
    for (usage, line, _) in COMMANDS {
        out.push_str(&format!("  {usage:<24}{line}\n"));
    }
    out.push_str(
        "\nuser, invite, block, delivery, pin, report and registration work beside a running server, too: it does what they say.\n",
    );
    out.push_str(&format!(
        "\n  -c, --config FILE       File of options, a JSON object (default: {DEFAULT_FILE})\n  \
         -h, --help              This text; after a command, more about it\n  \
         -V, --version           The version\n\n\
         Options come, later wins, from the file, the environment ({ENVIRONMENT_PREFIX}HOSTNAME, {ENVIRONMENT_PREFIX}URLPORT, …)\n\
         and the command line (--option VALUE or --option=VALUE). Others on the machine can see a command line:\n\
         give secrets in the file or the environment.\n\nOptions:\n"
    ));
    out.push_str(&render::help());
    out
}

/// The help about what the words name; the whole help where they name nothing.
pub(super) fn topic(words: &[OsString]) -> String {
    let named: Vec<_> = words.iter().map(|word| word.to_string_lossy()).collect();
    let matches = |usage: &str| {
        let literal = usage
            .split(' ')
            .filter(|word| word.chars().any(char::is_lowercase));
        !named.is_empty() && literal.zip(&named).all(|(word, name)| word == name)
    };
    let mut out = String::new();
    for (usage, line, more) in COMMANDS.iter().filter(|(usage, ..)| matches(usage)) {
        out.push_str(&format!("pumphouse {usage}\n    {line} {more}\n"));
    }
    if out.is_empty() { help() } else { out }
}
