// A client made by openapi-generator (typescript-fetch) at work: arguments are the address and a protocol officer's key.
import {
  type AccreditationMissionInput, AccreditationMissionState, ApiKeyServiceApi, CircularServiceApi, Configuration,
  MissionServiceApi, type Problem, ProblemFromJSON, ResponseError,
} from "./generated/typescript/index.js";

const [basePath, accessToken] = process.argv.slice(2);
const configuration = new Configuration({ basePath, accessToken });
const missions = new MissionServiceApi(configuration);
const run = crypto.randomUUID().slice(0, 8);
const mission = `ts-${run}`;

function holds(kept: unknown, what: unknown): asserts kept {
  if (!kept) throw new Error(JSON.stringify(what));
}

// The problem that a call is refused with.
async function refused(status: number, call: Promise<unknown>): Promise<Problem> {
  const error: unknown = await call.then(() => "it was not refused", (error) => error);
  holds(error instanceof ResponseError && error.response.status === status, error);
  holds(error.response.headers.get("content-type") === "application/problem+json", error);
  return ProblemFromJSON(await error.response.json());
}

// Who am I?
const me = await new ApiKeyServiceApi(configuration).whoAmI();
holds(me.subject.startsWith("apiKeys/") && me.permissions.includes("accreditation.missions.*"), me);
const stranger = new MissionServiceApi(new Configuration({ basePath, accessToken: "nobody's" }));
holds((await refused(401, stranger.listMissions())).reason === "UNAUTHENTICATED", "a stranger");

// A request sent again under its key has one effect.
const wish: AccreditationMissionInput = {
  sendingState: "NO", type: "EMBASSY", title: "Embassy of Norway", seat: "Washington", externalId: run,
};
const make = (accreditationMissionInput = wish) =>
  missions.createMission({ accreditationMissionInput, missionId: mission, idempotencyKey: `make-${run}` });
const made = await make();
holds(made.name === `missions/${mission}` && made.state === AccreditationMissionState.Proposed, made);
holds(JSON.stringify(await make()) === JSON.stringify(made), "sent again");
holds((await refused(422, make({ ...wish, title: "Another" }))).reason === "IDEMPOTENCY_KEY_REUSED", "a reused key");

// What is wrong with a record, by field.
const told = await refused(400, missions.createMission({ accreditationMissionInput: { ...wish, seat: "" } }));
holds(told.reason === "INVALID_FIELDS" && told.errors?.[0]?.pointer === "#/mission/seat", told);

// A record and its version.
const read = await missions.getMissionRaw({ mission });
holds(read.raw.headers.get("etag") === `"${made.etag}"`, [...read.raw.headers]);
const found = await read.value();
holds(found.createTime instanceof Date && JSON.stringify(found) === JSON.stringify(made), found);
holds((await refused(404, missions.getMission({ mission: "nowhere" }))).reason === "NOT_FOUND", "nowhere");

// Lines in, lines out.
const line = (n: number) => ({ missionId: `${mission}-${n}`, mission: { ...wish, type: "CONSULATE_GENERAL", seat: "New York" } });
const body = [0, 1, 2].map((n) => JSON.stringify(line(n)) + "\n").join("");
const filter = `externalId = "${run}"`;
const lines = async (bytes: Promise<Blob>) => (await (await bytes).text()).trim().split("\n").map((text) => JSON.parse(text));
const taken = await lines(missions.importMissions({ body }));
holds(taken.length === 3 && taken.every((one) => one.outcome === "CREATED"), taken);
holds((await lines(missions.exportMissions({ filter }))).length === 4, "lines out");

// Pages of a list.
const names: string[] = [];
for (let pageToken: string | undefined; pageToken !== ""; ) {
  const page = await missions.listMissions({ filter, orderBy: "seat, createTime desc", pageSize: 3, pageToken });
  names.push(...page.missions.map((one) => one.name));
  pageToken = page.nextPageToken;
}
holds(names.length === 4 && names[3] === made.name, names);
holds((await refused(400, missions.listMissions({ filter: "externalId = " }))).reason === "INVALID_FILTER", "a bad filter");

// The first change that a stream tells of: the generator leaves it to us to read it as it comes.
async function seen(response: Response): Promise<any> {
  let text = "";
  for await (const piece of response.body!.pipeThrough(new TextDecoderStream())) {
    text += piece;
    const event = text.split("\n\n").find((event) => /^data:/m.test(event));
    if (event && text.includes("\n\n")) {
      return { id: event.match(/^id: ?(.*)$/m)?.[1], ...JSON.parse(event.match(/^data: ?(.*)$/m)![1]!) };
    }
  }
  throw new Error("the stream ended");
}

// A change to the version that was read, and none to one that has changed since; changes as they are committed.
const events = await missions.watchMissionsRaw({ filter });
const change = (ifMatch?: string) =>
  missions.updateMission({ mission, ifMatch, accreditationMissionPatch: { phone: "+1 202 555 0100" } });
const changed = await change(`"${made.etag}"`);
holds(changed.phone === "+1 202 555 0100" && changed.etag !== made.etag, changed);
holds((await refused(412, change(`"${made.etag}"`))).reason === "STALE_ETAG", "a stale version");
holds((await refused(428, change())).reason === "ETAG_REQUIRED", "no version");
const first = await seen(events.raw);
holds(first.mission.name === made.name && first.mission.phone === "+1 202 555 0100", first);
const asked = await missions.requestConsent({ mission, accreditationRequestConsentRequest: { reason: "note 12" } });
holds(asked.state === AccreditationMissionState.ConsentReview, asked);
const second = await seen((await missions.watchMissionsRaw({ filter, lastEventID: first.id })).raw);
holds(second.revision.verb === "requestConsent" && second.mission.state === "CONSENT_REVIEW", second);

// A verb that the state does not allow.
const wrong = await refused(409, missions.open({ mission }));
holds(wrong.reason === "WRONG_STATE" && wrong.metadata?.["state"] === "CONSENT_REVIEW", wrong);

// A paper, byte for byte.
const circulars = new CircularServiceApi(configuration);
const circular = await circulars.createCircular({
  accreditationCircularInput: { language: "en", subject: "A test", paragraphs: ["To all missions."] },
});
const paper = await circulars.printCircular({ circular: circular.name.replace("circulars/", "") });
holds((await paper.slice(0, 5).text()) === "%PDF-" && (await paper.text()).trimEnd().endsWith("%%EOF"), paper.type);
console.log("the TypeScript client works");
