//! `pumphouse appliance wifi`: opens the Wi-Fi "Pump setup" when the box has had no network for a minute, tries the network that
//! somebody chose there, and comes back when that does not work. What speaks to iwd is a few calls of busctl; what they mean is
//! `appliance/wifi.rs`.

use crate::appliance::facts::CardAddress;
use crate::appliance::wifi::{self, ADDRESS, Card, NAME, QUERY_BYTES_MAX, State, Wish};
use crate::appliance::{disk, facts, iwd};
use crate::cli::{Failure, Places};
use serde_json::Value;
use std::fs;
use std::net::{IpAddr, UdpSocket};
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

/// How long the box waits for a network before it opens its own.
const LONELY_MAX: Duration = Duration::from_secs(60);

/// After this time its own Wi-Fi makes room for known networks for a while: the router may be back.
const OPEN_MAX: Duration = Duration::from_secs(600);

/// How often it is looked.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// How long the page has to arrive before its Wi-Fi goes.
const FAREWELL: Duration = Duration::from_secs(3);

/// How long networks are looked for.
const SCAN: Duration = Duration::from_secs(6);

/// How often a box that has a network looks which others are near, so that its owner can choose one of them.
const LOOK_AROUND_EVERY: Duration = Duration::from_secs(300);

/// The same, where it saw none.
const LOOK_AROUND_AGAIN: Duration = Duration::from_secs(30);

/// How often a network may refuse the box before it gives up.
const TRIES_MAX: u32 = 3;

const IWD: &str = "net.connman.iwd";

/// Looks after it for ever.
pub(super) fn perform(places: &Places) -> Result<(), Failure> {
    let mut state = State::default();
    tell(places, &state)?;
    answer_names()?;
    let begun = Instant::now();
    // Since when there is no network, since when the box has its own, and when it looked around last.
    let (mut lonely, mut open): (Option<Instant>, Option<Instant>) = (None, None);
    let mut looked: Option<Instant> = None;
    loop {
        let now = Instant::now();
        if let Some(wish) = Wish::take(&places.data).map_err(Failure::new)? {
            join(places, &mut state, &wish)?;
            (lonely, open) = (None, None);
            if state.problem.is_some() && !has_network() {
                open = open_own(places, &mut state)?.then_some(now);
            }
        } else if has_network() {
            if open.take().is_some() {
                close_own(places, &mut state)?;
                looked = None;
            }
            if lonely.take().is_some() {
                looked = None;
            }
            let every = match state.networks.is_empty() {
                true => LOOK_AROUND_AGAIN,
                false => LOOK_AROUND_EVERY,
            };
            if looked.is_none_or(|looked| now - looked >= every) {
                looked = Some(now);
                look_around(&mut state);
                if begun.elapsed() >= places.patience {
                    judge(places, &mut state);
                }
                tell(places, &state)?;
            }
        } else if let Some(since) = open {
            if now - since >= OPEN_MAX && !known_networks(&places.iwd).is_empty() {
                close_own(places, &mut state)?;
                (lonely, open) = (None, None);
            }
        } else if now - *lonely.get_or_insert(now) >= places.patience {
            look_around(&mut state);
            judge(places, &mut state);
            open = open_own(places, &mut state)?.then_some(now);
            lonely = None;
        }
        thread::park_timeout(LOOK_EVERY);
    }
}

/// Tells the server, and whoever reads `pump-status.txt` or the screen.
fn tell(places: &Places, state: &State) -> Result<(), Failure> {
    let note = places.notes.join("wifi");
    let told = state.tell(&places.wifi).and_then(|()| {
        fs::create_dir_all(&places.notes)?;
        match &state.problem {
            Some(problem) => disk::write(&note, problem.as_bytes(), 0o644).map(drop),
            None => disk::remove(&note).map(drop),
        }
    });
    told.map_err(|error| Failure::new(format!("{}: {error}.", places.wifi.display())))
}

fn has_network() -> bool {
    addresses().next().is_some()
}

/// The addresses of this machine in networks of others.
fn addresses() -> impl Iterator<Item = CardAddress> {
    let own = IpAddr::V4(ADDRESS);
    let all = facts::addresses().into_iter();
    all.filter(move |one| one.address != own)
}

/// The names of the networks that iwd joins by itself.
fn known_networks(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    entries
        .filter_map(|entry| iwd::name_of(entry.file_name().to_str()?))
        .collect()
}

/// Sees which networks are near.
fn look_around(state: &mut State) {
    let Some(card) = card() else { return };
    // A card that is the box's own Wi-Fi sees no other.
    set_mode(&card, "station");
    call(&card.path, "Station", &["Scan"]);
    thread::park_timeout(SCAN);
    if let Some(ordered) = call(&card.path, "Station", &["GetOrderedNetworks"]) {
        state.networks = wifi::networks(&objects().unwrap_or_default(), &ordered);
    }
}

/// Says why the card is in no network although it knows one.
fn judge(places: &Places, state: &mut State) {
    let known = known_networks(&places.iwd);
    let is_near = |name: &&String| state.networks.iter().any(|seen| seen.name == **name);
    if card().is_some_and(|card| card.network.is_some()) {
        state.problem = None;
    } else if let Some(name) = known.iter().find(is_near) {
        state.problem = Some(wifi::not_joined(name));
    } else if let Some(name) = known.first() {
        state.problem = Some(wifi::not_seen(name));
    }
}

/// Opens the box's own Wi-Fi; false where there is no card.
fn open_own(places: &Places, state: &mut State) -> Result<bool, Failure> {
    let Some(card) = card() else {
        return Ok(false);
    };
    state.joined = None;
    let profiles = places.iwd.join("ap");
    let written = fs::create_dir_all(&profiles).and_then(|()| {
        let path = profiles.join(format!("{NAME}.ap"));
        disk::write(&path, wifi::profile().as_bytes(), 0o600)
    });
    written.map_err(|error| Failure::new(format!("{}: {error}.", profiles.display())))?;
    set_mode(&card, "ap");
    state.is_open = call(&card.path, "AccessPoint", &["StartProfile", "s", NAME]).is_some();
    tell(places, state)?;
    Ok(state.is_open)
}

fn close_own(places: &Places, state: &mut State) -> Result<(), Failure> {
    if let Some(card) = card() {
        set_mode(&card, "station");
    }
    state.is_open = false;
    tell(places, state)
}

/// Tries a network; what was known before comes back if that does not work.
fn join(places: &Places, state: &mut State, wish: &Wish) -> Result<(), Failure> {
    state.joining = Some(wish.name().to_owned());
    (state.joined, state.problem) = (None, None);
    tell(places, state)?;
    thread::park_timeout(FAREWELL);
    let wanted = wish.wifi();
    let path = places.iwd.join(iwd::file_name(&wanted));
    let before = fs::read(&path).ok();
    let cannot = |error| Failure::new(format!("{}: {error}.", path.display()));
    disk::write(&path, iwd::file(&wanted).as_bytes(), 0o600).map_err(cannot)?;
    close_own(places, state)?;
    // With the password that was just typed, not with the one that it is in by.
    if let Some(card) = card().filter(|card| card.network.as_deref() == Some(wish.name())) {
        call(&card.path, "Station", &["Disconnect"]);
    }
    state.joining = None;
    match enter(wish, places.patience) {
        Entry::Inside => state.joined = Some(wish.name().to_owned()),
        refused => {
            match before {
                Some(before) => disk::write(&path, &before, 0o600).map(drop),
                None => disk::remove(&path).map(drop),
            }
            .map_err(cannot)?;
            state.problem = Some(match refused {
                Entry::Unseen => wifi::not_seen(wish.name()),
                _ => wifi::not_joined(wish.name()),
            });
            // A card that was refused goes back to the networks that it knows only when it begins anew.
            if let Some(card) = card() {
                set_powered(&card, false);
                set_powered(&card, true);
            }
        }
    }
    tell(places, state)
}

/// How it went.
enum Entry {
    /// The box has an address there.
    Inside,
    /// It got no answer, or no address.
    Refused,
    /// There is no such network near.
    Unseen,
}

/// Lets the card enter a network, and waits until it has an address there.
fn enter(wish: &Wish, patience: Duration) -> Entry {
    let begun = Instant::now();
    let (mut was_seen, mut tries) = (false, 0);
    while begun.elapsed() < patience && tries < TRIES_MAX {
        thread::park_timeout(LOOK_EVERY);
        let objects = objects().unwrap_or_default();
        let Some(card) = wifi::card(&objects) else {
            continue;
        };
        if card.network.as_deref() == Some(wish.name()) {
            if addresses().any(|one| one.card == card.name) {
                return Entry::Inside;
            }
        } else if let Some(network) = wifi::network(&objects, &card, wish.name()) {
            was_seen = true;
            if call(&network, "Network", &["Connect"]).is_none() {
                tries += 1;
            }
        } else if wish.is_hidden() && begun.elapsed() >= SCAN {
            // It is looked for by its name; whether it is near stays unknown.
            was_seen = true;
            let words = ["ConnectHiddenNetwork", "s", wish.name()];
            if call(&card.path, "Station", &words).is_none() {
                tries += 1;
            }
        } else {
            call(&card.path, "Station", &["Scan"]);
        }
    }
    match was_seen {
        true => Entry::Refused,
        false => Entry::Unseen,
    }
}

/// Answers every name with the box's address, in its own Wi-Fi alone: phones then show the page by themselves. The address comes and
/// goes with that Wi-Fi, so it is waited for.
fn answer_names() -> Result<(), Failure> {
    let answering = move || {
        loop {
            let Ok(socket) = UdpSocket::bind((ADDRESS, 53)) else {
                thread::park_timeout(LOOK_EVERY);
                continue;
            };
            let mut query = [0; QUERY_BYTES_MAX];
            while let Ok((length, from)) = socket.recv_from(&mut query) {
                let query = query.get(..length).unwrap_or_default();
                if let Some(answer) = wifi::name_answer(query, ADDRESS) {
                    drop(socket.send_to(&answer, from));
                }
            }
        }
    };
    let begun = thread::Builder::new()
        .name("names".to_owned())
        .spawn(answering);
    begun.map(drop).map_err(Failure::new)
}

fn card() -> Option<Card> {
    wifi::card(&objects()?)
}

fn objects() -> Option<Value> {
    let words = [
        "/",
        "org.freedesktop.DBus.ObjectManager",
        "GetManagedObjects",
    ];
    busctl("call", &words)
}

fn call(object: &str, interface: &str, words: &[&str]) -> Option<Value> {
    let interface = format!("{IWD}.{interface}");
    busctl("call", &[&[object, &interface], words].concat())
}

fn set_mode(card: &Card, mode: &str) {
    set(card, &["Mode", "s", mode]);
}

fn set_powered(card: &Card, is_powered: bool) {
    set(card, &["Powered", "b", &is_powered.to_string()]);
}

fn set(card: &Card, property: &[&str]) {
    let interface = format!("{IWD}.Device");
    busctl(
        "set-property",
        &[&[&*card.path, &interface], property].concat(),
    );
}

/// Asks iwd; nothing where it refuses or is not there. An answer without words is null.
fn busctl(what: &str, words: &[&str]) -> Option<Value> {
    let output = Command::new("busctl")
        .args(["--json=short", "--timeout=30", what, IWD])
        .args(words)
        .output()
        .ok()?;
    if !output.status.success() {
        eprintln!(
            "busctl {what} {words:?}: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        );
        return None;
    }
    Some(serde_json::from_slice(&output.stdout).unwrap_or_default())
}

impl Places {
    /// How long a box without a network waits where nobody says another time; a network that was chosen has as long.
    pub const PATIENCE: Duration = LONELY_MAX;
}
