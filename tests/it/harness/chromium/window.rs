//! One person's window: where it is, what it looks like, and what went wrong in it.

use super::Chromium;
use super::process::Process;
use super::protocol::{Connection, Event};
use super::road::Road;
use crate::harness::{Browser, PATIENCE, Pump};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Whether nothing that was over the whole screen still has a place in the history.
const IS_AT_REST: &str = "!history.state?.lightbox || !!document.querySelector('dialog[open]')";

/// A window with one page.
pub(crate) struct Window {
    pub(super) connection: Connection,
    /// The way to the servers; cut it to see what happens without a network.
    pub(crate) road: Road,
    base: String,
    frame: String,
    pub(super) screen: Screen,
    is_dark: bool,
    is_still: bool,
    is_loading: bool,
    /// The status of the document that was loaded last.
    status: u64,
    /// What is on its way: addresses by request.
    requests: HashMap<String, String>,
    bytes: u64,
    complaints: Vec<String>,
    chooser: Option<Value>,
    dragged: Option<Value>,
    _chromium: Chromium,
}

/// A screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Screen {
    /// In CSS pixels.
    pub(crate) width: u32,
    /// In CSS pixels.
    pub(crate) height: u32,
    /// Fingers instead of a mouse, and two pixels of the screen for each of CSS.
    pub(crate) is_phone: bool,
}

/// What a page cost.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Figures {
    /// From the network, with headers.
    pub(crate) bytes: u64,
    /// From the tap to the first content that is painted.
    pub(crate) first_paint_ms: f64,
    /// From the tap to the end of the largest paint.
    pub(crate) largest_paint_ms: f64,
    /// From the tap to the end of loading.
    pub(crate) loaded_ms: f64,
}

impl Screen {
    pub(crate) const PHONE: Screen = Screen::phone(390, 844);
    /// The narrowest that must do (WCAG 2.2 §1.4.10).
    pub(crate) const NARROW: Screen = Screen::phone(320, 640);
    pub(crate) const DESK: Screen = Screen {
        width: 1280,
        height: 800,
        is_phone: false,
    };

    const fn phone(width: u32, height: u32) -> Screen {
        Screen {
            width,
            height,
            is_phone: true,
        }
    }
}

impl Window {
    /// Opens an empty window, on a desk.
    #[track_caller]
    pub(super) fn open_in(process: &Process, chromium: Chromium, pump: &Pump) -> Window {
        let mut connection = Connection::new(process);
        let road = Road::to(&pump.site);
        let context = connection.ask(
            "Target.createBrowserContext",
            &json!({ "disposeOnDetach": true, "proxyServer": road.url(), "proxyBypassList": "<-loopback>" }),
        );
        let target = connection.ask(
            "Target.createTarget",
            &json!({ "url": "about:blank", "browserContextId": context["browserContextId"] }),
        );
        let attached = connection.ask(
            "Target.attachToTarget",
            &json!({ "targetId": target["targetId"], "flatten": true }),
        );
        connection.is_about(attached["sessionId"].as_str().expect("a session"));
        for domain in ["Page", "Runtime", "Log", "Network", "DOM"] {
            connection.ask(&format!("{domain}.enable"), &json!({}));
        }
        connection.ask(
            "Security.setIgnoreCertificateErrors",
            &json!({ "ignore": true }),
        );
        let mut window = Window {
            connection,
            road,
            base: pump.site.base.clone(),
            frame: target["targetId"]
                .as_str()
                .expect("a target has an id")
                .to_owned(),
            screen: Screen::DESK,
            is_dark: false,
            is_still: false,
            is_loading: false,
            status: 0,
            requests: HashMap::new(),
            bytes: 0,
            complaints: Vec::new(),
            chooser: None,
            dragged: None,
            _chromium: chromium,
        };
        window.on(Screen::DESK);
        window
    }

    /// The same window on another screen.
    pub(crate) fn on(&mut self, screen: Screen) -> &mut Window {
        self.screen = screen;
        let scale = if screen.is_phone { 2 } else { 1 };
        self.connection.ask(
            "Emulation.setDeviceMetricsOverride",
            &json!({ "width": screen.width, "height": screen.height, "deviceScaleFactor": scale, "mobile": screen.is_phone }),
        );
        let fingers = json!({ "enabled": screen.is_phone, "maxTouchPoints": 5 });
        self.connection
            .ask("Emulation.setTouchEmulationEnabled", &fingers);
        self.media()
    }

    /// On a phone of 390 × 844 pixels.
    pub(crate) fn on_a_phone(&mut self) -> &mut Window {
        self.on(Screen::PHONE)
    }

    /// Whether its owner prefers dark pages.
    pub(crate) fn dark(&mut self, is_dark: bool) -> &mut Window {
        self.is_dark = is_dark;
        self.media()
    }

    /// Whether its owner wants nothing to move.
    pub(crate) fn still(&mut self, is_still: bool) -> &mut Window {
        self.is_still = is_still;
        self.media()
    }

    fn media(&mut self) -> &mut Window {
        let scheme = if self.is_dark { "dark" } else { "light" };
        let motion = if self.is_still {
            "reduce"
        } else {
            "no-preference"
        };
        self.connection.ask(
            "Emulation.setEmulatedMedia",
            &json!({ "features": [
                { "name": "prefers-color-scheme", "value": scheme },
                { "name": "prefers-reduced-motion", "value": motion },
            ] }),
        );
        self
    }

    /// Whether pages may run scripts, from the next page on.
    pub(crate) fn scripts(&mut self, are_on: bool) -> &mut Window {
        self.connection.ask(
            "Emulation.setScriptExecutionDisabled",
            &json!({ "value": !are_on }),
        );
        self
    }

    /// Makes it an old phone far from the mast: a processor of a quarter of the speed, 1.6 Mbit/s, 150 ms to the server and back.
    pub(crate) fn slow(&mut self) -> &mut Window {
        self.connection
            .ask("Emulation.setCPUThrottlingRate", &json!({ "rate": 4 }));
        // Bytes a second. Milliseconds.
        self.network(&json!({ "offline": false, "latency": 150, "downloadThroughput": 200_000, "uploadThroughput": 94_000 }))
    }

    /// Whether the phone knows that it has no network (`navigator.onLine`); [`Road::cut`] is a network that merely fails.
    pub(crate) fn offline(&mut self, is_offline: bool) -> &mut Window {
        self.network(&json!({ "offline": is_offline, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1 }))
    }

    fn network(&mut self, conditions: &Value) -> &mut Window {
        self.connection
            .ask("Network.emulateNetworkConditions", conditions);
        self
    }

    /// The road leads to another server, too.
    pub(crate) fn also_reaches(&mut self, pump: &Pump) -> &mut Window {
        self.road.leads_to(&pump.site);
        self
    }

    /// Takes over who somebody is from a browser without scripts that has been at the same server.
    #[track_caller]
    pub(crate) fn has_cookies_of(&mut self, browser: &Browser) {
        for (name, value) in browser.cookie_pairs() {
            let cookie =
                json!({ "name": name, "value": value, "url": self.base, "httpOnly": true });
            let set = self.connection.ask("Network.setCookie", &cookie);
            assert_eq!(set["success"], true, "{cookie}");
        }
    }

    /// Goes to a path or an address, as one types it, and waits until it is loaded. Whatever the status is: [`Window::status`].
    #[track_caller]
    pub(crate) fn open(&mut self, target: &str) -> &mut Window {
        let url = match target.starts_with('/') {
            true => format!("{}{target}", self.base),
            false => target.to_owned(),
        };
        self.look_at_events(false);
        // What closed over the whole screen takes its place out of the history a moment later, and would stop this.
        self.until(
            |window| window.evaluate(IS_AT_REST) != Ok(Value::Bool(false)),
            "the whole screen was left, and keeps its place in the history",
        );
        self.bytes = 0;
        self.is_loading = true;
        let answer = self.connection.ask("Page.navigate", &json!({ "url": url }));
        if let Some(error) = answer["errorText"].as_str() {
            self.is_loading = false;
            self.complaints.push(format!("{url}: {error}"));
        }
        if answer["loaderId"].is_null() {
            self.is_loading = false;
        }
        self.settle();
        self
    }

    /// Loads the page again.
    #[track_caller]
    pub(crate) fn reload(&mut self) -> &mut Window {
        self.look_at_events(false);
        self.is_loading = true;
        self.connection.ask("Page.reload", &json!({}));
        self.settle();
        self
    }

    /// Goes back, as the button of the browser does.
    #[track_caller]
    pub(crate) fn back(&mut self) -> &mut Window {
        let history = self.connection.ask("Page.getNavigationHistory", &json!({}));
        let before = history["currentIndex"]
            .as_u64()
            .and_then(|at| at.checked_sub(1));
        let before = before.expect("there is a page before this one");
        let entry = &history["entries"][usize::try_from(before).expect("a short history")];
        let id = json!({ "entryId": entry["id"] });
        self.connection.ask("Page.navigateToHistoryEntry", &id);
        self.until(
            |window| window.address() == entry["url"],
            "the page before did not come back",
        );
        self.settle();
        self
    }

    /// Waits until nothing is being loaded that replaces the page.
    #[track_caller]
    pub(super) fn settle(&mut self) {
        let deadline = Instant::now() + 2 * PATIENCE;
        self.look_at_events(false);
        while self.is_loading {
            assert!(
                Instant::now() < deadline,
                "{} is still loading",
                self.address()
            );
            self.look_at_events(true);
        }
    }

    /// Waits until something is so; fails the story when it does not become so in time.
    #[track_caller]
    pub(crate) fn until(&mut self, mut is_so: impl FnMut(&mut Window) -> bool, otherwise: &str) {
        let deadline = Instant::now() + PATIENCE;
        while !is_so(self) {
            assert!(
                Instant::now() < deadline,
                "{}: {otherwise}. The page says:\n{}",
                self.address(),
                self.text()
            );
            self.look_at_events(true);
        }
    }

    /// The status of the document that was loaded last.
    pub(crate) fn status(&self) -> u64 {
        self.status
    }

    /// Where it is.
    pub(crate) fn address(&mut self) -> String {
        let found = self.evaluate("location.href").unwrap_or_default();
        found.as_str().unwrap_or_default().to_owned()
    }

    /// Where it is, without the server's address.
    pub(crate) fn path(&mut self) -> String {
        let address = self.address();
        let path = address.strip_prefix(&self.base);
        path.map_or(address.clone(), str::to_owned)
    }

    /// Waits until it is at a path.
    #[track_caller]
    pub(crate) fn is_at(&mut self, path: &str) -> &mut Window {
        self.until(|window| window.path() == path, &format!("not at {path}"));
        self.settle();
        self
    }

    /// What a script says about the page; waits for promises. The error is what went wrong.
    pub(crate) fn evaluate(&mut self, expression: &str) -> Result<Value, String> {
        let question =
            json!({ "expression": expression, "returnByValue": true, "awaitPromise": true });
        let answer = self.connection.try_ask("Runtime.evaluate", &question)?;
        if let Some(wrong) = answer.get("exceptionDetails") {
            return Err(said_by(wrong));
        }
        Ok(answer["result"]["value"].clone())
    }

    /// As [`Window::evaluate`], where nothing may go wrong.
    #[track_caller]
    pub(crate) fn script(&mut self, expression: &str) -> Value {
        match self.evaluate(expression) {
            Ok(value) => value,
            Err(error) => panic!("{expression}: {error}"),
        }
    }

    /// A PNG of the whole page.
    pub(crate) fn picture(&mut self) -> Result<Vec<u8>, String> {
        let layout = self
            .connection
            .try_ask("Page.getLayoutMetrics", &json!({}))?;
        let size = &layout["cssContentSize"];
        let clip =
            json!({ "x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1 });
        // Chromium shifts what is written from right to left if it looks beyond the viewport for a page that fits into it.
        let is_beyond =
            size["height"].as_f64() > layout["cssLayoutViewport"]["clientHeight"].as_f64();
        let wish = json!({ "format": "png", "captureBeyondViewport": is_beyond, "clip": clip });
        let answer = self.connection.try_ask("Page.captureScreenshot", &wish)?;
        let data = answer["data"].as_str().unwrap_or_default();
        BASE64_STANDARD
            .decode(data)
            .map_err(|error| error.to_string())
    }

    /// Writes a PNG of the whole page.
    #[track_caller]
    pub(crate) fn picture_to(&mut self, file: &Path) {
        let picture = self.picture().expect("a picture of the page");
        let directory = file.parent().expect("a file in a directory");
        fs::create_dir_all(directory).expect("a directory");
        fs::write(file, picture).expect("a file");
    }

    /// What the page cost since [`Window::open`] or the last tap that led to it.
    #[track_caller]
    pub(crate) fn figures(&mut self) -> Figures {
        self.look_at_events(true);
        let times = self.script(
            "new Promise(done => {
                let largest = 0;
                new PerformanceObserver(list => { for (const e of list.getEntries()) largest = e.startTime; })
                    .observe({ type: 'largest-contentful-paint', buffered: true });
                const look = () => {
                    const first = performance.getEntriesByName('first-contentful-paint')[0];
                    const end = performance.getEntriesByType('navigation')[0].loadEventEnd;
                    if (first && largest && end) done([first.startTime, largest, end]);
                    else requestAnimationFrame(look);
                };
                look();
            })",
        );
        let time = |number: usize| times[number].as_f64().unwrap_or_default();
        Figures {
            bytes: self.bytes,
            first_paint_ms: time(0),
            largest_paint_ms: time(1),
            loaded_ms: time(2),
        }
    }

    /// What went wrong so far: errors on the console, violations of the content security policy, requests that failed. Whoever
    /// takes it expects it: what is left at the end fails the story.
    pub(crate) fn complaints(&mut self) -> Vec<String> {
        self.look_at_events(true);
        std::mem::take(&mut self.complaints)
    }

    /// The input that the last file chooser was opened for.
    pub(super) fn chooser(&mut self) -> Option<Value> {
        self.chooser.take()
    }

    /// What the mouse has begun to drag.
    pub(super) fn dragged(&mut self) -> Option<Value> {
        self.look_at_events(true);
        self.dragged.take()
    }

    /// A page begins, whose bytes are counted from here.
    pub(super) fn begins(&mut self) {
        self.look_at_events(false);
        self.bytes = 0;
    }

    pub(super) fn look_at_events(&mut self, wait: bool) {
        for event in self.connection.events(wait) {
            self.look_at(&event);
        }
    }

    fn look_at(&mut self, event: &Event) {
        let what = &event.what;
        let is_ours = what["frameId"] == self.frame.as_str();
        match event.method.as_str() {
            "Page.frameRequestedNavigation"
            | "Page.frameStartedNavigating"
            | "Page.frameStartedLoading"
                if is_ours =>
            {
                self.is_loading = true;
            }
            "Page.frameStoppedLoading" if is_ours => self.is_loading = false,
            "Page.fileChooserOpened" => self.chooser = Some(what["backendNodeId"].clone()),
            "Input.dragIntercepted" => self.dragged = Some(what["data"].clone()),
            "Runtime.exceptionThrown" => {
                self.complaints.push(said_by(&what["exceptionDetails"]));
            }
            "Runtime.consoleAPICalled" if what["type"] == "error" || what["type"] == "assert" => {
                self.complaints.push(format!("console: {}", what["args"]));
            }
            // What the network did comes with more below.
            "Log.entryAdded"
                if what["entry"]["level"] == "error" && what["entry"]["source"] != "network" =>
            {
                let entry = &what["entry"];
                self.complaints
                    .push(format!("{} {}", entry["text"], entry["url"]));
            }
            _ => self.look_at_network(event),
        }
    }

    fn look_at_network(&mut self, event: &Event) {
        let what = &event.what;
        let id = what["requestId"].as_str().unwrap_or_default();
        match event.method.as_str() {
            "Network.requestWillBeSent" => {
                let url = what["request"]["url"].as_str().unwrap_or_default();
                self.requests.insert(id.to_owned(), url.to_owned());
            }
            "Network.responseReceived" => {
                let status = what["response"]["status"].as_u64().unwrap_or_default();
                let is_page = what["type"] == "Document" && what["frameId"] == self.frame.as_str();
                if is_page {
                    self.status = status;
                } else if status >= 400 {
                    let url = self.requests.get(id);
                    self.complaints.push(format!("{status} {url:?}"));
                }
            }
            "Network.loadingFinished" => {
                self.bytes += what["encodedDataLength"].as_f64().unwrap_or_default() as u64;
                self.requests.remove(id);
            }
            "Network.loadingFailed" => {
                let url = self.requests.remove(id);
                if what["canceled"] != true {
                    self.complaints.push(format!(
                        "{url:?}: {} {}",
                        what["errorText"], what["blockedReason"]
                    ));
                }
            }
            _ => {}
        }
    }

    /// Where pictures of pages go on which a story failed.
    fn failure_file() -> PathBuf {
        let story = std::thread::current();
        let name = story.name().unwrap_or("story").replace("::", "-");
        Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("target/failures/{name}.png"))
    }
}

impl Drop for Window {
    fn drop(&mut self) {
        self.look_at_events(false);
        if std::thread::panicking() {
            let at = self.evaluate("location.href").unwrap_or_default();
            eprintln!("window: at {at}, {:?}", self.complaints);
            if let Ok(picture) = self.picture() {
                let file = Window::failure_file();
                let directory = file.parent().map(fs::create_dir_all);
                if matches!(directory, Some(Ok(()))) && fs::write(&file, picture).is_ok() {
                    eprintln!("window: it looked like {}", file.display());
                }
            }
            return;
        }
        assert!(
            self.complaints.is_empty(),
            "the browser complained:\n{}",
            self.complaints.join("\n")
        );
    }
}

/// The words of an exception.
fn said_by(details: &Value) -> String {
    let description = details["exception"]["description"].as_str();
    let text = details["text"].as_str().unwrap_or_default();
    description.unwrap_or(text).to_owned()
}
