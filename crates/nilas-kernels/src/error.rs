/// What a kernel refuses: always the caller's shapes or numbers, never the data's content.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum KernelError {
    /// A buffer does not have the length that its shape says.
    #[error("{what}: length {found}, expected {expected}")]
    Length {
        /// Which buffer.
        what: &'static str,
        /// Its length.
        found: usize,
        /// The length its shape asks for.
        expected: usize,
    },
    /// A box is odd, zero or too small for the operation.
    #[error("{what}: box size {found} must be even and at least {minimum}")]
    BoxSize {
        /// Which box.
        what: &'static str,
        /// The size that was given.
        found: usize,
        /// The smallest size that works.
        minimum: usize,
    },
    /// A radius lies outside of what the box or the stored volume holds.
    #[error("{what}: radius {found} is outside 1..={maximum}")]
    Radius {
        /// Which radius.
        what: &'static str,
        /// The radius that was given.
        found: usize,
        /// The largest radius that works.
        maximum: usize,
    },
    /// A list that must not be empty is empty.
    #[error("{0} must not be empty")]
    Empty(&'static str),
}

/// `Ok` when `found == expected`.
pub(crate) fn check_length(what: &'static str, found: usize, expected: usize) -> Result<(), KernelError> {
    if found == expected {
        Ok(())
    } else {
        Err(KernelError::Length {
            what,
            found,
            expected,
        })
    }
}

/// `Ok` for an even box of at least `minimum`.
pub(crate) fn check_box(what: &'static str, found: usize, minimum: usize) -> Result<(), KernelError> {
    if found >= minimum && found.is_multiple_of(2) {
        Ok(())
    } else {
        Err(KernelError::BoxSize { what, found, minimum })
    }
}
