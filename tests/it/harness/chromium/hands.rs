//! What a person does: taps, types, chooses, swipes, drops files.

use super::eyes::{CLICKABLE, SELECTABLE, WRITABLE};
use super::window::Window;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use std::path::Path;

/// Finds the middle of an element, or of its label, where nothing covers it; scrolls there if it must.
const SPOT: &str = r"function() {
    const parts = [this, ...(this.labels || []), this.closest('label')].filter(Boolean);
    const look = () => {
        for (const part of parts) for (const box of part.getClientRects()) {
            const x = box.left + box.width / 2, y = box.top + box.height / 2;
            if (box.width < 2 || box.height < 2) continue;
            const hit = document.elementFromPoint(x, y);
            if (hit && parts.some(part => part.contains(hit))) return { x, y };
        }
    };
    const spot = look();
    if (spot) return spot;
    (parts.find(part => part.getBoundingClientRect().width > 1) || this)
        .scrollIntoView({ block: 'center', inline: 'nearest', behavior: 'instant' });
    const now = look();
    if (now) return now;
    const box = this.getBoundingClientRect();
    const over = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
    return { over: over ? over.outerHTML.slice(0, 200) : 'nothing' };
}";

/// Chooses an option of a select by its words.
const CHOOSE: &str = r"function(words) {
    const join = text => text.trim().split(/\s+/).join(' ');
    const options = [...this.options];
    const option = options.find(option => join(option.label || option.text) === words)
        || options.find(option => join(option.label || option.text).startsWith(words));
    if (!option) return options.map(option => join(option.text));
    this.value = option.value;
    this.dispatchEvent(new Event('input', { bubbles: true }));
    this.dispatchEvent(new Event('change', { bubbles: true }));
    return true;
}";

/// Steps of a finger on its way.
const SWIPE_STEPS: u32 = 8;

/// Keys that are no letters: their names, numbers and what they type.
const KEYS: &[(&str, u32, &str)] = &[
    ("Enter", 13, "\r"),
    ("Tab", 9, ""),
    ("Escape", 27, ""),
    ("Backspace", 8, ""),
    ("Delete", 46, ""),
    ("ArrowLeft", 37, ""),
    ("ArrowUp", 38, ""),
    ("ArrowRight", 39, ""),
    ("ArrowDown", 40, ""),
    ("Home", 36, ""),
    ("End", 35, ""),
    ("PageUp", 33, ""),
    ("PageDown", 34, ""),
    ("Space", 32, " "),
];

impl Window {
    /// Clicks or taps what is called so, and waits while that leads to another page.
    #[track_caller]
    pub(crate) fn click(&mut self, name: &str) -> &mut Window {
        self.click_on(name, None)
    }

    /// As [`Window::click`]: of several the one in the smallest part of the page that holds a text, too.
    #[track_caller]
    pub(crate) fn click_near(&mut self, text: &str, name: &str) -> &mut Window {
        self.click_on(name, Some(text))
    }

    /// Writes into the field of a label, instead of what is there.
    #[track_caller]
    pub(crate) fn fill(&mut self, label: &str, text: &str) -> &mut Window {
        let element = self.find(WRITABLE, label, None);
        self.fill_in(&element, text)
    }

    /// Chooses from a list by the words of an option, or their beginning.
    #[track_caller]
    pub(crate) fn choose(&mut self, label: &str, words: &str) -> &mut Window {
        let element = self.find(SELECTABLE, label, None);
        let done = self.call_on(&element, CHOOSE, &[json!(words)]);
        assert_eq!(done, true, "{label} has no {words}");
        self
    }

    /// Types where the focus is.
    pub(crate) fn types(&mut self, text: &str) -> &mut Window {
        self.connection
            .ask("Input.insertText", &json!({ "text": text }));
        self
    }

    /// Presses a key, with others held: `Enter`, `Shift+Tab`, `Control+Enter`, `j`.
    #[track_caller]
    pub(crate) fn press(&mut self, keys: &str) -> &mut Window {
        let (held, key) = keys.rsplit_once('+').unwrap_or(("", keys));
        let modifiers: u32 = held
            .split('+')
            .map(|name| match name {
                "Alt" => 1,
                "Control" => 2,
                "Meta" => 4,
                "Shift" => 8,
                _ => 0,
            })
            .sum();
        let known = KEYS.iter().find(|(name, ..)| *name == key);
        let (name, code, number, text) = match known {
            Some((name, number, text)) => {
                let key = if *name == "Space" { " " } else { name };
                (
                    key.to_owned(),
                    (*name).to_owned(),
                    *number,
                    (*text).to_owned(),
                )
            }
            None => {
                let letter = key.chars().next().expect("a key");
                assert_eq!(key.chars().count(), 1, "there is no key {key}");
                let upper = letter.to_ascii_uppercase();
                (
                    key.to_owned(),
                    format!("Key{upper}"),
                    u32::from(upper),
                    key.to_owned(),
                )
            }
        };
        let text = if modifiers & 7 == 0 {
            text
        } else {
            String::new()
        };
        let kind = if text.is_empty() {
            "rawKeyDown"
        } else {
            "keyDown"
        };
        self.begins();
        for kind in [kind, "keyUp"] {
            let mut event = json!({
                "type": kind, "key": name, "code": code, "modifiers": modifiers, "windowsVirtualKeyCode": number,
            });
            if kind == "keyDown" {
                event["text"] = json!(text);
            }
            self.connection.ask("Input.dispatchKeyEvent", &event);
        }
        self.follow();
        self
    }

    /// Picks files for the input or button that is called so.
    #[track_caller]
    pub(crate) fn attach(&mut self, name: &str, files: &[&Path]) -> &mut Window {
        self.attach_by(name, None, files)
    }

    /// As [`Window::attach`]: of several the one in the smallest part of the page that holds a text, too.
    #[track_caller]
    pub(crate) fn attach_near(&mut self, text: &str, name: &str, files: &[&Path]) -> &mut Window {
        self.attach_by(name, Some(text), files)
    }

    #[track_caller]
    fn attach_by(&mut self, name: &str, near: Option<&str>, files: &[&Path]) -> &mut Window {
        self.connection.ask(
            "Page.setInterceptFileChooserDialog",
            &json!({ "enabled": true }),
        );
        self.click_on(name, near);
        let mut input = None;
        self.until(
            |window| {
                input = window.chooser();
                input.is_some()
            },
            &format!("{name} opens no file chooser"),
        );
        self.connection.ask(
            "DOM.setFileInputFiles",
            &json!({ "backendNodeId": input, "files": files }),
        );
        self
    }

    /// Drops files on the first element of a CSS selector.
    #[track_caller]
    pub(crate) fn drop_files(&mut self, selector: &str, files: &[&Path]) -> &mut Window {
        let (x, y) = self.middle_of(selector);
        let data = json!({ "items": [], "files": files, "dragOperationsMask": 1 });
        for kind in ["dragEnter", "dragOver", "drop"] {
            let event = json!({ "type": kind, "x": x, "y": y, "data": data });
            self.connection.ask("Input.dispatchDragEvent", &event);
        }
        self
    }

    /// Pastes a file where the focus is, as after “copy picture”.
    #[track_caller]
    pub(crate) fn paste(&mut self, name: &str, kind: &str, bytes: &[u8]) -> &mut Window {
        let data = BASE64_STANDARD.encode(bytes);
        let file = json!([name, kind, data]);
        self.script(&format!(
            "(([name, type, data]) => {{
                const bytes = Uint8Array.from(atob(data), letter => letter.charCodeAt(0));
                const clipboardData = new DataTransfer();
                clipboardData.items.add(new File([bytes], name, {{ type }}));
                const paste = new ClipboardEvent('paste', {{ clipboardData, bubbles: true, cancelable: true }});
                (document.activeElement || document.body).dispatchEvent(paste);
            }})({file})"
        ));
        self
    }

    /// Moves a finger over the first element of a CSS selector, by so many pixels from its middle.
    #[track_caller]
    pub(crate) fn swipe(&mut self, selector: &str, across: i32, down: i32) -> &mut Window {
        let (x, y) = self.middle_of(selector);
        let mut touch = |kind: &str, points: Value| {
            let event = json!({ "type": kind, "touchPoints": points });
            self.connection.ask("Input.dispatchTouchEvent", &event);
        };
        touch("touchStart", json!([{ "x": x, "y": y }]));
        for step in 1..=SWIPE_STEPS {
            let part = f64::from(step) / f64::from(SWIPE_STEPS);
            let (x, y) = (x + f64::from(across) * part, y + f64::from(down) * part);
            touch("touchMove", json!([{ "x": x, "y": y }]));
        }
        touch("touchEnd", json!([]));
        self.follow();
        self
    }

    /// Drags the first element of a CSS selector onto that of another with the mouse.
    #[track_caller]
    pub(crate) fn drag(&mut self, selector: &str, onto: &str) -> &mut Window {
        let intercept = json!({ "enabled": true });
        self.connection.ask("Input.setInterceptDrags", &intercept);
        let (from, to) = (self.middle_of(selector), self.middle_of(onto));
        self.mouse("mousePressed", from);
        self.mouse("mouseMoved", (from.0 + 8.0, from.1 + 8.0));
        self.mouse("mouseMoved", to);
        let dragged = self.dragged();
        if let Some(data) = dragged {
            for kind in ["dragEnter", "dragOver", "drop"] {
                let event = json!({ "type": kind, "x": to.0, "y": to.1, "data": data });
                self.connection.ask("Input.dispatchDragEvent", &event);
            }
        }
        self.mouse("mouseReleased", to);
        self.connection
            .ask("Input.setInterceptDrags", &json!({ "enabled": false }));
        self
    }

    fn mouse(&mut self, kind: &str, (x, y): (f64, f64)) {
        let button = json!({ "type": kind, "x": x, "y": y, "button": "left", "buttons": 1, "clickCount": 1 });
        self.connection.ask("Input.dispatchMouseEvent", &button);
    }

    #[track_caller]
    fn click_on(&mut self, name: &str, near: Option<&str>) -> &mut Window {
        let mut spot = Value::Null;
        self.until(
            |window| {
                // The page may have made it anew since the last look.
                let element = window.find(CLICKABLE, name, near);
                spot = window.try_call_on(&element, SPOT, &[]).unwrap_or_default();
                spot["x"].is_number()
            },
            &format!("“{name}” is covered, or has no place"),
        );
        let (x, y) = (&spot["x"], &spot["y"]);
        self.begins();
        if self.screen.is_phone {
            for (kind, points) in [
                ("touchStart", json!([{ "x": x, "y": y }])),
                ("touchEnd", json!([])),
            ] {
                let event = json!({ "type": kind, "touchPoints": points });
                self.connection.ask("Input.dispatchTouchEvent", &event);
            }
            // The page clicks by itself after a tap. What comes later is answered later: then it has.
            let after = json!({ "type": "mouseMoved", "x": x, "y": y });
            self.connection.ask("Input.dispatchMouseEvent", &after);
        } else {
            for kind in ["mouseMoved", "mousePressed", "mouseReleased"] {
                let buttons = if kind == "mousePressed" { 1 } else { 0 };
                let button = if kind == "mouseMoved" { "none" } else { "left" };
                let event = json!({
                    "type": kind, "x": x, "y": y, "button": button, "buttons": buttons, "clickCount": 1,
                });
                self.connection.ask("Input.dispatchMouseEvent", &event);
            }
        }
        self.follow();
        self
    }

    #[track_caller]
    fn fill_in(&mut self, element: &Value, text: &str) -> &mut Window {
        let node = json!({ "backendNodeId": element });
        self.connection.ask("DOM.focus", &node);
        self.call_on(
            element,
            "function() { if (this.select) this.select(); else getSelection().selectAllChildren(this); }",
            &[],
        );
        if text.is_empty() {
            return self.press("Delete");
        }
        self.types(text)
    }

    /// Lets the page take up what was done, and waits where that leads to another one.
    #[track_caller]
    fn follow(&mut self) {
        let _ = self.evaluate("0");
        self.settle();
    }

    #[track_caller]
    fn middle_of(&mut self, selector: &str) -> (f64, f64) {
        let question = json!(selector);
        let mut spot = Value::Null;
        self.until(
            |window| {
                let middle = format!(
                    "(() => {{ const e = document.querySelector({question}); if (!e) return null;
                        e.scrollIntoView({{ block: 'nearest', behavior: 'instant' }});
                        const b = e.getBoundingClientRect(); return [b.left + b.width / 2, b.top + b.height / 2]; }})()"
                );
                spot = window.evaluate(&middle).unwrap_or_default();
                spot.is_array()
            },
            &format!("there is no {selector}"),
        );
        let place = |number: usize| spot[number].as_f64().unwrap_or_default();
        (place(0), place(1))
    }

    #[track_caller]
    fn call_on(&mut self, element: &Value, function: &str, arguments: &[Value]) -> Value {
        match self.try_call_on(element, function, arguments) {
            Ok(value) => value,
            Err(error) => panic!("{function}: {error}"),
        }
    }

    fn try_call_on(
        &mut self,
        element: &Value,
        function: &str,
        arguments: &[Value],
    ) -> Result<Value, String> {
        let node = json!({ "backendNodeId": element });
        let object = self.connection.try_ask("DOM.resolveNode", &node)?;
        let arguments: Vec<Value> = arguments
            .iter()
            .map(|argument| json!({ "value": argument }))
            .collect();
        let call = json!({
            "objectId": object["object"]["objectId"], "functionDeclaration": function, "arguments": arguments,
            "returnByValue": true,
        });
        let answer = self.connection.try_ask("Runtime.callFunctionOn", &call)?;
        Ok(answer["result"]["value"].clone())
    }
}
