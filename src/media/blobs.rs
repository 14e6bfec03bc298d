//! Files on disk, below `uploads/` of the data directory: `uploads/<2 hex digits>/<32 hex digits>` is an original, with
//! `-320` and the like behind it a copy. Names are random; neither user names nor types nor anything that somebody sent
//! is part of a path. What [`Blobs::keep`] has acknowledged is on disk, bytes and directory entry.

use super::disk::{self, empty, make_directory, modified, sync_directory};
use crate::clock::Timestamp;
use crate::media::spool::RESERVE_BYTES;
use crate::media::{Blob, BlobName, Cache, Error, Pieces, Rendition, Shelf, Spool, Variant};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// All kept files.
#[derive(Debug)]
pub struct Blobs {
    root: PathBuf,
    spool: PathBuf,
    shelf: Shelf,
    cache: Cache,
    pieces: Pieces,
    held: Arc<Held>,
}

/// Files that were deleted while somebody needs all that there were.
#[derive(Debug)]
struct Held {
    directory: PathBuf,
    /// How many need them.
    holds: Mutex<usize>,
}

/// While it lives, files that are deleted can still be read with [`Blobs::open_held`]. They go with the last one.
#[derive(Debug)]
pub struct Hold(Arc<Held>);

impl Held {
    fn holds(&self) -> MutexGuard<'_, usize> {
        self.holds.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        let mut holds = self.0.holds();
        *holds -= 1;
        if *holds == 0
            && let Err(error) = empty(&self.0.directory)
        {
            log::warn!("files that were deleted stay until the next start: {error}");
        }
    }
}

impl Blobs {
    /// Opens `uploads/` in the data directory, making it where it is missing, and removes what an earlier run left in
    /// the spool. One process at a time: the store's lock on the data directory sees to that.
    pub fn open(data_directory: &Path) -> Result<Blobs, Error> {
        let root = data_directory.join("uploads");
        let spool = root.join("spool");
        make_directory(&spool, true)?;
        empty(&spool)?;
        empty(&root.join("held"))?;
        sync_directory(&root)?;
        sync_directory(data_directory)?;
        Ok(Blobs::at(data_directory))
    }

    /// The files of a data directory, for looking at them only: makes and removes nothing.
    pub fn at(data_directory: &Path) -> Blobs {
        let root = data_directory.join("uploads");
        let spool = root.join("spool");
        let shelf = Shelf::at(&root);
        let cache = Cache::at(&root);
        let pieces = Pieces::at(&root);
        let held = Held {
            directory: root.join("held"),
            holds: Mutex::default(),
        };
        Blobs {
            held: Arc::new(held),
            root,
            spool,
            shelf,
            cache,
            pieces,
        }
    }

    /// How many bytes its file system takes, beside what is to stay free.
    pub fn room_bytes(&self) -> Result<u64, Error> {
        let stat = rustix::fs::statvfs(&self.root).map_err(io::Error::from)?;
        let free = stat.f_bavail.saturating_mul(stat.f_frsize);
        Ok(free.saturating_sub(RESERVE_BYTES))
    }

    /// How many bytes its file system takes yet, beside what is to stay free, and how many it has in all.
    pub fn disk(&self) -> Result<(u64, u64), Error> {
        let stat = rustix::fs::statvfs(&self.root).map_err(io::Error::from)?;
        let total = stat.f_blocks.saturating_mul(stat.f_frsize);
        Ok((self.room_bytes()?, total))
    }

    /// Where archives stand.
    pub fn shelf(&self) -> &Shelf {
        &self.shelf
    }

    /// Where files of other servers stand.
    pub fn cache(&self) -> &Cache {
        &self.cache
    }

    /// Where files stand that come in pieces.
    pub fn pieces(&self) -> &Pieces {
        &self.pieces
    }

    /// A place for an incoming file of at most `bytes_max` bytes.
    pub fn spool(&self, bytes_max: u64) -> Result<Spool, Error> {
        Spool::create(&self.spool, bytes_max)
    }

    /// Keeps an original and its copies. When this returns, all of it is on disk; when it fails, nothing is kept.
    pub fn keep(&self, original: Spool, renditions: &[Rendition]) -> Result<BlobName, Error> {
        let name = BlobName::random();
        let placed = self.written(renditions).and_then(|mut files| {
            files.push((original, Variant::Original));
            self.place(name, files)
        });
        match placed {
            Ok(()) => Ok(name),
            Err(error) => {
                self.delete(name).ok();
                Err(error)
            }
        }
    }

    /// Keeps copies beside an original that is kept already. When this returns, all of them are on disk; they go with the original.
    pub fn keep_beside(&self, name: BlobName, renditions: &[Rendition]) -> Result<(), Error> {
        let copies = self.written(renditions)?;
        self.place(name, copies)
    }

    /// Opens a file; `None` where there is none.
    pub fn open_blob(&self, name: BlobName, variant: Variant) -> Result<Option<Blob>, Error> {
        disk::open(&self.path(name, variant))
    }

    /// Lets nothing that is there now go before the value does.
    pub fn hold(&self) -> Result<Hold, Error> {
        let mut holds = self.held.holds();
        make_directory(&self.held.directory, false)?;
        *holds += 1;
        Ok(Hold(Arc::clone(&self.held)))
    }

    /// As [`Blobs::open_blob`], also for what was deleted while somebody [holds](Blobs::hold) it.
    pub fn open_held(&self, name: BlobName, variant: Variant) -> Result<Option<Blob>, Error> {
        // In this order: a file moves in one direction only.
        match self.open_blob(name, variant)? {
            None => disk::open(&self.held_path(name, variant)),
            there => Ok(there),
        }
    }

    /// The names of all originals, with those that are held.
    pub fn originals(&self) -> Result<Vec<BlobName>, Error> {
        let mut names = Vec::new();
        for shard in 0..=u8::MAX {
            names.extend(self.names(shard)?.into_iter().map(|(name, _)| name));
        }
        if self.held.directory.exists() {
            for entry in std::fs::read_dir(&self.held.directory)? {
                names.extend(entry?.file_name().to_str().and_then(BlobName::parse));
            }
        }
        names.sort_unstable_by_key(|name| name.0);
        names.dedup();
        let has_original = |name: &BlobName| {
            let original = Variant::Original;
            self.path(*name, original).exists() || self.held_path(*name, original).exists()
        };
        names.retain(has_original);
        Ok(names)
    }

    /// Puts one file in its place that was there in another data directory. The caller brings it to the disk.
    pub fn put_back(&self, name: BlobName, variant: Variant, file: Spool) -> Result<(), Error> {
        make_directory(&self.shard(name.0[0]), false)?;
        file.move_to(&self.path(name, variant))
    }

    /// Removes an original and all its copies; what is missing already is no error.
    pub fn delete(&self, name: BlobName) -> Result<(), Error> {
        let holds = self.held.holds();
        let mut is_changed = false;
        for variant in Variant::ALL {
            let path = self.path(name, variant);
            let gone = match *holds {
                0 => std::fs::remove_file(path),
                _ => std::fs::rename(path, self.held_path(name, variant)),
            };
            match gone {
                Ok(()) => is_changed = true,
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error.into()),
            }
        }
        if is_changed {
            sync_directory(&self.shard(name.0[0]))?;
        }
        Ok(())
    }

    /// The names in one of the 256 shards with the time of their newest file, so that a sweep can delete, shard by
    /// shard, what no record names any more.
    pub fn names(&self, shard: u8) -> Result<Vec<(BlobName, Timestamp)>, Error> {
        let entries = match std::fs::read_dir(self.shard(shard)) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error.into()),
        };
        let mut names = Vec::new();
        for entry in entries {
            let entry = entry?;
            let file_name = entry.file_name();
            let name = file_name
                .to_str()
                .and_then(|text| text.split('-').next())
                .and_then(BlobName::parse);
            if let Some(name) = name {
                names.push((name, modified(&entry.metadata()?)?));
            }
        }
        names.sort_by_key(|&(name, at)| (name.0, std::cmp::Reverse(at)));
        names.dedup_by_key(|&mut (name, _)| name);
        Ok(names)
    }

    /// The copies, in files of the spool.
    fn written(&self, renditions: &[Rendition]) -> Result<Vec<(Spool, Variant)>, Error> {
        let mut files = Vec::with_capacity(renditions.len() + 1);
        for rendition in renditions {
            let mut spool = self.spool(u64::MAX)?;
            spool.write(&rendition.bytes)?;
            files.push((spool, rendition.variant));
        }
        Ok(files)
    }

    fn place(&self, name: BlobName, files: Vec<(Spool, Variant)>) -> Result<(), Error> {
        let shard = self.shard(name.0[0]);
        if !shard.is_dir() {
            make_directory(&shard, false)?;
            sync_directory(&self.root)?;
        }
        for (spool, _) in &files {
            spool.sync()?;
        }
        for (spool, variant) in files {
            spool.move_to(&self.path(name, variant))?;
        }
        sync_directory(&shard)
    }

    fn shard(&self, shard: u8) -> PathBuf {
        self.root.join(format!("{shard:02x}"))
    }

    fn path(&self, name: BlobName, variant: Variant) -> PathBuf {
        self.shard(name.0[0])
            .join(format!("{name}{}", variant.suffix()))
    }

    fn held_path(&self, name: BlobName, variant: Variant) -> PathBuf {
        let file = format!("{name}{}", variant.suffix());
        self.held.directory.join(file)
    }
}

#[cfg(test)]
mod tests {
    use super::Blobs;
    use crate::media::{BlobName, Error, Rendition, Variant};
    use std::io::Read;

    fn rendition(variant: Variant, bytes: &[u8]) -> Rendition {
        Rendition {
            variant,
            width: 1,
            height: 1,
            mime: "image/png",
            extension: "png",
            bytes: bytes.to_vec(),
        }
    }

    fn read(blobs: &Blobs, name: BlobName, variant: Variant) -> Option<Vec<u8>> {
        let mut blob = blobs.open_blob(name, variant).expect("the disk works")?;
        let mut bytes = Vec::new();
        blob.file.read_to_end(&mut bytes).expect("a readable file");
        assert_eq!(blob.bytes_len, bytes.len() as u64);
        Some(bytes)
    }

    fn files_in(path: &std::path::Path) -> usize {
        std::fs::read_dir(path).expect("a directory").count()
    }

    #[test]
    fn what_is_over_the_bound_or_given_up_leaves_nothing() {
        let data = tempfile::tempdir().expect("a directory");
        let blobs = Blobs::open(data.path()).expect("a place for files");
        let mut spool = blobs.spool(10).expect("a spool");
        spool.write(b"12345").expect("within the bound");
        spool.write(b"67890").expect("just within the bound");
        let refused = spool.write(b"1").expect_err("over the bound");
        assert!(matches!(refused, Error::TooLarge { bytes_max: 10 }));
        assert_eq!(spool.bytes_len(), 10);
        drop(spool);
        assert_eq!(files_in(&data.path().join("uploads/spool")), 0);
    }

    #[test]
    fn leftovers_of_an_earlier_run_are_removed_and_kept_files_stay() {
        let data = tempfile::tempdir().expect("a directory");
        let blobs = Blobs::open(data.path()).expect("a place for files");
        let kept = blobs.spool(9).expect("a spool");
        let kept = blobs.keep(kept, &[]).expect("kept");
        std::fs::write(data.path().join("uploads/spool/half"), "half").expect("a leftover");
        let blobs = Blobs::open(data.path()).expect("a place for files");
        assert_eq!(files_in(&data.path().join("uploads/spool")), 0);
        assert_eq!(read(&blobs, kept, Variant::Original), Some(Vec::new()));
    }

    #[test]
    fn a_file_and_its_copies_are_kept_listed_and_deleted_together() {
        let data = tempfile::tempdir().expect("a directory");
        let blobs = Blobs::open(data.path()).expect("a place for files");
        let mut spool = blobs.spool(100).expect("a spool");
        spool.write(b"orig").expect("room");
        spool.write(b"inal").expect("room");
        let small = rendition(Variant::Small, b"small");
        let square = rendition(Variant::Avatar, b"square");
        let name = blobs.keep(spool, &[small, square]).expect("kept");
        assert_eq!(
            read(&blobs, name, Variant::Original).as_deref(),
            Some(&b"original"[..])
        );
        assert_eq!(
            read(&blobs, name, Variant::Small).as_deref(),
            Some(&b"small"[..])
        );
        assert_eq!(
            read(&blobs, name, Variant::Avatar).as_deref(),
            Some(&b"square"[..])
        );
        assert_eq!(read(&blobs, name, Variant::Large), None);
        assert_eq!(files_in(&data.path().join("uploads/spool")), 0);

        let listed: Vec<_> = (0..=255)
            .flat_map(|shard| blobs.names(shard).expect("a listing"))
            .map(|(name, _)| name)
            .collect();
        assert_eq!(listed, [name]);

        blobs.delete(name).expect("deleted");
        blobs.delete(name).expect("a second time changes nothing");
        for variant in Variant::ALL {
            assert_eq!(read(&blobs, name, variant), None);
        }
    }

    #[test]
    fn what_is_deleted_while_it_is_held_can_be_read_until_the_last_hold_goes() {
        let data = tempfile::tempdir().expect("a directory");
        let blobs = Blobs::open(data.path()).expect("a place for files");
        let small = rendition(Variant::Small, b"small");
        let spool = blobs.spool(9).expect("a spool");
        let name = blobs.keep(spool, &[small]).expect("kept");
        let (first, second) = (blobs.hold().expect("held"), blobs.hold().expect("held"));
        blobs.delete(name).expect("deleted");
        blobs.delete(name).expect("a second time changes nothing");
        for variant in [Variant::Original, Variant::Small] {
            assert_eq!(read(&blobs, name, variant), None, "gone for everybody else");
            let held = blobs.open_held(name, variant).expect("the disk works");
            assert!(held.is_some());
        }
        assert_eq!(blobs.originals().expect("a listing"), [name]);
        drop(first);
        assert_eq!(files_in(&data.path().join("uploads/held")), 2);
        drop(second);
        assert_eq!(files_in(&data.path().join("uploads/held")), 0);
        assert_eq!(blobs.originals().expect("a listing"), []);
    }

    #[test]
    fn a_failed_keep_leaves_nothing() {
        let data = tempfile::tempdir().expect("a directory");
        let blobs = Blobs::open(data.path()).expect("a place for files");
        let spool = blobs.spool(100).expect("a spool");
        std::fs::remove_dir_all(data.path().join("uploads")).expect("the disk goes away");
        let copies = [rendition(Variant::Small, b"small")];
        assert!(matches!(blobs.keep(spool, &copies), Err(Error::Io(_))));
        assert!(!data.path().join("uploads").exists());
    }
}
