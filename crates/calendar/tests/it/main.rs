//! Clocks and working days against published calendars, and against a count one day at a time.

mod clock;
mod holidays;
mod model;
