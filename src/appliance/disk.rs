//! Files that are whole whenever the power fails: written beside their place, synced, then renamed.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

/// Writes a file with the permissions `mode`, unless it holds that already. Answers whether anything was written.
pub fn write(path: &Path, bytes: &[u8], mode: u32) -> io::Result<bool> {
    if fs::read(path).is_ok_and(|kept| kept == bytes) {
        return Ok(false);
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let half = path.with_file_name(format!(".{name}.new"));
    // Of a run that was cut off.
    drop(fs::remove_file(&half));
    let written = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(&half)
        .and_then(|mut file| {
            file.write_all(bytes)?;
            file.sync_all()
        })
        .and_then(|()| fs::rename(&half, path))
        .and_then(|()| sync_directory(path));
    if written.is_err() {
        drop(fs::remove_file(&half));
    }
    written.map(|()| true)
}

/// Removes a file for good; one that is not there is fine. Answers whether there was one.
pub fn remove(path: &Path) -> io::Result<bool> {
    match fs::remove_file(path) {
        Ok(()) => sync_directory(path).map(|()| true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Reads a file of at most `bytes_max`; nothing where there is none. A larger one is [`io::ErrorKind::FileTooLarge`].
pub fn read(path: &Path, bytes_max: u64) -> io::Result<Option<Vec<u8>>> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut bytes = Vec::new();
    file.take(bytes_max + 1).read_to_end(&mut bytes)?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > bytes_max {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    Ok(Some(bytes))
}

/// Makes the directory of a path remember what was renamed in it.
pub fn sync_directory(path: &Path) -> io::Result<()> {
    let parent = path.parent().filter(|parent| *parent != Path::new(""));
    File::open(parent.unwrap_or(Path::new(".")))?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::{read, remove, write};
    use std::fs;
    use std::io::ErrorKind;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn a_file_is_written_once_and_leaves_nothing_beside_it() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("a");
        fs::write(directory.path().join(".a.new"), "cut off").expect("writable");
        assert!(write(&path, b"one", 0o600).expect("writable"));
        assert!(!write(&path, b"one", 0o600).expect("writable"));
        assert!(write(&path, b"two", 0o600).expect("writable"));
        let names = fs::read_dir(directory.path()).expect("readable").count();
        assert_eq!(names, 1);
        let mode = fs::metadata(&path).expect("a file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(read(&path, 3).expect("readable"), Some(b"two".to_vec()));
        let long = read(&path, 2).expect_err("too long");
        assert_eq!(long.kind(), ErrorKind::FileTooLarge);
        assert!(remove(&path).expect("removable"));
        assert!(!remove(&path).expect("removable"));
        assert_eq!(read(&path, 2).expect("readable"), None);
        write(&directory.path().join("not/there"), b"", 0o600).expect_err("no directory");
    }
}
