//! Typed HTTP client of the Nilas API.
