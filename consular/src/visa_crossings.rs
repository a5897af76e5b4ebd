//! Crossings of the border with a visa: within its validity, not more often than granted, each noted when it has happened.

use crate::travel::day;
use crate::visas::EXPIRY;
use chrono::NaiveDate;
use fault::{Fault, refuse_if};
use proto::consular::v1::visa::State;
use proto::consular::v1::{Reason, RecordEntryRequest, RecordExitAfterEndRequest, RecordExitRequest, Sojourn, Visa};
use registry::Call;

/// Within the validity, not more often than granted, and not while the holder is there.
pub(crate) fn enter(visa: &mut Visa, request: RecordEntryRequest, call: &mut Call) -> Result<(), Fault> {
    let date = crossing(&request.date, call)?;
    let implausible = |words: &str| Err(Fault::new(Reason::CrossingImplausible, words));
    if date < day(&visa.valid_from)? || date > day(&visa.valid_until)? {
        return implausible("the visa is not valid on that day");
    }
    if let Some(last) = visa.sojourns.last() {
        if last.exit_date.is_empty() {
            return implausible("the holder is there already");
        }
        if date < day(&last.exit_date)? {
            return implausible("the holder left later than that day");
        }
    }
    let used = i32::try_from(visa.sojourns.len()).unwrap_or(i32::MAX);
    if visa.entries != 0 && used >= visa.entries {
        return implausible("every entry is used");
    }
    visa.sojourns.push(Sojourn { entry_date: request.date, exit_date: String::new() });
    Ok(())
}

pub(crate) fn leave(visa: &mut Visa, request: RecordExitRequest, call: &mut Call) -> Result<(), Fault> {
    is_gone(visa, request.date, call)?;
    let used = i32::try_from(visa.sojourns.len()).unwrap_or(i32::MAX);
    let spent = visa.entries != 0 && used >= visa.entries;
    visa.set_state(if spent { State::Used } else { State::Valid });
    if spent {
        call.timers().clear(EXPIRY);
    }
    Ok(())
}

/// Whoever overstays, or whose visa is ended in the meantime, leaves some day all the same; without it the stay would
/// go on for ever, and every later visa would be judged by it.
pub(crate) fn leave_late(visa: &mut Visa, request: RecordExitAfterEndRequest, call: &mut Call) -> Result<(), Fault> {
    is_gone(visa, request.date, call)
}

/// The stay that lasts is over.
fn is_gone(visa: &mut Visa, exit: String, call: &Call) -> Result<(), Fault> {
    let date = crossing(&exit, call)?;
    let implausible = |words: &str| Err(Fault::new(Reason::CrossingImplausible, words));
    let Some(last) = visa.sojourns.last_mut().filter(|last| last.exit_date.is_empty()) else {
        return implausible("the holder is not there");
    };
    if date < day(&last.entry_date)? {
        return implausible("the holder entered later than that day");
    }
    last.exit_date = exit;
    Ok(())
}

/// A crossing is noted when it has happened.
fn crossing(date: &str, call: &Call) -> Result<NaiveDate, Fault> {
    let date = day(date)?;
    refuse_if(date > call.days().date(call.now()), Reason::CrossingImplausible, "the day lies in the future")?;
    Ok(date)
}
