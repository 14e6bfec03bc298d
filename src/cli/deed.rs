//! The commands that change or show what the store keeps: users, invitations, who can register. They are plain data, so that
//! a command can hand itself over to the server that runs on the data directory (`commands/control.rs`).

use crate::ids::Nickname;
use crate::mailbox::MailAddress;
use crate::scope::Scope;
use crate::store::meta::Registration;
use crate::store::reports::Resolution;
use serde::{Deserialize, Serialize};

/// Something to do in the store.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Deed {
    /// Make an account; wants a password.
    UserAdd(Nickname),
    /// Give an account another password; wants a password.
    UserPassword(Nickname),
    /// Remove an account.
    UserRemove(Nickname),
    /// Make a link with which the user of an account sets a new password.
    UserResetLink(Nickname),
    /// Give an account a mail address, as confirmed.
    UserEmail(Nickname, MailAddress),
    /// Make the user of an account the owner of the server.
    UserOwner(Nickname),
    /// Suspend an account, or let its user in again.
    UserSuspend(Nickname, bool),
    /// Decide how much room an account has, or show it.
    UserQuota(Nickname, Quota),
    /// Show an account.
    UserShow(Nickname),
    /// Make a token for a script.
    UserToken(NewToken),
    /// List the accounts.
    UserList,
    /// Make an invitation.
    InviteNew(NewInvitation),
    /// Take an invitation back, by its code.
    InviteRevoke(String),
    /// List the invitations.
    InviteList,
    /// List the reports that wait.
    ReportList,
    /// Do something about a report, by its number.
    ReportResolve(u64, Resolution),
    /// Block a host or a person elsewhere, for a reason that may be empty.
    BlockAdd(String, String),
    /// Take a block away.
    BlockRemove(String),
    /// List the blocks.
    BlockList,
    /// List what waits for other hosts.
    DeliveryList,
    /// Try a host now.
    DeliveryRetry(String),
    /// Drop what waits for a host.
    DeliveryDrop(String),
    /// List the certificates of servers on the local network.
    PinList,
    /// Let the next certificate of a host count.
    PinForget(String),
    /// Decide who can register, or show it.
    Registration(Option<Registration>),
}

/// What becomes of the bound on the bytes of somebody's uploads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Quota {
    /// It stays as it is.
    Keep,
    /// It is that of everybody.
    Default,
    /// A number of bytes of its own.
    Bytes(u64),
}

/// A token for a script, as somebody wants it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NewToken {
    /// For whom it speaks.
    pub nickname: Nickname,
    /// What its user calls it.
    pub name: String,
    /// What it allows.
    pub scope: Scope,
    /// How long it lives, in days; without it, until it is taken back.
    pub days: Option<u32>,
}

/// An invitation, as somebody wants it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NewInvitation {
    /// For how many people.
    pub uses: Option<u32>,
    /// For how many days.
    pub days: Option<u32>,
    /// What stands beside it.
    pub note: String,
    /// Whether who comes by it shall belong to the family.
    pub is_family: bool,
    /// Whether its link is drawn, too, for a camera.
    pub shows_code: bool,
}
