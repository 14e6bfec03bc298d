//! Somebody who listens to server-sent events (HTML Living Standard §9.2), as a browser's `EventSource` does.

use super::http::{Request, Site};
use super::people::Caller;
use serde_json::Value;
use std::io::Write as _;
use std::io::{BufRead as _, BufReader};
use std::net::Shutdown;
use std::net::TcpStream;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

/// How long a story waits for an event.
const PATIENCE: Duration = Duration::from_secs(20);

/// One event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Event {
    pub(crate) name: String,
    pub(crate) data: String,
    /// The last id that was seen when it came.
    pub(crate) id: String,
}

/// An open stream of events. Dropping it hangs up.
pub(crate) struct Ear {
    /// Status line and headers, in lower case.
    pub(crate) head: String,
    events: Receiver<Heard>,
    stream: TcpStream,
    last_id: String,
    retry: Option<String>,
}

enum Heard {
    Event(Event),
    Id(String),
    Retry(String),
}

impl Ear {
    /// Sends a request and reads its answer as events.
    #[track_caller]
    pub(crate) fn open(site: &Site, request: &Request) -> Ear {
        let mut stream = site.connect();
        let mut text = format!(
            "{} {} HTTP/1.1\r\nHost: {}\r\nAccept: text/event-stream\r\n",
            request.method,
            site.path_of(&request.target),
            site.host
        );
        for (name, value) in &request.headers {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        text.push_str("\r\n");
        stream
            .write_all(text.as_bytes())
            .expect("the server takes the request");
        let mut reader = BufReader::new(stream.try_clone().expect("a socket can be shared"));
        let mut head = String::new();
        loop {
            let mut line = String::new();
            let read = reader.read_line(&mut line).expect("a head comes");
            if read == 0 || line == "\r\n" {
                break;
            }
            head.push_str(&line.to_lowercase());
        }
        let (sender, events) = channel();
        std::thread::spawn(move || {
            let mut lines = Lines::default();
            while let Some(chunk) = chunk(&mut reader) {
                for heard in lines.push(&chunk) {
                    if sender.send(heard).is_err() {
                        return;
                    }
                }
            }
        });
        Ear {
            head,
            events,
            stream,
            last_id: String::new(),
            retry: None,
        }
    }

    /// The next event; fails the story if none comes or the stream ends.
    #[track_caller]
    pub(crate) fn next(&mut self) -> Event {
        self.wait()
            .unwrap_or_else(|| panic!("the stream ended: {}", self.head))
    }

    /// The next event as the activity that it must be.
    #[track_caller]
    pub(crate) fn activity(&mut self) -> Value {
        let event = self.next();
        assert_eq!(event.name, "activity", "{}", event.data);
        let activity: Value = serde_json::from_str(&event.data).expect("data is JSON");
        assert_eq!(activity["id"], event.id.as_str());
        activity
    }

    /// Waits until the server ends the stream; what still came before that.
    #[track_caller]
    pub(crate) fn end(&mut self) -> Vec<Event> {
        let mut last = Vec::new();
        while let Some(event) = self.wait() {
            last.push(event);
        }
        last
    }

    /// The id to come back with: waits until the server has named one.
    #[track_caller]
    pub(crate) fn place(&mut self) -> String {
        while self.last_id.is_empty() {
            let heard = self.events.recv_timeout(PATIENCE).expect("an id comes");
            assert!(self.take(heard).is_none(), "an event without an id");
        }
        self.last_id.clone()
    }

    /// How soon the server wants to see a lost client again, in milliseconds.
    pub(crate) fn retry(&self) -> Option<&str> {
        self.retry.as_deref()
    }

    #[track_caller]
    fn wait(&mut self) -> Option<Event> {
        loop {
            match self.events.recv_timeout(PATIENCE) {
                Ok(heard) => {
                    if let Some(event) = self.take(heard) {
                        return Some(event);
                    }
                }
                Err(RecvTimeoutError::Disconnected) => return None,
                Err(RecvTimeoutError::Timeout) => panic!("nothing came"),
            }
        }
    }

    fn take(&mut self, heard: Heard) -> Option<Event> {
        match heard {
            Heard::Event(event) => {
                self.last_id.clone_from(&event.id);
                return Some(event);
            }
            Heard::Id(id) => self.last_id = id,
            Heard::Retry(retry) => self.retry = Some(retry),
        }
        None
    }
}

impl Drop for Ear {
    fn drop(&mut self) {
        let _ = self.stream.shutdown(Shutdown::Both);
    }
}

impl Caller {
    /// Listens to a stream of events with this caller's proof.
    #[track_caller]
    pub(crate) fn listen(&self, target: &str) -> Ear {
        self.listen_since(target, None)
    }

    /// Comes back to a stream of events.
    #[track_caller]
    pub(crate) fn listen_since(&self, target: &str, last: Option<&str>) -> Ear {
        let mut request = self.signed(Request::get(target));
        if let Some(last) = last {
            request = request.header("Last-Event-ID", last);
        }
        Ear::open(&self.site, &request)
    }
}

/// One chunk of a chunked body (RFC 9112 §7.1); nothing at its end, or where the connection breaks.
fn chunk(reader: &mut BufReader<TcpStream>) -> Option<Vec<u8>> {
    let mut size = String::new();
    reader.read_line(&mut size).ok()?;
    let size = usize::from_str_radix(size.trim(), 16).ok()?;
    if size == 0 {
        return None;
    }
    let mut bytes = vec![0; size + 2];
    std::io::Read::read_exact(reader, &mut bytes).ok()?;
    bytes.truncate(size);
    Some(bytes)
}

/// The lines of a stream of events, as far as they came.
#[derive(Default)]
struct Lines {
    rest: Vec<u8>,
    name: String,
    data: Vec<String>,
    id: String,
    new_id: bool,
}

impl Lines {
    fn push(&mut self, bytes: &[u8]) -> Vec<Heard> {
        self.rest.extend(bytes);
        let mut heard = Vec::new();
        while let Some(end) = self.rest.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.rest.drain(..=end).collect();
            let line = String::from_utf8(line).expect("events are UTF-8");
            self.line(line.trim_end_matches('\n'), &mut heard);
        }
        heard
    }

    fn line(&mut self, line: &str, heard: &mut Vec<Heard>) {
        if line.is_empty() {
            self.dispatch(heard);
            return;
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value).to_owned();
        match field {
            // A sign of life.
            "" => {}
            "event" => self.name = value,
            "data" => self.data.push(value),
            "id" => {
                self.id = value;
                self.new_id = true;
            }
            "retry" => heard.push(Heard::Retry(value)),
            other => panic!("no field of events: {other}"),
        }
    }

    fn dispatch(&mut self, heard: &mut Vec<Heard>) {
        let name = std::mem::take(&mut self.name);
        let data = std::mem::take(&mut self.data);
        let new_id = std::mem::take(&mut self.new_id);
        if !data.is_empty() {
            heard.push(Heard::Event(Event {
                name,
                data: data.join("\n"),
                id: self.id.clone(),
            }));
        } else if new_id {
            heard.push(Heard::Id(self.id.clone()));
        }
    }
}
