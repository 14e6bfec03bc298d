//! The family of a server: its owner, and everybody who came by a family invitation. Whoever joins it is on the list "Family" of
//! all the others and has them on theirs, and they follow each other from the start, so that nobody's first page is empty. It is
//! only the beginning: each can change it afterwards.

use crate::app::App;
use crate::clock::Timestamp;
use crate::domain::access::{self, Viewer};
use crate::domain::activities;
use crate::domain::activities::lists;
use crate::domain::documents::display_name;
use crate::domain::people;
use crate::ids::{Nickname, ThingId, UserId};
use crate::store::engine::{Read, Result, Tx};
use crate::store::invitations;
use crate::store::keys::{Stream, StreamKind};
use crate::store::streams::{self, Start};
use crate::store::things;
use crate::store::users;
use crate::wire::draft::{ActivityDraft, ObjectDraft};

/// Most people with whom somebody is brought together who joins.
pub const FAMILY_MAX: usize = 100;

/// Most earlier posts that somebody finds who joins.
const FOUND_MAX: usize = 40;

/// Most posts of one person that are looked at for them.
const LOOKED_AT_MAX: usize = 20;

/// Most people who are named to somebody who joins.
const NAMED_MAX: usize = 8;

/// Most lists of a user among which the family's is looked for.
const LISTS_MAX: usize = 100;

/// Most invitations that are looked at.
const INVITATIONS_MAX: usize = 20_000;

/// What people call the list of their family, in the languages of the pages.
const NAMES: [&str; 4] = ["family", "familie", "familia", "famille"];

/// The people of the family who have an account, the owner first, then in the order in which they came.
pub fn members(from: &dyn Read) -> Result<Vec<UserId>> {
    let mut came: Vec<_> = invitations::list(from, INVITATIONS_MAX)?
        .into_iter()
        .filter(|(_, invitation)| invitation.is_family)
        .flat_map(|(_, invitation)| invitation.came)
        .collect();
    came.sort_by_key(|came| (came.at, came.user));
    let mut members = Vec::new();
    for user in users::owner(from)?
        .into_iter()
        .chain(came.into_iter().map(|came| came.user))
    {
        if !members.contains(&user) && users::get(from, user)?.is_some() {
            members.push(user);
        }
    }
    Ok(members)
}

/// Whether a user belongs to the family.
pub fn is_of(from: &dyn Read, user: UserId) -> Result<bool> {
    Ok(members(from)?.contains(&user))
}

/// What the family is called, without a user: the first of them.
pub fn names(from: &dyn Read, user: Option<UserId>) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for other in members(from)? {
        if Some(other) != user && names.len() < NAMED_MAX {
            names.push(people::name_of(from, other)?);
        }
    }
    Ok(names)
}

/// Brings somebody who has just joined together with the family, inside the write that makes the account: they follow each
/// other, are on each other's lists, and what the family posted lately is there to read.
pub fn join(app: &App, tx: &mut dyn Tx, user: UserId, now: Timestamp) -> Result<()> {
    let mut others = members(tx)?;
    others.retain(|other| *other != user);
    others.truncate(FAMILY_MAX);
    for other in &others {
        follow(app, tx, user, *other, now)?;
        for (owner, member) in [(user, *other), (*other, user)] {
            if let Some(list) = list_of(tx, owner)? {
                streams::append(tx, Stream::of(list, StreamKind::Members), member.0)?;
            }
        }
    }
    bring_posts(tx, user, &others)
}

/// The newcomer says that he follows, to the followed alone; that he is followed back is no news to anybody else.
fn follow(app: &App, tx: &mut dyn Tx, user: UserId, other: UserId, now: Timestamp) -> Result<()> {
    let Some(nickname) = users::get(tx, other)?.map(|account| account.nickname) else {
        return Ok(());
    };
    let other_id = person_id(app, &nickname);
    let person = || ObjectDraft::reference(&other_id, "person");
    let mut draft = ActivityDraft::of("follow", person());
    draft.addresses.to = vec![person()];
    activities::apply(app, tx, user.0, None, &draft, now, &mut Vec::new())?;
    streams::append(tx, Stream::of(other.0, StreamKind::Following), user.0)?;
    streams::append(tx, Stream::of(user.0, StreamKind::Followers), other.0)?;
    Ok(())
}

fn person_id(app: &App, nickname: &Nickname) -> String {
    app.base().person_id(nickname)
}

/// The list of somebody that is the family's by its name; none for somebody who has renamed or deleted it.
fn list_of(from: &dyn Read, owner: UserId) -> Result<Option<ThingId>> {
    let all = streams::page(
        from,
        lists::index(owner.0, "person"),
        Start::Newest,
        LISTS_MAX,
    )?;
    for id in all.unwrap_or_default() {
        let name = things::object(from, id)?
            .filter(|list| list.deleted.is_none())
            .and_then(|list| display_name(&list));
        if name.is_some_and(|name| NAMES.contains(&name.trim().to_lowercase().as_str())) {
            return Ok(Some(id));
        }
    }
    Ok(None)
}

/// Puts the newest posts of others that the user may read now into the inbox.
fn bring_posts(tx: &mut dyn Tx, user: UserId, others: &[UserId]) -> Result<()> {
    let mut posts = Vec::new();
    for other in others {
        let outbox = Stream::of(other.0, StreamKind::OutboxMajor);
        let newest = streams::page(tx, outbox, Start::Newest, LOOKED_AT_MAX)?;
        for id in newest.unwrap_or_default() {
            let Some(post) = things::activity(tx, id)?.filter(|post| post.deleted.is_none()) else {
                continue;
            };
            if access::may_read_activity(tx, Viewer::user(user), &post)? {
                posts.push(id);
            }
        }
    }
    posts.sort_unstable_by(|a, b| b.cmp(a));
    posts.truncate(FOUND_MAX);
    for kind in [StreamKind::Inbox, StreamKind::InboxMajor] {
        streams::merge(tx, Stream::of(user.0, kind), &posts)?;
    }
    Ok(())
}
