//! How a public certificate is got (ACME, RFC 8555): from the account to the certificate, again after a failure, and again when it is
//! time to renew it.

use super::{NEXT, PERCENT_LEFT_MIN, Wish, is_for, is_near, note, show, wish};
use crate::app::App;
use crate::certificates::x509::Facts;
use crate::certificates::{self, PUBLIC, Pair, Unwritten, asked};
use crate::clock::{self, Timestamp};
use crate::domain::padlock;
use crate::domain::setup;
use crate::error::Error;
use crate::peers::{Account, Acme, By, Order, Proof, Stage, Trouble};
use std::fmt;
use std::time::Duration;

/// The account with the authority.
const ACCOUNT: &str = "public-account.json";

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

/// What is being done, in English words that pages translate.
pub(super) const STEP_BEGUN: &str = "The authority is asked.";
const STEP_PROVING: &str = "The authority looks whether the name leads here.";
const STEP_WAITING: &str = "The authority makes the certificate.";

/// What is being done now, in English words that pages translate.
pub fn step(app: &App) -> Option<&'static str> {
    app.padlock.going.state().step
}

/// What an authority finds at an address, if it is looking for it now.
pub fn page(app: &App, token: &str) -> Option<String> {
    let state = app.padlock.going.state();
    let (known, text) = state.page.as_ref()?;
    (known == token).then(|| text.clone())
}

/// The address of the terms of the authority; nothing where it cannot be asked.
pub fn terms(app: &App) -> Option<String> {
    acme(app).ok()?.terms().ok()?
}

/// Does what is due, and says when to look again; nothing where there is nothing to do.
pub fn work(app: &App, now: Timestamp) -> Option<Duration> {
    let mut wish = wish(app)?;
    if !padlock::is_possible(&app.config) {
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
            app.padlock.going.state().unkept = None;
            Some(Duration::from_secs(WAIT_SECS))
        }
        // The next run goes on.
        Err(_) if app.padlock.bell.is_closed() => None,
        Err(fault) => {
            log::warn!("no public certificate for {}: {fault}", wish.name);
            let sentence = fault.words(&wish.name);
            let failures = usize::try_from(wish.failures).unwrap_or(usize::MAX);
            let wait = RETRY_SECS[failures.min(RETRY_SECS.len() - 1)];
            let next = Timestamp(clock::now().0 + wait);
            let noted = note(app, &wish.name, |wish| {
                wish.failures = wish.failures.saturating_add(1);
                (wish.next, wish.problem) = (Some(next), Some(sentence.clone()));
                if fault.ends_order() {
                    wish.order = None;
                }
            });
            app.padlock.going.state().unkept = noted.is_err().then_some((sentence, next));
            later(wait)
        }
    }
}

/// Why there is no certificate.
enum Fault {
    /// What the authority says, or that it cannot be asked.
    Authority(Trouble),
    /// The disk: a sentence.
    Disk(&'static str),
}

impl From<Trouble> for Fault {
    fn from(trouble: Trouble) -> Fault {
        Fault::Authority(trouble)
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Fault {
        match padlock::unwritten(&error) {
            Some(sentence) => Fault::Disk(sentence),
            None => inside(&error).into(),
        }
    }
}

impl From<Unwritten> for Fault {
    fn from(error: Unwritten) -> Fault {
        Error::from(error).into()
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Authority(trouble) => write!(f, "{} {}", trouble.kind, trouble.detail),
            Fault::Disk(sentence) => f.write_str(sentence),
        }
    }
}

impl Fault {
    /// What went wrong, for people.
    fn words(&self, name: &str) -> String {
        match self {
            Fault::Authority(trouble) => words(trouble, name),
            Fault::Disk(sentence) => (*sentence).to_owned(),
        }
    }

    /// Whether nothing more comes of the order.
    fn ends_order(&self) -> bool {
        matches!(self, Fault::Authority(trouble) if !trouble.kind.is_empty())
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

/// From the account to the certificate; goes on with the order of an earlier run. Authorities count what they are asked, so they are
/// asked only where what they give can be kept.
fn obtain(app: &App, wish: &Wish) -> Result<(), Fault> {
    let datadir = &app.config.datadir;
    certificates::check_room(datadir)?;
    tell(app, STEP_BEGUN);
    let acme = acme(app)?;
    let kept = certificates::load(datadir, ACCOUNT).map_err(|why| inside(&why))?;
    let (account, made) = acme.account(kept.as_deref(), &wish.email)?;
    if let Some(made) = made {
        certificates::keep(datadir, &[(ACCOUNT, &made)])?;
    }
    let key = key(app)?;
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
            Stage::Refused => return Err(order.why().into()),
        }
        if !app.padlock.bell.wait(Some(POLL)) {
            return Err(inside(&"the server ends").into());
        }
    }
    Err(inside(&"the authority takes too long").into())
}

fn key(app: &App) -> Result<String, Fault> {
    let datadir = &app.config.datadir;
    let kept = certificates::load(datadir, NEXT).map_err(|why| inside(&why))?;
    let kept = kept.and_then(|kept| String::from_utf8(kept).ok());
    if let Some(kept) = kept.filter(|kept| asked::request(kept, "a.example").is_ok()) {
        return Ok(kept);
    }
    let made = asked::new_key().map_err(|why| inside(&why))?;
    certificates::keep(datadir, &[(NEXT, made.as_bytes())])?;
    Ok(made)
}

/// The order that goes on, or a new one.
fn begin(app: &App, account: &Account, wish: &Wish) -> Result<Order, Fault> {
    if let Some(known) = &wish.order
        && let Ok(mut order) = account.known_order(known)
        && !matches!(order.stage(), Ok(Stage::Refused) | Err(_))
    {
        return Ok(order);
    }
    let order = account.order(&wish.name)?;
    let url = order.url().to_owned();
    note(app, &wish.name, |wish| wish.order = Some(url))?;
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
fn settle(app: &App, wish: &Wish, key: &str, chain: &str) -> Result<(), Fault> {
    let pem = format!("{key}{chain}");
    let pair = Pair::read(pem.as_bytes()).map_err(|why| inside(&why))?;
    let facts = Facts::of(pair.certificate()).ok_or_else(|| inside(&"no certificate came"))?;
    if !is_for(&facts, &wish.name) || facts.end <= clock::now() {
        return Err(inside(&"the certificate that came is for something else").into());
    }
    let datadir = &app.config.datadir;
    certificates::keep(datadir, &[(PUBLIC, pem.as_bytes())])?;
    show(app, &wish.name, pair).map_err(|why| inside(&why))?;
    note(app, &wish.name, |wish| {
        *wish = Wish {
            name: std::mem::take(&mut wish.name),
            email: std::mem::take(&mut wish.email),
            is_strict: wish.is_strict,
            ..Wish::default()
        };
    })?;
    // The next certificate gets another key.
    Ok(certificates::forget(datadir, NEXT)?)
}

/// The authority that is configured. 409 where the file of its root cannot be used.
pub(super) fn acme(app: &App) -> Result<Acme, Error> {
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

#[cfg(test)]
mod tests {
    use super::{due, words};
    use crate::certificates::x509::Facts;
    use crate::clock::Timestamp;
    use crate::domain::padlock::public::Wish;
    use crate::peers::Trouble;

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
