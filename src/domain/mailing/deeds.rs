//! What somebody did, in one sentence of a letter.

use crate::ids::UserId;
use crate::store::things::{Activity, Object};
use crate::words::marked;

/// The sentence, with the person as `{0}`; none where the activity says it itself, and for what has no sentence in all languages.
pub(super) fn sentence_of(
    reader: UserId,
    activity: &Activity,
    object: &Object,
) -> Option<&'static str> {
    if activity.members.contains("\"content\":") {
        return None;
    }
    let is_own = object.author == Some(reader.0);
    let is_reader = activity.object == reader.0;
    Some(match activity.verb.as_str() {
        "post" | "create" => match object.object_type.as_str() {
            "note" => marked("{0} posted a note"),
            "comment" => marked("{0} wrote a comment"),
            "image" => marked("{0} posted a picture"),
            "video" => marked("{0} posted a video"),
            "audio" => marked("{0} posted a recording"),
            "file" => marked("{0} posted a file"),
            "article" => marked("{0} posted an article"),
            _ => return None,
        },
        "favorite" | "like" if is_own => marked("{0} likes what you posted"),
        "favorite" | "like" => marked("{0} likes something"),
        "share" if is_own => marked("{0} shared what you posted"),
        "share" => marked("{0} shared something"),
        "follow" if is_reader => marked("{0} follows you"),
        "follow" => marked("{0} follows somebody"),
        "update" if object.is_person() => marked("{0} changed their profile"),
        "update" => marked("{0} changed something"),
        _ => return None,
    })
}
