//! Pumphouse: a social server that a family can own. The floors, from the bottom up; each may use only those before it.

pub mod clock;
pub mod error;
pub mod ids;

pub mod store;
