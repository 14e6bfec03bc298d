//! The screen of the box.

use super::Card;
use crate::harness::people::PASSWORD;
use crate::harness::pump::binary_path;
use crate::harness::{Pump, eventually};
use std::io::Read as _;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

/// A screen, and what was written to it so far.
struct Screen {
    console: Child,
    text: Arc<Mutex<String>>,
}

impl Screen {
    fn of(card: &Card, pump: &Pump) -> Screen {
        let data = pump.directory().display().to_string();
        let boot = card.path("boot").display().to_string();
        let notes = card.path("notes").display().to_string();
        let words = [
            "appliance",
            "console",
            "--boot",
            &boot,
            "--data",
            &data,
            "--notes",
            &notes,
        ];
        let mut console = Command::new(binary_path())
            .args(words)
            .stdout(Stdio::piped())
            .spawn()
            .expect("it runs");
        let mut out = console.stdout.take().expect("piped");
        let text = Arc::new(Mutex::new(String::new()));
        let its = Arc::clone(&text);
        std::thread::spawn(move || {
            let mut piece = [0; 4096];
            while let Ok(read @ 1..) = out.read(&mut piece) {
                let piece = String::from_utf8_lossy(&piece[..read]).into_owned();
                its.lock().expect("nobody panics with it").push_str(&piece);
            }
        });
        Screen { console, text }
    }

    /// What is on it now.
    fn shown(&self) -> String {
        let text = self.text.lock().expect("nobody panics with it");
        text.rsplit("\x1b[2J").next().unwrap_or_default().to_owned()
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        drop(self.console.kill());
        drop(self.console.wait());
    }
}

#[test]
fn the_screen_shows_the_setup_code_until_the_pump_has_an_owner() {
    let card = Card::new();
    let mut pump = Pump::unconfigured();
    let code = pump.runs(&["setup-code"], "");
    let code = code.trim();
    let screen = Screen::of(&card, &pump);
    eventually(|| screen.shown().contains(code));
    assert!(screen.shown().contains("pump.local"), "{}", screen.shown());

    let mut browser = pump.browser();
    let form = browser.open("/setup").expect(200).form_to("/setup");
    let form = form.fill("code", code).fill("site", "Prodromou");
    let form = form.fill("nickname", "evan").fill("password", PASSWORD);
    browser.submit(&form.fill("again", PASSWORD)).expect(200);
    eventually(|| screen.shown().contains("Prodromou"));
    assert!(!screen.shown().contains(code), "{}", screen.shown());
    pump.stop();
    eventually(|| screen.shown().contains("is starting"));
}
