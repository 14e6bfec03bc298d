//! The configuration of the server: what it is (here), what can be set ([`options`]), from where ([`given`]), and
//! how that reads in `--help` and the README ([`render`]). Names no other part of the server but
//! the ids and the form of mail addresses.
//!
//! Only this folder reads the environment. [`Config::load`] gets everything as a parameter, so that tests can say
//! what the world looks like.

mod accounts;
mod build;
mod files;
pub mod given;
mod listeners;
mod mail;
mod metrics;
mod networks;
pub mod options;
pub mod render;
mod secret;

pub use accounts::{ClientAccount, TokenAccount, UserAccount};
pub use given::{Argument, Given, journal_stream};
pub use listeners::SpamServer;
pub use mail::{MailConfig, MailSecurity};
pub use metrics::Metrics;
pub use networks::TrustedProxies;
pub use secret::Secret;

use crate::ids::Base;
use given::Values;
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Seconds that browsers keep to https when `hsts` is `true` (`pump-api.md §1.1`).
pub const HSTS_MAX_AGE_SECS: u64 = 15_552_000;

/// What a site is called until somebody gives it a name.
pub const DEFAULT_SITE: &str = "Pumphouse";

/// The configuration, checked.
#[derive(Clone, Debug)]
pub struct Config {
    /// Public host name in lower case. None: nobody has configured the server, and the first page sets it up.
    pub hostname: Option<String>,
    /// Where to listen: an IP address or a name that resolves to one.
    pub address: String,
    /// Port to listen on; 0 picks a free one.
    pub port: u16,
    /// Port of https that the server provides by itself; 0 picks a free one.
    pub https_port: u16,
    /// The directory of the authority that gives public certificates (ACME).
    pub acme_directory: String,
    /// Certificates (PEM) by which that is trusted, for one that is not public; it may be in the local network then.
    pub acme_ca: Option<PathBuf>,
    /// Public port, when it differs from the one listened on.
    pub url_port: Option<u16>,
    /// Path that public addresses begin with, without slashes at its ends; mostly empty.
    pub url_path: String,
    /// Key and certificate chain; with them the server speaks https.
    pub tls: Option<TlsFiles>,
    /// What `Strict-Transport-Security` says; None leaves it out.
    pub hsts: Option<Hsts>,
    /// Whether requests for other host names are redirected to `hostname`.
    pub redirect_to_canonical: bool,
    /// Whether requests for the listening address are redirected, too.
    pub redirect_address_to_canonical: bool,
    /// Whether answers are compressed for clients that accept it.
    pub compress: bool,

    /// Directory of everything the server keeps.
    pub datadir: PathBuf,
    /// The part of a memory card that its holder can read and write with any computer.
    pub boot_directory: Option<PathBuf>,
    /// Where wishes to switch the machine off are left for who fulfils them.
    pub power_directory: Option<PathBuf>,
    /// Where sysfs is.
    pub sys_directory: PathBuf,
    /// Who may read the figures.
    pub metrics: Metrics,
    /// Where backups are made every night. None: where the owner chose, if that was done.
    pub backup_directory: Option<PathBuf>,
    /// What they are encrypted with.
    pub backup_passphrase: Option<Secret>,
    /// Whether people can upload files.
    pub enable_uploads: bool,
    /// Largest upload, in bytes.
    pub upload_bytes_max: u64,
    /// Most bytes of uploads that each user may keep, unless the owner of the server says otherwise.
    pub upload_quota_bytes: u64,
    /// Largest JSON document or form in a request, in bytes.
    pub json_bytes_max: u64,

    /// Versions of the program on a ready-made box. None: whoever installed the server updates it.
    pub versions: Option<PathBuf>,
    /// The key by which they must be signed.
    pub update_key: Option<PathBuf>,
    /// Where a later one may be found.
    pub update_url: Option<String>,
    /// Where the unit that looks after the Wi-Fi of a ready-made box says what it does.
    pub wifi: Option<PathBuf>,
    /// The keys of those who log in to a ready-made box.
    pub shell: Option<PathBuf>,

    /// Name of the site. None: the one chosen at the setup, else [`DEFAULT_SITE`].
    pub site: Option<String>,
    /// Name of the owner, shown in the footer.
    pub owner: Option<String>,
    /// Web address of the owner.
    pub owner_url: Option<String>,
    /// Address of the picture on the welcome page.
    pub main_image: Option<String>,
    /// More HTML for the footer, as configured.
    pub append_footer: Option<String>,
    /// Icon file.
    pub favicon: Option<PathBuf>,
    /// Whether there are no web pages.
    pub noweb: bool,
    /// Whether realtime clients are served by SockJS.
    pub sockjs: bool,
    /// Whether other servers may be at addresses of the local network.
    pub federate_lan: bool,
    /// Whether the server is announced on the local network. None: where its name is one of that network, and before the setup.
    pub announce_lan: Option<bool>,
    /// The proxies in front of this server.
    pub trusted_proxies: TrustedProxies,
    /// Hosts whose files are not proxied, in lower case.
    pub proxy_whitelist: Vec<String>,
    /// The host that hears of public posts.
    pub firehose: Option<String>,
    /// The server that is asked whether something is spam.
    pub spam_server: Option<SpamServer>,

    /// Whether new accounts are refused.
    pub disable_registration: bool,
    /// Whether people who register must confirm a mail address first.
    pub require_email: bool,
    /// How mail leaves the server. None: it sends none.
    pub mail: Option<MailConfig>,
    /// Accounts made at start where they are missing.
    pub users: Vec<UserAccount>,
    /// OAuth clients known from the start.
    pub clients: Vec<ClientAccount>,

    /// The log.
    pub log: LogConfig,
}

/// Files of TLS, in PEM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// Private key.
    pub key: PathBuf,
    /// Certificate chain.
    pub cert: PathBuf,
}

/// `Strict-Transport-Security` (RFC 6797 §6.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hsts {
    /// How long browsers keep to https, in seconds.
    pub max_age_secs: u64,
    /// Whether hosts below this one are meant, too.
    pub include_sub_domains: bool,
    /// Whether browsers may have the name built in.
    pub preload: bool,
}

/// Where the log goes and how much of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogConfig {
    /// Whether there is a log at all.
    pub on: bool,
    /// The file it is appended to; None is standard error.
    pub file: Option<PathBuf>,
    /// The least grave messages that are written.
    pub level: LogLevel,
}

impl LogConfig {
    /// The log of a command beside the server: what somebody should know, told to who runs it.
    pub fn of_command(&self) -> LogConfig {
        LogConfig {
            on: self.on,
            file: None,
            level: self.level.min(LogLevel::Warn),
        }
    }
}

/// pump.io's log levels, gravest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogLevel {
    /// The server ends.
    Fatal,
    /// Something failed.
    Error,
    /// Somebody should look.
    Warn,
    /// What happened.
    Info,
    /// How it happened.
    Debug,
    /// Everything.
    Trace,
}

/// A configuration and one sentence for each option that was set and does nothing.
#[derive(Debug)]
pub struct Loaded {
    /// The configuration.
    pub config: Config,
    /// For the log, once it runs.
    pub warnings: Vec<String>,
}

/// Why there is no configuration: one sentence for each thing that is wrong, for the person who starts the server.
#[derive(Debug, PartialEq, Eq)]
pub struct Problems(Vec<String>);

impl Problems {
    fn one(sentence: String) -> Problems {
        Problems(vec![sentence])
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("\n"))
    }
}

impl std::error::Error for Problems {}

impl Config {
    /// Makes the configuration of what was given. `read` reads the file of options; tests pass their own.
    pub fn load(
        given: &Given,
        read: &dyn Fn(&Path) -> io::Result<String>,
    ) -> Result<Loaded, Problems> {
        let mut values = Values::gather(given, read)?;
        let config = build::config(&mut values);
        if values.problems.is_empty() {
            Ok(Loaded {
                warnings: values.warnings(),
                config,
            })
        } else {
            Err(Problems(values.problems))
        }
    }

    /// Makes the configuration of the process: its environment and the file on disk.
    pub fn load_from_process(
        file: Option<PathBuf>,
        arguments: Vec<Argument>,
    ) -> Result<Loaded, Problems> {
        Config::load(&Given::from_process(file, arguments), &|path| {
            fs::read_to_string(path)
        })
    }

    /// The configuration with nothing set: for tests and tools.
    pub fn defaults() -> Config {
        let none = |_: &Path| Err(io::Error::from(io::ErrorKind::NotFound));
        Config::load(&Given::default(), &none)
            .expect("the defaults are a configuration")
            .config
    }

    /// The base URL of the site, when a `hostname` is configured. `bound_port` is the port really listened on,
    /// which matters where `port` is 0.
    pub fn base(&self, bound_port: u16) -> Option<Base> {
        let hostname = self.hostname.as_ref()?;
        let port = self.url_port.unwrap_or(bound_port);
        let base = Base::new(hostname, port, &self.url_path);
        Some(base.spoken_securely(self.tls.is_some()))
    }
}

#[cfg(test)]
mod tests;
