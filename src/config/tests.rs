//! Stories of starting with this and that configuration; refusals first.

use super::options::{self, Effect, OPTIONS};
use super::{
    Argument, Config, Given, HSTS_MAX_AGE_SECS, Hsts, Loaded, LogLevel, MailSecurity, Problems,
    Secret,
};
use serde_json::{Value, json};
use std::io;
use std::path::{Path, PathBuf};

/// A world to start the server in.
#[derive(Default)]
struct World {
    given: Given,
    text: Option<String>,
}

impl World {
    fn file(mut self, options: &Value) -> World {
        self.text = Some(options.to_string());
        self
    }

    fn environment(mut self, name: &str, value: &str) -> World {
        self.given.environment.push((name.into(), value.into()));
        self
    }

    fn argument(mut self, name: &str, value: Option<&str>) -> World {
        self.given.arguments.push(Argument {
            option: options::find(name).expect("the option exists"),
            value: value.map(Secret::new),
        });
        self
    }

    fn start(self) -> Result<Loaded, Problems> {
        Config::load(&self.given, &|_| {
            self.text
                .clone()
                .ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))
        })
    }

    fn config(self) -> Config {
        self.start().expect("the configuration is good").config
    }

    fn refusal(self) -> String {
        self.start().expect_err("the start is refused").to_string()
    }
}

fn world() -> World {
    World::default()
}

#[test]
fn an_unknown_option_is_refused_and_the_closest_one_named() {
    assert_eq!(
        world().file(&json!({"hostnam": "pump.test"})).refusal(),
        "There is no option hostnam (/etc/pumphouse.json). The closest one is hostname."
    );
    assert_eq!(
        world().environment("PUMPHOUSE_URL_PORT", "443").refusal(),
        "There is no option URL_PORT (PUMPHOUSE_URL_PORT). The closest one is urlPort."
    );
}

#[test]
fn every_wrong_value_is_named_with_its_source_and_never_shown() {
    let refusal = world()
        .file(&json!({"port": "many", "secret": 7, "users": {"ann": "sesame"}}))
        .environment("PUMPHOUSE_NOWEB", "perhaps")
        .argument("clients", Some("sesame"))
        .refusal();
    let lines: Vec<_> = refusal.lines().collect();
    assert_eq!(lines.len(), 5, "{refusal}");
    for (option, source, expected) in [
        ("port", "/etc/pumphouse.json", "0 to 65535"),
        ("secret", "/etc/pumphouse.json", "text"),
        ("users", "/etc/pumphouse.json", "JSON list of objects"),
        ("noweb", "PUMPHOUSE_NOWEB", "true or false"),
        ("clients", "--clients", "JSON list of objects"),
    ] {
        let line = format!(
            "The option {option} ({source}) has a value of the wrong type; expected: {expected}."
        );
        assert!(lines.contains(&line.as_str()), "{line}\n{refusal}");
    }
    assert!(!refusal.contains("sesame"));
}

#[test]
fn a_file_that_was_named_must_be_there_and_hold_an_object() {
    let mut named = world();
    named.given.file = Some(PathBuf::from("/home/ann/pump.io.json"));
    assert!(
        named
            .refusal()
            .starts_with("Cannot read /home/ann/pump.io.json: ")
    );
    assert!(
        world()
            .file(&json!([]))
            .refusal()
            .contains("one JSON object")
    );
    let torn = World {
        text: Some("{\n  \"port\": 80".to_owned()),
        ..world()
    };
    assert!(torn.refusal().contains("is not JSON: "));
}

#[test]
fn what_cannot_work_stops_the_start() {
    for (options, part) in [
        (json!({"secret": "my dog has fleas"}), "everybody knows"),
        (
            json!({"key": "/k.pem"}),
            "key (/etc/pumphouse.json) needs the certificate",
        ),
        (
            json!({"cert": "/c.pem"}),
            "cert (/etc/pumphouse.json) needs the key",
        ),
        (json!({"uploaddir": "/srv"}), "set `datadir`"),
        (json!({"workers": 2}), "internal to pump.io"),
        (json!({"canUpload": true}), "set `enableUploads`"),
        (json!({"haveEmail": true}), "set `smtpserver`"),
        (json!({"nicknameBlacklist": []}), "internal to pump.io"),
        (
            json!({"spamhost": "https://spam.test"}),
            "missing: spamclientid, spamclientsecret",
        ),
        (
            json!({"firehose": "https://hose.test/ping"}),
            "a host name alone",
        ),
        (
            json!({"hostname": "https://pump.test"}),
            "a host name alone",
        ),
        (json!({"hostname": "pump.test:80"}), "the port in urlPort"),
        (json!({"urlPort": 0}), "must not be 0"),
        (json!({"requireEmail": true}), "set smtpserver"),
        (
            json!({"requireEmail": true, "smtpserver": "m.test", "noweb": true}),
            "does not go with noweb",
        ),
        (
            json!({"smtpserver": "m.test", "smtpuser": "ann"}),
            "set smtppass",
        ),
        (
            json!({"smtpserver": "m.test", "smtppass": "sesame"}),
            "set smtpuser",
        ),
        (
            json!({"smtpserver": "m.test", "smtpfrom": "the pump"}),
            "must be a mail address",
        ),
        (
            json!({"smtpserver": "m.test", "smtptimeout": 0}),
            "smtptimeout (/etc/pumphouse.json) must be at least 1",
        ),
        (
            json!({"users": [{"nickname": "ann", "password": "sesame", "email": "ann"}]}),
            "a mail address in email",
        ),
        (json!({"urlPath": "a b"}), "must be a path"),
        (json!({"datadir": ""}), "must not be empty"),
        (json!({"uploadBytesMax": 0}), "at least 1"),
        (
            json!({"hsts": {"maxAge": "long"}}),
            "member of the wrong type",
        ),
        (
            json!({"clients": [{"client_id": "a"}]}),
            "entry 1: client_secret is missing",
        ),
        (
            json!({"users": [{"nickname": "api", "password": "x"}]}),
            "reserved",
        ),
        (
            json!({"users": [{"nickname": "ann", "password": "x", "tokens": [{"token": "t", "client_id": "c"}]}]}),
            "needs token_secret or scope",
        ),
    ] {
        let refusal = world().file(&options).refusal();
        assert!(refusal.contains(part), "{options}: {refusal}");
        assert_eq!(refusal.lines().count(), 1, "{refusal}");
    }
}

#[test]
fn without_any_option_the_server_waits_for_its_setup() {
    let config = Config::defaults();
    assert_eq!(config.hostname, None);
    assert_eq!(config.base(8080), None);
    assert_eq!((config.address.as_str(), config.port), ("127.0.0.1", 8080));
    assert_eq!(config.datadir, Path::new("./pumphouse-data"));
    assert!(config.enable_uploads && config.compress && config.redirect_to_canonical);
    assert!(!config.noweb && !config.disable_registration);
    assert_eq!(config.upload_bytes_max, 256 << 20);
    assert_eq!(config.json_bytes_max, 1 << 20);
    assert_eq!(config.log.level, LogLevel::Info);
    assert_eq!((config.hsts, config.site), (None, None));
}

#[test]
fn later_sources_win_and_empty_ones_do_not_count() {
    let file = json!({"site": "file", "owner": "file", "ownerURL": "file", "favicon": null});
    let config = world()
        .file(&file)
        .environment("HOME", "/root")
        .environment("PUMPHOUSE_TEST_ANYTHING", "1")
        .environment("PUMPHOUSE_SITE", "environment")
        .environment("PUMPHOUSE_OWNER", "")
        .environment("PUMPHOUSE_ownerURL", "environment")
        .argument("site", Some("command line"))
        .argument("noweb", None)
        .argument("compress", Some("false"))
        .config();
    assert_eq!(config.site.as_deref(), Some("command line"));
    assert_eq!(config.owner.as_deref(), Some("file"));
    assert_eq!(config.owner_url.as_deref(), Some("environment"));
    assert!(config.noweb && !config.compress);
}

#[test]
fn structured_options_come_from_the_environment_as_json() {
    let users = r#"[{"nickname":"ann","password":"sesame","email":"ann@pump.test",
        "tokens":[{"token":"t","token_secret":"ts","client_id":"c"},{"token":"b","scope":"read","client_id":"c"}]}]"#;
    let config = world()
        .environment("PUMPHOUSE_USERS", users)
        .argument(
            "clients",
            Some(r#"[{"client_id":"c","client_secret":"cs","title":"App"}]"#),
        )
        .argument("hsts", Some(r#"{"maxAge":60,"includeSubDomains":false}"#))
        .config();
    let ann = &config.users[0];
    assert_eq!(ann.nickname.as_str(), "ann");
    assert_eq!(ann.password.reveal(), "sesame");
    assert_eq!(ann.tokens.len(), 2);
    assert_eq!(ann.tokens[1].scope, Some(crate::scope::Scope::READ));
    assert_eq!(config.clients[0].title.as_deref(), Some("App"));
    let hsts = Hsts {
        max_age_secs: 60,
        include_sub_domains: false,
        preload: false,
    };
    assert_eq!(config.hsts, Some(hsts));
    let plain = world().argument("hsts", Some("true")).config().hsts;
    assert_eq!(
        plain.map(|h| (h.max_age_secs, h.include_sub_domains)),
        Some((HSTS_MAX_AGE_SECS, true))
    );
    let shown = format!("{config:?}");
    assert!(!shown.contains("sesame") && !shown.contains("\"cs\"") && !shown.contains("\"ts\""));
}

#[test]
fn a_host_name_is_public_unless_a_proxy_stands_in_front() {
    let listening = |options: Value| world().file(&options).config().address;
    assert_eq!(listening(json!({"hostname": "pump.test"})), "0.0.0.0");
    assert_eq!(
        listening(json!({"hostname": "pump.test", "urlPort": 8080})),
        "0.0.0.0"
    );
    assert_eq!(
        listening(json!({"hostname": "pump.test", "urlPort": 443})),
        "127.0.0.1"
    );
    assert_eq!(listening(json!({"hostname": "localhost"})), "127.0.0.1");
    assert_eq!(listening(json!({"hostname": "127.0.0.1"})), "127.0.0.1");
    assert_eq!(
        listening(json!({"hostname": "pump.test", "address": "::1"})),
        "::1"
    );
}

#[test]
fn the_base_follows_the_public_port_or_the_one_really_listened_on() {
    let base = |options: Value| {
        let base = world().file(&options).config().base(4321);
        base.expect("a host name is configured").url().to_owned()
    };
    assert_eq!(
        base(json!({"hostname": "Pump.Test", "port": 0})),
        "http://pump.test:4321"
    );
    assert_eq!(
        base(json!({"hostname": "pump.test", "urlPort": 443, "urlPath": "/p/"})),
        "https://pump.test/p"
    );
    assert_eq!(
        base(json!({"hostname": "[::1]", "urlPort": 80})),
        "http://[::1]"
    );
}

#[test]
fn a_configuration_of_pump_io_starts_this_server() {
    let options = r#"{
        "driver": "mongodb", "params": {"host": "localhost", "dbname": "pumpio"},
        "hostname": "pump.test", "address": "127.0.0.1", "port": 31337, "urlPort": 443, "urlPath": "pump",
        "bounce": true, "key": "/etc/key.pem", "cert": "/etc/cert.pem", "hsts": true,
        "secret": "a real secret", "noweb": false, "site": "Ours", "owner": "Ann", "ownerURL": "https://ann.test/",
        "mainImage": "/images/us.jpg", "appendFooter": "<p>hi</p>", "favicon": "/srv/favicon.ico",
        "nologger": false, "logfile": "/var/log/pump.log", "logLevel": "debug",
        "serverUser": "pump", "children": 3, "datadir": "/srv/pump", "enableUploads": true,
        "debugClient": true, "noCDN": true, "scripts": ["/x.js"], "plugins": ["pump-x"],
        "compress": true, "sockjs": true, "firehose": "ofirehose.com",
        "spamhost": "https://spam.test", "spamclientid": "id", "spamclientsecret": "sesame",
        "disableRegistration": true, "requireEmail": true,
        "smtpserver": "mail.test", "smtpport": 25, "smtpuser": "ann", "smtppass": "sesame", "smtpusetls": true,
        "smtpusessl": true, "smtpfrom": "pump@pump.test", "smtptimeout": 30000,
        "clients": [], "users": [], "proxyWhitelist": ["images.test"], "redirectToCanonical": true,
        "redirectAddressToCanonical": false, "cleanupSession": 1200000, "cleanupNonce": 1200000,
        "controlSocket": "/var/run/pump.socket"
    }"#;
    let options: Value = serde_json::from_str(options).expect("it is JSON");
    let members = options.as_object().expect("an object");
    let own = [
        "httpsPort",
        "acmeServer",
        "acmeCa",
        "trustProxy",
        "backupdir",
        "bootdir",
        "powerdir",
        "sysdir",
        "metrics",
        "backupPassphrase",
        "uploadBytesMax",
        "uploadQuotaBytes",
        "jsonBytesMax",
        "smtpca",
        "federateLan",
        "announceLan",
        "versionsdir",
        "updatekey",
        "updateurl",
        "wifidir",
        "shelldir",
    ];
    for option in OPTIONS.iter().filter(|option| !own.contains(&option.name)) {
        assert!(
            members.contains_key(option.name),
            "{} is tried",
            option.name
        );
    }
    let Loaded { config, warnings } = world().file(&options).start().expect("it starts");
    assert_eq!(
        config.base(31_337).expect("a base").url(),
        "https://pump.test/pump"
    );
    assert_eq!(config.log.level, LogLevel::Debug);
    let idle = |option: &&options::Opt| option.effect != Effect::Used;
    assert_eq!(warnings.len(), OPTIONS.iter().filter(idle).count());
    assert!(warnings.contains(
        &"The option driver (/etc/pumphouse.json) has no effect: the store is built in.".to_owned()
    ));
    assert_eq!(config.firehose, None, "nobody runs it any more");
    let spam = config.spam_server.expect("a server");
    assert_eq!(
        (spam.url.as_str(), spam.secret.reveal()),
        ("https://spam.test", "sesame")
    );
    assert!(!warnings.concat().contains("sesame"));
    let quiet = world().file(&json!({"firehose": false, "plugins": [], "bounce": false}));
    assert_eq!(
        quiet.start().expect("it starts").warnings,
        Vec::<String>::new()
    );
}

#[test]
fn mail_leaves_as_the_options_say() {
    let mail = |options: Value| world().file(&options).config().mail;
    assert!(mail(json!({"smtpport": 25, "smtpfrom": "pump@pump.test"})).is_none());
    let plain = mail(json!({"smtpserver": "m.test", "smtpusetls": false})).expect("a server");
    assert_eq!((plain.security, plain.port), (MailSecurity::Plain, 25));
    assert_eq!(plain.timeout.as_millis(), 30_000);
    let usual = mail(json!({"smtpserver": "m.test", "smtpport": 587})).expect("a server");
    assert_eq!((usual.security, usual.port), (MailSecurity::StartTls, 587));
    let options = json!({"smtpserver": "m.test", "smtpusessl": true, "smtpuser": "ann", "smtppass": "sesame",
        "smtpfrom": "Our pump <pump@pump.test>"});
    let wrapped = mail(options).expect("a server");
    assert_eq!((wrapped.security, wrapped.port), (MailSecurity::Tls, 465));
    let from = wrapped.from.as_ref().expect("a sender");
    assert_eq!(from.as_str(), "pump@pump.test");
    let shown = format!("{wrapped:?}");
    assert!(shown.contains("ann") && !shown.contains("sesame"));
}

#[test]
fn the_data_directory_is_made_for_its_owner_only() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = tempfile::tempdir().expect("a directory");
    let mut config = Config::defaults();
    config.datadir = dir.path().join("data");
    config.prepare_datadir().expect("it can be made");
    let made = config.datadir.metadata().expect("the directory");
    assert_eq!(made.permissions().mode() & 0o777, 0o700);
    let files = config.datadir.read_dir().expect("the directory").count();
    assert_eq!(files, 0, "nothing is left over");
}

#[test]
fn a_data_directory_that_cannot_be_is_told_in_a_sentence() {
    let dir = tempfile::tempdir().expect("a directory");
    let mut config = Config::defaults();
    config.datadir = dir.path().join("file");
    std::fs::write(&config.datadir, "").expect("a file in the way");
    let refusal = config
        .prepare_datadir()
        .expect_err("a file is no directory");
    assert!(
        refusal
            .to_string()
            .starts_with("Cannot write in the data directory ")
    );
}
