/** How a tab ends: by a sign-out, by what the holder says, or because there is none. */

import assert from "node:assert/strict";
import { test } from "node:test";

import type { Faulted } from "../../src/core/faulted.ts";
import { Stage, WELCOME, problemOf } from "../fakes/stage.ts";
import { settle } from "../fakes/time.ts";

test("who signs out has an answer, though the session ends before it", async () => {
  const stage = new Stage();
  await stage.begin();
  const done = stage.tab.signOut(false);
  stage.say({ is: "ended", ending: { code: "session_closed", message: "", advice: "stop", isOwn: true } });
  await done;
  assert.deepEqual(stage.diary.of("ended"), [["session_closed"]]);
});

test("signing out with nobody to do it fails in time, and is not done later", async () => {
  // It used to wait without a limit.
  const stage = new Stage();
  await stage.begin();
  stage.say({ is: "who" });
  const done = problemOf(stage.tab.signOut(false));
  await stage.clock.go(31_000);
  assert.equal(await done, "timed_out");
  stage.say(WELCOME, 2);
  assert.deepEqual(stage.said.filter((message) => message.is === "sign-out"), []);
});

test("signing out everywhere is done by an answer alone: whatever ends this tab first, it fails", async () => {
  // It used to say that it was done, and the user's other devices lived on.
  for (const code of ["tab_closed", "outdated", "session_closed", "displaced"]) {
    const stage = new Stage();
    await stage.begin();
    const done = problemOf(stage.tab.signOut(true));
    if (code === "outdated") stage.say({ is: "outdated", v: 9, sdk: "9.0" });
    else stage.say({ is: "ended", ending: { code, message: "", advice: "stop", isOwn: false } });
    assert.equal(await done, code);
  }
  const stage = new Stage();
  await stage.begin();
  const done = problemOf(stage.tab.signOut(true));
  await stage.tab.close();
  assert.equal(await done, "client_closed");
});

test("a plain sign-out is done by any end of the session, and not by one of this tab alone", async () => {
  const outcomes: unknown[] = [];
  for (const code of ["displaced", "tab_closed", "outdated"]) {
    const stage = new Stage();
    await stage.begin();
    const done = stage.tab.signOut(false).then(() => "done", (problem: Faulted) => problem.fault.code);
    if (code === "outdated") stage.say({ is: "outdated", v: 9, sdk: "9.0" });
    else stage.say({ is: "ended", ending: { code, message: "", advice: "stop", isOwn: false } });
    outcomes.push(await done);
  }
  assert.deepEqual(outcomes, ["done", "tab_closed", "outdated"]);
});

test("who signs out twice has two answers", async () => {
  const stage = new Stage();
  await stage.begin();
  const both = Promise.all([stage.tab.signOut(false), stage.tab.signOut(false)]);
  stage.say({ is: "answer", n: 1, answer: null });
  await both;
});

test("what nobody was asked waits for the next holder, also what must not be asked twice", async () => {
  // It used to fail as if it might have been done.
  const stage = new Stage();
  await stage.begin();
  stage.locks.kill("holder");
  await settle();
  const set = stage.tab.setObject("a", 1, 0);
  await stage.locks.of("holder").hold("life/2");
  stage.say({ ...WELCOME, life: "life/2", isSnapshot: false }, 2);
  assert.equal(stage.said.filter((message) => message.is === "object").length, 1);
  stage.say({ is: "answer", n: 1, answer: 5 }, 2);
  assert.equal(await set, 5);
});

test("a login that nobody answers ends after half a minute, on whatever way; who was welcome once goes on", async () => {
  // It used to wait for ever, and said nothing.
  const stage = new Stage();
  await stage.tab.attach();
  await stage.clock.go(29_000);
  assert.deepEqual(stage.diary.of("ended"), []);
  await stage.clock.go(2_000);
  assert.deepEqual([stage.diary.of("ended"), stage.tab.state], [[["no_holder"]], "stopped"]);
  const known = new Stage();
  await known.begin();
  known.say({ is: "who" });
  await known.clock.go(60_000);
  assert.deepEqual([known.diary.of("ended"), known.hellos().length > 20], [[], true]);
});

test("a fence that is no number is not heard", async () => {
  const stage = new Stage();
  await stage.begin();
  stage.say({ is: "ended", ending: { code: "session_closed", message: "", advice: "stop", isOwn: false } }, NaN);
  assert.deepEqual([stage.diary.of("ended"), stage.tab.state], [[], "live"]);
});
