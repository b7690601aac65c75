//! Pure scheduling: (state, event, now) -> (state, actions).
