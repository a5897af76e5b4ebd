//! Tenures: what a person was charged with or admitted to ends with the person's functions (VCDR art. 19, 43; VCCR art. 25).

use crate::charges::{self, Charges};
use crate::consular_commissions::ConsularCommissions;
use crate::honorary_consuls::{self, HonoraryConsuls};
use chrono::{DateTime, Utc};
use fault::Fault;
use proto::accreditation::v1::Member;
use registry::{Call, Held, Reader, timestamp};

/// A charge, a head of post's commission, a recognition as an honorary consular officer.
#[derive(Debug, Default)]
pub(crate) struct Tenures {
    charges: Vec<Held<Charges>>,
    commissions: Vec<Held<ConsularCommissions>>,
    recognitions: Vec<Held<HonoraryConsuls>>,
}

impl Tenures {
    /// Those of these members that have not ended.
    pub(crate) async fn of(
        reader: &mut Reader<'_>,
        members: impl Iterator<Item = &Member> + Clone,
    ) -> Result<Self, Fault> {
        let names: Vec<_> = members.clone().map(|member| member.name.as_str()).collect();
        let recognitions: Vec<_> =
            members.map(|member| member.honorary_consul.as_str()).filter(|name| !name.is_empty()).collect();
        let admitted = ["COMMISSION_RECEIVED", "PROVISIONAL", "EXEQUATUR_GRANTED"];
        Ok(Self {
            charges: reader.hold(&[("member", &names), ("state", &["ACTING"])]).await?,
            commissions: reader.hold(&[("member", &names), ("state", &admitted)]).await?,
            recognitions: reader.hold(&[("name", &recognitions), ("state", &honorary_consuls::RECOGNISED)]).await?,
        })
    }

    /// Ends them with the functions.
    pub(crate) fn end(self, ended: DateTime<Utc>, call: &mut Call) -> Result<(), Fault> {
        for charge in self.charges {
            call.follow(charge, "endWithFunctions", |charge, _| charges::end_at(charge, ended))?;
        }
        for commission in self.commissions {
            call.follow(commission, "endWithFunctions", |commission, _| {
                commission.end_time = Some(timestamp(ended));
                Ok(())
            })?;
        }
        self.recognitions.into_iter().try_for_each(|consul| {
            call.follow(consul, "endWithMember", |consul, call| {
                honorary_consuls::finish(consul, ended, call);
                Ok(())
            })
        })
    }
}
