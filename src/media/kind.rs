//! What a file is, read from its first bytes. What the sender says about it is a hint for the few things that bytes
//! cannot tell, never more. Anything that a browser could run (HTML, SVG, XML, scripts) is a plain download.

/// Bytes from the start of a file that are enough to recognise it.
pub const HEAD_BYTES: usize = 4096;

/// What a file becomes in the API: `image/*` → image, and so on, else file (`pump-api.md §3.8.1`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// A picture; [`crate::media::photo::show`] says whether it can be shown.
    Image,
    /// Sound.
    Audio,
    /// Moving pictures.
    Video,
    /// Anything else.
    File,
}

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind {
    /// The media type under which it may be sent.
    pub mime: &'static str,
    /// What it becomes.
    pub class: Class,
    /// The ending of its name in URLs, without the dot (`pump-api.md §3.8.2`).
    pub extension: &'static str,
}

/// The ending of what nothing is known about.
const UNKNOWN_EXTENSION: &str = "bin";

/// Nothing is known about it.
const UNKNOWN: Kind = Kind {
    mime: "application/octet-stream",
    class: Class::File,
    extension: UNKNOWN_EXTENSION,
};

/// Recognised media types: what `infer` calls them, what we call them, class, ending. The endings of the first group
/// are pump.io's (`pump-api.md §3.8.2`); pictures below them cannot be shown, and are told so by `photo::show`.
const KINDS: &[(&str, &str, Class, &str)] = &[
    ("image/jpeg", "image/jpeg", Class::Image, "jpg"),
    ("image/png", "image/png", Class::Image, "png"),
    ("image/gif", "image/gif", Class::Image, "gif"),
    ("audio/x-flac", "audio/flac", Class::Audio, "flac"),
    ("audio/mpeg", "audio/mpeg", Class::Audio, "mp3"),
    ("audio/ogg", "audio/ogg", Class::Audio, "ogg"),
    ("audio/opus", "audio/ogg", Class::Audio, "ogg"),
    ("audio/x-wav", "audio/x-wav", Class::Audio, "wav"),
    ("video/mpeg", "video/mpeg", Class::Video, "mpg"),
    ("video/mp4", "video/mp4", Class::Video, "mp4"),
    ("video/x-m4v", "video/mp4", Class::Video, "mp4"),
    ("video/quicktime", "video/quicktime", Class::Video, "mov"),
    ("video/webm", "video/webm", Class::Video, "webm"),
    ("video/x-msvideo", "video/x-msvideo", Class::Video, "avi"),
    ("image/webp", "image/webp", Class::Image, "webp"),
    ("image/bmp", "image/bmp", Class::Image, "bmp"),
    ("audio/m4a", "audio/mp4", Class::Audio, "m4a"),
    ("audio/aac", "audio/aac", Class::Audio, "aac"),
    ("video/x-matroska", "video/x-matroska", Class::Video, "mkv"),
    ("application/pdf", "application/pdf", Class::File, "pdf"),
    ("application/zip", "application/zip", Class::File, "zip"),
    ("image/heif", "image/heif", Class::Image, "bin"),
    ("image/avif", "image/avif", Class::Image, "bin"),
    ("image/tiff", "image/tiff", Class::Image, "bin"),
    ("image/jxl", "image/jxl", Class::Image, "bin"),
    ("image/jp2", "image/jp2", Class::Image, "bin"),
    (
        "image/vnd.ms-photo",
        "image/vnd.ms-photo",
        Class::Image,
        "bin",
    ),
    (
        "image/x-canon-cr2",
        "image/x-canon-cr2",
        Class::Image,
        "bin",
    ),
];

/// Media types that hold sound only, in containers that may hold either; believed when the sender says so.
const SOUND_ONLY: &[(&str, &str, &str)] = &[
    ("video/webm", "audio/webm", "webm"),
    ("video/mp4", "audio/mp4", "m4a"),
];

/// What a browser might run if it saw it. Compared in lower case.
const ACTIVE: &[&str] = &[
    "<!doctype",
    "<html",
    "<head",
    "<body",
    "<script",
    "<svg",
    "<?xml",
    "<?php",
    "<math",
    "<iframe",
    "<xsl:",
];

/// The media type of a file whose name has this ending, where an address is all that is known of it.
pub fn mime_of_extension(extension: &str) -> Option<&'static str> {
    let extension = match extension.to_ascii_lowercase().as_str() {
        "jpeg" => "jpg".to_owned(),
        UNKNOWN_EXTENSION => return None,
        folded => folded.to_owned(),
    };
    let found = KINDS.iter().find(|kind| kind.3 == extension);
    found.map(|(_, mime, ..)| *mime)
}

impl Kind {
    /// Recognises a file from its first [`HEAD_BYTES`] (or all of it, if shorter). `declared` is the sender's
    /// `Content-Type`.
    pub fn of(head: &[u8], declared: Option<&str>) -> Kind {
        let head = head.get(..HEAD_BYTES).unwrap_or(head);
        if let Some(text) = as_text(head) {
            return of_text(text);
        }
        if let Some(kind) = of_container(head) {
            return heard(kind, declared);
        }
        infer::get(head)
            .and_then(|found| KINDS.iter().find(|kind| kind.0 == found.mime_type()))
            .map_or(UNKNOWN, |&(_, mime, class, extension)| {
                heard(
                    Kind {
                        mime,
                        class,
                        extension,
                    },
                    declared,
                )
            })
    }
}

/// Containers that `infer` does not tell apart.
fn of_container(head: &[u8]) -> Option<Kind> {
    let kind = |mime, extension| {
        Some(Kind {
            mime,
            class: Class::Video,
            extension,
        })
    };
    if head.starts_with(b"OggS") && head.windows(7).any(|at| at == b"\x80theora") {
        return kind("video/ogg", "ogv");
    }
    if head.get(4..11) == Some(b"ftyp3gp") {
        return kind("video/3gpp", "3gp");
    }
    None
}

/// Believes the sender that a container holds sound only.
fn heard(kind: Kind, declared: Option<&str>) -> Kind {
    let declared = declared
        .and_then(|declared| declared.split(';').next())
        .map(|declared| declared.trim().to_ascii_lowercase());
    SOUND_ONLY
        .iter()
        .find(|(video, audio, _)| kind.mime == *video && declared.as_deref() == Some(*audio))
        .map_or(kind, |&(_, mime, extension)| Kind {
            mime,
            class: Class::Audio,
            extension,
        })
}

/// The head as text, if all of it is: UTF-8 (a character may be cut at the end) without control characters.
fn as_text(head: &[u8]) -> Option<&str> {
    let text = match std::str::from_utf8(head) {
        Ok(text) => text,
        Err(cut) if cut.error_len().is_none() => {
            std::str::from_utf8(head.get(..cut.valid_up_to())?).ok()?
        }
        Err(_) => return None,
    };
    let is_text = |c: char| !c.is_control() || matches!(c, '\t' | '\n' | '\r' | '\u{c}');
    (!text.is_empty() && text.chars().all(is_text)).then_some(text)
}

fn of_text(text: &str) -> Kind {
    if text.starts_with("%PDF-") {
        return Kind {
            mime: "application/pdf",
            class: Class::File,
            extension: "pdf",
        };
    }
    let folded = text.to_ascii_lowercase();
    let start = folded.trim_start_matches('\u{feff}').trim_start();
    if start.starts_with("#!") || ACTIVE.iter().any(|mark| folded.contains(mark)) {
        return Kind {
            extension: if folded.contains("<svg") {
                "svg"
            } else {
                "bin"
            },
            ..UNKNOWN
        };
    }
    Kind {
        mime: "text/plain",
        class: Class::File,
        extension: "txt",
    }
}

#[cfg(test)]
mod tests {
    use super::{Class, Kind};

    #[test]
    fn the_senders_word_makes_no_picture_of_text() {
        let kind = Kind::of(b"I am a photo, honestly.", Some("image/jpeg"));
        assert_eq!((kind.class, kind.mime), (Class::File, "text/plain"));
        let kind = Kind::of(b"", Some("image/png"));
        assert_eq!((kind.class, kind.extension), (Class::File, "bin"));
    }

    #[test]
    fn what_a_browser_could_run_is_a_download() {
        for active in [
            "<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
            "\u{feff}  <?xml version='1.0'?><x/>",
            "<!DOCTYPE html><title>x</title>",
            "hello <SCRIPT>alert(1)</SCRIPT>",
            "#!/bin/sh\nrm -rf /",
        ] {
            let kind = Kind::of(active.as_bytes(), Some("image/svg+xml"));
            assert_eq!(kind.mime, "application/octet-stream", "{active}");
            assert_eq!(kind.class, Class::File, "{active}");
        }
        assert_eq!(Kind::of(b"<svg/>", None).extension, "svg");
        let wide: Vec<u8> = "<html>".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(
            Kind::of(&wide, Some("text/html")).mime,
            "application/octet-stream"
        );
    }

    #[test]
    fn files_are_recognised_by_their_bytes() {
        let table: &[(&[u8], Class, &str, &str)] = &[
            (
                b"\xff\xd8\xff\xe0\0\x10JFIF\0",
                Class::Image,
                "image/jpeg",
                "jpg",
            ),
            (
                b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
                Class::Image,
                "image/png",
                "png",
            ),
            (
                b"GIF89a\x01\0\x01\0\0\0\0",
                Class::Image,
                "image/gif",
                "gif",
            ),
            (
                b"RIFF\x10\0\0\0WEBPVP8L",
                Class::Image,
                "image/webp",
                "webp",
            ),
            (b"ID3\x03\0\0\0\0\0\0", Class::Audio, "audio/mpeg", "mp3"),
            (b"fLaC\0\0\0\x22", Class::Audio, "audio/flac", "flac"),
            (
                b"RIFF\x10\0\0\0WAVEfmt ",
                Class::Audio,
                "audio/x-wav",
                "wav",
            ),
            (
                b"OggS\0\x02\0\0\0\0\0\0\x01vorbis",
                Class::Audio,
                "audio/ogg",
                "ogg",
            ),
            (
                b"OggS\0\x02\0\0\0\0\0\0\x80theora",
                Class::Video,
                "video/ogg",
                "ogv",
            ),
            (
                b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom",
                Class::Video,
                "video/mp4",
                "mp4",
            ),
            (
                b"\0\0\0\x18ftyp3gp4\0\0\0\0",
                Class::Video,
                "video/3gpp",
                "3gp",
            ),
            (
                b"\0\0\0\x14ftypqt  \0\0\0\0",
                Class::Video,
                "video/quicktime",
                "mov",
            ),
            (b"%PDF-1.7\n", Class::File, "application/pdf", "pdf"),
            (
                b"\x7fELF\x02\x01\x01\0",
                Class::File,
                "application/octet-stream",
                "bin",
            ),
            (
                b"\0\x01\x02\x03",
                Class::File,
                "application/octet-stream",
                "bin",
            ),
        ];
        for &(bytes, class, mime, extension) in table {
            let kind = Kind::of(bytes, None);
            assert_eq!(
                (kind.class, kind.mime, kind.extension),
                (class, mime, extension)
            );
        }
    }

    #[test]
    fn sound_in_a_film_container_is_believed() {
        let head = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom";
        let kind = Kind::of(head, Some("Audio/MP4; codecs=mp4a"));
        assert_eq!((kind.class, kind.extension), (Class::Audio, "m4a"));
        assert_eq!(Kind::of(head, Some("image/png")).class, Class::Video);
    }
}
