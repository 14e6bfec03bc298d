//! What is kept: the store opens, its records can be read and fit together, and the files that they name are there.

use super::Findings;
use crate::cli::Failure;
use crate::clock::{self, Timestamp, Watch};
use crate::commands::{datadir, size};
use crate::config::Config;
use crate::domain::backups::restoring;
use crate::domain::pumpio;
use crate::media::{BlobName, Blobs, Variant};
use crate::store::check::{self, Report};
use crate::store::engine::sled::Sled;
use crate::store::engine::{self, Engine as _};
use crate::store::meta;
use crate::store::things::Upload;
use std::collections::HashSet;
use std::path::Path;

/// The tables of which the number of records says something: their letters (`store/keys.rs`), and what is in them.
const TABLES: [(char, &str); 7] = [
    ('T', "activities, objects and people"),
    ('U', "accounts"),
    ('S', "streams"),
    ('C', "chunks of streams"),
    ('K', "applications"),
    ('O', "tokens"),
    ('J', "jobs to do"),
];

pub(super) fn check(config: &Config, findings: &mut Findings) -> Result<(), Failure> {
    if restoring::is_waiting(&config.datadir) {
        return findings.warn(
            "store: a backup was being restored when that was cut off. It is whole, and the next start puts it in its place; run \
             the doctor again then.",
        );
    }
    let dir = config.datadir.join("store");
    if !dir.join("sled").exists() && !dir.join("sled.old").exists() {
        return findings.ok("store: there is none yet. The first start makes it.");
    }
    let lock = datadir::lock(&config.datadir)?;
    if lock.was_cut_off() {
        findings.ok("last run: it was cut off. The next start tidies up after it.")?;
    }
    let report = open(&dir, config, findings);
    datadir::hand_over(&config.datadir);
    let Some(report) = report? else {
        return Ok(());
    };
    tell(&report, findings)?;
    files(&config.datadir, &report.files, findings)
}

/// Opens the store and reads all of it; nothing if that cannot be done.
fn open(dir: &Path, config: &Config, findings: &mut Findings) -> Result<Option<Report>, Failure> {
    let opened = Sled::open(dir).and_then(|engine| {
        meta::known_format(&engine)?;
        let site = meta::site(&engine)?;
        Ok((engine, site.and_then(|site| site.base)))
    });
    let (engine, site) = match opened {
        Ok(opened) => opened,
        Err(error) => {
            let way_out = match error {
                engine::Error::Corrupt(_) => {
                    ". `pumphouse restore` fills an empty data directory from the last backup; uploads are files of their own \
                     and are not harmed by this."
                }
                _ => "",
            };
            findings.fail(format_args!("store: {error}{way_out}"))?;
            return Ok(None);
        }
    };
    let whose = match &site {
        Some(base) => format!("of {}", base.url()),
        None => "of a server that is not set up yet".to_owned(),
    };
    findings.ok(format_args!(
        "store: it opens; {whose}, {}.",
        size::bytes(engine.size_on_disk())
    ))?;
    let port = config.url_port.unwrap_or(config.port);
    if let (Some(kept), Some(configured)) = (&site, config.base(port).filter(|_| port != 0))
        && *kept != configured
    {
        findings.fail(format_args!(
            "address: the store belongs to {}, the configuration says {}. The address is part of every id and cannot \
             change: set hostname, urlPort and urlPath back.",
            kept.url(),
            configured.url()
        ))?;
    }
    // What cannot be read is said below.
    if let Ok(true) = pumpio::is_cut_off(&engine) {
        findings.fail(format_args!("move: {}", pumpio::CUT_OFF))?;
    }
    match check::check(&engine) {
        Ok(report) => Ok(Some(report)),
        Err(error) => {
            findings.fail(format_args!(
                "records: not all of them can be read: {error}."
            ))?;
            Ok(None)
        }
    }
}

fn tell(report: &Report, findings: &mut Findings) -> Result<(), Failure> {
    let all: u64 = report.records.values().sum();
    let number = |(letter, name): &(char, &str)| {
        let number = report.records.get(letter)?;
        Some(format!("{number} {name}"))
    };
    let by_table = TABLES.iter().filter_map(number).collect::<Vec<_>>();
    let by_table = by_table.join(", ");
    let parts = [
        (
            "records",
            &report.damaged,
            format!("all {all} can be read ({by_table})"),
        ),
        (
            "streams",
            &report.streams,
            format!("all {} add up", report.streams_len),
        ),
        (
            "counters",
            &report.counters,
            "they say what can be counted".to_owned(),
        ),
    ];
    for (name, found, well) in parts {
        if found.count == 0 {
            findings.ok(format_args!("{name}: {well}."))?;
            continue;
        }
        for told in &found.told {
            findings.fail(format_args!("{name}: {told}."))?;
        }
        let untold = found.count - found.told.len() as u64;
        if untold > 0 {
            findings.fail(format_args!("{name}: and {untold} more."))?;
        }
    }
    let newest = report.newest.map_or(0, |newest| newest.0 / 1000);
    let newest = Timestamp(i64::try_from(newest).unwrap_or_default());
    if let Some(doubt) = Watch::new(newest).doubt(clock::now()) {
        findings.warn(format_args!(
            "clock: {doubt}. New posts are ordered after the old ones all the same; nothing is sent to other servers."
        ))?;
    }
    Ok(())
}

fn files(datadir: &Path, uploads: &[Upload], findings: &mut Findings) -> Result<(), Failure> {
    let blobs = Blobs::at(datadir);
    let mut missing = Vec::new();
    for upload in uploads {
        let copies = upload.copies.iter().map(|copy| copy.variant);
        for variant in copies.chain([Variant::Original]) {
            let found = blobs.open_blob(upload.blob, variant).ok().flatten();
            let is_whole = |len| variant != Variant::Original || len == upload.bytes;
            if !found.is_some_and(|blob| is_whole(blob.bytes_len)) {
                missing.push(format!("{}{}", upload.blob, variant.suffix()));
            }
        }
    }
    match missing.first() {
        None => findings.ok(format_args!(
            "uploads: the files of all {} are there.",
            uploads.len()
        ))?,
        Some(first) => findings.fail(format_args!(
            "uploads: {} files are missing or cut short, the first is {first}. Copy them back from a backup of {}.",
            missing.len(),
            datadir.join("uploads").display()
        ))?,
    }
    let named: HashSet<BlobName> = uploads.iter().map(|upload| upload.blob).collect();
    let mut orphans = 0;
    for shard in 0..=u8::MAX {
        let names = blobs.names(shard).map_err(Failure::new)?;
        orphans += names
            .iter()
            .filter(|(name, _)| !named.contains(name))
            .count();
    }
    if orphans > 0 {
        findings.warn(format_args!(
            "uploads: {orphans} files are named by no record. A start after a run that was cut off removes a few of them; \
             many mean that the store and the uploads are not of the same time."
        ))?;
    }
    Ok(())
}
