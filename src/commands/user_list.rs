//! `pumphouse user list`: nickname, day of registration (UTC), role and number of posts, in order of registration.

use super::open::Opened;
use super::say;
use crate::cli::Failure;
use crate::config::Config;
use crate::store::keys::{Stream, StreamKind};
use crate::store::streams;
use crate::store::users;

/// Accounts that are read at once.
const PAGE_USERS: usize = 100;

pub(super) fn perform(config: &Config) -> Result<(), Failure> {
    // Who asks what there is must not make a store.
    if !config.datadir.join("store").exists() {
        return Ok(());
    }
    let opened = Opened::open(config, "While it runs, /api/users lists them.")?;
    let store = &opened.app.store;
    let mut after = None;
    loop {
        let page = users::list(store, after, PAGE_USERS)?;
        for (id, user) in &page {
            let posts = streams::total(store, Stream::of(id.0, StreamKind::OutboxMajor))?;
            let created = user.created.to_string();
            let (day, _) = created.split_once('T').unwrap_or((&created, ""));
            let role = if user.owner { "owner" } else { "user" };
            say(format_args!(
                "{:<24} {day}  {role:<5}  {posts} posts",
                user.nickname.as_str()
            ))?;
        }
        match page.last() {
            Some((last, _)) => after = Some(*last),
            None => return opened.close(),
        }
    }
}
