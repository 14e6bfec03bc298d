//! Where this server means to answer differently from real pump.io, and why; and what it does not have yet.

/// A difference that is meant: in which exchanges (none: anywhere), how it reads (with at most one `*`), and why. One with
/// exchanges that is not needed fails.
pub(super) type Meant = (&'static [u64], &'static str, &'static str);

/// What differs in all recordings. The reasons are of `pump-api.md`.
pub(super) const EVERYWHERE: &[Meant] = &[
    (
        &[],
        "+*.totalItems",
        "§3.5, §3.7: totals may always be there",
    ),
    (
        &[],
        "-.actor.*.totalItems",
        "§3.5: people inside of other things may be without totals",
    ),
    (&[], "-*._created", "D10: private members never leave"),
    (&[], "-*._user", "D10"),
    (&[], "-*._user_confirmed", "D10"),
    (&[], "-*._uuid", "D10"),
    (
        &[],
        "+.links.first",
        "§3.6.3 [+]: links of pages are the same everywhere",
    ),
    (&[], "+.links.current", "§3.6.3 [+]"),
    (&[], "+.links.prev", "§3.6.3 [+]"),
    (
        &[],
        "-.to[].*",
        "§3.10: of the public clients know the id; nobody likes or changes it",
    ),
    (&[], "-.items[].to[].*", "§3.10"),
    (
        &[],
        "+.items[].generator",
        "§3.2: the lists of a new account name the client too",
    ),
    (
        &[],
        "-.items[].url",
        "§3.1: the site is nobody's page, so its welcome has none below it",
    ),
    (
        &[],
        "+.uploadBytes",
        "users see how much room their uploads take",
    ),
    (&[], "+.uploadQuotaBytes", "and how much they have"),
    (
        &[],
        "+.profile.pump_io",
        "§3.4: a new account is its own reader",
    ),
];

/// What differs in the session of a script.
pub(super) const SCRIPT: &[Meant] = &[
    (&[42], "+.thumbhash", "pictures have a small preview"),
    (&[43], "+.object.thumbhash", "pictures have a small preview"),
    (
        &[59, 60, 63, 73],
        "+.items[].object.thumbhash",
        "pictures have a small preview",
    ),
    (
        &[43],
        "+.object.displayName",
        "§3.8.1 [+]: what is said with the post of an upload belongs to it",
    ),
    (&[43], "+.object.content", "§3.8.1 [+]"),
    (
        &[59, 60, 63, 73],
        "+.items[].object.displayName",
        "§3.8.1 [+]",
    ),
    (&[59, 60, 63, 73], "+.items[].object.content", "§3.8.1 [+]"),
    (
        &[44],
        "status 500 became 200",
        "§3.8.1 [+]: a form with one file is taken",
    ),
    (
        &[80, 88],
        "-.object.replies.items",
        "§3.7: items are left out when the total is 0",
    ),
    (&[80, 88], "-.object.shares.items", "§3.7"),
    (&[81], "-.target.replies.items", "§3.7"),
    (&[81], "-.target.shares.items", "§3.7"),
    (
        &[84],
        "+.to[].members",
        "D35: a list says where its members are; its owner alone may read them",
    ),
    (
        &[88],
        "+.object.author.*",
        "§3.3.2: authors are full persons",
    ),
    (
        &[62, 69],
        "+.items[].*",
        "§4.1: the welcome comes before the lists; pump.io delivers it late",
    ),
    (
        &[62, 69],
        "-.items[].*",
        "§4.1: the welcome comes before the lists; pump.io delivers it late",
    ),
    (
        &[71],
        ".items[]: 1 items became 2",
        "D15: pump.io has one activity twice on this page",
    ),
    (
        &[73],
        "-.links.next",
        "D24: what is left behind this page is not for this reader",
    ),
    (&[41, 97, 98], "status 500 became 400", "D14"),
    (&[99], "status 404 became 405", "§1.1 4 [+]"),
    (
        &[101],
        "type text/html became text/plain*",
        "§1.1 3: a list of methods is no page",
    ),
    (
        &[105],
        "status 401 became 200",
        "D12: a profile is a page for everybody",
    ),
    (&[16, 17], "+.subject", "§6.2 [+]"),
    (&[16, 17], "+.aliases", "§6.2 [+]"),
    (
        &[102],
        "status 401 became 200",
        "§3.11 [+]: a person is there in ActivityStreams 2 for everybody, as the page is",
    ),
];

/// What differs in the session of the desktop clients: an activity that stands twice in pump.io's inbox (D15) comes again
/// after itself.
pub(super) const DESKTOP: &[Meant] = &[
    (
        &[36, 37, 51, 52, 63, 74, 93],
        ".items[]: 1 items became 0",
        "D15",
    ),
    (&[36, 37, 51, 52, 63, 74, 93], "-.links.next", "D15"),
    (&[36, 37, 51, 52, 63, 74, 93], "-.links.prev", "D15"),
    (&[64], ".items[]: 2 items became 1", "D15"),
];
