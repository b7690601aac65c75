//! The compute device: FFT, projection, back-projection, correlation; reference, CPU and GPU versions.
