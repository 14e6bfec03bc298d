//! A public certificate for a name of the Internet, or a public address, that leads to this server: asked for by ACME when its
//! owner wants that, renewed when the authority says so or a third of its life is left, and kept until the next one is there.
//!
//! The name is one more address of the site and no other identity: ids, and what other servers know, stay as they were
//! (`design.md §4`). Nothing is asked before there is an owner, and nothing while the clock is wrong.

use super::{Kept, change};
use crate::app::App;
use crate::certificates::shown::Public;
use crate::certificates::x509::Facts;
use crate::certificates::{self, PUBLIC, Pair, asked};
use crate::clock::{self, Timestamp};
use crate::config::Config;
use crate::domain::setup;
use crate::error::Error;
use crate::ids::random_text;
use crate::peers::{Account, Acme, By, Order, Proof, Stage, Trouble, is_local, is_public};
use serde::{Deserialize, Serialize};
use std::net::{IpAddr, ToSocketAddrs as _};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The account with the authority.
const ACCOUNT: &str = "public-account.json";

/// The key of the certificate that is asked for.
const NEXT: &str = "public-next.pem";

/// How long it takes until an order is looked at again.
const POLL: Duration = Duration::from_secs(2);

/// How often an order is looked at: for two minutes.
const POLLS_MAX: usize = 60;

/// After how long a failed order is tried again, in seconds, each time; the last one goes on.
const RETRY_SECS: [i64; 5] = [60, 600, 3600, 6 * 3600, 24 * 3600];

/// How often the authority is asked when it wants a renewal, in seconds.
const ASK_SECS: i64 = 6 * 3600;

/// How long to wait where there is nothing to do yet, in seconds.
const WAIT_SECS: u64 = 60;

/// Longest name, in characters (RFC 1035 §2.3.4).
const NAME_CHARS_MAX: usize = 253;

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
}

/// Where a name leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Leads {
    /// To this server.
    Here,
    /// Nobody knows the name.
    Nowhere,
    /// To an address of a home, which nobody outside reaches.
    Home(IpAddr),
    /// To something else, which answered.
    Elsewhere(IpAddr),
    /// To an address where nobody answered.
    Silence(IpAddr),
}

/// What the owner wants; nothing if no public name.
pub fn wish(app: &App) -> Option<Wish> {
    app.padlock.state().kept.public.clone()
}

/// What is being done, in English words that pages translate.
pub fn step(app: &App) -> Option<&'static str> {
    app.padlock.going.state().step
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

fn show(app: &App, name: &str, pair: Pair) -> Result<(), String> {
    let facts = Facts::of(pair.certificate()).ok_or("The public certificate cannot be read.")?;
    app.padlock.shown.set_public(Some(Public {
        name: name.to_owned(),
        pair,
        end: facts.end,
    }));
    Ok(())
}

/// A name as somebody typed it, as it is kept; 400 for what can have no public certificate.
pub fn name_of(typed: &str) -> Result<String, Error> {
    let bare = typed.trim().to_ascii_lowercase();
    let bare = bare
        .trim_start_matches("https://")
        .trim_start_matches("http://");
    let name = bare.trim_end_matches(['/', '.']);
    if let Ok(address) = name
        .trim_start_matches('[')
        .trim_end_matches(']')
        .parse::<IpAddr>()
    {
        return Ok(address.to_string());
    }
    let is_label = |label: &str| {
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
        !label.is_empty()
            && label.len() <= 63
            && label.chars().all(plain)
            && !label.starts_with('-')
    };
    let is_name =
        name.len() <= NAME_CHARS_MAX && name.contains('.') && name.split('.').all(is_label);
    if !is_name || is_local(name) || name.parse::<f64>().is_ok() {
        return Err(Error::invalid(
            "A public name looks like pump.example.org: letters, digits, hyphens and dots. Names that end in .local are known \
             only at home.",
        ));
    }
    Ok(name.to_owned())
}

/// Looks where a name leads, by asking this server through it.
pub fn look(app: &App, name: &str) -> Result<Leads, Error> {
    let address = match name.parse::<IpAddr>() {
        Ok(address) => Some(address),
        Err(_) => {
            let all = (name, 80)
                .to_socket_addrs()
                .map(Iterator::collect::<Vec<_>>);
            all.unwrap_or_default().first().map(|at| at.ip())
        }
    };
    let Some(address) = address else {
        return Ok(Leads::Nowhere);
    };
    if !is_public(address) && !is_near(&app.config) {
        return Ok(Leads::Home(address));
    }
    let nonce = random_text::<16>();
    app.padlock.going.state().nonce = Some(nonce.clone());
    let host = match name.parse() {
        Ok(IpAddr::V6(address)) => format!("[{address}]"),
        _ => name.to_owned(),
    };
    let asked = acme(app)?.page(&format!("http://{host}/.well-known/pumphouse/{nonce}"));
    app.padlock.going.state().nonce = None;
    Ok(match asked {
        Ok((200, text)) if text == nonce => Leads::Here,
        Ok(_) => Leads::Elsewhere(address),
        Err(_) => Leads::Silence(address),
    })
}

/// Whether this is what the server asks itself for just now.
pub fn is_asked(app: &App, nonce: &str) -> bool {
    app.padlock.going.state().nonce.as_deref() == Some(nonce)
}

/// What an authority finds at an address, if it is looking for it now.
pub fn page(app: &App, token: &str) -> Option<String> {
    let state = app.padlock.going.state();
    let (known, text) = state.page.as_ref()?;
    (known == token).then(|| text.clone())
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
    if is_other {
        app.padlock.shown.set_public(None);
        for file in [NEXT, PUBLIC] {
            certificates::forget(&app.config.datadir, file).map_err(Error::internal)?;
        }
    }
    change(app, |kept| match &mut kept.public {
        Some(known) if !is_other => {
            known.email = wanted.email;
            // The next try goes the other way, as it would have later.
            (known.next, known.problem) = (None, None);
        }
        public => *public = Some(wanted),
    })?;
    app.padlock.going.state().step = Some(STEP_BEGUN);
    app.padlock.bell.ring();
    Ok(())
}

/// Wants none any more.
pub fn forget(app: &App) -> Result<(), Error> {
    change(app, |kept| kept.public = None)?;
    app.padlock.shown.set_public(None);
    for file in [NEXT, PUBLIC] {
        certificates::forget(&app.config.datadir, file).map_err(Error::internal)?;
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

/// What the owner should know: what is missing, and why.
pub(super) fn problem(app: &App, now: Timestamp) -> Option<[String; 2]> {
    let wish = wish(app)?;
    let public = app.padlock.shown.public();
    let facts = public.and_then(|public| Facts::of(public.pair.certificate()));
    let left = facts.as_ref().map(|facts| facts.percent_left(now));
    let why = wish
        .problem
        .filter(|_| left.is_none_or(|left| left < PERCENT_LEFT_MIN))?;
    let what = match left {
        None => format!("There is no public certificate for {}.", wish.name),
        Some(_) => format!("The public certificate of {} is not renewed.", wish.name),
    };
    Some([what, why])
}

/// Does what is due, and says when to look again; nothing where there is nothing to do.
pub fn work(app: &App, now: Timestamp) -> Option<Duration> {
    let mut wish = wish(app)?;
    if !super::is_possible(&app.config) {
        return None;
    }
    let later = |secs: i64| Some(Duration::from_secs(u64::try_from(secs).unwrap_or(0).max(1)));
    let has_owner = app.known_base().is_some() && matches!(setup::is_open(app), Ok(false));
    if !has_owner || app.clock.doubt(now).is_some() {
        return Some(Duration::from_secs(WAIT_SECS));
    }
    let shown = app.padlock.shown.public();
    let facts = shown.and_then(|public| Facts::of(public.pair.certificate()));
    if let Some(facts) = &facts {
        ask_for_renewal(app, &mut wish, facts, now);
    }
    let due = due(&wish, facts.as_ref());
    if due > now {
        return later(due.secs_since(now).min(ASK_SECS));
    }
    let obtained = obtain(app, &wish);
    app.padlock.shown.set_proof(None);
    {
        let mut state = app.padlock.going.state();
        (state.page, state.step) = (None, None);
    }
    match obtained {
        Ok(()) => {
            log::info!("there is a public certificate for {}", wish.name);
            Some(Duration::from_secs(WAIT_SECS))
        }
        // The next run goes on.
        Err(_) if app.padlock.bell.is_closed() => None,
        Err(trouble) => {
            let sentence = words(&trouble, &wish.name);
            log::warn!(
                "no public certificate for {}: {} {}",
                wish.name,
                trouble.kind,
                trouble.detail
            );
            let failures = usize::try_from(wish.failures).unwrap_or(usize::MAX);
            let wait = RETRY_SECS[failures.min(RETRY_SECS.len() - 1)];
            let noted = note(app, &wish.name, |wish| {
                wish.failures = wish.failures.saturating_add(1);
                wish.next = Some(Timestamp(clock::now().0 + wait));
                wish.problem = Some(sentence);
                if !trouble.kind.is_empty() {
                    wish.order = None;
                }
            });
            if let Err(error) = noted {
                log::error!("{error}");
            }
            later(wait)
        }
    }
}

/// When the certificate is to be asked for.
fn due(wish: &Wish, facts: Option<&Facts>) -> Timestamp {
    let by_life = facts.map(|facts| {
        let life = facts.end.secs_since(facts.begin);
        Timestamp(facts.end.0 - life.saturating_mul(PERCENT_LEFT_MIN) / 100)
    });
    let by_authority = wish.wanted.filter(|_| facts.is_some());
    let due = by_life.into_iter().chain(by_authority).min();
    let due = due.unwrap_or(Timestamp(0));
    wish.next.map_or(due, |next| next.max(due))
}

/// Asks the authority, now and then, when it wants the renewal.
fn ask_for_renewal(app: &App, wish: &mut Wish, facts: &Facts, now: Timestamp) {
    let is_fresh = wish
        .asked
        .is_some_and(|asked| now.secs_since(asked) < ASK_SECS);
    if is_fresh {
        return;
    }
    let Ok(acme) = acme(app) else { return };
    let wanted = acme.wants_renewal(facts);
    (wish.asked, wish.wanted) = (Some(now), wanted);
    let noted = note(app, &wish.name, |kept| {
        (kept.asked, kept.wanted) = (Some(now), wanted);
    });
    if let Err(error) = noted {
        log::error!("{error}");
    }
}

/// From the account to the certificate; goes on with the order of an earlier run.
fn obtain(app: &App, wish: &Wish) -> Result<(), Trouble> {
    let datadir = &app.config.datadir;
    tell(app, STEP_BEGUN);
    let acme = acme(app).map_err(|error| inside(&error))?;
    let kept = certificates::load(datadir, ACCOUNT).map_err(|why| inside(&why))?;
    let (account, made) = acme.account(kept.as_deref(), &wish.email)?;
    if let Some(made) = made {
        certificates::keep(datadir, ACCOUNT, &made).map_err(|why| inside(&why))?;
    }
    let key = key(app).map_err(|why| inside(&why))?;
    let mut order = begin(app, &account, wish)?;
    let mut is_shown = false;
    for _ in 0..POLLS_MAX {
        match order.stage()? {
            Stage::Proving if !is_shown => {
                tell(app, STEP_PROVING);
                prove(app, &mut order, wish)?;
                is_shown = true;
            }
            Stage::Proving | Stage::Working => {}
            Stage::Proven => {
                tell(app, STEP_WAITING);
                let request = asked::request(&key, &wish.name).map_err(|why| inside(&why))?;
                order.finalize(&request)?;
            }
            Stage::Done => return settle(app, wish, &key, &order.certificates()?),
            Stage::Refused => return Err(order.why()),
        }
        if !app.padlock.bell.wait(Some(POLL)) {
            return Err(inside(&"the server ends"));
        }
    }
    Err(inside(&"the authority takes too long"))
}

fn key(app: &App) -> Result<String, String> {
    let datadir = &app.config.datadir;
    let kept = certificates::load(datadir, NEXT)?;
    let kept = kept.and_then(|kept| String::from_utf8(kept).ok());
    if let Some(kept) = kept.filter(|kept| asked::request(kept, "a.example").is_ok()) {
        return Ok(kept);
    }
    let made = asked::new_key()?;
    certificates::keep(datadir, NEXT, made.as_bytes())?;
    Ok(made)
}

/// The order that goes on, or a new one.
fn begin(app: &App, account: &Account, wish: &Wish) -> Result<Order, Trouble> {
    if let Some(known) = &wish.order
        && let Ok(mut order) = account.known_order(known)
        && !matches!(order.stage(), Ok(Stage::Refused) | Err(_))
    {
        return Ok(order);
    }
    let order = account.order(&wish.name)?;
    let url = order.url().to_owned();
    let noted = note(app, &wish.name, |wish| wish.order = Some(url));
    noted.map_err(|error| inside(&error))?;
    Ok(order)
}

/// Shows what proves that the name is ours: by a page, every second time by a certificate, so that one open port is enough.
fn prove(app: &App, order: &mut Order, wish: &Wish) -> Result<(), Trouble> {
    let ways = match wish.failures % 2 {
        0 => [By::Page, By::Handshake],
        _ => [By::Handshake, By::Page],
    };
    for by in ways {
        let Some(proof) = order.proof(by)? else {
            continue;
        };
        match proof {
            Proof::Page { token, text } => app.padlock.going.state().page = Some((token, text)),
            Proof::Handshake(digest) => {
                let pair = asked::proof(&wish.name, &digest).map_err(|why| inside(&why))?;
                app.padlock.shown.set_proof(Some((wish.name.clone(), pair)));
            }
        }
        return order.is_shown(by);
    }
    Ok(())
}

/// Uses a certificate, if it is what was asked for.
fn settle(app: &App, wish: &Wish, key: &str, chain: &str) -> Result<(), Trouble> {
    let pem = format!("{key}{chain}");
    let pair = Pair::read(pem.as_bytes()).map_err(|why| inside(&why))?;
    let facts = Facts::of(pair.certificate()).ok_or_else(|| inside(&"no certificate came"))?;
    let address: Option<IpAddr> = wish.name.parse().ok();
    let is_ours = facts.hosts.contains(&wish.name)
        || address.is_some_and(|address| facts.addresses.contains(&address));
    if !is_ours || facts.end <= clock::now() {
        return Err(inside(&"the certificate that came is for something else"));
    }
    let datadir = &app.config.datadir;
    certificates::keep(datadir, PUBLIC, pem.as_bytes()).map_err(|why| inside(&why))?;
    show(app, &wish.name, pair).map_err(|why| inside(&why))?;
    let noted = note(app, &wish.name, |wish| {
        *wish = Wish {
            name: std::mem::take(&mut wish.name),
            email: std::mem::take(&mut wish.email),
            is_strict: wish.is_strict,
            ..Wish::default()
        };
    });
    noted.map_err(|error| inside(&error))?;
    // The next certificate gets another key.
    certificates::forget(datadir, NEXT).map_err(|why| inside(&why))
}

/// Changes what is kept of a wish, if it is still that one.
fn note(app: &App, name: &str, deed: impl FnOnce(&mut Wish)) -> Result<(), Error> {
    change(app, |kept| {
        if let Some(wish) = kept.public.as_mut().filter(|wish| wish.name == name) {
            deed(wish);
        }
    })
}

/// Whether the authority that is configured can look at names of the local network.
fn is_near(config: &Config) -> bool {
    config.acme_ca.is_some()
}

fn acme(app: &App) -> Result<Acme, Error> {
    let trusted = match &app.config.acme_ca {
        None => Vec::new(),
        Some(path) => {
            let pem = std::fs::read(path).map_err(|error| {
                Error::Conflict(format!("{} cannot be read: {error}.", path.display()))
            })?;
            certificates::certificates(&pem)
                .map_err(|why| Error::Conflict(format!("{} is damaged: {why}.", path.display())))?
        }
    };
    let near = is_near(&app.config);
    Ok(Acme::new(
        &app.config.acme_directory,
        &trusted,
        near,
        app.peers.lan(),
    ))
}

/// The address of the terms of the authority; nothing where it cannot be asked.
pub fn terms(app: &App) -> Option<String> {
    acme(app).ok()?.terms().ok()?
}

const STEP_BEGUN: &str = "The authority is asked.";
const STEP_PROVING: &str = "The authority looks whether the name leads here.";
const STEP_WAITING: &str = "The authority makes the certificate.";

fn tell(app: &App, step: &'static str) {
    app.padlock.going.state().step = Some(step);
}

fn inside(why: &dyn std::fmt::Display) -> Trouble {
    Trouble {
        kind: String::new(),
        detail: why.to_string(),
    }
}

/// What went wrong, for people.
fn words(trouble: &Trouble, name: &str) -> String {
    let detail = trouble.detail.trim_end_matches('.');
    match trouble.kind.as_str() {
        "connection" => format!(
            "The authority did not reach this server at {name}. Let the router forward the ports 80 and 443 to this machine."
        ),
        "dns" => format!(
            "The authority finds no address of {name}. Look at the name with whoever you have it from."
        ),
        "unauthorized" | "incorrectResponse" | "tls" => {
            format!("At {name} the authority found another server than this one ({detail}).")
        }
        "rateLimited" => format!(
            "The authority wants to be asked later: there were many certificates, or many failures, for {name} ({detail})."
        ),
        "caa" => format!("The domain of {name} does not allow this authority (CAA)."),
        "rejectedIdentifier" | "unsupportedIdentifier" => {
            format!("The authority gives no certificate for {name} ({detail}).")
        }
        "invalidContact" | "unsupportedContact" => {
            format!("The authority does not take the mail address ({detail}).")
        }
        "" => format!("The authority could not be asked ({detail})."),
        kind => format!("The authority refuses ({kind}: {detail})."),
    }
}

impl Going {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::{Wish, due, name_of, words};
    use crate::certificates::x509::Facts;
    use crate::clock::Timestamp;
    use crate::peers::Trouble;

    #[test]
    fn public_names_are_read_as_people_type_them() {
        for (typed, name) in [
            (" Pump.Example.org ", "pump.example.org"),
            ("https://pump.example.org/", "pump.example.org"),
            ("pump.example.org.", "pump.example.org"),
            ("93.184.215.14", "93.184.215.14"),
            ("[2001:DB8::1]", "2001:db8::1"),
        ] {
            assert_eq!(name_of(typed).ok().as_deref(), Some(name), "{typed}");
        }
        for wrong in [
            "",
            "pump",
            "pump.local",
            "a b.example",
            "pump..example",
            "-a.example",
            "pump.example/x",
            "1.5",
        ] {
            assert!(name_of(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_certificate_is_renewed_in_the_last_third_or_when_the_authority_wants_it() {
        let facts = Facts {
            serial: vec![1],
            begin: Timestamp(0),
            end: Timestamp(1000),
            hosts: Vec::new(),
            addresses: Vec::new(),
            permitted: Vec::new(),
            authority_key: None,
        };
        let mut wish = Wish::default();
        assert_eq!(due(&wish, None), Timestamp(0));
        assert_eq!(due(&wish, Some(&facts)), Timestamp(660));
        wish.wanted = Some(Timestamp(300));
        assert_eq!(due(&wish, Some(&facts)), Timestamp(300));
        wish.next = Some(Timestamp(700));
        assert_eq!(due(&wish, Some(&facts)), Timestamp(700), "after a failure");
    }

    #[test]
    fn what_an_authority_says_is_told_in_words() {
        let told = |kind: &str| {
            let trouble = Trouble {
                kind: kind.to_owned(),
                detail: "because.".to_owned(),
            };
            words(&trouble, "pump.example")
        };
        assert!(told("connection").contains("ports 80 and 443"));
        assert!(told("unauthorized").contains("(because)"));
        assert!(told("newThing").contains("newThing: because"));
        assert!(told("").contains("could not be asked"));
    }
}
