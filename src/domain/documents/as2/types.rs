//! Types of ActivityStreams 2 for the types and verbs of ActivityStreams 1 (`pump-api.md §3.11`).

/// Types of objects that the vocabulary has.
const OBJECTS: &[(&str, &str)] = &[
    ("activity", "Activity"),
    ("application", "Application"),
    ("article", "Article"),
    ("audio", "Audio"),
    ("binary", "Document"),
    ("collection", "Collection"),
    ("comment", "Note"),
    ("event", "Event"),
    ("file", "Document"),
    ("group", "Group"),
    ("image", "Image"),
    ("note", "Note"),
    ("organization", "Organization"),
    ("page", "Page"),
    ("person", "Person"),
    ("place", "Place"),
    ("question", "Question"),
    ("service", "Service"),
    ("video", "Video"),
];

/// Verbs that are a type.
const VERBS: &[(&str, &str)] = &[
    ("accept", "Accept"),
    ("add", "Add"),
    ("attach", "Add"),
    ("author", "Create"),
    ("block", "Block"),
    ("create", "Create"),
    ("delete", "Delete"),
    ("dislike", "Dislike"),
    ("favorite", "Like"),
    ("flag-as-inappropriate", "Flag"),
    ("follow", "Follow"),
    ("ignore", "Ignore"),
    ("invite", "Invite"),
    ("join", "Join"),
    ("leave", "Leave"),
    ("like", "Like"),
    ("listen", "Listen"),
    ("offer", "Offer"),
    ("play", "View"),
    ("post", "Create"),
    ("read", "Read"),
    ("reject", "Reject"),
    ("remove", "Remove"),
    ("rsvp-maybe", "TentativeAccept"),
    ("rsvp-no", "Reject"),
    ("rsvp-yes", "Accept"),
    ("share", "Announce"),
    ("submit", "Create"),
    ("update", "Update"),
    ("watch", "View"),
];

/// Verbs that take something back, and what.
const UNDONE: &[(&str, &str)] = &[
    ("stop-following", "Follow"),
    ("unfavorite", "Like"),
    ("unlike", "Like"),
    ("unshare", "Announce"),
];

/// What an activity is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Deed {
    /// One of this type.
    Done(&'static str),
    /// `Undo` of one of this type.
    Undone(&'static str),
}

impl Deed {
    /// The type of the activity itself.
    pub(super) fn name(self) -> &'static str {
        match self {
            Deed::Done(name) => name,
            Deed::Undone(_) => "Undo",
        }
    }
}

/// The type of an object; `Object` for what the vocabulary does not have.
pub(super) fn object_type(as1: &str) -> &'static str {
    find(OBJECTS, as1).unwrap_or("Object")
}

/// What a verb is; `Activity` for what the vocabulary does not have. What is posted into something is added there.
pub(super) fn deed(verb: &str, has_target: bool) -> Deed {
    if has_target && ["post", "submit"].contains(&verb) {
        return Deed::Done("Add");
    }
    match find(UNDONE, verb) {
        Some(undone) => Deed::Undone(undone),
        None => Deed::Done(find(VERBS, verb).unwrap_or("Activity")),
    }
}

fn find(table: &[(&str, &'static str)], word: &str) -> Option<&'static str> {
    let found = table.iter().find(|(as1, _)| as1.eq_ignore_ascii_case(word));
    found.map(|(_, as2)| *as2)
}
