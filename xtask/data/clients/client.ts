// A client typed from the OpenAPI document (openapi-typescript, openapi-fetch) at work: arguments are the address and a key.
import createClient from "openapi-fetch";
import type { paths } from "./schema.js";

declare const process: { argv: string[] };

const [address, key] = process.argv.slice(2);
const client = createClient<paths>({ baseUrl: address, headers: { Authorization: `Bearer ${key}` } });
const mission = `client-${crypto.randomUUID().slice(0, 8)}`;

function holds(kept: boolean, what: unknown): asserts kept {
  if (!kept) throw new Error(JSON.stringify(what));
}

const wish = { sendingState: "NO", type: "EMBASSY", title: "Embassy of Norway", seat: "Washington" } as const;
const made = await client.POST("/v1/accreditation/missions", { params: { query: { missionId: mission } }, body: wish });
holds(made.data?.name === `missions/${mission}` && made.data.state === "PROPOSED", made);

const read = await client.GET("/v1/accreditation/missions/{mission}", { params: { path: { mission } } });
holds(read.data?.etag === made.data.etag, read);

const page = await client.GET("/v1/accreditation/missions", { params: { query: { filter: 'sendingState = "NO"', pageSize: 1 } } });
holds(page.data?.missions?.length === 1, page);

const asked = await client.POST("/v1/accreditation/missions/{mission}:requestConsent", {
  params: { path: { mission } },
  body: { reason: "note 12" },
});
holds(asked.data?.state === "CONSENT_REVIEW", asked);

const refused = await client.POST("/v1/accreditation/missions", { body: { ...wish, seat: "" } });
holds(refused.error?.reason === "INVALID_FIELDS" && refused.error.errors?.[0]?.pointer === "#/mission/seat", refused);
console.log("the TypeScript client works");
