//! `pumphouse appliance wifi`: opens the Wi-Fi "Pump setup" when the box has had no network for a minute, tries the network that
//! somebody chose there, and comes back when that does not work. What speaks to iwd is a few calls of busctl; what they mean is
//! `appliance/wifi.rs`.

use crate::appliance::wifi::{self, ADDRESS, NAME, QUERY_BYTES_MAX, State, Wish};
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

const IWD: &str = "net.connman.iwd";

/// Looks after it for ever.
pub(super) fn perform(places: &Places) -> Result<(), Failure> {
    let mut state = State::default();
    tell(places, &state)?;
    answer_names()?;
    // Since when there is no network, and since when the box has its own.
    let (mut lonely, mut open): (Option<Instant>, Option<Instant>) = (None, None);
    loop {
        let now = Instant::now();
        if let Some(wish) = Wish::take(&places.data).map_err(Failure::new)? {
            join(places, &mut state, &wish)?;
            (lonely, open) = (None, None);
            if state.problem.is_some() && !has_network() {
                open = open_own(places, &mut state)?.then_some(now);
            }
        } else if has_network() {
            lonely = None;
            if open.take().is_some() {
                close_own(places, &mut state)?;
            }
        } else if let Some(since) = open {
            if now - since >= OPEN_MAX && knows_networks(&places.iwd) {
                close_own(places, &mut state)?;
                (lonely, open) = (None, None);
            }
        } else if now - *lonely.get_or_insert(now) >= places.patience {
            open = open_own(places, &mut state)?.then_some(now);
            lonely = None;
        }
        thread::park_timeout(LOOK_EVERY);
    }
}

fn tell(places: &Places, state: &State) -> Result<(), Failure> {
    let told = state.tell(&places.wifi);
    told.map_err(|error| Failure::new(format!("{}: {error}.", places.wifi.display())))
}

fn has_network() -> bool {
    let own = IpAddr::V4(ADDRESS);
    facts::addresses().iter().any(|one| one.address != own)
}

fn knows_networks(iwd: &Path) -> bool {
    let entries = fs::read_dir(iwd).into_iter().flatten().flatten();
    entries
        .filter_map(|entry| {
            entry
                .path()
                .extension()
                .map(|kind| kind == "psk" || kind == "open")
        })
        .any(|is_network| is_network)
}

/// Opens the box's own Wi-Fi; false where there is no card.
fn open_own(places: &Places, state: &mut State) -> Result<bool, Failure> {
    let Some(objects) = objects() else {
        return Ok(false);
    };
    let Some(card) = wifi::card(&objects) else {
        return Ok(false);
    };
    // What is near is looked for before: a card that is one's own Wi-Fi sees no other.
    set_mode(&card, "station");
    call(&card, "Station", &["Scan"]);
    thread::park_timeout(SCAN);
    let ordered = call(&card, "Station", &["GetOrderedNetworks"]).unwrap_or_default();
    let found = wifi::networks(&self::objects().unwrap_or_default(), &ordered);
    if !found.is_empty() {
        state.networks = found;
    }
    let profiles = places.iwd.join("ap");
    let written = fs::create_dir_all(&profiles).and_then(|()| {
        let path = profiles.join(format!("{NAME}.ap"));
        disk::write(&path, wifi::profile().as_bytes(), 0o600)
    });
    written.map_err(|error| Failure::new(format!("{}: {error}.", profiles.display())))?;
    set_mode(&card, "ap");
    state.is_open = call(&card, "AccessPoint", &["StartProfile", "s", NAME]).is_some();
    state.joining = None;
    tell(places, state)?;
    Ok(state.is_open)
}

fn close_own(places: &Places, state: &mut State) -> Result<(), Failure> {
    if let Some(card) = objects().and_then(|objects| wifi::card(&objects)) {
        set_mode(&card, "station");
    }
    state.is_open = false;
    tell(places, state)
}

/// Tries a network; what was known before comes back if that does not work.
fn join(places: &Places, state: &mut State, wish: &Wish) -> Result<(), Failure> {
    state.joining = Some(wish.name().to_owned());
    state.problem = None;
    tell(places, state)?;
    thread::park_timeout(FAREWELL);
    let wanted = wish.wifi();
    let path = places.iwd.join(iwd::file_name(&wanted));
    let before = fs::read(&path).ok();
    let cannot = |error| Failure::new(format!("{}: {error}.", path.display()));
    disk::write(&path, iwd::file(&wanted).as_bytes(), 0o600).map_err(cannot)?;
    close_own(places, state)?;
    if let Some(card) = objects().and_then(|objects| wifi::card(&objects)) {
        call(&card, "Station", &["Disconnect"]);
        call(&card, "Station", &["Scan"]);
    }
    let begun = Instant::now();
    while !has_network() && begun.elapsed() < places.patience {
        thread::park_timeout(LOOK_EVERY);
    }
    state.joining = None;
    if !has_network() {
        match before {
            Some(before) => disk::write(&path, &before, 0o600).map(drop),
            None => disk::remove(&path).map(drop),
        }
        .map_err(cannot)?;
        state.problem = Some(wish.failed());
    }
    tell(places, state)
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

fn objects() -> Option<Value> {
    let words = [
        "/",
        "org.freedesktop.DBus.ObjectManager",
        "GetManagedObjects",
    ];
    busctl("call", &words)
}

fn call(card: &str, interface: &str, words: &[&str]) -> Option<Value> {
    let interface = format!("{IWD}.{interface}");
    busctl("call", &[&[card, &interface], words].concat())
}

fn set_mode(card: &str, mode: &str) {
    let interface = format!("{IWD}.Device");
    busctl("set-property", &[card, &interface, "Mode", "s", mode]);
}

/// Asks iwd; nothing where it refuses or is not there. An answer without words is null.
fn busctl(what: &str, words: &[&str]) -> Option<Value> {
    let output = Command::new("busctl")
        .args(["--json=short", "--timeout=10", what, IWD])
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
