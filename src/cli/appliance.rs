//! Reads the words of `pumphouse appliance …`: what the units of a ready-made box call.

use super::Usage;
use super::deed_words::Typed;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

/// What a unit of the box wants done.
#[derive(Clone, Debug)]
pub enum Appliance {
    /// Take over what the boot partition hands over.
    FirstBoot(Places),
    /// Write `pump-status.txt`.
    Status(Places),
    /// Show on the screen where the pump is opened; once, or for ever.
    Console(Places, bool),
    /// Look after the Wi-Fi, and open one where the box has no network.
    Wifi(Places),
    /// Take over who logs in from afar.
    Shell(Places),
    /// Install a package of a later version, and go back if it does not come up.
    Update(Update),
    /// Bring an update to its end that was cut off.
    Settle(UpdatePlaces),
    /// Count a start of a version that has not proved itself.
    Choose(PathBuf),
    /// Become the server, with these words.
    Start(PathBuf, Vec<OsString>),
}

/// Where things are on the box.
#[derive(Clone, Debug)]
pub struct Places {
    /// The boot partition.
    pub boot: PathBuf,
    /// Whether it is mounted read-only, and made writable while something is written.
    pub remounts: bool,
    /// The server's data directory.
    pub data: PathBuf,
    /// What the box keeps beside it.
    pub state: PathBuf,
    /// The networks of iwd.
    pub iwd: PathBuf,
    /// The time zone database.
    pub zones: PathBuf,
    /// Sentences that other units leave for `pump-status.txt`.
    pub notes: PathBuf,
    /// The versions of the program.
    pub versions: PathBuf,
    /// Where the unit of the Wi-Fi tells the server what it does.
    pub wifi: PathBuf,
    /// How long the box waits for a network before it opens its own.
    pub patience: Duration,
}

/// A package to install.
#[derive(Clone, Debug)]
pub struct Update {
    /// The package.
    pub package: PathBuf,
    /// The key by which it must be signed.
    pub key: PathBuf,
    /// What asked for it; removed when it is done.
    pub request: Option<PathBuf>,
    /// Whether it may be older than what runs.
    pub may_be_older: bool,
    /// Where things are.
    pub places: UpdatePlaces,
}

/// Where an update has to do with.
#[derive(Clone, Debug)]
pub struct UpdatePlaces {
    /// The versions of the program.
    pub versions: PathBuf,
    /// The server's data directory.
    pub data: PathBuf,
    /// The unit that runs the server, to be restarted.
    pub service: Option<String>,
    /// How long a new version has until it must answer.
    pub patience: Duration,
}

const WAYS: &str = "first-boot, status, console, wifi, shell, update, settle, choose, start";

/// Where versions of the program usually are.
const VERSIONS: &str = "/var/lib/pump-versions";

/// Reads what follows `appliance`.
pub(super) fn read(words: &[OsString], typed: &mut Typed) -> Result<Appliance, Usage> {
    let Some((what, rest)) = words.split_first() else {
        return Err(usage(format!("`appliance` needs one of {WAYS}.")));
    };
    let what = what.to_string_lossy();
    let command = match (&*what, rest) {
        ("first-boot", []) => Appliance::FirstBoot(places(typed)?),
        ("status", []) => Appliance::Status(places(typed)?),
        ("wifi", []) => Appliance::Wifi(places(typed)?),
        ("shell", []) => Appliance::Shell(places(typed)?),
        ("console", []) => {
            let once = typed.take_flag("once");
            Appliance::Console(places(typed)?, once)
        }
        ("settle", []) => Appliance::Settle(update_places(typed)?),
        ("choose", []) => Appliance::Choose(versions(typed)),
        ("start", rest) => Appliance::Start(versions(typed), rest.to_vec()),
        ("update", [package]) => Appliance::Update(Update {
            package: PathBuf::from(package),
            key: needed(typed, "public-key", "FILE")?,
            request: typed.take("request").map(PathBuf::from),
            may_be_older: typed.take_flag("older"),
            places: update_places(typed)?,
        }),
        ("update", _) => return Err(usage("`appliance update` needs exactly one package.")),
        (
            "first-boot" | "status" | "console" | "wifi" | "shell" | "settle" | "choose",
            [extra, ..],
        ) => {
            return Err(super::extra_word(extra, "appliance"));
        }
        (other, _) => {
            return Err(usage(format!(
                "There is no command `appliance {other}`, only {WAYS}."
            )));
        }
    };
    Ok(command)
}

fn usage(sentence: impl std::fmt::Display) -> Usage {
    Usage::new(sentence, "appliance")
}

fn needed(typed: &mut Typed, name: &str, what: &str) -> Result<PathBuf, Usage> {
    let given = typed.take(name).map(PathBuf::from);
    given.ok_or_else(|| usage(format!("This needs --{name} {what}.")))
}

fn usual(typed: &mut Typed, name: &str, usual: &str) -> PathBuf {
    PathBuf::from(typed.take(name).unwrap_or_else(|| usual.to_owned()))
}

fn versions(typed: &mut Typed) -> PathBuf {
    usual(typed, "versions", VERSIONS)
}

fn places(typed: &mut Typed) -> Result<Places, Usage> {
    let patience = typed.take_number("patience", "appliance")?;
    Ok(Places {
        patience: patience.map_or(Places::PATIENCE, Duration::from_secs),
        boot: needed(typed, "boot", "DIRECTORY")?,
        data: needed(typed, "data", "DIRECTORY")?,
        state: usual(typed, "state", "/var/lib/pumphouse-card"),
        iwd: usual(typed, "iwd", "/var/lib/iwd"),
        zones: usual(typed, "zones", "/usr/share/zoneinfo"),
        notes: usual(typed, "notes", "/run/pump-notes"),
        versions: versions(typed),
        wifi: usual(typed, "wifi", "/run/pump-wifi"),
        remounts: typed.take_flag("remount"),
    })
}

fn update_places(typed: &mut Typed) -> Result<UpdatePlaces, Usage> {
    let patience = typed.take_number("patience", "appliance")?;
    Ok(UpdatePlaces {
        versions: versions(typed),
        data: needed(typed, "data", "DIRECTORY")?,
        service: typed.take("service"),
        patience: patience.map_or(UpdatePlaces::PATIENCE, Duration::from_secs),
    })
}
