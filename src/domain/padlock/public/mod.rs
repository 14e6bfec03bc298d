//! A public certificate for a name of the Internet, or a public address, that leads to this server: asked for by ACME when its
//! owner wants that, renewed when the authority says so or a third of its life is left, and kept until the next one is there.
//!
//! The name is one more address of the site and no other identity: ids, and what other servers know, stay as they were
//! (`design.md §4`). Nothing is asked before there is an owner, and nothing while the clock is wrong.

mod leads;
mod obtaining;

pub use leads::{Leads, is_asked, look, name_of};
pub use obtaining::{page, step, terms, work};

use super::{Kept, change};
use crate::app::App;
use crate::certificates::shown::Public;
use crate::certificates::x509::Facts;
use crate::certificates::{self, PUBLIC, Pair};
use crate::clock::Timestamp;
use crate::config::Config;
use crate::error::Error;
use obtaining::STEP_BEGUN;
use serde::{Deserialize, Serialize};
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The key of the certificate that is asked for.
const NEXT: &str = "public-next.pem";

/// Longest mail address, in characters.
const EMAIL_CHARS_MAX: usize = 254;

/// Below this part of its life, in hundredths, a certificate is renewed.
const PERCENT_LEFT_MIN: i64 = 34;

/// Below this part the renewal does not work, and browsers must be let go from https.
const PERCENT_LEFT_SAFE: i64 = 10;

/// How long browsers keep to https where the owner wants that, in seconds: half a year.
const STRICT_SECS: u64 = 15_552_000;

/// What the owner wants.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Wish {
    /// The name, or an address.
    pub name: String,
    /// Where the authority writes to; mostly nowhere.
    pub email: String,
    /// Whether browsers are to keep to https there.
    pub is_strict: bool,
    /// The order that goes on.
    order: Option<String>,
    /// How often in a row it went wrong.
    pub failures: u32,
    /// When it is tried again.
    pub next: Option<Timestamp>,
    /// What went wrong, in a sentence.
    pub problem: Option<String>,
    /// When the authority wants the renewal.
    wanted: Option<Timestamp>,
    /// When it was asked that.
    asked: Option<Timestamp>,
}

/// What is going on.
#[derive(Default)]
pub struct Going {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// The end of an address and what is there.
    page: Option<(String, String)>,
    /// What this server asked itself for last.
    nonce: Option<String>,
    /// What is being done.
    step: Option<&'static str>,
    /// What went wrong, and when it is tried again, as long as that cannot be written.
    unkept: Option<(String, Timestamp)>,
}

/// What the owner wants, and what came of it; nothing if no public name.
pub fn wish(app: &App) -> Option<Wish> {
    let mut wish = app.padlock.state().kept.public.clone()?;
    if let Some((problem, next)) = app.padlock.going.state().unkept.clone() {
        (wish.problem, wish.next) = (Some(problem), Some(next));
    }
    Some(wish)
}

/// The address of a public name, without a slash at its end.
pub fn url_of(name: &str) -> String {
    match name.contains(':') {
        true => format!("https://[{name}]"),
        false => format!("https://{name}"),
    }
}

/// The address at which everybody reaches the site by https, without a slash at its end; nothing without a certificate that is good.
pub fn url(app: &App, now: Timestamp) -> Option<String> {
    app.padlock.door.port().filter(|_| super::is_on(app))?;
    let public = app.padlock.shown.public()?;
    (public.end > now).then(|| {
        let prefix = app.known_base().map_or("", |base| base.prefix());
        let slash = if prefix.is_empty() { "" } else { "/" };
        format!("{}{slash}{prefix}", url_of(&public.name))
    })
}

/// Takes up the certificate that there is. The error is a sentence.
pub(super) fn open(app: &App, kept: &Kept) -> Result<(), String> {
    let Some(wish) = &kept.public else {
        return Ok(());
    };
    if let Some(pair) = certificates::load_pair(&app.config.datadir, PUBLIC)? {
        show(app, &wish.name, pair)?;
    }
    Ok(())
}

/// Whether a certificate is for a name, or an address.
fn is_for(facts: &Facts, name: &str) -> bool {
    let address: Option<IpAddr> = name.parse().ok();
    facts.hosts.iter().any(|host| host == name)
        || address.is_some_and(|address| facts.addresses.contains(&address))
}

fn show(app: &App, name: &str, pair: Pair) -> Result<(), String> {
    let facts = Facts::of(pair.certificate()).ok_or("The public certificate cannot be read.")?;
    if !is_for(&facts, name) {
        return Err("The public certificate is for another name.".to_owned());
    }
    app.padlock.shown.set_public(Some(Public {
        name: name.to_owned(),
        pair,
        end: facts.end,
    }));
    Ok(())
}

/// Wants a certificate for a name from now on. With that the owner agrees to the terms of the authority.
pub fn want(app: &App, name: &str, email: &str, now: Timestamp) -> Result<(), Error> {
    let name = name_of(name)?;
    let email = email.trim();
    if email.len() > EMAIL_CHARS_MAX || (!email.is_empty() && !email.contains('@')) {
        return Err(Error::invalid("That is no mail address."));
    }
    if !super::is_on(app) {
        super::turn_on(app, now)?;
    }
    let is_other = wish(app).is_none_or(|wish| wish.name != name);
    let wanted = Wish {
        name,
        email: email.to_owned(),
        ..Wish::default()
    };
    change(app, |kept| match &mut kept.public {
        Some(known) if !is_other => {
            known.email = wanted.email;
            // The next try goes the other way, as it would have later.
            (known.next, known.problem) = (None, None);
        }
        public => *public = Some(wanted),
    })?;
    if is_other {
        forget_files(app)?;
    }
    {
        let mut state = app.padlock.going.state();
        (state.step, state.unkept) = (Some(STEP_BEGUN), None);
    }
    app.padlock.bell.ring();
    Ok(())
}

/// Wants none any more.
pub fn forget(app: &App) -> Result<(), Error> {
    change(app, |kept| kept.public = None)?;
    app.padlock.going.state().unkept = None;
    forget_files(app)
}

/// Lets the certificate of another name go.
fn forget_files(app: &App) -> Result<(), Error> {
    app.padlock.shown.set_public(None);
    for file in [NEXT, PUBLIC] {
        certificates::forget(&app.config.datadir, file)?;
    }
    Ok(())
}

/// Has browsers keep to https at the public name, or not. 409 where that is not safe.
pub fn be_strict(app: &App, is_strict: bool, now: Timestamp) -> Result<(), Error> {
    if is_strict && !is_safe(app, now) {
        return Err(Error::Conflict(
            "There is no certificate that is good for some time, so browsers must be able to use http.".to_owned(),
        ));
    }
    change(app, |kept| {
        if let Some(wish) = &mut kept.public {
            wish.is_strict = is_strict;
        }
    })
}

/// How long a browser that came by https to a host shall keep to it, in seconds; 0 ends an earlier wish, nothing says nothing.
pub fn strict_secs(app: &App, host: &str, now: Timestamp) -> Option<u64> {
    let wish = wish(app)?;
    let bare = host.rsplit_once(':').map_or(host, |(bare, _)| bare);
    if !bare.eq_ignore_ascii_case(&wish.name) {
        return None;
    }
    Some(match wish.is_strict && is_safe(app, now) {
        true => STRICT_SECS,
        false => 0,
    })
}

/// Whether the public certificate is there, and renewed in time.
fn is_safe(app: &App, now: Timestamp) -> bool {
    let public = app.padlock.shown.public();
    let facts = public.and_then(|public| Facts::of(public.pair.certificate()));
    facts.is_some_and(|facts| facts.percent_left(now) >= PERCENT_LEFT_SAFE)
}

/// What the owner should know: what is missing. Why, says the page of the name.
pub(super) fn problem(app: &App, now: Timestamp) -> Option<String> {
    let wish = wish(app)?;
    let public = app.padlock.shown.public();
    let facts = public.and_then(|public| Facts::of(public.pair.certificate()));
    let left = facts.as_ref().map(|facts| facts.percent_left(now));
    wish.problem
        .filter(|_| left.is_none_or(|left| left < PERCENT_LEFT_MIN))?;
    let name = wish.name;
    Some(match left {
        None => {
            format!("There is no public certificate for {name}. The page “A public name” says why.")
        }
        Some(_) => format!(
            "The public certificate of {name} is not renewed. The page “A public name” says why."
        ),
    })
}

/// Whether the authority that is configured can look at names of the local network.
fn is_near(config: &Config) -> bool {
    config.acme_ca.is_some()
}

/// Changes what is kept of a wish, if it is still that one.
fn note(app: &App, name: &str, deed: impl FnOnce(&mut Wish)) -> Result<(), Error> {
    change(app, |kept| {
        if let Some(wish) = kept.public.as_mut().filter(|wish| wish.name == name) {
            deed(wish);
        }
    })
}

impl Going {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
