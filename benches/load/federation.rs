//! Deliveries to other hosts: how fast and at what cost one server brings its notes to others, and what a long queue costs.

use crate::crowd::{Crowd, ask_json, note};
use crate::parts::directory;
use crate::run::{for_count, pause};
use crate::server::Server;
use crate::speech::{Connection, Request};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// How many hosts get each note, and how many notes there are.
const LOADS: [(usize, u64); 2] = [(1, 2000), (50, 100)];

/// Clients that post at once.
const WRITERS: usize = 8;

/// Addressees of a post, and posts, that make the long queue.
const LONG_QUEUE: (u64, u64) = (1000, 100);

/// How long the jobs may take that write the second half of the long queue.
const QUEUE_WRITTEN: Duration = Duration::from_secs(10);

/// How often it is looked whether all has arrived.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// A server at an address of its own, which is in the ids of its people.
struct Host {
    server: Server,
    crowd: Crowd,
    directory: TempDir,
}

impl Host {
    fn start(number: usize) -> Host {
        let directory = directory();
        let name = format!("127.0.1.{}", number + 1);
        let server = Server::start_at(directory.path(), &name, 0);
        let crowd = Crowd::gather(&server, 0);
        Host {
            server,
            crowd,
            directory,
        }
    }

    fn author_id(&self) -> String {
        let path = self.crowd.author.path("profile");
        format!("http://{}{path}", self.server.address)
    }

    fn post(&self, activity: &Value) {
        let feed = self.crowd.author.path("feed");
        let mut line = Connection::open(self.server.address);
        line.ask(
            Some(&self.crowd.author.keys),
            &Request::post(&feed, &activity.to_string()),
        );
    }

    /// How many things a stream of the author has.
    fn total(&self, stream: &str) -> u64 {
        let path = self.crowd.author.path(stream);
        let mut line = Connection::open(self.server.address);
        let request = Request::get(&path, &[("count", "1")]);
        let page = ask_json(&mut line, Some(&self.crowd.author.keys), &request);
        page["totalItems"].as_u64().expect("a total")
    }
}

/// Posts notes to followers on other hosts.
pub(crate) fn federation() {
    println!(
        "Deliveries of notes to a follower on each of some other hosts, all on this machine:\n"
    );
    println!(
        "| hosts | deliveries/s | sender's CPU ms each, with the post | receivers' CPU ms each | sender's RSS MiB |"
    );
    println!("|---|---|---|---|---|");
    for (hosts, notes) in LOADS {
        let sender = Host::start(0);
        let receivers: Vec<Host> = (1..=hosts).map(Host::start).collect();
        let author = json!({ "objectType": "person", "id": sender.author_id() });
        for receiver in &receivers {
            receiver.post(&json!({ "verb": "follow", "object": author }));
        }
        wait_until(|| sender.total("followers") == hosts as u64);
        // The first delivery registers; it is not measured.
        sender.post(&serde_json::from_str(&note(0)).expect("JSON"));
        let all_have = |number: u64, before: &[u64]| {
            let mut all = receivers.iter().zip(before);
            all.all(|(receiver, before)| receiver.total("inbox/major") >= before + number)
        };
        let now = |receivers: &[Host]| -> Vec<u64> {
            receivers
                .iter()
                .map(|host| host.total("inbox/major"))
                .collect()
        };
        let none = vec![0; hosts];
        wait_until(|| all_have(1, &none));
        pause(Duration::from_millis(300));
        let before = now(&receivers);
        let cpu = |receivers: &[Host]| {
            receivers
                .iter()
                .map(|host| host.server.cpu_secs())
                .sum::<f64>()
        };
        let (own, theirs) = (sender.server.cpu_secs(), cpu(&receivers));
        let began = Instant::now();
        let feed = sender.crowd.author.path("feed");
        for_count(&sender.server, WRITERS, notes, |line, _, number| {
            line.ask(
                Some(&sender.crowd.author.keys),
                &Request::post(&feed, &note(number)),
            );
        });
        wait_until(|| all_have(notes, &before));
        let deliveries = (notes * hosts as u64) as f64;
        println!(
            "| {hosts} | {:.0} | {:.2} | {:.2} | {:.1} |",
            deliveries / began.elapsed().as_secs_f64(),
            1000.0 * (sender.server.cpu_secs() - own) / deliveries,
            1000.0 * (cpu(&receivers) - theirs) / deliveries,
            sender.server.rss_mib(),
        );
    }
    println!();
    long_queue();
}

/// Many deliveries for a host that does not answer.
fn long_queue() {
    let host = Host::start(0);
    let idle = host.server.rss_mib();
    let (addressees, posts) = LONG_QUEUE;
    let addressed: Vec<Value> = (0..addressees)
        .map(|number| {
            let id = format!("http://127.0.2.1:9999/api/user/reader{number}/profile");
            json!({ "objectType": "person", "id": id })
        })
        .collect();
    for number in 0..posts {
        let mut post: Value = serde_json::from_str(&note(number)).expect("JSON");
        post["to"] = json!(addressed);
        host.post(&post);
    }
    // Half of them are written by jobs.
    pause(QUEUE_WRITTEN);
    println!(
        "| {} deliveries that wait for a host that does not answer | |",
        addressees * posts
    );
    println!("|---|---|");
    println!(
        "| resident before and with them | {idle:.1}, {:.1} MiB |",
        host.server.rss_mib()
    );
    let Host {
        server, directory, ..
    } = host;
    let port = server.address.port();
    server.stop();
    let server = Server::start_at(directory.path(), "127.0.1.1", port);
    println!("| … after a new start | {:.1} MiB |", server.rss_mib());
}

fn wait_until(mut happened: impl FnMut() -> bool) {
    while !happened() {
        pause(LOOK_EVERY);
    }
}
