//! What a person finds on the page: text that is painted, and things by the names that a screen reader says.

use super::window::Window;
use serde_json::{Value, json};
use std::collections::HashMap;

/// Roles of what can be clicked.
pub(super) const CLICKABLE: &[&str] = &[
    "button",
    "link",
    "checkbox",
    "radio",
    "switch",
    "tab",
    "menuitem",
    "menuitemcheckbox",
    "menuitemradio",
    "DisclosureTriangle",
    "option",
    "treeitem",
    "slider",
    "combobox",
    "image",
];

/// Roles of what can be filled in.
pub(super) const WRITABLE: &[&str] = &[
    "textbox",
    "searchbox",
    "combobox",
    "spinbutton",
    "Date",
    "DateTime",
    "InputTime",
    "ColorWell",
];

/// Roles of what one chooses from.
pub(super) const SELECTABLE: &[&str] = &["combobox", "listbox"];

/// The text that is painted.
const TEXT: &str = "document.body ? document.body.innerText : ''";

/// One thing in the tree that screen readers get.
#[derive(Clone, Debug)]
struct Node {
    parent: Option<String>,
    id: String,
    role: String,
    name: String,
    /// Chromium's number of the element.
    element: Value,
}

impl Window {
    /// The text of the page as it is painted, blanks and lines joined.
    pub(crate) fn text(&mut self) -> String {
        let text = self.evaluate(TEXT).unwrap_or_default();
        joined(text.as_str().unwrap_or_default())
    }

    /// Whether a text is painted now, or is what a picture, field or button there is called.
    pub(crate) fn shows(&mut self, text: &str) -> bool {
        let text = joined(text);
        self.text().contains(&text) || self.tree().iter().any(|node| node.name.contains(&text))
    }

    /// Waits until the page shows a text.
    #[track_caller]
    pub(crate) fn sees(&mut self, text: &str) -> &mut Window {
        self.until(|window| window.shows(text), &format!("no “{text}” to see"));
        self
    }

    /// Waits until the page does not show a text any more.
    #[track_caller]
    pub(crate) fn sees_no(&mut self, text: &str) -> &mut Window {
        let otherwise = format!("“{text}” can still be seen");
        self.until(|window| !window.shows(text), &otherwise);
        self
    }

    /// How many things of a role are called so (`("button", "Like")`).
    pub(crate) fn count(&mut self, role: &str, name: &str) -> usize {
        let tree = self.tree();
        let same = |node: &&Node| node.role == role && node.name == name;
        tree.iter().filter(same).count()
    }

    /// Every role with its name, in reading order, for stories about what a screen reader says.
    pub(crate) fn outline(&mut self) -> Vec<(String, String)> {
        let tree = self.tree().into_iter();
        tree.filter(|node| !node.name.is_empty())
            .map(|node| (node.role, node.name))
            .collect()
    }

    /// What has the focus, as a screen reader says it: its role and name.
    pub(crate) fn focused(&mut self) -> (String, String) {
        let question = json!({ "expression": "document.activeElement" });
        let active = self.connection.ask("Runtime.evaluate", &question);
        let object = json!({ "objectId": active["result"]["objectId"], "fetchRelatives": false });
        let found = self
            .connection
            .ask("Accessibility.getPartialAXTree", &object);
        let node = &found["nodes"][0];
        (value_of(&node["role"]), value_of(&node["name"]))
    }

    /// Waits for the one thing of these roles with a name, and answers Chromium's number of it. An exact name goes before one
    /// that begins so, and that before one that contains it. Of several the one nearest to a text, if there is one.
    #[track_caller]
    pub(super) fn find(&mut self, roles: &[&str], name: &str, near: Option<&str>) -> Value {
        let mut found = Value::Null;
        let mut why = String::new();
        let deadline = std::time::Instant::now() + crate::harness::PATIENCE;
        while found.is_null() {
            match chosen(
                &self.tree(),
                roles,
                &joined(name),
                near.map(joined).as_deref(),
            ) {
                Ok(element) => found = element,
                Err(reason) => why = reason,
            }
            if found.is_null() {
                assert!(
                    std::time::Instant::now() < deadline,
                    "{}: “{name}”: {why}. There are: {:?}. The page says:\n{}",
                    self.address(),
                    self.names(roles),
                    self.text()
                );
                self.look_at_events(true);
            }
        }
        found
    }

    fn names(&mut self, roles: &[&str]) -> Vec<String> {
        let tree = self.tree().into_iter();
        tree.filter(|node| roles.contains(&node.role.as_str()))
            .map(|node| node.name)
            .collect()
    }

    /// The whole tree in reading order; empty while the page changes.
    fn tree(&mut self) -> Vec<Node> {
        let found = self
            .connection
            .try_ask("Accessibility.getFullAXTree", &json!({}));
        let found = found.unwrap_or_default();
        let nodes = found["nodes"].as_array().map_or(&[][..], Vec::as_slice);
        let node = |node: &Value| Node {
            parent: node["parentId"].as_str().map(str::to_owned),
            id: node["nodeId"].as_str().unwrap_or_default().to_owned(),
            role: match node["ignored"] == true {
                true => String::new(),
                false => value_of(&node["role"]),
            },
            name: joined(&value_of(&node["name"])),
            element: node["backendDOMNodeId"].clone(),
        };
        nodes.iter().map(node).collect()
    }
}

/// The one element that is meant, or why there is none.
fn chosen(tree: &[Node], roles: &[&str], name: &str, near: Option<&str>) -> Result<Value, String> {
    let of_roles: Vec<&Node> = tree
        .iter()
        .filter(|node| roles.contains(&node.role.as_str()))
        .collect();
    let ways: [fn(&str, &str) -> bool; 3] = [
        |known, name| known == name,
        |known, name| known.starts_with(name),
        |known, name| known.contains(name),
    ];
    let mut found: Vec<&Node> = Vec::new();
    for way in ways {
        if found.is_empty() {
            found = of_roles
                .iter()
                .copied()
                .filter(|node| way(&node.name, name))
                .collect();
        }
    }
    if let Some(near) = near {
        found = nearest(tree, &found, near)?;
    }
    match found.as_slice() {
        [] => Err("nothing is called so".to_owned()),
        [one] => Ok(one.element.clone()),
        several => Err(format!("{} are called so; say near what", several.len())),
    }
}

/// Those in the smallest part of the page that holds the text and any of them.
fn nearest<'t>(tree: &[Node], found: &[&'t Node], near: &str) -> Result<Vec<&'t Node>, String> {
    let parents: HashMap<&str, Option<&str>> = tree
        .iter()
        .map(|node| (node.id.as_str(), node.parent.as_deref()))
        .collect();
    let line = |node: &Node| {
        let mut line = vec![node.id.clone()];
        let mut at = node.parent.as_deref();
        while let Some(id) = at {
            line.push(id.to_owned());
            at = parents.get(id).copied().flatten();
        }
        line
    };
    let text = tree
        .iter()
        .find(|node| {
            !node.role.is_empty() && node.role != "RootWebArea" && node.name.contains(near)
        })
        .ok_or_else(|| format!("“{near}” is nowhere"))?;
    let lines: Vec<Vec<String>> = found.iter().map(|node| line(node)).collect();
    for part in line(text) {
        let inside: Vec<&Node> = found
            .iter()
            .zip(&lines)
            .filter(|(_, line)| line.contains(&part))
            .map(|(node, _)| *node)
            .collect();
        if !inside.is_empty() {
            return Ok(inside);
        }
    }
    Ok(Vec::new())
}

fn value_of(value: &Value) -> String {
    value["value"].as_str().unwrap_or_default().to_owned()
}

/// One blank for any number of blanks and lines.
fn joined(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
