//! How a server that nobody has configured gets its owner (`design.md §3`): once, by whoever holds the setup code, which
//! is shown on the console and kept in a file of the data directory until then. Whether the server is claimed is read
//! off the owner's account, never off a flag of its own. The page is `web/setup.rs`.

use crate::app::App;
use crate::clock::Timestamp;
use crate::domain::people;
use crate::domain::registration::Admission;
use crate::error::Error;
use crate::ids::{Base, UserId, random_bytes};
use crate::store::meta::{self, Site};
use crate::store::users::{self, User};
use std::fmt;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use subtle::ConstantTimeEq;

/// Wrong codes in a row before everybody has to wait.
pub const TRIES_MAX: u32 = 5;

/// How long everybody waits after that, in seconds.
pub const WAIT_SECS: i64 = 60;

/// Longest name of a site, in characters.
pub const SITE_CHARS_MAX: usize = 80;

/// The file in the data directory that holds the code until there is an owner.
const FILE: &str = "setup-code";

/// Characters of a code.
const CODE_CHARS: usize = 8;

/// Crockford's base 32: no I, L, O, U.
const SYMBOLS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// The setup code: 40 random bits as eight characters, written `ABCD-EFGH`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Code([u8; CODE_CHARS]);

/// What a running server knows of its setup.
#[derive(Default)]
pub struct Setup {
    /// Whether there is an owner, as far as was looked.
    is_claimed: AtomicBool,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    code: Option<Code>,
    wrong: u32,
    /// When the next code is looked at.
    waits_until: Option<Timestamp>,
}

/// What the owner chose.
#[derive(Debug)]
pub struct Choice {
    /// The name of the site.
    pub site: String,
    /// The base URL, for ever.
    pub base: Base,
    /// The owner's account, the password hashed.
    pub owner: User,
}

impl Code {
    /// A fresh one.
    pub fn random() -> Code {
        let bits = random_bytes::<5>()
            .into_iter()
            .fold(0u64, |bits, byte| bits << 8 | u64::from(byte));
        let mut symbols = [0; CODE_CHARS];
        for (place, symbol) in symbols.iter_mut().rev().enumerate() {
            let value = usize::try_from(bits >> (5 * place) & 31).expect("five bits");
            *symbol = SYMBOLS[value];
        }
        Code(symbols)
    }

    /// Reads a code as people type it: any case, O for 0, I and L for 1, hyphens and spaces anywhere.
    pub fn parse(text: &str) -> Option<Code> {
        let mut symbols = text
            .bytes()
            .filter(|byte| !matches!(byte, b'-' | b' ' | b'\t' | b'\r' | b'\n'))
            .map(|byte| match byte.to_ascii_uppercase() {
                b'O' => b'0',
                b'I' | b'L' => b'1',
                other => other,
            });
        let mut code = [0; CODE_CHARS];
        for symbol in &mut code {
            *symbol = symbols.next().filter(|symbol| SYMBOLS.contains(symbol))?;
        }
        symbols.next().is_none().then_some(Code(code))
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, symbol) in self.0.iter().enumerate() {
            if place == CODE_CHARS / 2 {
                f.write_str("-")?;
            }
            write!(f, "{}", char::from(*symbol))?;
        }
        Ok(())
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Code(…)")
    }
}

/// Whether the server waits for its owner: nobody configured a `hostname`, and nobody owns it.
pub fn is_open(app: &App) -> Result<bool, Error> {
    if app.config.hostname.is_some() || app.setup.is_claimed.load(Ordering::Relaxed) {
        return Ok(false);
    }
    let is_claimed = users::owner(&app.store)?.is_some();
    app.setup.is_claimed.store(is_claimed, Ordering::Relaxed);
    Ok(!is_claimed)
}

/// The code to show at start, made at the first one; none where there is nothing to set up, and then the file goes.
pub fn code_for_console(app: &App) -> Result<Option<Code>, Error> {
    let datadir = &app.config.datadir;
    if !is_open(app)? {
        remove_file(datadir);
        return Ok(None);
    }
    let code = kept_code(datadir).map_err(|error| {
        let path = datadir.join(FILE);
        Error::internal(format!(
            "cannot keep the setup code in {}: {error}",
            path.display()
        ))
    })?;
    app.setup.state().code = Some(code);
    Ok(Some(code))
}

/// The code in a data directory, for `pumphouse setup-code`: also beside a running server, and before the first start.
/// None where a server has run and keeps no code, because it is set up.
pub fn code_in(datadir: &Path) -> io::Result<Option<Code>> {
    let has_run = datadir.join("store").exists();
    if has_run && !datadir.join(FILE).exists() {
        return Ok(None);
    }
    kept_code(datadir).map(Some)
}

/// Compares a code with the one of this server, in constant time. A wrong one is 403; after [`TRIES_MAX`] wrong ones
/// nobody is listened to for [`WAIT_SECS`] (429), because 40 bits are few where guesses are free.
pub fn check_code(app: &App, typed: &str, now: Timestamp) -> Result<(), Error> {
    let typed = Code::parse(typed).ok_or_else(|| {
        Error::invalid("The setup code has eight letters and digits, like 7K3M-9QXD.")
    })?;
    let mut state = app.setup.state();
    if let Some(until) = state.waits_until {
        let wait = until.secs_since(now);
        if wait > 0 {
            return Err(Error::TooMany {
                retry_after_secs: u64::try_from(wait).unwrap_or(0),
            });
        }
        state.waits_until = None;
    }
    let is_right = state
        .code
        .is_some_and(|code| bool::from(code.0.ct_eq(&typed.0)));
    if is_right {
        state.wrong = 0;
        return Ok(());
    }
    state.wrong += 1;
    if state.wrong >= TRIES_MAX {
        state.wrong = 0;
        state.waits_until = Some(Timestamp(now.0 + WAIT_SECS));
    }
    Err(Error::forbidden(
        "This is not the setup code of this server. It stands on the server's console, and in the file setup-code of its \
         data directory.",
    ))
}

/// Makes the owner, the site and its base URL in one write, which decides between two who try at once: the second is 404,
/// as everything about the setup is from then on. The code was checked before.
pub fn claim(app: &App, choice: &Choice, now: Timestamp) -> Result<UserId, Error> {
    // The base URL of a running server is set once, so choices take turns.
    let mut state = app.setup.state();
    if !is_open(app)? {
        return Err(closed());
    }
    app.set_base(choice.base.clone());
    if *app.base() != choice.base {
        return Err(Error::Conflict(format!(
            "The address of this server is {} already. Restart the server to choose another one.",
            app.base().url()
        )));
    }
    let site = Site {
        base: Some(choice.base.clone()),
        name: choice.site.clone(),
        created_ms: u64::try_from(now.0).unwrap_or(0) * 1000,
    };
    let owner = app.store.write(|tx| {
        if users::owner(tx)?.is_some() {
            return Err(closed().into());
        }
        meta::put_site(tx, &site);
        people::register_in(app, tx, &choice.owner, Admission::Owner, None, now)
    })?;
    state.code = None;
    app.setup.is_claimed.store(true, Ordering::Relaxed);
    remove_file(&app.config.datadir);
    Ok(owner)
}

/// What the setup answers for ever once there is an owner.
pub fn closed() -> Error {
    Error::not_found("This server is set up.")
}

impl Setup {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The code in the file, or a fresh one that is written to it, for the owner of the process only.
fn kept_code(datadir: &Path) -> io::Result<Code> {
    let path = datadir.join(FILE);
    match fs::read_to_string(&path) {
        Ok(text) => {
            if let Some(code) = Code::parse(&text) {
                return Ok(code);
            }
            fs::remove_file(&path)?;
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    let code = Code::random();
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&path)?;
    writeln!(file, "{code}")?;
    file.sync_all()?;
    Ok(code)
}

fn remove_file(datadir: &Path) {
    if let Err(error) = fs::remove_file(datadir.join(FILE))
        && error.kind() != io::ErrorKind::NotFound
    {
        log::warn!("the setup code, which is worth nothing any more, stays on disk: {error}");
    }
}

#[cfg(test)]
mod tests {
    use super::{
        Choice, Code, TRIES_MAX, WAIT_SECS, check_code, claim, code_for_console, code_in, is_open,
    };
    use crate::app::App;
    use crate::clock::Timestamp;
    use crate::config::Config;
    use crate::error::Error;
    use crate::ids::{Base, Nickname};
    use crate::media::Blobs;
    use crate::store::engine::memory::MemoryEngine;
    use crate::store::users::{self, User};
    use crate::store::{Store, meta};
    use std::os::unix::fs::PermissionsExt as _;
    use std::thread;
    use tempfile::TempDir;

    const NOW: Timestamp = Timestamp(1_795_217_900);

    fn unclaimed() -> (App, TempDir) {
        let directory = tempfile::tempdir().expect("a directory");
        let mut config = Config::defaults();
        directory.path().clone_into(&mut config.datadir);
        let store = Store::on(Box::new(MemoryEngine::default())).expect("an empty store");
        let blobs = Blobs::open(directory.path()).expect("a place for files");
        (App::new(config, store, blobs), directory)
    }

    fn choice(nickname: &str, host: &str) -> Choice {
        Choice {
            site: "The Prodromous".to_owned(),
            base: Base::new(host, 80, ""),
            owner: User {
                owner: true,
                ..User::new(Nickname::new(nickname).expect("a nickname"), "", NOW)
            },
        }
    }

    #[test]
    fn wrong_codes_make_everybody_wait() {
        let (app, _directory) = unclaimed();
        let code = code_for_console(&app)
            .expect("kept")
            .expect("unclaimed")
            .to_string();
        let malformed = check_code(&app, "short", NOW).expect_err("no code");
        assert_eq!(malformed.status(), 400);
        for number in 0..TRIES_MAX {
            let guess = format!("ZZZZ-000{number}");
            let refused = check_code(&app, &guess, NOW).expect_err("a guess");
            assert_eq!(refused.status(), 403);
        }
        let wait = check_code(&app, &code, Timestamp(NOW.0 + 1)).expect_err("too soon");
        assert!(
            matches!(
                wait,
                Error::TooMany {
                    retry_after_secs: 59
                }
            ),
            "{wait}"
        );
        let later = Timestamp(NOW.0 + WAIT_SECS);
        check_code(&app, &code, later).expect("the code");
        check_code(&app, "ZZZZ-0000", later).expect_err("a guess");
        check_code(&app, &code.to_lowercase(), later).expect("the code");
    }

    #[test]
    fn the_code_is_kept_for_its_owner_until_there_is_one() {
        let (app, directory) = unclaimed();
        let code = code_for_console(&app).expect("kept");
        assert_eq!(
            code_for_console(&app).expect("kept"),
            code,
            "the same at the next start"
        );
        assert_eq!(code_in(directory.path()).expect("readable"), code);
        let file = directory.path().join("setup-code");
        let mode = std::fs::metadata(&file)
            .expect("a file")
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
        claim(&app, &choice("ann", "pump.test"), NOW).expect("claimed");
        assert!(!file.exists());
        assert_eq!(code_for_console(&app).expect("readable"), None);
        let typed = code.expect("a code").to_string();
        check_code(&app, &typed, NOW).expect_err("worth nothing any more");
    }

    #[test]
    fn of_many_who_claim_at_once_one_wins() {
        let (app, _directory) = unclaimed();
        let claimed = thread::scope(|scope| {
            let claims: Vec<_> = ["ann", "ben", "cat", "dan"]
                .into_iter()
                .map(|nickname| {
                    let host = format!("{nickname}.test");
                    let app = &app;
                    scope.spawn(move || claim(app, &choice(nickname, &host), NOW))
                })
                .collect();
            let ends = claims
                .into_iter()
                .map(|claim| claim.join().expect("no panic"));
            ends.collect::<Vec<_>>()
        });
        let winners: Vec<_> = claimed.iter().flatten().collect();
        let [winner] = winners.as_slice() else {
            panic!("{claimed:?}")
        };
        for refused in claimed.iter().filter_map(|claim| claim.as_ref().err()) {
            assert_eq!(refused.status(), 404, "{refused}");
        }
        assert_eq!(users::owner(&app.store).expect("readable"), Some(**winner));
        let owner = users::get(&app.store, **winner)
            .expect("readable")
            .expect("there");
        let site = meta::site(&app.store).expect("readable").expect("there");
        assert_eq!(site.name, "The Prodromous");
        assert_eq!(site.base.as_ref(), Some(app.base()));
        assert_eq!(app.base().host(), format!("{}.test", owner.nickname));
        assert!(!is_open(&app).expect("readable"));
    }

    #[test]
    fn a_code_is_read_as_people_type_it() {
        let code = Code::parse("10AB-CDEF").expect("a code");
        for typed in ["10abcdef", "loab cdef", "IOAB-CDEF\n", " 1-0-A-B-C-D-E-F "] {
            assert_eq!(Code::parse(typed), Some(code), "{typed}");
        }
        for wrong in [
            "",
            "10AB-CDE",
            "10AB-CDEFG",
            "10AB-CDEU",
            "10AB_CDEF",
            "10ABCDÉ",
        ] {
            assert_eq!(Code::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_code_survives_being_written() {
        let code = Code::random();
        let written = code.to_string();
        assert_eq!(written.len(), 9);
        assert_eq!(Code::parse(&written), Some(code));
        assert_ne!(code, Code::random());
        assert!(!format!("{code:?}").contains(&written));
    }
}
