//! The agent on a compute node: claim, run, heartbeat, devices.
