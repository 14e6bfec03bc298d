//! The mail server: is it there, can it be trusted, does it let us in and take our sender.

use super::Findings;
use crate::cli::Failure;
use crate::config::{Config, MailSecurity};
use crate::mail::Mailer;
use std::net::{IpAddr, ToSocketAddrs as _};

pub(super) fn check(config: &Config, findings: &mut Findings) -> Result<(), Failure> {
    let Some(mail) = &config.mail else {
        return findings.ok("mail: no mail server is configured (smtpserver), so none is sent.");
    };
    if config.noweb {
        return findings.warn(
            "mail: none is sent, because letters lead to pages, and with noweb there are none.",
        );
    }
    let is_here = || {
        let addresses = (mail.server.as_str(), mail.port).to_socket_addrs();
        addresses.is_ok_and(|mut all| all.all(|address| is_loopback(address.ip())))
    };
    if mail.security == MailSecurity::Plain && mail.login.is_some() && !is_here() {
        findings.warn(
            "mail: the password of the mail server goes over the network unencrypted. Set smtpusetls, or smtpusessl.",
        )?;
    }
    // Without a hostname the site's own is known only in its store.
    let is_sender_known = mail.from.is_some() || config.hostname.is_some();
    let host = config.hostname.as_deref().unwrap_or("localhost");
    let checked = Mailer::of(mail, host).and_then(|mailer| {
        mailer.check(is_sender_known)?;
        Ok(mailer.sender())
    });
    match checked {
        Ok(sender) if is_sender_known => findings.ok(format_args!(
            "mail: {}, port {}, takes letters from {sender}.",
            mail.server, mail.port
        )),
        Ok(_) => findings.ok(format_args!(
            "mail: {}, port {}, answers.",
            mail.server, mail.port
        )),
        Err(error) => findings.fail(format_args!("mail: {error}")),
    }
}

fn is_loopback(address: IpAddr) -> bool {
    address.to_canonical().is_loopback()
}
