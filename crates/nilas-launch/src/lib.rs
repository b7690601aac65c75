//! Starting jobs: submit, status, cancel.
