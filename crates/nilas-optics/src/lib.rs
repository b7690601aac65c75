//! The contrast transfer function, aberrations and dose weighting.
