//! Tables in the README that come from the code: a test compares, and writes them anew when asked to.

use std::sync::Mutex;
use std::{env, fs};

/// Two tests must not write the README at once.
static WRITING: Mutex<()> = Mutex::new(());

/// Fails unless the README holds `table` between `<!-- name -->` and `<!-- /name -->`. With
/// `PUMPHOUSE_TEST_UPDATE_README` set, writes it there instead.
pub(crate) fn holds(name: &str, table: &str) {
    let _writing = WRITING.lock().expect("no other test panics while writing");
    let (opening, closing) = (format!("<!-- {name} -->\n"), format!("<!-- /{name} -->"));
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");
    let readme = fs::read_to_string(path).expect("the README is there");
    let (before, rest) = readme
        .split_once(&opening)
        .expect("the README marks the table");
    let (shown, after) = rest
        .split_once(&closing)
        .expect("the README marks the end of the table");
    if shown == table {
        return;
    }
    if is_to_be_written() {
        let fresh = format!("{before}{opening}{table}{closing}{after}");
        fs::write(path, fresh).expect("the README can be written");
        return;
    }
    drop(_writing);
    panic!(
        "the table of {name} in README.md is old; run the tests with PUMPHOUSE_TEST_UPDATE_README=1"
    );
}

/// Whether what is old is to be written anew.
pub(crate) fn is_to_be_written() -> bool {
    env::var_os("PUMPHOUSE_TEST_UPDATE_README").is_some()
}
