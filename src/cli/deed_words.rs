//! Reads the words of a command that changes or shows what the store keeps: what there is in `deed.rs`.

use super::deed::{Deed, NewInvitation, NewToken, Quota};
use super::{Usage, extra_word, mail_address};
use crate::domain::quotas::parse_bytes;
use crate::ids::Nickname;
use crate::scope::Scope;
use crate::store::meta::Registration;
use crate::store::reports::Resolution;
use std::ffi::OsString;

/// Options of single commands; all others belong to the configuration.
pub(super) const OPTIONS: &[&str] = &[
    "name",
    "scope",
    "days",
    "uses",
    "note",
    "reason",
    "boot",
    "data",
    "state",
    "iwd",
    "zones",
    "notes",
    "wifi",
    "versions",
    "public-key",
    "request",
    "service",
    "patience",
];

/// Those that take no value.
pub(super) const FLAGS: &[&str] = &["encrypt", "family", "older", "once", "qr", "remount"];

/// Such options as they were typed.
#[derive(Default)]
pub(super) struct Typed(Vec<(String, String)>);

impl Typed {
    pub(super) fn add(&mut self, name: &str, value: &OsString) {
        let value = value.to_string_lossy().into_owned();
        self.0.push((name.to_owned(), value));
    }

    /// Takes an option out; the last one that was typed counts.
    pub(super) fn take(&mut self, name: &str) -> Option<String> {
        let place = self.0.iter().rposition(|(known, _)| known == name)?;
        let (_, value) = self.0.swap_remove(place);
        self.0.retain(|(known, _)| known != name);
        Some(value)
    }

    /// Whether an option without a value was typed.
    pub(super) fn take_flag(&mut self, name: &str) -> bool {
        self.take(name).is_some()
    }

    pub(super) fn take_number<T: std::str::FromStr>(
        &mut self,
        name: &str,
        topic: &str,
    ) -> Result<Option<T>, Usage> {
        let read = |value: String| {
            value
                .parse()
                .map_err(|_| Usage::new(format!("--{name} needs a number, not `{value}`."), topic))
        };
        self.take(name).map(read).transpose()
    }

    /// Refuses what no command took.
    pub(super) fn check_empty(&self, command: &[OsString]) -> Result<(), Usage> {
        let Some((name, _)) = self.0.first() else {
            return Ok(());
        };
        let mut words = command.iter().map(|word| word.to_string_lossy());
        let first = words.next().unwrap_or_default();
        let second = words.next().unwrap_or_default();
        let command = format!("{first} {second}");
        let command = command.trim();
        Err(if command.is_empty() {
            Usage::new(format!("--{name} is no option of the server."), "")
        } else {
            Usage::new(format!("--{name} is no option of `{command}`."), &first)
        })
    }
}

/// Whether `word` begins one of these commands.
pub(super) fn is_topic(word: &str) -> bool {
    matches!(
        word,
        "user" | "invite" | "report" | "block" | "delivery" | "pin" | "registration"
    )
}

/// Reads what follows one of these words.
pub(super) fn read(topic: &str, words: &[OsString], typed: &mut Typed) -> Result<Deed, Usage> {
    match topic {
        "user" => user(words, typed),
        "invite" => invite(words, typed),
        "report" => report(words),
        "block" => block(words, typed),
        "delivery" => delivery(words),
        "pin" => pin(words),
        _ => registration(words),
    }
}

fn user(words: &[OsString], typed: &mut Typed) -> Result<Deed, Usage> {
    const WAYS: &str = "add, show, password, reset-link, email, suspend, unsuspend, quota, remove, owner, token, list";
    let (what, rest) = first("user", words, WAYS)?;
    let make: fn(Nickname) -> Deed = match &*what {
        "add" => Deed::UserAdd,
        "password" => Deed::UserPassword,
        "reset-link" => Deed::UserResetLink,
        "email" => return new_address(rest),
        "remove" => Deed::UserRemove,
        "owner" => Deed::UserOwner,
        "show" => Deed::UserShow,
        "suspend" => |nickname| Deed::UserSuspend(nickname, true),
        "unsuspend" => |nickname| Deed::UserSuspend(nickname, false),
        "quota" => return new_quota(rest),
        "token" => return new_token(rest, typed),
        "list" => return nothing_more("user", rest, Deed::UserList),
        other => return Err(unknown("user", other, WAYS)),
    };
    nickname(rest).map(make)
}

fn new_address(words: &[OsString]) -> Result<Deed, Usage> {
    let [name, address] = words else {
        let sentence = "`user email` needs a nickname and a mail address.";
        return Err(Usage::new(sentence, "user"));
    };
    let address = mail_address(address, "user")?;
    nickname(std::slice::from_ref(name)).map(|nickname| Deed::UserEmail(nickname, address))
}

fn new_quota(words: &[OsString]) -> Result<Deed, Usage> {
    let (name, quota) = match words {
        [name, typed] => {
            let typed = typed.to_string_lossy();
            let quota = match &*typed {
                "default" => Quota::Default,
                _ => Quota::Bytes(parse_bytes(&typed).ok_or_else(|| {
                    let sentence = format!(
                        "`{typed}` is no number of bytes; write it like 500M, 2G, 0, or `default`."
                    );
                    Usage::new(sentence, "user")
                })?),
            };
            (std::slice::from_ref(name), quota)
        }
        [_, _, extra, ..] => return Err(extra_word(extra, "user")),
        only => (only, Quota::Keep),
    };
    nickname(name).map(|nickname| Deed::UserQuota(nickname, quota))
}

fn new_token(words: &[OsString], typed: &mut Typed) -> Result<Deed, Usage> {
    let nickname = nickname(words)?;
    let scope = typed.take("scope").unwrap_or_else(|| "read".to_owned());
    let scope = Scope::parse(&scope.replace(',', " ")).ok_or_else(|| {
        let names = Scope::ALL_NAMES.join(", ");
        Usage::new(
            format!("There is no scope `{scope}`, only {names}."),
            "user",
        )
    })?;
    let name = typed.take("name");
    Ok(Deed::UserToken(NewToken {
        nickname,
        name: name.unwrap_or_else(|| "command line".to_owned()),
        scope,
        days: typed.take_number("days", "user")?,
    }))
}

fn invite(words: &[OsString], typed: &mut Typed) -> Result<Deed, Usage> {
    const WAYS: &str = "new, list, revoke";
    let (what, rest) = first("invite", words, WAYS)?;
    match &*what {
        "new" => {
            let wanted = NewInvitation {
                uses: typed.take_number("uses", "invite")?,
                days: typed.take_number("days", "invite")?,
                note: typed.take("note").unwrap_or_default(),
                is_family: typed.take_flag("family"),
                shows_code: typed.take_flag("qr"),
            };
            nothing_more("invite", rest, Deed::InviteNew(wanted))
        }
        "list" => nothing_more("invite", rest, Deed::InviteList),
        "revoke" => match rest {
            [code] => Ok(Deed::InviteRevoke(code.to_string_lossy().into_owned())),
            _ => Err(Usage::new(
                "`invite revoke` needs the code or the link of one invitation.",
                "invite",
            )),
        },
        other => Err(unknown("invite", other, WAYS)),
    }
}

fn report(words: &[OsString]) -> Result<Deed, Usage> {
    const WAYS: &str = "list, dismiss, delete, suspend";
    let (what, rest) = first("report", words, WAYS)?;
    if what == "list" {
        return nothing_more("report", rest, Deed::ReportList);
    }
    let how = Resolution::parse(&what).ok_or_else(|| unknown("report", &what, WAYS))?;
    let number = match rest {
        [number] => number.to_string_lossy().parse().ok(),
        _ => None,
    };
    number
        .map(|number| Deed::ReportResolve(number, how))
        .ok_or_else(|| {
            let sentence = format!("`report {what}` needs the number that `report list` shows.");
            Usage::new(sentence, "report")
        })
}

fn block(words: &[OsString], typed: &mut Typed) -> Result<Deed, Usage> {
    const WAYS: &str = "add, remove, list";
    let (what, rest) = first("block", words, WAYS)?;
    if what == "list" {
        return nothing_more("block", rest, Deed::BlockList);
    }
    if what != "add" && what != "remove" {
        return Err(unknown("block", &what, WAYS));
    }
    let [whom] = rest else {
        let sentence = format!("`block {what}` needs one host, or the id of one person.");
        return Err(Usage::new(sentence, "block"));
    };
    let whom = whom.to_string_lossy().into_owned();
    Ok(if what == "add" {
        Deed::BlockAdd(whom, typed.take("reason").unwrap_or_default())
    } else {
        Deed::BlockRemove(whom)
    })
}

fn delivery(words: &[OsString]) -> Result<Deed, Usage> {
    const WAYS: &str = "list, retry, drop";
    let (what, rest) = first("delivery", words, WAYS)?;
    let make: fn(String) -> Deed = match &*what {
        "list" => return nothing_more("delivery", rest, Deed::DeliveryList),
        "retry" => Deed::DeliveryRetry,
        "drop" => Deed::DeliveryDrop,
        other => return Err(unknown("delivery", other, WAYS)),
    };
    match rest {
        [host] => Ok(make(host.to_string_lossy().into_owned())),
        _ => {
            let sentence =
                format!("`delivery {what}` needs one host, as `delivery list` shows it.");
            Err(Usage::new(sentence, "delivery"))
        }
    }
}

fn pin(words: &[OsString]) -> Result<Deed, Usage> {
    const WAYS: &str = "list, forget";
    let (what, rest) = first("pin", words, WAYS)?;
    match (&*what, rest) {
        ("list", rest) => nothing_more("pin", rest, Deed::PinList),
        ("forget", [host]) => Ok(Deed::PinForget(host.to_string_lossy().into_owned())),
        ("forget", _) => {
            let sentence = "`pin forget` needs one host, as `pin list` shows it.";
            Err(Usage::new(sentence, "pin"))
        }
        (other, _) => Err(unknown("pin", other, WAYS)),
    }
}

fn registration(words: &[OsString]) -> Result<Deed, Usage> {
    match words {
        [] => Ok(Deed::Registration(None)),
        [word] => Registration::parse(&word.to_string_lossy())
            .map(|wanted| Deed::Registration(Some(wanted)))
            .ok_or_else(|| {
                Usage::new(
                    "`registration` is one of open, invite, closed.",
                    "registration",
                )
            }),
        [_, extra, ..] => Err(extra_word(extra, "registration")),
    }
}

/// The word that says what to do, and what follows it.
fn first<'a>(
    topic: &str,
    words: &'a [OsString],
    ways: &str,
) -> Result<(std::borrow::Cow<'a, str>, &'a [OsString]), Usage> {
    let (what, rest) = words
        .split_first()
        .ok_or_else(|| Usage::new(format!("`{topic}` needs one of {ways}."), topic))?;
    Ok((what.to_string_lossy(), rest))
}

fn unknown(topic: &str, word: &str, ways: &str) -> Usage {
    let sentence = format!("There is no command `{topic} {word}`, only {ways}.");
    Usage::new(sentence, topic)
}

fn nothing_more(topic: &str, rest: &[OsString], deed: Deed) -> Result<Deed, Usage> {
    match rest {
        [] => Ok(deed),
        [extra, ..] => Err(extra_word(extra, topic)),
    }
}

fn nickname(words: &[OsString]) -> Result<Nickname, Usage> {
    match words {
        [nickname] => Nickname::new(&nickname.to_string_lossy())
            .map_err(|sentence| Usage::new(sentence, "user")),
        [] => Err(Usage::new("The nickname is missing.", "user")),
        // A password on the command line would be seen by everybody on the machine, so it is not repeated either.
        _ => Err(Usage::new(
            "Only the nickname can be given here; a password is read from standard input.",
            "user",
        )),
    }
}
