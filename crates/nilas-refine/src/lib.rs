//! Alignment and reconstruction: ab-initio, homogeneous refinement, reconstruction from known poses.
