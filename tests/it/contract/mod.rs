//! The ledger of the wire contract: each row names its tests, each test says in its comment which rows it pins, and both
//! agree. The README tells how many rows there are.

#[path = "../../../src/readme.rs"]
mod readme;
mod rows;

use self::By::Tests;
use self::rows::ROWS;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// By what a row is held.
enum By {
    /// Tests by module and name; those beside the source by its file.
    Tests(&'static [&'static str]),
}

/// How many quirks and defects the contract has.
const QUIRKS: usize = 42;
const DEFECTS: usize = 37;

/// All tests of this repository by module and name, with their comments.
fn tests() -> BTreeMap<String, String> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let mut found = BTreeMap::new();
    for folder in ["src", "tests/it"] {
        collect(&root, &root.join(folder), &mut found);
    }
    assert!(found.len() > 300, "the tests were not found");
    found
}

fn collect(root: &Path, folder: &Path, found: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(folder).expect("the source is here") {
        let path = entry.expect("the source can be read").path();
        if path.is_dir() {
            collect(root, &path, found);
            continue;
        }
        let short = path
            .strip_prefix(root)
            .expect("below the root")
            .to_string_lossy();
        let module = match short.strip_prefix("tests/it/") {
            Some(file) => {
                let file = file.trim_end_matches(".rs").trim_end_matches("/mod");
                file.replace('/', "::")
            }
            None => short.into_owned(),
        };
        if path.extension().is_some_and(|kind| kind == "rs") {
            let text = fs::read_to_string(&path).expect("source is text");
            for (name, comment) in tests_of(&text) {
                found.insert(format!("{module}::{name}"), comment);
            }
        }
    }
}

/// The tests of a file with the comments above them.
fn tests_of(text: &str) -> Vec<(String, String)> {
    let (mut found, mut comment, mut is_test) = (Vec::new(), String::new(), false);
    for line in text.lines().map(str::trim) {
        if let Some(words) = line.strip_prefix("///") {
            comment.push_str(words);
        } else if line == "#[test]" {
            is_test = true;
        } else if let Some(rest) = line.strip_prefix("fn ").filter(|_| is_test) {
            let name = rest.split('(').next().unwrap_or_default();
            found.push((name.to_owned(), std::mem::take(&mut comment)));
            is_test = false;
        } else if !is_test {
            comment.clear();
        }
    }
    found
}

/// How a comment names a row: quirks and defects by their number, others by their section.
fn named(mark: &str) -> String {
    match mark.split_once(' ') {
        _ if !mark.starts_with('§') => mark.to_owned(),
        Some((section, _)) => format!("{section} [W]"),
        None => format!("{mark} [W]"),
    }
}

/// The rows that a comment names.
fn names(comment: &str) -> Vec<String> {
    let words = comment
        .split_whitespace()
        .map(|word| word.trim_matches([',', '.', ';', ':', '(', ')']));
    let words: Vec<&str> = words.collect();
    let is_numbered = |word: &str| {
        word.strip_prefix(['Q', 'D']).is_some_and(|number| {
            !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
        })
    };
    let numbered = words.iter().filter(|word| is_numbered(word));
    let marked = words.windows(2).filter(|pair| pair[1] == "[W]");
    numbered
        .map(|word| (*word).to_owned())
        .chain(marked.map(|pair| pair.join(" ")))
        .collect()
}

#[test]
fn rows_and_tests_name_each_other() {
    let tests = tests();
    let mut wrong = Vec::new();
    let mut pinned: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (mark, words, by) in ROWS {
        let Tests(held) = by;
        for test in *held {
            pinned.entry(test).or_default().push(named(mark));
            match tests.get(*test) {
                None => wrong.push(format!("{mark} ({words}): there is no test {test}")),
                Some(comment) if !names(comment).contains(&named(mark)) => {
                    wrong.push(format!(
                        "{mark} ({words}): the comment of {test} does not say {}",
                        named(mark)
                    ));
                }
                Some(_) => {}
            }
        }
    }
    for (test, comment) in &tests {
        let known = pinned.get(test.as_str());
        for name in names(comment) {
            if !known.is_some_and(|known| known.contains(&name)) {
                wrong.push(format!(
                    "{test} says {name}: put it into that row of tests/it/contract/rows.rs"
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_quirk_and_defect_has_its_row() {
    let of = |letter: char| {
        let marks = ROWS
            .iter()
            .filter_map(|(mark, _, _)| mark.strip_prefix(letter));
        marks
            .map(|number| number.parse().expect("a number"))
            .collect::<Vec<usize>>()
    };
    assert_eq!(of('Q'), (1..=QUIRKS).collect::<Vec<_>>());
    assert_eq!(of('D'), (1..=DEFECTS).collect::<Vec<_>>());
}

#[test]
fn the_readme_counts_the_rows() {
    let mut table = "| rows of the wire contract | each held by tests |\n|---|---|\n".to_owned();
    for (letter, what) in [
        ('§', "marked as critical"),
        ('Q', "quirks of clients"),
        ('D', "defects of pump.io"),
    ] {
        let rows = ROWS.iter().filter(|(mark, _, _)| mark.starts_with(letter));
        table.push_str(&format!("| {what} | {} |\n", rows.count()));
    }
    readme::holds("contract", &table);
}
