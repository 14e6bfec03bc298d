//! Https that the server provides by itself, beside http: the owner turns it on (*Box*, *Padlock*), and people install the root of
//! the server's own authority on their devices ([`crate::certificates::own`]). It never changes an id: the address of the
//! site stays what it is, and http goes on to answer (`design.md §4`, §10). Nothing of this happens where the configuration
//! names a certificate.
//!
//! What is chosen is kept in a small file beside the certificates, so that `pumphouse doctor` reads it while the server runs.

mod addresses;
mod door;
pub mod public;

pub use addresses::{announced, is_own_host, is_public_host, url};
pub use door::{Door, Outcome};

use crate::app::App;
use crate::certificates::own::Authority;
use crate::certificates::shown::Shown;
use crate::certificates::x509::Facts;
use crate::certificates::{self, AUTHORITY, HOME};
use crate::clock::Timestamp;
use crate::config::Config;
use crate::domain::bell::Bell;
use crate::error::Error;
use crate::words::marked;
use addresses::names;
use public::{Going, Wish};
use serde::{Deserialize, Serialize};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The file of what is chosen, in the directory of the certificates.
const FILE: &str = "padlock.json";

/// How long before the end of a root its owner is told, in seconds: two months.
const ROOT_SECS_LEFT_MIN: i64 = 60 * 24 * 3600;

/// How long whoever turns it on waits for the port.
const DOOR_TIME_MAX: Duration = Duration::from_secs(5);

/// The https of a running server.
#[derive(Default)]
pub struct Padlock {
    /// What who connects is shown.
    pub shown: Arc<Shown>,
    /// The port of https.
    pub door: Door,
    /// Wakes who asks for public certificates.
    pub bell: Bell,
    /// How that goes.
    going: Going,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    kept: Kept,
    authority: Option<Arc<Authority>>,
    /// What is wrong with a file.
    problem: Option<String>,
}

/// What is chosen.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Kept {
    /// Whether the server speaks https.
    pub is_on: bool,
    /// The public name, and the certificate for it.
    pub public: Option<Wish>,
}

/// What there is to say of the server's own certificates.
#[derive(Clone, Debug)]
pub struct Own {
    /// SHA-256 of the root.
    pub fingerprint: [u8; 32],
    /// Until when the root is valid.
    pub root_end: Timestamp,
    /// What the certificate is for, and until when, if there is one.
    pub shown: Option<Facts>,
}

/// What was chosen on a data directory. The error is a sentence.
pub fn kept(config: &Config) -> Result<Kept, String> {
    let Some(bytes) = certificates::load(&config.datadir, FILE)? else {
        return Ok(Kept::default());
    };
    serde_json::from_slice(&bytes).map_err(|error| {
        let path = certificates::directory(&config.datadir).join(FILE);
        format!("{} is damaged: {error}.", path.display())
    })
}

/// Takes up what was chosen and made earlier. Whatever is wrong with it is told to the owner, and keeps no server from running.
pub fn open(app: &App) {
    let datadir = &app.config.datadir;
    let mut state = app.padlock.state();
    let mut problems = Vec::new();
    match kept(&app.config) {
        Ok(kept) => state.kept = kept,
        Err(problem) => problems.push(problem),
    }
    match Authority::load(datadir) {
        Ok(authority) => state.authority = authority.map(Arc::new),
        Err(problem) => problems.push(problem),
    }
    match certificates::load_pair(datadir, HOME) {
        Ok(pair) => app.padlock.shown.set_home(pair),
        // Another one is made.
        Err(problem) => log::warn!("{problem}"),
    }
    if let Err(problem) = public::open(app, &state.kept) {
        // Another one is asked for.
        log::error!("{problem}");
    }
    for problem in &problems {
        log::error!("{problem}");
    }
    state.problem = problems.into_iter().next();
}

/// Whether the server can provide https by itself at all: not where the configuration does.
pub fn is_possible(config: &Config) -> bool {
    config.tls.is_none() && !config.noweb
}

/// Whether it does: it is turned on, and there is a certificate to show.
pub fn is_on(app: &App) -> bool {
    is_possible(&app.config) && app.padlock.state().kept.is_on && app.padlock.shown.home().is_some()
}

/// Turns it on, for good. 409 with a sentence where that cannot be now.
pub fn turn_on(app: &App, now: Timestamp) -> Result<(), Error> {
    if !is_possible(&app.config) {
        return Err(Error::Conflict(
            "The options key and cert in the configuration file set the certificate. Change it there.".to_owned(),
        ));
    }
    check_clock(app, now)?;
    let (known, is_damaged) = {
        let state = app.padlock.state();
        (state.authority.clone(), state.problem.is_some())
    };
    match known {
        Some(authority) => renew(app, &authority, None, now)?,
        None if is_damaged => {
            return Err(Error::Conflict(
                "What this server had made is damaged. Start over with a new certificate below."
                    .to_owned(),
            ));
        }
        None => make(app, now)?,
    };
    change(app, |kept| kept.is_on = true)?;
    app.padlock.door.knock();
    if let Some(problem) = app.padlock.door.outcome(DOOR_TIME_MAX) {
        change(app, |kept| kept.is_on = false)?;
        app.padlock.door.knock();
        return Err(Error::Conflict(problem));
    }
    Ok(())
}

/// Turns it off. What was made stays for the next time, so that nobody has to install anything again.
pub fn turn_off(app: &App) -> Result<(), Error> {
    change(app, |kept| kept.is_on = false)?;
    app.padlock.door.knock();
    Ok(())
}

/// Makes another authority in place of the one there is: everybody installs its root anew. 507 and 503 where it cannot be written:
/// then the one that there is stays.
pub fn start_over(app: &App, now: Timestamp) -> Result<(), Error> {
    check_clock(app, now)?;
    make(app, now)?;
    app.padlock.door.knock();
    Ok(())
}

/// Looks whether the certificate is to be made anew, and does it: it ends some day, and addresses change.
pub fn tend(app: &App, now: Timestamp) {
    if !is_possible(&app.config) || !app.padlock.state().kept.is_on {
        return;
    }
    if app.clock.doubt(now).is_some() || app.known_base().is_none() {
        return;
    }
    let Some(authority) = app.padlock.state().authority.clone() else {
        return;
    };
    match renew(app, &authority, None, now) {
        Ok(false) => {}
        Ok(true) => app.padlock.door.knock(),
        Err(error) => {
            let problem = unwritten(&error).map_or_else(|| error.to_string(), str::to_owned);
            let mut state = app.padlock.state();
            if state.problem.as_ref() != Some(&problem) {
                log::error!("{problem}");
                state.problem = Some(problem);
            }
        }
    }
}

/// Makes an authority, and its first certificate.
fn make(app: &App, now: Timestamp) -> Result<bool, Error> {
    let (made, pem) = Authority::make(&names(app), now).map_err(Error::internal)?;
    renew(app, &Arc::new(made), Some(&pem), now)
}

/// Makes the certificate anew if it is due, and answers whether it was. `pem` is an authority that is not kept yet. What is in use
/// stays that until all of it is on the disk.
fn renew(
    app: &App,
    authority: &Arc<Authority>,
    pem: Option<&str>,
    now: Timestamp,
) -> Result<bool, Error> {
    let names = names(app);
    let known = app.padlock.shown.home();
    let is_due = known
        .as_ref()
        .is_none_or(|pair| authority.is_due(pair.certificate(), &names, now));
    if !is_due {
        return Ok(false);
    }
    let (pair, text) = authority.vouch(&names, now).map_err(Error::internal)?;
    let mut files = Vec::from_iter(pem.map(|pem| (AUTHORITY, pem.as_bytes())));
    files.push((HOME, text.as_bytes()));
    certificates::keep(&app.config.datadir, &files)?;
    log::info!(
        "a new certificate is in use, for {}",
        names.hosts.join(", ")
    );
    app.padlock.shown.set_home(Some(pair));
    let mut state = app.padlock.state();
    state.authority = Some(Arc::clone(authority));
    state.problem = None;
    Ok(true)
}

/// What the owner is told of a certificate that cannot be written; nothing of what else can go wrong.
fn unwritten(error: &Error) -> Option<&'static str> {
    match error {
        Error::Full => Some(marked(
            "The disk is full, so the certificate of this server cannot be renewed. Make room; then that goes on by itself.",
        )),
        Error::Busy(_) => Some(marked(
            "The disk takes no writes, so the certificate of this server cannot be renewed. That goes on by itself when it does.",
        )),
        _ => None,
    }
}

/// What the owner should know, in sentences.
pub fn problems(app: &App, now: Timestamp) -> Vec<String> {
    let state = app.padlock.state();
    if !state.kept.is_on || !is_possible(&app.config) {
        return Vec::new();
    }
    let door = app.padlock.door.problem();
    let end = state.authority.as_ref().map(|authority| authority.end());
    let is_old = end.is_some_and(|end| end.secs_since(now) < ROOT_SECS_LEFT_MIN);
    let is_old = is_old.then(|| {
        "The certificate of this server that is installed on devices ends soon. Start over on the page Padlock, and install the \
         new one everywhere."
            .to_owned()
    });
    let own = state.problem.clone().into_iter().chain(door).chain(is_old);
    let own: Vec<String> = own.collect();
    drop(state);
    own.into_iter().chain(public::problem(app, now)).collect()
}

/// What there is to say of the server's own certificates; nothing where none were made.
pub fn own(app: &App) -> Option<Own> {
    let authority = app.padlock.state().authority.clone()?;
    let pair = app.padlock.shown.home();
    Some(Own {
        fingerprint: authority.fingerprint(),
        root_end: authority.end(),
        shown: pair.and_then(|pair| Facts::of(pair.certificate())),
    })
}

/// What is wrong with the authority, if there is one and it cannot be read.
pub fn damage(app: &App) -> Option<String> {
    let state = app.padlock.state();
    let problem = state.problem.clone();
    problem.filter(|_| state.authority.is_none())
}

/// What devices install (DER); nothing where none was made.
pub fn root(app: &App) -> Option<Vec<u8>> {
    let authority = app.padlock.state().authority.clone()?;
    Some(authority.root().to_vec())
}

fn check_clock(app: &App, now: Timestamp) -> Result<(), Error> {
    match app.clock.doubt(now) {
        None => Ok(()),
        Some(doubt) => Err(Error::Conflict(format!(
            "No certificate can be made yet: {doubt}. Connect the machine to the Internet; it sets its clock by itself."
        ))),
    }
}

/// Changes what is chosen.
fn change(app: &App, change: impl FnOnce(&mut Kept)) -> Result<(), Error> {
    let mut state = app.padlock.state();
    let mut kept = state.kept.clone();
    change(&mut kept);
    if kept == state.kept {
        return Ok(());
    }
    let text = serde_json::to_vec_pretty(&kept).map_err(Error::internal)?;
    certificates::keep(&app.config.datadir, &[(FILE, &text)])?;
    state.kept = kept;
    Ok(())
}

impl Padlock {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
