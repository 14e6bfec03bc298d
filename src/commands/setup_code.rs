//! `pumphouse setup-code`: the code that the setup page asks for; also beside a running server, and before its first start.

use super::datadir::hand_over;
use super::say;
use crate::cli::Failure;
use crate::config::Config;
use crate::domain::setup;

pub(super) fn perform(config: &Config) -> Result<(), Failure> {
    if config.hostname.is_some() {
        return Err(Failure::new(
            "There is no setup: the option `hostname` is given, so the configuration administers this server.",
        ));
    }
    config.prepare_datadir().map_err(Failure::new)?;
    let code = setup::code_in(&config.datadir).map_err(|error| {
        Failure::new(format!(
            "Cannot keep the setup code in {}: {error}.",
            config.datadir.display()
        ))
    })?;
    hand_over(&config.datadir);
    match code {
        Some(code) => say(code),
        None => Err(Failure::new(
            "There is no setup code: this server is set up.",
        )),
    }
}
