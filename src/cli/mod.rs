//! The command line: which command, on what, with which options. Only reads; what a command does lives in a file of
//! its own. Options are those of the configuration (`config/options.rs`) and may stand anywhere.

mod appliance;
mod deed;
mod deed_words;
#[cfg(test)]
mod documents;
mod failure;
mod help;
mod password;

pub use appliance::{Appliance, Places, Update, UpdatePlaces};
pub use deed::{Deed, NewInvitation, NewToken, Quota};
pub use failure::Failure;
pub use help::help;
pub use password::{read_new_passphrase, read_passphrase, read_password};

use crate::config::options::{self, Kind};
use crate::config::{Argument, Secret};
use crate::ids::Nickname;
use crate::mailbox::MailAddress;
use lexopt::{Arg, Parser};
use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;

/// Exit codes of the program; 0 is success and 1 any other failure.
pub mod exit_code {
    /// Another process uses the data directory.
    pub const LOCKED: u8 = 2;
    /// The command line makes no sense (`EX_USAGE` of sysexits(3)).
    pub const USAGE: u8 = 64;
    /// The configuration makes no sense (`EX_CONFIG` of sysexits(3)).
    pub const CONFIG: u8 = 78;
}

/// What somebody wants done.
#[derive(Clone, Debug)]
pub enum Command {
    /// Run the server.
    Serve,
    /// Change or show what the store keeps.
    Deed(Deed),
    /// Show the code that the setup page asks for.
    SetupCode,
    /// Send a letter to an address, to see whether mail arrives.
    MailTest(MailAddress),
    /// Look for what is wrong with the configuration, the data directory and the store.
    Doctor,
    /// Rewrite the store into a fresh one.
    Compact,
    /// Write everything that a user owns into an archive.
    Export(Nickname, PathBuf),
    /// Bring an archive, or a collection of activities, into an account.
    Import(Nickname, PathBuf),
    /// Write everything into a file, encrypted or not.
    Backup(PathBuf, bool),
    /// Fill an empty data directory from such a file.
    Restore(PathBuf),
    /// Do what a ready-made box needs beside its server.
    Appliance(Appliance),
    /// Explain the program, or one topic of it: the text to print.
    Help(String),
    /// Tell the version.
    Version,
}

/// A command line that makes sense.
#[derive(Clone, Debug)]
pub struct Invocation {
    /// What to do.
    pub command: Command,
    /// The file of options named with `--config`.
    pub config_file: Option<PathBuf>,
    /// The options, in order.
    pub arguments: Vec<Argument>,
}

/// Why a command line makes no sense: a sentence and a hint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Usage(String);

impl Usage {
    fn new(sentence: impl fmt::Display, topic: &str) -> Usage {
        let command = ["pumphouse", topic, "--help"];
        let command = command.into_iter().filter(|word| !word.is_empty());
        let command = command.collect::<Vec<_>>().join(" ");
        Usage(format!("{sentence}\nTry `{command}`."))
    }
}

impl fmt::Display for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Usage {}

/// Reads a command line; `words` begin after the program's name.
pub fn parse(words: impl IntoIterator<Item = OsString>) -> Result<Invocation, Usage> {
    let mut parser = Parser::from_args(words);
    let mut positional: Vec<OsString> = Vec::new();
    let mut config_file = None;
    let mut arguments = Vec::new();
    let (mut help, mut version) = (false, false);
    let mut typed = deed_words::Typed::default();
    let broken = |error: lexopt::Error| Usage::new(capital(&error.to_string()), "");
    while let Some(arg) = parser.next().map_err(broken)? {
        match arg {
            Arg::Short('h') | Arg::Long("help") => help = true,
            Arg::Short('V') | Arg::Long("version") => version = true,
            Arg::Short('c') | Arg::Long("config") => {
                config_file = Some(PathBuf::from(parser.value().map_err(broken)?));
            }
            Arg::Long(name) if deed_words::FLAGS.contains(&name) => {
                typed.add(name, &OsString::new());
            }
            Arg::Long(name) if deed_words::OPTIONS.contains(&name) => {
                let name = name.to_owned();
                typed.add(&name, &parser.value().map_err(broken)?);
            }
            Arg::Long(name) => {
                let Some(option) = options::find(name) else {
                    let closest = options::closest(name).name;
                    let sentence =
                        format!("There is no option --{name}. The closest one is --{closest}.");
                    return Err(Usage::new(sentence, ""));
                };
                let value = match option.kind {
                    Kind::Flag => parser.optional_value(),
                    _ => Some(parser.value().map_err(broken)?),
                };
                let value = value.map(OsString::into_string).transpose().map_err(|_| {
                    Usage::new(
                        format!("The value of --{} is not Unicode.", option.name),
                        "",
                    )
                })?;
                arguments.push(Argument {
                    option,
                    value: value.map(Secret::new),
                });
            }
            Arg::Short(letter) => {
                return Err(Usage::new(format!("There is no option -{letter}."), ""));
            }
            Arg::Value(word) => positional.push(word),
        }
    }
    let command = if help {
        Command::Help(help::topic(&positional))
    } else if version {
        Command::Version
    } else {
        command(&positional, typed)?
    };
    Ok(Invocation {
        command,
        config_file,
        arguments,
    })
}

fn command(words: &[OsString], mut typed: deed_words::Typed) -> Result<Command, Usage> {
    let command = named(words, &mut typed)?;
    typed.check_empty(words)?;
    Ok(command)
}

fn named(words: &[OsString], typed: &mut deed_words::Typed) -> Result<Command, Usage> {
    let Some((first, rest)) = words.split_first() else {
        return Ok(Command::Serve);
    };
    let name = first.to_string_lossy();
    let command = match (&*name, rest) {
        ("serve", []) => Command::Serve,
        ("setup-code", []) => Command::SetupCode,
        ("doctor", []) => Command::Doctor,
        ("compact", []) => Command::Compact,
        ("version", []) => Command::Version,
        ("help", about) => Command::Help(help::topic(about)),
        ("export", [nickname, file]) => archive(nickname, file, &name, Command::Export)?,
        ("import", [nickname, file]) => archive(nickname, file, &name, Command::Import)?,
        ("export" | "import", _) => {
            return Err(Usage::new(
                format!("`{name}` needs a nickname and a file."),
                &name,
            ));
        }
        ("backup", [place]) => Command::Backup(PathBuf::from(place), typed.take_flag("encrypt")),
        ("restore", [file]) => Command::Restore(PathBuf::from(file)),
        ("backup" | "restore", _) => {
            return Err(Usage::new(
                format!(
                    "`{name}` needs exactly one {}.",
                    if name == "backup" {
                        "file or directory"
                    } else {
                        "file"
                    }
                ),
                &name,
            ));
        }
        ("appliance", rest) => Command::Appliance(appliance::read(rest, typed)?),
        ("mail-test", [address]) => Command::MailTest(mail_address(address, &name)?),
        ("mail-test", _) => {
            let sentence = "`mail-test` needs exactly one mail address.";
            return Err(Usage::new(sentence, &name));
        }
        (topic, rest) if deed_words::is_topic(topic) => {
            Command::Deed(deed_words::read(topic, rest, typed)?)
        }
        ("serve" | "setup-code" | "doctor" | "compact" | "version", [extra, ..]) => {
            return Err(extra_word(extra, &name));
        }
        ("true" | "false", _) => {
            let sentence =
                format!("`{name}` is no command. Write the value behind `=`, like --noweb={name}.");
            return Err(Usage::new(sentence, ""));
        }
        _ => return Err(Usage::new(format!("There is no command `{name}`."), "")),
    };
    Ok(command)
}

fn archive(
    nickname: &OsString,
    file: &OsString,
    topic: &str,
    make: fn(Nickname, PathBuf) -> Command,
) -> Result<Command, Usage> {
    let nickname = Nickname::new(&nickname.to_string_lossy());
    let nickname = nickname.map_err(|sentence| Usage::new(sentence, topic))?;
    Ok(make(nickname, PathBuf::from(file)))
}

fn mail_address(word: &OsString, topic: &str) -> Result<MailAddress, Usage> {
    MailAddress::parse(&word.to_string_lossy()).map_err(|sentence| Usage::new(sentence, topic))
}

fn extra_word(extra: &OsString, topic: &str) -> Usage {
    let extra = extra.to_string_lossy();
    Usage::new(
        format!("What is `{extra}`? `{topic}` takes nothing like it."),
        topic,
    )
}

fn capital(sentence: &str) -> String {
    let mut chars = sentence.chars();
    match chars.next() {
        Some(first) => format!("{}{}.", first.to_uppercase(), chars.as_str()),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests;
