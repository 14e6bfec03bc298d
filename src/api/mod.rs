//! Handlers of the client API of pump.io (`pump-api.md §1.3`): each reads, asks who calls, calls the rules and answers.

pub mod clients;
pub mod oauth;
