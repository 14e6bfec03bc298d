//! What people are told by mail of what came for them (`pump-api.md §5.5`): those who have a confirmed address, as their
//! setting says, never of what they did themselves. What a letter shows is written for its reader, who may know nothing
//! more of it than on a page; and it ends notices by a link that needs no login.

use super::deeds;
use super::letters::{Item, Words};
use super::words;
use crate::app::App;
use crate::clock::Timestamp;
use crate::domain::access::{self, Viewer};
use crate::domain::documents::{Documents, Finish};
use crate::domain::names;
use crate::error::Error;
use crate::html;
use crate::ids::{ThingId, UserId};
use crate::store::engine::{Read, Result, Tx};
use crate::store::notices::{self, SECRET_BYTES};
use crate::store::pushes;
use crate::store::things::{self, Activity};
use crate::store::users::{self, MailNotices};
use crate::words::Words as Speech;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

/// Longest content of one activity in a letter, in characters; the rest is behind the link.
const CONTENT_CHARS_MAX: usize = 3000;

/// Bytes of a code that ends notices: its user and the user's secret.
const CODE_BYTES: usize = 6 + SECRET_BYTES;

/// Writes down that a person is to be told of an activity that came into the inbox, if the person wants to be: by mail, and in the
/// browsers where it is switched on, which are told of what is addressed to the person directly.
pub fn tell(
    app: &App,
    tx: &mut dyn Tx,
    person: ThingId,
    activity: ThingId,
    is_direct: bool,
    now: Timestamp,
) -> Result<()> {
    let user = UserId(person);
    if is_direct && !app.config.noweb {
        pushes::note(tx, user, activity, now)?;
    }
    if app.mail().is_none() {
        return Ok(());
    }
    let Some(account) = users::get(tx, user)? else {
        return Ok(());
    };
    let wants = match account.mail {
        MailNotices::Off => false,
        MailNotices::Direct => is_direct,
        MailNotices::All => true,
    };
    if wants && account.email.is_some() && account.suspended.is_none() {
        notices::add(tx, user, activity, app.store.fresh_id(), now)?;
    }
    Ok(())
}

/// The words of a letter about activities, `more` of which are only counted; nothing if there is nothing left to tell.
pub(super) fn write(
    app: &App,
    speech: Speech,
    user: UserId,
    activities: &[ThingId],
    more: u32,
) -> Result<Option<Words>> {
    let account = users::get(&app.store, user)?;
    if account.is_none_or(|account| account.mail == MailNotices::Off) {
        return Ok(None);
    }
    let items = items(app, speech, user, activities)?;
    let Some(first) = items.first() else {
        return Ok(None);
    };
    let count = items.len() + usize::try_from(more).unwrap_or(0);
    let site = app.site_name();
    let title = match count {
        1 => first.sentence_text.clone(),
        _ => speech.fill("{0} new activities at {1}", (count, &site)),
    };
    let root = app.base().url();
    let mut words = Words::new(app, speech, title);
    words.items = items;
    if more > 0 {
        words
            .ending
            .push(speech.fill("And {0} more, which you find there.", [more]));
    }
    let secret = notices::secret(&app.store, user)?.unwrap_or_default();
    let code = [&user.0.bytes()[..], &secret].concat();
    let code = URL_SAFE_NO_PAD.encode(code);
    words.action = Some((speech.fill("Open {0}", [&site]), format!("{root}/")));
    words.settings = Some(format!("{root}/main/settings/notifications"));
    words.unsubscribe = Some(format!("{root}/main/unsubscribe/{code}"));
    Ok(Some(words))
}

/// What there is to tell of activities; nothing of those that are gone.
pub(in crate::domain) fn items(
    app: &App,
    speech: Speech,
    user: UserId,
    activities: &[ThingId],
) -> Result<Vec<Item>> {
    let mut items = Vec::new();
    for id in activities {
        if let Some(activity) = tellable(app, user, *id)? {
            items.push(item(app, speech, user, *id, &activity)?);
        }
    }
    Ok(items)
}

/// An activity that is still there, that the user may read, and that a person did.
fn tellable(app: &App, user: UserId, id: ThingId) -> Result<Option<Activity>> {
    let Some(activity) = things::activity(&app.store, id)? else {
        return Ok(None);
    };
    let actor = things::object(&app.store, activity.actor)?;
    let is_told = activity.deleted.is_none()
        && actor.is_some_and(|actor| actor.is_person() && actor.deleted.is_none())
        && access::may_read_activity(&app.store, Viewer::user(user), &activity)?;
    Ok(is_told.then_some(activity))
}

fn item(app: &App, speech: Speech, user: UserId, id: ThingId, activity: &Activity) -> Result<Item> {
    let documents = Documents::for_viewer(app, Viewer::user(user));
    let document = documents.activity_text(id, activity, Finish::PLAIN)?;
    let document: Value = serde_json::from_str(&document).unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let posted = things::object(&app.store, activity.object)?;
    let english = posted.and_then(|object| deeds::sentence_of(user, activity, &object));
    let sentence = match english {
        Some(english) => speech.fill(english, [person(&document["actor"])]),
        None => html::clean_for_letter(&text(&document["content"])),
    };
    let object = &document["object"];
    let shows_content = matches!(
        activity.verb.as_str(),
        "post" | "create" | "share" | "update"
    ) && object["objectType"] != "person";
    let content = match shows_content {
        true => html::clean_for_letter(&text(&object["content"])),
        false => String::new(),
    };
    let plain = words::plain(&content);
    let (content_text, is_cut) = words::shortened(&plain, CONTENT_CHARS_MAX);
    let url = [&object["url"], &document["url"]]
        .into_iter()
        .filter_map(Value::as_str)
        .find(|url| names::is_web_address(url));
    Ok(Item {
        sentence_text: words::one_line(&sentence),
        sentence_html: sentence,
        title: text(&object["displayName"])
            .trim()
            .to_owned()
            .chars()
            .filter(|_| shows_content)
            .take(CONTENT_CHARS_MAX)
            .collect(),
        content_html: match is_cut {
            true => words::paragraphs(&content_text),
            false => content,
        },
        content_text,
        url: url.map(str::to_owned),
    })
}

/// HTML of a person's name, with a link to the page that the person has.
fn person(document: &Value) -> String {
    let text = |name: &str| document[name].as_str().filter(|text| !text.is_empty());
    let name = text("displayName").or(text("preferredUsername"));
    let name = html::escape(name.or(text("id")).unwrap_or_default());
    match text("url").filter(|url| names::is_web_address(url)) {
        Some(url) => format!("<a href=\"{}\">{name}</a>", html::escape(url)),
        None => name.into_owned(),
    }
}

/// Whose notices a code ends; 404 for one that is none.
pub fn find(from: &dyn Read, code: &str) -> std::result::Result<UserId, Error> {
    let unknown =
        || Error::not_found("This link is not known here. Your account has the setting, too.");
    let bytes = URL_SAFE_NO_PAD.decode(code).map_err(|_| unknown())?;
    let bytes: [u8; CODE_BYTES] = bytes.try_into().map_err(|_| unknown())?;
    let (user, secret) = bytes.split_at(6);
    let (Ok(user), Ok(secret)) = (user.try_into(), secret.try_into()) else {
        return Err(unknown());
    };
    let user = UserId(ThingId::from_bytes(user));
    if notices::is_secret(from, user, &secret)? {
        Ok(user)
    } else {
        Err(unknown())
    }
}

/// Sets what a user is told by mail.
pub fn set(
    app: &App,
    user: UserId,
    wanted: MailNotices,
    now: Timestamp,
) -> std::result::Result<(), Error> {
    Ok(app
        .store
        .write(|tx| users::update(tx, user, now, |account| account.mail = wanted))?)
}
