"""A client generated from the OpenAPI document (openapi-python-client) at work: arguments are the address and a key."""

import sys
import uuid

from legation_client import AuthenticatedClient
from legation_client.api.mission_service import (
    mission_service_create_mission as create_mission,
    mission_service_get_mission as get_mission,
    mission_service_list_missions as list_missions,
    mission_service_request_consent as request_consent,
)
from legation_client.models import (
    AccreditationMission,
    AccreditationMissionInput,
    AccreditationMissionState,
    AccreditationRequestConsentRequest,
    Problem,
)

address, key = sys.argv[1:3]
client = AuthenticatedClient(base_url=address, token=key)
mission_id = f"client-{uuid.uuid4().hex[:12]}"

wish = AccreditationMissionInput.from_dict(
    {"sendingState": "NO", "type": "EMBASSY", "title": "Embassy of Norway", "seat": "Washington"}
)
first = create_mission.sync(client=client, body=wish, mission_id=mission_id, idempotency_key=mission_id)
assert isinstance(first, AccreditationMission), first
assert first.name == f"missions/{mission_id}" and first.state == AccreditationMissionState.PROPOSED, first
again = create_mission.sync(client=client, body=wish, mission_id=mission_id, idempotency_key=mission_id)
assert again == first, "a request sent again has one effect"

read = get_mission.sync_detailed(client=client, mission=mission_id)
assert read.status_code == 200 and read.headers["etag"].strip('"') == first.etag, read
page = list_missions.sync(client=client, filter_='sendingState = "NO"', page_size=1)
assert len(page.missions) == 1, page

asked = request_consent.sync(
    client=client, mission=mission_id, body=AccreditationRequestConsentRequest.from_dict({"reason": "note 12"})
)
assert asked.state == AccreditationMissionState.CONSENT_REVIEW, asked
refused = create_mission.sync(client=client, body=AccreditationMissionInput.from_dict({**wish.to_dict(), "seat": ""}))
assert isinstance(refused, Problem) and refused.reason == "INVALID_FIELDS", refused
assert refused.errors[0].pointer == "#/mission/seat", refused
print("the Python client works")
