//! What proofs need beyond the store, in memory: nonces, throttles, what other hosts do, places for password hashes.

use super::Remote;
use super::hosts::{Hosts, Place};
use super::oauth1::nonces::Nonces;
use super::passwords::Places;
use super::throttle::Throttle;
use crate::clock::Timestamp;
use crate::error::Error;
use crate::http::Request;
use crate::ids::ThingId;
use crate::store::Store;

/// What proofs need beyond the store: nonces, throttles, places for password hashes.
#[derive(Default)]
pub struct Guard {
    pub(in crate::auth) nonces: Nonces,
    pub(in crate::auth) throttle: Throttle,
    pub(in crate::auth) places: Places,
    hosts: Hosts,
}

impl Guard {
    /// The guard of a run: it goes on where the last run on this store ended.
    pub fn open(store: &Store, now: Timestamp) -> Result<Guard, Error> {
        Ok(Guard {
            nonces: Nonces::open(store, now)?,
            ..Guard::default()
        })
    }

    /// Lets a letter to `mailbox` (an address, or the nickname of whose address it is) go, for which this request asks; too
    /// many are 429.
    pub fn admit_letter(&self, request: &Request, mailbox: &str) -> Result<(), Error> {
        self.throttle
            .admit_letter(mailbox, request.peer, request.now)
    }

    /// Lets somebody who comes with this request ask for an account; too many of one address are 429.
    pub fn admit_account(&self, request: &Request) -> Result<(), Error> {
        self.throttle.admit_account(request.peer, request.now)
    }

    /// Lets another host be asked for `visitor`, who is logged in, or for a stranger who comes with this request; too often is 429.
    pub fn admit_elsewhere(
        &self,
        request: &Request,
        visitor: Option<ThingId>,
    ) -> Result<(), Error> {
        self.throttle
            .admit_elsewhere(visitor, request.peer, request.now)
    }

    /// Lets the server at `authority` push an activity; more at once than one host may is 429, and so is more in a short time.
    pub fn admit_push(&self, request: &Request, authority: &str) -> Result<Place<'_>, Error> {
        self.hosts.admit_push(authority, request.now)
    }

    /// Lets somebody register who claims to be, or to live at, the server at `authority`; more than one host may is 429.
    pub fn admit_claim(&self, request: &Request, authority: &str) -> Result<Place<'_>, Error> {
        self.hosts.admit_claim(authority, request.peer, request.now)
    }

    /// Lets somebody of another server get one more picture of other servers; too many are 429.
    pub fn admit_picture(&self, request: &Request, visitor: &Remote) -> Result<(), Error> {
        self.throttle.admit_picture(visitor.person(), request.now)
    }

    /// Looks up a secret that came with a request and that nobody can guess; too many wrong ones are 429.
    pub fn try_secret<T>(
        &self,
        request: &Request,
        look: impl FnOnce() -> Result<T, Error>,
    ) -> Result<T, Error> {
        let this = self.throttle.admit_address(request.peer, request.now)?;
        let found = look()?;
        self.throttle.was_right(&this);
        Ok(found)
    }

    /// Leaves to the next run what it must know, so that a request of this run does not count again. After the last
    /// request, before the store closes.
    pub fn close(&self, store: &Store) -> Result<(), Error> {
        Ok(self.nonces.close(store)?)
    }
}
