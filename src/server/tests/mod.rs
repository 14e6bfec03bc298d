//! The rim as a stranger meets it: a server in this process on a port of its own, a table of routes for the purpose, and
//! bytes on a socket. [`world`] has the server and the caller; each other file is one capability, refusals first.

mod bodies;
mod ending;
mod http2;
mod limits;
mod ongoing;
mod requests;
mod secured;
mod world;
