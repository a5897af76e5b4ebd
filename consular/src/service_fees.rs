//! Whether a receipt pays for a document or an act: issued for this record, with a line of its service, of which enough
//! is left; or for no fee, for a reason that fits. Pure.

use crate::receipts::pays;
use crate::shipped::{Shipped, in_words};
use fault::{Fault, refuse_if};
use proto::consular::v1::passport_application::Type;
use proto::consular::v1::receipt::NoFee;
use proto::consular::v1::{Reason, Receipt, ReceiptLine};
use serde::Deserialize;

/// The shipped services.
pub(crate) static SERVICES: Shipped<Services> =
    Shipped::new("service_fees.toml", || Services::read(include_str!("../data/service_fees.toml")));

/// How each kind of document is paid for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Services {
    passport: Service,
    child_passport: Service,
    official_passport: Service,
    pub(crate) emergency_document: Service,
    pub(crate) visa: Service,
    pub(crate) apostille: Service,
    pub(crate) legalisation: Service,
    pub(crate) notarial_act: Service,
}

/// A service.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Service {
    /// Its code in the schedule; empty for visas, whose code follows from the application.
    #[serde(default)]
    pub(crate) code: String,
    waivers: Vec<String>,
    source: String,
}

impl Services {
    /// The shipped ones.
    pub(crate) fn shipped() -> &'static Self {
        SERVICES.get()
    }

    /// Reads them.
    fn read(text: &str) -> Result<Self, String> {
        let services: Self = in_words(toml::from_str(text))?;
        let coded = [
            &services.passport,
            &services.child_passport,
            &services.official_passport,
            &services.emergency_document,
            &services.apostille,
            &services.legalisation,
            &services.notarial_act,
        ];
        if coded.iter().any(|service| service.code.is_empty()) {
            return Err("a service has no code".to_owned());
        }
        for service in coded.into_iter().chain([&services.visa]) {
            if service.source.is_empty() {
                return Err(format!("{:?} has no source", service.code));
            }
            let unknown = service.waivers.iter().find(|name| NoFee::from_str_name(name).is_none());
            if let Some(name) = unknown {
                return Err(format!("{name} is no reason to charge nothing"));
            }
        }
        Ok(services)
    }

    /// That of a passport of this kind.
    pub(crate) fn of_passport(&self, kind: Type, child: bool) -> &Service {
        match kind {
            Type::Diplomatic | Type::Service => &self.official_passport,
            _ if child => &self.child_passport,
            _ => &self.passport,
        }
    }
}

/// What is to be paid for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bill<'b> {
    /// The record that is paid for.
    pub(crate) subject: &'b str,
    /// The post it is at.
    pub(crate) post: &'b str,
    /// The service.
    pub(crate) service: &'b Service,
    /// The service's code in the schedule.
    pub(crate) code: &'b str,
    /// The row of the schedule that the fee is read from; any row of the code if empty.
    pub(crate) row: &'b str,
}

impl Bill<'_> {
    /// That the receipt pays it.
    ///
    /// # Errors
    /// `RECEIPT_UNFIT` if it is for another record or post, or was refunded; `FEE_NOT_COVERED` if it is for another service,
    /// or too little of it is left; `WAIVER_UNFIT` if nothing was charged, for a reason that does not fit.
    pub(crate) fn paid_by(&self, receipt: Option<&Receipt>) -> Result<(), Fault> {
        pays(receipt, self.subject)?;
        self.covered_by(&receipt.cloned().unwrap_or_default())
    }

    /// The same, whatever record the receipt names.
    ///
    /// # Errors
    /// `RECEIPT_UNFIT` if it is for another post; `FEE_NOT_COVERED`, `WAIVER_UNFIT` as for the rest.
    pub(crate) fn covered_by(&self, receipt: &Receipt) -> Result<(), Fault> {
        refuse_if(receipt.post != self.post, Reason::ReceiptUnfit, "the receipt is of another post")?;
        let short = |words: &str| {
            let fault = Fault::new(Reason::FeeNotCovered, words).with("code", self.code.to_owned());
            fault.with("feeSchedule", self.row.to_owned())
        };
        let fits =
            |line: &&ReceiptLine| line.code == self.code && (self.row.is_empty() || line.fee_schedule == self.row);
        let Some(line) = receipt.lines.iter().find(fits) else {
            return Err(short("the receipt is of another service"));
        };
        if receipt.no_fee() != NoFee::Unspecified {
            let fits = self.service.waivers.iter().any(|name| name == receipt.no_fee().as_str_name());
            return refuse_if(!fits, Reason::WaiverUnfit, "the reason to charge nothing does not fit the service")
                .map_err(|fault| fault.with("waivers", self.service.waivers.join(", ")));
        }
        let left = receipt.total.as_ref().map_or(0, |total| total.minor_units) - receipt.refunded_minor_units;
        if left < line.minor_units {
            return Err(short("too much of the receipt was given back"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proto::consular::v1::Fee;
    use proto::consular::v1::receipt::State;

    const SUBJECT: &str = "passportApplications/one";

    /// A receipt over 130 dollars for a passport and 60 for haste.
    fn receipt() -> Receipt {
        let line = |code: &str, minor_units| ReceiptLine {
            code: code.into(),
            minor_units,
            fee_schedule: format!("feeSchedules/{code}"),
            ..ReceiptLine::default()
        };
        Receipt {
            subject: SUBJECT.into(),
            post: "posts/example".into(),
            lines: vec![line("HASTE", 6_000), line("PASSPORT_ADULT", 13_000)],
            total: Some(Fee { currency: "USD".into(), minor_units: 19_000 }),
            state: State::Issued.into(),
            ..Receipt::default()
        }
    }

    fn judged(kind: Type, row: &str, receipt: Option<Receipt>) -> String {
        let service = Services::shipped().of_passport(kind, false);
        let bill = Bill { subject: SUBJECT, post: "posts/example", service, code: &service.code, row };
        bill.paid_by(receipt.as_ref()).map_or_else(|fault| fault.reason().to_owned(), |()| "PAID".to_owned())
    }

    #[test]
    fn a_receipt_pays_for_one_record_at_one_post_and_what_is_on_it() {
        let first = |receipt| judged(Type::First, "", Some(receipt));
        assert_eq!(first(receipt()), "PAID");
        assert_eq!(judged(Type::First, "", None), "RECEIPT_UNFIT");
        assert_eq!(first(Receipt { subject: String::new(), ..receipt() }), "RECEIPT_UNFIT");
        assert_eq!(first(Receipt { post: "posts/other".into(), ..receipt() }), "RECEIPT_UNFIT");
        assert_eq!(first(Receipt { state: State::Refunded.into(), ..receipt() }), "RECEIPT_UNFIT");
        assert_eq!(judged(Type::Diplomatic, "", Some(receipt())), "FEE_NOT_COVERED", "another code");
        assert_eq!(judged(Type::First, "feeSchedules/PASSPORT_ADULT", Some(receipt())), "PAID");
        assert_eq!(judged(Type::First, "feeSchedules/newer", Some(receipt())), "FEE_NOT_COVERED", "another row");
    }

    #[test]
    fn what_is_left_of_it_is_as_much_as_the_service_costs() {
        let back = |refunded_minor_units| Receipt { refunded_minor_units, ..receipt() };
        assert_eq!(judged(Type::First, "", Some(back(6_000))), "PAID", "the haste was given back");
        assert_eq!(judged(Type::First, "", Some(back(6_001))), "FEE_NOT_COVERED");
    }

    #[test]
    fn nothing_is_charged_for_reasons_that_fit() {
        let free = |no_fee: NoFee| {
            let mut receipt = Receipt { no_fee: no_fee.into(), ..receipt() };
            receipt.lines.iter_mut().for_each(|line| line.minor_units = 0);
            receipt.lines[1].code = Services::shipped().official_passport.code.clone();
            receipt.total = Some(Fee { currency: "USD".into(), minor_units: 0 });
            receipt
        };
        assert_eq!(judged(Type::Diplomatic, "", Some(free(NoFee::Diplomatic))), "PAID");
        assert_eq!(judged(Type::Service, "", Some(free(NoFee::Official))), "PAID");
        assert_eq!(judged(Type::Diplomatic, "", Some(free(NoFee::Destitute))), "WAIVER_UNFIT");
        let mut ordinary = free(NoFee::Destitute);
        ordinary.lines[1].code = "PASSPORT_ADULT".into();
        assert_eq!(judged(Type::First, "", Some(ordinary.clone())), "PAID");
        ordinary.set_no_fee(NoFee::Diplomatic);
        assert_eq!(judged(Type::First, "", Some(ordinary)), "WAIVER_UNFIT", "a citizen's own passport");
    }

    #[test]
    fn a_broken_file_is_refused() {
        SERVICES.check().unwrap();
        let text = include_str!("../data/service_fees.toml");
        for (from, to) in [
            ("code = \"PASSPORT_CHILD\"", "code = \"\""),
            ("\"DIPLOMATIC\", \"OFFICE", "\"FRIEND\", \"OFFICE"),
            ("source = \"22 CFR 51.52\"", "source = \"\""),
        ] {
            assert!(Services::read(&text.replace(from, to)).is_err(), "{to}");
        }
    }
}
