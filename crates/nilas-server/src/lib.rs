//! The master: router, routes, auth, live events, static files.
