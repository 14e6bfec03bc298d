//! The engine on sled 0.34.7.

/// Longest time that a [`super::Durability::Soon`] write waits for the disk, in milliseconds.
pub const SOON_MS_MAX: u64 = 500;
