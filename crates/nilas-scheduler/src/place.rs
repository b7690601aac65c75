//! Who starts where.

use crate::{Action, Lane, Need, Running, State};

/// Cores that a job of this need gets on a lane.
pub(crate) fn cores_of(need: Need, lane: &Lane) -> u32 {
    match need {
        Need::Light => 0,
        // A wish for more than there is gets all there is: better slow than never.
        Need::Heavy { cores, .. } => cores.unwrap_or(lane.cores).clamp(1, lane.cores.max(1)),
    }
}

/// What is in use on a lane.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Load {
    pub(crate) cores: u32,
    pub(crate) memory_bytes: u64,
    pub(crate) light: u32,
}

impl Load {
    fn add(&mut self, need: Need, cores: u32) {
        match need {
            Need::Light => self.light += 1,
            Need::Heavy { memory_bytes, .. } => {
                self.cores += cores;
                self.memory_bytes = self.memory_bytes.saturating_add(memory_bytes);
            }
        }
    }

    fn has_room(&self, need: Need, lane: &Lane) -> bool {
        match need {
            Need::Light => self.light < lane.light,
            Need::Heavy { memory_bytes, .. } => {
                let fits_memory = self.memory_bytes.saturating_add(memory_bytes) <= lane.memory_bytes;
                // One that alone exceeds the lane may still try, alone.
                self.cores + cores_of(need, lane) <= lane.cores.max(1) && (fits_memory || self.cores == 0)
            }
        }
    }
}

impl State {
    pub(crate) fn load(&self, lane: &str) -> Load {
        let mut load = Load::default();
        for job in self.running.values().filter(|job| job.lane == lane) {
            load.add(job.need, job.cores);
        }
        load
    }

    /// Start what can start. A heavy job that finds no room holds back the heavy ones behind it on the same
    /// lane, so that it is never overtaken for ever.
    pub(crate) fn place(&mut self, now_ms: u64) -> Vec<Action> {
        let mut actions = Vec::new();
        let mut blocked: Vec<String> = Vec::new();
        let mut index = 0;
        while index < self.waiting.len() {
            let job = &self.waiting[index];
            let ready = job.after.is_empty() && job.not_before_ms <= now_ms;
            let lane = self.lanes.get(&job.lane).filter(|lane| lane.connected);
            let (Some(lane), true) = (lane, ready) else {
                index += 1;
                continue;
            };
            let heavy = job.need != Need::Light;
            let held_back = heavy && blocked.contains(&job.lane);
            if held_back || !self.load(&job.lane).has_room(job.need, lane) {
                if heavy && !held_back {
                    blocked.push(job.lane.clone());
                }
                index += 1;
                continue;
            }
            let cores = cores_of(job.need, lane);
            let job = self.waiting.remove(index);
            let attempt = job.attempt + 1;
            actions.push(Action::Start {
                key: job.key,
                lane: job.lane.clone(),
                attempt,
                cores: cores.max(1),
            });
            self.running.insert(
                job.key,
                Running {
                    order: job.order,
                    lane: job.lane,
                    need: job.need,
                    cores,
                    attempt,
                    retries: job.retries,
                    beat_ms: now_ms,
                    stopping: false,
                },
            );
        }
        actions
    }
}
