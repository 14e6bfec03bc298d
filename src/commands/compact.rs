//! `pumphouse compact`: the store is rewritten into a fresh one, which takes less disk, and swapped in
//! (`store/engine/compact.rs`). A crash leaves the old store or the new one.

use super::{datadir, open, say, size};
use crate::cli::Failure;
use crate::config::Config;
use crate::store::engine::{self, compact};
use std::time::Instant;

pub(super) fn perform(config: &Config) -> Result<(), Failure> {
    let dir = config.datadir.join("store");
    if !open::has_store(config) {
        return Err(Failure::new(format!(
            "There is no store in {} yet.",
            config.datadir.display()
        )));
    }
    let _lock = open::lock(config, "")?;
    open::settle(config)?;
    let start = Instant::now();
    let compacted = compact::compact(&dir);
    datadir::hand_over(&config.datadir);
    let (before, after) = compacted.map_err(|error| match error {
        engine::Error::Full => Failure::new(
            "There is too little room on the disk for a second, smaller copy of the store. Nothing was changed.",
        ),
        other => other.into(),
    })?;
    let young = if after < before {
        ""
    } else {
        " It had nothing to give back yet."
    };
    say(format_args!(
        "The store took {} and takes {} now ({}).{young}",
        size::bytes(before),
        size::bytes(after),
        size::seconds(start.elapsed())
    ))
}
