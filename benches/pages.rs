//! What pages cost who reads them: `cargo bench --bench pages`. Starts the release binary and a real Chromium, which plays an
//! old phone far from the mast (a quarter of the processor, 1.6 Mbit/s, 150 ms there and back), and prints for each page the
//! time from the tap to the paint and the bytes; then the memory of the server while 20 windows are open. Asserts nothing.
//!
//! It speaks with the harness of the stories.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

#[path = "../tests/it/harness/mod.rs"]
#[expect(
    dead_code,
    unused_imports,
    reason = "the stories need more of it than this"
)]
mod harness;

use harness::chromium::{Chromium, Window};
use harness::{Browser, Person, Pump, activity, comment, note, pictures, public};
use serde_json::{Value, json};

/// How often each page is opened; the table has the median.
const TIMES: usize = 5;

/// Windows that are open at once.
const WINDOWS: usize = 20;

/// Posts on the first page, and photos among them.
const NOTES: usize = 20;
const PHOTOS: u16 = 8;

fn main() {
    let pump = Pump::start();
    let [evan, ann] = pump.register_all(["evan", "ann"]);
    ann.follow(&evan);
    let photo = fill(&evan, &ann);
    let chromium = Chromium::take();
    let browser = pump.browser_of("ann");
    println!(
        "| page | first paint, empty cache | largest paint | loaded | bytes | again: first paint | bytes |"
    );
    println!("|---|---|---|---|---|---|---|");
    let post = photo["url"]
        .as_str()
        .expect("a photo has a page")
        .to_owned();
    let pages = [
        ("Home", "/"),
        ("profile", "/evan"),
        ("photo", post.as_str()),
        ("people", "/main/people"),
    ];
    for (name, path) in pages {
        measure(name, path, &chromium, &pump, &browser);
    }
    println!();
    memory(&chromium, &pump, &browser);
}

/// Notes, photos of 12 megapixels' worth of detail, and what somebody says to them; answers the last photo.
fn fill(evan: &Person, ann: &Person) -> Value {
    for number in 0..NOTES {
        let text = format!(
            "Note {number}: it rained all morning, and then the sun came out over the harbour."
        );
        let note = evan.post(note(&text).to(public()))["object"].clone();
        ann.does("like", &note);
        ann.post(comment("We saw it from the window, too.", &note).to(public()));
    }
    let mut last = Value::Null;
    for number in 0..PHOTOS {
        let mut picture = evan.upload("image/jpeg", &pictures::grainy(1600, 1200, number));
        picture["displayName"] = json!(format!("Photo {number}"));
        last = evan.post(activity("post", &picture).to(public()))["object"].clone();
    }
    last
}

/// One page for somebody who was never here, and for the same one again.
fn measure(name: &str, path: &str, chromium: &Chromium, pump: &Pump, ann: &Browser) {
    let (mut first, mut again) = (Vec::new(), Vec::new());
    for _ in 0..TIMES {
        let mut window = chromium.window(pump);
        window.has_cookies_of(ann);
        window.on_a_phone().slow();
        first.push(opened(&mut window, path));
        again.push(opened(&mut window, path));
    }
    let column = |rows: &[[f64; 4]], number: usize| median(rows.iter().map(|row| row[number]));
    println!(
        "| {name} | {:.0} ms | {:.0} ms | {:.0} ms | {:.1} kB | {:.0} ms | {:.1} kB |",
        column(&first, 0),
        column(&first, 1),
        column(&first, 2),
        column(&first, 3),
        column(&again, 0),
        column(&again, 3),
    );
}

/// First paint, largest paint, loaded (ms), and kilobytes.
fn opened(window: &mut Window, path: &str) -> [f64; 4] {
    let figures = window.open(path).figures();
    let bytes = u32::try_from(figures.bytes).unwrap_or(u32::MAX);
    [
        figures.first_paint_ms,
        figures.largest_paint_ms,
        figures.loaded_ms,
        f64::from(bytes) / 1000.0,
    ]
}

/// Resident memory before, and with all windows open at Home.
fn memory(chromium: &Chromium, pump: &Pump, ann: &Browser) {
    let before = resident_mib(pump);
    let windows: Vec<Window> = (0..WINDOWS)
        .map(|_| {
            let mut window = chromium.window(pump);
            window.has_cookies_of(ann);
            window.open("/").sees("Photo 7");
            window
        })
        .collect();
    let open = windows.len();
    println!("| server | resident |\n|---|---|");
    println!("| before | {before:.1} MiB |");
    println!(
        "| {open} windows open at Home | {:.1} MiB |",
        resident_mib(pump)
    );
}

fn resident_mib(pump: &Pump) -> f64 {
    let file = format!("/proc/{}/status", pump.process_id());
    let status = std::fs::read_to_string(file).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib: f64 = line
        .and_then(|line| line.trim().trim_end_matches(" kB").parse().ok())
        .unwrap_or_default();
    kib / 1024.0
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}
