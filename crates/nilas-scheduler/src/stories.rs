//! Stories and properties of the scheduler.

use super::*;
use proptest::prelude::*;

fn key(n: u64) -> JobKey {
    JobKey {
        project: ProjectId(1),
        job: JobId(n),
    }
}

fn lane(cores: u32) -> Lane {
    Lane {
        cores,
        memory_bytes: 1 << 30,
        light: 2,
        seen_ms: None,
        connected: true,
    }
}

fn up(name: &str, cores: u32) -> Event {
    Event::LaneUp {
        name: name.to_owned(),
        lane: lane(cores),
    }
}

fn submit(n: u64, cores: Option<u32>, after: &[u64]) -> Event {
    let after = after.iter().map(|n| key(*n)).collect();
    let need = Need::Heavy {
        cores,
        memory_bytes: 0,
    };
    Event::Submit {
        key: key(n),
        lane: "local".to_owned(),
        need,
        after,
        attempt: 0,
    }
}

fn ended(n: u64, attempt: u32, outcome: Outcome) -> Event {
    Event::Ended {
        key: key(n),
        attempt,
        outcome,
    }
}

fn start(n: u64, attempt: u32, cores: u32) -> Action {
    Action::Start {
        key: key(n),
        lane: "local".to_owned(),
        attempt,
        cores,
    }
}

const DONE: Outcome = Outcome::Completed;

#[test]
fn a_chain_runs_in_order_and_says_what_it_waits_for() {
    let mut state = State::default();
    assert!(state.step(up("local", 4), 0).is_empty());
    assert_eq!(state.step(submit(1, None, &[]), 0), [start(1, 1, 4)]);
    assert!(state.step(submit(2, None, &[1]), 0).is_empty());
    let why = state.why(key(2), 0, |k| format!("{} (running)", k.job));
    assert_eq!(why.as_deref(), Some("waits for its input from J1 (running)"));
    let actions = state.step(ended(1, 1, DONE), 1);
    assert_eq!(
        actions,
        [
            Action::Finish {
                key: key(1),
                outcome: Some(DONE),
                lost: false
            },
            start(2, 1, 4)
        ]
    );
}

#[test]
fn failures_are_tried_again_by_their_kind() {
    let finish = |n, kind| Action::Finish {
        key: key(n),
        outcome: Some(Outcome::Failed(kind)),
        lost: false,
    };
    let retry = |kind| Action::Retry {
        key: key(1),
        kind,
        lost: false,
    };
    for kind in [FailureKind::Input, FailureKind::Bug, FailureKind::Cancelled] {
        let mut state = State::default();
        state.step(up("local", 4), 0);
        state.step(submit(1, None, &[]), 0);
        assert_eq!(
            state.step(ended(1, 1, Outcome::Failed(kind)), 0),
            [finish(1, kind)]
        );
    }
    let mut state = State::default();
    state.step(up("local", 4), 0);
    state.step(submit(1, None, &[]), 0);
    let short = Outcome::Failed(FailureKind::Resource);
    assert_eq!(
        state.step(ended(1, 1, short), 0),
        [retry(FailureKind::Resource), start(1, 2, 4)]
    );
    assert!(
        state.step(ended(1, 1, short), 0).is_empty(),
        "the report of an old try changes nothing"
    );
    assert_eq!(
        state.step(ended(1, 2, short), 0),
        [finish(1, FailureKind::Resource)]
    );

    let mut state = State::default();
    let mut now = 0;
    state.step(up("local", 4), now);
    state.step(submit(1, None, &[]), now);
    let sick = Outcome::Failed(FailureKind::Host);
    for attempt in 1..=HOST_RETRIES {
        assert_eq!(
            state.step(ended(1, attempt, sick), now),
            [retry(FailureKind::Host)]
        );
        assert!(
            state
                .why(key(1), now, |_| String::new())
                .is_some_and(|why| why.contains("again in"))
        );
        now += RETRY_WAIT_MS << HOST_RETRIES;
        assert_eq!(state.step(Event::Tick, now), [start(1, attempt + 1, 4)]);
    }
    assert_eq!(
        state.step(ended(1, HOST_RETRIES + 1, sick), now),
        [finish(1, FailureKind::Host)]
    );
}

#[test]
fn a_killed_job_ends_and_is_not_tried_again() {
    let mut state = State::default();
    state.step(up("local", 1), 0);
    state.step(submit(1, None, &[]), 0);
    state.step(submit(2, None, &[]), 0);
    let gone = |n| Action::Finish {
        key: key(n),
        outcome: None,
        lost: false,
    };
    assert_eq!(state.step(Event::Kill { key: key(2) }, 0), [gone(2)]);
    assert_eq!(
        state.step(Event::Kill { key: key(1) }, 0),
        [Action::Stop { key: key(1) }]
    );
    assert_eq!(
        state.step(ended(1, 1, Outcome::Failed(FailureKind::Host)), 0),
        [gone(1)]
    );
    assert!(state.step(Event::Kill { key: key(7) }, 0).is_empty());
}

#[test]
fn a_silent_worker_loses_its_jobs_only_when_they_are_silent_too() {
    let mut state = State::default();
    let far = Lane {
        seen_ms: Some(0),
        ..lane(4)
    };
    state.step(
        Event::LaneUp {
            name: "local".to_owned(),
            lane: far,
        },
        0,
    );
    state.step(submit(1, None, &[]), 0);
    state.step(submit(2, None, &[]), 0);
    assert!(state.step(Event::Tick, LANE_SILENT_MS + 1).is_empty());
    assert!(
        state
            .why(key(2), 1, |_| String::new())
            .is_some_and(|why| why.contains("not been heard of"))
    );
    state.step(Event::Beat { key: key(1) }, JOB_LOST_MS);
    assert!(
        state.step(Event::Tick, JOB_LOST_MS + 2).is_empty(),
        "the job itself is alive"
    );
    let actions = state.step(Event::Tick, 2 * JOB_LOST_MS + 1);
    assert_eq!(
        actions,
        [Action::Retry {
            key: key(1),
            kind: FailureKind::Host,
            lost: true
        }]
    );
    let back = state.step(
        Event::LaneSeen {
            name: "local".to_owned(),
        },
        3 * JOB_LOST_MS,
    );
    assert_eq!(
        back,
        [start(1, 2, 4)],
        "it keeps its place before the one that was queued later"
    );
}

#[test]
fn an_adopted_job_keeps_its_room_when_its_lane_comes_back() {
    let mut state = State::default();
    let need = Need::Heavy {
        cores: None,
        memory_bytes: 0,
    };
    let adopt = Event::Adopt {
        key: key(1),
        lane: "local".to_owned(),
        need,
        attempt: 3,
    };
    assert!(state.step(adopt, 0).is_empty());
    assert!(state.step(submit(2, None, &[]), 0).is_empty());
    assert!(
        state.step(up("local", 4), 0).is_empty(),
        "all cores are taken by the adopted job"
    );
    assert!(state.step(ended(1, 3, DONE), 0).contains(&start(2, 1, 4)));
}

#[test]
fn small_jobs_run_beside_a_large_one_and_a_wide_job_is_not_overtaken_for_ever() {
    let mut state = State::default();
    state.step(up("local", 4), 0);
    state.step(submit(1, Some(2), &[]), 0);
    assert!(state.step(submit(2, Some(4), &[]), 0).is_empty());
    assert!(
        state.step(submit(3, Some(1), &[]), 0).is_empty(),
        "the wide job is first"
    );
    let light = Event::Submit {
        key: key(4),
        lane: "local".to_owned(),
        need: Need::Light,
        after: BTreeSet::new(),
        attempt: 0,
    };
    assert_eq!(state.step(light, 0), [start(4, 1, 1)]);
    assert!(state.step(ended(1, 1, DONE), 0).contains(&start(2, 1, 4)));
}

#[derive(Debug, Clone)]
enum Step {
    Submit {
        n: u64,
        cores: Option<u32>,
        memory: u64,
        light: bool,
        after: Vec<u64>,
    },
    End {
        n: u64,
        outcome: Outcome,
    },
    StaleEnd {
        n: u64,
    },
    Kill {
        n: u64,
    },
    Pass {
        ms: u64,
    },
    Seen,
}

fn outcome() -> impl Strategy<Value = Outcome> {
    prop_oneof![
        3 => Just(Outcome::Completed),
        1 => Just(Outcome::Failed(FailureKind::Host)),
        1 => Just(Outcome::Failed(FailureKind::Resource)),
        1 => Just(Outcome::Failed(FailureKind::Input)),
        1 => Just(Outcome::Failed(FailureKind::Bug)),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let n = 1..12u64;
    prop_oneof![
        4 => (n.clone(), prop::option::of(1..6u32), 0..(1u64 << 29), any::<bool>(), prop::collection::vec(1..12u64, 0..3))
            .prop_map(|(n, cores, memory, light, after)| {
                // Inputs come from earlier jobs: the server refuses circles.
                let after = after.into_iter().filter(|input| *input < n).collect();
                Step::Submit { n, cores, memory, light, after }
            }),
        4 => (n.clone(), outcome()).prop_map(|(n, outcome)| Step::End { n, outcome }),
        1 => n.clone().prop_map(|n| Step::StaleEnd { n }),
        1 => n.prop_map(|n| Step::Kill { n }),
        2 => (0..40_000u64).prop_map(|ms| Step::Pass { ms }),
        1 => Just(Step::Seen),
    ]
}

/// Follows the actions as the master would, holding them to the rules.
#[derive(Default)]
struct Witness {
    live: BTreeMap<JobKey, u32>,
    last_attempt: BTreeMap<JobKey, u32>,
    open: BTreeSet<JobKey>,
    complete: BTreeSet<JobKey>,
}

impl Witness {
    fn follow(&mut self, actions: &[Action]) {
        for action in actions {
            match action {
                Action::Start { key, attempt, .. } => {
                    assert!(self.open.contains(key), "{key:?} was not asked for");
                    assert!(self.live.insert(*key, *attempt).is_none(), "{key:?} runs twice");
                    let last = self.last_attempt.insert(*key, *attempt).unwrap_or(0);
                    assert!(*attempt > last, "{key:?} repeats try {attempt}");
                }
                Action::Stop { key } => assert!(self.live.contains_key(key)),
                Action::Retry { key, .. } => assert!(self.live.remove(key).is_some()),
                Action::Finish { key, outcome, .. } => {
                    self.live.remove(key);
                    assert!(self.open.remove(key), "{key:?} finished twice");
                    if *outcome == Some(Outcome::Completed) {
                        self.complete.insert(*key);
                    }
                }
            }
        }
    }

    fn check(&self, state: &State) {
        for key in &self.open {
            assert!(
                state.is_waiting(*key) != state.is_running(*key),
                "{key:?} is lost or doubled"
            );
        }
        assert_eq!(self.open.len(), state.waiting.len() + state.running.len());
        assert_eq!(self.live.len(), state.running.len());
        for (name, lane) in &state.lanes {
            let load = state.load(name);
            assert!(
                load.cores <= lane.cores && load.light <= lane.light,
                "{name} is overfull"
            );
            let heavy = state
                .running
                .values()
                .filter(|job| job.lane == *name && job.need != Need::Light)
                .count();
            assert!(
                load.memory_bytes <= lane.memory_bytes || heavy <= 1,
                "{name} has too little memory"
            );
        }
        for job in &state.waiting {
            assert!(state.why(job.key, 0, |_| String::new()).is_some());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn no_job_is_lost_doubled_or_squeezed_in(steps in prop::collection::vec(step(), 1..120), remote in any::<bool>()) {
        let mut state = State::default();
        let mut seen = Witness::default();
        let mut now = 0;
        let seen_ms = remote.then_some(0);
        state.step(Event::LaneUp { name: "local".to_owned(), lane: Lane { seen_ms, ..lane(4) } }, now);
        for step in steps {
            let event = match step {
                Step::Submit { n, cores, memory, light, after } => {
                    if !seen.open.contains(&key(n)) {
                        seen.open.insert(key(n));
                        seen.complete.remove(&key(n));
                    }
                    let after = after.iter().map(|n| key(*n)).filter(|k| !seen.complete.contains(k)).collect();
                    let need = if light { Need::Light } else { Need::Heavy { cores, memory_bytes: memory } };
                    let attempt = seen.last_attempt.get(&key(n)).copied().unwrap_or(0);
                    Event::Submit { key: key(n), lane: "local".to_owned(), need, after, attempt }
                }
                Step::End { n, outcome } => match seen.live.get(&key(n)) {
                    Some(attempt) => ended(n, *attempt, outcome),
                    None => Event::Tick,
                },
                Step::StaleEnd { n } => match seen.live.get(&key(n)) {
                    Some(attempt) => ended(n, attempt - 1, DONE),
                    None => ended(n, 1, DONE),
                },
                Step::Kill { n } => Event::Kill { key: key(n) },
                Step::Pass { ms } => { now += ms; Event::Tick }
                Step::Seen => Event::LaneSeen { name: "local".to_owned() },
            };
            let actions = state.step(event, now);
            seen.follow(&actions);
            seen.check(&state);
        }
        // With a lane that answers and jobs that succeed, everything whose inputs get done comes to its end.
        for _ in 0..200 {
            now += 20_000;
            let heard = state.step(Event::LaneSeen { name: "local".to_owned() }, now);
            seen.follow(&heard);
            for (key, attempt) in seen.live.clone() {
                let actions = state.step(Event::Ended { key, attempt, outcome: DONE }, now);
                seen.follow(&actions);
            }
            seen.check(&state);
        }
        for job in &state.waiting {
            prop_assert!(job.after.iter().any(|input| !seen.complete.contains(input)), "{:?} never ran", job.key);
        }
    }
}
