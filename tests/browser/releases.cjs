'use strict';
// Tabs of several releases side by side: those that understand each other share a session, and else the newest has it.

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { playAll, table } = require('../support/playing.cjs');
const { browserOf, close, filesOf, has, heard, links, logins, messages, metric, open, pause, send, sessions, somebody, tabOf, until, within } = require('./tabs.cjs');

const { hosts, dist, releases, kept, only = [], load } = table();
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

// All orders of what there is.
const orders = (all) => (all.length === 0 ? [[]] : all.flatMap((first) => orders(all.filter((one) => one !== first)).map((rest) => [first, ...rest])));

// Tabs of each release on one link, which goes from one to the next as their tabs are closed, and from the last to a new tab of the first.
async function handOver(browser, order) {
  const ann = somebody('ann');
  const [all, said] = [[], []];
  const linksOfOthers = await links();
  const come = async (release) => Object.assign(await tab(browser, ann, release), { from: said.length });
  for (const release of order) all.push(await come(release));
  const [loginsBefore, where] = [await logins(), await place(all[0])];
  const talk = async (pages, what) => {
    for (const [n, page] of pages.entries()) {
      said.push(`${what} ${n}`);
      await send(page, where, said.at(-1));
    }
    for (const page of pages) {
      await has(page, said.at(-1));
      assert.deepEqual([(await messages(page)).map((one) => one.text), await heard(page, 'startOver')], [said.slice(page.from), []]);
    }
    const { session } = pages[0].who;
    assert.deepEqual([session, (await sessions(ann)).map((one) => one.session)], [all[0].who.session, [session]]);
    assert.equal(await links() - linksOfOthers, 1, 'one link for all');
  };
  await talk(all, 'together');
  for (let gone = 1; gone < all.length; gone++) {
    await all[gone - 1].close();
    await talk(all.slice(gone), `without ${gone}`);
  }
  const last = all.at(-1);
  const again = await come(order[0]);
  await talk([last, again], 'and back');
  await last.close();
  await talk([again], 'where it began');
  assert.equal(await logins(), loginsBefore, 'nobody logged in again');
  await again.close();
  await until(async () => (await links()) === linksOfOthers, 'its link is gone');
}

// Of the pairs all, or only the first where time is short.
const some = (pairs) => pairs.slice(0, load.pairs);
let browser;
const scenarios = {
  // D11: the last three releases are on one link, and each goes on where another's holder ended.
  lastThree: async () => {
    for (const order of load.isFull ? orders(['this', ...kept]) : [['this', ...kept]]) {
      await handOver(browser, order).catch((problem) => { throw new Error(`${order}: ${problem.stack}`); });
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
