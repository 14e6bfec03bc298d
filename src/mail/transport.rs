//! The conversation with the mail server (RFC 5321): connect, encrypt, log in, hand over one letter. It blocks. What goes
//! wrong is told apart by whom it concerns: the server, or this one letter; and in sentences that say what to change.

use super::Letter;
use crate::config::{MailConfig, MailSecurity};
use lettre::Address;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{Certificate, SmtpConnection, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::ClientId;
use std::error::Error as _;
use std::fmt;
use std::fs;
use std::io;
use std::net::IpAddr;
use std::path::Path;

/// Why a letter was not sent; each holds a sentence for the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// The server takes no letters from us now: not there, not trusted, not logged in, no such sender.
    Server(String),
    /// The server does not take this letter now (4xx).
    Deferred(String),
    /// The server never takes this letter (5xx).
    Refused(String),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Server(text) | Error::Deferred(text) | Error::Refused(text) => f.write_str(text),
        }
    }
}

impl std::error::Error for Error {}

/// Sends letters by the server of the configuration.
pub struct Mailer {
    config: MailConfig,
    tls: Option<TlsParameters>,
    host: String,
    hello: ClientId,
    sender: Address,
}

/// The steps of a conversation, for the sentences about them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Connect,
    Encrypt,
    LogIn,
    Sender,
    Letter,
}

impl Mailer {
    /// A mailer of the site at `host`; says what cannot work without asking the server.
    pub fn of(config: &MailConfig, host: &str) -> Result<Mailer, Error> {
        let tls = match config.security {
            MailSecurity::Plain => None,
            MailSecurity::StartTls | MailSecurity::Tls => Some(parameters(config)?),
        };
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let (hello, literal) = match bare.parse() {
            Ok(IpAddr::V4(four)) => (ClientId::Ipv4(four), format!("[{four}]")),
            Ok(IpAddr::V6(six)) => (ClientId::Ipv6(six), format!("[IPv6:{six}]")),
            Err(_) => (ClientId::Domain(host.to_owned()), host.to_owned()),
        };
        let sender = match &config.from {
            Some(from) => from.to_string(),
            None => format!("no-reply@{literal}"),
        };
        let sender = sender.parse().map_err(|_| {
            Error::Server(format!(
                "{sender} is no mail address: name a sender with smtpfrom."
            ))
        })?;
        Ok(Mailer {
            config: config.clone(),
            tls,
            host: literal,
            hello,
            sender,
        })
    }

    /// From whom letters come.
    pub fn sender(&self) -> String {
        self.sender.to_string()
    }

    /// Asks the server whether it would take letters: connects, encrypts, logs in, and if so wished names the sender.
    pub fn check(&self, with_sender: bool) -> Result<(), Error> {
        let mut connection = self.connect()?;
        if with_sender {
            let asked = connection.command(Mail::new(Some(self.sender.clone()), Vec::new()));
            asked.map_err(|error| self.failure(Step::Sender, &error))?;
        }
        let _ = connection.quit();
        Ok(())
    }

    /// Hands one letter over. An error leaves open whether the server has it, if the connection broke at the end.
    pub fn send(&self, letter: Letter) -> Result<(), Error> {
        let to: Address = letter.to.as_str().parse().map_err(|_| {
            Error::Refused(format!("The mail server cannot be told of {}.", letter.to))
        })?;
        let message = letter.message(self.sender.clone(), to.clone(), &self.host);
        let mut connection = self.connect()?;
        let mut handed = connection
            .command(Mail::new(Some(self.sender.clone()), Vec::new()))
            .map_err(|error| self.failure(Step::Sender, &error));
        if handed.is_ok() {
            handed = connection
                .command(Rcpt::new(to, Vec::new()))
                .and_then(|_| connection.command(Data))
                .and_then(|_| connection.message(&message))
                .map_err(|error| self.failure(Step::Letter, &error));
        }
        // The letter is handed over or not, whatever the server says to the goodbye.
        let _ = connection.quit();
        handed.map(drop)
    }

    fn connect(&self) -> Result<SmtpConnection, Error> {
        let MailConfig {
            server,
            port,
            timeout,
            ..
        } = &self.config;
        let wrapped = match self.config.security {
            MailSecurity::Tls => self.tls.as_ref(),
            MailSecurity::Plain | MailSecurity::StartTls => None,
        };
        let address = (server.as_str(), *port);
        let mut connection =
            SmtpConnection::connect(address, Some(*timeout), &self.hello, wrapped, None)
                .map_err(|error| self.failure(Step::Connect, &error))?;
        if self.config.security == MailSecurity::StartTls
            && let Some(tls) = &self.tls
        {
            if !connection.can_starttls() {
                let _ = connection.quit();
                return Err(self.told(
                    "offers no STARTTLS. If it speaks TLS from the start (port 465), set smtpusessl; if it is on this \
                     machine, set smtpusetls to false",
                ));
            }
            connection
                .starttls(tls, &self.hello)
                .map_err(|error| self.failure(Step::Encrypt, &error))?;
        }
        if let Some((user, password)) = &self.config.login {
            let credentials = Credentials::new(user.clone(), password.reveal().to_owned());
            connection
                .auth(DEFAULT_MECHANISMS, &credentials)
                .map_err(|error| self.failure(Step::LogIn, &error))?;
        }
        Ok(connection)
    }

    fn told(&self, what: impl fmt::Display) -> Error {
        let MailConfig { server, port, .. } = &self.config;
        Error::Server(format!("The mail server {server}, port {port}, {what}."))
    }

    /// What an error of lettre means, in a sentence.
    fn failure(&self, step: Step, error: &lettre::transport::smtp::Error) -> Error {
        if error.status().is_some() {
            let said = reply(error);
            return match step {
                Step::Letter if error.is_permanent() => {
                    Error::Refused(format!("The mail server refused it: {said}."))
                }
                Step::Letter => Error::Deferred(format!("The mail server says: {said}.")),
                Step::Sender if !error.is_permanent() => {
                    Error::Deferred(format!("The mail server says: {said}."))
                }
                Step::Sender => self.told(format_args!(
                    "takes no mail from {}: {said}. Set smtpfrom to an address that it knows, or smtpuser and smtppass",
                    self.sender
                )),
                Step::LogIn => self.told(format_args!(
                    "does not let us in: {said}. Check smtpuser and smtppass"
                )),
                Step::Connect | Step::Encrypt => self.told(format_args!("says: {said}")),
            };
        }
        if error.is_client() && step == Step::LogIn {
            return self.told(
                "offers no way to log in that we know. Leave smtpuser and smtppass out, or encrypt",
            );
        }
        self.told(trouble(error, &self.config))
    }
}

/// What a mail server replied, in one line.
fn reply(error: &lettre::transport::smtp::Error) -> String {
    let code = error.status().map(|code| code.to_string());
    let text = error.source().map(ToString::to_string).unwrap_or_default();
    let words: Vec<&str> = text.split_whitespace().collect();
    format!("{} {}", code.unwrap_or_default(), words.join(" "))
        .trim_end_matches([' ', '.'])
        .to_owned()
}

/// What is wrong with a connection, as the end of a sentence that begins with the server.
fn trouble(error: &lettre::transport::smtp::Error, config: &MailConfig) -> String {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    let mut deepest = error.to_string();
    while let Some(this) = cause {
        deepest = this.to_string();
        if let Some(io) = this.downcast_ref::<io::Error>() {
            match io.kind() {
                io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => {
                    let wants_tls = match config.security {
                        MailSecurity::Tls => "",
                        _ => {
                            "; a server that speaks TLS from the start (port 465) needs smtpusessl"
                        }
                    };
                    return format!(
                        "does not answer within {} ms. Check smtpserver and smtpport{wants_tls}",
                        config.timeout.as_millis()
                    );
                }
                io::ErrorKind::ConnectionRefused => {
                    return "is not there: connection refused. Check smtpserver and smtpport"
                        .to_owned();
                }
                _ => {}
            }
        }
        cause = this.source();
    }
    let hint = [
        (
            "UnknownIssuer",
            "its certificate is signed by an authority that is not known here. If the server is your own, put the \
             certificate of that authority into a file and name it with smtpca",
        ),
        (
            "CaUsedAsEndEntity",
            "it shows the certificate of an authority as its own. Give the server a certificate that the authority signed, \
             and name that of the authority with smtpca",
        ),
        (
            "not valid for name",
            "its certificate is for another name. Set smtpserver to a name in the certificate",
        ),
        (
            "NotValidForName",
            "its certificate is for another name. Set smtpserver to a name in the certificate",
        ),
        ("expired", "its certificate has expired"),
        ("Expired", "its certificate has expired"),
        (
            "InvalidContentType",
            "it does not speak TLS from the start. Leave smtpusessl out for STARTTLS",
        ),
    ]
    .iter()
    .find(|(word, _)| deepest.contains(word));
    match hint {
        Some((_, hint)) => format!("cannot be trusted or understood: {hint} ({deepest})"),
        None => format!("cannot be talked to: {deepest}"),
    }
}

fn parameters(config: &MailConfig) -> Result<TlsParameters, Error> {
    let mut builder = TlsParameters::builder(config.server.clone());
    if let Some(path) = &config.ca {
        builder = builder.add_root_certificate(certificates(path)?);
    }
    builder
        .build()
        .map_err(|error| Error::Server(format!("TLS for mail cannot be set up: {error}.")))
}

fn certificates(path: &Path) -> Result<Certificate, Error> {
    let shown = path.display();
    let wrong = |what: String| Error::Server(format!("The file of smtpca, {shown}, {what}."));
    let pem = fs::read(path).map_err(|error| wrong(format!("cannot be read: {error}")))?;
    let has_any = pem
        .windows(b"-----BEGIN CERTIFICATE-----".len())
        .any(|part| part == b"-----BEGIN CERTIFICATE-----");
    if !has_any {
        return Err(wrong("holds no certificate in PEM".to_owned()));
    }
    Certificate::from_pem(&pem).map_err(|_| wrong("holds a damaged certificate".to_owned()))
}
