//! What can be done beside running the server: one file for each command. A command prints what it did on standard
//! output, one thing a line, and fails with a sentence and an exit code. Beside a running server there are `backup`,
//! `doctor`, `mail-test`, `setup-code`, and the deeds that the server itself can do (`deeds`); the others work on a stopped server's
//! data directory.

pub mod appliance;
pub mod datadir;

mod backup;
mod compact;
pub mod control;
mod deeds;
mod doctor;
mod export;
mod import;
mod mail_test;
mod open;
mod restore;
mod setup_code;
mod size;

use crate::cli::{Command, Failure};
use crate::config::Loaded;
use std::fmt;
use std::io::{self, Write as _};

/// Does what a command says; `serve`, `help` and `version` are not among them.
pub fn perform(command: &Command, loaded: &Loaded) -> Result<(), Failure> {
    let config = &loaded.config;
    match command {
        Command::Deed(deed) => deeds::perform(config, deed),
        Command::SetupCode => setup_code::perform(config),
        Command::MailTest(address) => mail_test::perform(config, address),
        Command::Doctor => doctor::perform(loaded),
        Command::Compact => compact::perform(config),
        Command::Export(nickname, file) => export::perform(config, nickname, file),
        Command::Import(nickname, file) => import::perform(config, nickname, file),
        Command::Backup(place, encrypts) => backup::perform(config, place, *encrypts),
        Command::Restore(file) => restore::perform(config, file),
        other => Err(Failure::new(format!("{other:?} is not done here."))),
    }
}

/// Prints a line.
fn say(line: impl fmt::Display) -> Result<(), Failure> {
    writeln!(io::stdout().lock(), "{line}")
        .map_err(|error| Failure::new(format!("Cannot write to standard output: {error}.")))
}
