//! Writes JSON text piece by piece. Stored members are already JSON, so a document is put together by copying, without
//! building a tree first: that is what makes a page of a feed cheap.

/// An object under construction; it ends when dropped.
pub struct Object<'a> {
    out: &'a mut String,
    empty: bool,
}

/// An array under construction; it ends when dropped.
pub struct Array<'a> {
    out: &'a mut String,
    empty: bool,
}

/// The text of one object.
pub fn object(fill: impl FnOnce(&mut Object<'_>)) -> String {
    let mut out = String::with_capacity(1024);
    fill(&mut Object::open(&mut out));
    out
}

/// Appends a string with its quotes, escaped.
pub fn push_text(out: &mut String, text: &str) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    out.push('"');
    let is_plain = |byte: &u8| *byte >= 0x20 && *byte != b'"' && *byte != b'\\';
    // Nearly every text needs no escapes; this way to find out takes many bytes at a time.
    if text
        .as_bytes()
        .iter()
        .filter(|byte| !is_plain(byte))
        .count()
        == 0
    {
        out.push_str(text);
        out.push('"');
        return;
    }
    let mut plain_from = 0;
    for (at, byte) in text.bytes().enumerate() {
        let escape = match byte {
            b'"' => "\\\"",
            b'\\' => "\\\\",
            b'\n' => "\\n",
            b'\r' => "\\r",
            b'\t' => "\\t",
            0x00..=0x1f => "\\u00",
            _ => continue,
        };
        // Every byte that is escaped is ASCII, so these cuts are at the borders of characters.
        out.push_str(text.get(plain_from..at).unwrap_or(""));
        out.push_str(escape);
        if escape.len() == 4 {
            out.push(char::from(HEX[usize::from(byte >> 4)]));
            out.push(char::from(HEX[usize::from(byte & 15)]));
        }
        plain_from = at + 1;
    }
    out.push_str(text.get(plain_from..).unwrap_or(""));
    out.push('"');
}

impl<'a> Object<'a> {
    /// Begins an object at the end of `out`.
    pub fn open(out: &'a mut String) -> Object<'a> {
        out.push('{');
        Object { out, empty: true }
    }

    fn key(&mut self, key: &str) {
        if !self.empty {
            self.out.push(',');
        }
        self.empty = false;
        push_text(self.out, key);
        self.out.push(':');
    }

    /// A string member.
    pub fn text(&mut self, key: &str, value: &str) {
        self.key(key);
        push_text(self.out, value);
    }

    /// A string member, formatted. The value must need no escapes.
    pub fn plain(&mut self, key: &str, value: std::fmt::Arguments<'_>) {
        self.key(key);
        self.out.push('"');
        let _ = std::fmt::Write::write_fmt(self.out, value);
        self.out.push('"');
    }

    /// A number.
    pub fn number(&mut self, key: &str, value: u64) {
        self.key(key);
        let _ = std::fmt::Write::write_fmt(self.out, format_args!("{value}"));
    }

    /// True or false.
    pub fn boolean(&mut self, key: &str, value: bool) {
        self.key(key);
        self.out.push_str(if value { "true" } else { "false" });
    }

    /// A member whose value is JSON text already.
    pub fn raw(&mut self, key: &str, json: &str) {
        self.key(key);
        self.out.push_str(json);
    }

    /// Members that are JSON text already, without the braces around them.
    pub fn members(&mut self, json: &str) {
        if json.is_empty() {
            return;
        }
        if !self.empty {
            self.out.push(',');
        }
        self.empty = false;
        self.out.push_str(json);
    }

    /// An object member.
    pub fn object(&mut self, key: &str) -> Object<'_> {
        self.key(key);
        Object::open(self.out)
    }

    /// An array member.
    pub fn array(&mut self, key: &str) -> Array<'_> {
        self.key(key);
        self.out.push('[');
        Array {
            out: self.out,
            empty: true,
        }
    }
}

impl Drop for Object<'_> {
    fn drop(&mut self) {
        self.out.push('}');
    }
}

impl Array<'_> {
    /// Length of the whole text so far, in bytes.
    pub fn written_bytes(&self) -> usize {
        self.out.len()
    }

    fn comma(&mut self) {
        if !self.empty {
            self.out.push(',');
        }
        self.empty = false;
    }

    /// The next element, an object.
    pub fn object(&mut self) -> Object<'_> {
        self.comma();
        Object::open(self.out)
    }

    /// The next element, a string.
    pub fn text(&mut self, value: &str) {
        self.comma();
        push_text(self.out, value);
    }
}

impl Drop for Array<'_> {
    fn drop(&mut self) {
        self.out.push(']');
    }
}

#[cfg(test)]
mod tests {
    use super::object;
    use serde_json::{Value, json};

    #[test]
    fn what_is_written_reads_back() {
        let nasty = "\"\\\n\t\u{1}\u{1f}ü😀/</script>";
        let text = object(|o| {
            o.text(nasty, nasty);
            o.number("n", u64::MAX);
            o.members(r#""a":null,"b":[1]"#);
            o.members("");
            o.object("empty");
            let mut inner = o.object("inner");
            inner.boolean("yes", true);
            let mut array = inner.array("array");
            array.text("x");
            array.object().raw("deep", "{}");
        });
        let value: Value = serde_json::from_str(&text).expect("JSON");
        let mut expected = json!({"n": u64::MAX, "a": null, "b": [1], "empty": {},
            "inner": {"yes": true, "array": ["x", {"deep": {}}]}});
        expected[nasty] = json!(nasty);
        assert_eq!(value, expected);
    }
}
