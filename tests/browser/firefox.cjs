'use strict';
// What becomes of tabs of Firefox when the process dies in which the session is held, and tabs with it.

const assert = require('node:assert/strict');
const { playAll, say, table } = require('../support/playing.cjs');
const { assertWhole, has, heard, inNode, logins, numbers, pause, processOf, quantile, saidIn, sessions, somebody, speak, tabOf, until, withBrowser } = require('./tabs.cjs');

const { hosts, only = [], load } = table();
const TABS = 6;
const PER_S = 20;
// By then all that are left have a holder again.
const ATTACHED_MS = 5000;
const CLOSING_MS = 2000;
const WORKING_MS = 1500;
let next = 0;
const host = () => hosts[next++ % hosts.length];
const holds = (page) => page.evaluate('globalThis.tab.connections.some((one) => one.readyState === 1)');

// Where the session is held: in a worker, which works when it is told to, or in one of the tabs.
async function home(browser, pages) {
  for (const page of pages) if (await holds(page)) return page.home;
  return processOf(browser, { evaluate: async () => {
    await pages[0].evaluate("new BroadcastChannel('work').postMessage(0)");
    await pause(WORKING_MS);
  } });
}

const scenarios = {
  killed: () => withBrowser(async ({ browser }) => {
    const [ann, bob] = [somebody('ann'), somebody('bob')];
    const bobs = await inNode(bob);
    const place = await bobs.create([ann]);
    const pages = [];
    const come = async () => {
      const page = await tabOf(browser, ann, { host: host() });
      page.home = await processOf(browser, page);
      pages.push(page);
    };
    for (let n = 0; n < TABS; n++) await come();
    const loginsBefore = await logins();
    const speaking = speak([place], PER_S);
    const took = [];
    for (let n = 0; n < load.firefoxDeaths; n++) {
      const [held, mine] = [await home(browser, pages), `mine ${n}`];
      const dead = pages.filter((page) => page.home === held);
      const left = pages.filter((page) => page.home !== held);
      const diedAt = Date.now();
      process.kill(held, 'SIGKILL');
      pages.splice(0, pages.length, ...left);
      if (left.length > 0) {
        await left[0].evaluate((where, text) => globalThis.tab.send(where, text), place.id, mine);
        for (const page of left) await has(page, mine);
        took.push(Date.now() - diedAt);
      }
      await Promise.race([Promise.allSettled(dead.map((page) => page.close())), pause(CLOSING_MS)]);
      while (pages.length < TABS) await come();
    }
    const inPerS = await speaking.stop();
    const { seq } = await place.send('the end');
    for (const page of pages) {
      await has(page, 'the end');
      assertWhole(await numbers(page), seq, `tab ${page.who.tab}`);
      assert.deepEqual(await heard(page, 'startOver'), []);
    }
    const mine = (await saidIn(place)).map(({ text }) => text).filter((text) => text.startsWith('mine '));
    assert.deepEqual([mine.length, new Set(mine).size], [took.length, took.length], 'what was sent after a death is placed once');
    say({ figure: { scenario: 'killed', hosts, deaths: load.firefoxDeaths, survived: took.length, p50: quantile(took, 0.5), last: quantile(took, 1), inPerS } });
    assert.ok(took.length > 0, 'no tab outlived any holder');
    assert.ok(quantile(took, 1) <= ATTACHED_MS, `the last tab had a holder again after ${quantile(took, 1)} ms`);
    assert.equal(await logins(), loginsBefore, 'nobody logged in again');
    await until(async () => (await sessions(ann)).length === 1, 'there is one session');
    await bobs.close();
  }),
};

playAll(scenarios, () => undefined, { only }).then(() => process.exit(0));
