//! Files that people uploaded, from `uploads/` of the dump into the objects that show them. Pictures get their copies here,
//! as if they were uploaded now; each file is found at the address that it had, too.

use super::things::id_of;
use super::{Work, accounts, thing};
use crate::domain::archives::Halt;
use crate::domain::uploads::{self, Restored};
use crate::error::Error;
use crate::ids::{Base, UserId};
use crate::media::Spool;
use crate::media::kind::mime_of_extension;
use crate::store::things;
use crate::store::users;
use crate::wire::draft::{members_of, members_text};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Component, Path, PathBuf};

/// The types whose things show a file.
const SHOWING: [&str; 5] = ["image", "audio", "video", "file", "binary"];

/// A piece of a file that is copied, in bytes.
const PIECE_BYTES: usize = 64 * 1024;

/// What somebody shows as their picture.
#[derive(Default)]
struct Shown {
    picture: Option<String>,
    whole: Option<String>,
}

impl Work<'_> {
    /// Brings the files, and then the profile pictures, which are some of them.
    pub(super) fn files(&mut self) -> Result<(), Halt> {
        let pictures = self.pictures()?;
        let is_avatar = |path: &str| {
            pictures
                .values()
                .any(|shown| shown.picture.as_deref() == Some(path))
        };
        for kind in SHOWING {
            let mut done = 0;
            let dump = self.dump;
            dump.each(kind, &mut |found| {
                done += 1;
                (self.watch)(&format!("{kind}: files"), done);
                let Ok(record) = &found.record else {
                    return Ok(());
                };
                let paths = paths(self.app.base(), &record.value);
                if paths.is_empty() {
                    return Ok(());
                }
                let brought = self.file(
                    &record.value,
                    &paths,
                    paths.iter().any(|path| is_avatar(path)),
                );
                match brought {
                    Ok(()) => Ok(()),
                    Err(Halt::Failed(error)) if error.status() < 500 => {
                        let id = record.id.as_deref().unwrap_or_default();
                        let reason = format!("without its file: {}", error.public());
                        self.report.remark(kind, id, &reason);
                        Ok(())
                    }
                    Err(halt) => Err(halt),
                }
            })?;
        }
        self.profiles(&pictures)
    }

    /// Brings the file of one thing; the last of its addresses is the one of the whole file.
    fn file(&mut self, value: &Value, paths: &[String], is_avatar: bool) -> Result<(), Halt> {
        let (app, now) = (self.app, self.now);
        let Some(id) = id_of(value) else {
            return Ok(());
        };
        let Some(id) = thing(app, &app.store, id)? else {
            return Ok(());
        };
        let Some(object) = things::object(&app.store, id)? else {
            return Ok(());
        };
        if object.file.is_some() || object.deleted.is_some() || !object.is_local() {
            return Ok(());
        }
        let path = self.original(value, paths)?;
        let ending = path.extension().and_then(|ending| ending.to_str());
        let declared = ending.and_then(mime_of_extension);
        let spool = self.spool(&path)?;
        let restored = Restored {
            paths,
            declared,
            is_avatar,
        };
        Ok(uploads::restore(app, id, spool, &restored, now)?)
    }

    /// Where the whole file of a thing is in the dump.
    fn original(&self, value: &Value, paths: &[String]) -> Result<PathBuf, Error> {
        let root = self.dump.uploads();
        let slugs = ["_fslug", "_slug"].map(|name| value.get(name).and_then(Value::as_str));
        let named = slugs
            .into_iter()
            .flatten()
            .chain(paths.iter().rev().map(String::as_str));
        for path in named {
            let path = Path::new(path);
            // A name that leads out of the directory is none.
            let is_below = path
                .components()
                .all(|part| matches!(part, Component::Normal(_)));
            let path = root.join(path);
            if is_below && std::fs::symlink_metadata(&path).is_ok_and(|facts| facts.is_file()) {
                return Ok(path);
            }
        }
        Err(Error::not_found(
            "it is not in the directory uploads of the dump",
        ))
    }

    fn spool(&self, path: &Path) -> Result<Spool, Halt> {
        let mut spool = self.app.blobs.spool(u64::MAX)?;
        let cannot = |error: io::Error| Error::Invalid(format!("it cannot be read: {error}"));
        let mut file = File::open(path).map_err(cannot)?;
        let mut piece = vec![0; PIECE_BYTES];
        loop {
            let read = file.read(&mut piece).map_err(cannot)?;
            match piece.get(..read) {
                Some([]) | None => return Ok(spool),
                Some(read) => spool.write(read)?,
            }
        }
    }

    /// The addresses of the pictures that the people with accounts show, below `uploads/`.
    fn pictures(&mut self) -> Result<BTreeMap<UserId, Shown>, Halt> {
        let mut pictures = BTreeMap::new();
        let app = self.app;
        self.dump.each("person", &mut |found| {
            let Ok(record) = &found.record else {
                return Ok(());
            };
            let value = &record.value;
            let base = app.base();
            let path = |picture: Option<&Value>| {
                let url = picture.and_then(|picture| picture.get("url"));
                url.and_then(Value::as_str)
                    .and_then(|url| path_of(base, url))
            };
            let shown = Shown {
                picture: path(value.get("image")),
                whole: path(value.get("pump_io").and_then(|more| more.get("fullImage"))),
            };
            if shown.picture.is_none() {
                return Ok(());
            }
            if let Some(id) = id_of(value)
                && let Some(person) = thing(app, &app.store, id)?
                && users::get(&app.store, UserId(person))?.is_some()
                && pictures.len() < accounts::ACCOUNTS_MAX
            {
                pictures.insert(UserId(person), shown);
            }
            Ok(())
        })?;
        Ok(pictures)
    }

    /// Shows the pictures of people where they are now.
    fn profiles(&mut self, pictures: &BTreeMap<UserId, Shown>) -> Result<(), Halt> {
        let app = self.app;
        for (user, shown) in pictures {
            let Some(path) = shown.picture.as_deref().or(shown.whole.as_deref()) else {
                continue;
            };
            let Some((_, object)) = uploads::at(&app.store, path)? else {
                let what = user.0.0.to_string();
                self.report
                    .remark("person", &what, "the profile picture is not in the dump");
                continue;
            };
            let mut of_object = members_of(&object.members);
            let (image, whole) = (of_object.remove("image"), of_object.remove("fullImage"));
            app.store.write(|tx| {
                things::change_object(tx, user.0, |person| {
                    let mut members = members_of(&person.members);
                    if members.contains_key("image") {
                        return;
                    }
                    if let Some(image) = &image {
                        members.insert("image".to_owned(), image.clone());
                    }
                    if let Some(whole) = &whole {
                        members.insert("pump_io".to_owned(), json!({ "fullImage": whole }));
                    }
                    person.members = members_text(&members);
                })
            })?;
        }
        Ok(())
    }
}

/// The addresses below `uploads/` of this host at which a thing shows its file, the one of the whole file last.
fn paths(base: &Base, value: &Value) -> Vec<String> {
    let url_of = |name: &str| value.get(name).and_then(|file| file.get("url"));
    let urls = [
        url_of("image"),
        url_of("fullImage"),
        url_of("stream"),
        value.get("fileUrl"),
    ];
    let urls = urls.into_iter().flatten().filter_map(Value::as_str);
    urls.filter_map(|url| path_of(base, url)).collect()
}

/// What of an address follows `uploads/` of this host; its scheme and port may have changed since.
fn path_of(base: &Base, url: &str) -> Option<String> {
    let rest = url
        .strip_prefix("https://")
        .or_else(|| url.strip_prefix("http://"))?;
    let (authority, path) = rest.split_once('/')?;
    let host = authority
        .split_once(':')
        .map_or(authority, |(host, _)| host);
    if !host.eq_ignore_ascii_case(base.host()) {
        return None;
    }
    let path = path.strip_prefix(base.prefix()).unwrap_or(path);
    let path = path.trim_start_matches('/').strip_prefix("uploads/")?;
    let path = path.split(['?', '#']).next().unwrap_or(path);
    Some(path.to_owned()).filter(|path| !path.is_empty())
}
