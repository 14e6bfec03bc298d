//! Compresses the files that browsers get (`assets/scripts`, `assets/styles`, drawings) and the tables of translations, and asks the linker
//! for relocations in their short form (glibc 2.36, musl 1.2.4 and later): together one MiB of the program.

use flate2::write::GzEncoder;
use flate2::{Compression, GzBuilder};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::{env, fs};

/// Folders and files of `assets/` that are compiled in compressed.
const COMPRESSED: [&str; 4] = ["languages", "scripts", "icon.svg", "icons.svg"];

/// The folder whose files together are the style sheet, in the order of their names.
const STYLES: &str = "styles";

#[expect(
    clippy::disallowed_methods,
    reason = "cargo tells a build script its target and its folders so"
)]
fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if env::var("CARGO_CFG_TARGET_OS").is_ok_and(|system| system == "linux") {
        println!("cargo::rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    }
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo names it"));
    for name in COMPRESSED {
        let path = Path::new("assets").join(name);
        println!("cargo::rerun-if-changed={}", path.display());
        if path.is_dir() {
            for file in files(&path) {
                write_compressed(&file, &read(&file), &out);
            }
        } else {
            write_compressed(&path, &read(&path), &out);
        }
    }
    let styles = Path::new("assets").join(STYLES);
    println!("cargo::rerun-if-changed={}", styles.display());
    let sheet: Vec<Vec<u8>> = files(&styles).iter().map(|file| read(file)).collect();
    write_compressed(Path::new("style.css"), &sheet.concat(), &out);
}

fn read(path: &Path) -> Vec<u8> {
    fs::read(path).expect("assets can be read")
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("assets can be read");
    let mut files: Vec<PathBuf> = entries
        .map(|entry| entry.expect("assets can be read").path())
        .collect();
    files.sort();
    files
}

/// Writes `NAME.gz`; the same content is always the same bytes.
fn write_compressed(path: &Path, bytes: &[u8], out: &Path) {
    let name = path.file_name().expect("a file has a name");
    let mut encoder: GzEncoder<Vec<u8>> = GzBuilder::new().write(Vec::new(), Compression::best());
    encoder.write_all(bytes).expect("memory takes it");
    let packed = encoder.finish().expect("memory takes it");
    let to = out.join(name).with_added_extension("gz");
    fs::write(to, packed).expect("the folder of the build can be written");
}
