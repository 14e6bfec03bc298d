//! A realtime client (`pump-api.md §7`) on a WebSocket.

use super::Pump;
use super::http::{Request, decode_form};
use super::oauth::{Place, Signer};
use super::people::Caller;
use serde_json::{Value, json};
use std::net::TcpStream;
use tungstenite::client::IntoClientRequest as _;
use tungstenite::{Error, Message, WebSocket};

/// Where realtime clients connect.
pub(crate) const SOCKJS: &str = "/main/realtime/sockjs";

/// A client on a socket.
pub(crate) struct Talker {
    socket: WebSocket<TcpStream>,
    is_framed: bool,
    heard: Vec<String>,
}

impl Talker {
    /// Connects with SockJS's frames, which begin with `o`.
    #[track_caller]
    pub(crate) fn framed(pump: &Pump) -> Talker {
        let mut talker = Talker::at(pump, "/000/story/websocket", true);
        assert_eq!(talker.frame().as_deref(), Some("o"));
        talker
    }

    /// Connects without frames.
    #[track_caller]
    pub(crate) fn raw(pump: &Pump) -> Talker {
        Talker::at(pump, "/websocket", false)
    }

    #[track_caller]
    fn at(pump: &Pump, path: &str, is_framed: bool) -> Talker {
        let url = format!("ws://{}{SOCKJS}{path}", pump.site.host);
        let request = url.into_client_request().expect("a request");
        let connected = tungstenite::client(request, pump.site.connect());
        let (socket, _) = connected.expect("a WebSocket");
        Talker {
            socket,
            is_framed,
            heard: Vec::new(),
        }
    }

    /// The next frame; nothing when the socket has ended.
    pub(crate) fn frame(&mut self) -> Option<String> {
        loop {
            match self.socket.read() {
                Ok(Message::Text(text)) => return Some(text.to_string()),
                Ok(Message::Close(_)) | Err(Error::ConnectionClosed | Error::Protocol(_)) => {
                    return None;
                }
                Ok(_) => {}
                Err(Error::Io(error)) if error.kind() != std::io::ErrorKind::WouldBlock => {
                    return None;
                }
                Err(other) => panic!("nothing came: {other}"),
            }
        }
    }

    /// The next message.
    #[track_caller]
    pub(crate) fn next(&mut self) -> Value {
        while self.heard.is_empty() {
            let frame = self.frame().expect("a message comes");
            self.heard = match self.is_framed {
                true => messages_of(&frame),
                false => vec![frame],
            };
        }
        let message = self.heard.remove(0);
        serde_json::from_str(&message).expect("messages are JSON")
    }

    /// The next message, which is a challenge: its address.
    #[track_caller]
    pub(crate) fn challenge(&mut self) -> String {
        challenge_of(&self.next())
    }

    pub(crate) fn say(&mut self, message: &Value) {
        let message = message.to_string();
        self.send(&match self.is_framed {
            true => json!([message]).to_string(),
            false => message,
        });
    }

    /// Sends a frame as it is; the other side may be gone.
    pub(crate) fn send(&mut self, frame: &str) {
        let _ = self.socket.send(Message::text(frame));
    }

    pub(crate) fn follow(&mut self, url: &str) {
        self.say(&json!({ "cmd": "follow", "url": url }));
    }

    /// Proves who it is.
    #[track_caller]
    pub(crate) fn rise(&mut self, caller: &Caller) -> Value {
        let challenge = self.challenge();
        self.say(&risen(&challenge, &signed(caller, &challenge)));
        self.next()
    }

    /// Waits for the end; what came before it.
    pub(crate) fn end(&mut self) -> Vec<String> {
        std::iter::from_fn(|| self.frame()).collect()
    }
}

/// The messages of a frame of messages.
#[track_caller]
pub(crate) fn messages_of(frame: &str) -> Vec<String> {
    let array = frame
        .strip_prefix('a')
        .unwrap_or_else(|| panic!("{frame} holds no messages"));
    serde_json::from_str(array).expect("an array of strings")
}

/// The address of a challenge.
#[track_caller]
pub(crate) fn challenge_of(message: &Value) -> String {
    assert_eq!(message["cmd"], "challenge", "{message}");
    assert_eq!(message["method"], "GET");
    message["url"].as_str().expect("an address").to_owned()
}

/// `rise`, with the parameters of OAuth.
pub(crate) fn risen(action: &str, parameters: &[(String, String)]) -> Value {
    json!({ "cmd": "rise", "message": { "action": action, "method": "GET", "parameters": parameters } })
}

/// The parameters with which somebody signs an address now.
pub(crate) fn signed(caller: &Caller, url: &str) -> Vec<(String, String)> {
    let signer = Signer::new(caller.client_pair(), caller.token.as_ref());
    signed_by(signer, caller, url)
}

/// The parameters with which a signer signs an address.
pub(crate) fn signed_by(mut signer: Signer, caller: &Caller, url: &str) -> Vec<(String, String)> {
    signer.place = Place::Query;
    let request = signer.sign(&caller.site, Request::get(url));
    let (_, query) = request.target.split_once('?').expect("a signed address");
    decode_form(query)
}
