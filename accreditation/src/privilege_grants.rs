//! Privileges granted to one member beyond what the conventions give, or short of it; and which privileges a member enjoys.

use crate::dossier::{Dossier, Dossiers};
use crate::holder::Holder;
use crate::immunity::{Rules, standing};
use crate::members::Members;
use crate::privileges::{PRIVILEGES, Privileges, enjoyed};
use calendar::{Clock, Length};
use chrono::{DateTime, Utc};
use fault::{Fault, refuse_if};
use identity::{Called, Principal};
use proto::accreditation::v1::privilege_grant::State;
use proto::accreditation::v1::privilege_grant_service_server::PrivilegeGrantService;
use proto::accreditation::v1::{
    Citation, CreatePrivilegeGrantRequest, DeclinePrivilegeRequest, EnjoyedPrivilege, Extent, GetPrivilegeGrantRequest,
    GrantPrivilegeRequest, ListPrivilegeGrantRevisionsRequest, ListPrivilegeGrantRevisionsResponse,
    ListPrivilegeGrantsRequest, ListPrivilegeGrantsResponse, Member, PrivilegeGrant, QueryPrivilegesRequest,
    QueryPrivilegesResponse, Reason, RevokePrivilegeRequest, Status, WatchPrivilegeGrantsRequest,
    WatchPrivilegeGrantsResponse,
};
use proto::policy::v1::Reason as House;
use registry::{Answer, Call, Feed, Keep, Reader, Registry, Visible, instant, timestamp};
use std::sync::Arc;
use tonic::{Request, Response};

/// The end of a grant.
const END: &str = "end";
/// The states of grants that hold or have held.
const HELD: [&str; 3] = ["GRANTED", "REVOKED", "ENDED"];

/// The grants.
#[derive(Clone, Debug)]
pub struct PrivilegeGrants {
    registry: Registry<Self>,
    members: Registry<Members>,
    dossiers: Dossiers,
    rules: Arc<Rules>,
    privileges: Arc<Privileges>,
}

impl Keep for PrivilegeGrants {
    type Record = PrivilegeGrant;

    /// A mission's own staff see its members' grants; others who may read grants see all.
    fn visible(to: &Principal) -> Visible {
        to.mission.as_ref().map_or(Visible::All, |mission| Visible::having("mission", mission))
    }

    /// The end was said beforehand; the contract says what it does.
    fn fire(_: &mut PrivilegeGrant, _: &str, _: &mut Call) -> Result<(), Fault> {
        Ok(())
    }

    fn constraint(name: &str) -> Option<Fault> {
        let words = "another grant of this privilege to the member holds in that time";
        (name == "privilege_grants_one_in_force").then(|| Fault::new(Reason::PrivilegeAlreadyGranted, words))
    }
}

impl PrivilegeGrants {
    /// The grants that a registry keeps.
    pub fn new(
        registry: Registry<Self>,
        members: Registry<Members>,
        dossiers: Dossiers,
        rules: Arc<Rules>,
        privileges: Arc<Privileges>,
    ) -> Self {
        Self { registry, members, dossiers, rules, privileges }
    }

    fn propose(&self, grant: &mut PrivilegeGrant, dossier: Option<Dossier>, call: &mut Call) -> Result<(), Fault> {
        let Some(dossier) = dossier else {
            let fault = Fault::new(House::BrokenReference, "there is no such member");
            return Err(fault.at("privilegeGrant.member", "does not exist"));
        };
        grant.mission.clone_from(&dossier.mission.name);
        Holder::from(dossier).may_receive(&self.rules, call.now())?;
        let limited = matches!(grant.extent(), Extent::Limited | Extent::WithExceptions | Extent::Dependent);
        let contradicts = limited == grant.conditions.is_empty();
        refuse_if(
            contradicts,
            Reason::GrantContradicts,
            "conditions go with the extents that have limits, and with no other",
        )
        .map_err(|fault| fault.at("privilegeGrant.conditions", "do not fit the extent"))?;
        let (from, end) = (effective(grant), end(grant));
        refuse_if(
            end.is_some_and(|end| Some(end) <= from),
            Reason::EffectiveTimeUnfit,
            "the grant ends before it begins",
        )
        .map_err(|fault| fault.at("privilegeGrant.endTime", "is not after the beginning"))
    }

    /// What a member enjoys at an instant: by a grant that holds then, or by the tables.
    fn enjoyed(&self, dossier: &Dossier, grants: &[PrivilegeGrant], at: DateTime<Utc>) -> QueryPrivilegesResponse {
        let subject = dossier.subject();
        let held = standing(&self.rules, &subject, at);
        let lasts = matches!(held.status, Status::Active | Status::GracePeriod);
        let privileges = PRIVILEGES.into_iter().map(|privilege| {
            let granted = grants.iter().find(|grant| lasts && grant.privilege() == privilege && holds(grant, at));
            if let Some(grant) = granted {
                return EnjoyedPrivilege {
                    privilege: privilege.into(),
                    extent: grant.extent,
                    conditions: grant.conditions.clone(),
                    citations: Vec::new(),
                    grant: grant.name.clone(),
                    basis: grant.basis.clone(),
                };
            }
            let found = enjoyed(&self.privileges, &self.rules, &subject, privilege, at);
            EnjoyedPrivilege {
                privilege: privilege.into(),
                extent: found.extent.into(),
                conditions: found.conditions.into_iter().map(str::to_owned).collect(),
                citations: found
                    .citations
                    .into_iter()
                    .map(|provision| Citation {
                        instrument: provision.instrument.clone(),
                        provision: provision.provision.clone(),
                        effect: provision.effect.clone(),
                    })
                    .collect(),
                ..EnjoyedPrivilege::default()
            }
        });
        QueryPrivilegesResponse {
            instant: Some(timestamp(at)),
            status: held.status.into(),
            derived_from: held.derived_from.into(),
            privileges: privileges.collect(),
            rules: format!("{}, {}", self.rules.identity(), self.privileges.identity()),
        }
    }
}

#[tonic::async_trait]
impl PrivilegeGrantService for PrivilegeGrants {
    async fn get_privilege_grant(&self, request: Request<GetPrivilegeGrantRequest>) -> Answer<PrivilegeGrant> {
        self.registry.get(request).await
    }

    async fn list_privilege_grants(
        &self,
        request: Request<ListPrivilegeGrantsRequest>,
    ) -> Answer<ListPrivilegeGrantsResponse> {
        self.registry.list(request).await
    }

    async fn create_privilege_grant(&self, request: Request<CreatePrivilegeGrantRequest>) -> Answer<PrivilegeGrant> {
        let dossier =
            async |reader: &mut Reader<'_>, grant: &PrivilegeGrant| Dossier::share(reader, &grant.member).await;
        let propose = |grant: &mut PrivilegeGrant, dossier, call: &mut Call| self.propose(grant, dossier, call);
        self.registry.create_with(request, dossier, propose).await
    }

    async fn grant_privilege(&self, request: Request<GrantPrivilegeRequest>) -> Answer<PrivilegeGrant> {
        // The member is locked: of two grants at once the second meets the first, and neither waits for the other.
        let dossier = async |reader: &mut Reader<'_>, grant: &PrivilegeGrant, _: &GrantPrivilegeRequest| {
            reader.lock::<Member>(&grant.member).await?;
            Dossier::share(reader, &grant.member).await
        };
        let decided = |record: &mut PrivilegeGrant, _, dossier: Option<Dossier>, call: &mut Call| {
            let orphan = || Fault::new(House::Internal, "a grant is kept without its member");
            Holder::from(dossier.ok_or_else(orphan)?).may_receive(&self.rules, call.now())?;
            grant(record, call)
        };
        self.registry.act_with(request, dossier, decided).await
    }

    async fn decline_privilege(&self, request: Request<DeclinePrivilegeRequest>) -> Answer<PrivilegeGrant> {
        self.registry.act(request, |_, _, _| Ok(())).await
    }

    async fn revoke_privilege(&self, request: Request<RevokePrivilegeRequest>) -> Answer<PrivilegeGrant> {
        self.registry.act(request, revoke).await
    }

    async fn query_privileges(&self, request: Request<QueryPrivilegesRequest>) -> Answer<QueryPrivilegesResponse> {
        let called = Called::of(&request)?.clone();
        let ask = request.into_inner();
        registry::check(&ask)?;
        let nobody = || Fault::new(House::NotFound, "there is no such member");
        self.members.load_for(&called.principal, &ask.name).await?.ok_or_else(nobody)?;
        let dossier = self.dossiers.of(&ask.name).await?.ok_or_else(nobody)?;
        let grants = self.registry.all(&[("member", &[&ask.name]), ("state", &HELD)]).await?;
        let at = ask.instant.as_ref().and_then(instant).unwrap_or_else(|| self.registry.store().now());
        Ok(Response::new(self.enjoyed(&dossier, &grants, at)))
    }

    async fn list_privilege_grant_revisions(
        &self,
        request: Request<ListPrivilegeGrantRevisionsRequest>,
    ) -> Answer<ListPrivilegeGrantRevisionsResponse> {
        self.registry.revisions(request).await
    }

    type WatchPrivilegeGrantsStream = Feed<WatchPrivilegeGrantsResponse>;

    async fn watch_privilege_grants(
        &self,
        request: Request<WatchPrivilegeGrantsRequest>,
    ) -> Answer<Self::WatchPrivilegeGrantsStream> {
        self.registry.watch(request).await
    }
}

/// Nothing is granted for the past: what was answered then was answered by what held then.
fn grant(grant: &mut PrivilegeGrant, call: &mut Call) -> Result<(), Fault> {
    let late = effective(grant).is_none_or(|from| from < call.now());
    if late {
        grant.effective_time = Some(call.timestamp());
    }
    let Some(end) = end(grant) else { return Ok(()) };
    refuse_if(end <= call.now(), Reason::EffectiveTimeUnfit, "the grant would have ended before it is made")?;
    let left = (end - call.now()).to_std().unwrap_or_default();
    let clock = Clock::new(call.now(), Length::Exactly(left));
    call.timers().set(END, clock);
    Ok(())
}

fn revoke(grant: &mut PrivilegeGrant, _: RevokePrivilegeRequest, call: &mut Call) -> Result<(), Fault> {
    grant.revoke_time = Some(call.timestamp());
    end_now(grant, call);
    Ok(())
}

/// Ends a grant before its time. One that has not begun never does: it ends where it would have begun.
pub(crate) fn end_now(grant: &mut PrivilegeGrant, call: &mut Call) {
    let end = effective(grant).map_or_else(|| call.now(), |from| from.max(call.now()));
    grant.end_time = Some(timestamp(end));
    call.timers().clear(END);
}

/// Whether a grant holds at an instant, its first instant included and its end not.
fn holds(grant: &PrivilegeGrant, at: DateTime<Utc>) -> bool {
    matches!(grant.state(), State::Granted | State::Revoked | State::Ended)
        && effective(grant).is_some_and(|from| from <= at)
        && end(grant).is_none_or(|end| at < end)
}

fn effective(grant: &PrivilegeGrant) -> Option<DateTime<Utc>> {
    grant.effective_time.as_ref().and_then(instant)
}

fn end(grant: &PrivilegeGrant) -> Option<DateTime<Utc>> {
    grant.end_time.as_ref().and_then(instant)
}
