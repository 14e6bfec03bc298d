//! How mail leaves the server: pump.io's options (`pump-api.md §9`) in one value.

use super::Secret;
use super::given::Values;
use crate::mailbox::MailAddress;
use std::path::PathBuf;
use std::time::Duration;

/// The port of mail servers (RFC 5321 §4.5.4.2).
const SMTP_PORT: u16 = 25;

/// The port where mail servers speak TLS from the start (RFC 8314 §7.3).
const TLS_PORT: u16 = 465;

/// The mail server and how to speak to it.
#[derive(Clone, Debug)]
pub struct MailConfig {
    /// Name or address of the server.
    pub server: String,
    /// Its port.
    pub port: u16,
    /// User and password, where the server wants them.
    pub login: Option<(String, Secret)>,
    /// How the connection is kept secret.
    pub security: MailSecurity,
    /// A file of certificates (PEM) that are trusted besides the public ones.
    pub ca: Option<PathBuf>,
    /// The sender. None: `no-reply` at the host of the site.
    pub from: Option<MailAddress>,
    /// Longest wait for the server, each time.
    pub timeout: Duration,
}

/// How a connection to the mail server is kept secret. Certificates are always checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailSecurity {
    /// Not at all: for a server on the same machine or a network that one trusts.
    Plain,
    /// By STARTTLS (RFC 3207); a server that does not offer it gets nothing.
    StartTls,
    /// By TLS from the start.
    Tls,
}

/// Reads the options of mail; nothing without a server. What is wrong becomes a problem.
pub(super) fn read(values: &mut Values) -> Option<MailConfig> {
    let server = values.text("smtpserver");
    if values.flag("requireEmail") {
        if server.is_none() {
            let sentence = "needs a mail server for its messages: set smtpserver.";
            values.problem("requireEmail", sentence);
        }
        if values.flag("noweb") {
            let sentence =
                "needs the pages, to which its messages lead: it does not go with noweb.";
            values.problem("requireEmail", sentence);
        }
    }
    let server = server?;
    let security = match (values.flag("smtpusessl"), values.flag("smtpusetls")) {
        (true, _) => MailSecurity::Tls,
        (false, true) => MailSecurity::StartTls,
        (false, false) => MailSecurity::Plain,
    };
    let port = values.port("smtpport").unwrap_or(match security {
        MailSecurity::Tls => TLS_PORT,
        _ => SMTP_PORT,
    });
    let timeout = values.number("smtptimeout").unwrap_or(0);
    if timeout == 0 {
        values.problem("smtptimeout", "must be at least 1.");
    }
    Some(MailConfig {
        server,
        port,
        login: read_login(values),
        security,
        ca: values.text("smtpca").map(PathBuf::from),
        from: read_from(values),
        timeout: Duration::from_millis(timeout.max(1)),
    })
}

fn read_login(values: &mut Values) -> Option<(String, Secret)> {
    match (values.text("smtpuser"), values.text("smtppass")) {
        (Some(user), Some(password)) => Some((user, Secret::new(password))),
        (None, None) => None,
        (Some(_), None) => {
            values.problem("smtpuser", "needs the password, too: set smtppass.");
            None
        }
        (None, Some(_)) => {
            values.problem("smtppass", "needs the user, too: set smtpuser.");
            None
        }
    }
}

fn read_from(values: &mut Values) -> Option<MailAddress> {
    let text = values.text("smtpfrom")?;
    // pump.io takes a name in front of the address.
    let inside = text
        .split_once('<')
        .and_then(|(_, rest)| rest.strip_suffix('>'));
    let address = MailAddress::parse(inside.unwrap_or(&text)).ok();
    if address.is_none() {
        values.problem(
            "smtpfrom",
            "must be a mail address, like pump@example.org; the name in front of it is that of the site.",
        );
    }
    address
}
