//! The process of the browser. A shell keeps watch over it: when the test program ends, in whatever way, the shell's input
//! ends too, and it stops the browser and removes what that has written.

use std::io::{BufRead as _, BufReader};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::Mutex;
use std::time::Duration;
use tungstenite::WebSocket;
use tungstenite::client::IntoClientRequest as _;
use tungstenite::protocol::WebSocketConfig;

/// Starts the browser in a directory of its own, waits for the end of the input, and tidies up.
const WATCH: &str = r#"
directory=$(mktemp -d) || exit 1
HOME=$directory XDG_CONFIG_HOME=$directory XDG_CACHE_HOME=$directory chromium --user-data-dir="$directory/profile" "$@" about:blank </dev/null >&2 &
browser=$!
exec >/dev/null
read -r _
exec 2>/dev/null
kill "$browser"
wait "$browser"
rm -rf "$directory"
"#;

/// What a test wants of a browser: no sandbox, which root cannot have, no first-run questions, and nothing behind our back.
const FLAGS: &[&str] = &[
    "--headless",
    "--remote-debugging-port=0",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-extensions",
    "--disable-sync",
    "--disable-background-timer-throttling",
    "--disable-backgrounding-occluded-windows",
    "--disable-renderer-backgrounding",
    "--disable-features=Translate,MediaRouter,OptimizationHints,HttpsUpgrades,HttpsFirstBalancedModeAutoEnable",
    "--force-color-profile=srgb",
    "--hide-scrollbars",
    "--lang=en-GB",
    "--metrics-recording-only",
    "--mute-audio",
    "--no-first-run",
    "--password-store=basic",
    "--use-mock-keychain",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
];

/// How long it may take to say where it listens.
const READY: &str = "DevTools listening on ";

/// How long one look at the socket takes at most; whoever waits looks again until its own patience ends.
const READ: Duration = Duration::from_millis(250);

/// The largest message: a picture of a long page.
const MESSAGE_BYTES_MAX: usize = 256 * 1024 * 1024;

/// The running browser.
pub(super) struct Process {
    /// Where its protocol is spoken.
    url: String,
    address: SocketAddr,
    /// The shell, and what keeps it waiting.
    _watch: Mutex<(Child, ChildStdin)>,
}

impl Process {
    /// Starts it and waits until it listens.
    #[track_caller]
    pub(super) fn start() -> Process {
        let mut watch = Command::new("sh")
            .args(["-c", WATCH, "sh"])
            .args(FLAGS)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("there is a shell");
        let input = watch.stdin.take().expect("it has an input");
        let mut lines = BufReader::new(watch.stderr.take().expect("it has an output")).lines();
        let mut said = Vec::new();
        let url = loop {
            match lines.next() {
                Some(Ok(line)) => match line.strip_prefix(READY) {
                    Some(url) => break url.to_owned(),
                    None => said.push(line),
                },
                _ => panic!(
                    "Chromium did not start (tests/run installs Debian's package): {}",
                    said.join("\n")
                ),
            }
        };
        // What it says later is read, so that it never waits for a reader, and dropped.
        std::thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
        let address = url
            .split('/')
            .nth(2)
            .and_then(|address| address.parse().ok())
            .unwrap_or_else(|| panic!("{url} has no address"));
        Process {
            url,
            address,
            _watch: Mutex::new((watch, input)),
        }
    }

    /// A connection of its own for one person.
    #[track_caller]
    pub(super) fn connect(&self) -> WebSocket<TcpStream> {
        let stream = TcpStream::connect(self.address).expect("Chromium listens");
        stream.set_nodelay(true).expect("a socket has options");
        let request = self.url.as_str().into_client_request().expect("a request");
        let config = WebSocketConfig::default()
            .max_message_size(Some(MESSAGE_BYTES_MAX))
            .max_frame_size(Some(MESSAGE_BYTES_MAX));
        let connected = tungstenite::client::client_with_config(request, stream, Some(config));
        let (socket, _) = connected.expect("Chromium speaks WebSocket");
        let options = socket.get_ref().set_read_timeout(Some(READ));
        options.expect("a socket has options");
        socket
    }
}
