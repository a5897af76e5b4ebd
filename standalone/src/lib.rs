//! The whole foreign service in one process, for a laptop.
