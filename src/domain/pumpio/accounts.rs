//! The accounts: nickname, password, mail address. The person that belongs to each is filled in like every other thing.

use super::dump::Dump;
use super::report::Report;
use super::things::UNTIED;
use super::{RECORDS_PER_WRITE, Work, broken};
use crate::clock::Timestamp;
use crate::domain::activities;
use crate::domain::archives::Halt;
use crate::ids::{Nickname, ThingId, UserId};
use crate::mailbox::MailAddress;
use crate::store::aliases;
use crate::store::engine::{Read, Result as Stored, Tx};
use crate::store::keys::{SITE, Stream, StreamKind};
use crate::store::streams;
use crate::store::things::{self, Identity, Object};
use crate::store::users::{self, User};
use crate::wire::draft::members_text;
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// Most accounts of one dump: all of them are held in memory.
pub(super) const ACCOUNTS_MAX: usize = 100_000;

/// The most work that a kept hash of bcrypt may ask for, as the power of two that stands in it. pump.io writes 10.
const BCRYPT_COST_MAX: u32 = 14;

/// Members of an account that are not its owner's settings.
const KNOWN: &[&str] = &[
    "nickname",
    "password",
    "email",
    "email_pending",
    "profile",
    "published",
    "updated",
];

/// An account of pump.io.
#[derive(Debug)]
pub(super) struct Account {
    pub(super) nickname: Nickname,
    /// The id of the person.
    pub(super) person: String,
    password: String,
    email: Option<String>,
    published: Option<Timestamp>,
    extra: String,
}

/// All accounts, oldest first.
pub(super) fn all(dump: &Dump, report: &mut Report) -> Result<Vec<Account>, Halt> {
    let mut accounts: Vec<Account> = Vec::new();
    let mut known = BTreeSet::new();
    dump.each("user", &mut |found| {
        let read = match &found.record {
            Ok(record) => read(&record.value),
            Err(reason) => Err(reason.clone()),
        };
        match read {
            Err(reason) => report.left_out("user", &found, &reason),
            Ok((account, _)) if !known.insert(account.nickname.folded()) => {
                let reason = "another account has the same nickname but for upper and lower case";
                report.left_out("user", &found, reason);
            }
            Ok((account, remark)) => {
                if let Some(remark) = remark {
                    report.remark("user", account.nickname.as_str(), remark);
                }
                accounts.push(account);
            }
        }
        if accounts.len() > ACCOUNTS_MAX {
            return Err(broken(format_args!(
                "There are more than {ACCOUNTS_MAX} accounts in this dump: too many for one run."
            )));
        }
        Ok(())
    })?;
    accounts.sort_by_key(|account| account.published);
    Ok(accounts)
}

/// An account, and what of it does not come along.
fn read(value: &Value) -> Result<(Account, Option<&'static str>), String> {
    let text = |name: &str| value.get(name).and_then(Value::as_str);
    let nickname = Nickname::new(text("nickname").unwrap_or_default())?;
    let person = value.get("profile").and_then(|profile| profile.get("id"));
    let person = person
        .and_then(Value::as_str)
        .ok_or("it does not say which person it belongs to")?;
    let hash = text("_passwordHash").unwrap_or_default();
    let email = text("email").and_then(|email| MailAddress::parse(email).ok());
    let mut remark = None;
    if text("email").is_some() && email.is_none() {
        remark = Some("the mail address is none");
    }
    let password = match is_bcrypt(hash) {
        true => hash.to_owned(),
        false => {
            remark = Some(
                "there is no password that works here: set one with `pumphouse user password`",
            );
            String::new()
        }
    };
    let extra = value.as_object().map(|members| {
        let own = members
            .iter()
            .filter(|(name, _)| !name.starts_with('_') && !KNOWN.contains(&name.as_str()));
        own.map(|(name, value)| (name.clone(), value.clone()))
            .collect::<Map<_, _>>()
    });
    let account = Account {
        nickname,
        person: person.to_owned(),
        password,
        email: email.map(|email| email.to_string()),
        published: text("published").and_then(Timestamp::parse),
        extra: extra.as_ref().map_or_else(String::new, members_text),
    };
    Ok((account, remark))
}

fn is_bcrypt(hash: &str) -> bool {
    let mut parts = hash.split('$').skip(1);
    let is_known = matches!(parts.next(), Some("2a" | "2b" | "2y" | "2x"));
    let cost = parts.next().and_then(|cost| cost.parse::<u32>().ok());
    let rest = parts.next().is_some_and(|rest| rest.len() == 53);
    is_known && rest && cost.is_some_and(|cost| (4..=BCRYPT_COST_MAX).contains(&cost))
}

/// The person of an account that was brought in.
pub(super) fn brought(from: &dyn Read, nickname: &Nickname) -> Stored<Option<ThingId>> {
    aliases::find(from, &note_of(nickname))
}

/// The name under which an account is noted as brought in. The space keeps it apart from every id.
fn note_of(nickname: &Nickname) -> String {
    format!("pump.io {}", nickname.folded())
}

impl Work<'_> {
    /// Makes the accounts and their people.
    pub(super) fn accounts(&mut self) -> Result<(), Halt> {
        let accounts = all(self.dump, self.report)?;
        let mut done = 0;
        for batch in accounts.chunks(RECORDS_PER_WRITE) {
            let (app, now) = (self.app, self.now);
            let made = app.store.write_soon(|tx| {
                let each = batch.iter().map(|account| add(app, tx, account, now));
                each.collect::<Stored<Vec<_>>>()
            })?;
            for is_new in made {
                match is_new {
                    true => self.report.brought("user"),
                    false => self.report.known("user"),
                }
            }
            done += batch.len() as u64;
            (self.watch)("accounts", done);
        }
        Ok(())
    }
}

/// Makes one, if it is not here.
fn add(app: &crate::app::App, tx: &mut dyn Tx, account: &Account, now: Timestamp) -> Stored<bool> {
    if brought(tx, &account.nickname)?.is_some() {
        return Ok(false);
    }
    let at = account.published.unwrap_or(now).min(now);
    let person = activities::id_of_then(app, tx, at)?;
    let user = User {
        email: account.email.clone(),
        extra: account.extra.clone(),
        ..User::new(account.nickname.clone(), &account.password, at)
    };
    users::add(tx, UserId(person), &user)?;
    let nickname = account.nickname.as_str();
    let mut object = Object::new(Identity::User(nickname.to_owned()), "person", UNTIED);
    object.published = None;
    object.members = members_text(&Map::from_iter([(
        "displayName".to_owned(),
        Value::from(nickname),
    )]));
    things::put_object(tx, person, object);
    streams::append(tx, Stream::of(SITE, StreamKind::Users), person)?;
    aliases::set(tx, &note_of(&account.nickname), person);
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::is_bcrypt;

    #[test]
    fn only_hashes_that_take_a_bounded_time_are_kept() {
        let rest = "x".repeat(53);
        for (hash, is_kept) in [
            (format!("$2a$10${rest}"), true),
            (format!("$2b$04${rest}"), true),
            (format!("$2a$31${rest}"), false),
            (format!("$2a$10${rest}x"), false),
            (format!("$1$10${rest}"), false),
            (String::new(), false),
        ] {
            assert_eq!(is_bcrypt(&hash), is_kept, "{hash}");
        }
    }
}
