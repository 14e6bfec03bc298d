//! From checked values to the typed configuration: what the options mean together, and what cannot work.

use super::Secret;
use super::given::Values;
use super::{
    Config, HSTS_MAX_AGE_SECS, Hsts, LogConfig, LogLevel, TlsFiles, TrustedProxies, accounts,
    listeners, mail, metrics,
};
use serde_json::Value;
use std::path::PathBuf;

/// The secret that pump.io's sample file shows to everybody.
const SAMPLE_SECRET: &str = "my dog has fleas";

/// Makes the configuration; what is wrong is added to the problems of `values`.
pub(super) fn config(values: &mut Values) -> Config {
    let hostname = read_hostname(values);
    let port = values.port("port").expect("port has a default");
    let url_port = values.port("urlPort");
    if url_port == Some(0) {
        values.problem("urlPort", "must not be 0: it is part of public addresses.");
    }
    let behind_proxy = url_port.is_some_and(|public| public != port);
    let address = values.text("address").unwrap_or_else(|| {
        let everywhere = match hostname.as_deref() {
            None | Some("localhost") => false,
            Some(host) => !behind_proxy && !host.starts_with("127."),
        };
        (if everywhere { "0.0.0.0" } else { "127.0.0.1" }).to_owned()
    });
    check_secret(values);
    Config {
        address,
        port,
        https_port: values
            .port("httpsPort")
            .unwrap_or(if port == 80 { 443 } else { 8443 }),
        acme_directory: read_acme_server(values),
        acme_ca: path(values, "acmeCa"),
        url_port,
        url_path: read_url_path(values),
        tls: read_tls(values),
        hsts: read_hsts(values),
        redirect_to_canonical: values.flag("redirectToCanonical"),
        redirect_address_to_canonical: values.flag("redirectAddressToCanonical"),
        compress: values.flag("compress"),
        datadir: path(values, "datadir").unwrap_or_else(|| {
            values.problem("datadir", "must not be empty.");
            PathBuf::new()
        }),
        boot_directory: path(values, "bootdir"),
        power_directory: path(values, "powerdir"),
        sys_directory: path(values, "sysdir").unwrap_or_else(|| PathBuf::from("/sys")),
        metrics: metrics::read(values),
        backup_directory: path(values, "backupdir"),
        backup_passphrase: values
            .text("backupPassphrase")
            .filter(|text| !text.is_empty())
            .map(Secret::new),
        enable_uploads: values.flag("enableUploads"),
        upload_bytes_max: bytes_max(values, "uploadBytesMax"),
        upload_quota_bytes: values.number("uploadQuotaBytes").unwrap_or(0),
        json_bytes_max: bytes_max(values, "jsonBytesMax"),
        versions: path(values, "versionsdir"),
        update_key: path(values, "updatekey"),
        update_url: read_update_url(values),
        wifi: path(values, "wifidir"),
        shell: path(values, "shelldir"),
        site: values.text("site"),
        owner: values.text("owner"),
        owner_url: values.text("ownerURL"),
        main_image: values.text("mainImage"),
        append_footer: values.text("appendFooter"),
        favicon: path(values, "favicon"),
        noweb: values.flag("noweb"),
        sockjs: values.flag("sockjs"),
        federate_lan: values.flag("federateLan"),
        announce_lan: values.get("announceLan").and_then(Value::as_bool),
        trusted_proxies: TrustedProxies::read(values),
        proxy_whitelist: values.texts("proxyWhitelist"),
        firehose: listeners::firehose(values),
        spam_server: listeners::spam_server(values),
        disable_registration: values.flag("disableRegistration"),
        require_email: values.flag("requireEmail"),
        mail: mail::read(values),
        users: accounts::users(values),
        clients: accounts::clients(values),
        log: LogConfig {
            on: !values.flag("nologger"),
            file: path(values, "logfile"),
            level: read_level(values),
        },
        hostname,
    }
}

fn path(values: &Values, name: &str) -> Option<PathBuf> {
    values.text(name).map(PathBuf::from)
}

fn read_update_url(values: &mut Values) -> Option<String> {
    let url = values.text("updateurl").filter(|url| !url.is_empty())?;
    if !["http://", "https://"]
        .iter()
        .any(|scheme| url.starts_with(scheme))
    {
        values.problem(
            "updateurl",
            "must be an address like https://pump.example/pump.tar.",
        );
    }
    Some(url)
}

fn bytes_max(values: &mut Values, name: &str) -> u64 {
    let bytes = values.number(name).unwrap_or(0);
    if bytes == 0 {
        values.problem(name, "must be at least 1.");
    }
    bytes
}

fn read_hostname(values: &mut Values) -> Option<String> {
    let host = values.text("hostname")?.to_ascii_lowercase();
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
    let v6 = host
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .is_some_and(|inner| inner.parse::<std::net::Ipv6Addr>().is_ok());
    if host.len() > 253 || !(v6 || host.chars().all(plain)) {
        values.problem(
            "hostname",
            "must be a host name alone, like pump.example: no http://, no path, and the port in urlPort.",
        );
    }
    Some(host)
}

fn read_url_path(values: &mut Values) -> String {
    let text = values.text("urlPath").unwrap_or_default();
    let path = text.trim_matches('/').to_owned();
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | '~' | '/');
    if !path.chars().all(allowed) || path.contains("//") {
        values.problem(
            "urlPath",
            "must be a path of letters, digits, hyphens, dots and underscores, like /pump.",
        );
    }
    path
}

fn read_tls(values: &mut Values) -> Option<TlsFiles> {
    match (path(values, "key"), path(values, "cert")) {
        (Some(key), Some(cert)) => Some(TlsFiles { key, cert }),
        (None, None) => None,
        (Some(_), None) => {
            values.problem("key", "needs the certificate, too: set cert.");
            None
        }
        (None, Some(_)) => {
            values.problem("cert", "needs the key, too: set key.");
            None
        }
    }
}

fn read_acme_server(values: &mut Values) -> String {
    let address = values.text("acmeServer").unwrap_or_default();
    if !address.starts_with("https://") {
        values.problem(
            "acmeServer",
            "must be an address that begins with https://.",
        );
    }
    address
}

fn read_hsts(values: &mut Values) -> Option<Hsts> {
    let members = match values.get("hsts") {
        Some(Value::Bool(true)) => serde_json::Map::new(),
        Some(Value::Object(members)) => members.clone(),
        _ => return None,
    };
    let flag = |name: &str, default| members.get(name).map_or(Some(default), Value::as_bool);
    let max_age = members
        .get("maxAge")
        .map_or(Some(HSTS_MAX_AGE_SECS), Value::as_u64);
    // Both spellings are around in configurations of pump.io.
    let sub_domains = flag("includeSubDomains", true)
        .and_then(|given| Some(given && flag("includeSubdomains", true)?));
    match (max_age, sub_domains, flag("preload", false)) {
        (Some(max_age_secs), Some(include_sub_domains), Some(preload)) => Some(Hsts {
            max_age_secs,
            include_sub_domains,
            preload,
        }),
        _ => {
            values.problem(
                "hsts",
                "has a member of the wrong type; expected: maxAge a number of seconds, includeSubDomains and preload true or false.",
            );
            None
        }
    }
}

fn check_secret(values: &mut Values) {
    if values.text("secret").as_deref() == Some(SAMPLE_SECRET) {
        values.problem(
            "secret",
            "is the one of pump.io's sample file, which everybody knows. Leave it out; nothing is signed with it here.",
        );
    }
}

fn read_level(values: &Values) -> LogLevel {
    match values.text("logLevel").as_deref() {
        Some("fatal") => LogLevel::Fatal,
        Some("error") => LogLevel::Error,
        Some("warn") => LogLevel::Warn,
        Some("debug") => LogLevel::Debug,
        Some("trace") => LogLevel::Trace,
        _ => LogLevel::Info,
    }
}
