//! Tokens that people make for their own scripts: which names and times they can have. They are bearer tokens
//! (`store/bearer/`) that no application holds.

use crate::app::App;
use crate::clock::Timestamp;
use crate::error::Error;
use crate::ids::UserId;
use crate::scope::Scope;
use crate::store::bearer;

/// Longest name of a token, in characters.
pub const NAME_CHARS_MAX: usize = 60;

/// Longest life that can be given to a token, in days; without one it does not end.
const DAYS_MAX: u32 = 3650;

/// Makes a token and answers it: nobody can read it again. 400 for a name or a time that cannot be, 409 for a name that
/// another token of the user has, and for one token too many.
pub fn make(
    app: &App,
    user: UserId,
    name: &str,
    scope: Scope,
    days: Option<u32>,
    now: Timestamp,
) -> Result<String, Error> {
    let name = name.trim();
    if name.is_empty()
        || name.chars().count() > NAME_CHARS_MAX
        || name.chars().any(char::is_control)
    {
        return Err(Error::Invalid(format!(
            "Give the token a name of at most {NAME_CHARS_MAX} characters, so that you know it again."
        )));
    }
    if days.is_some_and(|days| !(1..=DAYS_MAX).contains(&days)) {
        return Err(Error::Invalid(format!(
            "A token lives for 1 to {DAYS_MAX} days, or until you take it back."
        )));
    }
    let expires = days.map(|days| Timestamp(now.0 + i64::from(days) * 24 * 3600));
    let (_, token) = app
        .store
        .write(|tx| bearer::add_personal(tx, user, name, scope, expires, now))?;
    Ok(token)
}
