//! Pumphouse: a social server that a family can own. The floors, from the bottom up; each may use only those before it.
//! Invariants: `domain` never names hyper; only `store` names sled, only `mail` lettre; only `server` and `run` contain `async`.

// 0: small, no I/O (the clock and the configuration file excepted)
pub mod clock;
pub mod config;
pub mod error;
pub mod html;
pub mod ids;
pub mod mailbox;
pub mod scope;
pub mod words;

// 1: what crosses the network
pub mod wire;

// 2: what is kept, and what leaves by mail
pub mod appliance;
pub mod mail;
pub mod media;
pub mod peers;
pub mod store;

// 3: the rules
pub mod app;
pub mod domain;

// 4: who asks, and what a request and an answer look like
pub mod auth;
pub mod http;

// 5: what is answered
pub mod api;
pub mod federation;
pub mod web;

// 6: work that outlives a restart, and every address
pub mod jobs;
pub mod routes;

// 6: the asynchronous rim
pub mod server;

// 7: how it starts
pub mod allocator;
pub mod cli;
pub mod commands;
pub mod logging;
pub mod run;

#[cfg(test)]
mod readme;
