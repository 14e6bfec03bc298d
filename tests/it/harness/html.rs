//! Reads as much HTML as the stories need: tags with their attributes, and texts.

/// A start tag.
#[derive(Debug)]
pub(super) struct Tag {
    pub(super) name: String,
    attributes: Vec<(String, String)>,
    /// Where the tag ends in the page.
    pub(super) end: usize,
}

impl Tag {
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.attributes
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    pub(super) fn owned(&self, name: &str) -> String {
        self.get(name).unwrap_or_default().to_owned()
    }
}

/// All start tags, and end tags with a slash before their name.
pub(super) fn tags(html: &str) -> Vec<Tag> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(start) = html.get(at..).and_then(|rest| rest.find('<')) {
        let start = at + start + 1;
        let Some((tag, end)) = read_tag(html, start) else {
            break;
        };
        if !tag.name.is_empty() {
            found.push(tag);
        }
        at = end;
    }
    found
}

fn read_tag(html: &str, start: usize) -> Option<(Tag, usize)> {
    let bytes = html.as_bytes();
    let mut at = start;
    let name = take_while(bytes, &mut at, |byte| {
        !byte.is_ascii_whitespace()
            && byte != b'>'
            && (byte != b'/' || at_start(bytes, start, byte))
    });
    let mut attributes = Vec::new();
    loop {
        take_while(bytes, &mut at, |byte| {
            byte.is_ascii_whitespace() || byte == b'/'
        });
        match bytes.get(at)? {
            b'>' => break,
            _ => {
                let key = take_while(bytes, &mut at, |byte| {
                    !byte.is_ascii_whitespace() && byte != b'=' && byte != b'>'
                });
                let mut value = String::new();
                if bytes.get(at) == Some(&b'=') {
                    at += 1;
                    value = match bytes.get(at)? {
                        &quote @ (b'"' | b'\'') => {
                            at += 1;
                            let value = take_while(bytes, &mut at, |byte| byte != quote);
                            at += 1;
                            value
                        }
                        _ => take_while(bytes, &mut at, |byte| {
                            !byte.is_ascii_whitespace() && byte != b'>'
                        }),
                    };
                }
                attributes.push((key.to_ascii_lowercase(), unescape(&value)));
            }
        }
    }
    let tag = Tag {
        name: name.to_ascii_lowercase(),
        attributes,
        end: at + 1,
    };
    Some((tag, at + 1))
}

/// Whether a slash is the first byte of a tag, as in an end tag.
fn at_start(bytes: &[u8], start: usize, byte: u8) -> bool {
    bytes.get(start) == Some(&byte)
}

fn take_while(bytes: &[u8], at: &mut usize, wanted: impl Fn(u8) -> bool) -> String {
    let from = *at;
    while bytes.get(*at).is_some_and(|&byte| wanted(byte)) {
        *at += 1;
    }
    let taken = bytes.get(from..*at).unwrap_or_default();
    String::from_utf8_lossy(taken).into_owned()
}

pub(super) fn without_tags(html: &str) -> String {
    let mut out = String::new();
    let mut inside = false;
    for letter in html.chars() {
        match letter {
            '<' => inside = true,
            '>' => inside = false,
            _ if !inside => out.push(letter),
            _ => {}
        }
    }
    out
}

/// Undoes the escapes that HTML texts have.
pub(super) fn unescape(text: &str) -> String {
    let mut out = text.to_owned();
    for (escaped, plain) in [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#34;", "\""),
        ("&#x22;", "\""),
        ("&#39;", "'"),
        ("&#x27;", "'"),
        ("&#x2F;", "/"),
        ("&#60;", "<"),
        ("&#62;", ">"),
        ("&#38;", "&"),
        ("&amp;", "&"),
    ] {
        out = out.replace(escaped, plain);
    }
    out
}
