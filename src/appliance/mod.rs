//! What a ready-made box needs beyond the server: what its owner hands over on the boot partition of the card, what is told there,
//! and later versions of the program. Plain files in directories that are given; no network, no other process.

pub mod console;
pub mod disk;
pub mod facts;
pub mod handover;
pub mod iwd;
pub mod networkd;
pub mod owner;
pub mod shell;
pub mod status;
pub mod versions;
pub mod wifi;
