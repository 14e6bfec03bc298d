//! What a user record says of mail (`pump-api.md §3.4`, `§4.2`, `§5.5`): `email`, which runs through confirmation, and
//! `settings.mailNotices`, which is there where the site sends mail.

use crate::app::App;
use crate::domain::people::{AddressWish, MailChange};
use crate::error::Error;
use crate::http::Request;
use crate::mailbox::MailAddress;
use crate::store::users::{MailNotices, User};
use crate::wire::draft::{self, Members};
use serde_json::{Value, json};
use std::borrow::Cow;

/// The member of `settings` that says which activities a user hears of by mail.
const NOTICES: &str = "mailNotices";

/// Takes what concerns mail out of a user record that a client sends. Refuses (400) what is none of the values, and an
/// address where the site sends no mail.
pub(super) fn read(
    request: &Request,
    account: &User,
    members: &mut Members,
) -> Result<MailChange, Error> {
    let notices = match members.get_mut("settings").and_then(Value::as_object_mut) {
        Some(settings) => settings.remove(NOTICES),
        None => None,
    };
    let notices = match notices {
        None | Some(Value::Null) => None,
        Some(value) => Some(value.as_str().and_then(MailNotices::parse).ok_or_else(|| {
            Error::invalid("\u{201c}settings.mailNotices\u{201d} is \u{201c}off\u{201d}, \u{201c}direct\u{201d} or \u{201c}all\u{201d}.")
        })?),
    };
    let address = match members.get("email") {
        None => AddressWish::Keep,
        Some(Value::Null) => AddressWish::Remove,
        Some(Value::String(text)) if text.trim().is_empty() => AddressWish::Remove,
        Some(Value::String(text)) if account.email.as_deref() == Some(text.trim()) => {
            AddressWish::Keep
        }
        Some(Value::String(text)) => {
            let address = MailAddress::parse(text).map_err(Error::Invalid)?;
            if request.app().mail().is_none() {
                let text = "This site sends no mail, so it cannot ask whether the address is yours. Leave \u{201c}email\u{201d} \
                            out.";
                return Err(Error::invalid(text));
            }
            request.guard.admit_letter(request, address.as_str())?;
            AddressWish::Change(address)
        }
        Some(_) => return Err(Error::invalid("The \u{201c}email\u{201d} must be a text.")),
    };
    Ok(MailChange { address, notices })
}

/// The members that a user stored, with the setting of notices among the `settings` where the site sends mail.
pub(super) fn with_notices<'a>(app: &App, user: &'a User) -> Cow<'a, str> {
    if app.mail().is_none() {
        return Cow::Borrowed(&user.extra);
    }
    let mut members = draft::members_of(&user.extra);
    let settings = members
        .entry("settings")
        .or_insert_with(|| Value::Object(Members::new()));
    if let Some(settings) = settings.as_object_mut() {
        settings.insert(NOTICES.to_owned(), json!(user.mail.name()));
    }
    Cow::Owned(draft::members_text(&members))
}
