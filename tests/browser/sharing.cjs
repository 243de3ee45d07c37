'use strict';
// What tabs of one browser share and what they do not, the same on every host: `hosts` of a play names where sessions are held.

const assert = require('node:assert/strict');
const { playAll, table } = require('../support/playing.cjs');
const { wall } = require('./cut.cjs');
const {
  ORIGIN, ask, browserOf, close, group, has, heard, links, logins, messages, metric, nobody, open, pause, send, sessions, somebody, tabOf, until,
} = require('./tabs.cjs');

const { hosts, only = [] } = table();
const MANY = 10;
let next = 0;
// The host of the next tab: always the same, or in turn where they are mixed.
const host = () => hosts[next++ % hosts.length];
const tab = (browser, user, more) => tabOf(browser, user, { host: host(), ...more });
const tabs = (browser, user, n) => Promise.all(Array.from({ length: n }, () => tab(browser, user)));
const texts = async (page) => (await messages(page)).map((one) => one.text);
const problem = (page, work) => page.evaluate(`globalThis.tab.problem(() => ${work})`);

// All that the SDK keeps for this origin, key and row as text.
const kept = (page) => page.evaluate(async () => {
  const done = (request) => new Promise((give, fail) => Object.assign(request, { onsuccess: () => give(request.result), onerror: fail }));
  const base = await done(indexedDB.open('unisono'));
  const rows = [];
  for (const kind of base.objectStoreNames) {
    const all = base.transaction(kind).objectStore(kind);
    const [keys, values] = await Promise.all([done(all.getAllKeys()), done(all.getAll())]);
    rows.push(...keys.map((key, at) => `${kind} ${JSON.stringify(key)} ${JSON.stringify(values[at])}`));
  }
  base.close();
  return rows;
});

const scenarios = {
  // T4 T7 T10 T17 T28 M1 M15 X1 X11: one connection and one login for all, each of whom has everything once.
  oneSession: async ({ browser }) => {
    const [ann, bob] = [somebody('ann'), somebody('bob')];
    await nobody();
    const before = await logins();
    const anns = await tabs(browser, ann, MANY);
    const bobs = await tab(browser, bob, { login: { more: { device: { platform: 'web' } } } });
    assert.equal(await links(), 2);
    assert.equal(await logins() - before, 2);
    assert.equal((await sessions(ann)).length, 1);
    assert.equal(new Set(anns.map((page) => page.who.session)).size, 1);
    assert.equal(new Set(anns.map((page) => page.who.tab)).size, MANY);
    assert.deepEqual([...new Set(anns.map((page) => page.who.user))], [ann]);
    const place = await group(bobs, [ann]);
    await send(bobs, place, 'to all tabs');
    await send(anns[0], place, 'from one tab');
    for (const page of [...anns, bobs]) await has(page, 'from one tab');
    for (const page of [...anns, bobs]) assert.deepEqual(await texts(page), ['to all tabs', 'from one tab']);
    await until(async () => (await anns[0].evaluate('globalThis.tab.client.tabs.length')) === MANY, 'all tabs know of each other');
    await close(...anns, bobs);
  },

  // T5 T6 X20: an answer, or an error, goes to the tab that asked; what was sent is marked as mine everywhere.
  answers: async ({ browser }) => {
    const ann = somebody('ann');
    const [one, other] = await tabs(browser, ann, 2);
    const place = await group(one);
    const [found, refused] = await Promise.all([
      one.evaluate('globalThis.tab.client.sessions().then((all) => all.length)'),
      problem(other, 'globalThis.tab.client.conversation("0123456789abcdef01234567").send("x")'),
    ]);
    assert.equal(found, 1);
    assert.equal(refused, 'not_found');
    const seqs = await Promise.all([send(one, place, 'of one'), send(other, place, 'of the other')]);
    assert.equal(new Set(seqs).size, 2);
    for (const page of [one, other]) {
      await has(page, 'of one');
      await has(page, 'of the other');
      assert.ok((await messages(page)).every((message) => message.isMine));
    }
    const mine = async (page) => (await messages(page)).filter((message) => message.isFromHere).map((message) => message.text);
    assert.deepEqual([await mine(one), await mine(other)], [['of one'], ['of the other']]);
    await close(one, other);
  },

  // Behind a proxy that lets no WebSocket through they share a session all the same.
  polled: async ({ browser }) => {
    const [ann, { url }] = [somebody('ann'), await wall()];
    const opened = (door) => metric(`unisono_connections_opened_total{door="${door}"}`);
    const [sockets, polls] = [await opened('websocket'), await opened('longpoll')];
    const pages = [await tab(browser, ann, { url }), await tab(browser, ann, { url })];
    assert.equal(pages[0].who.session, pages[1].who.session);
    const place = await group(pages[0]);
    await send(pages[0], place, 'of one');
    await send(pages[1], place, 'of the other');
    for (const page of pages) {
      await has(page, 'of the other');
      assert.deepEqual(await texts(page), ['of one', 'of the other']);
    }
    assert.deepEqual([await opened('websocket'), await opened('longpoll')], [sockets, polls + 1]);
    await pages[1].evaluate('globalThis.tab.client.signOut()');
    await close(...pages);
  },

  // X59: tabs that log in at the same moment make one login.
  atOnce: async ({ browser }) => {
    const ann = somebody('ann');
    const pages = await Promise.all([1, 2, 3].map(() => open(browser)));
    const before = await logins();
    const whos = await Promise.all(pages.map((page) => page.evaluate((given) => globalThis.tab.login(given), { url: page.url0, user: ann, options: { host: host() } })));
    assert.equal(new Set(whos.map((who) => who.session)).size, 1);
    assert.equal(await logins() - before, 1);
    await close(...pages);
  },

  // M4: who comes later has what waits at once, without asking.
  lateJoiner: async ({ browser }) => {
    const [ann, bob] = [somebody('ann'), somebody('bob')];
    const first = await tab(browser, ann);
    const bobs = await tab(browser, bob);
    const place = await group(bobs, [ann]);
    for (const text of ['1', '2', '3']) await send(bobs, place, text);
    await has(first, '3');
    const late = await tab(browser, ann);
    assert.equal(await late.evaluate((id) => globalThis.tab.client.conversation(id).unread, place), 3);
    assert.equal(await late.evaluate((id) => globalThis.tab.client.conversation(id).lastMessage.text, place), '3');
    await send(bobs, place, '4');
    for (const page of [first, late]) await has(page, '4');
    assert.equal(new Set(await texts(late)).size, (await texts(late)).length);
    await close(first, late, bobs);
  },

  // T14 T15 T16 T27 T29 X6 X15 X39: another user, platform or tag is another connection, in other tabs and in the same page.
  apart: async ({ browser }) => {
    const [ann, bob] = [somebody('ann'), somebody('bob')];
    await nobody();
    const pages = [
      await tab(browser, ann), await tab(browser, ann), await tab(browser, bob), await tab(browser, bob),
      await tab(browser, ann, { login: { more: { device: { platform: 'android' } } } }),
      await tab(browser, ann, { login: { more: { tag: 'work' } } }),
    ];
    assert.equal(await links(), 4);
    assert.deepEqual(new Set(pages.map((page) => page.who.session)).size, 4);
    assert.equal((await sessions(ann)).length, 3);
    const place = await group(pages[0]);
    await send(pages[0], place, 'only for ann');
    for (const page of [pages[0], pages[1], pages[4], pages[5]]) await has(page, 'only for ann');
    assert.deepEqual([await texts(pages[2]), await texts(pages[3])], [[], []]);
    await pages[0].evaluate('globalThis.tab.client.objects.set("draft", "of ann")');
    await until(() => pages[1].evaluate('globalThis.tab.client.objects.get("draft") === "of ann"'), 'the other tab has the object');
    for (const page of pages.slice(2)) assert.equal(await page.evaluate('globalThis.tab.client.objects.get("draft")'), undefined);
    // Two users in one page.
    const both = await pages[0].evaluate(async (url, user) => {
      const client = await new globalThis.tab.Unisono(url).login({ user });
      return { user: client.user, own: globalThis.tab.client.user };
    }, pages[0].options.url, bob);
    assert.deepEqual(both, { user: bob, own: ann });
    await close(...pages);
  },

  // T12 T13: pages of another host name or port have their own.
  origins: async ({ browser }) => {
    const ann = somebody('ann');
    const pages = [];
    for (const origin of ['http://pages.localhost', 'http://other.localhost', 'http://pages.localhost:81']) pages.push(await tab(browser, ann, { origin }));
    assert.equal(new Set(pages.map((page) => page.who.session)).size, 3);
    assert.equal(new Set((await sessions(ann)).map((session) => session.device)).size, 3);
    await close(...pages);
  },

  // M25 to M31, X40, X41: objects are shared, data only, with a listener in every tab, the setter's own included.
  objects: async ({ browser }) => {
    const ann = somebody('ann');
    const [one, other] = await tabs(browser, ann, 2);
    const phone = await tab(browser, ann, { login: { more: { device: { platform: 'ios' } } } });
    const value = { title: 'a', text: 'b' };
    assert.equal(await other.evaluate('globalThis.tab.client.objects.get("nobody set this")'), undefined);
    assert.equal(await one.evaluate((given) => globalThis.tab.client.objects.set('draft', given), value) > 0, true);
    await until(async () => (await heard(other, 'object')).length === 1, 'the other tab hears of it');
    assert.deepEqual(await other.evaluate('globalThis.tab.client.objects.get("draft")'), value);
    assert.deepEqual(await heard(other, 'object'), [{ kind: 'object', name: 'draft', value, isOwn: false }]);
    assert.deepEqual(await heard(one, 'object'), [{ kind: 'object', name: 'draft', value, isOwn: true }]);
    for (const bad of ['{ f() {} }', 'document.body', '(() => { const a = {}; a.a = a; return a; })()', '"x".repeat(70000)']) {
      assert.ok(['invalid_argument', 'too_large'].includes(await problem(one, `globalThis.tab.client.objects.set("bad", ${bad})`)), bad);
    }
    assert.equal(await problem(one, 'globalThis.tab.client.objects.set("draft", 1, { expect: 0 })'), 'conflict');
    const late = await tab(browser, ann);
    assert.deepEqual(await late.evaluate('globalThis.tab.client.objects.get("draft")'), value);
    assert.equal(await phone.evaluate('globalThis.tab.client.objects.get("draft")'), undefined);
    await close(one, other, late, phone);
  },

  // M32 M33 M34: an id of each tab's own, the same whenever it is asked for.
  ids: async ({ browser }) => {
    const ann = somebody('ann');
    const [one, other] = await tabs(browser, ann, 2);
    assert.notEqual(one.who.tab, other.who.tab);
    assert.equal(await one.evaluate('globalThis.tab.client.tab'), one.who.tab);
    await until(async () => (await one.evaluate('globalThis.tab.client.tabs.map((each) => each.tab)')).length === 2, 'both are known');
    await close(other);
    // X14: a tab that is gone leaves the list.
    await until(async () => (await one.evaluate('globalThis.tab.client.tabs.length')) === 1, 'the closed tab leaves the list');
    // X16: the same login twice in one page is one client.
    assert.equal(await one.evaluate(async (given) => {
      const unisono = new globalThis.tab.Unisono(given.url, given.options);
      return await unisono.login({ user: given.user }) === await unisono.login({ user: given.user });
    }, one.options), true);
    await close(one);
  },

  // X38 D13: leaving with one tab, and signing out of all; of three users that one alone is forgotten.
  leaving: async ({ browser }) => {
    const [ann, bob, cat] = [somebody('ann'), somebody('bob'), somebody('cat')];
    await nobody();
    const [one, other, third] = await tabs(browser, ann, 3);
    const bobs = await tab(browser, bob);
    const cats = await tab(browser, cat);
    await bobs.evaluate('globalThis.tab.client.objects.set("draft", 2)');
    assert.equal(await links(), 3);
    await one.evaluate('globalThis.tab.client.close()');
    assert.equal(await problem(one, 'globalThis.tab.client.sessions()'), 'client_closed');
    assert.equal(await other.evaluate('globalThis.tab.client.sessions().then((all) => all.length)'), 1);
    await other.evaluate('globalThis.tab.client.objects.set("draft", 1)');
    const of = async (user) => (await kept(bobs)).filter((row) => row.includes(user)).length;
    assert.deepEqual([await of(ann), await of(bob), await of(cat)], [2, 2, 1]);
    await other.evaluate('globalThis.tab.client.signOut()');
    for (const page of [other, third]) {
      await until(async () => (await heard(page, 'closed')).length === 1, 'each tab is told');
      assert.equal((await heard(page, 'closed'))[0].isOwn, true);
    }
    await until(async () => (await sessions(ann)).length === 0, 'the session is over');
    await until(async () => await of(ann) === 0, 'no row tells of who signed out');
    assert.deepEqual([await of(bob), await of(cat), await bobs.evaluate('globalThis.tab.client.objects.get("draft")')], [2, 1, 2]);
    assert.equal(await bobs.evaluate('globalThis.tab.client.isLive'), true);
    assert.equal(await problem(third, 'globalThis.tab.client.sessions()'), 'session_closed');
    // Nothing of the one who left is kept.
    const again = await tab(browser, ann);
    assert.equal(await again.evaluate('globalThis.tab.client.objects.get("draft")'), undefined);
    assert.notEqual(again.who.session, other.who.session);
    await close(one, other, third, bobs, cats, again);
  },

  // M3 M17: a call ends with the tab that is in it, whether it is closed or shows another page; the session goes on in the others.
  calls: async ({ browser }) => {
    const [ann, bob] = [somebody('ann'), somebody('bob')];
    const [one, other] = await tabs(browser, ann, 2);
    const bobs = await tab(browser, bob);
    await bobs.evaluate(() => {
      const { client, heard: all } = globalThis.tab;
      client.on('ringing', ({ call }) => call.answer());
      client.on('callAnswered', () => all.push({ kind: 'answered' }));
      client.on('callEnded', ({ told }) => all.push({ kind: 'ended', reason: told.reason }));
    });
    const ways = [(page) => page.close(), (page) => page.goto(`${ORIGIN}/away`)];
    for (const [at, page] of [one, other].entries()) {
      await page.evaluate((user) => globalThis.tab.client.call(user).then(() => null), bob);
      await until(async () => (await heard(bobs, 'answered')).length === at + 1, 'bob is in the call');
      await ways[at](page);
      await until(async () => (await heard(bobs, 'ended')).length === at + 1, 'bob hears that it is over');
    }
    assert.deepEqual((await heard(bobs, 'ended')).map(({ reason }) => reason), ['hung_up', 'hung_up']);
    await close(other, bobs);
  },

  // X7 X8 X9: who is put out is told so once in each tab, and none of them comes back by itself; other devices stay.
  putOut: async ({ browser }) => {
    const ann = somebody('ann');
    const pages = await tabs(browser, ann, 5);
    const phone = await tab(browser, ann, { login: { more: { device: { platform: 'ios' } } } });
    const before = await logins();
    await ask('DELETE', `/v1/users/${ann}/sessions/${pages[0].who.session}`);
    for (const page of pages) {
      await until(async () => (await heard(page, 'closed')).length === 1, 'each tab is told');
      assert.deepEqual(await heard(page, 'closed'), [{ kind: 'closed', code: 'session_closed', isOwn: false }]);
    }
    await pause(1000);
    assert.equal(await logins() - before, 0);
    assert.equal(await phone.evaluate('globalThis.tab.client.isLive'), true);
    for (const page of pages) assert.equal((await heard(page, 'closed')).length, 1);
    await close(...pages, phone);
  },
};

let lent = null;
playAll(scenarios, async () => ({ browser: (lent ??= await browserOf()).browser }), { only })
  .then(() => lent && lent.close()).then(() => process.exit(0));
