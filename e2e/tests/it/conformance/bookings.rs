//! Bookings as the suite makes them: each of another person, in one of two slots that are near.

use super::appointment_slots::APPOINTMENT_SLOT;
use proto::contract::Method;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicUsize, Ordering};
use testkit::conformance::{Fixture, Step, Suite, Unprepared, plain};
use tokio::sync::OnceCell;

/// Everyone shows a document of the same number, given by another state each: ISO 3166-1, and the codes left to users.
const STATES: &str = "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ \
    CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO \
    FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE \
    JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO \
    MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW \
    PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM \
    TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW XA XB XC XD XE XF XG XH XI XJ \
    XK XL XM XN XO XP XQ XR XS XT XU XV XW XX XY XZ";
const DOCUMENT: &str = "P1234567";

#[derive(Default)]
pub(super) struct Bookings {
    /// The slot that is booked, and the one that bookings are moved to.
    slots: OnceCell<(Value, Value)>,
    /// How many persons there were.
    persons: AtomicUsize,
}

impl Fixture for Bookings {
    fn resource(&self) -> &'static str {
        "legation.consular.v1.Booking"
    }

    fn record<'s>(&'s self, suite: &'s Suite) -> Step<'s, Value> {
        Box::pin(async move {
            let two = async || {
                Ok::<_, Unprepared>((suite.make(APPOINTMENT_SLOT).await?, suite.make(APPOINTMENT_SLOT).await?))
            };
            let (slot, _) = self.slots.get_or_try_init(two).await?;
            let state = STATES.split(' ').nth(self.persons.fetch_add(1, Ordering::Relaxed)).unwrap_or_default();
            Ok(json!({
                "slot": slot["name"],
                "applicant": {
                    "familyName": "Example",
                    "birthDate": "1980-01-01",
                    "nationality": state,
                    "documentNumber": DOCUMENT,
                },
            }))
        })
    }

    fn ask(&self, method: &Method) -> Option<Value> {
        match method.name() {
            "RescheduleBooking" => Some(json!({ "slot": self.slots.get().map(|(_, other)| other["name"].clone()) })),
            "CheckInBooking" => Some(json!({ "documentNumber": DOCUMENT })),
            _ => plain(method),
        }
    }

    fn reached_by_time_alone(&self) -> &'static [&'static str] {
        // The waiting list is reached by a slot that is full.
        &["WAITING", "REMINDED", "NO_SHOW", "EXPIRED"]
    }
}
