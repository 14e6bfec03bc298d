//! Where the log goes: `log` records become one line each, written by simplelog to standard error or to `logfile`.
//!
//! A line is UTC time, level, message. For systemd's journal it is the message with the journal's priority in front,
//! since the journal knows the time. Nobody can forge a line: control characters of a message are written as escapes.
//! The request log (target `request`) is written by the server; this file knows no request.

use crate::clock;
use crate::config::{LogConfig, LogLevel, journal_stream};
use crate::recent;
use log::{Level, LevelFilter, Log, Metadata, Record};
use simplelog::{ConfigBuilder, SharedLogger, WriteLogger};
use std::fs::{self, OpenOptions};
use std::io::{self, LineWriter, Write};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};

/// Starts the log of this process; can be done once. The error is a sentence.
pub fn start(config: &LogConfig) -> Result<(), String> {
    if !config.on {
        return Ok(());
    }
    let level = filter(config.level);
    let logger = match &config.file {
        Some(path) => {
            let file = OpenOptions::new()
                .create(true)
                .append(true)
                .mode(0o600)
                .open(path)
                .map_err(|error| format!("Cannot write the log to {}: {error}.", path.display()))?;
            lines(level, Form::Dated, file)
        }
        None if stderr_is_journal() => lines(level, Form::Journal, io::stderr()),
        None => lines(level, Form::Dated, io::stderr()),
    };
    log::set_boxed_logger(Box::new(logger)).map_err(|_| "The log runs already.".to_owned())?;
    log::set_max_level(level);
    Ok(())
}

fn filter(level: LogLevel) -> LevelFilter {
    match level {
        LogLevel::Fatal | LogLevel::Error => LevelFilter::Error,
        LogLevel::Warn => LevelFilter::Warn,
        LogLevel::Info => LevelFilter::Info,
        LogLevel::Debug => LevelFilter::Debug,
        LogLevel::Trace => LevelFilter::Trace,
    }
}

/// How a line begins.
#[derive(Clone, Copy)]
enum Form {
    /// With time and level.
    Dated,
    /// With the priority as systemd reads it (sd-daemon(3)).
    Journal,
}

/// Makes each record one line and hands it to simplelog.
struct Lines {
    form: Form,
    level: LevelFilter,
    inner: Box<dyn SharedLogger>,
}

fn lines(level: LevelFilter, form: Form, out: impl Write + Send + 'static) -> Lines {
    // Everything in front of the message is written here, so simplelog adds nothing.
    let bare = ConfigBuilder::new()
        .set_max_level(LevelFilter::Off)
        .set_time_level(LevelFilter::Off)
        .set_level_padding(simplelog::LevelPadding::Off)
        .set_thread_level(LevelFilter::Off)
        .set_target_level(LevelFilter::Off)
        .set_location_level(LevelFilter::Off)
        .build();
    Lines {
        form,
        level,
        inner: WriteLogger::new(level, bare, LineWriter::new(out)),
    }
}

impl Log for Lines {
    /// Libraries may speak from `warn` on only: below that they tell what they send and read, which is not for logs.
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        let ours = metadata.target() == "request"
            || metadata.target().split("::").next() == Some(env!("CARGO_PKG_NAME"));
        let level = if ours {
            self.level
        } else {
            self.level.min(LevelFilter::Warn)
        };
        metadata.level() <= level
    }

    fn log(&self, record: &Record<'_>) {
        if !self.enabled(record.metadata()) {
            return;
        }
        let message = one_line(&record.args().to_string());
        recent::note(record.level(), &message, clock::unix_ms());
        let start = match self.form {
            Form::Dated => format!("{} {:<5} ", time(clock::unix_ms()), record.level()),
            Form::Journal => format!("<{}>", priority(record.level())),
        };
        self.inner.log(
            &Record::builder()
                .metadata(record.metadata().clone())
                .args(format_args!("{start}{message}"))
                .build(),
        );
    }

    fn flush(&self) {
        self.inner.flush();
    }
}

fn time(unix_ms: u64) -> String {
    let at = i64::try_from(unix_ms)
        .ok()
        .and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok())
        .unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    format!("{at:.3}")
}

fn priority(level: Level) -> u8 {
    match level {
        Level::Error => 3,
        Level::Warn => 4,
        Level::Info => 6,
        Level::Debug | Level::Trace => 7,
    }
}

fn one_line(message: &str) -> String {
    let mut line = String::with_capacity(message.len());
    for c in message.chars() {
        if c.is_control() {
            line.extend(c.escape_default());
        } else {
            line.push(c);
        }
    }
    line
}

/// Whether standard error is the journal: systemd names the stream's device and inode, and a process that was started
/// elsewhere may have inherited the name but not the stream (systemd.exec(5), `$JOURNAL_STREAM`).
fn stderr_is_journal() -> bool {
    let Some(named) = journal_stream() else {
        return false;
    };
    fs::metadata("/proc/self/fd/2")
        .is_ok_and(|stream| named == format!("{}:{}", stream.dev(), stream.ino()))
}

#[cfg(test)]
mod tests {
    use super::{Form, lines, start, stderr_is_journal};
    use crate::config::{LogConfig, LogLevel};
    use log::{Level, LevelFilter, Log as _, Record};
    use std::io::{self, Write};
    use std::sync::{Arc, Mutex};

    #[derive(Clone, Default)]
    struct Paper(Arc<Mutex<Vec<u8>>>);

    impl Write for Paper {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().expect("nobody panicked").extend(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn written(form: Form, level: LevelFilter, records: &[(&str, Level, &str)]) -> String {
        let paper = Paper::default();
        let log = lines(level, form, paper.clone());
        for (target, level, text) in records {
            let args = format_args!("{text}");
            let record = Record::builder()
                .target(target)
                .level(*level)
                .args(args)
                .build();
            log.log(&record);
        }
        let bytes = paper.0.lock().expect("nobody panicked").clone();
        String::from_utf8(bytes).expect("the log is text")
    }

    #[test]
    fn nobody_forges_a_line() {
        let text = "GET /\n2026-01-01T00:00:00Z ERROR the king is dead\u{1b}[2J";
        let log = written(
            Form::Dated,
            LevelFilter::Info,
            &[("request", Level::Info, text)],
        );
        assert_eq!(log.lines().count(), 1);
        assert!(log.contains(r"GET /\n2026") && log.contains(r"dead\u{1b}[2J"));
    }

    #[test]
    fn libraries_keep_quiet_below_warn() {
        let log = written(
            Form::Journal,
            LevelFilter::Trace,
            &[
                ("ureq::unversioned", Level::Debug, "Authorization: OAuth …"),
                ("rustls", Level::Warn, "odd handshake"),
                ("pumphouse::store", Level::Debug, "flushed"),
                ("request", Level::Info, "GET / 200"),
            ],
        );
        assert_eq!(log, "<4>odd handshake\n<7>flushed\n<6>GET / 200\n");
        let quiet = [("request", Level::Info, "GET / 200")];
        assert_eq!(written(Form::Journal, LevelFilter::Error, &quiet), "");
    }

    #[test]
    fn a_line_is_time_level_message() {
        let log = written(
            Form::Dated,
            LevelFilter::Info,
            &[("pumphouse", Level::Info, "listening")],
        );
        let (time, rest) = log.split_once(' ').expect("there is a time");
        assert_eq!(time.len(), "2026-01-01T00:00:00.000Z".len());
        assert!(time.ends_with('Z'));
        assert_eq!(rest, "INFO  listening\n");
        assert_eq!(super::time(1_795_217_913_120), "2026-11-20T23:38:33.120Z");
    }

    #[test]
    fn a_log_file_that_cannot_be_written_is_told() {
        let config = LogConfig {
            on: true,
            file: Some("/proc/no/such/log".into()),
            level: LogLevel::Info,
        };
        let refusal = start(&config).expect_err("it cannot be written");
        assert!(refusal.starts_with("Cannot write the log to /proc/no/such/log: "));
        assert!(!stderr_is_journal());
    }
}
