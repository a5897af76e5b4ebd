//! Previews of a closure and of a break of relations: the members it ends, then every benefit with its end.

use crate::closure::Unsettled;
use crate::ending::{self, Holdings};
use crate::grace;
use crate::missions::{self, Everyone};
use fault::Fault;
use proto::accreditation::v1::identity_card::RevocationCause;
use proto::accreditation::v1::{Effect, Member, Mission};
use registry::{Call, Foreseen, Reader, Rehearsed};
use std::collections::HashMap;

/// The most effects that a preview tells one by one.
const MOST_TOLD: usize = 5_000;

/// Whom the act would end, what they and the mission hold of us, and what would have to be settled.
pub(crate) struct Concerned {
    everyone: Everyone,
    holdings: Holdings,
    own: Holdings,
    pub(crate) unsettled: Unsettled,
}

pub(crate) async fn concerned<R>(reader: &mut Reader<'_>, mission: &Mission, ask: &R) -> Result<Concerned, Fault> {
    let everyone = missions::everyone(reader, mission, ask).await?;
    // What the others hold ends with the act itself.
    let here = everyone.0.members().filter(|member| grace::is_here(member));
    let here: Vec<_> = here.map(|member| member.name.as_str()).collect();
    let holdings = Holdings::of(reader, &here).await?;
    let own = Holdings::of_mission(reader, &mission.name).await?;
    let unsettled = Unsettled::of(reader, &mission.name).await?;
    Ok(Concerned { everyone, holdings, own, unsettled })
}

impl Concerned {
    /// Everyone, for the act itself, and what comes after it: the members' benefits, and the mission's own.
    pub(crate) fn split(self) -> (Everyone, Holdings, Holdings) {
        (self.everyone, self.holdings, self.own)
    }
}

/// What the end of the time to leave then does, by the very code that does it.
pub(crate) fn time_passes(holdings: Holdings, call: &mut Call) -> Result<(), Fault> {
    holdings.end(RevocationCause::FunctionsEnded, call)
}

/// What a rehearsal says of others, as far as an answer can hold it, and how many they are.
pub(crate) fn effects(rehearsed: &Rehearsed<Mission>) -> Result<(Vec<Effect>, i32), Fault> {
    // Of each holder: when the functions end, and when the privileges do.
    let mut ends = HashMap::from([(String::new(), (None, rehearsed.record.withdraw_end_time))]);
    let mut effect = |foreseen: &Foreseen| -> Result<Effect, Fault> {
        let (name, verb) = (foreseen.name.clone(), foreseen.verb.clone());
        if let Some(member) = foreseen.record::<Member>()? {
            ends.insert(member.name.clone(), (member.termination_time, member.grace_end_time));
            let (category, grace_end_time) = (member.category, member.grace_end_time);
            return Ok(Effect { name, verb, category, grace_end_time, ..Effect::default() });
        }
        let holder = ending::holder(foreseen)?;
        let (functions, privileges) = ends.get(&holder).copied().unwrap_or_default();
        let grace_end_time = if verb == ending::WITH_HOLDER { privileges } else { functions };
        Ok(Effect { name, verb, grace_end_time, holder, ..Effect::default() })
    };
    let effects = rehearsed.follows.iter().take(MOST_TOLD).map(&mut effect).collect::<Result<_, _>>()?;
    Ok((effects, i32::try_from(rehearsed.follows.len()).unwrap_or(i32::MAX)))
}
