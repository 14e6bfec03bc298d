//! A server under test and the one who calls it.

use crate::app::App;
use crate::auth::Guard;
use crate::config::Config;
use crate::http::{Answer, Body, Request, Response, SpooledFile};
use crate::ids::Base;
use crate::media::Blobs;
use crate::routes::{Access, Lane, Route, delete, get, post, upload};
use crate::server::{Bounds, Server, Settings, runtime};
use crate::store::Store;
use crate::store::engine::memory::MemoryEngine;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, mpsc};
use std::thread::{self, JoinHandle};
use std::time::Duration;
use tempfile::TempDir;
use tokio::sync::oneshot;

/// How long a test waits for what must happen before it fails.
pub(super) const DEADLINE: Duration = Duration::from_secs(20);

/// A server under test. It ends with the value.
pub(super) struct World {
    pub(super) address: SocketAddr,
    pub(super) dir: TempDir,
    end: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<bool>>,
}

/// What a test changes before the server starts.
pub(super) struct Start {
    pub(super) settings: Settings,
    pub(super) bounds: Bounds,
    pub(super) base: Option<Base>,
}

/// A server as it is.
pub(super) fn start() -> World {
    start_with(|_| {})
}

/// A server that a test changes.
pub(super) fn start_with(change: impl FnOnce(&mut Start)) -> World {
    let dir = tempfile::tempdir().expect("a directory");
    start_in(dir, change)
}

pub(super) fn start_in(dir: TempDir, change: impl FnOnce(&mut Start)) -> World {
    let mut config = Config::defaults();
    dir.path().clone_into(&mut config.datadir);
    config.port = 0;
    // Else only the setup would be answered.
    config.hostname = Some("pump.test".to_owned());
    let mut start = Start {
        settings: Settings::of(&config),
        bounds: Bounds::NORMAL,
        base: None,
    };
    change(&mut start);
    let store = Store::on(Box::new(MemoryEngine::default())).expect("a store");
    let blobs = Blobs::open(dir.path()).expect("a directory for files");
    let app = Arc::new(App::new(config, store, blobs));
    if let Some(base) = start.base {
        assert!(app.set_base(base));
    }
    let (tell, told) = mpsc::channel();
    let (end, ended) = oneshot::channel();
    let thread = thread::spawn(move || {
        let runtime = runtime().expect("a runtime");
        let all_finished = runtime.block_on(async {
            let server = Server::bind_within(
                start.bounds,
                start.settings,
                TABLE,
                app,
                Arc::new(Guard::default()),
            );
            let server = server.await.expect("a server");
            tell.send(server.address()).expect("the test listens");
            server
                .serve(async {
                    drop(ended.await);
                })
                .await
        });
        runtime.shutdown_background();
        all_finished
    });
    World {
        address: told.recv_timeout(DEADLINE).expect("the server starts"),
        dir,
        end: Some(end),
        thread: Some(thread),
    }
}

impl World {
    /// Connects.
    pub(super) fn connect(&self) -> Wire {
        Wire::on(TcpStream::connect(self.address).expect("a connection"))
    }

    /// Sends one request on a connection of its own and reads the answer.
    pub(super) fn ask(&self, request: &str) -> Reply {
        let mut wire = self.connect();
        wire.send(request.as_bytes());
        wire.reply().expect("an answer")
    }

    /// Asks for a path.
    pub(super) fn get(&self, path: &str) -> Reply {
        self.ask(&format!("GET {path} HTTP/1.1\r\nHost: here\r\n\r\n"))
    }

    /// Asks the server to end, without waiting for it.
    pub(super) fn ask_to_end(&mut self) {
        drop(self.end.take());
    }

    /// Waits for the server's end: whether all requests were finished.
    pub(super) fn wait_for_end(&mut self) -> bool {
        let thread = self.thread.take().expect("it ends once");
        thread.join().expect("the server ends in order")
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.ask_to_end();
        if let Some(thread) = self.thread.take()
            && !thread::panicking()
        {
            thread.join().expect("the server ends in order");
        }
    }
}

/// A caller's connection.
pub(super) struct Wire<S = TcpStream>(BufReader<S>);

impl Wire {
    fn on(socket: TcpStream) -> Wire {
        socket
            .set_read_timeout(Some(DEADLINE))
            .expect("a time limit");
        socket
            .set_write_timeout(Some(DEADLINE))
            .expect("a time limit");
        Wire(BufReader::new(socket))
    }

    /// The socket itself.
    pub(super) fn socket(&self) -> &TcpStream {
        self.0.get_ref()
    }

    /// Hangs up.
    pub(super) fn hang_up(self) {
        drop(self.0.get_ref().shutdown(Shutdown::Both));
    }
}

impl<S: Read + Write> Wire<S> {
    pub(super) fn over(stream: S) -> Wire<S> {
        Wire(BufReader::new(stream))
    }

    /// Sends bytes.
    pub(super) fn send(&mut self, bytes: &[u8]) {
        self.try_send(bytes).expect("the server reads");
    }

    /// Sends bytes, if the server still takes them.
    pub(super) fn try_send(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.0.get_mut().write_all(bytes)?;
        self.0.get_mut().flush()
    }

    /// Reads an answer with a body; nothing if the connection ends before it.
    pub(super) fn reply(&mut self) -> Option<Reply> {
        self.read_reply(true)
    }

    /// Reads an answer without a body, whatever length it names.
    pub(super) fn head_reply(&mut self) -> Option<Reply> {
        self.read_reply(false)
    }

    /// Reads bytes.
    pub(super) fn bytes(&mut self, count: usize) -> Vec<u8> {
        let mut bytes = vec![0; count];
        self.0.read_exact(&mut bytes).expect("so many bytes");
        bytes
    }

    /// Whether the server ended the connection without another byte.
    pub(super) fn is_closed(&mut self) -> bool {
        let mut rest = Vec::new();
        match self.0.read_to_end(&mut rest) {
            Ok(_) => rest.is_empty(),
            Err(error) => error.kind() == std::io::ErrorKind::ConnectionReset,
        }
    }

    fn read_reply(&mut self, with_body: bool) -> Option<Reply> {
        let mut line = String::new();
        self.0.read_line(&mut line).ok()?;
        let status = line.split(' ').nth(1)?.parse().ok()?;
        let mut headers = Vec::new();
        loop {
            let mut line = String::new();
            self.0.read_line(&mut line).ok()?;
            let line = line.trim_end();
            if line.is_empty() {
                break;
            }
            let (name, value) = line.split_once(": ")?;
            headers.push((name.to_ascii_lowercase(), value.to_owned()));
        }
        let mut reply = Reply {
            status,
            headers,
            body: Vec::new(),
        };
        if with_body && let Some(length) = reply.header("content-length") {
            reply.body = vec![0; length.parse().expect("a number")];
            self.0.read_exact(&mut reply.body).ok()?;
        }
        Some(reply)
    }
}

/// An answer.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: u16,
    headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl Reply {
    pub(super) fn header(&self, wanted: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(name, _)| name == wanted);
        found.map(|(_, value)| value.as_str())
    }

    pub(super) fn names(&self) -> Vec<&str> {
        let not_date = self.headers.iter().filter(|(name, _)| name != "date");
        not_date.map(|(name, _)| name.as_str()).collect()
    }

    pub(super) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("text")
    }
}

/// Places in handlers where tests hold them: how often a handler came there, and whether it may go on.
#[derive(Default)]
struct Gate {
    came: usize,
    went: usize,
    open: bool,
}

static GATES: Mutex<BTreeMap<String, Gate>> = Mutex::new(BTreeMap::new());
static MOVED: Condvar = Condvar::new();

fn gates() -> MutexGuard<'static, BTreeMap<String, Gate>> {
    GATES.lock().unwrap_or_else(PoisonError::into_inner)
}

fn wait_until(
    name: &str,
    happened: impl Fn(&Gate) -> bool,
) -> MutexGuard<'static, BTreeMap<String, Gate>> {
    let not_yet =
        |gates: &mut BTreeMap<String, Gate>| !happened(gates.entry(name.to_owned()).or_default());
    let (gates, waited) = MOVED
        .wait_timeout_while(gates(), DEADLINE, not_yet)
        .unwrap_or_else(PoisonError::into_inner);
    assert!(!waited.timed_out(), "the gate {name} stands still");
    gates
}

/// Waits until handlers came to a gate so often.
pub(super) fn wait_for_arrivals(name: &str, count: usize) {
    drop(wait_until(name, |gate| gate.came >= count));
}

/// Waits until handlers went through a gate and ended so often.
pub(super) fn wait_for_ends(name: &str, count: usize) {
    drop(wait_until(name, |gate| gate.went >= count));
}

/// How many handlers came to a gate.
pub(super) fn arrivals(name: &str) -> usize {
    gates().get(name).map_or(0, |gate| gate.came)
}

/// Lets handlers through a gate.
pub(super) fn open_gate(name: &str) {
    gates().entry(name.to_owned()).or_default().open = true;
    MOVED.notify_all();
}

fn gated(request: &Request) -> Answer {
    let name = request.query("gate").unwrap_or_default();
    gates().entry(name.clone()).or_default().came += 1;
    MOVED.notify_all();
    let mut gates = wait_until(&name, |gate| gate.open);
    gates.entry(name).or_default().went += 1;
    drop(gates);
    MOVED.notify_all();
    Ok(Response::text("through"))
}

fn echo(request: &Request) -> Answer {
    Ok(Response::text(match &request.body {
        Body::Memory(bytes) => format!("memory {}", bytes.len()),
        Body::Spooled(file) => {
            let bytes = file.bytes();
            assert_eq!(contents(file).len() as u64, bytes);
            format!("file {bytes}")
        }
        Body::Multipart { fields, files } => {
            let files = files.iter().map(|part| {
                let text = contents(&part.file);
                format!(
                    "{}/{}/{}={text}",
                    part.field, part.file_name, part.content_type
                )
            });
            format!("{fields:?} {}", files.collect::<Vec<_>>().join(" "))
        }
    }))
}

fn contents(file: &SpooledFile) -> String {
    let spool = file.take().expect("a file that nobody took");
    let mut text = String::new();
    let mut reader = spool.reader().expect("a readable file");
    reader.read_to_string(&mut text).expect("text");
    text
}

fn show(request: &Request) -> Answer {
    Ok(Response::text(format!(
        "{} {} {}?{}",
        request.method,
        request.param("nickname"),
        request.path,
        request.query
    )))
}

fn long_json(_: &Request) -> Answer {
    Ok(Response::json(&vec!["the same words"; 1000]))
}

fn file(_: &Request) -> Answer {
    use std::io::Seek as _;
    let mut file = tempfile::tempfile().expect("a file");
    let bytes: Vec<u8> = (0..200_000_u32).map(|n| n.to_le_bytes()[0]).collect();
    file.write_all(&bytes).expect("space");
    file.rewind().expect("a file");
    let mut response = Response::new(hyper::StatusCode::OK, "image/jpeg", "");
    response.content = crate::http::Content::File {
        file,
        start: 1000,
        bytes: 150_000,
    };
    Ok(response)
}

/// More bytes than any socket takes in advance, on a disk that holds none of them.
pub(super) const HUGE_BYTES: u64 = 256 * 1024 * 1024;

fn huge(_: &Request) -> Answer {
    let file = tempfile::tempfile().expect("a file");
    file.set_len(HUGE_BYTES).expect("a sparse file");
    let mut response = Response::new(hyper::StatusCode::OK, "image/jpeg", "");
    response.content = crate::http::Content::File {
        file,
        start: 0,
        bytes: HUGE_BYTES,
    };
    Ok(response)
}

fn huge_memory(_: &Request) -> Answer {
    Ok(Response::text(vec![b'x'; 16 * 1024 * 1024]))
}

/// Reads JSON as deep as it can be, with as much stack in each level as a careless handler has.
fn deep(request: &Request) -> Answer {
    let value: serde_json::Value = request.json()?;
    Ok(Response::text(format!("{}", depth(&value))))
}

fn depth(value: &serde_json::Value) -> usize {
    let ballast = std::hint::black_box([1_u8; 2048]);
    match value {
        serde_json::Value::Array(inner) => usize::from(ballast[0]) + inner.first().map_or(0, depth),
        _ => 0,
    }
}

/// The table of routes under test.
static TABLE: &[Route] = &[
    get("/", Access::Open(show), Lane::Quick),
    get("/api/user/{nickname}", Access::Open(show), Lane::Quick),
    post("/api/user/{nickname}", Access::Open(show), Lane::Quick),
    delete("/api/user/{nickname}", Access::Open(show), Lane::Quick),
    post("/api/echo", Access::Open(echo), Lane::Quick),
    post("/api/deep", Access::Open(deep), Lane::Quick),
    upload("/api/spool", Access::Open(echo), Lane::Quick),
    upload(
        "/api/mine",
        Access::UserWrite(|_, _| Ok(Response::text("mine"))),
        Lane::Slow,
    ),
    get("/api/gate", Access::Open(gated), Lane::Quick),
    get("/api/slow/gate", Access::Open(gated), Lane::Slow),
    get(
        "/api/panic",
        Access::Open(|_| panic!("a bad document")),
        Lane::Quick,
    ),
    get("/api/long", Access::Open(long_json), Lane::Quick),
    get(
        "/api/private",
        Access::AnyRead(|_, _| Ok(Response::text(""))),
        Lane::Quick,
    ),
    get("/ongoing", Access::Open(super::ongoing::begin), Lane::Quick),
    get("/file", Access::Open(file), Lane::Quick),
    get("/huge/file", Access::Open(huge), Lane::Quick),
    get("/huge/memory", Access::Open(huge_memory), Lane::Quick),
];
