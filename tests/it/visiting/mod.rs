//! People of one server on the pages of another: they log in at home, see what is for them, and what they do is posted at home.
//! Two real servers and a browser without scripts.

mod hostile;

use crate::harness::browser::{Form, Page};
use crate::harness::documents::{note, public};
use crate::harness::peer::{Peer, Said};
use crate::harness::people::PASSWORD;
use crate::harness::{Browser, Person, Pump, Request, eventually, network, pictures};
use serde_json::{Value, json};

/// A server to visit, with somebody who posts there; another one, with somebody who goes there, and their browser.
pub(crate) struct Scene {
    pub(crate) here: Pump,
    pub(crate) alice: Person,
    there: Pump,
    bob: Person,
    /// At the first server.
    pub(crate) browser: Browser,
    /// At the second one; it is the same browser for the person.
    home: Browser,
}

impl Scene {
    pub(crate) fn new() -> Scene {
        let [here, there] = [0, 1].map(|number| network::server(number, &[]));
        let (alice, bob) = (here.register("alice"), there.register("bob"));
        let (browser, home) = (here.browser(), there.browser());
        Scene {
            here,
            alice,
            there,
            bob,
            browser,
            home,
        }
    }

    /// What the visitor types.
    fn address(&self) -> String {
        self.bob.id().trim_start_matches("acct:").to_owned()
    }

    /// How the visitor is called here.
    fn handle(&self) -> String {
        let address = self.address();
        let host = self.there.site.base.trim_start_matches("http://");
        match address.starts_with("http") {
            true => host.split(':').next().unwrap_or_default().to_owned(),
            false => address,
        }
    }

    /// Sends the form for people of other servers, and answers where it leads.
    #[track_caller]
    fn set_out(&mut self, page: &Page) -> String {
        let form = page.form("remote").fill("webfinger", &self.address());
        let answer = self.browser.submit_once(&form).expect(302);
        answer.header("location").to_owned()
    }

    /// Goes home by a link, logs in and agrees there; answers where that leads.
    #[track_caller]
    fn agree(&mut self, link: &str) -> Page {
        let form = self
            .home
            .open(link)
            .expect(200)
            .form("oauth-authentication");
        let form = form.fill("username", "bob").fill("password", PASSWORD);
        let consent = self.home.submit(&form).expect(200);
        self.home.submit(&consent.form("authorize").press("allow"))
    }

    /// Logs the visitor in; answers the page where that leads.
    #[track_caller]
    pub(crate) fn visit(&mut self, onward: &str) -> Page {
        let form = self
            .browser
            .open(&format!("/main/remote?continueTo={onward}"));
        let link = self.set_out(&form.expect(200));
        let back = self.agree(&link).at;
        self.browser.open(&back).expect(200)
    }
}

/// The form of a deed, after a mark on the page.
#[track_caller]
fn deed(page: &Page, name: &str) -> Form {
    let action = format!("/main/proxy?deed={name}");
    let found = page.forms().into_iter().find(|form| form.action == action);
    found.unwrap_or_else(|| panic!("no form to {name} in {}", page.html()))
}

fn has(items: &[Value], id: &str) -> bool {
    items.iter().any(|item| item["id"] == id)
}

/// pump-api.md D17
#[test]
fn a_visitor_logs_in_at_home_and_comes_back_as_themselves() {
    network::inside(
        "visiting::a_visitor_logs_in_at_home_and_comes_back_as_themselves",
        || {
            let mut scene = Scene::new();
            // A stranger who wants to follow somebody is asked who they are first.
            let profile = scene.browser.open("/alice").expect(200);
            let links = profile.all("a", "href");
            let link = links.iter().find(|link| link.starts_with("/main/remote"));
            let form = scene
                .browser
                .open(link.expect("a way to follow"))
                .expect(200);
            let link = scene.set_out(&form);
            let start = format!("{}/oauth/authorize?oauth_token=", scene.there.site.base);
            assert!(link.starts_with(&start), "{link}");
            let before = scene.browser.clone();
            let back = scene.agree(&link).at;
            let callback = format!("{}/main/authorized/", scene.here.site.base);
            assert!(back.starts_with(&callback), "{back}");

            let answer = scene.browser.ask(Request::get(&back)).expect(302);
            assert_eq!(answer.header("location"), "/alice");
            let cookie = answer.header("set-cookie").to_owned();
            for part in ["HttpOnly", "SameSite=Lax", "Path=/"] {
                assert!(cookie.contains(part), "{cookie}");
            }
            let page = scene.browser.open("/alice").expect(200);
            assert!(page.shows(&scene.handle()), "{}", page.html());
            deed(&page, "follow");
            // The cookie of before is nobody's, and the way leads in once.
            let mut fixed = before;
            assert!(!fixed.open("/alice").expect(200).shows(&scene.handle()));
            fixed.open(&back).expect(400);

            // What belongs to an account here is not there: no box to post, no settings, no lists.
            let start = scene.browser.open("/").expect(200);
            assert!(start.shows("You are here as"), "{}", start.html());
            for path in ["/main/post", "/main/follow", "/main/report"] {
                assert!(!start.html().contains(path), "{path}: {}", start.html());
            }
            for path in [
                "/main/settings",
                "/main/account",
                "/main/people",
                "/main/apps",
            ] {
                let page = scene.browser.open(path).expect(200);
                assert!(page.find_form("login").is_some(), "{path}: {}", page.at);
            }
            let answer = scene.browser.ask(Request::get("/api/whoami"));
            assert_eq!(answer.status, 401);
            scene.browser.ask(Request::get("/api/users")).ok();

            // Agreeing once is enough; leaving ends it.
            let logout = scene.browser.open("/").form_to("/main/logout");
            let gone = scene.browser.clone();
            scene.browser.submit(&logout).expect(200);
            for browser in [&mut scene.browser, &mut gone.clone()] {
                let page = browser.open("/alice").expect(200);
                assert!(!page.shows("Log out"), "{}", page.html());
            }
            let form = scene.browser.open("/main/remote?continueTo=/alice");
            let link = scene.set_out(&form);
            let back = scene.home.open(&link).at;
            let page = scene.browser.open(&back).expect(200);
            assert!(page.shows(&scene.handle()));
            // Logging in here ends the visit.
            scene.browser.log_in("alice", PASSWORD).expect(200);
            assert!(!scene.browser.open("/alice").shows(&scene.handle()));
        },
    );
}

/// pump-api.md §6.9, §6.10
#[test]
fn a_visitor_sees_pictures_of_other_servers_as_everybody_may() {
    network::inside(
        "visiting::a_visitor_sees_pictures_of_other_servers_as_everybody_may",
        || {
            let mut scene = Scene::new();
            let peer = Peer::start();
            let file = |status: u16| Said {
                status,
                headers: vec![("Content-Type".to_owned(), "image/png".to_owned())],
                body: pictures::png(4, 3),
            };
            peer.says("/x.png", file(200));
            peer.says("/closed.png", file(403));
            let at = |path: &str| format!("{}{path}", peer.base);
            let name = |what: &str| format!("tag:127.0.0.1,2026:{what}");
            let image = json!({
                "objectType": "image", "id": name("image"), "image": { "url": at("/x.png"), "width": 4, "height": 3 },
                "content": format!("<p><img src=\"{}\" alt=\"closed\"></p>", at("/closed.png")),
                "likes": { "url": at("/api/image/1/likes") },
                "author": { "objectType": "person", "id": name("zoe"), "displayName": "Zoe" },
            });
            let alice = scene.alice.clone();
            alice.post(crate::harness::activity("share", &image).to(public()));
            let item = alice.feed().major().items()[0]["object"].clone();
            let likes = item["likes"]["pump_io"]["proxyURL"].as_str();
            let likes = likes.expect("an address here").to_owned();
            let shown = |page: &Page| {
                let mut all = page.all("img", "src");
                all.retain(|src| src.starts_with("/api/proxy/"));
                all
            };
            assert!(shown(&scene.browser.open("/alice").expect(200)).is_empty());
            let page = scene.visit("/alice");
            let all = shown(&page);
            assert_eq!(all.len(), 2, "{}", page.html());
            scene.here.browser().ask(Request::get(&all[0])).expect(401);
            let answer = scene.browser.ask(Request::get(&all[0])).expect(200);
            assert_eq!(answer.body, pictures::png(4, 3));
            // What is for some, their own server shows them; so it is with documents.
            scene.browser.ask(Request::get(&all[1])).expect(502);
            scene.browser.ask(Request::get(&likes)).expect(403);
            scene.browser.ask(Request::get("/api/proxy/x")).expect(404);
            let asked = peer.heard("/closed.png");
            assert!(
                asked
                    .iter()
                    .all(|heard| !heard.headers.contains_key("authorization"))
            );
            let logout = scene.browser.open("/").form_to("/main/logout");
            scene.browser.submit(&logout).expect(200);
            scene.browser.ask(Request::get(&all[0])).expect(401);
        },
    );
}

#[test]
fn a_visitor_sees_what_is_addressed_to_them_and_nothing_else() {
    network::inside(
        "visiting::a_visitor_sees_what_is_addressed_to_them_and_nothing_else",
        || {
            let mut scene = Scene::new();
            let (alice, bob) = (scene.alice.clone(), scene.bob.clone());
            let for_bob = alice.post(note("Only for Bob").to(bob.reference()));
            alice.post(note("For my followers"));
            let picture = alice.upload("image/jpeg", &pictures::jpeg(40, 30));
            let shown = alice.post(crate::harness::activity("post", &picture).to(bob.reference()));
            let file = shown["object"]["image"]["url"].as_str().expect("a file");
            let one = for_bob["object"]["url"]
                .as_str()
                .expect("a page")
                .to_owned();
            scene.browser.ask(Request::get(&one)).expect(302);
            scene.browser.ask(Request::get(file)).expect(403);

            let page = scene.visit("/alice");
            assert!(page.shows("Only for Bob"), "{}", page.html());
            assert!(!page.shows("For my followers"), "{}", page.html());
            scene.browser.open(&one).expect(200);
            scene.browser.ask(Request::get(file)).expect(200);

            // A follower reads more, and hears no more once the owner has enough of them.
            let page = scene.browser.open("/alice");
            scene.browser.submit(&deed(&page, "follow")).expect(200);
            assert!(scene.browser.open("/alice").shows("For my followers"));
            scene.here.runs(&["block", "add", &scene.address()], "");
            let page = scene.browser.open("/alice").expect(200);
            assert!(!page.shows("Only for Bob") && !page.shows("Log out"));
        },
    );
}

#[test]
fn what_a_visitor_does_is_posted_at_home_and_seen_at_once() {
    network::inside(
        "visiting::what_a_visitor_does_is_posted_at_home_and_seen_at_once",
        || {
            let mut scene = Scene::new();
            let (alice, bob) = (scene.alice.clone(), scene.bob.clone());
            let id = bob.id();
            let posted = alice.post(note("Come all").to(public()));
            let page = scene.visit("/alice");

            let page = scene.browser.submit(&deed(&page, "follow")).expect(200);
            assert_eq!(page.at.split('#').next(), Some("/alice"));
            deed(&page, "unfollow");
            assert!(has(&alice.followers().items(), &id));
            assert!(has(&bob.following().items(), &alice.id()));

            let page = scene.browser.submit(&deed(&page, "like")).expect(200);
            assert!(page.shows("You like this"), "{}", page.html());
            let page = scene.browser.submit(&deed(&page, "share")).expect(200);
            assert!(page.shows("You have shared this"), "{}", page.html());

            let form = deed(&page, "comment");
            let empty = scene.browser.submit(&form.clone().fill("content", " "));
            assert!(empty.expect(400).shows("Write something first."));
            let typed = form.fill("content", "Bob & I come");
            let page = scene.browser.submit(&typed).expect(200);
            assert!(page.shows("Bob & I come"), "{}", page.html());
            // The button was tapped twice.
            scene.browser.submit(&typed).expect(200);
            // The comment can be liked, too; its form stands first.
            let page = scene.browser.submit(&deed(&page, "like")).expect(200);
            assert_eq!(page.at.split('#').next(), Some("/alice"));

            let note = alice.read(&posted["object"]).ok();
            assert_eq!(note["likes"]["items"][0]["id"], id.as_str());
            assert_eq!(note["shares"]["totalItems"], 1);
            assert_eq!(note["replies"]["totalItems"], 1);
            let reply = &note["replies"]["items"][0];
            assert_eq!(reply["likes"]["totalItems"], 1, "{reply}");
            assert_eq!(reply["author"]["id"], id.as_str());
            let reply_id = reply["id"].as_str().expect("an id").to_owned();
            assert!(reply_id.starts_with(&scene.there.site.base), "{reply_id}");
            let done: Vec<Value> = bob.feed().items();
            let verbs: Vec<&str> = done.iter().filter_map(|one| one["verb"].as_str()).collect();
            for verb in ["follow", "favorite", "share", "post"] {
                assert!(verbs.contains(&verb), "{verbs:?}");
            }
            // It is brought once more, as everything is, and stands there once.
            scene.there.give_to("bob");
            eventually(|| bob.get("/api/owner/deliveries").ok()["totalItems"] == 0);
            let inbox = alice.inbox().items();
            for (verb, count) in [("follow", 1), ("favorite", 2), ("share", 1)] {
                let of = inbox.iter().filter(|one| one["verb"] == verb);
                let of = of.filter(|one| one["actor"]["id"] == id.as_str());
                assert_eq!(of.count(), count, "{verb}");
            }
            assert_eq!(
                alice.read(&posted["object"]).ok()["replies"]["totalItems"],
                1
            );

            // All of it can be taken back.
            let mut page = scene.browser.open("/alice").expect(200);
            for name in ["unlike", "unlike", "unshare", "unfollow"] {
                page = scene.browser.submit(&deed(&page, name)).expect(200);
            }
            let note = alice.read(&posted["object"]).ok();
            assert_eq!(note["likes"]["totalItems"], 0);
            assert_eq!(note["shares"]["totalItems"], 0);
            assert_eq!(alice.followers().total(), 0);
        },
    );
}

#[test]
fn whom_home_does_not_let_act_here_is_told_so() {
    network::inside(
        "visiting::whom_home_does_not_let_act_here_is_told_so",
        || {
            let mut scene = Scene::new();
            scene.alice.post(note("Come all").to(public()));
            let page = scene.visit("/alice");
            let comment = deed(&page, "comment").fill("content", "Not lost");
            // Home is away: what was typed is not lost, and goes through when it is back.
            scene.there.kill();
            let page = scene.browser.submit(&comment).expect(502);
            assert!(page.shows("was not reached"), "{}", page.html());
            let again = deed(&page, "comment");
            assert_eq!(again.value("content"), "Not lost");
            scene.there.start_again();
            scene.browser.submit(&again).expect(200);
            // A restart here ends no visit.
            scene.here.restart();
            let page = scene.browser.open("/alice").expect(200);
            assert!(page.shows("Not lost") && page.shows(&scene.handle()));

            // The visitor takes the leave back at home.
            let apps = scene.home.open("/main/apps").expect(200);
            for revoke in apps.forms().iter().filter(|form| form.has("client")) {
                scene.home.submit(revoke).expect(200);
            }
            let page = scene.browser.submit(&deed(&page, "like")).expect(401);
            assert!(page.shows("Log in there once more"), "{}", page.html());
            let page = scene.browser.open("/alice").expect(200);
            assert!(!page.shows("Log out"), "{}", page.html());
        },
    );
}

/// Somebody who does not want to is led back, and is nobody.
#[test]
fn who_refuses_at_home_stays_a_stranger() {
    network::inside("visiting::who_refuses_at_home_stays_a_stranger", || {
        let mut scene = Scene::new();
        let form = scene.browser.open("/main/remote").expect(200);
        let link = scene.set_out(&form);
        let form = scene.home.open(&link).form("oauth-authentication");
        let form = form.fill("username", "bob").fill("password", PASSWORD);
        let consent = scene.home.submit(&form).expect(200);
        let page = scene
            .home
            .submit(&consent.form("authorize").press("cancel"));
        let page = scene.browser.open(&page.at).expect(403);
        assert!(page.shows("you did not agree"), "{}", page.html());
        page.form("remote");
        assert!(!scene.browser.open("/alice").shows(&scene.handle()));
        let forged = json!({ "verb": "follow", "object": scene.alice.reference() });
        let request = Request::post("/main/proxy").json(&forged);
        assert_eq!(scene.browser.ask(request).status, 403);
    });
}
