// The main job with the TypeScript client that was generated from the API document: file, list, acknowledge, answer,
// verify, look into the inbox. `SHOW` names the file that stage.py wrote.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { AnswerCode, Chosen, Configuration, CrewApi, DoneCode, MembersApi, ResponseError, SafeNow, Verdict, YesNo } from "./client/index";

const show: { base_url: string; crew_code: string; password: string } = JSON.parse(readFileSync(process.env.SHOW!, "utf8"));

function withKeys(keys: Record<string, string>, accessToken?: string): Configuration {
  return new Configuration({ basePath: show.base_url, apiKey: (name) => keys[name] ?? "", accessToken });
}

async function signedIn(email: string): Promise<MembersApi> {
  const signInBody = { email, password: show.password };
  const session = await new MembersApi(withKeys({})).signIn({ signInBody });
  return new MembersApi(withKeys({ "Unlock-Key": session.unlockKey }, session.accessToken));
}

test("a report is filed, listed, acknowledged, answered, verified and safe", async () => {
  const crew = new CrewApi(withKeys({ "Crew-Code": show.crew_code }));
  const manifest = await crew.manifest();
  assert.ok(manifest.categories.some((category) => category.code === "weapons"));

  const receipt = "fedcba9876543210fedcba9876543210";
  const filed = await crew.fileReport({
    filingBody: {
      receipt, category: "weapons", kind: "left_unattended", severity: Chosen.NextSetup, ongoing: YesNo.Yes, makeSafe: "lock the cart",
    },
  });
  assert.equal(filed.status, "delivered");

  const dale = await signedIn("dale@western.example");
  const list = await dale.listReports({ category: "weapons" });
  const row = list.items.find((item) => item.handle === filed.handle);
  assert.ok(row && row.kind === "left_unattended", "the unlock key was sent and opens it");
  assert.equal((await dale.acknowledge({ id: row.id })).status, "acknowledged");
  const answered = await dale.answerReport({
    id: row.id,
    answerBody: { kind: AnswerCode.Action, text: "The cart is locked.", byRole: "1st_ad", done: DoneCode.Yes },
    idempotencyKey: "000102030405060708090a0b0c0d0e0f",
  });
  assert.equal(answered.status, "answered");

  const stella = await signedIn("stella@western.example");
  await stella.verifyAnswer({ id: row.id, verificationBody: { verdict: Verdict.Verified } });

  const reporter = new CrewApi(withKeys({ Authorization: `Receipt ${receipt}` }));
  const inbox = await reporter.inbox();
  assert.equal(inbox.handle, filed.handle);
  assert.equal(inbox.answers[0]?.text, "The cart is locked.");
  assert.ok(inbox.timeline.some((entry) => entry.what === "verified"));
  await reporter.saySafety({ safetyBody: { safe: SafeNow.Yes } });
});

test("a refusal is a problem", async () => {
  const nobody = new CrewApi(withKeys({ Authorization: "Receipt d1ce0000aa55d1ce0000aa55d1ce0000" }));
  await assert.rejects(nobody.inbox(), (error) => error instanceof ResponseError && error.response.status === 404);
});
