//! Holds that every sentence of the source and of the templates is in the table of every language, that the tables hold nothing
//! else, and that no template has words that are not said through them.
//!
//! `PUMPHOUSE_TEST_UPDATE_LANGUAGES=1 cargo test --lib languages` brings new sentences into the tables, to be translated there, and
//! takes out those that are no longer said.

use super::catalog::{self, Translation};
use super::{Language, Words};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

/// What says a sentence; `count` says one of two.
const CALLS: [&str; 6] = ["say(", "fill(", "count(", "linked(", "named(", "marked("];

/// What makes sentences that pages show and the API says in English, such as those of errors: every text there that is a
/// sentence is translated (`told.rs`). Folders and files, below `src`.
const TELLS: &[&str] = &[
    "app.rs",
    "appliance/shell.rs",
    "appliance/wifi.rs",
    "auth/accounts.rs",
    "auth/grants.rs",
    "auth/mod.rs",
    "auth/oauth2/authorize.rs",
    "auth/owner.rs",
    "auth/passwords.rs",
    "auth/sessions.rs",
    "certificates",
    "domain/activities/favorite.rs",
    "domain/activities/follow.rs",
    "domain/activities/groups.rs",
    "domain/activities/lists.rs",
    "domain/activities/share.rs",
    "domain/administration.rs",
    "domain/archives/desk.rs",
    "domain/archives/source.rs",
    "domain/backups",
    "domain/blocks.rs",
    "domain/invitations.rs",
    "domain/lan.rs",
    "domain/mailing",
    "domain/padlock",
    "domain/people.rs",
    "domain/personal_tokens.rs",
    "domain/pins.rs",
    "domain/pushing",
    "domain/quiet.rs",
    "domain/quotas.rs",
    "domain/registration.rs",
    "domain/reports.rs",
    "domain/requests.rs",
    "domain/setup",
    "domain/site.rs",
    "domain/updates",
    "domain/uploads",
    "error.rs",
    "federation/visiting.rs",
    "ids.rs",
    "mailbox.rs",
    "media",
    "routes.rs",
    "server/answer.rs",
    "server/intake.rs",
    "server/lane.rs",
    "server/mod.rs",
    "store/bearer/issuing.rs",
    "store/engine/mod.rs",
    "store/users.rs",
    "web",
];

/// Templates for programmers, who read English, and for letters' plain frames.
const ENGLISH: [&str; 1] = ["manual"];

/// Attributes of which people read the value.
const READ: [&str; 5] = ["aria-label", "alt", "title", "placeholder", "data-words"];

/// English sentences, and their forms for many where they count.
type Said = BTreeMap<String, Option<String>>;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn files(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).expect("the source is here") {
        let path = entry.expect("the source can be read").path();
        if path.is_dir() {
            files(&path, found);
        } else {
            found.push(path);
        }
    }
    found.sort();
}

/// Every sentence that is said.
fn said() -> Said {
    let mut paths = Vec::new();
    files(&root().join("src"), &mut paths);
    files(&root().join("assets/templates"), &mut paths);
    let mut said = Said::new();
    for path in paths {
        let is_here = path
            .parent()
            .is_some_and(|folder| folder.ends_with("src/words"));
        let text = fs::read_to_string(&path).expect("source is text");
        let own_tests = if is_here && !path.ends_with("when.rs") && !path.ends_with("size.rs") {
            "//! "
        } else {
            "mod tests {"
        };
        let text = text.split(own_tests).next().unwrap_or_default();
        sentences(text, &mut said);
        let place = path.strip_prefix(root().join("src"));
        if place.is_ok_and(|place| {
            TELLS.iter().any(|told| place.starts_with(told))
                && !place.starts_with("web/manual")
                && !place.ends_with("tests.rs")
        }) {
            told_sentences(text, &mut said);
        }
    }
    said
}

fn sentences(text: &str, said: &mut Said) {
    for call in CALLS {
        for (at, _) in text.match_indices(call) {
            let is_whole = text
                .get(..at)
                .and_then(|before| before.chars().next_back())
                .is_some_and(|before| match call {
                    "marked(" => !before.is_alphanumeric() && before != '_',
                    _ => before == '.',
                });
            let rest = text.get(at + call.len()..).unwrap_or_default();
            let Some((one, rest)) = literal(rest).filter(|_| is_whole) else {
                continue;
            };
            let many =
                (call == "count(")
                    .then(|| {
                        literal(rest.trim_start_matches(|letter: char| {
                            letter == ',' || letter.is_whitespace()
                        }))
                    })
                    .flatten()
                    .map(|(many, _)| many);
            if call != "count(" || many.is_some() {
                said.entry(one).or_insert(many);
            }
        }
    }
}

/// Sentences among the texts of a source file, whatever becomes of them.
fn told_sentences(source: &str, said: &mut Said) {
    let lines = source
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"));
    let source: String = lines.map(|line| format!("{line}\n")).collect();
    let source = source.replace("'\"'", "");
    let mut rest = source.as_str();
    while let Some((_, inside)) = rest.split_once('"') {
        let mut text = String::new();
        let mut letters = inside.char_indices();
        let mut end = inside.len();
        let mut is_plain = true;
        while let Some((at, letter)) = letters.next() {
            match letter {
                '"' => {
                    end = at + 1;
                    break;
                }
                '\\' => match letters.next().map(|(_, escaped)| escaped) {
                    Some('\n') => {
                        let next = letters.clone().find(|(_, next)| !next.is_whitespace());
                        while letters.clone().next().map(|(at, _)| at) < next.map(|(at, _)| at) {
                            letters.next();
                        }
                    }
                    Some('u') => {
                        let code: String = letters
                            .by_ref()
                            .map(|(_, digit)| digit)
                            .skip(1)
                            .take_while(|digit| *digit != '}')
                            .collect();
                        let code = u32::from_str_radix(&code, 16).ok();
                        text.extend(code.and_then(char::from_u32));
                    }
                    _ => is_plain = false,
                },
                letter => text.push(letter),
            }
        }
        rest = inside.get(end..).unwrap_or_default();
        let begins = |first: char| first.is_uppercase() || first == '{';
        if is_plain
            && text.contains(' ')
            && text.starts_with(begins)
            && text.ends_with(['.', '?', '!'])
        {
            said.entry(numbered(&text)).or_insert(None);
        }
    }
}

/// A sentence with numbers for the names of its values, in their order.
fn numbered(sentence: &str) -> String {
    let mut names: Vec<&str> = Vec::new();
    let mut out = String::new();
    let mut rest = sentence;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}').expect("a sentence with a value");
        let place = match name.parse::<usize>() {
            Ok(place) => place,
            Err(_) => match names
                .iter()
                .position(|known| *known == name && !name.is_empty())
            {
                Some(known) => known,
                None => {
                    names.push(name);
                    names.len() - 1
                }
            },
        };
        let _ = write!(out, "{before}{{{place}}}");
        rest = after;
    }
    out + rest
}

/// The string with which a text begins, and what follows it.
fn literal(text: &str) -> Option<(String, &str)> {
    let text = text.trim_start().strip_prefix('"')?;
    let mut out = String::new();
    let mut letters = text.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return Some((out, text.get(at + 1..)?)),
            // A line that goes on begins anew with its first letter.
            '\\' => match letters.next()?.1 {
                '\n' => {
                    while letters
                        .clone()
                        .next()
                        .is_some_and(|(_, next)| next.is_whitespace())
                    {
                        letters.next();
                    }
                }
                escaped => panic!("\\{escaped} in the sentence {out:?}…: tables have no escapes"),
            },
            letter => out.push(letter),
        }
    }
    None
}

fn table_of(language: Language) -> BTreeMap<&'static str, Translation> {
    let catalog = catalog::of(language).map_or(&[][..], Vec::as_slice);
    catalog.iter().copied().collect()
}

/// The table of a language as it is to be: every sentence, with the translations that there are.
fn written(language: Language, said: &Said) -> String {
    let known = table_of(language);
    let printed = |found: Option<&str>| typeset(language, found.unwrap_or_default());
    let mut out = format!(
        "# {} ({}). One line for each sentence and its translation; {{0}}, {{1}} and [brackets] stay.\n",
        language.name(),
        language.code()
    );
    for (one, many) in said {
        let found = known.get(one.as_str());
        let _ = match many {
            None => write!(
                out,
                "\nmsgid \"{one}\"\nmsgstr \"{}\"\n",
                printed(found.map(|found| found.one))
            ),
            Some(many) => write!(
                out,
                "\nmsgid \"{one}\"\nmsgid_plural \"{many}\"\nmsgstr[0] \"{}\"\nmsgstr[1] \"{}\"\n",
                printed(found.map(|found| found.one)),
                printed(found.and_then(|found| found.many))
            ),
        };
    }
    out
}

/// A translation as it is to be printed: French has narrow spaces before what stands high, and inside its quotes.
fn typeset(language: Language, text: &str) -> String {
    if language != Language::French {
        return text.to_owned();
    }
    let mut out = text.replace(" :", "\u{a0}:").replace("« ", "«\u{202f}");
    for mark in [" ;", " ?", " !", " »"] {
        out = out.replace(mark, &mark.replace(' ', "\u{202f}"));
    }
    out
}

/// What has to stand in a translation as it does in the sentence.
fn marks(sentence: &str) -> BTreeSet<String> {
    let numbers = sentence
        .split('{')
        .skip(1)
        .filter_map(|rest| rest.split_once('}'));
    let mut marks: BTreeSet<String> = numbers.map(|(number, _)| number.to_owned()).collect();
    marks.insert("[".repeat(sentence.matches('[').count()));
    marks
}

#[test]
fn languages_are_complete() {
    let said = said();
    let mut wrong = Vec::new();
    for language in Language::ALL
        .into_iter()
        .filter(|language| *language != Language::English)
    {
        let path = root().join(format!("assets/languages/{}.po", language.code()));
        let wanted = written(language, &said);
        if std::env::var_os("PUMPHOUSE_TEST_UPDATE_LANGUAGES").is_some() {
            fs::write(&path, &wanted).expect("the table can be written");
        } else if fs::read_to_string(&path).expect("the table is there") != wanted {
            wrong.push(format!(
                "{} is not as it is to be: PUMPHOUSE_TEST_UPDATE_LANGUAGES=1 brings it there",
                path.display()
            ));
        }
        let table = table_of(language);
        for (one, many) in &said {
            let code = language.code();
            match table.get(one.as_str()) {
                None => wrong.push(format!("{code}: {one:?} is not translated")),
                Some(found) => {
                    let pairs = [(Some(one), Some(found.one)), (many.as_ref(), found.many)];
                    for pair in pairs {
                        match pair {
                            (Some(sentence), Some(translation)) => {
                                // One thing need not be counted in words.
                                let (mut meant, there) = (marks(sentence), marks(translation));
                                meant.extend(
                                    there
                                        .contains("0")
                                        .then(|| "0".to_owned())
                                        .filter(|_| many.is_some()),
                                );
                                if meant != there {
                                    wrong.push(format!(
                                        "{code}: {translation:?} lacks a mark of {sentence:?}"
                                    ));
                                }
                            }
                            (Some(sentence), None) => {
                                wrong.push(format!("{code}: {sentence:?} is not translated"));
                            }
                            (None, _) => {}
                        }
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(
        Words::of(Language::German).say("no such sentence"),
        "no such sentence"
    );
}

/// The text of a template without comments, expressions and tags; and the values of attributes that people read.
fn words_of_template(text: &str) -> String {
    let mut out = text.to_owned();
    for (open, close) in [
        ("{#", "#}"),
        ("{{", "}}"),
        ("{%", "%}"),
        ("<style>", "</style>"),
    ] {
        while let Some((before, rest)) = out.split_once(open) {
            let after = rest.split_once(close).map_or("", |(_, after)| after);
            out = format!("{before}\u{1}{after}");
        }
    }
    let mut words = String::new();
    let mut rest = out.as_str();
    while let Some((before, tag)) = rest.split_once('<') {
        words.push_str(before);
        let Some((tag, after)) = tag.split_once('>') else {
            break;
        };
        for name in READ {
            for (at, _) in tag.match_indices(&format!(" {name}=\"")) {
                let value = tag.get(at + name.len() + 3..).unwrap_or_default();
                words.push_str(value.split('"').next().unwrap_or_default());
                words.push('\n');
            }
        }
        rest = after;
    }
    words.push_str(rest);
    words
        .replace("&nbsp;", "")
        .replace("&amp;", "")
        .replace("&hellip;", "")
}

#[test]
fn templates_say_everything_through_the_tables() {
    let mut paths = Vec::new();
    let folder = root().join("assets/templates");
    files(&folder, &mut paths);
    let mut wrong = Vec::new();
    for path in paths {
        let short = path.strip_prefix(&folder).expect("below it").to_owned();
        let first = short.components().next().expect("it has a name");
        let name = short.to_string_lossy().into_owned();
        let is_html = path.extension().is_some_and(|kind| kind == "html");
        let is_english = ENGLISH.contains(&first.as_os_str().to_string_lossy().as_ref());
        if !is_html || is_english {
            continue;
        }
        let words = words_of_template(&fs::read_to_string(&path).expect("a template is text"));
        let found = words
            .lines()
            .map(str::trim)
            .filter(|line| line.chars().any(char::is_alphabetic));
        wrong.extend(found.map(|line| format!("{name}: {line}")));
    }
    assert!(
        wrong.is_empty(),
        "these words have no translation:\n{}",
        wrong.join("\n")
    );
}
