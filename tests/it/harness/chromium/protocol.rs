//! Chromium's own protocol (Chrome DevTools Protocol) on one connection: questions with answers, and events between them.

use super::process::Process;
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::io::ErrorKind;
use std::net::TcpStream;
use std::time::{Duration, Instant};
use tungstenite::{Error, Message, WebSocket};

/// How long an answer may take: a picture of a long page on a busy machine.
const ANSWER: Duration = Duration::from_secs(60);

/// A connection, and the page that it drives.
pub(super) struct Connection {
    socket: WebSocket<TcpStream>,
    next: u64,
    /// The session of the page, once there is one.
    session: Option<String>,
    /// What happened and nobody has looked at.
    events: VecDeque<Event>,
}

/// Something that happened in the page.
#[derive(Debug)]
pub(super) struct Event {
    pub(super) method: String,
    pub(super) what: Value,
}

impl Connection {
    /// Connects to the browser.
    #[track_caller]
    pub(super) fn new(process: &Process) -> Connection {
        Connection {
            socket: process.connect(),
            next: 0,
            session: None,
            events: VecDeque::new(),
        }
    }

    /// From now on questions are about this page.
    pub(super) fn is_about(&mut self, session: &str) {
        self.session = Some(session.to_owned());
    }

    /// Asks, and answers what must succeed.
    #[track_caller]
    pub(super) fn ask(&mut self, method: &str, arguments: &Value) -> Value {
        match self.try_ask(method, arguments) {
            Ok(answer) => answer,
            Err(error) => panic!("{method} {arguments}: {error}"),
        }
    }

    /// Asks; the error is what Chromium says, for example when the page went away meanwhile.
    pub(super) fn try_ask(&mut self, method: &str, arguments: &Value) -> Result<Value, String> {
        let id = self.send(method, arguments)?;
        let deadline = Instant::now() + ANSWER;
        while Instant::now() < deadline {
            let Some(mut message) = self.read()? else {
                continue;
            };
            if message["id"] == id {
                if let Some(error) = message.get("error") {
                    return Err(error["message"].as_str().unwrap_or("an error").to_owned());
                }
                return Ok(message["result"].take());
            }
            self.keep(message);
        }
        Err(format!("no answer within {} s", ANSWER.as_secs()))
    }

    /// Sends a question and does not wait for its answer.
    fn send(&mut self, method: &str, arguments: &Value) -> Result<u64, String> {
        self.next += 1;
        let mut question = json!({ "id": self.next, "method": method, "params": arguments });
        if let Some(session) = &self.session {
            question["sessionId"] = json!(session);
        }
        let sent = self.socket.send(Message::text(question.to_string()));
        sent.map_err(|error| gone(&error))?;
        Ok(self.next)
    }

    /// What happened since the last look, oldest first; waits a moment for something if nothing has.
    pub(super) fn events(&mut self, wait: bool) -> Vec<Event> {
        if wait
            && self.events.is_empty()
            && let Ok(Some(message)) = self.read()
        {
            self.keep(message);
        }
        self.events.drain(..).collect()
    }

    fn keep(&mut self, mut message: Value) {
        let ours = self.session.is_none() || message["sessionId"].as_str() == self.session();
        let (true, Some(method)) = (ours, message["method"].as_str()) else {
            return;
        };
        if method == "Page.javascriptDialogOpening" {
            // The page stands still until somebody answers; people in stories say yes.
            let _ = self.send("Page.handleJavaScriptDialog", &json!({ "accept": true }));
        }
        self.events.push_back(Event {
            method: method.to_owned(),
            what: message["params"].take(),
        });
    }

    fn session(&self) -> Option<&str> {
        self.session.as_deref()
    }

    /// One message, or none within a moment.
    fn read(&mut self) -> Result<Option<Value>, String> {
        match self.socket.read() {
            Ok(Message::Text(text)) => {
                let message = serde_json::from_str(&text);
                message.map(Some).map_err(|error| error.to_string())
            }
            Ok(_) => Ok(None),
            Err(Error::Io(error))
                if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) =>
            {
                Ok(None)
            }
            Err(error) => Err(gone(&error)),
        }
    }
}

fn gone(error: &Error) -> String {
    format!("Chromium is gone: {error}")
}
