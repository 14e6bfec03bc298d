//! A client gives tokens back (RFC 7009): an access token alone, or with a refresh token everything that came of the consent.

use super::Failure;
use super::client;
use super::fields::Fields;
use crate::http::Request;
use crate::store::bearer::{self, Kind};

/// Ends a token of the client. One that is not known is as good as ended; one of another client is refused.
pub fn revoke(request: &Request) -> Result<(), Failure> {
    let form = Fields::of(request)?;
    let client = client::prove(request, &form)?;
    let store = &request.app().store;
    let Some(token) = bearer::find(store, form.needed("token")?)? else {
        return Ok(());
    };
    let is_own = store.write(|tx| {
        let Some(family) = bearer::get(tx, token.owner, token.family)? else {
            return Ok(true);
        };
        if family.client() != Some(&client.id) {
            return Ok(false);
        }
        match token.kind {
            Kind::Refresh => bearer::end(tx, token.owner, token.family),
            Kind::Access => bearer::end_access(tx, &token)?,
        }
        Ok(true)
    })?;
    if is_own {
        Ok(())
    } else {
        Err(Failure::grant("This token belongs to somebody else."))
    }
}
