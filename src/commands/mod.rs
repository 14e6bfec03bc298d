//! What can be done beside running the server: one file for each command. A command prints what it did on standard
//! output, one thing a line, and fails with a sentence and an exit code. All of them work on a stopped server's data
//! directory; only `doctor` and `setup-code` have something to say beside a running one.

pub mod datadir;

mod backup;
mod compact;
mod doctor;
mod export;
mod open;
mod restore;
mod setup_code;
mod size;
mod user_add;
mod user_list;
mod user_owner;
mod user_password;
mod user_remove;
mod user_token;

use crate::cli::{Command, Failure};
use crate::config::Loaded;
use std::fmt;
use std::io::{self, Write as _};

/// Does what a command says; `serve`, `help` and `version` are not among them.
pub fn perform(command: &Command, loaded: &Loaded) -> Result<(), Failure> {
    let config = &loaded.config;
    match command {
        Command::UserAdd(nickname) => user_add::perform(config, nickname),
        Command::UserPassword(nickname) => user_password::perform(config, nickname),
        Command::UserRemove(nickname) => user_remove::perform(config, nickname),
        Command::UserOwner(nickname) => user_owner::perform(config, nickname),
        Command::UserToken(wanted) => user_token::perform(config, wanted),
        Command::UserList => user_list::perform(config),
        Command::SetupCode => setup_code::perform(config),
        Command::Doctor => doctor::perform(loaded),
        Command::Compact => compact::perform(config),
        Command::Export(nickname, file) => export::perform(config, nickname, file),
        Command::Backup(file) => backup::perform(config, file),
        Command::Restore(file) => restore::perform(config, file),
        other => Err(Failure::new(format!("{other:?} is not done here."))),
    }
}

/// Prints a line.
fn say(line: impl fmt::Display) -> Result<(), Failure> {
    writeln!(io::stdout().lock(), "{line}")
        .map_err(|error| Failure::new(format!("Cannot write to standard output: {error}.")))
}
