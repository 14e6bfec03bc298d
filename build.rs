//! Asks the linker for relocations in their short form (glibc 2.36, musl 1.2.4 and later): half a MiB of the program.

#[expect(
    clippy::disallowed_methods,
    reason = "cargo tells a build script its target so"
)]
fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if std::env::var("CARGO_CFG_TARGET_OS").is_ok_and(|system| system == "linux") {
        println!("cargo::rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    }
}
