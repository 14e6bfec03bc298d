//! Clients, users and tokens that the configuration names (`pump-api.md §2.1`, §9): at each start they are there. What exists
//! already stays as its users have made it; only a client's description follows the configuration.

use super::registration::fresh;
use super::{Guard, passwords};
use crate::app::App;
use crate::clock::Timestamp;
use crate::config::{ClientAccount, TokenAccount, UserAccount};
use crate::domain::registration::Admission;
use crate::domain::{people, principals};
use crate::error::Error;
use crate::ids::UserId;
use crate::store::clients::{self, Identity};
use crate::store::tokens::{self, Pair};
use crate::store::users::{self, User};
use crate::store::{Store, bearer};

/// Sees to it that everything is there; users only once the base URL is known. Takes a password hash for each new user.
pub fn ensure(app: &App, guard: &Guard, now: Timestamp) -> Result<(), Error> {
    ensure_clients(&app.store, &app.config.clients, now)?;
    if app.known_base().is_none() {
        return Ok(());
    }
    introduce_clients(app, now)?;
    for account in &app.config.users {
        let known = users::by_nickname(&app.store, &account.nickname)?;
        let user = match known {
            Some((user, _)) => user,
            None if users::is_taken(&app.store, &account.nickname)? => {
                log::warn!(
                    "the configured user {} was removed here and does not come back",
                    account.nickname
                );
                continue;
            }
            None => {
                let user = new_user(guard, account, now)?;
                people::register(app, &user, Admission::Owner, None, now)?
            }
        };
        ensure_tokens(&app.store, user, &account.tokens, now)?;
    }
    Ok(())
}

/// A weak password is the administrator's own choice, and said once.
fn new_user(guard: &Guard, account: &UserAccount, now: Timestamp) -> Result<User, Error> {
    let password = account.password.reveal();
    if let Err(reason) = passwords::check(password) {
        log::warn!("the configured user {}: {reason}", account.nickname);
    }
    let password = passwords::hash_unchecked(guard, password)?;
    Ok(User {
        email: account.email.as_ref().map(ToString::to_string),
        ..User::new(account.nickname.clone(), password.as_str(), now)
    })
}

/// Writes only what has changed.
fn ensure_clients(store: &Store, accounts: &[ClientAccount], now: Timestamp) -> Result<(), Error> {
    for account in accounts {
        let known = clients::get(store, &account.client_id)?;
        let secret = account.client_secret.reveal().to_owned();
        let mut client = match &known {
            Some(known) => known.clone(),
            None => fresh(account.client_id.clone(), String::new(), now),
        };
        client.secret = secret;
        client.title.clone_from(&account.title);
        client.description.clone_from(&account.description);
        client.identity = account.host.clone().map(Identity::Host);
        if known.as_ref() != Some(&client) {
            client.updated = now;
            store.write(|tx| {
                clients::put(tx, &client);
                Ok(())
            })?;
        }
    }
    Ok(())
}

/// Makes known whom the clients speak for. Writes only what is new.
fn introduce_clients(app: &App, now: Timestamp) -> Result<(), Error> {
    for account in &app.config.clients {
        if let Some(client) = clients::get(&app.store, &account.client_id)?
            && client.identity.is_some()
            && principals::of(app, &app.store, &client)?.is_none()
        {
            app.store
                .write(|tx| principals::introduce(app, tx, &client, now))?;
        }
    }
    Ok(())
}

/// Tokens that are known stay as they are: one that its user has taken back does not come again. A token of a client that
/// is not known here has no effect.
fn ensure_tokens(
    store: &Store,
    user: UserId,
    accounts: &[TokenAccount],
    now: Timestamp,
) -> Result<(), Error> {
    for account in accounts {
        if clients::get(store, &account.client_id)?.is_none() {
            log::warn!(
                "a configured token belongs to the client {}, which is not known here",
                account.client_id
            );
            continue;
        }
        let token = account.token.reveal();
        if let Some(secret) = &account.token_secret {
            let pair = Pair {
                token: token.to_owned(),
                secret: secret.reveal().to_owned(),
            };
            if tokens::get(store, &pair.token)?.is_none() {
                store.write(|tx| tokens::add(tx, user, &account.client_id, &pair, now))?;
            }
        }
        if let Some(scope) = account.scope
            && !bearer::is_given(store, token)?
        {
            store.write(|tx| bearer::add_given(tx, user, &account.client_id, token, scope, now))?;
        }
    }
    Ok(())
}
