//! Handlers of pages and forms: HTML from the templates in `assets/templates/`, which work without scripts.

pub mod oauth;
