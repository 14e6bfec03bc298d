//! `pumphouse user add NICKNAME`: an account by the rules of the registration (`pump-api.md §4.1`, `§5.2`).

use super::open::Opened;
use super::say;
use crate::auth::{Guard, passwords};
use crate::cli::{Failure, read_password};
use crate::clock;
use crate::config::Config;
use crate::domain::people;
use crate::ids::Nickname;
use crate::store::users::{self, User};

pub(super) fn perform(config: &Config, nickname: &Nickname) -> Result<(), Failure> {
    let instead = "While it runs, people register on its own pages.";
    let opened = Opened::open(config, instead)?;
    opened.settle_base()?;
    let app = &opened.app;
    // Before anybody types a password in vain.
    if users::is_taken(&app.store, nickname)? {
        return Err(users::taken(nickname).into());
    }
    let password = read_password().map_err(Failure::new)?;
    let hash = passwords::hash(&Guard::default(), password.reveal())?;
    let now = clock::now();
    let user = User::new(nickname.clone(), hash.as_str(), now);
    people::register(app, &user, None, now)?;
    let id = app.base().person_id(nickname);
    opened.close()?;
    say(format_args!("{nickname} has an account now: {id}"))
}
