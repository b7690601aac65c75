//! Repository chores: `cargo xtask <chore>`.

fn main() {
    eprintln!("xtask: no chore named");
}
