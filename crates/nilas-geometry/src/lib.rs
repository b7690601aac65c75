//! Rotations, Euler angles and axis-angle, point groups, grids on the sphere and on SO(3).
