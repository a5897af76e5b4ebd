//! The numbers of our practice, each with its source.

use calendar::Length;
use chrono::TimeDelta;

/// The reasonable period after functions end (VCDR art. 39.2, 39.3; VCCR art. 53.3), as the United States count it.
pub const GRACE: Length = Length::Days(30);
/// The same with its one extension, from the end of functions.
pub const GRACE_EXTENDED: Length = Length::Days(60);
/// How long after arrival a notification is still in time.
pub const NOTIFY_WITHIN: TimeDelta = TimeDelta::days(30);
/// The least age of a diplomatic agent, in years.
pub const DIPLOMAT_AGE: u32 = 21;
/// The age at which a child no longer counts as a member of the household, in years.
pub const CHILD_AGE: u32 = 21;
/// The same for a child in full-time education.
pub const STUDENT_AGE: u32 = 23;
/// The longest validity of an identity card.
pub const CARD_VALIDITY: TimeDelta = TimeDelta::days(4 * 365 + 1);
