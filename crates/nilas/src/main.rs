//! The `nilas` program: one file per subcommand, no logic.

fn main() {
    eprintln!("nilas {}", env!("CARGO_PKG_VERSION"));
}
