//! Handlers of the client API of pump.io (`pump-api.md §1.3`). Each reads, decides who, calls the domain and answers.

pub mod activities;
pub mod archives;
mod client_metadata;
pub mod clients;
pub mod dialback;
pub mod discovery;
pub mod feeds;
pub mod files;
pub mod groups;
pub mod listening;
mod mail_settings;
pub mod metrics;
pub mod oauth;
pub mod oauth2;
pub mod objects;
pub mod owner;
pub mod pages;
pub mod people;
pub mod proxied;
pub mod receiving;
pub mod registering;
pub mod reports;
pub mod representation;
pub mod requests;
pub mod sockjs;
pub mod uploads;
pub mod users;
