//! `pumphouse user owner NICKNAME`: hands the server over to another of its users.

use super::open::Opened;
use super::say;
use crate::cli::Failure;
use crate::clock;
use crate::config::Config;
use crate::ids::Nickname;
use crate::store::users;

pub(super) fn perform(config: &Config, nickname: &Nickname) -> Result<(), Failure> {
    let opened = Opened::open(config, "")?;
    let (id, _) = opened.user(nickname)?;
    let store = &opened.app.store;
    store.write(|tx| users::hand_over(tx, id, clock::now()))?;
    opened.close()?;
    say(format_args!("{nickname} is the owner of this server now."))
}
