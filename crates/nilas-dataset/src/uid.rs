//! New uids.

use rand::Rng;
use std::collections::HashSet;

/// `count` uids, uniformly random, distinct, none of them 0 and none of them in `taken`. The same generator state gives the
/// same uids.
pub fn fresh_uids(count: usize, taken: &[u64], rng: &mut impl Rng) -> Vec<u64> {
    let mut seen: HashSet<u64> = HashSet::with_capacity(taken.len() + count);
    seen.extend(taken);
    let mut out = Vec::with_capacity(count);
    while out.len() < count {
        let uid = rng.next_u64();
        if uid != 0 && seen.insert(uid) {
            out.push(uid);
        }
    }
    out
}
