//! `pumphouse appliance shell`: makes true what the owner wished on the page Secure shell.

use crate::appliance::shell::Keys;
use crate::cli::{Failure, Places};

/// Takes the keys over that the server left.
pub(super) fn perform(places: &Places) -> Result<(), Failure> {
    let directory = places.state.join("ssh");
    Keys::fulfil(&places.data, &directory)
        .map_err(|error| Failure::new(format!("{}: {error}.", directory.display())))
}
