//! What was given to the server, from all sources: the file, the environment, the command line; later wins.
//! Yields one checked value for each option and says in sentences what is wrong. Knows no typed configuration.

use super::options::{self, Effect, OPTIONS, Opt, REFUSED};
use super::{Problems, Secret};
use serde_json::Value;
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

/// The file that is read when no other is named; it may be missing.
pub const DEFAULT_FILE: &str = "/etc/pumphouse.json";

/// What names in the environment begin with: `PUMPHOUSE_HOSTNAME`, `PUMPHOUSE_URLPORT`, …
pub const ENVIRONMENT_PREFIX: &str = "PUMPHOUSE_";

/// Names in the environment that begin so are the tests' own and never options.
const TEST_PREFIX: &str = "PUMPHOUSE_TEST_";

/// The name of the journal's stream, when systemd started this process or one before it (systemd.exec(5)).
pub fn journal_stream() -> Option<String> {
    std::env::var_os("JOURNAL_STREAM")?.into_string().ok()
}

/// One `--option` of the command line.
#[derive(Clone, Debug)]
pub struct Argument {
    /// Which option.
    pub option: &'static Opt,
    /// Its value as typed; nothing for a bare `--flag`.
    pub value: Option<Secret>,
}

/// Everything from which a configuration is made. Does not print: secrets are in it.
#[derive(Clone, Default)]
pub struct Given {
    /// The file named with `--config`, which must exist; nothing for [`DEFAULT_FILE`], which need not.
    pub file: Option<PathBuf>,
    /// Names and values of the environment; only those that begin with [`ENVIRONMENT_PREFIX`] count, and empty ones do not.
    pub environment: Vec<(String, String)>,
    /// The options of the command line, in order.
    pub arguments: Vec<Argument>,
}

impl Given {
    /// Takes the environment of this process. Values that are not Unicode are read with replacement characters.
    pub fn from_process(file: Option<PathBuf>, arguments: Vec<Argument>) -> Given {
        let environment = std::env::vars_os()
            .map(|(name, value)| {
                let text = |os: std::ffi::OsString| os.to_string_lossy().into_owned();
                (text(name), text(value))
            })
            .collect();
        Given {
            file,
            environment,
            arguments,
        }
    }
}

/// One value for each option that has one, and which sources gave it.
pub(super) struct Values {
    values: BTreeMap<&'static str, Value>,
    sources: BTreeMap<&'static str, String>,
    /// What is wrong so far.
    pub(super) problems: Vec<String>,
}

impl Values {
    /// The values of the defaults, overlaid by everything given.
    pub(super) fn gather(
        given: &Given,
        read: &dyn Fn(&Path) -> io::Result<String>,
    ) -> Result<Values, Problems> {
        let mut values = Values {
            values: BTreeMap::new(),
            sources: BTreeMap::new(),
            problems: Vec::new(),
        };
        for option in OPTIONS {
            if let options::Preset::Json(text) = option.default {
                let value = serde_json::from_str(text).expect("defaults are JSON");
                values.values.insert(option.name, value);
            }
        }
        values.read_file(given, read)?;
        values.read_environment(given);
        for argument in &given.arguments {
            let source = format!("--{}", argument.option.name);
            let text = argument.value.as_ref().map_or("true", Secret::reveal);
            values.set_text(argument.option, text, source);
        }
        Ok(values)
    }

    fn read_file(
        &mut self,
        given: &Given,
        read: &dyn Fn(&Path) -> io::Result<String>,
    ) -> Result<(), Problems> {
        let path = given
            .file
            .as_deref()
            .unwrap_or_else(|| Path::new(DEFAULT_FILE));
        let shown = path.display();
        let text = match read(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound && given.file.is_none() => {
                return Ok(());
            }
            Err(error) => return Err(Problems::one(format!("Cannot read {shown}: {error}."))),
        };
        let members = match serde_json::from_str(&text) {
            Ok(Value::Object(members)) => members,
            Ok(_) => {
                return Err(Problems::one(format!(
                    "{shown} must hold one JSON object with options."
                )));
            }
            Err(error) => return Err(Problems::one(format!("{shown} is not JSON: {error}."))),
        };
        for (name, value) in &members {
            let Some(option) = options::find(name) else {
                self.problems.push(unknown(name, &shown.to_string()));
                continue;
            };
            if value.is_null() {
                continue;
            }
            match option.kind.read_json(value) {
                Some(value) => self.set(option, value, shown.to_string()),
                None => self.wrong_kind(option, &shown.to_string()),
            }
        }
        Ok(())
    }

    fn read_environment(&mut self, given: &Given) {
        let mut environment: Vec<_> = given
            .environment
            .iter()
            .filter(|(name, value)| !name.starts_with(TEST_PREFIX) && !value.is_empty())
            .collect();
        environment.sort();
        for (full, text) in environment {
            let Some(name) = full.strip_prefix(ENVIRONMENT_PREFIX) else {
                continue;
            };
            match options::find_in_environment(name) {
                Some(option) => self.set_text(option, text, full.clone()),
                None => self.problems.push(unknown(name, full)),
            }
        }
    }

    fn set_text(&mut self, option: &'static Opt, text: &str, source: String) {
        match option.kind.read_text(text) {
            Some(value) => self.set(option, value, source),
            None => self.wrong_kind(option, &source),
        }
    }

    fn set(&mut self, option: &'static Opt, value: Value, source: String) {
        self.values.insert(option.name, value);
        self.sources.insert(option.name, source);
    }

    /// The message never shows the value: it may be a secret.
    fn wrong_kind(&mut self, option: &Opt, source: &str) {
        self.problems.push(format!(
            "The option {} ({source}) has a value of the wrong type; expected: {}.",
            option.name,
            option.kind.words()
        ));
    }

    /// One sentence for each option that was set and does nothing, for the log.
    pub(super) fn warnings(&self) -> Vec<String> {
        OPTIONS
            .iter()
            .filter_map(|option| {
                let Effect::Without(reason) = option.effect else {
                    return None;
                };
                let source = self.sources.get(option.name)?;
                let off = match self.values.get(option.name)? {
                    Value::Bool(on) => !on,
                    Value::Array(list) => list.is_empty(),
                    Value::Object(members) => members.is_empty(),
                    Value::String(text) => text.is_empty(),
                    _ => false,
                };
                (!off).then(|| {
                    format!(
                        "The option {} ({source}) has no effect: {reason}.",
                        option.name
                    )
                })
            })
            .collect()
    }

    /// Where the value of an option comes from, for messages.
    pub(super) fn source(&self, name: &str) -> &str {
        self.sources.get(name).map_or("default", String::as_str)
    }

    /// Adds a sentence about one option.
    pub(super) fn problem(&mut self, name: &str, sentence: &str) {
        let source = self.source(name).to_owned();
        self.problems
            .push(format!("The option {name} ({source}) {sentence}"));
    }

    /// Any value.
    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        self.values.get(name)
    }

    /// A text that is there and not empty.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        let text = self.get(name)?.as_str()?;
        (!text.is_empty()).then(|| text.to_owned())
    }

    /// A flag; unset means no.
    pub(super) fn flag(&self, name: &str) -> bool {
        self.get(name).and_then(Value::as_bool).unwrap_or(false)
    }

    /// A list of texts; unset means an empty one.
    pub(super) fn texts(&self, name: &str) -> Vec<String> {
        let list = self.get(name).and_then(Value::as_array);
        let texts = list.into_iter().flatten().filter_map(Value::as_str);
        texts.map(str::to_owned).collect()
    }

    /// A number; unset means none.
    pub(super) fn number(&self, name: &str) -> Option<u64> {
        self.get(name)?.as_u64()
    }

    /// A port; unset means none.
    pub(super) fn port(&self, name: &str) -> Option<u16> {
        u16::try_from(self.number(name)?).ok()
    }
}

fn unknown(name: &str, source: &str) -> String {
    match REFUSED.iter().find(|(refused, _)| *refused == name) {
        Some((_, instead)) => {
            format!("The option {name} ({source}) is refused: {instead}.")
        }
        None => format!(
            "There is no option {name} ({source}). The closest one is {}.",
            options::closest(name).name
        ),
    }
}
