//! Asks, before anything is posted, whether it is spam (`pump-api.md §6.12`), if somebody is there who can tell. How that one is
//! asked is decided above.

use crate::app::App;
use crate::domain::names;
use crate::error::Error;
use crate::ids::UserId;
use crate::store::things;
use crate::wire::draft::ActivityDraft;
use serde_json::{Value, json};

/// Somebody who can tell.
pub trait Judge: Send + Sync {
    /// Whether an activity is spam; no if that cannot be said.
    fn is_spam(&self, app: &App, activity: &Value) -> bool;
}

/// Refuses (400) what is spam.
pub fn check(app: &App, user: UserId, draft: &ActivityDraft) -> Result<(), Error> {
    let Some(judge) = app.judge() else {
        return Ok(());
    };
    let mut document = draft.document();
    if let Some(person) = things::object(&app.store, user.0)? {
        document["actor"] = json!({
            "objectType": "person",
            "id": names::object_id(app.base(), user.0, &person).to_string(),
            "preferredUsername": person.nickname(),
        });
    }
    match judge.is_spam(app, &document) {
        true => Err(Error::invalid("Looks like spam")),
        false => Ok(()),
    }
}
