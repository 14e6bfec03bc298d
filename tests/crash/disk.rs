//! Rebuilds the files as a disk could have them after a power cut at one moment of a trace: what a completed sync covers
//! is kept; later changes of names and lengths are kept up to some moment, in their order, as a journal does; later data
//! is dropped, or kept in random 4 KiB blocks, or torn inside a block.

use crate::numbers::Numbers;
use crate::trace::{Event, FileId};
use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::Path;

/// What became of data that no sync covers.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Later {
    /// Nothing of it reached the disk.
    Dropped,
    /// Some blocks of 4 KiB did.
    Blocks,
    /// Some sectors of 512 bytes did.
    Torn,
    /// All of it did.
    Kept,
}

impl Later {
    /// All kinds.
    pub(crate) const ALL: [Later; 4] = [Later::Dropped, Later::Blocks, Later::Torn, Later::Kept];
}

/// One power cut.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cut {
    /// Events before this one happened.
    pub(crate) at: usize,
    /// What became of data that no sync covers.
    pub(crate) later: Later,
    /// Whether `fdatasync` is performed; without it the disk of a program that forgets it is seen.
    pub(crate) data_syncs: bool,
    /// Decides what reached the disk.
    pub(crate) seed: u64,
}

/// Files by name; `None` is a directory.
pub(crate) type Files = BTreeMap<String, Option<Vec<u8>>>;

#[derive(Clone, Copy, PartialEq)]
enum Node {
    Directory,
    File(usize),
}

/// Reads every file below a directory, except the acknowledgements.
pub(crate) fn read(dir: &Path) -> Files {
    fn walk(dir: &Path, under: &str, into: &mut Files) {
        for entry in fs::read_dir(dir).expect("a directory") {
            let entry = entry.expect("an entry");
            let name = format!("{under}{}", entry.file_name().to_string_lossy());
            if entry.file_type().expect("a type").is_dir() {
                into.insert(name.clone(), None);
                walk(&entry.path(), &format!("{name}/"), into);
            } else if name != "acks" {
                into.insert(name, Some(fs::read(entry.path()).expect("a file")));
            }
        }
    }
    let mut files = Files::new();
    walk(dir, "", &mut files);
    files
}

/// Writes files below a directory.
pub(crate) fn write(files: &Files, dir: &Path) {
    for (name, content) in files {
        let path = dir.join(name);
        match content {
            None => fs::create_dir_all(path).expect("a directory"),
            Some(bytes) => fs::write(path, bytes).expect("a file"),
        }
    }
}

/// The files after `cut` of a process that began with `base`.
pub(crate) fn after(base: &Files, events: &[Event], cut: Cut) -> Files {
    let mut numbers = Numbers(cut.seed);
    let (safe_data, journal) = synced(events, cut);
    let kept_journal = match numbers.below(3) {
        0 => journal,
        1 => cut.at,
        _ => journal + numbers.index(cut.at - journal + 1),
    };
    let names = Names::after(base, events, cut.at, kept_journal);

    let mut contents: Vec<Vec<u8>> = names.base.clone();
    let mut lengths: Vec<usize> = contents.iter().map(Vec::len).collect();
    contents.resize_with(names.count, Vec::new);
    lengths.resize(names.count, 0);
    for (index, event) in events[..cut.at].iter().enumerate() {
        match event {
            Event::Write { file, offset, data } => {
                let Some(&node) = names.nodes.get(file) else {
                    continue;
                };
                let end = offset + data.len();
                if index < kept_journal {
                    lengths[node] = lengths[node].max(end);
                }
                let content = &mut contents[node];
                if content.len() < end {
                    content.resize(end, 0);
                }
                let safe = safe_data.get(file).copied().unwrap_or(0);
                for_units(*offset, data, cut.later, |unit, offset, piece| {
                    let reached = reached(cut, safe, node, unit);
                    if index < reached {
                        content[offset..offset + piece.len()].copy_from_slice(piece);
                    }
                });
            }
            Event::Truncate { file, len } if index < kept_journal => {
                if let Some(&node) = names.nodes.get(file) {
                    lengths[node] = *len;
                    contents[node].truncate(*len);
                }
            }
            _ => {}
        }
    }
    let mut files = Files::new();
    for (name, node) in names.tree {
        let content = match node {
            Node::Directory => None,
            Node::File(node) => {
                let mut content = contents[node].clone();
                content.resize(lengths[node], 0);
                Some(content)
            }
        };
        if name != "acks" {
            files.insert(name, content);
        }
    }
    files
}

/// For each file the event before which its data is safe, and the event before which names and lengths are.
fn synced(events: &[Event], cut: Cut) -> (HashMap<FileId, usize>, usize) {
    let mut begun = HashMap::new();
    let mut safe: HashMap<FileId, usize> = HashMap::new();
    let mut journal = 0;
    let mut changed: HashMap<FileId, usize> = HashMap::new();
    let mut ends: HashMap<FileId, usize> = HashMap::new();
    for (index, event) in events[..cut.at].iter().enumerate() {
        match event {
            Event::Create { file, .. } | Event::Truncate { file, .. } => {
                changed.insert(*file, index);
            }
            Event::Write { file, offset, data } => {
                let end = ends.entry(*file).or_default();
                if offset + data.len() > *end {
                    *end = offset + data.len();
                    changed.insert(*file, index);
                }
            }
            Event::SyncBegin {
                number,
                file,
                data_only,
            } if cut.data_syncs || !data_only => {
                begun.insert(*number, (index, *file));
            }
            Event::SyncEnd { number } => {
                let Some((begin, file)) = begun.remove(number) else {
                    continue;
                };
                let Some(file) = file else {
                    journal = journal.max(begin);
                    continue;
                };
                let safe = safe.entry(file).or_default();
                *safe = begin.max(*safe);
                // The journal is written only when the file's own part of it changed.
                if changed
                    .get(&file)
                    .is_some_and(|at| *at >= journal && *at < begin)
                {
                    journal = journal.max(begin);
                }
            }
            _ => {}
        }
    }
    (safe, journal)
}

/// The event before which this unit of a file reached the disk.
fn reached(cut: Cut, safe: usize, node: usize, unit: usize) -> usize {
    let mut numbers = Numbers(cut.seed ^ (node as u64) << 40 ^ unit as u64);
    match cut.later {
        Later::Dropped => safe,
        Later::Kept => cut.at,
        Later::Blocks | Later::Torn => match numbers.below(3) {
            0 => safe,
            1 => cut.at,
            _ => safe + numbers.index(cut.at - safe + 1),
        },
    }
}

/// Cuts written data at the borders of what a disk writes at once.
fn for_units(offset: usize, data: &[u8], later: Later, mut each: impl FnMut(usize, usize, &[u8])) {
    let unit = match later {
        Later::Torn => 512,
        _ => 4096,
    };
    let mut at = 0;
    while at < data.len() {
        let number = (offset + at) / unit;
        let end = ((number + 1) * unit - offset).min(data.len());
        each(number, offset + at, &data[at..end]);
        at = end;
    }
}

/// Which file has which name.
struct Names {
    tree: BTreeMap<String, Node>,
    nodes: HashMap<FileId, usize>,
    base: Vec<Vec<u8>>,
    count: usize,
}

impl Names {
    /// Names as the journal has them before event `journal`; files are told apart by all events before `end`.
    fn after(base: &Files, events: &[Event], end: usize, journal: usize) -> Names {
        let mut names = Names {
            tree: BTreeMap::new(),
            nodes: HashMap::new(),
            base: Vec::new(),
            count: 0,
        };
        for (name, content) in base {
            let node = match content {
                None => Node::Directory,
                Some(bytes) => {
                    names.base.push(bytes.clone());
                    names.count += 1;
                    Node::File(names.count - 1)
                }
            };
            names.tree.insert(name.clone(), node);
        }
        let mut kept = None;
        for (index, event) in events[..end].iter().enumerate() {
            if index == journal {
                kept = Some(names.tree.clone());
            }
            names.apply(event);
        }
        if let Some(kept) = kept {
            names.tree = kept;
        }
        names
    }

    fn apply(&mut self, event: &Event) {
        match event {
            Event::Create { path, file } => {
                self.nodes.insert(*file, self.count);
                self.tree.insert(path.clone(), Node::File(self.count));
                self.count += 1;
            }
            Event::Exist { path, file } => match self.tree.get(path) {
                Some(Node::File(node)) => {
                    self.nodes.insert(*file, *node);
                }
                _ if path == "acks" => {}
                _ => panic!("{path} was opened and never made"),
            },
            Event::Mkdir { path } => {
                self.tree.insert(path.clone(), Node::Directory);
            }
            Event::Unlink { path } | Event::Rmdir { path } => {
                self.tree.remove(path);
            }
            Event::Rename { from, to } => {
                let below = format!("{from}/");
                let moved: Vec<_> = self
                    .tree
                    .iter()
                    .filter(|(name, _)| *name == from || name.starts_with(&below))
                    .map(|(name, node)| (name.clone(), *node))
                    .collect();
                for (name, node) in moved {
                    self.tree.remove(&name);
                    let end = name.strip_prefix(from.as_str()).expect("it begins so");
                    self.tree.insert(format!("{to}{end}"), node);
                }
            }
            _ => {}
        }
    }
}
