//! The manual of the API: every example runs as it stands on the page, and is answered as the page says.

mod examples;
mod programs;

use crate::harness::pump::said;
use crate::harness::{Person, Pump, pictures};
use examples::{Example, Shape};
use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

/// Runs commands as a reader of the manual does: in a directory of their own, with what the examples before left.
struct Reader {
    directory: TempDir,
    variables: BTreeMap<String, String>,
    /// The server as a proxy: so the names on the page lead to it.
    proxy: String,
}

impl Reader {
    fn of(pump: &Pump) -> Reader {
        let directory = TempDir::new().expect("a directory");
        let photo = pictures::photo(640, 480, 1);
        fs::write(directory.path().join("photo.jpg"), photo).expect("a file");
        // The status goes to the other output, so that the answer stays as it is.
        let settings = "silent\nwrite-out = \"%{stderr}status %{http_code}\\n\"\n";
        fs::write(directory.path().join(".curlrc"), settings).expect("a file");
        Reader {
            directory,
            variables: BTreeMap::new(),
            proxy: format!("http://{}", pump.site.address()),
        }
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(self.directory.path())
            .env("HOME", self.directory.path())
            .env("CURL_HOME", self.directory.path())
            .env("http_proxy", &self.proxy)
            .env("no_proxy", "127.0.0.1")
            .envs(&self.variables)
            .stdin(Stdio::null());
        command
    }

    #[track_caller]
    fn runs(&mut self, example: &Example) {
        let output = self
            .command("sh")
            .args(["-c", &example.code])
            .output()
            .expect("there is a shell");
        let told = format!("{}\n{}", example.code, said(&output));
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(
            errors.contains(&format!("status {}", example.status)),
            "{told}"
        );
        let answer = String::from_utf8_lossy(&output.stdout).into_owned();
        if let Some(shown) = &example.answer {
            let shown = Shape::read(shown);
            let answer = Shape::read(&answer);
            assert!(shown.is_in(&answer), "the page shows {shown:?}\n{told}");
        }
        for (variable, path) in &example.keeps {
            let value = Shape::read(&answer).text_at(path);
            self.variables.insert(variable.clone(), value.expect(&told));
        }
    }

    /// Runs an example that goes on until it is ended, until it says what it must; `meanwhile` makes something happen.
    #[track_caller]
    fn hears(&self, example: &Example, until: &str, mut meanwhile: impl FnMut()) {
        let mut child = Ended(
            self.command("sh")
                .args(["-c", &format!("exec {}", example.code)])
                .stdout(Stdio::piped())
                .spawn()
                .expect("there is a shell"),
        );
        let output = child.0.stdout.take().expect("it is piped");
        for line in BufReader::new(output).lines() {
            let line = line.expect("text");
            if line.starts_with(until) {
                if let Some(shown) = &example.answer {
                    let line = line.split_once(": ").map_or("", |(_, json)| json);
                    let shown = shown.lines().find_map(|line| line.strip_prefix("data: "));
                    let shown = Shape::read(shown.expect("an event"));
                    assert!(shown.is_in(&Shape::read(line)), "{shown:?} {line}");
                }
                return;
            }
            meanwhile();
        }
        panic!("it ended without {until:?}: {}", example.code);
    }
}

/// A process that does not outlive the story.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

fn page_of(pump: &Pump, path: &str) -> String {
    pump.browser().open(path).expect(200).html()
}

#[track_caller]
fn token_of(pump: &Pump, person: &Person) -> String {
    let output = pump.command(
        &["user", "token", &person.nickname, "--scope", "writeall"],
        "",
    );
    assert!(output.status.success(), "{}", said(&output));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

#[test]
fn every_example_runs_as_it_stands_on_the_page() {
    let pump = Pump::start();
    let [ann, ben] = pump.register_all(["ann", "ben"]);
    let made = pump.command(&["user", "owner", "ann"], "");
    assert!(made.status.success(), "{}", said(&made));
    let mut reader = Reader::of(&pump);
    let examples = examples::on(&page_of(&pump, "/main/api"));
    assert!(examples.len() > 30, "{}", examples.len());
    let mut told = 0;
    for example in examples.iter().filter(|example| example.program.is_none()) {
        if let Some(until) = &example.until {
            reader.hears(example, until, || {
                told += 1;
                ben.post(crate::harness::note(&format!("for ann {told}")).to(&ann));
            });
        } else if example.status > 0 {
            reader.runs(example);
        } else {
            for line in example.code.lines() {
                let (name, value) = line.split_once('=').expect("it sets variables");
                reader.variables.insert(name.to_owned(), value.to_owned());
            }
            let token = token_of(&pump, &ann);
            reader.variables.insert("TOKEN".to_owned(), token);
        }
    }
}

#[test]
fn a_server_without_pages_shows_the_manual_and_nothing_else() {
    let pump = Pump::with(&["--noweb", "--site", "Weather"]);
    let ann = pump.register("ann");
    for page in [
        "/main/login",
        "/main/register",
        "/main/api",
        "/main/people",
        "/main/tokens",
        "/ann/followers",
        "/ann/lists",
    ] {
        pump.browser().open(page).expect(404);
    }
    let page = page_of(&pump, "/");
    assert!(page.contains("<title>API - Weather</title>"), "{page}");
    assert!(!page.contains("/main/login"), "{page}");
    assert!(page.contains("user token ann --scope writeall"));
    assert_eq!(ann.get("/ann").ok()["preferredUsername"], "ann");
    // People still agree to applications.
    programs::person_agrees_to_the_program(&pump, "python3", "/");
}

#[test]
fn the_examples_are_for_the_reader() {
    let pump = Pump::start();
    pump.register("kim");
    let mut browser = pump.browser_of("kim");
    let page = browser.open("/main/api").expect(200);
    assert!(page.html().contains("NAME=kim"));
    assert!(page.html().contains("SITE=http://pump.test"));
    assert!(browser.open("/").html().contains("/main/api"));
}
