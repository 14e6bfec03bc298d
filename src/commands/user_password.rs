//! `pumphouse user password NICKNAME`: for who has forgotten it. All sessions of the user end; applications stay authorised.

use super::open::Opened;
use super::say;
use crate::auth::{Guard, passwords};
use crate::cli::{Failure, read_password};
use crate::clock;
use crate::config::Config;
use crate::ids::Nickname;
use crate::store::users;

pub(super) fn perform(config: &Config, nickname: &Nickname) -> Result<(), Failure> {
    let instead = "While it runs, its users change their passwords in their settings.";
    let opened = Opened::open(config, instead)?;
    let (id, _) = opened.user(nickname)?;
    let password = read_password().map_err(Failure::new)?;
    let hash = passwords::hash(&Guard::default(), password.reveal())?;
    let store = &opened.app.store;
    store.write(|tx| users::set_password(tx, id, hash.as_str(), clock::now()))?;
    opened.close()?;
    say(format_args!(
        "{nickname} has a new password, and is logged out of every browser."
    ))
}
