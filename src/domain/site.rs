//! What the site says of itself: its name, and the words and the picture that strangers see on its first page. The owner writes
//! them; what stands in the configuration goes first.

use crate::app::App;
use crate::clock::Timestamp;
use crate::domain::setup::SITE_CHARS_MAX;
use crate::error::Error;
use crate::media::{Class, Spool, Variant, photo};
use crate::store::engine::{Read, Result};
use crate::store::meta::{self, Picture, Site};

/// Longest text on the first page, in characters.
pub const WELCOME_CHARS_MAX: usize = 2000;

/// Largest picture that is kept, in bytes, after it was made smaller.
const PICTURE_BYTES_MAX: usize = 1 << 20;

/// Largest picture that is taken, in bytes.
pub const UPLOAD_BYTES_MAX: u64 = 32 << 20;

/// Sets the name and the words. 400 for what is too long or a name that is none.
pub fn describe(
    app: &App,
    name: &str,
    welcome: &str,
    now: Timestamp,
) -> std::result::Result<(), Error> {
    let (name, welcome) = (name.trim(), welcome.trim());
    let is_name = !name.is_empty() && name.chars().count() <= SITE_CHARS_MAX;
    if app.config.site.is_none() && (!is_name || name.chars().any(char::is_control)) {
        return Err(Error::Invalid(format!(
            "Give your pump a name of at most {SITE_CHARS_MAX} characters."
        )));
    }
    if welcome.chars().count() > WELCOME_CHARS_MAX {
        return Err(Error::Invalid(format!(
            "The words on the first page can have at most {WELCOME_CHARS_MAX} characters."
        )));
    }
    Ok(app.store.write(|tx| {
        if app.config.site.is_none() {
            let known = meta::site(tx)?.unwrap_or(Site {
                base: None,
                name: String::new(),
                created_ms: u64::try_from(now.0).unwrap_or_default() * 1000,
            });
            let site = Site {
                name: name.to_owned(),
                ..known
            };
            meta::put_site(tx, &site);
        }
        meta::put_welcome(tx, welcome);
        Ok(())
    })?)
}

/// The words on the first page; empty where there are none.
pub fn welcome(from: &dyn Read) -> Result<String> {
    Ok(meta::welcome(from)?.unwrap_or_default())
}

/// Shows a picture on the first page from now on. 400 for what is none.
pub fn show(app: &App, spool: &Spool, declared: Option<&str>) -> std::result::Result<(), Error> {
    let none = || Error::invalid("That is no picture. Choose a JPEG, PNG, GIF or WebP picture.");
    let kind = spool.kind(declared)?;
    if kind.class != Class::Image {
        return Err(none());
    }
    let shown = photo::show(spool.file(), kind)?;
    let fits = |copy: &photo::Rendition| {
        copy.bytes.len() <= PICTURE_BYTES_MAX
            && matches!(copy.variant, Variant::Medium | Variant::Small)
    };
    let copies = shown.renditions.into_iter().filter(fits);
    let best = copies.max_by_key(|copy| copy.width).ok_or_else(none)?;
    let picture = Picture {
        mime: best.mime.to_owned(),
        width: best.width,
        height: best.height,
        bytes: best.bytes,
    };
    Ok(app.store.write(|tx| {
        meta::put_picture(tx, Some(&picture));
        Ok(())
    })?)
}

/// Shows no picture any more.
pub fn hide(app: &App) -> Result<()> {
    app.store.write(|tx| {
        meta::put_picture(tx, None);
        Ok(())
    })
}
