"""A client made by openapi-generator (python) at work: arguments are the address and a protocol officer's key."""

import json
import sys
import uuid

from legation_client import (
    AccreditationCircularInput,
    AccreditationMissionInput,
    AccreditationMissionPatch,
    AccreditationMissionState,
    AccreditationMissionType,
    AccreditationRequestConsentRequest,
    ApiClient,
    ApiException,
    ApiKeyServiceApi,
    CircularServiceApi,
    Configuration,
    MissionServiceApi,
    Problem,
)
from legation_client.exceptions import BadRequestException, ConflictException, NotFoundException, UnauthorizedException

address, key = sys.argv[1:3]
client = ApiClient(Configuration(host=address, access_token=key))
missions = MissionServiceApi(client)
run = uuid.uuid4().hex[:12]
ours = f'externalId = "{run}"'


def refused(error, status, call):
    """The problem that a call is refused with."""
    try:
        call()
    except error as refusal:
        assert refusal.status == status, refusal
        assert isinstance(refusal.data, Problem) and refusal.data.status == status, refusal.data
        return refusal.data
    raise AssertionError(f"it was not refused with {status}")


# Who am I?
me = ApiKeyServiceApi(client).who_am_i()
assert me.subject.startswith("apiKeys/") and "accreditation.missions.*" in me.permissions, me
stranger = MissionServiceApi(ApiClient(Configuration(host=address, access_token="nobody's")))
assert refused(UnauthorizedException, 401, lambda: stranger.list_missions()).reason == "UNAUTHENTICATED"

# A request sent again under its key has one effect.
wish = AccreditationMissionInput(
    sending_state="NO",
    type=AccreditationMissionType.EMBASSY,
    title="Embassy of Norway",
    seat="Washington",
    external_id=run,
)


def make(record=wish):
    """Makes the mission, under one key."""
    return missions.create_mission(record, mission_id=f"py-{run}", idempotency_key=f"make-{run}")


made = make()
assert made.name == f"missions/py-{run}" and made.state == AccreditationMissionState.PROPOSED, made
assert make() == made, "sent again"
other = wish.model_copy(update={"title": "Another title"})
assert refused(ApiException, 422, lambda: make(other)).reason == "IDEMPOTENCY_KEY_REUSED"

# What is wrong with a record, by field; the client itself refuses what the document says is wrong.
unchecked = AccreditationMissionInput.model_construct(**{**wish.__dict__, "seat": ""})
told = refused(BadRequestException, 400, lambda: missions.create_mission(unchecked))
assert told.reason == "INVALID_FIELDS" and told.errors[0].pointer == "#/mission/seat", told

# A record and its version.
read = missions.get_mission_with_http_info(f"py-{run}")
assert read.status_code == 200 and read.data == made, read
assert read.headers["etag"] == f'"{made.etag}"', read.headers
assert refused(NotFoundException, 404, lambda: missions.get_mission("nowhere")).reason == "NOT_FOUND"

# Lines in, lines out.
line = {**wish.to_dict(), "title": "Consulate of Norway", "type": "CONSULATE_GENERAL", "seat": "New York"}
lines = "".join(json.dumps({"missionId": f"py-{run}-{n}", "mission": line}) + "\n" for n in range(3))
taken = [json.loads(one) for one in missions.import_missions(lines).decode().splitlines()]
assert [one["outcome"] for one in taken] == ["CREATED"] * 3, taken
given = missions.export_missions(filter=ours).decode().splitlines()
assert len(given) == 4, given

# Pages of a list.
names, token = [], None
while token != "":
    page = missions.list_missions(filter=ours, order_by="seat, createTime desc", page_size=3, page_token=token)
    names += [mission.name for mission in page.missions]
    token = page.next_page_token
assert len(names) == 4 and names[-1] == made.name, names
unfinished = refused(BadRequestException, 400, lambda: missions.list_missions(filter="externalId = "))
assert unfinished.reason == "INVALID_FILTER", unfinished

# A change to the version that was read, and none to one that has changed since.
events = missions.watch_missions_without_preload_content(filter=ours)
patch = AccreditationMissionPatch(phone="+1 202 555 0100")


def change(version):
    """Corrects the telephone of the version that was read."""
    return missions.update_mission(f"py-{run}", if_match=version, accreditation_mission_patch=patch)


changed = change(f'"{made.etag}"')
assert changed.phone == "+1 202 555 0100" and changed.etag != made.etag, changed
assert refused(ApiException, 412, lambda: change(f'"{made.etag}"')).reason == "STALE_ETAG"
assert refused(ApiException, 428, lambda: change(None)).reason == "ETAG_REQUIRED"


def seen(stream):
    """The first change that a stream tells of: the generator leaves it to us to read it as it comes."""
    for line in stream:
        text = line.decode().strip()
        text = text.removeprefix("data:").strip()
        if text.startswith("{"):
            stream.close()
            return json.loads(text)
    raise AssertionError("the stream ended")


# Changes as they are committed, and from where the last one was.
first = seen(events)
assert first["mission"]["name"] == made.name and first["mission"]["phone"] == "+1 202 555 0100", first
asked = missions.request_consent(
    f"py-{run}", accreditation_request_consent_request=AccreditationRequestConsentRequest(reason="note 12")
)
assert asked.state == AccreditationMissionState.CONSENT_REVIEW, asked
second = seen(missions.watch_missions_without_preload_content(filter=ours, last_event_id=first["cursor"]))
assert second["revision"]["verb"] == "requestConsent" and second["mission"]["state"] == "CONSENT_REVIEW", second

# A verb that the state does not allow.
wrong = refused(ConflictException, 409, lambda: missions.open(f"py-{run}"))
assert wrong.reason == "WRONG_STATE" and wrong.metadata["state"] == "CONSENT_REVIEW", wrong

# A paper, byte for byte.
circulars = CircularServiceApi(client)
circular = circulars.create_circular(AccreditationCircularInput(language="en", subject="A test", paragraphs=["To all missions."]))
paper = circulars.print_circular(circular.name.rpartition("/")[2])
assert bytes(paper[:5]) == b"%PDF-" and bytes(paper).rstrip().endswith(b"%%EOF"), paper[:20]
print("the Python client works")
