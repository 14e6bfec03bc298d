//! Stories about the running server, one file per capability. Each starts the real binary on a port and a directory of its
//! own, and speaks to it as clients and browsers do; refusals come first.

mod harness;

mod audiences;
mod authorising;
mod command_line;
mod commenting;
mod contract;
mod doctoring;
mod durability;
mod finishers;
mod following;
mod full_disk;
mod fuzzing;
mod http;
mod inbox;
mod leaving;
mod liking;
mod limits;
mod listening;
mod lists;
mod living_on_pages;
mod moving;
mod nonsense;
mod oauth2;
mod pages;
mod paging;
mod posting;
mod posting_refused;
mod pypump;
mod quirks;
mod racing;
mod refusals;
mod registering;
mod replaying;
mod restart;
mod setup;
mod sharing;
mod signing;
mod sockjs;
mod stores;
mod tidy;
mod tokens;
mod updating_and_deleting;
mod uploads;
mod walking;
