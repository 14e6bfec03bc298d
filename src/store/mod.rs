//! Everything that is kept, in records: the only folder that names sled.

pub mod engine;
