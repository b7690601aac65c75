//! From errors to stated reasons.

use nilas_model::{Failure, FailureKind, Problem};
use std::fmt::Display;
use std::path::Path;

/// A failure that the user's input caused.
pub fn input(field: &str, message: impl Display, hint: impl Display) -> Failure {
    Failure {
        kind: FailureKind::Input,
        message: message.to_string(),
        hint: hint.to_string(),
        field: (!field.is_empty()).then(|| field.to_owned()),
    }
}

/// A defect of Nilas: something that should not be able to happen.
pub fn bug(message: impl Display) -> Failure {
    Failure {
        kind: FailureKind::Bug,
        message: message.to_string(),
        hint: "This is a defect of Nilas. Please report it with job.log and job.json of this job.".to_owned(),
        field: None,
    }
}

/// A person stopped the job.
pub fn cancelled() -> Failure {
    Failure {
        kind: FailureKind::Cancelled,
        message: "The job was stopped on request.".to_owned(),
        hint: "Queue it again to go on; a job that wrote a checkpoint resumes from it.".to_owned(),
        field: None,
    }
}

/// All problems of a plan as one failure.
pub fn from_problems(problems: Vec<Problem>) -> Failure {
    let field = problems.first().map(|p| p.field.clone()).unwrap_or_default();
    let hint = problems.first().map(|p| p.hint.clone()).unwrap_or_default();
    let message = problems
        .iter()
        .map(|p| format!("{}: {}", p.field, p.message))
        .collect::<Vec<_>>()
        .join("; ");
    input(&field, message, hint)
}

/// What an operating-system error on a file means for the user.
pub fn io(error: &std::io::Error, doing: &str, path: &Path) -> Failure {
    let (kind, hint) = match classify(error) {
        IoCause::DiskFull => (
            FailureKind::Resource,
            "The disk (or the quota) is full. Free some space there and queue the job again; earlier results are untouched.",
        ),
        IoCause::NoPermission => (
            FailureKind::Input,
            "Give the account that runs Nilas permission for this path, or choose another one.",
        ),
        IoCause::ReadOnly => (
            FailureKind::Resource,
            "This file system is mounted read-only. Remount it or move the project to a disk that can be written.",
        ),
        IoCause::NotFound => (
            FailureKind::Input,
            "Check that the file exists and that its disk is mounted on this machine.",
        ),
        IoCause::TooManyFiles => (
            FailureKind::Resource,
            "The limit of open files was reached: raise `ulimit -n` for the account that runs Nilas.",
        ),
        IoCause::OutOfMemory => (
            FailureKind::Resource,
            "Memory ran out. Close other programs or run the job on a machine with more memory.",
        ),
        IoCause::Hardware => (
            FailureKind::Host,
            "The disk or network file system reported an input/output error: see the kernel's log of this machine.",
        ),
        IoCause::Other => (FailureKind::Input, "Check the file and queue the job again."),
    };
    Failure {
        kind,
        message: format!("{doing} {}: {error}", path.display()),
        hint: hint.to_owned(),
        field: None,
    }
}

/// The shortage that made a library panic, where its words say so: threads or memory that the system refused.
pub fn shortage_behind(panic: &str) -> Option<Failure> {
    // The system's error numbers as the standard library writes them: EAGAIN and ENOMEM.
    let refused = ["code: 11,", "code: 12,", "os error 11", "os error 12"]
        .iter()
        .any(|words| panic.contains(words));
    refused.then(|| Failure {
        kind: FailureKind::Resource,
        message: format!("The system refused threads or memory: {panic}"),
        hint: "Free memory, or raise the limits of processes and memory (`ulimit -u`, `ulimit -v`) for the account that runs Nilas."
            .to_owned(),
        field: None,
    })
}

/// Causes that a user would act on differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IoCause {
    /// ENOSPC or EDQUOT.
    DiskFull,
    /// EACCES or EPERM.
    NoPermission,
    /// EROFS.
    ReadOnly,
    /// ENOENT.
    NotFound,
    /// EMFILE or ENFILE.
    TooManyFiles,
    /// ENOMEM.
    OutOfMemory,
    /// EIO, ESTALE.
    Hardware,
    /// Anything else.
    Other,
}

/// Sorts an operating-system error by what a user would do about it.
pub fn classify(error: &std::io::Error) -> IoCause {
    match error.raw_os_error() {
        Some(libc::ENOSPC | libc::EDQUOT) => IoCause::DiskFull,
        Some(libc::EACCES | libc::EPERM) => IoCause::NoPermission,
        Some(libc::EROFS) => IoCause::ReadOnly,
        Some(libc::ENOENT | libc::ENOTDIR) => IoCause::NotFound,
        Some(libc::EMFILE | libc::ENFILE) => IoCause::TooManyFiles,
        Some(libc::ENOMEM) => IoCause::OutOfMemory,
        Some(libc::EIO | libc::ESTALE) => IoCause::Hardware,
        _ => match error.kind() {
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => IoCause::DiskFull,
            std::io::ErrorKind::PermissionDenied => IoCause::NoPermission,
            std::io::ErrorKind::ReadOnlyFilesystem => IoCause::ReadOnly,
            std::io::ErrorKind::NotFound => IoCause::NotFound,
            std::io::ErrorKind::OutOfMemory => IoCause::OutOfMemory,
            _ => IoCause::Other,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_a_resource_and_names_the_file() {
        let error = std::io::Error::from_raw_os_error(libc::ENOSPC);
        let failure = io(&error, "writing", Path::new("/data/J3/x.mrc"));
        assert_eq!(failure.kind, FailureKind::Resource);
        assert!(failure.message.contains("/data/J3/x.mrc"), "{}", failure.message);
        assert!(failure.hint.contains("full"));
    }

    #[test]
    fn a_panic_for_lack_of_threads_is_a_shortage_and_others_are_not() {
        let error = std::io::Error::from_raw_os_error(libc::EAGAIN);
        for text in [
            format!("ThreadPoolBuildError {{ kind: IOError({error:?}) }}"),
            format!("no thread: {error}"),
        ] {
            let found = shortage_behind(&text).expect("a shortage");
            assert_eq!(found.kind, FailureKind::Resource, "{text}");
        }
        let other = std::io::Error::from_raw_os_error(libc::EIO);
        assert!(shortage_behind(&format!("{other:?}")).is_none());
        assert!(shortage_behind("index 12 is out of range").is_none());
    }

    #[test]
    fn causes_are_told_apart() {
        let cause = |code| classify(&std::io::Error::from_raw_os_error(code));
        assert_eq!(cause(libc::EROFS), IoCause::ReadOnly);
        assert_eq!(cause(libc::EACCES), IoCause::NoPermission);
        assert_eq!(cause(libc::ENOMEM), IoCause::OutOfMemory);
        assert_eq!(cause(libc::EIO), IoCause::Hardware);
    }
}
