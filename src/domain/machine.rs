//! How the machine is doing, for its owner: what takes room on its disk, memory, and since when the server runs.

use crate::app::App;
use crate::clock::Timestamp;
use crate::error::Error;
use crate::ids::UserId;
use crate::store::bearer;
use crate::store::engine::{Read, Result};
use crate::store::{sessions, tokens, usage, users};
use std::fs;

/// Accounts that are read at once.
const PAGE_USERS: usize = 200;

/// Most applications of OAuth 1 that are looked at for when somebody was here.
const CLIENTS_MAX: usize = 20;

/// Below this part of the disk its owner is warned: a tenth.
const LOW_PART: u64 = 10;

/// Below this the owner is warned, whatever the size of the disk, in bytes.
const LOW_BYTES: u64 = 1 << 30;

/// What takes room, in bytes.
#[derive(Clone, Copy, Debug)]
pub struct Disk {
    /// All of it.
    pub total: u64,
    /// What is left for this server.
    pub free: u64,
    /// The store.
    pub store: u64,
    /// What people uploaded, as they sent it.
    pub uploads: u64,
    /// Copies of files of other servers.
    pub cache: u64,
}

impl Disk {
    /// Whether it is nearly full.
    pub fn is_low(&self) -> bool {
        self.free < (self.total / LOW_PART).min(LOW_BYTES)
    }
}

/// What takes room now.
pub fn disk(app: &App) -> std::result::Result<Disk, Error> {
    let (free, total) = app.blobs.disk()?;
    Ok(Disk {
        total,
        free,
        store: app.store.engine().size_on_disk(),
        uploads: uploads(&app.store)?,
        cache: app.blobs.cache().taken_bytes(),
    })
}

fn uploads(from: &dyn Read) -> Result<u64> {
    let mut sum = 0u64;
    let mut after = None;
    loop {
        let page = users::list(from, after, PAGE_USERS)?;
        for (id, _) in &page {
            sum = sum.saturating_add(usage::used_bytes(from, *id)?);
        }
        match page.last() {
            Some((id, _)) if page.len() == PAGE_USERS => after = Some(*id),
            _ => return Ok(sum),
        }
    }
}

/// What this process takes of the memory, in bytes, if the system says so.
pub fn memory_bytes() -> Option<u64> {
    let text = fs::read_to_string("/proc/self/status").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}

/// When somebody was here last, by a browser or an application; nothing for who never was or is gone for long.
pub fn last_seen(from: &dyn Read, user: UserId, now: Timestamp) -> Result<Option<Timestamp>> {
    let browsers = sessions::list(from, user, now)?.into_iter();
    let mut seen: Vec<Timestamp> = browsers.map(|(_, session)| session.last_seen).collect();
    let families = bearer::families_of(from, user, now)?.into_iter();
    seen.extend(families.filter_map(|(_, family)| family.last_used));
    for (_, grant) in tokens::grants_of(from, user, CLIENTS_MAX)? {
        for token in &grant.tokens {
            seen.extend(tokens::get(from, token)?.and_then(|token| token.last_used));
        }
    }
    Ok(seen.into_iter().max())
}
