//! Reads what `record.c` wrote.

use std::path::Path;

/// A file of the trace, whatever its name at the moment.
pub(crate) type FileId = u32;

/// One change or sync, in the order in which the process did it.
#[derive(Debug)]
pub(crate) enum Event {
    /// A new file.
    Create { path: String, file: FileId },
    /// A file that was there before the trace, opened for the first time.
    Exist { path: String, file: FileId },
    /// Bytes at an offset.
    Write {
        file: FileId,
        offset: usize,
        data: Vec<u8>,
    },
    /// A new length.
    Truncate { file: FileId, len: usize },
    /// A file or a directory gets another name.
    Rename { from: String, to: String },
    /// A file's name goes away.
    Unlink { path: String },
    /// A new directory.
    Mkdir { path: String },
    /// A directory goes away.
    Rmdir { path: String },
    /// A sync begins; `file` is `None` for a directory.
    SyncBegin {
        number: u64,
        file: Option<FileId>,
        data_only: bool,
    },
    /// That sync is over.
    SyncEnd { number: u64 },
}

/// Reads a whole trace.
pub(crate) fn read(path: &Path) -> Vec<Event> {
    let bytes = std::fs::read(path).expect("the trace can be read");
    let mut rest = &bytes[..];
    let mut events = Vec::new();
    while !rest.is_empty() {
        let kind = take(&mut rest, 1)[0];
        let file = number(take(&mut rest, 4));
        let value = number(take(&mut rest, 8));
        let len = size(take(&mut rest, 8));
        let (path_len, second_len) = (size(take(&mut rest, 2)), size(take(&mut rest, 2)));
        let path = text(take(&mut rest, path_len));
        let second = text(take(&mut rest, second_len));
        let file = FileId::try_from(file).expect("four bytes");
        events.push(match kind {
            1 => Event::Create { path, file },
            2 => Event::Exist { path, file },
            3 => Event::Write {
                file,
                offset: usize::try_from(value).expect("64 bits"),
                data: take(&mut rest, len).to_vec(),
            },
            4 => Event::Truncate {
                file,
                len: usize::try_from(value).expect("64 bits"),
            },
            5 => Event::Rename {
                from: path,
                to: second,
            },
            6 => Event::Unlink { path },
            7 => Event::Mkdir { path },
            8 => Event::Rmdir { path },
            9 => Event::SyncBegin {
                number: value >> 1,
                file: (file != FileId::MAX).then_some(file),
                data_only: value & 1 == 1,
            },
            10 => Event::SyncEnd { number: value >> 1 },
            other => panic!("an event of kind {other}"),
        });
    }
    events
}

fn take<'a>(rest: &mut &'a [u8], len: usize) -> &'a [u8] {
    let (taken, left) = rest.split_at(len);
    *rest = left;
    taken
}

fn number(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .rev()
        .fold(0, |sum, byte| sum << 8 | u64::from(*byte))
}

fn size(bytes: &[u8]) -> usize {
    usize::try_from(number(bytes)).expect("64 bits")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("plain names")
}
