//! The rules: who may read what, what an activity does, to whom it goes. No I/O of its own, and no word about how an
//! activity came or leaves.

pub mod access;
pub mod activities;
pub mod administration;
pub mod archives;
pub mod audience;
pub mod bell;
pub mod blocks;
pub mod circles;
pub mod discovery;
pub mod distribution;
pub mod documents;
pub mod errands;
pub mod family;
pub mod feeds;
pub mod firehose;
pub mod forgetting;
pub mod guests;
pub mod invitations;
pub mod lan;
pub mod live;
pub mod machine;
pub mod mailing;
pub mod names;
pub mod noticing;
pub mod objects;
pub mod people;
pub mod personal_tokens;
pub mod photos;
pub mod pins;
pub mod principals;
pub mod proxies;
pub mod pushing;
pub mod queues;
pub mod quiet;
pub mod quotas;
pub mod refreshing;
pub mod registration;
pub mod relays;
pub mod reports;
pub mod requests;
pub mod search;
pub mod setup;
pub mod site;
pub mod spam;
pub mod standing;
pub mod sweep;
pub mod talk;
pub mod talks;
pub mod threads;
pub mod turns;
pub mod uploads;
pub mod words;

#[cfg(test)]
pub(crate) mod testing;
