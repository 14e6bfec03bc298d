//! `pumphouse appliance …`: what the units of a ready-made box call, as root. Each can be repeated, and be cut off at any moment.

mod boot;
mod console;
mod first_boot;
mod shell;
pub mod standing;
mod status;
mod update;
mod wifi;

use crate::cli::{Appliance, Failure};

/// Does what a unit of the box wants.
pub fn perform(what: &Appliance) -> Result<(), Failure> {
    match what {
        Appliance::FirstBoot(places) => first_boot::perform(places),
        Appliance::Status(places) => status::perform(places),
        Appliance::Console(places, once) => console::perform(places, *once),
        Appliance::Wifi(places) => wifi::perform(places),
        Appliance::Shell(places) => shell::perform(places),
        Appliance::Update(update) => update::perform(update),
        Appliance::Settle(places) => update::settle(places),
        Appliance::Choose(versions) => update::choose(versions),
        Appliance::Start(versions, words) => update::start(versions, words),
    }
}
