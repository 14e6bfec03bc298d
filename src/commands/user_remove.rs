//! `pumphouse user remove NICKNAME`: the account goes at once, what it posted as soon as the server runs again; the
//! nickname stays reserved (`pump-api.md §4.2`).

use super::open::Opened;
use super::say;
use crate::cli::Failure;
use crate::clock;
use crate::config::Config;
use crate::domain::people;
use crate::ids::Nickname;

pub(super) fn perform(config: &Config, nickname: &Nickname) -> Result<(), Failure> {
    let opened = Opened::open(config, "")?;
    let (id, _) = opened.user(nickname)?;
    people::remove(&opened.app, id, clock::now())?;
    opened.close()?;
    say(format_args!(
        "{nickname} is removed. What {nickname} posted goes when the server runs again; nobody else can have the nickname."
    ))
}
