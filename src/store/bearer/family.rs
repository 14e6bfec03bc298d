//! A family of bearer tokens as it is kept: who holds them, what was agreed to, and the fingerprints of those that count.

use super::text::{Fingerprint, fingerprint};
use crate::clock::Timestamp;
use crate::scope::Scope;
use crate::store::record::Record;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

/// How long an access token lives, in seconds.
pub const ACCESS_SECS: i64 = 3600;

/// How long a refresh token lives that nobody uses, in seconds: 90 days.
pub const REFRESH_SECS: i64 = 90 * 24 * 3600;

/// Most access tokens of one family that are alive; the oldest goes when one more is made.
const ACCESS_PER_FAMILY_MAX: usize = 16;

/// Who holds the tokens of a family.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Holder {
    /// A client, by its id.
    Client(String),
    /// The user, who gave the token this name.
    Personal(String),
}

/// The tokens that came of one consent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Family {
    /// Who holds them.
    pub holder: Holder,
    /// What the user agreed to.
    pub scope: Scope,
    /// When the user agreed.
    pub created: Timestamp,
    /// When one of them was last used, within [`TOUCH_SECS`].
    pub last_used: Option<Timestamp>,
    pub(super) access: Vec<Access>,
    pub(super) refresh: Option<Refresh>,
}

/// An access token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Access {
    pub(super) fingerprint: Fingerprint,
    /// What it allows: at most what the family does.
    pub(super) scope: Scope,
    /// When it ends; never where a user wanted that.
    pub(super) expires: Option<Timestamp>,
}

/// The refresh token that counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Refresh {
    pub(super) fingerprint: Fingerprint,
    pub(super) expires: Timestamp,
}

impl Record for Family {
    const NAME: &'static str = "family of bearer tokens";
    const VERSION: u8 = 1;
}

impl Family {
    pub(super) fn new(holder: Holder, scope: Scope, now: Timestamp) -> Family {
        Family {
            holder,
            scope,
            created: now,
            last_used: None,
            access: Vec::new(),
            refresh: None,
        }
    }

    /// The client that holds it.
    pub fn client(&self) -> Option<&str> {
        match &self.holder {
            Holder::Client(client) => Some(client),
            Holder::Personal(_) => None,
        }
    }

    /// When the last of its tokens ends; nothing if one never does.
    pub fn ends(&self) -> Option<Timestamp> {
        let refresh = self.refresh.iter().map(|token| Some(token.expires));
        let mut all = self.access.iter().map(|token| token.expires).chain(refresh);
        all.try_fold(self.created, |last, end| Some(last.max(end?)))
    }

    pub(super) fn is_over(&self, now: Timestamp) -> bool {
        self.ends().is_some_and(|end| end <= now)
    }

    /// What a genuine access token that is alive allows.
    pub(super) fn allowed(&self, token: &Fingerprint, now: Timestamp) -> Option<Scope> {
        let same = |access: &&Access| bool::from(access.fingerprint.ct_eq(token));
        let found = self.access.iter().find(same)?;
        found
            .expires
            .is_none_or(|end| end > now)
            .then_some(found.scope)
    }

    pub(super) fn add_access(&mut self, token: &str, scope: Scope, now: Timestamp) {
        self.access
            .retain(|known| known.expires.is_none_or(|end| end > now));
        if self.access.len() >= ACCESS_PER_FAMILY_MAX {
            self.access.remove(0);
        }
        self.access.push(Access {
            fingerprint: fingerprint(token),
            scope,
            expires: Some(Timestamp(now.0 + ACCESS_SECS)),
        });
    }

    pub(super) fn set_refresh(&mut self, token: &str, now: Timestamp) {
        self.refresh = Some(Refresh {
            fingerprint: fingerprint(token),
            expires: Timestamp(now.0 + REFRESH_SECS),
        });
    }
}
