//! What the copies of a photo cost: `cargo bench --bench photo`. Photos are made here, then each is worked on in a
//! process of its own, so that making them does not count: once with the C library's allocator as it is, once with the
//! settings that the service's unit gives it. Prints processor and wall time per photo (a mean, after one run to warm
//! up) and memory: what a job adds at its highest and what stays afterwards. Asserts nothing.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

use jpeg_encoder::{ColorType, Encoder, SamplingFactor};
use pumphouse::media::{Kind, photo};
use std::fs::File;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

/// Runs whose mean is printed.
const RUNS: u32 = 10;

/// Gives memory back to the system as soon as it is free: large pieces are mapped, few pools are kept.
const ALLOCATOR: [(&str, &str); 3] = [
    ("MALLOC_ARENA_MAX", "2"),
    ("MALLOC_TRIM_THRESHOLD_", "131072"),
    ("MALLOC_MMAP_THRESHOLD_", "131072"),
];

/// Ticks of `/proc/self/stat` in a second.
const TICKS_PER_SEC: f64 = 100.0;

fn main() {
    let mut arguments = std::env::args().skip(1);
    if arguments.next().as_deref() == Some("--job") {
        let path = arguments.next().expect("the parent names a photo");
        // On a thread of its own, as in the server.
        let work = std::thread::spawn(move || job(Path::new(&path)));
        work.join().expect("the job ends");
        return;
    }
    let directory = tempfile::tempdir().expect("a directory");
    let photos = [
        ("12 megapixels", 4000, 3000, 85, false),
        ("12 megapixels, progressive", 4000, 3000, 85, true),
        ("8 megapixels", 3264, 2448, 85, false),
        ("48 megapixels", 8000, 6000, 80, false),
    ];
    for (title, width, height, quality, is_progressive) in photos {
        let photo = textured(width, height, quality, is_progressive);
        let path = directory.path().join("photo.jpg");
        std::fs::write(&path, &photo).expect("room on the disk");
        println!("{title}: {width} × {height}, {} KiB", photo.len() / 1024);
        let this = std::env::current_exe().expect("this program");
        for (title, settings) in [("as it is", &[][..]), ("as the service", &ALLOCATOR)] {
            println!("  allocator {title}:");
            let mut command = Command::new(&this);
            let command = command.arg("--job").arg(&path);
            let status = command.envs(settings.iter().copied()).status();
            assert!(status.expect("this program runs").success());
        }
    }
}

/// Works on one photo and prints what that cost.
fn job(path: &Path) {
    let file = File::open(path).expect("the photo");
    let kind = Kind::of(b"\xff\xd8\xff\xe0\0\x10JFIF\0", None);
    let idle = status_kib("VmRSS:");
    let first = photo::show(&file, kind).expect("a readable photo");
    for copy in &first.renditions {
        println!(
            "    {} × {}: {} KiB",
            copy.width,
            copy.height,
            copy.bytes.len() / 1024
        );
    }
    drop(first);
    let once = (status_kib("VmHWM:"), status_kib("VmRSS:"));
    let (cpu, wall) = (cpu_secs(), Instant::now());
    for _ in 0..RUNS {
        photo::show(&file, kind).expect("a readable photo");
    }
    println!(
        "    {:.3} s processor, {:.3} s wall",
        (cpu_secs() - cpu) / f64::from(RUNS),
        wall.elapsed().as_secs_f64() / f64::from(RUNS)
    );
    let mib = |kib: u64| kib.saturating_sub(idle) as f64 / 1024.0;
    println!(
        "    memory over idle: {:.1} MiB at most, {:.1} MiB afterwards",
        mib(once.0),
        mib(once.1)
    );
    println!(
        "    after {RUNS} more: {:.1} MiB at most, {:.1} MiB afterwards",
        mib(status_kib("VmHWM:")),
        mib(status_kib("VmRSS:"))
    );
}

/// A picture with gradients, shapes and the noise of a sensor.
fn textured(width: u16, height: u16, quality: u8, is_progressive: bool) -> Vec<u8> {
    let mut noise = 0x9e37_79b9_u32;
    let mut pixels = Vec::with_capacity(usize::from(width) * usize::from(height) * 3);
    for y in 0..u32::from(height) {
        for x in 0..u32::from(width) {
            noise ^= noise << 13;
            noise ^= noise >> 17;
            noise ^= noise << 5;
            let grain = noise % 13;
            let leaf = ((x * x / 900 + y * 7) ^ (y * y / 1300 + x * 3)) % 48;
            let sky = x * 80 / u32::from(width) + y * 90 / u32::from(height);
            for tint in [0, 8, 20] {
                pixels.push(u8::try_from(sky + leaf + grain + tint).unwrap_or(u8::MAX));
            }
        }
    }
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, quality);
    encoder.set_sampling_factor(SamplingFactor::F_2_2);
    encoder.set_progressive(is_progressive);
    encoder
        .encode(&pixels, width, height, ColorType::Rgb)
        .expect("a photo");
    bytes
}

/// A figure of `/proc/self/status`, in KiB.
fn status_kib(name: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("a Linux system");
    status
        .lines()
        .find_map(|line| line.strip_prefix(name))
        .and_then(|rest| rest.split_whitespace().next())
        .and_then(|figure| figure.parse().ok())
        .expect("a figure")
}

/// Processor time of this process so far, with that of its ended threads, in seconds.
fn cpu_secs() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("a Linux system");
    let (_, fields) = stat.rsplit_once(") ").expect("a name in brackets");
    let ticks: u64 = fields
        .split(' ')
        .skip(11)
        .take(2)
        .map(|field| field.parse::<u64>().expect("a number"))
        .sum();
    ticks as f64 / TICKS_PER_SEC
}
