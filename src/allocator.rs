//! Makes the C library's allocator give memory back. Left alone it keeps an arena for each of several threads and what one
//! large job took for a next one: a server that scaled a photo or checked a password would hold some 20 MiB for nothing.
//! The allocator reads its settings when a process begins, so the server begins once more with them.

use std::env;
use std::os::unix::process::CommandExt as _;
use std::process::Command;

/// What glibc reads (`mallopt(3)`): at most two arenas; memory at the top goes back from 128 KiB on; pieces from 128 KiB on
/// have a mapping of their own, which ends with them.
const SETTINGS: [(&str, &str); 3] = [
    ("MALLOC_ARENA_MAX", "2"),
    ("MALLOC_TRIM_THRESHOLD_", "131072"),
    ("MALLOC_MMAP_THRESHOLD_", "131072"),
];

/// Replaces this process by the same program with the settings, under the same process id. Returns where somebody has set
/// any of them, or where that is not possible: the server then works with more memory.
pub fn begin_sparing() {
    if SETTINGS.iter().any(|(name, _)| env::var_os(name).is_some()) {
        return;
    }
    let Ok(program) = env::current_exe() else {
        return;
    };
    // On success this does not return; a failure changes nothing.
    drop(
        Command::new(program)
            .args(env::args_os().skip(1))
            .envs(SETTINGS)
            .exec(),
    );
}
