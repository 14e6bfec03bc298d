//! Pages speak the language of their reader: of the browser, of the user, of the site; also where something goes wrong. Programs
//! read English.

use crate::harness::browser::Page;
use crate::harness::documents::{comment, each};
use crate::harness::people::{PASSWORD, items_of};
use crate::harness::{Browser, Pump, Request, note, public};
use std::collections::BTreeSet;
use std::fs;
use std::thread;

/// Most pages in the walk.
const PAGES_MAX: usize = 150;

/// Addresses of pages for programmers, who read English.
const ENGLISH: &[&str] = &["/main/api", "/api/"];

/// Shortest English text that counts as a sentence; shorter ones may be names.
const SENTENCE_MIN: usize = 9;

fn language_of(page: &Page) -> String {
    page.all("html", "lang").concat()
}

#[test]
fn pages_speak_the_language_that_the_browser_asks_for() {
    let pump = Pump::start();
    let mut stranger = pump.browser().reading("pt-BR, de-AT;q=0.9, en;q=0.5");
    let page = stranger.open("/main/login").expect(200);
    assert_eq!(language_of(&page), "de");
    assert!(page.shows("Passwort vergessen?"), "{}", page.html());
    let mut other = pump.browser().reading("ja");
    let page = other.open("/main/login").expect(200);
    assert_eq!(language_of(&page), "en");
    assert!(page.shows("Forgot your password?"));
}

#[test]
fn what_somebody_chose_counts_more_than_the_browser() {
    let pump = Pump::start();
    pump.register("ann");
    let mut browser = pump.browser().reading("de");
    let page = browser
        .open("/main/login?continue=/main/people")
        .expect(200);
    let links = page.all("a", "href");
    let french = links.iter().find(|link| link.contains("language=fr"));
    let french = french.expect("a way to French");
    browser.open(&format!("/main/login{french}")).expect(200);
    let page = browser.open("/main/login").expect(200);
    assert_eq!(language_of(&page), "fr");
    // What was on the way stays.
    assert!(french.contains("continue="), "{french}");
    // An error is told in that language, too.
    let page = browser.open("/nobody");
    assert_eq!(
        (page.answer.status, language_of(&page).as_str()),
        (404, "fr")
    );
    browser.log_in("ann", PASSWORD).expect(200);
    let page = browser.open("/").expect(200);
    assert_eq!(language_of(&page), "fr");
}

#[test]
fn what_goes_wrong_is_told_to_people_in_their_language_and_to_programs_in_english() {
    let pump = Pump::start();
    pump.register("ann");
    let mut browser = pump.browser().reading("es");
    let login = browser.open("/main/login").expect(200).form("login");
    let page = browser.submit(&login.fill("nickname", "ann").fill("password", "wrong 123"));
    assert_eq!(
        page.text_of("error"),
        "El nombre de usuario o la contraseña no es correcto. Inténtalo de nuevo."
    );
    let page = browser.open("/nobody");
    assert_eq!(page.text_of("error"), "Aquí no hay nadie con ese nombre.");
    // Also where a value stands in the sentence.
    let form = browser
        .open("/main/register")
        .expect(200)
        .form("registration");
    let form = form.fill("nickname", "ann").fill("password", PASSWORD);
    let page = browser.submit(&form);
    assert_eq!(
        page.text_of("error"),
        "El nombre de usuario «ann» ya está ocupado."
    );
    let form = browser
        .open("/main/register")
        .expect(200)
        .form("registration");
    for weak in ["short", "12345678", "onlyletters", "password1"] {
        let typed = form.clone().fill("nickname", "ben").fill("password", weak);
        let said = browser.submit(&typed).text_of("error");
        assert!(said.starts_with("Mala contraseña: "), "{said}");
    }
    let asked = Request::get("/api/user/nobody").header("Accept-Language", "es");
    let error = pump.client().send(asked).text();
    assert!(error.contains("There is no"), "{error}");
}

#[test]
fn the_language_of_the_setup_is_that_of_the_site() {
    let pump = Pump::unconfigured();
    let code = pump.runs(&["setup-code"], "");
    let mut owner = pump.browser().reading("fr");
    let page = owner.open("/setup").expect(200);
    assert!(
        page.shows("Bienvenue dans votre Pumphouse"),
        "{}",
        page.html()
    );
    let form = page.form("setup");
    let form = form.fill("code", code.trim()).fill("site", "Chez nous");
    let form = form.fill("nickname", "evan").fill("password", PASSWORD);
    let form = form.fill("again", PASSWORD).fill("hostname", "localhost");
    owner.submit(&form).expect(200);
    let page = owner.open("/main/messages").expect(200);
    assert!(page.shows("Bienvenue sur Chez nous"), "{}", page.html());
    // Whoever does not say what they read reads that; others what they ask for.
    let page = pump.browser().open("/").expect(200);
    assert_eq!(language_of(&page), "fr");
    let page = pump.browser().reading("en").open("/").expect(200);
    assert_eq!(language_of(&page), "en");
}

#[test]
fn the_language_can_be_chosen_before_the_setup() {
    let pump = Pump::unconfigured();
    let mut owner = pump.browser();
    let page = owner.open("/setup").expect(200);
    let links = page.all("a", "href");
    let german = links.iter().find(|link| link.contains("language=de"));
    let german = german.expect("a way to German");
    let page = owner.open(&format!("/setup{german}")).expect(200);
    assert!(
        page.shows("Willkommen in deinem Pumphouse"),
        "{}",
        page.html()
    );
}

/// English sentences of the table of a language, as pages would show them.
fn english(language: &str) -> Vec<String> {
    let file = format!(
        "{}/assets/languages/{language}.po",
        env!("CARGO_MANIFEST_DIR")
    );
    let table = fs::read_to_string(file).expect("there is a table");
    let mut entries = table.split("\n\n").filter_map(|entry| {
        let text = |keyword: &str| {
            let line = entry.lines().find_map(|line| line.strip_prefix(keyword))?;
            Some(line.trim().trim_matches('"').to_owned())
        };
        let other = text("msgstr").or_else(|| text("msgstr[0]"));
        Some((text("msgid ")?, other?))
    });
    let mut all = BTreeSet::new();
    for (english, other) in entries.by_ref() {
        // What stands between values, as far as it is English.
        let pieces = english.split(['{', '}', '[', ']']);
        let pieces = pieces.map(str::trim).filter(|piece| {
            piece.len() >= SENTENCE_MIN && piece.contains(' ') && !other.contains(*piece)
        });
        all.extend(pieces.map(str::to_owned));
    }
    assert!(all.len() > 100, "the table was not read");
    Vec::from_iter(all)
}

/// Whether a text has a sentence in it that begins where a word does.
fn has_words(text: &str, sentence: &str) -> bool {
    let before = |(at, _): (usize, &str)| text.get(..at)?.chars().next_back();
    let mut found = text.match_indices(sentence).map(before);
    found.any(|before| before.is_none_or(|before| !before.is_alphanumeric()))
}

/// English that is left where somebody goes over all pages of the table and all that they lead to, other than in a letter that the
/// server wrote in its own language.
fn english_left(browser: &mut Browser, sentences: &[String], letter: &str) -> Vec<String> {
    let mut sentences = sentences.to_vec();
    sentences.retain(|sentence| !letter.contains(sentence.as_str()));
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");
    let readme = fs::read_to_string(file).expect("a README");
    let rows = readme
        .lines()
        .filter_map(|line| line.strip_prefix("| GET | `")?.split_once("` | page |"));
    let rows = rows.map(|(path, _)| path.to_owned());
    let mut next: Vec<String> = rows.filter(|path| !path.contains('{')).collect();
    let (mut seen, mut found) = (BTreeSet::new(), Vec::new());
    while let Some(path) = next.pop() {
        let is_english = ENGLISH.iter().any(|start| path.starts_with(start));
        if is_english || seen.len() >= PAGES_MAX || !seen.insert(path.clone()) {
            continue;
        }
        let page = browser.open(&path);
        let kind = page.answer.headers.get("content-type");
        if !kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/html")) {
            continue;
        }
        let words = page.words();
        let left = sentences
            .iter()
            .filter(|sentence| has_words(&words, sentence));
        found.extend(left.map(|sentence| format!("{path}: {sentence}")));
        let links = page.all("a", "href").into_iter();
        next.extend(
            links
                .filter(|link| {
                    link.starts_with('/')
                        && !link.contains("archive")
                        && !link.contains("language=")
                })
                .map(|link| link.split('#').next().unwrap_or_default().to_owned()),
        );
    }
    assert!(seen.len() > 10, "{seen:?}");
    found
}

/// A stranger, somebody with an account, and the owner of the server.
#[test]
fn no_english_is_left_on_the_pages_of_somebody_who_reads_another_language() {
    // A name that stands in no sentence of a language.
    let pump = Pump::with(&["--site", "Zu Hause"]);
    let [ann, ben] = pump.register_all(["ann", "ben"]);
    pump.give_to("ann");
    ben.follow(&ann);
    let posted = ann.post(note("Grüße").to(public()));
    ben.does("favorite", &posted["object"]);
    ben.post(comment("Danke!", &posted["object"]).to(public()));
    ben.post(note("Kommst du?").to(&ann));
    let letter = ann.get(&ann.path("inbox/direct/major")).ok().to_string();
    let without_tags = letter.split('<').map(|piece| piece.split('>').next_back());
    let letter: String = without_tags.flatten().collect();
    assert!(letter.contains("Welcome to"), "{letter}");
    let walks = |language: &'static str| {
        let sentences = english(language);
        let mut found = Vec::new();
        for nickname in [None, Some("ann"), Some("ben")] {
            let mut browser = pump.browser().reading(language);
            if let Some(nickname) = nickname {
                browser.log_in(nickname, PASSWORD).expect(200);
            }
            let left = english_left(&mut browser, &sentences, &letter).into_iter();
            found.extend(left.map(|line| format!("{language}, {nickname:?} at {line}")));
        }
        found
    };
    // Each takes its time to wait for the server, not to think.
    let found = thread::scope(|scope| {
        let walks = ["de", "fr", "es"].map(|language| scope.spawn(|| walks(language)));
        let found = walks.map(|walk| walk.join().expect("a walk ends"));
        found.concat()
    });
    assert!(found.is_empty(), "English is left:\n{}", found.join("\n"));
}

#[test]
fn the_lists_that_everybody_has_are_called_in_the_reader_s_language_and_by_programs_in_english() {
    let pump = Pump::start();
    let ann = pump.register("ann");
    let names = || {
        let lists = ann.get("/api/user/ann/lists/person").ok();
        each(&items_of(&lists), "displayName").join(" ")
    };
    let english = names();
    assert!(english.contains("Family"), "{english}");
    let mut browser = pump.browser().reading("fr");
    browser.log_in("ann", PASSWORD).expect(200);
    for path in ["/ann/lists", "/main/compose"] {
        let page = browser.open(path).expect(200);
        assert!(page.shows("Famille") && !page.shows("Family"), "{path}");
    }
    // Whoever saves the name as it stands there has not renamed it.
    let page = browser.open("/ann/lists").expect(200);
    let links = page.all("a", "href").into_iter();
    let lists: Vec<String> = links.filter(|link| link.contains("/list/")).collect();
    for list in &lists {
        let form = browser.open(list).expect(200).form_to("/main/lists/rename");
        browser.submit(&form).expect(200);
    }
    assert_eq!(names(), english);
    let form = browser.open(&lists[0]).form_to("/main/lists/rename");
    browser.submit(&form.fill("name", "Les nôtres")).expect(200);
    assert!(names().contains("Les nôtres"));
    assert!(browser.open("/ann/lists").expect(200).shows("Les nôtres"));
}
