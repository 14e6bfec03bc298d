//! The pages of the server, from the table of routes in the README.

use std::collections::BTreeSet;

/// What is no page although it is answered to people: files, and ways that lead on at once.
const NO_PAGES: &[&str] = &[
    "/main/export/archive.zip",
    "/main/albums/{key}/archive.zip",
    "/main/authorized/{host}",
    "/main/compose/people",
    "/main/foot",
    "/main/invitations/{code}/qr.svg",
    "/main/news",
    "/main/padlock/pumphouse.crt",
    "/main/padlock/pumphouse.mobileconfig",
    "/main/uploads/{key}",
];

/// The patterns of pages, the most literal ones first.
pub(super) struct Table(Vec<String>);

impl Table {
    pub(super) fn read() -> Table {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");
        let text = std::fs::read_to_string(file).expect("there is a README");
        let mut pages: Vec<String> = text
            .lines()
            .filter_map(|line| line.strip_prefix("| GET | `")?.split_once("` | page |"))
            .map(|(path, _)| path.to_owned())
            .filter(|path| !NO_PAGES.contains(&path.as_str()))
            .collect();
        assert!(pages.len() > 30, "the table was not found");
        pages.sort_by_key(|path| path.matches('{').count());
        Table(pages)
    }

    /// All patterns, the setup excepted, which a server with an owner does not have.
    pub(super) fn patterns(&self) -> Vec<String> {
        let all = self.0.iter().filter(|path| *path != "/setup");
        all.cloned().collect()
    }

    /// Those that are addresses as they stand.
    pub(super) fn plain(&self) -> Vec<String> {
        let all = self.0.iter().filter(|path| !path.contains('{'));
        all.cloned().collect()
    }

    /// The pattern of an address; nothing if that is no page.
    pub(super) fn pattern(&self, address: &str) -> Option<String> {
        let path = address.split(['?', '#']).next().unwrap_or_default();
        let found = self.0.iter().find(|pattern| fits(pattern, path))?;
        let is_reserved = [
            "api",
            "uploads",
            "assets",
            "favicon.ico",
            "robots.txt",
            ".well-known",
        ]
        .iter()
        .any(|word| path.split('/').nth(1) == Some(word));
        (!is_reserved && !NO_PAGES.contains(&path)).then(|| found.clone())
    }

    /// The pattern of an address with the names of its arguments.
    pub(super) fn kind(&self, address: &str) -> Option<String> {
        let pattern = self.pattern(address)?;
        let query = address.split_once('?').map_or("", |(_, query)| query);
        let names: BTreeSet<&str> = query
            .split('&')
            .filter_map(|pair| pair.split('=').next())
            .collect();
        Some(format!("{pattern}?{}", Vec::from_iter(names).join("&")))
    }
}

fn fits(pattern: &str, path: &str) -> bool {
    let (wanted, parts): (Vec<&str>, Vec<&str>) =
        (pattern.split('/').collect(), path.split('/').collect());
    wanted.len() == parts.len()
        && wanted
            .iter()
            .zip(&parts)
            .all(|(wanted, part)| wanted == part || wanted.starts_with('{') && !part.is_empty())
}
