//! `pumphouse registration [open|invite|closed]`: who can register.

use super::{Desk, Outcome};
use crate::cli::Failure;
use crate::domain::registration;
use crate::store::meta::Registration;

/// Decides it if something is wanted, and says how it is.
pub(super) fn show(desk: &Desk<'_>, wanted: Option<Registration>) -> Result<Outcome, Failure> {
    let app = desk.app;
    if let Some(wanted) = wanted {
        registration::set(app, wanted)?;
    }
    let mode = registration::mode(app, &app.store)?;
    let words = match mode {
        Registration::Open => "everybody can register",
        Registration::Invite => "whoever has an invitation can register",
        Registration::Closed => "nobody can register",
    };
    Ok(Outcome::said(format_args!("{}: {words}.", mode.name())))
}
