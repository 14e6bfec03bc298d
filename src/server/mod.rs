//! The asynchronous rim: sockets, TLS, protocols, limits, bodies in and out. It knows the routes and no rule of the
//! domain. Everything behind a route is synchronous and runs in a lane (`lane`).
//!
//! In the order of a request: [`accept`] · [`connection`] (with [`tls`] and [`meter`]) · [`answer`] · [`canonical`] and
//! [`router`] · [`intake`] (with [`spool`] and [`multipart`]) · [`lane`] · [`dress`] · [`outgoing`].

mod accept;
mod answer;
mod canonical;
mod connection;
mod dress;
mod gzip;
mod intake;
mod lane;
mod limits;
mod live;
mod meter;
mod multipart;
mod outgoing;
mod padlock;
mod request_log;
mod router;
mod seats;
mod spool;
#[cfg(test)]
mod tests;
mod tls;
mod websocket;

use crate::app::App;
use crate::auth::Guard;
use crate::config::{Config, Hsts, TlsFiles, TrustedProxies};
use crate::http::error_page::plain_page;
use crate::http::{Answer, ErrorPage, Request};
use crate::routes::Route;
use accept::{Places, Speech};
use dress::{Dress, Dressed, Wishes};
use intake::Pace;
use lane::Lane;
use meter::Patience;
use router::Router;
use rustix::io::Errno;
use seats::Seats;
use spool::Spool;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tls::Tls;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::sync::{Semaphore, watch};
use tokio::time::{Instant, timeout_at};

pub use lane::log_panics;
pub use tls::{check as check_certificate, fingerprint};

/// What a site chooses of its server.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where to listen: an IP address or a name that resolves to one.
    pub address: String,
    /// The port; 0 picks a free one.
    pub port: u16,
    /// The port of https that the server provides by itself; 0 picks a free one.
    pub https_port: u16,
    /// With these the server speaks https.
    pub tls: Option<TlsFiles>,
    /// The proxies in front of this server.
    pub trusted_proxies: TrustedProxies,
    /// What `Strict-Transport-Security` says.
    pub hsts: Option<Hsts>,
    /// Whether requests for other host names are redirected.
    pub redirect_to_canonical: bool,
    /// Whether requests for the listening address are redirected, too.
    pub redirect_address_to_canonical: bool,
    /// Whether answers are compressed for who accepts it.
    pub compress: bool,
    /// Largest JSON document or form in a request, in bytes.
    pub json_bytes_max: u64,
    /// Largest upload, in bytes.
    pub upload_bytes_max: u64,
    /// Makes the page of an error.
    pub error_page: ErrorPage,
}

impl Settings {
    /// What a configuration says, with plain error pages.
    pub fn of(config: &Config) -> Settings {
        Settings {
            address: config.address.clone(),
            port: config.port,
            https_port: config.https_port,
            tls: config.tls.clone(),
            trusted_proxies: config.trusted_proxies.clone(),
            hsts: config.hsts,
            redirect_to_canonical: config.redirect_to_canonical,
            redirect_address_to_canonical: config.redirect_address_to_canonical,
            compress: config.compress,
            json_bytes_max: config.json_bytes_max,
            upload_bytes_max: config.upload_bytes_max,
            error_page: plain_page_for_anybody,
        }
    }
}

fn plain_page_for_anybody(_: &Request, status: u16, text: &str) -> String {
    plain_page(status, text)
}

/// The bounds that tests make smaller.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    connections_max: usize,
    connections_per_address_max: u32,
    patience: Patience,
    pace: Pace,
    beat_every: Duration,
    quick_places: usize,
    waiting_max: usize,
    quick_wait: Duration,
    request_time: Duration,
    finish_time: Duration,
    tls_look_every: Duration,
}

impl Bounds {
    const NORMAL: Bounds = Bounds {
        connections_max: limits::CONNECTIONS_MAX,
        connections_per_address_max: limits::CONNECTIONS_PER_ADDRESS_MAX,
        patience: Patience::NORMAL,
        pace: Pace {
            pause: limits::BODY_PAUSE_MAX,
            grace: limits::BODY_GRACE,
            rate: limits::BODY_RATE_MIN,
        },
        beat_every: limits::BEAT_EVERY,
        quick_places: limits::QUICK_PLACES,
        waiting_max: limits::WAITING_MAX,
        quick_wait: limits::QUICK_WAIT_MAX,
        request_time: limits::REQUEST_TIME_MAX,
        finish_time: limits::FINISH_TIME_MAX,
        tls_look_every: limits::TLS_LOOK_EVERY,
    };
}

/// What every connection shares.
pub(crate) struct Shared {
    settings: Settings,
    bounds: Bounds,
    address: SocketAddr,
    app: Arc<App>,
    guard: Arc<Guard>,
    router: Router,
    tls: Option<Tls>,
    places: Places,
    seats: Seats,
    quick: Lane,
    slow: Lane,
    far: Lane,
    proxy: Lane,
    /// Places for pieces of files.
    files: Arc<Semaphore>,
    /// Places for pieces of bodies that go on.
    live: Arc<Semaphore>,
    /// Memory for bodies, in KiB.
    bodies: Arc<Semaphore>,
    spool: Spool,
    dress: Dress,
    /// Becomes true when the server ends.
    stopping: watch::Sender<bool>,
}

impl Shared {
    fn dress(&self, wishes: &Wishes, request: Option<&Request>, answer: Answer) -> Dressed {
        let base = self.app.known_base();
        self.dress
            .put_on(&self.settings, base, wishes, request, answer)
    }
}

/// A server that listens.
pub struct Server {
    shared: Arc<Shared>,
    listener: TcpListener,
}

/// The runtime of the rim: one thread for sockets, and threads for the lanes that come and go with the work.
pub fn runtime() -> io::Result<Runtime> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        // One more for what watches over the server itself.
        .max_blocking_threads(
            limits::QUICK_PLACES
                + limits::SLOW_PLACES
                + limits::FAR_PLACES
                + limits::PROXY_PLACES
                + limits::FILE_PLACES
                + limits::LIVE_PLACES
                + 1,
        )
        .thread_stack_size(limits::STACK_BYTES)
        .thread_keep_alive(limits::THREAD_IDLE_MAX)
        .thread_name("lane")
        .build()
}

impl Server {
    /// Listens, and serves `routes` once [`Server::serve`] is called. The error is a sentence for the person who starts
    /// the server.
    pub async fn bind(
        settings: Settings,
        routes: impl IntoIterator<Item = &'static Route>,
        app: Arc<App>,
        guard: Arc<Guard>,
    ) -> Result<Server, String> {
        Server::bind_within(Bounds::NORMAL, settings, routes, app, guard).await
    }

    async fn bind_within(
        bounds: Bounds,
        settings: Settings,
        routes: impl IntoIterator<Item = &'static Route>,
        app: Arc<App>,
        guard: Arc<Guard>,
    ) -> Result<Server, String> {
        let router = Router::new(routes)?;
        let tls = settings
            .tls
            .clone()
            .map(|files| Tls::open(files, bounds.tls_look_every))
            .transpose()?;
        let listener = listen(&settings.address, settings.port)
            .await
            .map_err(|error| cannot_listen(&settings.address, settings.port, "--port", &error))?;
        let address = listener.local_addr().map_err(|error| error.to_string())?;
        let files = Arc::new(Semaphore::new(limits::FILE_PLACES));
        let shared = Shared {
            address,
            router,
            tls,
            places: Places::new(bounds.connections_max, bounds.connections_per_address_max),
            seats: Seats::new(),
            quick: Lane::new(bounds.quick_places, bounds.waiting_max, bounds.quick_wait),
            slow: Lane::new(
                limits::SLOW_PLACES,
                bounds.waiting_max,
                limits::SLOW_WAIT_MAX,
            ),
            far: Lane::new(
                limits::FAR_PLACES,
                bounds.waiting_max,
                limits::SLOW_WAIT_MAX,
            ),
            proxy: Lane::new(
                limits::PROXY_PLACES,
                bounds.waiting_max,
                limits::SLOW_WAIT_MAX,
            ),
            spool: Spool::new(Arc::clone(&app), Arc::clone(&files)),
            files,
            live: Arc::new(Semaphore::new(limits::LIVE_PLACES)),
            bodies: Arc::new(Semaphore::new(limits::BODIES_KIB_MAX)),
            dress: Dress::new(&settings),
            stopping: watch::Sender::new(false),
            settings,
            bounds,
            app,
            guard,
        };
        Ok(Server {
            shared: Arc::new(shared),
            listener,
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.shared.address
    }

    /// The address to open: `http://HOST:PORT/`.
    pub fn url(&self) -> String {
        let scheme = match self.shared.tls {
            Some(_) => "https",
            None => "http",
        };
        format!("{scheme}://{}/", self.shared.address)
    }

    /// Serves until `asked_to_end` is done; then accepts nothing more and lets the requests in flight finish, within
    /// bounds. Says whether all of them did.
    pub async fn serve(self, asked_to_end: impl Future<Output = ()>) -> bool {
        let Server { shared, listener } = self;
        let speech = match &shared.tls {
            Some(tls) => Speech::Configured(tls),
            None => Speech::Plain,
        };
        tokio::select! {
            () = accept::accept(&shared, &listener, &speech) => {}
            () = padlock::provide(&shared) => {}
            () = asked_to_end => {}
        }
        drop(listener);
        shared.stopping.send_replace(true);
        shared.app.store.news().close();
        let due = Instant::now() + shared.bounds.finish_time;
        let finished = async {
            shared.places.empty().await;
            shared.seats.empty().await;
            // Work whose caller hung up goes on without a connection.
            shared.quick.idle().await;
            shared.slow.idle().await;
            shared.far.idle().await;
            shared.proxy.idle().await;
        };
        timeout_at(due, finished).await.is_ok()
    }
}

/// Listens; all addresses of a system without IPv6 are those of IPv4.
async fn listen(address: &str, port: u16) -> io::Result<TcpListener> {
    match TcpListener::bind((address, port)).await {
        Err(error) if address == "::" && lacks_ipv6(&error) => {
            TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)).await
        }
        other => other,
    }
}

/// Whether an address cannot be listened on because its family is not there.
fn lacks_ipv6(error: &io::Error) -> bool {
    let missing = [Errno::AFNOSUPPORT, Errno::ADDRNOTAVAIL];
    missing
        .into_iter()
        .any(|errno| error.raw_os_error() == Some(errno.raw_os_error()))
}

/// A sentence; `option` is the one by which another port is chosen.
fn cannot_listen(address: &str, port: u16, option: &str, error: &io::Error) -> String {
    let place = format!("{address} port {port}");
    match error.kind() {
        io::ErrorKind::AddrInUse => format!(
            "Cannot listen on {place}: another program uses this port. Choose another one with {option}."
        ),
        io::ErrorKind::PermissionDenied => format!(
            "Cannot listen on {place}: ports below 1024 need a permission. Choose another one with {option}, or give the \
             program the capability CAP_NET_BIND_SERVICE."
        ),
        io::ErrorKind::AddrNotAvailable => {
            format!("Cannot listen on {place}: this machine does not have that address.")
        }
        _ => format!("Cannot listen on {place}: {error}."),
    }
}
