//! The way from one person's browser to the servers of a story: a SOCKS 5 proxy (RFC 1928) that knows these by name, wherever
//! they listen now, and nobody else. It can be cut, as a Wi-Fi is that ends behind the garden.

use crate::harness::http::Site;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

/// A road that is open without end.
const UNCUT: u64 = u64::MAX;

/// The road of one browser; it is closed with it.
pub(crate) struct Road {
    address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    /// Names with ports, and who is there.
    sites: Mutex<Vec<(String, Arc<Site>)>>,
    /// Both ends of what is open.
    open: Mutex<Vec<TcpStream>>,
    /// How many more bytes may be sent before everything is cut.
    bytes_left: AtomicU64,
    is_closed: AtomicBool,
}

impl Road {
    /// A road to one server.
    #[track_caller]
    pub(super) fn to(site: &Arc<Site>) -> Road {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let address = listener.local_addr().expect("it has an address");
        let shared = Arc::new(Shared {
            sites: Mutex::new(Vec::new()),
            open: Mutex::new(Vec::new()),
            bytes_left: AtomicU64::new(UNCUT),
            is_closed: AtomicBool::new(false),
        });
        let road = Road {
            address,
            shared: Arc::clone(&shared),
        };
        road.leads_to(site);
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if shared.is_closed.load(Ordering::SeqCst) {
                    break;
                }
                let shared = Arc::clone(&shared);
                thread::spawn(move || shared.carry(stream));
            }
        });
        road
    }

    /// It leads to this server, too.
    pub(super) fn leads_to(&self, site: &Arc<Site>) {
        let name = match site.host.contains(':') {
            true => site.host.clone(),
            false if site.base.starts_with("https") => format!("{}:443", site.host),
            false => format!("{}:80", site.host),
        };
        let mut sites = self
            .shared
            .sites
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        sites.push((name, Arc::clone(site)));
    }

    /// Where the browser finds it.
    pub(super) fn url(&self) -> String {
        format!("socks5://{}", self.address)
    }

    /// Everything is cut now, and stays so until [`Road::mend`].
    pub(crate) fn cut(&self) {
        self.cut_after(0);
    }

    /// Everything is cut after so many more bytes have been sent to servers, and stays so until [`Road::mend`].
    pub(crate) fn cut_after(&self, bytes: u64) {
        self.shared.bytes_left.store(bytes, Ordering::SeqCst);
        if bytes == 0 {
            self.shared.close_all();
        }
    }

    /// Whether the cut that was announced has come.
    pub(crate) fn is_cut(&self) -> bool {
        self.shared.bytes_left.load(Ordering::SeqCst) == 0
    }

    /// The road is open again.
    pub(crate) fn mend(&self) {
        self.shared.bytes_left.store(UNCUT, Ordering::SeqCst);
    }
}

impl Drop for Road {
    fn drop(&mut self) {
        self.shared.is_closed.store(true, Ordering::SeqCst);
        self.shared.close_all();
        // Wakes the listener, which then sees that it is over.
        drop(TcpStream::connect(self.address));
    }
}

impl Shared {
    /// Serves one connection of the browser; whatever goes wrong ends it.
    fn carry(&self, browser: TcpStream) {
        let Some(server) = self.greet(&browser) else {
            let _ = browser.shutdown(Shutdown::Both);
            return;
        };
        let pair = (browser.try_clone(), server.try_clone());
        let (Ok(to_browser), Ok(from_server)) = pair else {
            return;
        };
        self.keep(&[&browser, &server]);
        thread::scope(|scope| {
            scope.spawn(|| self.copy(from_server, to_browser, false));
            self.copy(browser, server, true);
        });
    }

    /// The greeting of RFC 1928 §3–§6: no authentication, `CONNECT` by name.
    fn greet(&self, mut browser: &TcpStream) -> Option<TcpStream> {
        let mut head = [0; 2];
        browser.read_exact(&mut head).ok()?;
        let mut methods = vec![0; usize::from(head[1])];
        browser.read_exact(&mut methods).ok()?;
        browser.write_all(&[5, 0]).ok()?;
        let mut head = [0; 4];
        browser.read_exact(&mut head).ok()?;
        let name = match head[3] {
            1 => {
                let mut address = [0; 4];
                browser.read_exact(&mut address).ok()?;
                Ipv4Addr::from(address).to_string()
            }
            3 => {
                let mut length = [0; 1];
                browser.read_exact(&mut length).ok()?;
                let mut name = vec![0; usize::from(length[0])];
                browser.read_exact(&mut name).ok()?;
                String::from_utf8(name).ok()?
            }
            _ => return None,
        };
        let mut port = [0; 2];
        browser.read_exact(&mut port).ok()?;
        let server = self.find(&format!("{name}:{}", u16::from_be_bytes(port)));
        // 4 is "host unreachable".
        let answer = if server.is_some() { 0 } else { 4 };
        browser
            .write_all(&[5, answer, 0, 1, 0, 0, 0, 0, 0, 0])
            .ok()?;
        server
    }

    fn find(&self, name: &str) -> Option<TcpStream> {
        if self.bytes_left.load(Ordering::SeqCst) == 0 {
            return None;
        }
        let sites = self.sites.lock().unwrap_or_else(PoisonError::into_inner);
        let site = sites.iter().find(|(known, _)| known == name)?;
        TcpStream::connect(site.1.address()).ok()
    }

    fn copy(&self, mut from: TcpStream, mut to: TcpStream, is_counted: bool) {
        let mut piece = vec![0; 16 * 1024];
        while let Ok(count) = from.read(&mut piece) {
            let Some(bytes) = piece.get(..count).filter(|bytes| !bytes.is_empty()) else {
                break;
            };
            if is_counted && self.is_used_up(bytes.len()) {
                self.close_all();
                break;
            }
            if to.write_all(bytes).is_err() {
                break;
            }
        }
        let _ = to.shutdown(Shutdown::Both);
        let _ = from.shutdown(Shutdown::Both);
    }

    /// Takes bytes from what may still be sent; whether that is too much.
    fn is_used_up(&self, bytes: usize) -> bool {
        let bytes = u64::try_from(bytes).expect("a piece is small");
        let take = |left: u64| (left != UNCUT).then(|| left.saturating_sub(bytes));
        let order = Ordering::SeqCst;
        match self.bytes_left.fetch_update(order, order, take) {
            Ok(before) => before <= bytes,
            Err(_) => false,
        }
    }

    fn keep(&self, streams: &[&TcpStream]) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|stream| stream.peer_addr().is_ok());
        open.extend(streams.iter().filter_map(|stream| stream.try_clone().ok()));
    }

    fn close_all(&self) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        for stream in open.drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}
