//! The data directory: there, ours, private, on a disk with room and of a kind that keeps what is written.

use super::Findings;
use crate::cli::Failure;
use crate::commands::size;
use crate::config::Config;
use crate::store::engine::RESERVE_BYTES;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

/// Free space, in bytes, below which somebody should look.
const FREE_BYTES_LOW: u64 = 512 * 1024 * 1024;

/// Kinds of file systems (statfs(2)): number, name, and what is wrong with it for a store.
const KINDS: &[(u32, &str, Option<&str>)] = &[
    (0xef53, "ext4", None),
    (0x9123_683e, "btrfs", None),
    (0x5846_5342, "xfs", None),
    (0xf2f5_2010, "f2fs", None),
    (0x2fc1_2fc1, "zfs", None),
    (0x794c_7630, "overlay", None),
    (
        0x0102_1994,
        "tmpfs",
        Some("everything is gone when the machine restarts"),
    ),
    (
        0x8584_58f6,
        "ramfs",
        Some("everything is gone when the machine restarts"),
    ),
    (
        0x4d44,
        "FAT",
        Some("it has no permissions and does not survive power cuts well"),
    ),
    (
        0x2011_bab0,
        "exFAT",
        Some("it has no permissions and does not survive power cuts well"),
    ),
    (
        0x6969,
        "NFS",
        Some("its locks and syncs depend on another machine"),
    ),
    (
        0xff53_4d42,
        "CIFS",
        Some("its locks and syncs depend on another machine"),
    ),
    (
        0xfe53_4d42,
        "SMB",
        Some("its locks and syncs depend on another machine"),
    ),
];

/// Looks at the directory; false if there is nothing to open in it.
pub(super) fn check(config: &Config, findings: &mut Findings) -> Result<bool, Failure> {
    let datadir = &config.datadir;
    let shown = datadir.display();
    let facts = match fs::metadata(datadir) {
        Ok(facts) if facts.is_dir() => facts,
        Ok(_) => {
            findings.fail(format_args!("data directory: {shown} is no directory."))?;
            return Ok(false);
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            findings.warn(format_args!(
                "data directory: {shown} is not there yet. The first start makes it."
            ))?;
            return Ok(false);
        }
        Err(error) => {
            findings.fail(format_args!("data directory: {shown}: {error}."))?;
            return Ok(false);
        }
    };
    let access = rustix::fs::Access::READ_OK | rustix::fs::Access::WRITE_OK;
    let is_ours = rustix::fs::access(datadir, access).is_ok();
    if !is_ours {
        findings.fail(format_args!(
            "data directory: {shown} belongs to user {} and cannot be written by you. Run the doctor as that user, or with \
             sudo.",
            facts.uid()
        ))?;
    } else if facts.mode() & 0o077 != 0 {
        findings.warn(format_args!(
            "data directory: others on this machine can look into {shown}. `chmod 700 {shown}` keeps them out."
        ))?;
    } else {
        findings.ok(format_args!(
            "data directory: {shown}, private, of user {}.",
            facts.uid()
        ))?;
    }
    owners(datadir, facts.uid(), findings)?;
    disk(datadir, findings)?;
    Ok(is_ours)
}

/// Files of somebody else in the store stop the server.
fn owners(datadir: &Path, owner: u32, findings: &mut Findings) -> Result<(), Failure> {
    let mut strangers = Vec::new();
    for part in ["", "store", "store/sled", "uploads"] {
        for entry in fs::read_dir(datadir.join(part))
            .into_iter()
            .flatten()
            .flatten()
        {
            if entry.metadata().is_ok_and(|facts| facts.uid() != owner) {
                strangers.push(entry.path());
            }
        }
    }
    match strangers.first() {
        None => Ok(()),
        Some(first) => findings.fail(format_args!(
            "data directory: {} belongs to another user than the directory ({} such files). `sudo chown -R {owner} {}` \
             puts it right.",
            first.display(),
            strangers.len(),
            datadir.display()
        )),
    }
}

fn disk(datadir: &Path, findings: &mut Findings) -> Result<(), Failure> {
    let cannot = |error| {
        Failure::new(format!(
            "Cannot ask the file system of {}: {error}.",
            datadir.display()
        ))
    };
    let space = rustix::fs::statvfs(datadir).map_err(cannot)?;
    let facts = rustix::fs::statfs(datadir).map_err(cannot)?;
    let free = space.f_bavail.saturating_mul(space.f_frsize);
    let told = size::bytes(free);
    if free < RESERVE_BYTES {
        findings.fail(format_args!(
            "disk: {told} free. Below {} nothing more is stored; free some space.",
            size::bytes(RESERVE_BYTES)
        ))?;
    } else if free < FREE_BYTES_LOW {
        findings.warn(format_args!("disk: only {told} free."))?;
    } else {
        findings.ok(format_args!("disk: {told} free."))?;
    }
    if space.f_files > 0 && space.f_favail < 1000 {
        findings.warn(format_args!(
            "disk: room for only {} more files, whatever their size.",
            space.f_favail
        ))?;
    }
    // The number has 32 bits; the type it comes in differs between machines.
    let number = facts.f_type as u32;
    match KINDS.iter().find(|(known, ..)| *known == number) {
        Some((_, name, Some(why))) => findings.warn(format_args!(
            "file system: {name}, and {why}. Choose a directory on another disk for what is dear to you."
        )),
        Some((_, name, None)) => findings.ok(format_args!("file system: {name}.")),
        None => findings.ok(format_args!("file system: of kind {number:#x}.")),
    }
}
