//! Servers of others that hear of what is posted here: pump.io's options (`pump-api.md §9`) in values.

use super::Secret;
use super::given::Values;

/// pump.io's default, which nobody runs any more. Old configurations name it, so it counts as off.
const GONE: &str = "ofirehose.com";

/// A server that recognises spam, and our key there.
#[derive(Clone, Debug)]
pub struct SpamServer {
    /// Its address without a slash at the end.
    pub url: String,
    /// The id of our key.
    pub client: String,
    /// Its secret.
    pub secret: Secret,
}

/// The host that hears of public posts; nothing if none does.
pub(super) fn firehose(values: &mut Values) -> Option<String> {
    let host = values.text("firehose")?.to_ascii_lowercase();
    if host == GONE {
        return None;
    }
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-._:[]".contains(c);
    if host.len() > 255 || !host.chars().all(is_plain) {
        values.problem(
            "firehose",
            "must be a host name alone, like firehose.example: no https://, no path.",
        );
    }
    Some(host)
}

/// The spam server; nothing if there is none. What is wrong becomes a problem.
pub(super) fn spam_server(values: &mut Values) -> Option<SpamServer> {
    let names = ["spamhost", "spamclientid", "spamclientsecret"];
    let [host, client, secret] = names.map(|name| values.text(name));
    if let (Some(host), Some(client), Some(secret)) = (&host, &client, &secret) {
        let url = match host.contains("://") {
            true => host.clone(),
            false => format!("https://{host}"),
        };
        if !(url.starts_with("http://") || url.starts_with("https://")) {
            values.problem("spamhost", "must be an address like https://spam.example.");
        }
        return Some(SpamServer {
            url: url.trim_end_matches('/').to_owned(),
            client: client.clone(),
            secret: Secret::new(secret.clone()),
        });
    }
    let given = [host, client, secret];
    let missing: Vec<&str> = names
        .into_iter()
        .zip(&given)
        .filter_map(|(name, value)| value.is_none().then_some(name))
        .collect();
    if missing.len() < names.len() {
        values.problems.push(format!(
            "The options {} go together; missing: {}.",
            names.join(", "),
            missing.join(", ")
        ));
    }
    None
}
