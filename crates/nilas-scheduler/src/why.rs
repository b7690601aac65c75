//! Why a job waits, in words.

use crate::{JobKey, Need, State};

impl State {
    /// Why a waiting job has not started; `None` if it doesn't wait. `about` describes another job by its state,
    /// for example `J3 (running)`.
    pub fn why(&self, key: JobKey, now_ms: u64, about: impl Fn(JobKey) -> String) -> Option<String> {
        let job = self.waiting.iter().find(|job| job.key == key)?;
        if !job.after.is_empty() {
            let inputs: Vec<String> = job.after.iter().map(|input| about(*input)).collect();
            return Some(format!("waits for its input from {}", inputs.join(", ")));
        }
        let Some(lane) = self.lanes.get(&job.lane) else {
            return Some(format!(
                "waits for lane {}, which is not known; is its worker running?",
                job.lane
            ));
        };
        if !lane.connected {
            return Some(format!(
                "waits for lane {}, which has not been heard of lately; is its worker running?",
                job.lane
            ));
        }
        if job.not_before_ms > now_ms {
            let seconds = (job.not_before_ms - now_ms).div_ceil(1000);
            return Some(format!("is tried again in {seconds} s"));
        }
        let load = self.load(&job.lane);
        let ahead = self.waiting.iter().take_while(|other| other.key != key);
        let ahead = ahead
            .filter(|other| other.lane == job.lane && other.after.is_empty())
            .count();
        let room = match job.need {
            Need::Light => format!(
                "all {} places for small jobs on lane {} are taken",
                lane.light, job.lane
            ),
            Need::Heavy { .. } => format!(
                "{} of {} cores of lane {} are in use",
                load.cores, lane.cores, job.lane
            ),
        };
        Some(match ahead {
            0 => format!("waits for room: {room}"),
            1 => format!("waits for room: {room}; 1 job is ahead"),
            n => format!("waits for room: {room}; {n} jobs are ahead"),
        })
    }
}
