//! What crosses the network, as text and plain values: knows JSON and nothing else.

pub mod descriptor;
pub mod draft;
pub mod json;
pub mod links;
pub mod scrub;
pub mod sockjs;
pub mod uri;
