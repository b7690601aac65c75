//! The embedded database: an index of project directories, accounts and tokens.
