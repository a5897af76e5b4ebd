//! The house as a whole: its rules, its stories, what it survives.

mod house;
mod settings;
