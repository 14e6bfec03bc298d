//! `pumphouse user token NICKNAME`: a token for a script, printed once. It is taken back on the page of applications.

use super::open::Opened;
use super::say;
use crate::cli::{Failure, NewToken};
use crate::clock;
use crate::config::Config;
use crate::domain::personal_tokens;

pub(super) fn perform(config: &Config, wanted: &NewToken) -> Result<(), Failure> {
    let instead = "While it runs, its users make tokens at /main/tokens.";
    let opened = Opened::open(config, instead)?;
    let (id, _) = opened.user(&wanted.nickname)?;
    let token = personal_tokens::make(
        &opened.app,
        id,
        &wanted.name,
        wanted.scope,
        wanted.days,
        clock::now(),
    )?;
    opened.close()?;
    say(token)
}
