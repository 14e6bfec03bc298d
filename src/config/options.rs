//! The list of options: the one place that says what can be configured. The file reader, the names in the
//! environment, the command line, `--help` and the table in the README all come from it.
//! Names and meanings are pump.io's (`pump-api.md §9`) wherever pump.io has them.

use Kind::{Any, Flag, FlagOrObject, Level, Number, Objects, Path, Port, Text, TextOrFalse, Texts};
use Preset::{Json, Unset};
use serde_json::Value;

/// One option.
#[derive(Debug)]
pub struct Opt {
    /// Its name in the file and, after `--`, on the command line.
    pub name: &'static str,
    /// What values it takes.
    pub kind: Kind,
    /// What holds when nobody sets it.
    pub default: Preset,
    /// What it is for, in one sentence.
    pub sentence: &'static str,
    /// Whether setting it does anything.
    pub effect: Effect,
}

/// What holds when an option is not set.
#[derive(Debug)]
pub enum Preset {
    /// A value, as JSON.
    Json(&'static str),
    /// It stays unset; the words say what happens then.
    Unset(&'static str),
}

/// Whether setting an option does anything.
#[derive(Debug, PartialEq, Eq)]
pub enum Effect {
    /// It works.
    Used,
    /// Accepted so that a `pump.io.json` starts this server, with one warning; the words say why nothing happens.
    Without(&'static str),
}

/// What values an option takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `true` or `false`; on the command line the bare name means `true`.
    Flag,
    /// Any text.
    Text,
    /// A file or directory.
    Path,
    /// 0 to 65535.
    Port,
    /// A whole number of the unit.
    Number(&'static str),
    /// One of pump.io's six level names.
    Level,
    /// A text, or `false` for off.
    TextOrFalse,
    /// `true`, `false` or a JSON object.
    FlagOrObject,
    /// A JSON list of texts.
    Texts,
    /// A JSON list of objects.
    Objects,
    /// Any JSON.
    Any,
}

impl Kind {
    /// What a value must be, for messages and tables.
    pub fn words(self) -> String {
        match self {
            Kind::Flag => "true or false".to_owned(),
            Kind::Text => "text".to_owned(),
            Kind::Path => "path".to_owned(),
            Kind::Port => "0 to 65535".to_owned(),
            Kind::Number(unit) => format!("number of {unit}"),
            Kind::Level => "fatal, error, warn, info, debug or trace".to_owned(),
            Kind::TextOrFalse => "text or false".to_owned(),
            Kind::FlagOrObject => "true, false or JSON object".to_owned(),
            Kind::Texts => "JSON list of texts".to_owned(),
            Kind::Objects => "JSON list of objects".to_owned(),
            Kind::Any => "JSON".to_owned(),
        }
    }

    /// The value that a text in the environment or on the command line means, if it means one.
    pub(super) fn read_text(self, text: &str) -> Option<Value> {
        let value = match self {
            Kind::Text | Kind::Path | Kind::Level => Value::from(text),
            Kind::Flag => match text {
                "true" | "1" => Value::from(true),
                "false" | "0" => Value::from(false),
                _ => return None,
            },
            Kind::TextOrFalse if text == "false" => Value::from(false),
            Kind::TextOrFalse => Value::from(text),
            Kind::Port | Kind::Number(_) => Value::from(text.parse::<u64>().ok()?),
            Kind::FlagOrObject | Kind::Texts | Kind::Objects => serde_json::from_str(text).ok()?,
            Kind::Any => serde_json::from_str(text).unwrap_or_else(|_| Value::from(text)),
        };
        self.takes(&value).then_some(value)
    }

    /// The value that a member of the file means, if it means one. A text is read as on the command line, so that
    /// `"8080"` is a port.
    pub(super) fn read_json(self, value: &Value) -> Option<Value> {
        match value {
            Value::String(text) => self.read_text(text),
            other => self.takes(other).then(|| other.clone()),
        }
    }

    fn takes(self, value: &Value) -> bool {
        match self {
            Kind::Flag => value.is_boolean(),
            Kind::Text | Kind::Path => value.is_string(),
            Kind::Port => value.as_u64().is_some_and(|n| u16::try_from(n).is_ok()),
            Kind::Number(_) => value.is_u64(),
            Kind::Level => value.as_str().is_some_and(|name| LEVELS.contains(&name)),
            Kind::TextOrFalse => value.is_string() || value.as_bool() == Some(false),
            Kind::FlagOrObject => value.is_boolean() || value.is_object(),
            Kind::Texts => value
                .as_array()
                .is_some_and(|list| list.iter().all(Value::is_string)),
            Kind::Objects => value
                .as_array()
                .is_some_and(|list| list.iter().all(Value::is_object)),
            Kind::Any => true,
        }
    }
}

/// pump.io's names of log levels, gravest first.
pub(super) const LEVELS: &[&str] = &["fatal", "error", "warn", "info", "debug", "trace"];

/// Finds an option by its exact name.
pub fn find(name: &str) -> Option<&'static Opt> {
    OPTIONS.iter().find(|option| option.name == name)
}

/// Finds an option by its name in the environment, without the prefix: case does not count.
pub(super) fn find_in_environment(name: &str) -> Option<&'static Opt> {
    OPTIONS
        .iter()
        .find(|option| option.name.eq_ignore_ascii_case(name))
}

/// The option whose name is nearest to `name`: fewest letters to add, drop or change.
pub fn closest(name: &str) -> &'static Opt {
    let name = name.to_ascii_lowercase();
    OPTIONS
        .iter()
        .min_by_key(|option| edits(&name, &option.name.to_ascii_lowercase()))
        .expect("the list has options")
}

fn edits(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (i, a) in from.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, b) in to.iter().enumerate() {
            let changed = diagonal + usize::from(a != *b);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(row[j] + 1).min(row[j + 1] + 1);
        }
    }
    row[to.len()]
}

/// Names that must not be set, with what to do instead (`pump-api.md §9`, "fail fast").
pub(super) const REFUSED: &[(&str, &str)] = &[
    (
        "uploaddir",
        "set `datadir`; uploads are kept in `uploads` inside it",
    ),
    ("workers", "it is internal to pump.io and cannot be set"),
    (
        "canUpload",
        "it is internal to pump.io; set `enableUploads`",
    ),
    ("haveEmail", "it is internal to pump.io; set `smtpserver`"),
    (
        "nicknameBlacklist",
        "it is internal to pump.io and cannot be set",
    ),
];

const fn used(name: &'static str, kind: Kind, default: Preset, sentence: &'static str) -> Opt {
    Opt {
        name,
        kind,
        default,
        sentence,
        effect: Effect::Used,
    }
}

const fn without(
    name: &'static str,
    kind: Kind,
    sentence: &'static str,
    reason: &'static str,
) -> Opt {
    Opt {
        name,
        kind,
        default: Preset::Unset("none"),
        sentence,
        effect: Effect::Without(reason),
    }
}

/// Every option, in the order of the table.
#[rustfmt::skip]
pub const OPTIONS: &[Opt] = &[
    // the name and the door
    used("hostname", Text, Unset("none: the first page sets the server up"), "Public host name: part of every id, so never change it later."),
    used("address", Text, Unset("`127.0.0.1`; `0.0.0.0` when `hostname` is set and `urlPort` is not different from `port`"), "Address to listen on: an IP address or a name."),
    used("port", Port, Json("8080"), "Port to listen on; 0 picks a free one."),
    used("httpsPort", Port, Unset("`443` where `port` is 80, else `8443`"), "Port of https beside http, with a certificate of the server's own: the owner turns it on (*Box*, *Padlock*). 0 picks a free one. With `key` and `cert` it has no effect."),
    used("acmeServer", Text, Json("\"https://acme-v02.api.letsencrypt.org/directory\""), "Directory of the authority (ACME) that gives a certificate for a public name, if the owner asks for one (*Box*, *A public name*)."),
    used("acmeCa", Path, Unset("the public authorities alone"), "Certificates (PEM) by which an authority of one's own is trusted; it can be in the local network, and vouch for names there."),
    used("urlPort", Port, Unset("= `port`"), "Public port, behind a proxy mostly 443; 443 makes addresses https, others only where the server speaks https itself (`key`, `cert`)."),
    used("urlPath", Text, Unset("none"), "Path that public addresses begin with."),
    used("key", Path, Unset("none"), "TLS key (PEM); with `cert` the server speaks https."),
    used("cert", Path, Unset("none"), "TLS certificate chain (PEM)."),
    used("hsts", FlagOrObject, Json("false"), "Tells browsers to use https only: `true`, or an object with `maxAge` (seconds), `includeSubDomains`, `preload`."),
    used("trustProxy", Texts, Json("[]"), "Addresses and networks of reverse proxies in front of this server, like `[\"127.0.0.1\"]`: who asks through them is known by their `X-Forwarded-For`. Without it everybody who comes through a proxy counts as one."),
    used("redirectToCanonical", Flag, Json("true"), "Redirects requests for other host names to `hostname`."),
    used("redirectAddressToCanonical", Flag, Json("false"), "Redirects requests for `address` and `port`, too."),
    used("compress", Flag, Json("true"), "Compresses answers for clients that accept it."),
    // what is kept
    used("datadir", Path, Json("\"./pumphouse-data\""), "Directory of everything the server keeps; uploads in `uploads` inside it."),
    used("enableUploads", Flag, Json("true"), "Lets people upload files."),
    used("uploadBytesMax", Number("bytes"), Json("268435456"), "Largest upload."),
    used("uploadQuotaBytes", Number("bytes"), Json("10737418240"), "Most bytes of uploads that each user may keep; the owner can choose another number for single users. With 0 nobody uploads."),
    used("jsonBytesMax", Number("bytes"), Json("1048576"), "Largest JSON document or form in a request."),
    used("backupdir", Path, Unset("chosen by the owner on the page Backup, else none are made"), "Where backups are made every night: a stick, another disk, a place on another machine. The newest of 7 days, 4 weeks and 6 months are kept."),
    used("bootdir", Path, Unset("none"), "Part of the memory card that every computer can read, like `/boot/firmware`: the setup code stands there until the setup is done, and a file `reset-password` or `factory-reset` there is a wish of who holds the card."),
    used("powerdir", Path, Unset("none: the pages have no buttons for it"), "Where the server leaves the wish of its owner to switch the machine off or to restart it. The package's `pumphouse-power.path` watches it."),
    used("sysdir", Path, Json("\"/sys\""), "Where the system tells how the machine is doing (sysfs)."),
    used("metrics", TextOrFalse, Json("false"), "Figures for Prometheus at `/metrics`: `false`, `loopback` for programs of this machine, or a bearer token of at least 16 characters."),
    used("backupPassphrase", Text, Unset("none"), "Encrypts the backups of every night."),
    // a ready-made box
    used("versionsdir", Path, Unset("none: whoever installed the server updates it"), "Directory of the versions of the program on a ready-made box, which its owner updates on the page Update."),
    used("updatekey", Path, Unset("none"), "Key (minisign) by which later versions must be signed."),
    used("updateurl", Text, Unset("none"), "Address of a package, looked at once a day: what is newer there waits on the page Update."),
    used("wifidir", Path, Unset("none"), "Directory in which the unit that looks after the Wi-Fi of a ready-made box says what it does; with it there is the page Wi-Fi."),
    used("shelldir", Path, Unset("none"), "Directory of the keys of those who log in to a ready-made box (SSH); with it there is the page Secure shell."),
    // the site
    used("site", Text, Unset("chosen at the setup, else `Pumphouse`"), "Name of the site."),
    used("owner", Text, Unset("none"), "Name of the owner, shown in the footer."),
    used("ownerURL", Text, Unset("none"), "Web address of the owner."),
    used("mainImage", Text, Unset("built in"), "Address of the picture on the welcome page."),
    used("appendFooter", Text, Unset("none"), "More HTML for the footer."),
    used("favicon", Path, Unset("built in"), "Icon file."),
    used("noweb", Flag, Json("false"), "Leaves the web pages out: API only."),
    // people
    used("disableRegistration", Flag, Json("false"), "Refuses new accounts."),
    used("users", Objects, Json("[]"), "Accounts made at start where they are missing: `nickname`, `password`, `email`, `tokens` (each with `token`, `client_id`, and `token_secret` for OAuth 1 or `scope` for a bearer token)."),
    used("clients", Objects, Json("[]"), "OAuth clients known from the start: `client_id`, `client_secret`, `title`, `description`, `host`."),
    used("sockjs", Flag, Json("true"), "Realtime updates for old web clients at `/main/realtime/sockjs`. Streams of events (`…/stream`) are there in any case."),
    // other servers
    used("federateLan", Flag, Json("false"), "Lets other servers be at addresses of the local network, or of this machine; names in `.local` are found there, and a certificate that no public authority vouches for counts as it was at first, or as it is announced. Other pumps there are listed for people here. Without it only public addresses are asked for anything."),
    used("announceLan", Flag, Unset("`true` where `hostname` ends in `.local`, and before the setup, but not on a loopback address"), "Announces the server on the local network (multicast DNS): under its `hostname` if that ends in `.local`, before the setup as `pump.local`, else under a name of its own; as a web site, and as a pump for other pumps."),
    used("proxyWhitelist", Texts, Json("[]"), "Hosts whose files people here get from there, instead of by this server."),
    used("firehose", TextOrFalse, Unset("none"), "Host that hears of all public posts, such as a search engine. pump.io's old default, `ofirehose.com`, is gone and counts as off."),
    used("spamhost", Text, Unset("none"), "Address of a server that is asked about everything that is posted here, and refuses spam; while it does not answer nothing is refused."),
    used("spamclientid", Text, Unset("none"), "Client id at the spam server."),
    used("spamclientsecret", Text, Unset("none"), "Client secret at the spam server."),
    // mail
    used("smtpserver", Text, Unset("none: the server sends no mail"), "Mail server: with it people can confirm mail addresses, recover their accounts, and are told of what comes for them."),
    used("smtpport", Port, Unset("`25`, or `465` with `smtpusessl`"), "Port of the mail server; providers mostly want 465 or 587."),
    used("smtpuser", Text, Unset("none"), "User at the mail server."),
    used("smtppass", Text, Unset("none"), "Password at the mail server."),
    used("smtpusetls", Flag, Json("true"), "Encrypts by STARTTLS; a mail server that does not offer it gets nothing. `false` only for a server on this machine."),
    used("smtpusessl", Flag, Json("false"), "Encrypts from the start, instead of by STARTTLS."),
    used("smtpca", Path, Unset("the public authorities alone"), "Certificates (PEM) that are trusted, too: of the authority that signed the certificate of one's own mail server."),
    used("smtpfrom", Text, Unset("`no-reply@` and the host of the site"), "Sender of all mail."),
    used("smtptimeout", Number("milliseconds"), Json("30000"), "Longest wait for the mail server, each time."),
    used("requireEmail", Flag, Json("false"), "Asks people who register for a mail address, and lets them in when they have confirmed it."),
    // the log
    used("nologger", Flag, Json("false"), "Writes no log."),
    used("logfile", Path, Unset("standard error"), "File that the log is appended to."),
    used("logLevel", Level, Json("\"info\""), "Least grave messages that are logged."),
    // without sense here
    without("secret", Text, "Signs sessions.", "sessions are random numbers that the store knows; nothing is signed"),
    without("driver", Text, "Database driver.", "the store is built in"),
    without("params", Any, "Parameters of the database driver.", "the store is built in"),
    without("children", Number("processes"), "Worker processes.", "one process does all the work"),
    without("serverUser", Text, "User to become after start.", "start the server as the user it shall run as"),
    without("bounce", Flag, "Second listener on port 80 that redirects to https.", "the server has one listener; redirect in the proxy"),
    without("controlSocket", Text, "Socket for administration.", "the server is administered by its commands, see `pumphouse --help`"),
    without("debugClient", Flag, "Scripts as written.", "scripts are always as written"),
    without("noCDN", Flag, "Script libraries from this server.", "nothing is ever loaded from another host"),
    without("scripts", Any, "More scripts for the pages.", "pages have the scripts that come with the server, and no others"),
    without("plugins", Any, "Extensions of the server.", "the server has no extensions"),
    without("cleanupSession", Number("milliseconds"), "Time between sweeps of sessions.", "sessions are swept when they are due"),
    without("cleanupNonce", Number("milliseconds"), "Time between sweeps of nonces.", "nonces are swept when they are due"),
];

#[cfg(test)]
mod tests {
    use super::{Kind, OPTIONS, Preset, closest, edits, find};
    use serde_json::{Value, json};

    #[test]
    fn values_of_the_wrong_kind_are_no_values() {
        for (kind, text) in [
            (Kind::Flag, "maybe"),
            (Kind::Port, "65536"),
            (Kind::Port, "-1"),
            (Kind::Number("bytes"), "many"),
            (Kind::Level, "loud"),
            (Kind::Texts, "a.test"),
            (Kind::Texts, "[1]"),
            (Kind::Objects, r#"{"nickname":"ann"}"#),
            (Kind::FlagOrObject, "[]"),
        ] {
            assert_eq!(kind.read_text(text), None, "{kind:?} {text}");
        }
        for (kind, value) in [
            (Kind::Flag, json!(1)),
            (Kind::Text, json!(7)),
            (Kind::TextOrFalse, json!(true)),
            (Kind::Port, json!(70_000)),
            (Kind::Number("bytes"), json!(1.5)),
            (Kind::Objects, json!(["ann"])),
        ] {
            assert_eq!(kind.read_json(&value), None, "{kind:?} {value}");
        }
    }

    #[test]
    fn a_text_in_the_file_is_read_as_on_the_command_line() {
        assert_eq!(Kind::Port.read_json(&json!("8080")), Some(json!(8080)));
        assert_eq!(Kind::Flag.read_json(&json!("false")), Some(json!(false)));
        assert_eq!(Kind::Text.read_json(&json!("8080")), Some(json!("8080")));
    }

    #[test]
    fn the_closest_name_is_the_one_with_the_fewest_edits() {
        assert_eq!(edits("", "abc"), 3);
        assert_eq!(edits("kitten", "sitting"), 3);
        for (typed, meant) in [
            ("hostnam", "hostname"),
            ("url-port", "urlPort"),
            ("LOGLEVEL", "logLevel"),
            ("dataDirectory", "datadir"),
            ("disableregistrations", "disableRegistration"),
        ] {
            assert_eq!(closest(typed).name, meant);
        }
    }

    #[test]
    fn names_are_unique_in_any_case_and_defaults_fit_their_kind() {
        for option in OPTIONS {
            let same = |other: &&super::Opt| other.name.eq_ignore_ascii_case(option.name);
            assert_eq!(OPTIONS.iter().filter(same).count(), 1, "{}", option.name);
            assert!(option.sentence.ends_with('.'), "{}", option.name);
            if let Preset::Json(text) = option.default {
                let value: Value = serde_json::from_str(text).expect("defaults are JSON");
                assert_eq!(
                    option.kind.read_json(&value),
                    Some(value),
                    "{}",
                    option.name
                );
            }
        }
        assert!(find("hostName").is_none());
    }
}
