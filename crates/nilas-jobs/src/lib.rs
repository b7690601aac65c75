//! One folder per job type, the registry, and the contract tests over all of them.
