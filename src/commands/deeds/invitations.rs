//! `pumphouse invite …`: links by which people get an account.

use super::{Desk, Outcome};
use crate::cli::{Failure, NewInvitation};
use crate::clock::Timestamp;
use crate::domain::invitations::{self, Wanted};
use crate::store::invitations::State;
use crate::web::qr;

/// `invite new`: prints the link, and draws it if that is wanted.
pub(super) fn make(desk: &Desk<'_>, asked: &NewInvitation) -> Result<Outcome, Failure> {
    let wanted = Wanted::new(asked.uses, asked.days, &asked.note)?.to_family(asked.is_family);
    let code = invitations::make(desk.app, desk.owner()?, &wanted, desk.now)?;
    let made = invitations::one(desk.app, &code, desk.now)?;
    let drawn = asked.shows_code.then(|| qr::blocks(&made.link));
    let drawn = drawn.map(|lines| {
        lines.unwrap_or_else(|| vec!["This link is too long to be drawn.".to_owned()])
    });
    let lines = std::iter::once(made.link).chain(drawn.into_iter().flatten());
    Ok(Outcome::Done(lines.collect()))
}

/// `invite revoke CODE`
pub(super) fn revoke(desk: &Desk<'_>, typed: &str) -> Result<Outcome, Failure> {
    let code = invitations::code_of(typed);
    invitations::revoke(desk.app, code, desk.now)?;
    Ok(Outcome::said(
        "The invitation is taken back. Whoever came by it stays.",
    ))
}

/// `invite list`: link, state, end (UTC), uses, whether it is one to the family, who came, note; newest first.
pub(super) fn list(desk: &Desk<'_>) -> Result<Outcome, Failure> {
    let all = invitations::list(desk.app, desk.now)?;
    let lines = all.iter().map(|shown| {
        let kept = &shown.invitation;
        let state = match shown.state {
            State::Open => "open",
            State::UsedUp => "used",
            State::Ended => "ended",
            State::Revoked => "taken back",
        };
        let until = kept.ends.map_or("for ever".to_owned(), Timestamp::day);
        let mut line = format!(
            "{}  {state:<10}  until {until}  {} of {}",
            shown.link,
            kept.came.len(),
            kept.uses_max
        );
        if kept.is_family {
            line.push_str("  family");
        }
        for (word, text) in [("came", shown.came.join(", ")), ("note", kept.note.clone())] {
            if !text.is_empty() {
                line.push_str(&format!("  {word}: {text}"));
            }
        }
        line
    });
    Ok(Outcome::Done(lines.collect()))
}
