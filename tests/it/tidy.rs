//! Holds the order of the source: which folder may use which, and what may be named where.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The floors from the bottom up. A file may use its own floor and those below.
const FLOORS: &[&[&str]] = &[
    &[
        "clock", "config", "error", "html", "ids", "mailbox", "scope", "words",
    ],
    &["wire"],
    &["appliance", "mail", "media", "peers", "store"],
    &["app", "domain"],
    &["auth", "http"],
    &["api", "federation", "web"],
    &["jobs", "lan", "routes", "server"],
    &[
        "allocator",
        "cli",
        "commands",
        "lib",
        "logging",
        "main",
        "readme",
        "run",
    ],
];

/// Words that belong into some folders only: the word, where, and why.
const RESERVED: &[(&str, &[&str], &str)] = &[
    (
        "sled::",
        &["store"],
        "the engine can be replaced in one folder",
    ),
    (
        "ureq::",
        &["peers"],
        "every request to other hosts has the same limits",
    ),
    (
        "mdns_sd::",
        &["peers"],
        "one part speaks to the local network",
    ),
    ("lettre::", &["mail"], "all mail leaves through one place"),
    (
        "hyper::",
        &[
            "auth",
            "http",
            "api",
            "web",
            "federation",
            "server",
            "routes",
            "run",
        ],
        "rules know nothing of HTTP",
    ),
    (
        "async ",
        &["server", "run"],
        "everything below is plain and blocking",
    ),
    (
        ".await",
        &["server", "run"],
        "everything below is plain and blocking",
    ),
    (
        "tokio::",
        &["server", "run"],
        "everything below is plain and blocking",
    ),
    (".unwrap()", &[], "say why it cannot happen, with expect"),
    ("todo!(", &[], "what is not there is not there"),
    ("unimplemented!(", &[], "what is not there is not there"),
    (
        "println!(",
        &["main", "run", "cli", "commands"],
        "only commands speak to a terminal",
    ),
    ("SystemTime::now", &["clock"], "time comes in"),
    (
        "env::var",
        &["config", "allocator", "readme"],
        "the environment is configuration",
    ),
];

/// One line of code without its comment.
struct Line {
    file: PathBuf,
    module: String,
    number: usize,
    code: String,
}

fn source() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src")
}

fn files(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).expect("the source is here") {
        let path = entry.expect("the source can be read").path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|kind| kind == "rs") {
            found.push(path);
        }
    }
}

/// All lines that are not comments, up to the unit tests of their file, which may do as they like.
fn lines() -> Vec<Line> {
    let mut paths = Vec::new();
    files(&source(), &mut paths);
    paths.sort();
    let mut lines = Vec::new();
    for file in paths {
        let short = file.strip_prefix(source()).expect("below the source");
        let first = short.components().next().expect("it has a name");
        let name = first.as_os_str().to_string_lossy();
        let module = name.trim_end_matches(".rs").to_owned();
        let is_test = short.ends_with("tests.rs") || short.to_string_lossy().contains("/tests/");
        if is_test {
            continue;
        }
        let text = fs::read_to_string(&file).expect("source is text");
        for (number, line) in text.lines().enumerate() {
            if line.starts_with("mod tests {") {
                break;
            }
            let code = line.split("//").next().unwrap_or_default();
            lines.push(Line {
                file: short.to_owned(),
                module: module.clone(),
                number: number + 1,
                code: code.to_owned(),
            });
        }
    }
    assert!(lines.len() > 1000, "the source was not found");
    lines
}

fn floor_of(module: &str) -> Option<usize> {
    FLOORS.iter().position(|floor| floor.contains(&module))
}

/// The top modules that a line of code names.
fn named(code: &str) -> Vec<&str> {
    let mut found = Vec::new();
    for root in ["crate::", "pumphouse::"] {
        for (at, _) in code.match_indices(root) {
            let rest = code.get(at + root.len()..).unwrap_or_default();
            let end = rest
                .find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_')
                .unwrap_or(rest.len());
            let (word, after) = rest.split_at(end);
            if let Some(group) = after.strip_prefix('{').filter(|_| word.is_empty()) {
                let group = group.split('}').next().unwrap_or_default();
                let words = group.split(',').map(str::trim);
                found.extend(words.filter_map(|word| word.split("::").next()));
            } else {
                found.push(word);
            }
        }
    }
    found.retain(|word| word.starts_with(|letter: char| letter.is_ascii_lowercase()));
    found
}

/// Whether a word stands in a line, and not as the end of a longer word or path.
fn stands_in(code: &str, word: &str) -> bool {
    let longer = |before: char| before.is_ascii_alphanumeric() || "_:".contains(before);
    code.match_indices(word).any(|(at, _)| {
        let before = code.get(..at).and_then(|start| start.chars().next_back());
        word.starts_with('.') || !before.is_some_and(longer)
    })
}

#[test]
fn folders_use_only_their_own_floor_and_those_below() {
    let mut wrong = Vec::new();
    let mut unknown = BTreeSet::new();
    for line in lines() {
        let Some(floor) = floor_of(&line.module) else {
            unknown.insert(line.module.clone());
            continue;
        };
        for used in named(&line.code) {
            match floor_of(used) {
                Some(below) if below <= floor => {}
                Some(_) => wrong.push(format!(
                    "{}:{}: {} may not use {used}",
                    line.file.display(),
                    line.number,
                    line.module
                )),
                None => {
                    unknown.insert(used.to_owned());
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(unknown.is_empty(), "on no floor: {unknown:?}");
}

#[test]
fn words_stay_where_they_belong() {
    let mut wrong = Vec::new();
    for line in lines() {
        for (word, folders, why) in RESERVED {
            if stands_in(&line.code, word) && !folders.contains(&line.module.as_str()) {
                wrong.push(format!(
                    "{}:{}: `{word}` does not belong here: {why}",
                    line.file.display(),
                    line.number
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_file_says_first_what_it_is_for() {
    let mut paths = Vec::new();
    files(&source(), &mut paths);
    files(&source().join("../tests"), &mut paths);
    for path in paths {
        let text = fs::read_to_string(&path).expect("source is text");
        assert!(text.starts_with("//! "), "{} says nothing", path.display());
    }
}

#[test]
fn the_rules_are_noticed() {
    assert_eq!(named("use crate::store::keys;"), ["store"]);
    assert_eq!(
        named("use crate::{clock, store::Store};"),
        ["clock", "store"]
    );
    assert_eq!(
        named("let x: crate::error::Error = pumphouse::run::go();"),
        ["error", "run"]
    );
    assert!(floor_of("store") < floor_of("domain"));
    assert!(stands_in("let db = sled::open(path)?;", "sled::"));
    assert!(!stands_in(
        "use crate::store::engine::sled::SledEngine;",
        "sled::"
    ));
    assert!(stands_in("let x = y.unwrap();", ".unwrap()"));
}
