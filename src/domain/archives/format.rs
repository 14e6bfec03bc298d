//! The form of an archive: what its parts are called, and the text in it that explains them.

use serde::{Deserialize, Serialize};

/// What an archive says it is.
pub(super) const FORMAT: &str = "pumphouse-archive";

/// The version that is written.
pub(super) const VERSION: u32 = 1;

/// What the archive is, and whose: `archive.json`.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Label {
    /// [`FORMAT`].
    pub(super) format: String,
    /// [`VERSION`].
    pub(super) version: u32,
    /// The base URL of the server that made it.
    pub(super) site: String,
    /// The id of the person.
    pub(super) person: String,
    /// The nickname.
    pub(super) nickname: String,
    /// When it was made.
    pub(super) made: String,
}

/// The parts.
pub(super) mod part {
    pub(in super::super) const README: &str = "README.txt";
    pub(in super::super) const LABEL: &str = "archive.json";
    pub(in super::super) const PROFILE: &str = "profile.json";
    pub(in super::super) const USER: &str = "user.json";
    pub(in super::super) const FEED: &str = "feed.json";
    pub(in super::super) const UPLOADS: &str = "uploads.json";
    pub(in super::super) const LISTS: &str = "lists.json";
    pub(in super::super) const FOLLOWERS: &str = "followers.json";
    pub(in super::super) const FOLLOWING: &str = "following.json";
    pub(in super::super) const FAVORITES: &str = "favorites.json";
    pub(in super::super) const MESSAGES: &str = "messages.json";
    /// Files are below it.
    pub(in super::super) const FILES: &str = "files/";
}

/// What somebody reads who opens an archive.
pub(super) const README: &str = include_str!("../../../assets/archive.txt");
