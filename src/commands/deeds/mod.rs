//! What the commands of `cli/deed.rs` do: on the data of a stopped server, or inside the server that runs, which a command
//! hands itself over to (`commands/control.rs`).

mod blocks;
mod deliveries;
mod invitations;
mod pins;
mod registration;
mod reports;
mod users;

use super::open::{Opened, user_of};
use super::{control, say};
use crate::app::App;
use crate::auth::Guard;
use crate::cli::{Deed, Failure, read_password};
use crate::clock::{self, Timestamp};
use crate::config::{Config, Secret};
use crate::ids::{Nickname, UserId};
use crate::store::users as accounts;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What a deed works on.
pub(super) struct Desk<'a> {
    pub(super) app: &'a App,
    pub(super) guard: &'a Guard,
    pub(super) now: Timestamp,
    /// What somebody typed, if the deed has asked for it.
    pub(super) password: Option<&'a str>,
}

/// How far a deed came.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Outcome {
    /// It is done: the lines to print.
    Done(Vec<String>),
    /// It wants a new password, and has changed nothing yet.
    WantsPassword,
}

impl Outcome {
    /// Done, with one line to print.
    fn said(line: impl fmt::Display) -> Outcome {
        Outcome::Done(vec![line.to_string()])
    }
}

/// Does a deed and prints what it says: in the server that runs on the data directory, or on the data itself. Asks for a
/// password once it is known that the deed can be done.
pub(super) fn perform(config: &Config, deed: &Deed) -> Result<(), Failure> {
    let mut way = Way::choose(config, deed)?;
    let outcome = match way.go(deed, None)? {
        Outcome::WantsPassword => {
            let password = read_password().map_err(Failure::new)?;
            way.go(deed, Some(&password))?
        }
        done @ Outcome::Done(_) => done,
    };
    way.close()?;
    match outcome {
        Outcome::Done(lines) => lines.iter().try_for_each(say),
        Outcome::WantsPassword => Err(Failure::new("The password was lost on its way.")),
    }
}

/// Where a deed is done.
enum Way<'a> {
    /// In the server that runs.
    Server(&'a Config),
    /// Here.
    Here(Box<Opened>),
    /// Nowhere: there is nothing to show yet.
    Nowhere,
}

impl Way<'_> {
    fn choose<'a>(config: &'a Config, deed: &Deed) -> Result<Way<'a>, Failure> {
        if control::is_answered(&config.datadir) {
            return Ok(Way::Server(config));
        }
        // Who asks what there is must not make a store.
        if matches!(
            deed,
            Deed::UserList
                | Deed::InviteList
                | Deed::ReportList
                | Deed::BlockList
                | Deed::DeliveryList
                | Deed::PinList
        ) && !config.datadir.join("store").exists()
        {
            return Ok(Way::Nowhere);
        }
        let opened = Opened::open(config, "")?;
        match opened.settle_base() {
            Err(failure) if needs_base(deed) => return Err(failure),
            Err(_) | Ok(()) => {}
        }
        Ok(Way::Here(Box::new(opened)))
    }

    fn go(&mut self, deed: &Deed, password: Option<&Secret>) -> Result<Outcome, Failure> {
        let password = password.map(Secret::reveal);
        match self {
            Way::Server(config) => control::hand_over(&config.datadir, deed, password),
            Way::Here(opened) => run(&opened.app, &Guard::default(), deed, password),
            Way::Nowhere => Ok(Outcome::Done(Vec::new())),
        }
    }

    fn close(self) -> Result<(), Failure> {
        match self {
            Way::Here(opened) => opened.close(),
            Way::Server(_) | Way::Nowhere => Ok(()),
        }
    }
}

/// Does a deed.
pub(super) fn run(
    app: &App,
    guard: &Guard,
    deed: &Deed,
    password: Option<&str>,
) -> Result<Outcome, Failure> {
    if needs_base(deed) && app.known_base().is_none() {
        return Err(Failure::new(
            "Set the server up first: open its address in a browser.",
        ));
    }
    let desk = Desk {
        app,
        guard,
        now: clock::now(),
        password,
    };
    match deed {
        Deed::UserAdd(nickname) => users::add(&desk, nickname),
        Deed::UserPassword(nickname) => users::set_password(&desk, nickname),
        Deed::UserRemove(nickname) => users::remove(&desk, nickname),
        Deed::UserResetLink(nickname) => users::make_reset_link(&desk, nickname),
        Deed::UserEmail(nickname, address) => users::set_email(&desk, nickname, address),
        Deed::UserOwner(nickname) => users::hand_over(&desk, nickname),
        Deed::UserShow(nickname) => users::show(&desk, nickname),
        Deed::UserSuspend(nickname, is_suspended) => users::suspend(&desk, nickname, *is_suspended),
        Deed::UserQuota(nickname, quota) => users::quota(&desk, nickname, *quota),
        Deed::UserToken(wanted) => users::make_token(&desk, wanted),
        Deed::UserList => users::list(&desk),
        Deed::InviteNew(wanted) => invitations::make(&desk, wanted),
        Deed::InviteRevoke(typed) => invitations::revoke(&desk, typed),
        Deed::InviteList => invitations::list(&desk),
        Deed::ReportList => reports::list(&desk),
        Deed::ReportResolve(number, how) => reports::resolve(&desk, *number, *how),
        Deed::BlockAdd(whom, reason) => blocks::add(&desk, whom, reason),
        Deed::BlockRemove(whom) => blocks::remove(&desk, whom),
        Deed::BlockList => blocks::list(&desk),
        Deed::DeliveryList => deliveries::list(&desk),
        Deed::DeliveryRetry(host) => deliveries::retry(&desk, host),
        Deed::DeliveryDrop(host) => deliveries::drop_all(&desk, host),
        Deed::PinList => pins::list(&desk),
        Deed::PinForget(host) => pins::forget(&desk, host),
        Deed::Registration(wanted) => registration::show(&desk, *wanted),
    }
}

/// Whether a deed makes or shows addresses.
fn needs_base(deed: &Deed) -> bool {
    matches!(
        deed,
        Deed::UserAdd(_)
            | Deed::UserResetLink(_)
            | Deed::InviteNew(_)
            | Deed::InviteList
            | Deed::ReportList
            | Deed::BlockAdd(..)
    )
}

impl Desk<'_> {
    /// The user of a nickname.
    fn user(&self, nickname: &Nickname) -> Result<(UserId, accounts::User), Failure> {
        user_of(self.app, nickname)
    }

    /// The owner of the server.
    fn owner(&self) -> Result<UserId, Failure> {
        accounts::owner(&self.app.store)?.ok_or_else(|| {
            Failure::new(
                "This server has no owner yet. `pumphouse user owner NICKNAME` makes one of its users the owner.",
            )
        })
    }
}
