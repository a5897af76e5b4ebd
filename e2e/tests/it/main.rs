//! The house as a whole: its rules, its stories, what it survives.

mod conformance;
mod house;
mod settings;
