//! Who somebody was on the server from which activities are brought along: the ids of the person, and of the circles.

use super::format::Label;
use crate::domain::names;
use serde_json::Value;

/// Who the user was where the activities come from.
#[derive(Clone, Debug, Default)]
pub(super) struct Before {
    /// The ids of the person.
    ids: Vec<String>,
    /// The addresses of the person in the API, under which the followers are.
    bases: Vec<String>,
    /// The address of that server, if it is known.
    site: Option<String>,
}

impl Before {
    /// As an archive says it.
    pub(super) fn of_label(label: &Label) -> Before {
        let site = label.site.trim_end_matches('/').to_owned();
        let base = format!("{site}/api/user/{}", label.nickname);
        let mut ids = vec![
            label.person.clone(),
            format!("{base}/profile"),
            base.clone(),
        ];
        if let Some(host) = names::domain(&site) {
            ids.push(format!("acct:{}@{host}", label.nickname));
        }
        Before {
            ids,
            bases: vec![base],
            site: Some(site),
        }
    }

    /// As an activity says it, if it does.
    pub(super) fn of_actor(actor: &Value) -> Option<Before> {
        let id = actor.get("id")?.as_str()?;
        let own = actor.pointer("/links/self/href").and_then(Value::as_str);
        let profiles = [Some(id), own].into_iter().flatten();
        let bases = profiles.filter_map(|profile| profile.strip_suffix("/profile"));
        Some(Before {
            bases: bases.map(str::to_owned).collect(),
            ids: vec![names::canonical(id).into_owned()],
            site: None,
        })
    }

    /// Whether nothing is known of it.
    pub(super) fn is_unknown(&self) -> bool {
        self.ids.is_empty()
    }

    /// The id of the person.
    pub(super) fn id(&self) -> Option<&str> {
        self.ids.first().map(String::as_str)
    }

    /// Whether an id is one of the person.
    pub(super) fn is(&self, id: &str) -> bool {
        let id = names::canonical(id);
        self.ids.iter().any(|own| *own == id)
    }

    /// The collection of the person's own that an id names: `followers` or `following`.
    pub(super) fn circle(&self, id: &str) -> Option<&'static str> {
        self.bases
            .iter()
            .find_map(|base| match id.strip_prefix(base.as_str())? {
                "/followers" => Some("followers"),
                "/following" => Some("following"),
                _ => None,
            })
    }

    /// Whether an id is one of that server, if it is known.
    pub(super) fn is_from_there(&self, id: &str) -> bool {
        let site = self.site.as_deref();
        site.is_some_and(|site| {
            id.strip_prefix(site)
                .is_some_and(|rest| rest.starts_with('/'))
        })
    }
}
