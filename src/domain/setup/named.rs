//! The owner whom the boot partition of a ready-made box names: the account is made before anything is answered, so that there is
//! no moment at which a stranger could be quicker (`appliance.md §0`, G5).

use super::{Choice, claim, is_open};
use crate::app::App;
use crate::appliance::owner::NamedOwner;
use crate::clock::Timestamp;
use crate::error::Error;
use crate::ids::Base;
use crate::store::users::User;

/// Makes the account of whom the data directory names, if nobody owns the server; the file goes in any case. `port` is the one at which
/// the server listens.
pub fn claim_named(app: &App, port: u16, now: Timestamp) -> Result<(), Error> {
    let datadir = &app.config.datadir;
    let named = match NamedOwner::kept(datadir) {
        Ok(None) => return Ok(()),
        Ok(Some(named)) => Some(named),
        Err(error) => {
            log::warn!("the owner who was named on the boot partition cannot be read: {error}");
            None
        }
    };
    if let Some(named) = named {
        match is_open(app)? {
            true => {
                let nickname = named.nickname.clone();
                // Without it the server is set up with its code, which is better than no server.
                match claim(app, &choice(app, named, port, now), now) {
                    Ok(_) => log::info!("{nickname} owns this server, as the boot partition says"),
                    Err(error) => log::error!("{nickname} cannot become the owner: {error}"),
                }
            }
            false => {
                log::info!("the boot partition names an owner, but this server has one");
            }
        }
    }
    NamedOwner::forget(datadir)
        .map(drop)
        .map_err(Error::internal)
}

fn choice(app: &App, named: NamedOwner, port: u16, now: Timestamp) -> Choice {
    let config = &app.config;
    let known = app.known_base().cloned();
    let base = known.unwrap_or_else(|| {
        let host = format!("{}.local", named.hostname);
        let port = config.url_port.unwrap_or(port);
        Base::new(&host, port, &config.url_path).spoken_securely(config.tls.is_some())
    });
    Choice {
        language: named.language(),
        site: named.site,
        base,
        registration: None,
        owner: User {
            owner: true,
            ..User::new(named.nickname, &named.password, now)
        },
    }
}
