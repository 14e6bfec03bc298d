//! A bearer token as its holder has it: 63 characters that say where its family is kept, and a secret. Kept is only the
//! fingerprint of the whole.

use crate::ids::{ThingId, UserId, random_bytes};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// SHA-256 of a token's text.
pub type Fingerprint = [u8; 32];

/// Which family of its owner a token belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FamilyId(pub [u8; 16]);

/// Whose tokens: those of a user, or those that clients have for themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Owner {
    /// A user, for whom the holder speaks.
    User(UserId),
    /// Nobody: the client speaks for itself.
    Client,
}

/// What a token is for. The numbers are part of tokens: never renumber.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// Shown with each request.
    Access = 1,
    /// Exchanged for the next access token.
    Refresh = 2,
}

/// What a token's text says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Located {
    /// Whose it is.
    pub owner: Owner,
    /// Its family.
    pub family: FamilyId,
    /// What it is for.
    pub kind: Kind,
    /// Its fingerprint, with which the family decides whether it is genuine.
    pub fingerprint: Fingerprint,
}

impl FamilyId {
    /// A new one.
    pub fn random() -> FamilyId {
        FamilyId(random_bytes())
    }

    /// The id of the tokens that a client has for itself.
    pub fn of_client(client: &str) -> FamilyId {
        let hash: [u8; 32] = Sha256::digest(client).into();
        let mut id = [0; 16];
        id.copy_from_slice(&hash[..16]);
        FamilyId(id)
    }

    /// The id in text, as forms carry it.
    pub fn text(self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }

    /// The id that a form carries.
    pub fn parse(text: &str) -> Option<FamilyId> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        Some(FamilyId(bytes.try_into().ok()?))
    }
}

impl Owner {
    /// The id that stands for the owner in keys and tokens; no thing has the id 0.
    pub(super) fn id(self) -> UserId {
        match self {
            Owner::User(user) => user,
            Owner::Client => UserId(ThingId(0)),
        }
    }

    fn of(id: UserId) -> Owner {
        if id.0.0 == 0 {
            Owner::Client
        } else {
            Owner::User(id)
        }
    }
}

/// A token that nobody can guess.
pub(super) fn random(owner: Owner, family: FamilyId, kind: Kind) -> String {
    let mut bytes = Vec::with_capacity(47);
    bytes.push(kind as u8);
    bytes.extend_from_slice(&owner.id().0.bytes());
    bytes.extend_from_slice(&family.0);
    bytes.extend_from_slice(&random_bytes::<24>());
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The fingerprint of a token.
pub fn fingerprint(token: &str) -> Fingerprint {
    Sha256::digest(token).into()
}

/// What a token says; nothing for a text that this server has not made.
pub fn locate(token: &str) -> Option<Located> {
    let bytes: [u8; 47] = URL_SAFE_NO_PAD.decode(token).ok()?.try_into().ok()?;
    let (kind, rest) = bytes.split_first()?;
    let (owner, rest) = rest.split_first_chunk::<6>()?;
    let (family, _) = rest.split_first_chunk::<16>()?;
    Some(Located {
        owner: Owner::of(UserId(ThingId::from_bytes(*owner))),
        family: FamilyId(*family),
        kind: match kind {
            1 => Kind::Access,
            2 => Kind::Refresh,
            _ => return None,
        },
        fingerprint: fingerprint(token),
    })
}

#[cfg(test)]
mod tests {
    use super::{FamilyId, Kind, Owner, fingerprint, locate, random};
    use crate::ids::{ThingId, UserId};

    #[test]
    fn a_token_says_where_it_belongs_and_other_texts_say_nothing() {
        for owner in [Owner::User(UserId(ThingId(7))), Owner::Client] {
            for kind in [Kind::Access, Kind::Refresh] {
                let family = FamilyId::random();
                let token = random(owner, family, kind);
                assert_eq!(token.len(), 63);
                let found = locate(&token).expect("our own");
                assert_eq!((found.owner, found.family), (owner, family));
                assert_eq!(found.kind, kind);
                assert_eq!(found.fingerprint, fingerprint(&token));
                assert_ne!(random(owner, family, kind), token);
                assert_eq!(FamilyId::parse(&family.text()), Some(family));
            }
        }
        for nonsense in ["", "x", "9sFPRCLmxqZziJANigZakw", &"A".repeat(63), "ü"] {
            assert_eq!(locate(nonsense), None, "{nonsense}");
        }
    }
}
