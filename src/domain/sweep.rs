//! Removes uploaded files that no record names: what a run that was cut off had written to disk and not yet told the store
//! of, or had forgotten in the store and not yet removed from the disk. What nobody has posted yet has a record and stays.

use crate::app::App;
use crate::error::Error;
use crate::ids::ThingId;
use crate::media::{BlobName, Blobs};
use crate::store::keys::{Stream, StreamKind};
use crate::store::streams::{self, Start};
use crate::store::things::{self, Thing};
use crate::store::{Store, engine, users};
use std::collections::HashSet;

/// Most files that one sweep removes. A run that was cut off leaves as many as it had uploads in flight; more than this
/// means that the files belong to another store than the one they are beside, and then they are all kept.
pub const FILES_MAX: usize = 64;

/// Records that are read at once.
const PAGE_RECORDS: usize = 128;

/// The files that are there. Taken before the first upload of a run, so that a sweep during it sees no new ones.
pub fn files(blobs: &Blobs) -> Result<HashSet<BlobName>, Error> {
    let mut names = HashSet::new();
    for shard in 0..=u8::MAX {
        names.extend(blobs.names(shard)?.into_iter().map(|(name, _)| name));
    }
    Ok(names)
}

/// Removes those of `files` that no record names; gives how many. Keeps all of them if they are more than [`FILES_MAX`].
pub fn sweep(app: &App, mut files: HashSet<BlobName>) -> Result<usize, Error> {
    let store = &app.store;
    // Nearly always nothing is left after this, which reads only what it needs.
    forget_uploads(store, &mut files)?;
    if files.is_empty() {
        return Ok(0);
    }
    forget_named(store, &mut files)?;
    if files.len() > FILES_MAX {
        log::warn!(
            "{} uploaded files are named by no record of the store. They are kept: is this the right store for them?",
            files.len()
        );
        return Ok(0);
    }
    for name in &files {
        app.forget_file(*name);
    }
    Ok(files.len())
}

/// Takes the uploads of the users out of `files`.
fn forget_uploads(store: &Store, files: &mut HashSet<BlobName>) -> engine::Result<()> {
    let mut after = None;
    loop {
        let page = users::list(store, after, PAGE_RECORDS)?;
        for (user, _) in &page {
            let uploads = Stream::of(user.0, StreamKind::Uploads);
            let Some(mut walk) = streams::walk(store, uploads, Start::Newest)? else {
                continue;
            };
            loop {
                let batch = walk.next_batch(PAGE_RECORDS)?;
                if batch.is_empty() {
                    break;
                }
                for id in batch {
                    if let Some(file) = things::object(store, id)?.and_then(|object| object.file) {
                        files.remove(&file.blob);
                    }
                }
            }
        }
        match page.last() {
            Some((last, _)) => after = Some(*last),
            None => return Ok(()),
        }
    }
}

/// Takes everything that any object names out of `files`.
fn forget_named(store: &Store, files: &mut HashSet<BlobName>) -> engine::Result<()> {
    let mut last = ThingId(0);
    loop {
        let page = things::after(store, last, PAGE_RECORDS)?;
        let Some((newest, _)) = page.last() else {
            return Ok(());
        };
        last = *newest;
        for (_, thing) in page {
            if let Thing::Object(object) = thing
                && let Some(file) = object.file
            {
                files.remove(&file.blob);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{FILES_MAX, files, sweep};
    use crate::app::App;
    use crate::clock::Timestamp;
    use crate::config::Config;
    use crate::media::{BlobName, Blobs};
    use crate::store::Store;
    use crate::store::engine::memory::MemoryEngine;
    use crate::store::things::{self, Identity, Object, Upload};

    fn app(directory: &tempfile::TempDir) -> App {
        let store = Store::on(Box::new(MemoryEngine::default())).expect("a store");
        let blobs = Blobs::open(directory.path()).expect("a place for files");
        App::new(Config::defaults(), store, blobs)
    }

    fn keep(app: &App) -> BlobName {
        let spool = app.blobs.spool(9).expect("a spool");
        app.blobs.keep(spool, &[]).expect("kept")
    }

    fn name(app: &App, blob: BlobName) {
        let mut object = Object::new(Identity::Made, "file", Timestamp(1));
        object.file = Some(Upload {
            blob,
            mime: "text/plain".to_owned(),
            extension: "txt".to_owned(),
            bytes: 0,
            copies: Vec::new(),
        });
        let id = app.store.fresh_id();
        let written = app.store.write(|tx| {
            things::put_object(tx, id, object.clone());
            Ok(())
        });
        written.expect("writes");
    }

    #[test]
    fn what_no_record_names_goes_and_the_rest_stays() {
        let directory = tempfile::tempdir().expect("a directory");
        let app = app(&directory);
        let (named, orphan) = (keep(&app), keep(&app));
        name(&app, named);
        let found = files(&app.blobs).expect("a listing");
        let new = keep(&app);
        assert!(found.contains(&orphan) && !found.contains(&new));
        assert_eq!(sweep(&app, found).expect("swept"), 1);
        let left = files(&app.blobs).expect("a listing");
        assert_eq!(left, [named, new].into());
    }

    #[test]
    fn files_beside_the_wrong_store_stay() {
        let directory = tempfile::tempdir().expect("a directory");
        let app = app(&directory);
        for _ in 0..=FILES_MAX {
            keep(&app);
        }
        let found = files(&app.blobs).expect("a listing");
        assert_eq!(sweep(&app, found).expect("swept"), 0);
        assert_eq!(files(&app.blobs).expect("a listing").len(), FILES_MAX + 1);
    }
}
