//! The browser of the stories itself: on a page made for it, it does what hands do, sees what is there, and notices what is wrong.

use crate::harness::chromium::{Rules, Screen};
use crate::harness::http::encode;
use crate::harness::{Chromium, Pump, note, pictures, public};
use std::fs;

/// A page that writes down what happens to it.
const PAGE: &str = r#"<!DOCTYPE html><html lang="en"><head><title>A page</title>
<meta name="viewport" content="width=device-width"><style>
button, input, select, summary { min-height: 44px; min-width: 44px } #drop, #strip { width: 200px; height: 100px; touch-action: none }
@media (prefers-color-scheme: dark) { .dark { display: none } } @media (prefers-reduced-motion) { .motion { display: none } }
</style></head><body><main><h1>Page</h1>
<p class="dark">a light page</p><p class="motion">things move</p>
<label>Name <input id="name" value="old"></label>
<label>Colour <select><option>red</option><option>blue as the sea</option></select></label>
<label>Files <input type="file" multiple></label>
<section><h2>First</h2><button>Like</button></section><section><h2>Second</h2><button>Like</button></section>
<div id="drop" draggable="true" tabindex="0">Drop here</div><div id="strip">Swipe here</div>
<ul id="log"></ul></main><script>
const say = text => log.insertAdjacentHTML('beforeend', '<li>' + text + '</li>');
addEventListener('click', event => event.target.localName === 'button' && say('liked ' + event.target.parentElement.innerText.split('\n')[0]));
addEventListener('change', event => say('chose ' + (event.target.files ? event.target.files.length + ' files' : event.target.value)));
addEventListener('keydown', event => say('key ' + (event.shiftKey ? 'Shift ' : '') + event.key));
addEventListener('paste', event => say('pasted ' + event.clipboardData.files[0].type));
addEventListener('dragover', event => event.preventDefault());
addEventListener('drop', event => { event.preventDefault(); say('dropped ' + event.dataTransfer.files.length + ' on ' + event.target.id); });
strip.addEventListener('touchend', event => say('swiped to ' + Math.round(event.changedTouches[0].clientX - strip.getBoundingClientRect().left)));
</script></body></html>"#;

fn page(html: &str) -> String {
    format!("data:text/html;charset=utf-8,{}", encode(html))
}

#[test]
fn hands_do_what_hands_do() {
    let pump = Pump::start();
    let chromium = Chromium::take();
    let mut window = chromium.window(&pump);
    let file = pump.directory().join("photo.jpg");
    fs::write(&file, pictures::jpeg(8, 8)).expect("a file");
    window.open(&page(PAGE));
    window.fill("Name", "new").sees("Name").types("er");
    assert_eq!(window.script("document.all.name.value"), "newer");
    assert_eq!(window.focused(), ("textbox".into(), "Name".into()));
    window.press("Shift+Tab").sees("key Shift Tab");
    window
        .choose("Colour", "blue")
        .sees("chose blue as the sea");
    window
        .attach("Files", &[&file, &file])
        .sees("chose 2 files");
    window
        .click_near("Second", "Like")
        .sees("liked Second")
        .sees_no("liked First");
    window
        .drop_files("#drop", &[&file])
        .sees("dropped 1 on drop");
    window.drag("#drop", "#strip").sees("dropped 0 on strip");
    window
        .paste("a.png", "image/png", &pictures::png(4, 4))
        .sees("pasted image/png");
    assert_eq!(window.count("button", "Like"), 2);
    let heading = ("heading".to_owned(), "Second".to_owned());
    assert!(window.outline().contains(&heading));

    window
        .on_a_phone()
        .click_near("First", "Like")
        .sees("liked First");
    window.swipe("#strip", -60, 0).sees("swiped to 40");
    window
        .sees("a light page")
        .dark(true)
        .sees_no("a light page");
    window
        .sees("things move")
        .still(true)
        .sees_no("things move");
    window
        .scripts(false)
        .open(&page(PAGE))
        .click_near("First", "Like");
    window.sees_no("liked First");
}

#[test]
fn what_is_wrong_is_noticed() {
    let pump = Pump::start();
    let chromium = Chromium::take();
    let mut window = chromium.window(&pump);
    let poor = "<p style='color:#ccc'>pale</p><img src='data:,'><a href='/' style='display:block;width:20px'>x</a><div style='width:900px'>wide</div>";
    window.open(&page(poor)).on(Screen::NARROW);
    let found = window.axe(Rules::All).join("\n");
    for rule in ["color-contrast", "html-has-lang", "image-alt"] {
        assert!(found.contains(rule), "{found}");
    }
    let colours = window.axe(Rules::Colours);
    assert!(
        colours
            .iter()
            .all(|found| found.starts_with("color-contrast"))
    );
    assert_eq!(window.small_targets().len(), 1);
    assert!(window.overhanging().len() > 1);
    window.on(Screen::DESK);
    assert_eq!(window.overhanging().len(), 0);
    window.complaints();

    let wrong = "<script>console.error('one'); fetch('http://nobody.test/'); setTimeout(() => { throw Error('two') }, 0)</script>";
    window.open(&page(wrong));
    let mut complaints = String::new();
    window.until(
        |window| {
            complaints += &window.complaints().join("\n");
            ["one", "two", "nobody.test"]
                .iter()
                .all(|word| complaints.contains(word))
        },
        "not everything was noticed",
    );
    window
        .open("/main/login")
        .script("document.body.setAttribute('style', 'color: red'); 0");
    let complaints = window.complaints().join("\n");
    assert!(
        complaints.contains("Content Security Policy"),
        "{complaints}"
    );
    window.open("/main/nothing-is-here");
    assert_eq!(window.status(), 404);
}

#[test]
fn the_road_can_be_cut_and_mended() {
    let pump = Pump::start();
    let evan = pump.register("evan");
    evan.post(note("hello").to(public()));
    let chromium = Chromium::take();
    let mut window = chromium.window_of(&pump, "evan");
    window
        .open("/evan")
        .sees("hello")
        .click("0 liked")
        .is_at("/evan/favorites");
    window.back().is_at("/evan").reload().sees("hello");
    window.road.cut();
    window.open("/");
    assert!(!window.complaints().is_empty());
    window.road.mend();
    window.offline(true).open("/");
    assert!(!window.complaints().is_empty());
    window.offline(false).open("/").sees("hello");
    // As large as a form may be: the server takes all of it before it answers.
    let large = "fetch('/main/login', { method: 'POST', body: new Blob(['a'.repeat(9e5)], { type: 'application/x-www-form-urlencoded' }) }).then(() => 1)";
    window.road.cut_after(100_000);
    assert!(window.evaluate(large).is_err());
    assert!(window.road.is_cut());
    assert!(!window.complaints().is_empty());
}

#[test]
fn a_page_has_a_price() {
    let pump = Pump::start();
    let chromium = Chromium::take();
    let mut window = chromium.window(&pump);
    window.on_a_phone().slow().open("/main/login");
    let figures = window.figures();
    assert!(figures.bytes > 1000, "{figures:?}");
    // Twice 150 ms at least, for the page and its style.
    assert!(figures.first_paint_ms > 300.0, "{figures:?}");
    assert!(
        figures.largest_paint_ms >= figures.first_paint_ms,
        "{figures:?}"
    );
    assert!(figures.loaded_ms > 300.0, "{figures:?}");
    window.picture_to(&pump.directory().join("login.png"));
}

#[test]
fn two_servers_are_on_one_road() {
    let (here, there) = (Pump::start(), Pump::named("there.test", &[]));
    there.register("bob");
    let chromium = Chromium::take();
    let mut window = chromium.window(&here);
    window
        .also_reaches(&there)
        .open("/main/login")
        .open("http://there.test/bob");
    assert_eq!(window.status(), 200);
}
