//! Handlers of pages and forms: HTML from the templates in `assets/templates/`, which work without scripts.

pub mod account;
pub mod apps;
pub mod archives;
pub mod assets;
pub mod cards;
pub mod composer;
pub mod deeds;
pub mod delete;
pub mod error_page;
pub mod frame;
pub mod home;
pub mod invitations;
pub mod join;
pub mod leaving;
pub mod lists;
pub mod login;
pub mod oauth;
pub mod oauth2;
pub mod people;
pub mod pictures;
pub mod profile;
pub mod settings;
pub mod setup;
pub mod text;
pub mod things;
pub mod tokens;
