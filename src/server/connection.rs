//! One connection from its first byte to its last: which protocol it speaks, hyper's own loop around it, and its end.

use super::Shared;
use super::accept::Place;
use super::answer::{self, Caller};
use super::limits::{
    H2_CONNECTION_WINDOW_BYTES, H2_SEND_BYTES_MAX, H2_STREAM_WINDOW_BYTES, H2_STREAMS_MAX,
    HANDSHAKE_TIME_MAX, HEAD_BYTES_MAX,
};
use super::meter::{Ahead, Metered, Pulse, Verdict};
use super::outgoing::Outgoing;
use crate::certificates::shown::{H2_PROTOCOL, PROOF_PROTOCOL};
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::Service;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::convert::Infallible;
use std::future::poll_fn;
use std::io;
use std::net::IpAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_rustls::TlsAcceptor;

/// How an HTTP/2 connection begins where nobody negotiated it (RFC 9113 §3.4).
const H2_PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// The addresses at the ends of a connection.
#[derive(Clone, Copy)]
pub(super) struct Addresses {
    /// Who connects.
    pub(super) peer: IpAddr,
    /// Where it came in.
    pub(super) here: IpAddr,
}

/// Serves a connection until it ends or the server does.
pub(super) async fn open(
    server: Arc<Shared>,
    socket: TcpStream,
    peer: IpAddr,
    place: Place,
    acceptor: Option<TlsAcceptor>,
) {
    // Answers are written whole; waiting for more to send helps nobody.
    drop(socket.set_nodelay(true));
    let here = socket
        .local_addr()
        .map_or(peer, |at| at.ip().to_canonical());
    let mut stopping = server.stopping.subscribe();
    let tls = acceptor.is_some();
    let opened = tokio::select! {
        opened = negotiate(&server, socket, acceptor) => opened,
        _ = stopping.wait_for(|stopping| *stopping) => None,
    };
    // A task of its own, so that what negotiating needed does not stay for as long as the connection.
    let end = End {
        server,
        addresses: Addresses { peer, here },
        tls,
        place,
    };
    match opened {
        Some(Opened::Plain(socket, ahead, false)) => start(http1_on(end, socket, ahead)),
        Some(Opened::Plain(socket, ahead, true)) => start(http2_on(end, socket, ahead)),
        Some(Opened::Tls(socket, false)) => start(http1_on(end, *socket, Ahead::default())),
        Some(Opened::Tls(socket, true)) => start(http2_on(end, *socket, Ahead::default())),
        None => {}
    }
}

/// Starts a task.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place that starts tasks: each holds its place among the connections, or has a time limit"
)]
pub(super) fn start(task: impl Future<Output = ()> + Send + 'static) {
    tokio::spawn(task);
}

/// A connection whose protocol is known; the flag says HTTP/2.
enum Opened {
    Plain(TcpStream, Ahead, bool),
    Tls(Box<tokio_rustls::server::TlsStream<TcpStream>>, bool),
}

/// What both protocols need of a connection.
struct End {
    server: Arc<Shared>,
    addresses: Addresses,
    tls: bool,
    place: Place,
}

async fn negotiate(
    server: &Shared,
    mut socket: TcpStream,
    acceptor: Option<TlsAcceptor>,
) -> Option<Opened> {
    let Some(acceptor) = acceptor else {
        let (ahead, is_h2) = timeout(server.bounds.patience.head, read_ahead(&mut socket))
            .await
            .ok()?
            .ok()?;
        return Some(Opened::Plain(socket, ahead, is_h2));
    };
    match timeout(HANDSHAKE_TIME_MAX, acceptor.accept(socket)).await {
        Ok(Ok(socket)) => match socket.get_ref().1.alpn_protocol() {
            // The certificate was the answer.
            Some(PROOF_PROTOCOL) => None,
            protocol => {
                let is_h2 = protocol == Some(H2_PROTOCOL);
                Some(Opened::Tls(Box::new(socket), is_h2))
            }
        },
        Ok(Err(error)) => {
            log::debug!("TLS handshake: {error}");
            None
        }
        Err(_) => None,
    }
}

/// Reads until it is clear whether this is HTTP/2.
async fn read_ahead(socket: &mut TcpStream) -> io::Result<(Ahead, bool)> {
    let mut ahead = Ahead::default();
    loop {
        let end = usize::from(ahead.end);
        if ahead.bytes[..end] != H2_PREFACE[..end] {
            return Ok((ahead, false));
        }
        if end == H2_PREFACE.len() {
            return Ok((ahead, true));
        }
        let read = socket.read(&mut ahead.bytes[end..]).await?;
        if read == 0 {
            return Ok((ahead, false));
        }
        ahead.end += u8::try_from(read).expect("at most 24");
    }
}

async fn http1_on<S>(end: End, socket: S, ahead: Ahead)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let pulse = Pulse::new(end.server.bounds.patience, true, end.place);
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        // The pulse watches heads and idleness with a timer of its own.
        .header_read_timeout(None)
        .max_buf_size(HEAD_BYTES_MAX)
        .serve_connection(
            TokioIo::new(Metered::new(socket, Arc::clone(&pulse), ahead)),
            Callee::new(&end.server, end.addresses, end.tls, &pulse),
        )
        .with_upgrades();
    attend(pin!(connection), &pulse, &end.server).await;
    pulse.give_up_place();
}

async fn http2_on<S>(end: End, socket: S, ahead: Ahead)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let pulse = Pulse::new(end.server.bounds.patience, false, end.place);
    let connection = http2::Builder::new(Tasks)
        .timer(TokioTimer::new())
        .max_concurrent_streams(H2_STREAMS_MAX)
        .initial_stream_window_size(H2_STREAM_WINDOW_BYTES)
        .initial_connection_window_size(H2_CONNECTION_WINDOW_BYTES)
        .max_send_buf_size(H2_SEND_BYTES_MAX)
        .max_header_list_size(u32::try_from(HEAD_BYTES_MAX).expect("some KiB"))
        .serve_connection(
            TokioIo::new(Metered::new(socket, Arc::clone(&pulse), ahead)),
            Callee::new(&end.server, end.addresses, end.tls, &pulse),
        );
    attend(Box::pin(connection).as_mut(), &pulse, &end.server).await;
    pulse.give_up_place();
}

/// Starts the streams of an HTTP/2 connection.
#[derive(Clone)]
struct Tasks;

impl<F: Future<Output = ()> + Send + 'static> hyper::rt::Executor<F> for Tasks {
    fn execute(&self, stream: F) {
        start(stream);
    }
}

/// A connection that can be asked to end after the requests it has.
trait Ends: Future {
    fn end(self: Pin<&mut Self>);
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> Ends
    for http1::UpgradeableConnection<TokioIo<Metered<S>>, Callee>
{
    fn end(self: Pin<&mut Self>) {
        self.graceful_shutdown();
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin + 'static> Ends
    for http2::Connection<TokioIo<Metered<S>>, Callee, Tasks>
{
    fn end(self: Pin<&mut Self>) {
        self.graceful_shutdown();
    }
}

/// Drives a connection, ends it in order when it is idle too long or the server ends, and cuts it when it takes too long.
async fn attend<C: Ends>(mut connection: Pin<&mut C>, pulse: &Pulse, server: &Shared) {
    let mut stopping = server.stopping.subscribe();
    let mut stop = pin!(stopping.wait_for(|stopping| *stopping));
    let mut alarm = pin!(sleep_until(Instant::now() + server.bounds.patience.head));
    let mut ending = false;
    poll_fn(|context| {
        if !ending && stop.as_mut().poll(context).is_ready() {
            ending = true;
            connection.as_mut().end();
        }
        if connection.as_mut().poll(context).is_ready() {
            return Poll::Ready(());
        }
        loop {
            match pulse.verdict() {
                Verdict::Wait(due) => {
                    if due < alarm.deadline() || alarm.is_elapsed() {
                        alarm.as_mut().reset(due);
                    }
                    if alarm.as_mut().poll(context).is_pending() {
                        return Poll::Pending;
                    }
                }
                Verdict::Close if !ending => {
                    ending = true;
                    connection.as_mut().end();
                    if connection.as_mut().poll(context).is_ready() {
                        return Poll::Ready(());
                    }
                }
                Verdict::Close | Verdict::Cut => return Poll::Ready(()),
            }
        }
    })
    .await;
}

/// What hyper calls with each request.
struct Callee {
    server: Arc<Shared>,
    pulse: Arc<Pulse>,
    addresses: Addresses,
    tls: bool,
}

impl Callee {
    fn new(server: &Arc<Shared>, addresses: Addresses, tls: bool, pulse: &Arc<Pulse>) -> Callee {
        Callee {
            server: Arc::clone(server),
            pulse: Arc::clone(pulse),
            addresses,
            tls,
        }
    }
}

impl Service<hyper::Request<Incoming>> for Callee {
    type Response = hyper::Response<Outgoing>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn call(&self, incoming: hyper::Request<Incoming>) -> Self::Future {
        let caller = Caller {
            addresses: self.addresses,
            tls: self.tls,
            in_flight: self.pulse.request(),
        };
        let server = Arc::clone(&self.server);
        Box::pin(async move { Ok(answer::answer(server, caller, incoming).await) })
    }
}
