'use strict';
// Tabs of several releases side by side: those that understand each other share a session, and else the newest has it.

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { playAll, table } = require('../support/playing.cjs');
const { browserOf, close, filesOf, has, heard, logins, messages, metric, open, pause, send, sessions, somebody, tabOf, until, within } = require('./tabs.cjs');

const { hosts, dist, releases, only = [], load } = table();
// A tab that asks a holder to yield, the tabs of that one, and one rung of the ladder or two.
const HOLDERS = 6;
let next = 0;

function pages() {
  const html = fs.readFileSync(path.join(__dirname, 'tab.html'), 'utf8');
  const script = fs.readFileSync(path.join(__dirname, 'tab.js'), 'utf8');
  const all = {};
  for (const name of releases) {
    Object.assign(all, filesOf(path.join(dist, name), `/${name}/`));
    all[`/${name}/`] = html.replace('/tab.js', `/${name}/tab.js`);
    all[`/${name}/tab.js`] = script.replace('/unisono.js', `/${name}/unisono.js`);
  }
  return all;
}

// A tab of a release; `this` is the one of this commit.
const tab = (browser, user, release, options = {}) =>
  tabOf(browser, user, { path: release === 'this' ? '/' : `/${release}/`, host: hosts[next++ % hosts.length], options });
const place = (page) => page.evaluate('globalThis.tab.client.create([], { unique: false }).then((made) => made.id)');
const opened = () => metric('unisono_connections_opened_total');

// Nobody comes or goes any more.
async function calm() {
  const before = await opened();
  await pause(load.calmMs);
  assert.equal(await opened(), before, 'holders go on to take each other\'s place');
}

// One of a newer protocol comes to one of an older: it has the session, and the older tab is told, once.
async function newerComes(browser, older, newer, options) {
  const ann = somebody('ann');
  const first = await tab(browser, ann, older, options);
  const where = await place(first);
  await send(first, where, 'before');
  const [loginsBefore, linksBefore] = [await logins(), await opened()];
  const second = await tab(browser, ann, newer, options);
  assert.equal(second.who.session, first.who.session);
  await until(async () => (await heard(first, 'closed')).length > 0, 'the older tab is told');
  await send(second, where, 'after');
  await has(second, 'after');
  await calm();
  assert.deepEqual((await heard(first, 'closed')).map((one) => one.code), ['outdated']);
  assert.equal(await logins(), loginsBefore, 'nobody logged in again');
  assert.ok(await opened() - linksBefore <= HOLDERS, 'few holders are enough');
  assert.equal((await sessions(ann)).length, 1);
  await close(first, second);
}

// One of an older protocol comes to a newer: it is told at once, and nobody else is disturbed.
async function olderComes(browser, newer, older) {
  const ann = somebody('ann');
  const first = await tab(browser, ann, newer);
  const linksBefore = await opened();
  const second = await open(browser, undefined, older === 'this' ? '/' : `/${older}/`);
  const given = { url: second.url0, user: ann, options: { host: hosts[next++ % hosts.length] } };
  const code = await within(second.evaluate((what) => globalThis.tab.login(what).then(() => 'in', (problem) => problem.code), given), 'an answer');
  assert.equal(code, 'outdated');
  await calm();
  assert.deepEqual([await heard(first, 'closed'), await heard(first, 'disconnect'), await opened()], [[], [], linksBefore]);
  await close(first, second);
}

// Of the pairs all, or only the first where time is short.
const some = (pairs) => pairs.slice(0, load.pairs);
let browser;
const scenarios = {
  // D11: releases of one protocol are on one link, and each goes on where the other\'s holder ended.
  oneProtocol: async () => {
    for (const order of some([['this', 'other'], ['other', 'this']])) {
      const ann = somebody('ann');
      const first = await tab(browser, ann, order[0]);
      const second = await tab(browser, ann, order[1]);
      const where = await place(first);
      const [loginsBefore, { session }] = [await logins(), first.who];
      assert.equal(second.who.session, session);
      await send(second, where, 'together');
      await has(first, 'together');
      await first.close();
      await send(second, where, 'handed over');
      const third = await tab(browser, ann, order[0]);
      await send(third, where, 'and back');
      await has(second, 'and back');
      assert.equal(third.who.session, session);
      assert.deepEqual((await messages(second)).map((one) => one.text), ['together', 'handed over', 'and back']);
      assert.deepEqual((await heard(second, 'startOver')), []);
      assert.equal(await logins(), loginsBefore, 'nobody logged in again');
      await close(second, third);
    }
  },

  newer: async () => {
    for (const [older, newer] of some([['this', 'higher'], ['lower', 'this']])) await newerComes(browser, older, newer);
  },

  older: async () => {
    for (const [newer, older] of some([['this', 'lower'], ['higher', 'this']])) await olderComes(browser, newer, older);
  },

  // The page of the newer release is given the worker of the older one: under this address it can never be another.
  sameAddress: async () => {
    if (hosts.includes('shared-worker')) await newerComes(browser, 'this', 'higher', { workerUrl: '/unisono.worker.js', host: undefined });
  },
};

(async () => {
  const { browser: made, close: end } = await browserOf({ pages: pages() });
  browser = made;
  await playAll(scenarios, () => undefined, { only });
  await end();
  process.exit(0);
})();
