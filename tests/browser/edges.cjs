'use strict';
// Where tabs cannot share, or may not, or only in another way; rooms of several tabs; and many tabs that come and go at random.

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { playAll, say, table } = require('../support/playing.cjs');
const { proxy } = require('./cut.cjs');
const {
  URL_OF_SERVER, again, close, freeze, has, heard, inNode, killPage, links, messages, open, pause, sessions, somebody, tabOf, thaw, until, withBrowser, within,
} = require('./tabs.cjs');

const { hosts, strict, dist, only = [], load } = table();
let next = 0;
const host = () => hosts[next++ % hosts.length];
const tab = (browser, user, more) => tabOf(browser, user, { host: host(), ...more });
const PLAIN = 'http://plain.test';

// What whoever holds the session loads beside its own code cannot be had at once: messages come and go, and what needs it is done when it is there.
async function lateDuties(kind) {
  const name = fs.readdirSync(dist).find((each) => /^unisono\.duties-\w+\.js$/.test(each));
  let isAway = true;
  const duties = { file: path.join(dist, name), isAway: () => isAway };
  await withBrowser(async ({ browser }) => {
    const ann = somebody('ann');
    const pages = [await tabOf(browser, ann, { host: kind }), await tabOf(browser, ann, { host: kind })];
    // It may be asked for again later than they wait.
    const patiently = (act) => `(async () => { for (;;) try { return await ${act}; } catch (problem) { if (!problem.retryable) throw problem; } })()`;
    const claimed = Promise.all(pages.map((page) => page.evaluate(patiently('globalThis.tab.client.claim("sound", "1")'))));
    const set = pages[0].evaluate(patiently('globalThis.tab.client.objects.set("theme", "dark").then(() => null)'));
    const place = await pages[0].evaluate('globalThis.tab.client.create([], { unique: false }).then((made) => made.id)');
    await pages[1].evaluate((where) => globalThis.tab.send(where, 'hello'), place);
    for (const page of pages) await has(page, 'hello');
    assert.equal(await pages[1].evaluate('globalThis.tab.client.objects.get("theme") ?? null'), null, 'it is not there yet');
    isAway = false;
    assert.deepEqual((await within(claimed, 'the claims')).sort(), [false, true]);
    await set;
    await until(async () => (await pages[1].evaluate('globalThis.tab.client.objects.get("theme")')) === 'dark', 'the other tab has it');
    await within(pages[0].evaluate('globalThis.tab.client.signOut().then(() => null)'), 'signing out');
  }, { pages: { [`/${name}`]: duties } });
}

// The same numbers each time it is asked with the same seed.
function chances(seed) {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor(state / 2 ** 32 * below);
  };
}

const made = (page, options) => page.evaluate((url, given) => {
  try {
    return new globalThis.tab.Unisono(url, given).sharing;
  } catch (problem) {
    return problem.code;
  }
}, URL_OF_SERVER, options);
const supported = (page) => page.evaluate('globalThis.tab.Unisono.isSharedContextSupported()');

// A server where a user has one session for each kind of device.
const alone = (browser, user, login) => tabOf(browser, user, { url: strict, options: { sharing: 'off' }, login });
const living = async (pages) => {
  const states = await Promise.all(pages.map((page) => page.evaluate('globalThis.tab.client.isClosed')));
  return pages.filter((_, n) => !states[n]);
};

// The files that the SDK's page names, under other names.
function moved() {
  const pages = {};
  let script = fs.readFileSync(path.join(dist, 'unisono.js'), 'utf8');
  for (const name of fs.readdirSync(dist).filter((each) => /-[0-9a-f]{12}\.js$/.test(each))) {
    const kind = name.split(/[.-]/)[1];
    pages[`/assets/${kind}/1.js`] = { file: path.join(dist, name) };
    script = script.replaceAll(`./${name}`, `/assets/${kind}/1.js`);
  }
  const tab = fs.readFileSync(path.join(__dirname, 'tab.js'), 'utf8').replace('/unisono.js', '/bundled.js');
  return { ...pages, '/bundled.js': script, '/bundled-tab.js': tab, '/bundled': '<!doctype html><title>Bundled</title><script type="module" src="/bundled-tab.js"></script>' };
}

const scenarios = {
  // T20 T21 T22 T26 X45: whoever asks is told; the strict option throws at once where nothing can be shared, all else works there.
  unsupported: () => withBrowser(async ({ browser }) => {
    const [here, plain] = [await open(browser), await open(browser, PLAIN)];
    assert.deepEqual([await supported(here), await supported(plain)], [true, false]);
    for (const options of [{ sharedContext: true }, { sharing: 'required' }]) {
      assert.equal(await made(here, options), 'required');
      assert.equal(await made(plain, options), 'sharing_unavailable');
    }
    const ann = somebody('ann');
    const forced = { url: URL_OF_SERVER, user: ann, options: { host: 'shared-worker', workerUrl: '/nothing-there.js' } };
    assert.equal(await here.evaluate((given) => globalThis.tab.login(given).then(() => 'in', (problem) => problem.code), forced), 'sharing_unavailable');
    for (const options of [{}, { sharing: 'off' }]) {
      const page = await tabOf(browser, ann, { origin: PLAIN, options });
      assert.equal(page.who.host, 'single');
      await close(page);
    }
  }),

  // M10 T19 T25: one word turns it on, and nothing else changes in the program.
  oneWord: () => withBrowser(async ({ browser }) => {
    const ann = somebody('ann');
    for (const [options, sessionsThen] of [[{ sharedContext: false }, 2], [{ sharedContext: true }, 1]]) {
      const pages = [await tabOf(browser, ann, { options, login: { more: { tag: `${sessionsThen}` } } }), await tabOf(browser, ann, { options, login: { more: { tag: `${sessionsThen}` } } })];
      assert.equal(new Set(pages.map((page) => page.who.session)).size, sessionsThen);
      const place = await pages[0].evaluate('globalThis.tab.client.create([], { unique: false }).then((made) => made.id)');
      await pages[1].evaluate((where) => globalThis.tab.send(where, 'hello'), place);
      for (const page of pages) await has(page, 'hello');
      await close(...pages);
    }
  }),

  // T1 T2 T3 X2 X5: sharing is off, and one session is allowed: one of the tabs has it, and every other is told that it has none.
  alone: () => withBrowser(async ({ browser }) => {
    const ann = somebody('ann');
    const pages = [];
    for (let n = 0; n < 3; n++) {
      pages.push(await alone(browser, ann, { more: { tag: 'same' } }));
      await until(async () => (await living(pages)).length === 1, 'one tab has the session').catch(async (problem) => { throw new Error(problem.message + JSON.stringify(await Promise.all(pages.map((page) => page.evaluate('[globalThis.tab.heard, globalThis.tab.who()]'))))); });
      assert.deepEqual(await living(pages), [pages[n]]);
    }
    for (const page of pages.slice(0, 2)) assert.deepEqual((await heard(page, 'closed')).map((one) => one.code), ['replaced']);
    await pause(500);
    assert.deepEqual(await living(pages), [pages[2]]);
    const other = await alone(browser, ann, { more: { device: { platform: 'android' } } });
    assert.deepEqual(await living([...pages, other]), [pages[2], other]);
  }),

  // X4: tabs that share are one session there, and never in each other's way.
  sharedBySlot: () => withBrowser(async ({ browser }) => {
    const ann = somebody('ann');
    const pages = [];
    for (let n = 0; n < 3; n++) pages.push(await tab(browser, ann, { url: strict, login: { more: { tag: 'same' } } }));
    assert.equal(new Set(pages.map((page) => page.who.session)).size, 1);
    assert.equal((await living(pages)).length, 3);
    for (const page of pages) assert.deepEqual(await heard(page, 'displaced'), []);
  }),

  // X3: an id made for this browser's visit belongs to the session, not to the tab.
  randomDevice: () => withBrowser(async ({ browser }) => {
    const ann = somebody('ann');
    const pages = [await tab(browser, ann, { options: { deviceId: 'random' } }), await tab(browser, ann, { options: { deviceId: 'random' } })];
    assert.equal(new Set(pages.map((page) => page.who.session)).size, 1);
    assert.equal((await sessions(ann)).length, 1);
    assert.equal(new Set((await sessions(ann)).map((session) => session.device)).size, 1);
  }),

  // No script for a worker, none that may run, one of another origin: one of the tabs holds the session.
  noWorker: () => withBrowser(async ({ browser }) => {
    for (const [name, more] of Object.entries({
      missing: { options: { workerUrl: '/nothing-there.js' } },
      foreign: { options: { workerUrl: 'http://other.localhost/unisono.worker.js' } },
      forbidden: { path: '/no-workers' },
      silent: { options: { workerUrl: '/silent.js' } },
    })) {
      const ann = somebody(name);
      const pages = [await tabOf(browser, ann, more), await tabOf(browser, ann, more)];
      assert.deepEqual(pages.map((page) => page.who.host), ['leader-tab', 'leader-tab'], name);
      assert.equal(new Set(pages.map((page) => page.who.session)).size, 1, name);
      await close(...pages);
    }
  }, { pages: { '/silent.js': '// says nothing', '/no-workers': { file: path.join(__dirname, 'tab.html'), headers: { 'content-security-policy': "worker-src 'none'" } } } }),

  // The SDK comes from another origin, and the worker's file on the page's own has one line: it is all there.
  fromElsewhere: () => withBrowser(async ({ browser }) => {
    const ann = somebody('ann');
    const more = { options: { host: 'shared-worker', workerUrl: '/worker.js' } };
    const pages = [await tabOf(browser, ann, more), await tabOf(browser, ann, more)];
    assert.deepEqual(pages.map((page) => page.who.host), ['shared-worker', 'shared-worker']);
    assert.equal(new Set(pages.map((page) => page.who.session)).size, 1);
    const claimed = await Promise.all(pages.map((page) => page.evaluate('globalThis.tab.client.claim("sound", "1")')));
    assert.deepEqual(claimed.sort(), [false, true]);
    await pages[0].evaluate('globalThis.tab.client.objects.set("theme", "dark").then(() => null)');
    await until(async () => (await pages[1].evaluate('globalThis.tab.client.objects.get("theme")')) === 'dark', 'the other tab has it');
  }, { pages: { '/worker.js': "importScripts('http://other.localhost/unisono.worker.js');" } }),

  // As bundlers do it: what the page names by its address lies at a place of its own each, and no script is looked into.
  bundled: () => withBrowser(async ({ browser }) => {
    const ann = somebody('ann');
    const more = { path: '/bundled' };
    const pages = [await tabOf(browser, ann, more), await tabOf(browser, ann, more)];
    assert.deepEqual(pages.map((page) => page.who.host), ['shared-worker', 'shared-worker']);
    await pages[0].evaluate('globalThis.tab.client.objects.set("theme", "dark").then(() => null)');
    await until(async () => (await pages[1].evaluate('globalThis.tab.client.objects.get("theme")')) === 'dark', 'the other tab has it');
  }, { pages: moved() }),

  ...(load.isFull && { lateDuties: async () => { for (const kind of ['shared-worker', 'leader-tab']) await lateDuties(kind); } }),

  // A script tag instead of a module.
  scriptTag: () => withBrowser(async ({ browser }) => {
    const page = await open(browser, undefined, '/by-tag');
    const [ann, other] = [somebody('ann'), await open(browser)];
    const who = (url, user) => new globalThis.Unisono(url).login({ user }).then((client) => ({ session: client.session, host: client.host, text: typeof globalThis.Unisono.Text }));
    const byTag = await within(page.evaluate(who, URL_OF_SERVER, ann), 'a login');
    const byModule = await other.evaluate((given) => globalThis.tab.login(given), { url: URL_OF_SERVER, user: ann });
    assert.deepEqual(byTag, { session: byModule.session, host: 'shared-worker', text: 'function' });
  }, { pages: { '/by-tag': '<!doctype html><title>By tag</title><script>globalThis.tab = {}</script><script src="/unisono.global.js"></script>' } }),

  // X31 X33: each tab is in its own rooms, and in them again after a loss, or another holder.
  rooms: () => withBrowser(async ({ browser }) => {
    const [ann, bob] = [somebody('ann'), somebody('bob')];
    const line = await proxy();
    const bobs = await inNode(bob);
    const [one, other] = [await tab(browser, ann, { url: line.url }), await tab(browser, ann, { url: line.url })];
    const rooms = await Promise.all([bobs.createRoom({ name: 'a' }), bobs.createRoom({ name: 'b' })]);
    for (const room of rooms) await bobs.room(room).enter({ place: room.id });
    const enter = (page, room) => page.evaluate(async (id) => {
      globalThis.said = [];
      globalThis.tab.client.on('roomMessage', ({ conversation, text }) => globalThis.said.push(`${conversation.id} ${text}`));
      await globalThis.tab.client.room(id).enter();
    }, room.id);
    await enter(one, rooms[0]);
    await enter(other, rooms[1]);
    const bothHear = async (text) => {
      for (const [page, room] of [[one, rooms[0]], [other, rooms[1]]]) {
        await until(async () => {
          await bobs.room(room).send(text);
          return await page.evaluate((wanted) => globalThis.said.includes(wanted), `${room.id} ${text}`);
        }, `a tab hears ${text}`);
      }
      for (const [page, room] of [[one, rooms[1]], [other, rooms[0]]]) assert.equal(await page.evaluate((id) => globalThis.said.some((text_) => text_.startsWith(id)), room.id), false);
    };
    await bothHear('first');
    line.cut();
    await until(() => one.evaluate('!globalThis.tab.client.isLive'), 'the connection is lost');
    line.mend();
    await one.evaluate('globalThis.tab.client.retry()');
    await bothHear('after a loss');
    await bobs.close();
    line.close();
  }),

  // Tabs that open, close, crash, freeze, leave and are loaded again, whichever holds the session, while messages come in.
  crowd: () => withBrowser(async ({ browser }) => {
    const [ann, bob] = [somebody('ann'), somebody('bob')];
    const bobs = await inNode(bob);
    const place = await bobs.create([ann]);
    const chance = chances(load.seed);
    const pages = [await tab(browser, ann)];
    const frozen = new Set();
    let isRunning = true;
    const telling = (async () => {
      for (let n = 0; isRunning; n++) {
        await place.send(`in ${n}`);
        await pause(50);
      }
    })();
    const one = () => pages[chance(pages.length)];
    const gone = (page) => { pages.splice(pages.indexOf(page), 1); frozen.delete(page); };
    const acts = {
      open: async () => { if (pages.length < load.crowd) pages.push(await tab(browser, ann)); },
      close: async () => { const page = one(); gone(page); await page.close(); },
      crash: async () => { const page = one(); if (frozen.has(page)) return; gone(page); await killPage(page); page.close().catch(() => {}); },
      reload: async () => { const page = one(); if (frozen.has(page)) return; await page.reload(); await again(page); },
      freeze: async () => { const page = one(); if (pages.length > 1 && !frozen.has(page)) { frozen.add(page); await freeze(page); } },
      thaw: async () => { const [page] = frozen; if (page) { frozen.delete(page); await thaw(page); } },
      cache: async () => {
        const page = one();
        if (frozen.has(page)) return;
        await page.goto('http://pages.localhost/away');
        await page.evaluate('history.back()').catch(() => {});
        await until(() => page.evaluate('globalThis.tab !== undefined').catch(() => false), 'the page is back');
        if (await page.evaluate('globalThis.tab.client === null')) await again(page);
      },
    };
    const names = ['open', 'open', 'open', ...Object.keys(acts)];
    const done = [];
    const times = hosts.length > 1 ? load.mixedActs : load.acts;
    for (let n = 0; n < times; n++) {
      if (pages.length === 0) await acts.open();
      const name = names[chance(names.length)];
      done.push(name);
      await acts[name]().catch((problem) => { throw new Error(`${done.join(' ')}: ${problem.stack}`); });
    }
    for (const page of frozen) await thaw(page);
    if (pages.length === 0) await acts.open();
    isRunning = false;
    await telling;
    const { seq: last } = await place.send('the end');
    for (const page of pages) {
      await has(page, 'the end');
      const seqs = (await messages(page)).map((each) => each.seq);
      assert.deepEqual(seqs, Array.from({ length: last - seqs[0] + 1 }, (_, n) => seqs[0] + n), done.join(' '));
    }
    say({ figure: { hosts, acts: done.length, tabs: pages.length } });
    assert.equal((await sessions(ann)).length, 1);
    await until(async () => await links() === 2, 'one connection is left for all tabs');
    await bobs.close();
  }),
};

playAll(scenarios, () => undefined, { only }).then(() => process.exit(0));
