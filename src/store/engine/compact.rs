//! Rebuilding a store into a fresh one beside it, then putting that in its place: to give back the disk space that sled
//! never gives back, or to load a backup. Offline: the store must not be open. A crash at any point leaves the old store or
//! the new one, and the next opening clears the rest away ([`super::open`]).

use super::export::{self, Imported};
use super::open::{Places, remove, size};
use super::sled::Sled;
use super::{Engine, Error, Result};
use std::io::Read;
use std::path::Path;

/// Rewrites the store in `dir`. Gives its bytes on disk before and after. Needs as much free space as the new store takes.
pub fn compact(dir: &Path) -> Result<(u64, u64)> {
    let places = Places::of(dir)?;
    let _lock = places.lock()?;
    places.settle()?;
    if !places.live.exists() {
        return Err(Error::Io(format!(
            "there is no store in {}",
            places.dir.display()
        )));
    }
    let old = Sled::open_files(&places.live)?;
    let before = old.size_on_disk();
    build(&places, |new| export::copy(&old, new))?;
    old.close()?;
    drop(old);
    places.swap()?;
    Ok((before, size(&places.live)))
}

/// Replaces the store in `dir`, if there is one, by the content of an export. The store is left as it was unless the
/// whole export was read and its checksum is right.
pub fn restore(from: &mut dyn Read, dir: &Path) -> Result<Imported> {
    let places = Places::of(dir)?;
    let _lock = places.lock()?;
    places.settle()?;
    let mut imported = None;
    build(&places, |new| {
        imported = Some(export::import(from, new)?);
        Ok(())
    })?;
    places.swap()?;
    imported.ok_or_else(|| Error::Io("nothing was imported".to_owned()))
}

/// Fills a new store beside the live one; leaves nothing of it behind when that fails.
fn build(places: &Places, fill: impl FnOnce(&Sled) -> Result<()>) -> Result<()> {
    let outcome = Sled::open_files(&places.new).and_then(|new| {
        fill(&new)?;
        new.close()
    });
    if outcome.is_err() && places.new.exists() {
        remove(&places.new)?;
    }
    outcome
}
