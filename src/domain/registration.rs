//! Who gets an account here: everybody, whoever has an invitation, or nobody. `disableRegistration` of the configuration
//! closes the server; else what its owner has decided counts. Until then a server that is configured with a `hostname` is
//! open, as pump.io is, and one that was set up by its own page takes whoever is invited.

use crate::app::App;
use crate::clock::Timestamp;
use crate::domain::invitations;
use crate::error::Error;
use crate::store::engine::{Read, Result};
use crate::store::meta::{self, Registration};

/// By what right somebody gets an account.
#[derive(Clone, Copy, Debug)]
pub enum Admission<'a> {
    /// Because everybody can.
    Anybody,
    /// By an invitation, with its code.
    Invited(&'a str),
    /// Because the owner, the configuration or the setup says so.
    Owner,
}

/// Who can get an account here now.
pub fn mode(app: &App, from: &dyn Read) -> Result<Registration> {
    if app.config.disable_registration {
        return Ok(Registration::Closed);
    }
    let decided = meta::registration(from)?;
    Ok(decided.unwrap_or(match app.config.hostname {
        Some(_) => Registration::Open,
        None => Registration::Invite,
    }))
}

/// Decides who can get an account here. 409 where the configuration has decided.
pub fn set(app: &App, registration: Registration) -> std::result::Result<(), Error> {
    if app.config.disable_registration && registration != Registration::Closed {
        return Err(Error::Conflict(
            "Registration is closed by the option `disableRegistration`. Take it out of the configuration, restart the \
             server, and try again."
                .to_owned(),
        ));
    }
    Ok(app.store.write(|tx| {
        meta::put_registration(tx, registration);
        Ok(())
    })?)
}

/// Refuses (403, 404) whoever cannot get an account, with a sentence that says why.
pub fn admit(app: &App, from: &dyn Read, admission: Admission<'_>, now: Timestamp) -> Result<()> {
    let mode = match admission {
        Admission::Owner => return Ok(()),
        _ => mode(app, from)?,
    };
    match (admission, mode) {
        (Admission::Owner, _) | (Admission::Anybody, Registration::Open) => Ok(()),
        (_, Registration::Closed) => Err(Error::forbidden(
            "No registration allowed: this server takes no new accounts. Ask its owner for an account.",
        )
        .into()),
        (Admission::Invited(code), _) => invitations::working(app, from, code, now).map(drop),
        (Admission::Anybody, Registration::Invite) => Err(Error::forbidden(
            "No registration allowed without an invitation. Ask the owner of this server for an invitation link; a program \
             sends the link's code as \u{201c}invitation\u{201d}.",
        )
        .into()),
    }
}
