//! The accounts and OAuth clients that a configuration brings along (`pump-api.md §2.1`, §9: `users`, `clients`).

use super::Secret;
use super::given::Values;
use crate::ids::Nickname;
use crate::mailbox::MailAddress;
use crate::scope::Scope;
use serde_json::{Map, Value};

/// An OAuth client known from the start.
#[derive(Clone, Debug)]
pub struct ClientAccount {
    /// Its id.
    pub client_id: String,
    /// Its secret.
    pub client_secret: Secret,
    /// Its name for people.
    pub title: Option<String>,
    /// What it is.
    pub description: Option<String>,
    /// The host that it speaks for.
    pub host: Option<String>,
}

/// An account made at start where it is missing.
#[derive(Clone, Debug)]
pub struct UserAccount {
    /// The user's name.
    pub nickname: Nickname,
    /// The user's password, in the clear.
    pub password: Secret,
    /// The user's mail address.
    pub email: Option<MailAddress>,
    /// Tokens that are valid from the start.
    pub tokens: Vec<TokenAccount>,
}

/// A token that is valid from the start.
#[derive(Clone, Debug)]
pub struct TokenAccount {
    /// The token.
    pub token: Secret,
    /// Which client it was given to.
    pub client_id: String,
    /// OAuth 1: the secret beside the token.
    pub token_secret: Option<Secret>,
    /// OAuth 2: what the bearer token allows.
    pub scope: Option<Scope>,
}

/// Reads `clients`; what is wrong becomes a problem.
pub(super) fn clients(values: &mut Values) -> Vec<ClientAccount> {
    read_each(values, "clients", |client| {
        Ok(ClientAccount {
            client_id: needed(client, "client_id")?,
            client_secret: Secret::new(needed(client, "client_secret")?),
            title: text(client, "title")?,
            description: text(client, "description")?,
            host: text(client, "host")?,
        })
    })
}

/// Reads `users`; what is wrong becomes a problem.
pub(super) fn users(values: &mut Values) -> Vec<UserAccount> {
    read_each(values, "users", |user| {
        let tokens = match user.get("tokens") {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::Array(list)) => list.iter().map(token).collect::<Result<_, _>>()?,
            Some(_) => return Err("needs a list in tokens.".to_owned()),
        };
        Ok(UserAccount {
            nickname: Nickname::new(&needed(user, "nickname")?)?,
            password: Secret::new(needed(user, "password")?),
            email: text(user, "email")?
                .map(|text| MailAddress::parse(&text))
                .transpose()
                .map_err(|_| "needs a mail address in email.".to_owned())?,
            tokens,
        })
    })
}

fn token(value: &Value) -> Result<TokenAccount, String> {
    let members = value
        .as_object()
        .ok_or_else(|| "needs objects in tokens.".to_owned())?;
    let token = TokenAccount {
        token: Secret::new(needed(members, "token")?),
        client_id: needed(members, "client_id")?,
        token_secret: text(members, "token_secret")?.map(Secret::new),
        scope: text(members, "scope")?
            .map(|text| scope(&text))
            .transpose()?,
    };
    if token.token_secret.is_none() && token.scope.is_none() {
        return Err("needs token_secret or scope beside each token.".to_owned());
    }
    Ok(token)
}

fn scope(text: &str) -> Result<Scope, String> {
    Scope::parse(text).ok_or_else(|| {
        let names = Scope::ALL_NAMES.join(", ");
        format!("has a scope that is none of {names}.")
    })
}

fn read_each<T>(
    values: &mut Values,
    name: &str,
    read: impl Fn(&Map<String, Value>) -> Result<T, String>,
) -> Vec<T> {
    let list = values.get(name).and_then(Value::as_array).cloned();
    let mut found = Vec::new();
    for (number, entry) in list.unwrap_or_default().iter().enumerate() {
        match read(entry.as_object().expect("checked to be a list of objects")) {
            Ok(account) => found.push(account),
            Err(sentence) => {
                values.problem(
                    name,
                    &format!("is wrong in entry {}: {sentence}", number + 1),
                );
            }
        }
    }
    found
}

fn needed(members: &Map<String, Value>, name: &str) -> Result<String, String> {
    text(members, name)?
        .filter(|text| !text.is_empty())
        .ok_or_else(|| format!("{name} is missing."))
}

fn text(members: &Map<String, Value>, name: &str) -> Result<Option<String>, String> {
    match members.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(format!("{name} must be a text.")),
    }
}
