//! Slows down guessing of passwords: after some failures a name has to wait, longer each time.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Failures without a wait.
const FREE: u32 = 5;
/// Longest wait.
const LONGEST: Duration = Duration::from_secs(300);
/// Names that are remembered; beyond it, those whose wait is over are forgotten.
const MOST: usize = 10_000;

/// Failed logins by name.
#[derive(Debug, Default)]
pub struct LoginLimit {
    names: Mutex<HashMap<String, (u32, Instant)>>,
}

impl LoginLimit {
    /// Whether the name may try now; else the seconds to wait.
    pub fn may_try(&self, name: &str) -> Result<(), u64> {
        self.may_try_at(name, Instant::now())
    }

    fn may_try_at(&self, name: &str, now: Instant) -> Result<(), u64> {
        let names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        let Some((failures, last)) = names.get(name) else {
            return Ok(());
        };
        let free_again = *last + wait(*failures);
        if now >= free_again {
            Ok(())
        } else {
            Err((free_again - now).as_secs() + 1)
        }
    }

    /// Remember a failure.
    pub fn failed(&self, name: &str) {
        let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        if names.len() >= MOST {
            names.retain(|_, (_, last)| now.duration_since(*last) < LONGEST);
        }
        let entry = names.entry(name.to_owned()).or_insert((0, now));
        *entry = (entry.0.saturating_add(1), now);
    }

    /// Forget the failures of a name.
    pub fn succeeded(&self, name: &str) {
        self.names
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(name);
    }
}

fn wait(failures: u32) -> Duration {
    if failures < FREE {
        return Duration::ZERO;
    }
    Duration::from_secs(1 << (failures - FREE + 2).min(9)).min(LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guessing_has_to_wait_and_success_forgets() {
        let limit = LoginLimit::default();
        for _ in 0..FREE - 1 {
            limit.failed("a");
            assert!(limit.may_try("a").is_ok());
        }
        limit.failed("a");
        let first = limit.may_try("a").expect_err("has to wait");
        limit.failed("a");
        assert!(limit.may_try("a").expect_err("has to wait") > first);
        assert!(limit.may_try("b").is_ok());
        assert!(limit.may_try_at("a", Instant::now() + LONGEST).is_ok());
        limit.succeeded("a");
        assert!(limit.may_try("a").is_ok());
    }
}
