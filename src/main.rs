//! Reads arguments and configuration, starts the log, runs the command, turns a failure into an exit code.

use pumphouse::cli::{self, Command, exit_code};
use pumphouse::config::Config;
use pumphouse::{allocator, commands, logging, run};
use std::env;
use std::io::{self, Write as _};
use std::process::ExitCode;

fn main() -> ExitCode {
    let invocation = match cli::parse(env::args_os().skip(1)) {
        Ok(invocation) => invocation,
        Err(usage) => return fail(&usage, exit_code::USAGE),
    };
    match invocation.command {
        Command::Help(text) => return print(&text),
        Command::Version => return print(concat!("pumphouse ", env!("CARGO_PKG_VERSION"), "\n")),
        // A box must start whatever its options say.
        Command::Appliance(what) => {
            return match commands::appliance::perform(&what) {
                Ok(()) => ExitCode::SUCCESS,
                Err(failure) => fail(&failure, failure.code()),
            };
        }
        _ => {}
    }
    if matches!(invocation.command, Command::Serve) {
        allocator::begin_sparing();
    }
    let loaded = match Config::load_from_process(invocation.config_file, invocation.arguments) {
        Ok(loaded) => loaded,
        Err(problems) => return fail(&problems, exit_code::CONFIG),
    };
    let log = match invocation.command {
        Command::Serve => loaded.config.log.clone(),
        _ => loaded.config.log.of_command(),
    };
    if let Err(sentence) = logging::start(&log) {
        return fail(&sentence, 1);
    }
    // The doctor tells them itself.
    if !matches!(invocation.command, Command::Doctor) {
        for warning in &loaded.warnings {
            log::warn!("{warning}");
        }
    }
    let done = match invocation.command {
        Command::Serve => run::serve(&loaded.config),
        other => commands::perform(&other, &loaded),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => fail(&failure, failure.code()),
    }
}

fn print(text: &str) -> ExitCode {
    match io::stdout().lock().write_all(text.as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn fail(sentence: &dyn std::fmt::Display, code: u8) -> ExitCode {
    // Standard error may be closed; there is nobody else to tell.
    drop(writeln!(io::stderr(), "{sentence}"));
    ExitCode::from(code)
}
