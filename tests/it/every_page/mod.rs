//! Every page as everybody sees it: nothing breaks, axe-core finds nothing in either theme, on a phone and on a desk, nothing
//! hangs over the side of the narrowest screen, fingers find what they look for.
//!
//! The list of pages is the table of routes in the README, which another test keeps true: a page that nobody finds by links
//! fails the story until it is among those that one only gets to by a letter or a program. With
//! `PUMPHOUSE_TEST_SCREENSHOTS=1` pictures of all of them go to `target/screenshots`.

mod machine;
mod scene;
mod table;

use crate::films::real_film;
use crate::harness::authority::Authority;
use crate::harness::chromium::{Rules, Screen, Window};
use crate::harness::{Chromium, Pump, knob, network, pictures};
use crate::visiting;
use scene::Family;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use table::Table;

/// How many pages of one kind are looked at, by pattern and names of arguments.
const OF_A_KIND_MAX: usize = 2;

/// Most pages in one walk.
const PAGES_MAX: usize = 200;

/// One walk of somebody.
struct Walk<'w> {
    who: &'static str,
    window: &'w mut Window,
    table: Table,
    /// How many were looked at of each kind.
    seen: BTreeMap<String, usize>,
    patterns: BTreeSet<String>,
    findings: Vec<String>,
    pictures: Option<PathBuf>,
}

/// An address to go to, and where it stands; nothing where somebody typed it.
struct Step {
    path: String,
    linked_from: Option<String>,
}

impl<'w> Walk<'w> {
    fn begun(who: &'static str, window: &'w mut Window) -> Walk<'w> {
        let wish = knob("PUMPHOUSE_TEST_SCREENSHOTS");
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/screenshots");
        window.still(true);
        Walk {
            who,
            window,
            table: Table::read(),
            seen: BTreeMap::new(),
            patterns: BTreeSet::new(),
            findings: Vec::new(),
            pictures: wish.map(|_| folder.join(who)),
        }
    }

    /// Goes everywhere that the table, the addresses and the links on the pages lead.
    fn everywhere(who: &'static str, window: &'w mut Window, addresses: &[String]) -> Walk<'w> {
        let mut walk = Walk::begun(who, window);
        let typed = walk.table.plain().into_iter().chain(addresses.to_vec());
        let mut next: Vec<Step> = typed
            .map(|path| Step {
                path,
                linked_from: None,
            })
            .collect();
        next.reverse();
        let mut asked = BTreeSet::new();
        while let Some(step) = next.pop() {
            let Some(kind) = walk.table.kind(&step.path) else {
                continue;
            };
            let count = walk.seen.get(&kind).copied().unwrap_or_default();
            if count >= OF_A_KIND_MAX || !asked.insert(step.path.clone()) {
                continue;
            }
            assert!(asked.len() <= PAGES_MAX, "{who}: there is no end of pages");
            let links = walk.look_at(&step, kind);
            // The first pages first: what hangs on them comes after the list of the table.
            next.splice(0..0, links.into_iter().rev());
        }
        walk
    }

    /// Looks at one page; answers where it leads.
    fn look_at(&mut self, step: &Step, kind: String) -> Vec<Step> {
        self.window.on(Screen::NARROW).dark(false).open(&step.path);
        *self.seen.entry(kind).or_default() += 1;
        let path = self.window.path();
        let status = self.window.status();
        let at = &step.path;
        if status >= 500 || status >= 400 && step.linked_from.is_some() {
            let from = step.linked_from.as_deref().unwrap_or("typed");
            self.findings
                .push(format!("status: {status}: {at}: {from}"));
        }
        if let Some(pattern) = self.table.pattern(&step.path) {
            self.patterns.insert(pattern);
        }
        // Whoever is led to another page, for example to log in, looks at that one as often as at others.
        if path != *at {
            let Some(kind) = self.table.kind(&path) else {
                return Vec::new();
            };
            let seen = self.seen.entry(kind).or_default();
            *seen += 1;
            if *seen > OF_A_KIND_MAX {
                return Vec::new();
            }
        }
        self.check(&path);
        self.links(&path)
    }

    fn check(&mut self, path: &str) {
        let mut found: Vec<(&str, Vec<String>)> = Vec::new();
        found.push(("narrow", self.window.overhanging()));
        // As those read who read from right to left: there is no such language yet.
        let turn = |direction| format!("document.documentElement.dir = '{direction}'");
        self.window.script(&turn("rtl"));
        found.push(("narrow, right to left", self.window.overhanging()));
        self.picture(path, Screen::PHONE, "rtl");
        self.window.on(Screen::DESK);
        found.push(("desk, right to left", self.window.overhanging()));
        self.picture(path, Screen::DESK, "rtl");
        self.window.script(&turn("ltr"));
        for (name, screen) in [("phone", Screen::PHONE), ("desk", Screen::DESK)] {
            self.window.on(screen);
            for (theme, rules) in [("light", Rules::All), ("dark", Rules::Colours)] {
                self.window.dark(theme == "dark");
                found.push((name, self.window.axe(rules)));
                self.picture(path, screen, theme);
            }
            if screen.is_phone {
                found.push((name, self.window.small_targets()));
            }
        }
        found.push(("browser", self.window.complaints()));
        let who = self.who;
        for (screen, lines) in found {
            self.findings.extend(
                lines
                    .into_iter()
                    .map(|line| format!("{line}: {who} at {path} ({screen})")),
            );
        }
    }

    /// Goes through the owner's page of a public name to where it is said where that leads.
    fn asks_for_a_name(&mut self, name: &str) {
        self.window
            .open("/main/box/name")
            .fill("The public name", name)
            .click("See where it leads")
            .sees("2. Where it leads");
    }

    fn tick(&mut self, field: &str) {
        let script = format!("document.querySelector('{field}').checked = true");
        self.window.script(&script);
    }

    /// Opens a page until it says something.
    fn sees_on(&mut self, path: &str, text: &str) {
        let otherwise = format!("no “{text}” to see");
        self.window
            .until(|window| window.open(path).shows(text), &otherwise);
    }

    /// Takes a picture, if that is wished for.
    fn picture(&mut self, path: &str, screen: Screen, how: &str) {
        let Some(folder) = &self.pictures else {
            return;
        };
        let name = path.trim_matches('/').replace(['/', '?', '&'], "-");
        let name = if name.is_empty() { "home" } else { &name };
        let file = folder.join(format!("{name}-{}-{how}.png", screen.width));
        self.window.on(screen).picture_to(&file);
    }

    /// The addresses on the page that lead to pages of this server.
    fn links(&mut self, path: &str) -> Vec<Step> {
        let links = self.window.script(
            "[...document.querySelectorAll('a[href]')].filter(a => a.origin === location.origin && !a.hasAttribute('download'))
                .map(a => a.pathname + a.search)",
        );
        let links = links.as_array().map_or(&[][..], Vec::as_slice);
        let step = |link: &serde_json::Value| Step {
            path: link.as_str().unwrap_or_default().to_owned(),
            linked_from: Some(path.to_owned()),
        };
        links.iter().map(step).collect()
    }

    /// Fails the story if anything was found.
    fn without_findings(mut self) -> BTreeSet<String> {
        self.findings.sort();
        self.findings.dedup();
        let count = self.findings.len();
        assert!(
            count == 0,
            "{count} findings:\n{}",
            self.findings.join("\n")
        );
        self.patterns
    }
}

#[test]
fn a_stranger_walks_over_every_page() {
    let family = Family::new();
    let chromium = Chromium::take();
    let mut window = chromium.window(&family.pump);
    let seen = Walk::everywhere("stranger", &mut window, &family.addresses()).without_findings();
    assert!(seen.len() > 10, "{seen:?}");
}

#[test]
fn a_user_walks_over_every_page() {
    let family = Family::new();
    let chromium = Chromium::take();
    let mut window = chromium.window_of(&family.pump, "ann");
    Walk::everywhere("user", &mut window, &family.addresses()).without_findings();
}

#[test]
fn the_owner_walks_over_every_page_and_none_is_left_out() {
    let family = Family::new();
    let chromium = Chromium::take();
    let mut window = chromium.window_of(&family.pump, "evan");
    let seen = Walk::everywhere("owner", &mut window, &family.addresses()).without_findings();
    let left_out: Vec<String> = Table::read()
        .patterns()
        .into_iter()
        .filter(|pattern| !seen.contains(pattern))
        .collect();
    assert!(left_out.is_empty(), "no link leads to {left_out:?}");
}

#[test]
fn a_visitor_walks_over_every_page() {
    network::inside("every_page::a_visitor_walks_over_every_page", || {
        let mut scene = visiting::Scene::new();
        scene::fill(&scene.here, &scene.alice);
        scene.visit("/alice");
        let chromium = Chromium::take();
        let mut window = chromium.window(&scene.here);
        window.has_cookies_of(&scene.browser);
        window.open("/").sees("You are here as");
        let alice = ["/alice".to_owned()];
        Walk::everywhere("visitor", &mut window, &alice).without_findings();
    });
}

#[test]
fn what_forms_answer_is_as_good_as_the_rest() {
    let family = Family::new();
    let addresses = family.addresses();
    let chromium = Chromium::take();
    let mut window = chromium.window_of(&family.pump, "evan");
    let film = real_film(&family.pump, window.open("/"));
    let photo = family.pump.directory().join("sea.jpg");
    fs::write(&photo, pictures::photo(1200, 800, 1)).expect("a file");
    let mut walk = Walk::begun("forms", &mut window);
    let album = addresses.iter().find(|path| path.contains("/list/"));
    let key = album.and_then(|path| path.rsplit('/').next());
    let audience = format!("/main/albums/{}/audience", key.expect("an album"));
    walk.window.open(&audience);
    walk.tick("[name=audience][value=followers]");
    walk.window.click("Go on").sees("From now on");
    walk.check(&format!("{audience}/sure"));

    let composer = walk.window.on_a_phone().open("/");
    composer
        .click("What is new?")
        .sees("Who can see this")
        .attach("Photos", &[&photo, &film]);
    let done = "[...document.querySelectorAll('.waiting li')].map(one => one.dataset.state).join() === 'done,done'";
    composer.until(
        |window| window.script(done) == json!(true),
        "not all of it came",
    );
    walk.check("/main/compose/films");

    walk.window
        .open("/main/wifi")
        .choose("Your Wi-Fi", "A name as long")
        .fill("Password of the Wi-Fi", "correct horse")
        .click("Join it")
        .sees("The pump joins A name as long");
    walk.check("/main/wifi/joining");
    walk.window
        .open("/main/box/power?wish=off")
        .click("Switch off");
    walk.check("/main/box/power/off");
    walk.without_findings();
}

#[test]
fn each_step_to_a_public_name_is_as_good_as_the_rest() {
    network::inside(
        "every_page::each_step_to_a_public_name_is_as_good_as_the_rest",
        || {
            let Some(authority) = Authority::start(80, &[]) else {
                return;
            };
            let options = authority.options();
            let options: Vec<&str> = options.iter().map(String::as_str).collect();
            let Some(pump) = network::everywhere(Vec::new(), &options) else {
                return;
            };
            pump.register("evan");
            pump.give_to("evan");
            let chromium = Chromium::take();
            let mut window = chromium.window_of(&pump, "evan");
            let mut walk = Walk::begun("name", &mut window);
            walk.asks_for_a_name("nobody.test");
            walk.check("/main/box/name/nowhere");
            walk.tick("[name=agreed]");
            walk.window.click("Try all the same");
            walk.sees_on("/main/box/name", "It is tried again by itself");
            walk.check("/main/box/name/trouble");
            let mut evan = pump.browser_of("evan");
            let form = evan.open("/main/box/name").expect(200).form("forget");
            evan.submit(&form.press("deed")).expect(200);
            walk.asks_for_a_name("192.0.2.9");
            walk.check("/main/box/name/silence");
            walk.asks_for_a_name("pump-b.test");
            walk.check("/main/box/name/here");
            walk.tick("[name=agreed]");
            walk.window.click("Ask for the certificate");
            walk.sees_on("/main/box/name", "It is renewed by itself");
            walk.check("/main/box/name/works");
            walk.window.click("Only https at this name");
            walk.check("/main/box/name/strict");
            walk.without_findings();
        },
    );
}

#[test]
fn the_setup_is_as_good_as_the_rest() {
    let pump = Pump::unconfigured();
    let chromium = Chromium::take();
    let mut window = chromium.window(&pump);
    Walk::everywhere("newcomer", &mut window, &[]).without_findings();
}
