//! How a server that nobody has configured gets its owner (`design.md §3`): once, by whoever holds the setup code, which
//! is shown on the console and kept in a file of the data directory until then. Whether the server is claimed is read
//! off the owner's account, never off a flag of its own. The page is `web/setup.rs`.

mod code;
mod named;
mod restoring;

pub use code::{Code, code_in};
pub use named::claim_named;
pub use restoring::{Restart, Restoring, begin as begin_restoring};

use crate::app::App;
use crate::clock::Timestamp;
use crate::domain::bootdir;
use crate::domain::lan;
use crate::domain::people;
use crate::domain::registration::Admission;
use crate::error::Error;
use crate::ids::{Base, UserId};
use crate::store::meta::{self, Registration, Site};
use crate::store::users::{self, User};
use crate::words::Language;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Wrong codes in a row before everybody has to wait.
pub const TRIES_MAX: u32 = 5;

/// How long everybody waits after that, in seconds.
pub const WAIT_SECS: i64 = 60;

/// Longest name of a site, in characters.
pub const SITE_CHARS_MAX: usize = 80;

/// What a running server knows of its setup.
#[derive(Default)]
pub struct Setup {
    /// Whether there is an owner, as far as was looked.
    is_claimed: AtomicBool,
    state: Mutex<State>,
    restoring: Mutex<Restoring>,
    restart: Mutex<Option<Restart>>,
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
    /// The language of the site.
    pub language: Language,
    /// The base URL, for ever.
    pub base: Base,
    /// Who can get an account; nothing where that is not decided here.
    pub registration: Option<Registration>,
    /// The owner's account, the password hashed.
    pub owner: User,
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
        code::remove_file(datadir);
        return Ok(None);
    }
    let code = code::kept_code(datadir).map_err(|error| {
        let path = datadir.join(code::FILE);
        Error::internal(format!(
            "cannot keep the setup code in {}: {error}",
            path.display()
        ))
    })?;
    app.setup.state().code = Some(code);
    Ok(Some(code))
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
    let is_right = state.code.is_some_and(|code| code.is(&typed));
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
    if app.setup.restoring() == Restoring::Working {
        return Err(Error::Conflict(
            "A backup is being put in place already.".to_owned(),
        ));
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
        meta::put_language(tx, choice.language.code());
        if let Some(registration) = choice.registration {
            meta::put_registration(tx, registration);
        }
        people::register_in(app, tx, &choice.owner, Admission::Owner, None, now)
    })?;
    state.code = None;
    app.setup.is_claimed.store(true, Ordering::Relaxed);
    code::remove_file(&app.config.datadir);
    bootdir::forget_code(&app.config);
    drop(state);
    // Whoever set it up is led to its new name.
    if let Err(error) = lan::announce(app) {
        log::warn!("the local network does not know the new name yet: {error}");
    }
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

#[cfg(test)]
mod tests {
    use super::{
        Choice, TRIES_MAX, WAIT_SECS, check_code, claim, code_for_console, code_in, is_open,
    };
    use crate::app::App;
    use crate::clock::Timestamp;
    use crate::config::Config;
    use crate::error::Error;
    use crate::ids::{Base, Nickname};
    use crate::media::Blobs;
    use crate::store::Store;
    use crate::store::engine::memory::MemoryEngine;
    use crate::store::meta::{self, Registration};
    use crate::store::users::{self, User};
    use crate::words::Language;
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
            language: Language::German,
            base: Base::new(host, 80, ""),
            registration: Some(Registration::Closed),
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
        assert_eq!(app.language(), Language::German);
        let registration = meta::registration(&app.store).expect("readable");
        assert_eq!(registration, Some(Registration::Closed));
        assert_eq!(site.base.as_ref(), Some(app.base()));
        assert_eq!(app.base().host(), format!("{}.test", owner.nickname));
        assert!(!is_open(&app).expect("readable"));
    }
}
