//! Takes `multipart/form-data` apart while it comes in (RFC 7578, RFC 2046 §5.1.1), holding no more of it than one piece
//! and one boundary. Knows neither sockets nor files.

use std::ops::Range;

/// Headers of one part, in bytes.
const PART_HEAD_BYTES_MAX: usize = 4 * 1024;

/// What stands before the first boundary, in bytes.
const PREAMBLE_BYTES_MAX: usize = 4 * 1024;

/// Longest boundary, in characters (RFC 2046 §5.1.1).
const BOUNDARY_CHARS_MAX: usize = 70;

/// One step of the form.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Event {
    /// A part begins.
    Part(PartHead),
    /// Bytes of the part.
    Data(Vec<u8>),
    /// The part ends.
    PartEnd,
    /// The form ends; what follows does not count.
    End,
}

/// What a part says of itself; empty where it says nothing.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct PartHead {
    pub(super) name: String,
    /// `None`: a plain field.
    pub(super) file_name: Option<String>,
    pub(super) content_type: String,
}

/// Takes a form apart.
pub(super) struct Splitter {
    /// CR LF, two hyphens and the boundary.
    delimiter: Vec<u8>,
    buffer: Vec<u8>,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Preamble,
    /// After a delimiter: either two hyphens or the next part.
    AfterDelimiter,
    Head,
    Data,
    Ended,
}

impl Splitter {
    /// A splitter for a content type; nothing if it is no multipart form with a boundary.
    pub(super) fn of(content_type: &str) -> Option<Splitter> {
        let mut parts = content_type.split(';');
        let kind = parts.next()?.trim();
        if !kind.eq_ignore_ascii_case("multipart/form-data") {
            return None;
        }
        let boundary = parts.find_map(|part| {
            let (name, value) = part.split_once('=')?;
            let named = name.trim().eq_ignore_ascii_case("boundary");
            named.then(|| value.trim().trim_matches('"'))
        })?;
        if boundary.is_empty() || boundary.len() > BOUNDARY_CHARS_MAX {
            return None;
        }
        Some(Splitter {
            delimiter: format!("\r\n--{boundary}").into_bytes(),
            // The first delimiter may stand at the very start, where no line ends before it.
            buffer: b"\r\n".to_vec(),
            state: State::Preamble,
        })
    }

    /// Adds bytes.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        if self.state != State::Ended {
            self.buffer.extend_from_slice(bytes);
        }
    }

    /// The next step, as far as the bytes reach; the error is a sentence for the sender.
    pub(super) fn next(&mut self) -> Result<Option<Event>, &'static str> {
        loop {
            match self.state {
                State::Ended => return Ok(None),
                State::Preamble => match find(&self.buffer, &self.delimiter) {
                    Some(at) => {
                        self.drop_front(at + self.delimiter.len());
                        self.state = State::AfterDelimiter;
                    }
                    None if self.buffer.len() > PREAMBLE_BYTES_MAX => {
                        return Err("The form does not begin with its boundary.");
                    }
                    None => return Ok(None),
                },
                State::AfterDelimiter => {
                    if self.buffer.starts_with(b"--") {
                        self.state = State::Ended;
                        self.buffer = Vec::new();
                        return Ok(Some(Event::End));
                    }
                    match find(&self.buffer, b"\r\n") {
                        // Only blanks may stand between the boundary and the end of its line.
                        Some(at) if self.buffer[..at].iter().all(|b| b" \t".contains(b)) => {
                            // The line's end stays: a part without headers has an empty line at once.
                            self.drop_front(at);
                            self.state = State::Head;
                        }
                        None if self.buffer.len() <= PART_HEAD_BYTES_MAX => return Ok(None),
                        _ => return Err("A boundary of the form is damaged."),
                    }
                }
                State::Head => match find(&self.buffer, b"\r\n\r\n") {
                    Some(at) => {
                        let head = read_head(&self.buffer[..at]);
                        self.drop_front(at + 4);
                        // Data may be empty, and then the delimiter's line end is the one that ended the head.
                        self.state = State::Data;
                        return match head {
                            Some(head) => Ok(Some(Event::Part(head))),
                            None => Err("A part of the form has no name."),
                        };
                    }
                    None if self.buffer.len() > PART_HEAD_BYTES_MAX => {
                        return Err("The headers of a part of the form are too long.");
                    }
                    None => return Ok(None),
                },
                State::Data => {
                    if let Some(at) = find(&self.buffer, &self.delimiter) {
                        if at > 0 {
                            return Ok(Some(Event::Data(self.take(0..at))));
                        }
                        self.drop_front(self.delimiter.len());
                        self.state = State::AfterDelimiter;
                        return Ok(Some(Event::PartEnd));
                    }
                    // What could be the start of a delimiter stays.
                    let sure = (self.buffer.len() + 1).saturating_sub(self.delimiter.len());
                    if sure == 0 {
                        return Ok(None);
                    }
                    return Ok(Some(Event::Data(self.take(0..sure))));
                }
            }
        }
    }

    /// Whether the form is complete.
    pub(super) fn is_complete(&self) -> bool {
        self.state == State::Ended
    }

    fn drop_front(&mut self, bytes: usize) {
        self.buffer.drain(..bytes);
    }

    fn take(&mut self, range: Range<usize>) -> Vec<u8> {
        self.buffer.drain(range).collect()
    }
}

fn find(within: &[u8], what: &[u8]) -> Option<usize> {
    let (first, rest) = what.split_first()?;
    let mut from = 0;
    while let Some(step) = within[from..].iter().position(|byte| byte == first) {
        let at = from + step;
        if within[at + 1..].starts_with(rest) {
            return Some(at);
        }
        from = at + 1;
    }
    None
}

fn read_head(bytes: &[u8]) -> Option<PartHead> {
    let text = String::from_utf8_lossy(bytes);
    let mut head = PartHead::default();
    let mut named = false;
    for line in text.split("\r\n") {
        let Some((name, value)) = line.split_once(':') else {
            continue;
        };
        if name.trim().eq_ignore_ascii_case("content-type") {
            value.trim().clone_into(&mut head.content_type);
        } else if name.trim().eq_ignore_ascii_case("content-disposition") {
            if let Some(name) = parameter(value, "name") {
                head.name = name;
                named = true;
            }
            head.file_name = parameter(value, "filename");
        }
    }
    named.then_some(head)
}

/// A parameter of `Content-Disposition`, with the three characters decoded that browsers encode in it (HTML,
/// "multipart/form-data encoding algorithm").
fn parameter(value: &str, wanted: &str) -> Option<String> {
    let mut rest = value;
    loop {
        let (_, after) = rest.split_once(';')?;
        let (name, after) = after.split_once('=')?;
        let (text, after) = match after.trim_start().strip_prefix('"') {
            Some(quoted) => quoted.split_once('"')?,
            None => match after.find(';') {
                Some(end) => after.split_at(end),
                None => (after, ""),
            },
        };
        if name.trim().eq_ignore_ascii_case(wanted) {
            return Some(
                text.trim()
                    .replace("%22", "\"")
                    .replace("%0D", "\r")
                    .replace("%0A", "\n"),
            );
        }
        rest = after;
    }
}

#[cfg(test)]
mod tests {
    use super::{Event, PART_HEAD_BYTES_MAX, Splitter};

    /// Takes a form apart that comes in pieces of so many bytes.
    fn split(form: &[u8], piece: usize) -> Result<Vec<String>, &'static str> {
        let mut splitter = Splitter::of("multipart/form-data; boundary=\"XX\"").expect("a form");
        let mut seen: Vec<String> = Vec::new();
        let mut data = Vec::new();
        for bytes in form.chunks(piece) {
            splitter.push(bytes);
            while let Some(event) = splitter.next()? {
                match event {
                    Event::Part(head) => seen.push(format!(
                        "{} {:?} {}",
                        head.name, head.file_name, head.content_type
                    )),
                    Event::Data(more) => data.extend(more),
                    Event::PartEnd => seen.push(
                        String::from_utf8(std::mem::take(&mut data)).expect("the tests use text"),
                    ),
                    Event::End => seen.push("end".to_owned()),
                }
            }
        }
        assert!(splitter.is_complete() || seen.last().is_none_or(|last| last != "end"));
        Ok(seen)
    }

    const FORM: &[u8] = b"--XX\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\nline\r\n--X \r\n\
        \r\n--XX\r\ncontent-disposition: form-data; name=file; filename=\"a%22;b.jpg\"\r\nContent-Type: image/jpeg\r\n\r\n\
        \r\n--XX\r\nContent-Disposition: form-data; filename=\"\"; name=\"empty\"\r\n\r\n\r\n--XX--\r\nafter";

    #[test]
    fn what_is_no_form_is_refused() {
        assert!(Splitter::of("multipart/form-data").is_none());
        assert!(Splitter::of("multipart/mixed; boundary=x").is_none());
        assert!(
            Splitter::of(&format!("multipart/form-data; boundary={}", "x".repeat(71))).is_none()
        );
        assert!(split(&[b'x'; 5000], 100).is_err());
        assert!(split(b"--XX\r\nContent-Type: text/plain\r\n\r\n", 100).is_err());
        assert!(split(b"--XXY\r\n", 100).is_err());
        let mut endless = b"--XX\r\nA: ".to_vec();
        endless.resize(PART_HEAD_BYTES_MAX + 100, b'a');
        assert!(split(&endless, 100).is_err());
    }

    #[test]
    fn a_form_is_the_same_however_it_is_cut() {
        let whole = split(FORM, FORM.len()).expect("a form");
        assert_eq!(
            whole,
            [
                "note None ",
                "line\r\n--X \r\n",
                "file Some(\"a\\\";b.jpg\") image/jpeg",
                "",
                "empty Some(\"\") ",
                "",
                "end"
            ]
        );
        for piece in 1..FORM.len() {
            assert_eq!(split(FORM, piece).as_ref(), Ok(&whole), "{piece}");
        }
    }

    #[test]
    fn a_form_that_breaks_off_is_not_complete() {
        let mut splitter = Splitter::of("multipart/form-data; boundary=XX").expect("a form");
        splitter.push(&FORM[..FORM.len() - 20]);
        while splitter.next().expect("sound so far").is_some() {}
        assert!(!splitter.is_complete());
    }
}
