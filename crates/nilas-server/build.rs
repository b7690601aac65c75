//! Rebuilds this crate when the built web app changes: the app's files have new names after each build, which
//! the compiler alone would not notice.

fn main() {
    let built = std::path::Path::new("../../web/dist");
    // A watched path that is missing would make every build start anew.
    let _ = std::fs::create_dir_all(built);
    if built.is_dir() {
        println!("cargo::rerun-if-changed={}", built.display());
    } else {
        println!("cargo::rerun-if-changed=build.rs");
    }
}
