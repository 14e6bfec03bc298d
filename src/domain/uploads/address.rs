//! The addresses of files, and the members of objects that point there (`pump-api.md §3.8.2`, `§3.8.3`).

use crate::app::App;
use crate::clock::Timestamp;
use crate::ids::Key;
use crate::media::{Class, Kind, Photo, Variant};
use crate::store::things::{Upload, UploadCopy};
use crate::wire::draft::Members;
use serde_json::json;

/// Makes the addresses of a file: `B/uploads/N/Y/M/D/KEY_size.ext`, month and day without leading zeros.
pub(super) struct Address<'a> {
    pub(super) app: &'a App,
    pub(super) nickname: &'a str,
    pub(super) key: Key,
    /// The day that stands in the addresses.
    pub(super) now: Timestamp,
}

impl Address<'_> {
    /// Where one variant of the file is.
    pub(super) fn url(&self, variant: Variant, extension: &str) -> String {
        let day = self.now.to_string();
        let mut numbers = day
            .split(['-', 'T'])
            .map(|number| number.trim_start_matches('0'));
        let mut next = || numbers.next().unwrap_or_default();
        let (year, month, day) = (next(), next(), next());
        let (base, nickname, key) = (self.app.base().url(), self.nickname, self.key);
        format!(
            "{base}/uploads/{nickname}/{year}/{month}/{day}/{key}{}.{extension}",
            word(variant)
        )
    }

    /// The members by which an object shows copies of a picture: its own, or the poster of its film.
    pub(super) fn pictures(&self, copies: &[UploadCopy], shown: Option<&Photo>) -> Members {
        let mut members = Members::new();
        let picture = |copy: &UploadCopy| json!({"url": self.url(copy.variant, &copy.extension), "width": copy.width, "height": copy.height});
        let (small, large) = (small(copies), large(copies));
        if let Some(small) = small {
            members.insert("image".to_owned(), picture(small));
        }
        if let Some(large) = large.filter(|large| small != Some(*large)) {
            members.insert("fullImage".to_owned(), picture(large));
        }
        if let Some(shown) = shown {
            members.insert("thumbhash".to_owned(), json!(shown.thumbhash));
        }
        members
    }

    /// The members by which an object shows its file.
    pub(super) fn members(&self, kind: Kind, upload: &Upload, shown: Option<&Photo>) -> Members {
        let original = self.url(Variant::Original, &upload.extension);
        let mut members = Members::new();
        match kind.class {
            Class::Image => members = self.pictures(&upload.copies, shown),
            Class::Audio | Class::Video => {
                members.insert("stream".to_owned(), json!({ "url": original }));
            }
            Class::File => {
                members.insert("fileUrl".to_owned(), json!(original));
                members.insert("mimeType".to_owned(), json!(upload.mime));
            }
        }
        members
    }
}

/// The copy that an object shows as its `image`.
pub(super) fn small(copies: &[UploadCopy]) -> Option<&UploadCopy> {
    let square = copies.iter().find(|copy| copy.variant == Variant::Avatar);
    square.or(copies.first())
}

/// The copy that an object shows as its `fullImage`.
pub(super) fn large(copies: &[UploadCopy]) -> Option<&UploadCopy> {
    let mut copies = copies.iter();
    copies.rfind(|copy| !matches!(copy.variant, Variant::Avatar | Variant::AvatarSharp))
}

/// What stands behind the key in the address of a file.
fn word(variant: Variant) -> &'static str {
    match variant {
        Variant::Original => "",
        Variant::Small => "_thumb",
        Variant::Medium => "_medium",
        Variant::Large => "_large",
        Variant::Avatar => "_avatar",
        Variant::AvatarSharp => "_avatar2x",
    }
}

/// The key and the variant in the last part of an address.
pub(super) fn parse_name(file_name: &str) -> Option<(&str, Variant)> {
    const KEY_CHARS: usize = 22;
    let key = file_name.get(..KEY_CHARS)?;
    let rest = file_name.get(KEY_CHARS..)?;
    let (size, _) = rest.split_once('.')?;
    let variant = Variant::ALL
        .into_iter()
        .find(|variant| word(*variant) == size)?;
    Some((key, variant))
}

#[cfg(test)]
mod tests {
    use super::parse_name;
    use crate::media::Variant;

    #[test]
    fn names_of_files_hold_key_and_size() {
        let key = "AZrOcVJxcAuAAAAAAAAAAA";
        assert_eq!(
            parse_name(&format!("{key}.jpg")),
            Some((key, Variant::Original))
        );
        assert_eq!(
            parse_name(&format!("{key}_thumb.png")),
            Some((key, Variant::Small))
        );
        assert_eq!(
            parse_name(&format!("{key}_large.jpg")),
            Some((key, Variant::Large))
        );
        for bad in [
            "",
            "short.jpg",
            &format!("{key}_huge.jpg"),
            key,
            &format!("{key}/../x.jpg"),
        ] {
            assert_eq!(parse_name(bad), None, "{bad}");
        }
    }
}
