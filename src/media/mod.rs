//! Files that people upload: recognised from their bytes, kept on disk, and pictures turned into copies that others may
//! see (`design.md §7`, `pump-api.md §3.8`). Knows nothing of objects, users or HTTP; who may read a file is decided above.
//!
//! The way of an upload: [`Blobs::spool`] → [`Spool::write`] piece by piece → [`Spool::kind`] → for a picture
//! [`photo::show`] (or [`avatar::show`]) → [`Blobs::keep`], after which original and copies are on disk to stay.
//! A spool that is dropped on the way leaves nothing behind.

pub mod avatar;
pub mod blobs;
pub mod cache;
mod disk;
mod encode;
mod error;
mod gif;
mod jpeg;
pub mod kind;
mod names;
mod orientation;
pub mod photo;
pub mod pieces;
mod pixels;
pub mod placeholder;
mod raster;
pub mod shelf;
mod source;
pub mod spool;
mod webp;

#[cfg(test)]
mod samples;

pub use blobs::{Blobs, Hold};
pub use cache::{Cache, CacheName, Copied, Label};
pub use disk::Blob;
pub use error::Error;
pub use kind::{Class, Kind};
pub use names::{BlobName, Variant};
pub use photo::{Photo, Rendition};
pub use pieces::Pieces;
pub use shelf::Shelf;
pub use spool::{RESERVE_BYTES, Spool};
