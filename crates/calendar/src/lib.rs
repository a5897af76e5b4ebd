//! Working days of several countries, clocks that pause, due dates; pure, with no clock of its own.
//!
//! A [`Clock`] says what runs: from when, how long, with which pauses. [`WorkingDays`] says which days count and where the
//! day ends. [`due`] puts the two together. All numbers are the caller's; the law of holidays is in `data/`, one file per
//! country, each naming the law it follows.
//!
//! ```
//! use calendar::{Clock, Length, WorkingDays, due};
//! let days = WorkingDays::of(["US"], chrono_tz::America::New_York);
//! let terminated = "2026-05-15T16:00:00Z".parse().expect("an instant");
//! let end = due(&Clock::new(terminated, Length::Days(30)), &days).expect("a clock that is not paused ends");
//! assert_eq!(days.last_day(end).to_string(), "2026-06-14");
//! ```

mod clock;
mod country;
mod days;
mod holiday;

pub use clock::{Clock, Length, Misuse, Pause, due};
pub use country::{Country, Unreadable};
pub use days::{NoWorkingDay, WorkingDays};
