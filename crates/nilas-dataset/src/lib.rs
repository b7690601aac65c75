//! Typed columns keyed by a 64-bit uid, joins, slots and passthrough.
