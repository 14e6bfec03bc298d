//! The one place that builds a running server and takes it down again in the reverse order.

use crate::app::App;
use crate::appliance::facts::root_url;
use crate::auth::{Guard, configured};
use crate::cli::Failure;
use crate::clock;
use crate::commands::control;
use crate::commands::datadir::{self, Lock};
use crate::config::Config;
use crate::domain::backups::restoring;
use crate::domain::bootdir;
use crate::domain::pumpio;
use crate::domain::setup::{self, Code};
use crate::domain::sweep;
use crate::domain::uploads::pieces;
use crate::domain::{lan, padlock};
use crate::federation::spam;
use crate::jobs;
use crate::mail::Mailer;
use crate::media::Blobs;
use crate::peers::Place;
use crate::routes;
use crate::server::{self, Server, Settings};
use crate::store::engine::sled::Sled;
use crate::store::{Store, meta};
use crate::web;
use sd_notify::NotifyState;
use std::cell::Cell;
use std::collections::HashSet;
use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::os::unix::process::CommandExt as _;
use std::process;
use std::sync::Arc;
use std::time::Duration;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::Notify;

/// How often the store is looked at where systemd asks for nothing more.
const LOOK_EVERY: Duration = Duration::from_secs(10);

/// Runs the server until it is asked to end, or a backup was put in place at the setup: then it begins again, with the same
/// arguments, in the same process.
pub fn serve(config: &Config) -> Result<(), Failure> {
    if run(config)? == Ending::Again {
        let program = std::env::current_exe().map_err(Failure::new)?;
        let error = process::Command::new(program)
            .args(std::env::args_os().skip(1))
            .exec();
        return Err(Failure::new(format!("Cannot begin again: {error}.")));
    }
    Ok(())
}

/// How a run ends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ending {
    /// For good.
    Asked,
    /// To begin again with what was restored.
    Again,
}

/// Runs the server until it is asked to end (SIGTERM, SIGINT). A second signal ends the process at once.
fn run(config: &Config) -> Result<Ending, Failure> {
    server::log_panics();
    config.prepare_datadir().map_err(Failure::new)?;
    let mut lock = datadir::lock(&config.datadir)?;
    bootdir::erase_if_wished(config).map_err(Failure::new)?;
    if restoring::settle(&config.datadir).map_err(Failure::new)? {
        log::info!("the backup that was restored is in its place");
    }
    let store = Store::on(Box::new(Sled::open(&config.datadir.join("store"))?))?;
    if pumpio::is_cut_off(&store)? {
        return Err(Failure::new(pumpio::CUT_OFF));
    }
    let blobs = Blobs::open(&config.datadir).map_err(Failure::new)?;
    let guard = Arc::new(Guard::open(&store, clock::now()).map_err(Failure::new)?);
    let app = Arc::new(App::new(config.clone(), store, blobs));
    app.proxies.open(&app.store)?;
    if let Some(server) = &config.spam_server {
        app.let_judge(spam::Asked(server.clone()));
    }
    if let Some(mail) = app.mail() {
        // Only what the configuration names; the server is asked when there is a letter.
        Mailer::of(mail, "localhost").map_err(Failure::new)?;
    }
    let runtime = server::runtime().map_err(Failure::new)?;
    let settings = Settings {
        error_page: web::error_page::page,
        ..Settings::of(config)
    };

    let leftovers = if lock.was_cut_off() {
        app.blobs.cache().empty();
        sweep::files(&app.blobs).map_err(Failure::new)?
    } else {
        HashSet::new()
    };
    pieces::tidy(&app).map_err(Failure::new)?;
    let runner = jobs::start(&app, leftovers).map_err(Failure::new)?;
    let archivist = jobs::start_archivist(&app).map_err(Failure::new)?;
    jobs::start_keeper(&app).map_err(Failure::new)?;
    let postman = jobs::mail::start(&app).map_err(Failure::new)?;
    jobs::push::start(&app).map_err(Failure::new)?;
    jobs::firehose::start(&app).map_err(Failure::new)?;
    jobs::refreshing::start(&app).map_err(Failure::new)?;
    padlock::open(&app);
    let registrar = jobs::certificates::start(&app).map_err(Failure::new)?;
    jobs::updating::start(&app).map_err(Failure::new)?;
    let deliverer = jobs::delivering::start(&app).map_err(Failure::new)?;

    let ended = runtime.block_on(listen(config, settings, &app, &guard, &mut lock));

    // 1. Nothing more is accepted, and 2. the requests in flight are finished: both done by `Server::serve`.
    // 3. No more jobs and letters begin; what is being done is finished, but nobody waits long for a mail server. An archive
    //    is begun again by the next run.
    app.close();
    if runner.join().is_err() {
        log::error!("the runner of jobs ended badly");
    }
    if archivist.join().is_err() {
        log::error!("the work on archives ended badly");
    }
    if registrar.join().is_err() {
        log::error!("the public certificates ended badly");
    }
    if deliverer.join().is_err() {
        log::error!("the deliveries ended badly");
    }
    if let Some(postman) = postman {
        postman.join();
    }
    // 4. The local network hears that the server leaves.
    app.peers.lan().leave();
    // 5. Threads that are still at work after that are left behind; what they write is whole or not there.
    runtime.shutdown_background();
    // 6. The next run must know which requests have counted.
    if let Err(error) = guard.close(&app.store) {
        log::warn!("the next run will refuse requests that were signed before it: {error}");
    }
    // 7. The store writes out what it still holds in memory.
    let closed = app.store.engine().close();
    let ending = ended?;
    closed?;
    lock.clear();
    Ok(ending)
}

async fn listen(
    config: &Config,
    settings: Settings,
    app: &Arc<App>,
    guard: &Arc<Guard>,
    lock: &mut Lock,
) -> Result<Ending, Failure> {
    let server = Server::bind(
        settings,
        routes::of(config),
        Arc::clone(app),
        Arc::clone(guard),
    )
    .await
    .map_err(Failure::new)?;
    let kept = meta::site(&app.store)?.and_then(|site| site.base);
    if let Some(base) = config.base(server.address().port()).or(kept) {
        app.settle_base(base, clock::unix_ms())?;
    }
    setup::claim_named(app, server.address().port(), clock::now())?;
    configured::ensure(app, guard, clock::now()).map_err(Failure::new)?;
    join_lan(app, server.address());
    padlock::tend(app, clock::now());
    let mut first = Signals::listen().map_err(Failure::new)?;
    let mut second = Signals::listen().map_err(Failure::new)?;
    let code = setup::code_for_console(app).map_err(Failure::new)?;
    let _control = control::listen(&config.datadir, app, guard);
    lock.note(&server.url());
    announce(&server.url()).map_err(Failure::new)?;
    bootdir::leave_code(config, code, &url_for_others(app, &server));
    match bootdir::reset_password_if_wished(app) {
        Ok(Some(link)) => announce_link(&link).map_err(Failure::new)?,
        Ok(None) => {}
        // The server is of use without it.
        Err(error) => log::error!("there is no link for a new password: {error}"),
    }
    if let Some(code) = code {
        announce_setup(&server.url(), code).map_err(Failure::new)?;
    }
    tell_systemd(NotifyState::Ready);
    let restored = Arc::new(Notify::new());
    let restart = Arc::clone(&restored);
    app.setup.restart_by(Box::new(move || restart.notify_one()));
    let ending = Cell::new(Ending::Asked);
    let asked = async {
        tokio::select! {
            () = first.next() => {}
            () = restored.notified() => ending.set(Ending::Again),
        }
        log::info!("ending: requests in flight have some seconds to finish");
        tell_systemd(NotifyState::Stopping);
    };
    let asked_again = async {
        second.next().await;
        second.next().await;
    };
    tokio::select! {
        all_finished = server.serve(asked) => {
            if !all_finished {
                log::warn!("ending although some requests are not finished");
            }
            Ok(ending.get())
        }
        failure = watch_over(app) => Err(failure),
        () = asked_again => process::exit(1),
    }
}

/// Reads the store again and again, and tells systemd's watchdog that it could. Ends when the store takes no more writes:
/// whoever supervises the process starts it anew.
async fn watch_over(app: &Arc<App>) -> Failure {
    let watchdog = sd_notify::watchdog_enabled();
    let every = watchdog.map_or(LOOK_EVERY, |limit| (limit / 2).min(LOOK_EVERY));
    loop {
        tokio::time::sleep(every).await;
        let its = Arc::clone(app);
        let look = move || {
            its.talks.forget_silent(clock::now());
            padlock::tend(&its, clock::now());
            say_where(&its);
            (its.store.engine().failed(), meta::site(&its.store).is_ok())
        };
        match tokio::task::spawn_blocking(look).await {
            Ok((Some(why), _)) => {
                return Failure::new(format!("The store takes no more writes: {why}."));
            }
            Ok((None, true)) if watchdog.is_some() => tell_systemd(NotifyState::Watchdog),
            _ => {}
        }
    }
}

/// Takes part in the local network where the configuration says so. Without it the server is of use all the same.
fn join_lan(app: &App, at: SocketAddr) {
    app.peers.lan().settle(place(app, at));
    let listens = app.config.federate_lan;
    if !listens && !lan::may_announce(app, at.ip().is_loopback()) {
        return;
    }
    match app.peers.lan().join(listens) {
        Ok(()) => say_where(app),
        Err(sentence) => log::warn!("{sentence}"),
    }
}

/// Says on the local network what the server is, if that has changed.
fn say_where(app: &App) {
    let net = app.peers.lan();
    let Some(known) = net.place() else { return };
    net.settle(place(app, known.at));
    if let Err(error) = lan::announce(app) {
        log::warn!("the local network hears nothing new: {error}");
    }
}

fn place(app: &App, at: SocketAddr) -> Place {
    Place {
        at,
        fingerprint: app.config.tls.as_ref().and_then(server::fingerprint),
        padlock: padlock::announced(app),
    }
}

/// Where other machines open the server: by its name on the local network where it has one.
fn url_for_others(app: &App, server: &Server) -> String {
    match app.peers.lan().name() {
        Some(name) => root_url(&name, app.config.tls.is_some(), server.address().port()),
        None => server.url(),
    }
}

/// Prints the line that people and tests read the address from.
fn announce(url: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "listening on {url}")?;
    out.flush()
}

/// Tells the person at the console what to do first.
fn announce_setup(url: &str, code: Code) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(
        out,
        "Nobody has set up this server yet. Open {url}setup in a browser; the setup code is {code}"
    )?;
    out.flush()
}

/// Tells the person at the console where to choose a new password.
fn announce_link(link: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "Choose a new password for the owner at {link}")?;
    out.flush()
}

/// Tells the service manager; without one nothing happens.
fn tell_systemd(state: NotifyState<'_>) {
    if let Err(error) = sd_notify::notify(&[state]) {
        log::warn!("cannot tell systemd: {error}");
    }
}

/// The signals that ask the server to end.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn listen() -> io::Result<Signals> {
        Ok(Signals {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
