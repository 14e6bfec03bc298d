//! `pumphouse appliance first-boot`: takes over what the boot partition hands over. At each start it looks whether something is
//! there that it does not know; mostly nothing is, and then it writes nothing.
//!
//! In this order, so that it can be cut off anywhere: what is wanted is written; what was taken over is noted; secrets go from the
//! boot partition. A file whose wishes could not be written keeps them for the next start.

use super::boot;
use crate::appliance::handover::{
    self, CMDLINE, FILE_BYTES_MAX, FILES, FIRSTRUN, Password, Record, Report, Wiped, Wishes,
};
use crate::appliance::owner::NamedOwner;
use crate::appliance::shell::Keys;
use crate::appliance::{disk, iwd, networkd};
use crate::auth::{Guard, crypt, passwords};
use crate::cli::{Failure, Places};
use crate::commands::datadir;
use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;

/// The name of the box where nobody wishes another.
const HOSTNAME: &str = "pump";

/// Takes it over. Only a disk that cannot be written fails; what makes no sense is told in `pump-status.txt`.
pub(super) fn perform(places: &Places) -> Result<(), Failure> {
    let mut record = Record::kept(&places.state);
    let mut found = Found::default();
    for file in FILES {
        found.look(places, &record, file);
    }
    found.look_at_firstrun(places, &record);
    if !found.plans.is_empty() || found.unusable != record.unusable {
        take_over(places, &mut record, found)?;
    }
    mend_cmdline(places)?;
    wipe(places, &record)
}

/// What is new on the boot partition.
#[derive(Default)]
struct Found {
    wishes: Wishes,
    report: Report,
    plans: Vec<Wiped>,
    /// What is said of files that could not be read.
    unusable: Vec<String>,
}

impl Found {
    fn look(&mut self, places: &Places, record: &Record, file: &str) {
        let Some(bytes) = self.new_bytes(places, record, file) else {
            return;
        };
        let read = handover::read(file, &bytes);
        self.plans.push(Wiped::plan(file, &bytes, read.secrets));
        self.report.problems.extend(read.problems);
        self.report.used.push(file.to_owned());
        self.wishes.or(read.wishes);
    }

    fn look_at_firstrun(&mut self, places: &Places, record: &Record) {
        let Some(bytes) = self.new_bytes(places, record, FIRSTRUN) else {
            return;
        };
        self.report.problems.push(format!(
            "{FIRSTRUN} is a script for Raspberry Pi OS, of an Imager that does not know this system; it was not run. Write the card \
             with Raspberry Pi Imager 2 and the file .rpi-imager-manifest of this image, or write your wishes into pump.toml as \
             README-FIRST.txt shows."
        ));
        let text = String::from_utf8_lossy(&bytes);
        self.plans
            .push(match handover::firstrun_without_secrets(&text) {
                Some(after) => Wiped::to(FIRSTRUN, &bytes, &after),
                None => Wiped::plan(FIRSTRUN, &bytes, Vec::new()),
            });
    }

    /// The bytes of a file that was not taken over before.
    fn new_bytes(&mut self, places: &Places, record: &Record, file: &str) -> Option<Vec<u8>> {
        match disk::read(&places.boot.join(file), FILE_BYTES_MAX) {
            Ok(bytes) => bytes.filter(|bytes| {
                let mut known = record.files.iter().filter(|known| known.file == file);
                !known.any(|known| known.is_of(bytes))
            }),
            Err(error) if error.kind() == io::ErrorKind::FileTooLarge => {
                self.unusable.push(format!(
                    "{file} is longer than {} KiB, so nothing of it was used.",
                    FILE_BYTES_MAX / 1024
                ));
                None
            }
            Err(error) => {
                self.unusable
                    .push(format!("{file} cannot be read ({error})."));
                None
            }
        }
    }
}

fn take_over(places: &Places, record: &mut Record, found: Found) -> Result<(), Failure> {
    let mut report = found.report;
    let cannot = |error: io::Error| {
        Failure::new(format!(
            "Cannot keep what the boot partition hands over: {error}. It is tried again at the next start."
        ))
    };
    for (directory, mode) in [(&places.state, 0o755), (&places.iwd, 0o700)] {
        let made = DirBuilder::new()
            .recursive(true)
            .mode(mode)
            .create(directory);
        made.map_err(cannot)?;
    }
    if !found.plans.is_empty() {
        apply(places, &found.wishes, &mut report).map_err(cannot)?;
        record.report = report;
    }
    for plan in found.plans {
        record.files.retain(|known| known.file != plan.file);
        record.files.push(plan);
    }
    record.unusable = found.unusable;
    let Report { done, problems, .. } = &record.report;
    for line in done.iter().chain(problems).chain(&record.unusable) {
        eprintln!("{line}");
    }
    record.keep(&places.state).map(drop).map_err(cannot)
}

fn apply(places: &Places, wishes: &Wishes, report: &mut Report) -> io::Result<()> {
    for wifi in &wishes.wifi {
        let path = places.iwd.join(iwd::file_name(wifi));
        disk::write(&path, iwd::file(wifi).as_bytes(), 0o600)?;
        report
            .done
            .push(format!("Wi-Fi: joins \u{201c}{}\u{201d}.", wifi.name()));
    }
    let mut keep = |file: &str, value: &Option<String>, what: &str| -> io::Result<()> {
        if let Some(value) = value {
            disk::write(
                &places.state.join(file),
                format!("{value}\n").as_bytes(),
                0o644,
            )?;
            report.done.push(format!("{what}: {value}."));
        }
        Ok(())
    };
    keep("country", &wishes.country, "Rules for Wi-Fi of the country")?;
    keep("hostname", &wishes.hostname, "Name of the box")?;
    for (card, addresses) in &wishes.addresses {
        let directory = places.state.join("network");
        fs::create_dir_all(&directory)?;
        let path = directory.join(networkd::file_name(*card));
        match networkd::file(*card, addresses) {
            Some(text) => {
                disk::write(&path, text.as_bytes(), 0o644)?;
                let own = addresses.own.iter().map(ToString::to_string);
                let own = own.collect::<Vec<_>>().join(", ");
                report.done.push(format!("Address ({card:?}): {own}."));
            }
            None => {
                if disk::remove(&path)? {
                    report
                        .done
                        .push(format!("Address ({card:?}): as the network gives it."));
                }
            }
        }
    }
    if let Some(zone) = &wishes.time_zone {
        set_time_zone(places, zone, report)?;
    }
    apply_ssh(places, wishes, report)?;
    name_owner(places, wishes, report)
}

/// The image's `/etc/localtime` leads to the link that this makes.
fn set_time_zone(places: &Places, zone: &str, report: &mut Report) -> io::Result<()> {
    let zones = places.zones.canonicalize();
    let file = places.zones.join(zone).canonicalize();
    let is_one = |file: &Path| file.is_file() && zones.is_ok_and(|zones| file.starts_with(zones));
    if !file.is_ok_and(|file| is_one(&file)) {
        let sentence = format!("There is no time zone {zone}; it is a name like Europe/Berlin.");
        report.problems.push(sentence);
        return Ok(());
    }
    let half = places.state.join(".localtime.new");
    disk::remove(&half)?;
    std::os::unix::fs::symlink(places.zones.join(zone), &half)?;
    let link = places.state.join("localtime");
    fs::rename(&half, &link)?;
    disk::sync_directory(&link)?;
    disk::write(
        &places.state.join("timezone"),
        format!("{zone}\n").as_bytes(),
        0o644,
    )?;
    report.done.push(format!("Time zone: {zone}."));
    Ok(())
}

/// Logging in from afar is possible with keys alone. The units of the image look for the file.
fn apply_ssh(places: &Places, wishes: &Wishes, report: &mut Report) -> io::Result<()> {
    if wishes.ssh_keys.is_empty() {
        if wishes.wants_ssh {
            report.problems.push(
                "SSH stays off: this box lets nobody in with a password. Write your public key into pump.toml, as README-FIRST.txt shows."
                    .to_owned(),
            );
        }
        return Ok(());
    }
    Keys::of(wishes.ssh_keys.clone()).keep(&places.state.join("ssh"))?;
    report.done.push(format!(
        "SSH is on, with {} of your keys and no password.",
        wishes.ssh_keys.len()
    ));
    Ok(())
}

/// The server makes the account at its next start, so nobody else can be quicker.
fn name_owner(places: &Places, wishes: &Wishes, report: &mut Report) -> io::Result<()> {
    let Some(owner) = &wishes.owner else {
        return Ok(());
    };
    let by_code = "So the pump is set up with its code, which stands further up and on the screen.";
    let password = match &owner.password {
        Password::Hashed(hash) if crypt::is_known(hash.reveal()) => hash.reveal().to_owned(),
        Password::Hashed(_) => {
            report.problems.push(format!(
                "The password of {} is encrypted in a way that this pump does not know. {by_code}",
                owner.nickname
            ));
            return Ok(());
        }
        Password::Plain(password) => match passwords::hash(&Guard::default(), password.reveal()) {
            Ok(hash) => hash.as_str().to_owned(),
            Err(error) => {
                report.problems.push(format!(
                    "The password of {} cannot be used. {} {by_code}",
                    owner.nickname,
                    error.public()
                ));
                return Ok(());
            }
        },
    };
    let hostname = wishes.hostname.clone();
    let named = NamedOwner {
        nickname: owner.nickname.clone(),
        password,
        site: wishes.site.clone().unwrap_or_default(),
        language: wishes.language.clone().unwrap_or_default(),
        hostname: hostname.unwrap_or_else(|| HOSTNAME.to_owned()),
    };
    // The server's own user makes the directory; before its first start it is not there.
    if !places.data.is_dir() {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&places.data)?;
    }
    named.keep(&places.data)?;
    datadir::hand_over(&places.data);
    report.done.push(format!(
        "Owner: {}, with the password that you chose. (If the pump has an owner already, it keeps that one.)",
        owner.nickname
    ));
    Ok(())
}

/// Without this the kernel would be told to run the script, and nothing else, at every start.
fn mend_cmdline(places: &Places) -> Result<(), Failure> {
    let path = places.boot.join(CMDLINE);
    let line = disk::read(&path, FILE_BYTES_MAX).ok().flatten();
    let line = line.and_then(|line| String::from_utf8(line).ok());
    let Some(clean) = line.as_deref().and_then(handover::cleaned_cmdline) else {
        return Ok(());
    };
    let written = boot::writing(places, |boot| {
        disk::write(&boot.join(CMDLINE), clean.as_bytes(), 0o644)
    });
    written
        .map(drop)
        .map_err(|error| Failure::new(format!("Cannot mend {}: {error}.", path.display())))
}

/// Takes the secrets of what was taken over from the boot partition; nothing is written where that is done.
fn wipe(places: &Places, record: &Record) -> Result<(), Failure> {
    let left: Vec<&Wiped> = record
        .files
        .iter()
        .filter(|one| {
            let bytes = disk::read(&places.boot.join(&one.file), FILE_BYTES_MAX);
            let bytes = bytes.ok().flatten();
            bytes.is_some_and(|bytes| one.is_of(&bytes) && !one.is_done(&bytes))
        })
        .collect();
    if left.is_empty() {
        return Ok(());
    }
    let wiped = boot::writing(places, |boot| {
        left.iter().try_for_each(|one| one.perform(boot))
    });
    wiped.map_err(|error| {
        Failure::new(format!(
            "Passwords that were taken over are still on the boot partition: {error}. It is tried again at the next start."
        ))
    })
}
