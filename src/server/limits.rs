//! Every bound of the rim on one page, with its unit. What a site may choose itself is in [`super::Settings`].

use std::time::Duration;

/// Connections open at once, all callers together. One more is answered 503 and closed: whoever is here already keeps
/// what they have, and a caller learns at once that it should come later.
pub(crate) const CONNECTIONS_MAX: usize = 512;

/// Connections open at once from one address (IPv6: one /64 network). Loopback is exempt: a proxy on this machine speaks
/// for everybody.
pub(crate) const CONNECTIONS_PER_ADDRESS_MAX: u32 = 64;

/// Those who listen at once: bodies that go on, and WebSockets. One more is answered 503. Fewer where the system lets the
/// process open fewer files.
pub(crate) const LISTENERS_MAX: usize = 12_288;

/// Files that are not for those who listen: ordinary connections, the store, uploads.
pub(crate) const FILES_KEPT: usize = CONNECTIONS_MAX + 256;

/// Those of them from one address (IPv6: one /64 network), loopback excepted.
pub(crate) const LISTENERS_PER_ADDRESS_MAX: u32 = 512;

/// Those of them who are the same user.
pub(crate) const LISTENERS_PER_USER_MAX: u32 = 256;

/// A request's head, in bytes: method, path, query and headers. More is 431, as are more than hyper's 100 headers.
pub(crate) const HEAD_BYTES_MAX: usize = 16 * 1024;

/// From the first byte of a request's head (or from the start of a connection) to its last.
pub(crate) const HEAD_TIME_MAX: Duration = Duration::from_secs(15);

/// How long an open connection may lie idle between two requests.
pub(crate) const IDLE_TIME_MAX: Duration = Duration::from_secs(75);

/// How long a connection that ends with something unread stays half open, so that its caller gets to read the last answer.
pub(crate) const LINGER_TIME_MAX: Duration = Duration::from_secs(2);

/// How much is read and thrown away meanwhile, in bytes.
pub(crate) const LINGER_BYTES_MAX: u64 = 8 * 1024 * 1024;

/// From a connection's start to the end of its TLS handshake.
pub(crate) const HANDSHAKE_TIME_MAX: Duration = Duration::from_secs(10);

/// How long a caller may take no byte of an answer that is being sent.
pub(crate) const STALL_TIME_MAX: Duration = Duration::from_secs(30);

/// How long a body may stand still.
pub(crate) const BODY_PAUSE_MAX: Duration = Duration::from_secs(20);

/// What a body may take in any case, before its rate counts.
pub(crate) const BODY_GRACE: Duration = Duration::from_secs(20);

/// The slowest body that is taken, in bytes a second: a modem.
pub(crate) const BODY_RATE_MIN: u64 = 2 * 1024;

/// Bodies in memory, all requests together, in KiB. One more is 503.
pub(crate) const BODIES_KIB_MAX: usize = 16 * 1024;

/// Largest archive that somebody brings, in bytes: one with thousands of photos.
pub(crate) const ARCHIVE_BYTES_MAX: u64 = 16 * 1024 * 1024 * 1024;

/// How much of a refused body is read and thrown away, in bytes, so that the sender gets to read the answer.
pub(crate) const DRAIN_BYTES_MAX: u64 = 8 * 1024 * 1024;

/// How long a refused body is read and thrown away.
pub(crate) const DRAIN_TIME_MAX: Duration = Duration::from_secs(5);

/// As [`DRAIN_BYTES_MAX`] for a form with files that a browser sends: a long film of a phone.
pub(crate) const DRAIN_FORM_BYTES_MAX: u64 = 1024 * 1024 * 1024;

/// As [`DRAIN_TIME_MAX`] for a form with files that a browser sends.
pub(crate) const DRAIN_FORM_TIME_MAX: Duration = Duration::from_secs(300);

/// Parts of a multipart form: twenty photos with words for each, and everybody who is to see them.
pub(crate) const PARTS_MAX: usize = 192;

/// Fields of a multipart form that are no files, in bytes, together.
pub(crate) const FIELDS_BYTES_MAX: usize = 256 * 1024;

/// From a request's complete body to its answer. After it the caller reads 503; the work is completed all the same.
pub(crate) const REQUEST_TIME_MAX: Duration = Duration::from_secs(120);

/// Requests worked on at once in the Quick lane. Most of them wait for the disk together (group commit), so there are
/// more of them than cores.
pub(crate) const QUICK_PLACES: usize = 16;

/// Requests worked on at once in the Slow lane: pictures and password hashes take a core each, and memory.
pub(crate) const SLOW_PLACES: usize = 2;

/// Requests worked on at once in the Far lane: they wait for other hosts.
pub(crate) const FAR_PLACES: usize = 8;

/// Requests worked on at once in the Proxy lane: they bring pictures of other hosts to people here.
pub(crate) const PROXY_PLACES: usize = 4;

/// Bodies that go on and are written at this moment: new activities for those who listen.
pub(crate) const LIVE_PLACES: usize = 2;

/// How often somebody who listens gets a sign of life: more often than [`STALL_TIME_MAX`], and than proxies wait.
pub(crate) const BEAT_EVERY: Duration = Duration::from_secs(20);

/// Pieces of files read or written at once.
pub(crate) const FILE_PLACES: usize = 2;

/// How long a request waits for a place in the Quick lane before it is 503.
pub(crate) const QUICK_WAIT_MAX: Duration = Duration::from_secs(5);

/// How long a request waits for a place in the Slow, the Far and the Proxy lane before it is 503.
pub(crate) const SLOW_WAIT_MAX: Duration = Duration::from_secs(30);

/// Requests that may wait for a place in one lane. One more is 503 at once.
pub(crate) const WAITING_MAX: usize = 256;

/// Stack of a lane's thread, in bytes. The deepest work is reading JSON at serde_json's limit of 128 levels and cleaning
/// HTML; both stay far below it.
pub(crate) const STACK_BYTES: usize = 1024 * 1024;

/// How long a lane's thread without work lives on.
pub(crate) const THREAD_IDLE_MAX: Duration = Duration::from_secs(10);

/// One piece of a file on its way to or from the network, in bytes.
pub(crate) const PIECE_BYTES: usize = 64 * 1024;

/// Streams open at once on one HTTP/2 connection.
pub(crate) const H2_STREAMS_MAX: u32 = 32;

/// What an HTTP/2 caller may send ahead on one stream, in bytes.
pub(crate) const H2_STREAM_WINDOW_BYTES: u32 = 64 * 1024;

/// What an HTTP/2 caller may send ahead on one connection, in bytes.
pub(crate) const H2_CONNECTION_WINDOW_BYTES: u32 = 256 * 1024;

/// What waits to be sent on one HTTP/2 stream, in bytes.
pub(crate) const H2_SEND_BYTES_MAX: usize = 64 * 1024;

/// Shortest answer that is worth compressing, in bytes.
pub(crate) const COMPRESS_BYTES_MIN: usize = 1024;

/// How often the files of TLS are looked at.
pub(crate) const TLS_LOOK_EVERY: Duration = Duration::from_secs(10);

/// How long requests that are being answered may go on once the server is asked to end.
pub(crate) const FINISH_TIME_MAX: Duration = Duration::from_secs(10);

/// How long the accept loop rests after the system gave it an error (no file descriptors left).
pub(crate) const ACCEPT_REST: Duration = Duration::from_millis(200);
