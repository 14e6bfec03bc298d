//! The parameters of a request to the token address: a form in the body, each name at most once (RFC 6749 §3.2). The query
//! does not count: it is written to logs.

use super::Failure;
use crate::http::Request;

/// The fields of a form.
pub(super) struct Fields(Vec<(String, String)>);

impl Fields {
    /// The fields of a request; refuses a body that is no form, and a name that is there twice.
    pub(super) fn of(request: &Request) -> Result<Fields, Failure> {
        if request.content_type() != "application/x-www-form-urlencoded" {
            return Err(Failure::request(
                "Send a form in the body (application/x-www-form-urlencoded).",
            ));
        }
        let mut fields = request.form();
        // What has no value counts as not sent (RFC 6749 §3.2).
        fields.retain(|(_, value)| !value.is_empty());
        match repeated(&fields) {
            Some(name) => Err(Failure::request(format!("{name} is there twice."))),
            None => Ok(Fields(fields)),
        }
    }

    /// The value of a name.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The value of a name that must be there.
    pub(super) fn needed(&self, name: &str) -> Result<&str, Failure> {
        self.get(name)
            .ok_or_else(|| Failure::request(format!("{name} is missing.")))
    }
}

/// A name that is there more than once.
pub(super) fn repeated(pairs: &[(String, String)]) -> Option<&str> {
    let mut rest = pairs.iter();
    while let Some((name, _)) = rest.next() {
        if rest.as_slice().iter().any(|(other, _)| other == name) {
            return Some(name);
        }
    }
    None
}
