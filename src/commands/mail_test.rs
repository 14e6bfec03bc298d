//! `pumphouse mail-test ADDRESS`: one letter, straight to the mail server, and what the mail server said to it.

use super::say;
use crate::cli::Failure;
use crate::clock;
use crate::config::{Config, DEFAULT_SITE};
use crate::domain::mailing::test_letter;
use crate::ids::random_text;
use crate::mail::Mailer;
use crate::mailbox::MailAddress;

pub(super) fn perform(config: &Config, address: &MailAddress) -> Result<(), Failure> {
    let Some(mail) = &config.mail else {
        return Err(Failure::new(
            "This server sends no mail: no mail server is configured. Set smtpserver.",
        ));
    };
    let host = match (&config.hostname, &mail.from) {
        (Some(host), _) => host.as_str(),
        (None, Some(_)) => "localhost",
        (None, None) => {
            return Err(Failure::new(
                "From whom shall the letter come? Set smtpfrom, or hostname.",
            ));
        }
    };
    let mailer = Mailer::of(mail, host).map_err(Failure::new)?;
    let site = config.site.as_deref().unwrap_or(DEFAULT_SITE);
    let port = config.url_port.unwrap_or(config.port);
    let root = config.base(port).map(|base| base.url().to_owned());
    let id = format!("test.{}", random_text::<12>());
    let letter = test_letter(
        site,
        root.as_deref().unwrap_or_default(),
        address.clone(),
        id,
        clock::now(),
    )?;
    mailer.send(letter).map_err(Failure::new)?;
    say(format_args!(
        "The mail server {} took the letter from {} to {address}. Look whether it arrives, and where: among the unwanted mail, \
         too.",
        mail.server,
        mailer.sender()
    ))
}
