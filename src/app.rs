//! What every rule may use, in one value that is passed first; nothing is global.

use crate::ids::Base;
use crate::store::Store;
use std::sync::OnceLock;

/// The parts of a running server that the rules use.
pub struct App {
    /// What is kept.
    pub store: Store,
    /// The base URL; set once, at start or by the setup.
    base: OnceLock<Base>,
}

impl App {
    /// The base URL of every id.
    pub fn base(&self) -> &Base {
        self.base
            .get()
            .expect("the base URL is set before the first request is answered")
    }
}
