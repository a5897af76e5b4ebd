//! What the office corrects of what applicants declared: what stood there is told beside what is right, and whoever put it
//! right does not decide. Pure.

use fault::{Fault, refuse_if};
use identity::Principal;
use proto::consular::v1::{ApplicationCorrection, Reason};
use proto::policy::v1::Reason as House;
use registry::Call;

/// What was declared wrongly, field by field.
#[derive(Debug, Default)]
pub(crate) struct Slips {
    fields: Vec<&'static str>,
    former: Vec<String>,
}

impl Slips {
    /// Puts a text right, if one is given and it is another.
    pub(crate) fn text(&mut self, field: &'static str, declared: &mut String, right: String) {
        let given = (!right.is_empty()).then_some(right);
        self.value(field, declared, given, Clone::clone);
    }

    /// The same of any value; how it is written is for the history.
    pub(crate) fn value<T: PartialEq>(
        &mut self,
        field: &'static str,
        declared: &mut T,
        right: Option<T>,
        written: impl Fn(&T) -> String,
    ) {
        if let Some(right) = right.filter(|right| right != declared) {
            self.fields.push(field);
            self.former.push(written(declared));
            *declared = right;
        }
    }

    /// Whether one of these fields was wrong.
    pub(crate) fn concern(&self, fields: &[&str]) -> bool {
        self.fields.iter().any(|field| fields.contains(field))
    }

    /// The correction, for the record.
    ///
    /// # Errors
    /// `NOTHING_CORRECTED`.
    pub(crate) fn told(self, grounds: String, call: &Call) -> Result<ApplicationCorrection, Fault> {
        let words = "a correction says something else than the application";
        refuse_if(self.fields.is_empty(), Reason::NothingCorrected, words)?;
        Ok(ApplicationCorrection {
            time: Some(call.timestamp()),
            officer: call.principal().subject.as_ref().to_owned(),
            grounds,
            fields: self.fields.into_iter().map(str::to_owned).collect(),
            former: self.former,
        })
    }
}

/// Nobody decides on what they corrected. The rule of the contract knows who took a step last; of corrections each counts,
/// or a second one by a colleague would free whoever made the first.
///
/// # Errors
/// `SAME_PERSON`.
pub(crate) fn by_another(corrections: &[ApplicationCorrection], decides: &Principal) -> Result<(), Fault> {
    let own = corrections.iter().any(|correction| correction.officer == *decides.subject);
    refuse_if(own, House::SamePerson, "what was declared was corrected by the same person")
        .map_err(|fault| fault.with("distinct_from", "correct"))
}
