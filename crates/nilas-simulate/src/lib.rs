//! Particles with known truth from an atomic model or a map; its own projector.
