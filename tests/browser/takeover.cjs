'use strict';
// What tabs go through: the holder of their session dies, freezes, hangs, sleeps in the cache; nothing is lost and nothing doubled.

const assert = require('node:assert/strict');
const path = require('node:path');
const { playAll, say, table } = require('../support/playing.cjs');
const { proxy } = require('./cut.cjs');
const {
  URL_OF_SERVER, again, close, freeze, group, has, heard, killPage, logins, makerOf, messages, metric, open, pause, processOf, send, sessions, somebody, tabOf,
  thaw, until, withBrowser, within,
} = require('./tabs.cjs');

const { hosts, dist, only = [], load } = table();
// Messages that wait to be placed.
const UNDER_WAY = 50;
let next = 0;
const host = () => hosts[next++ % hosts.length];
const tab = (browser, user, more) => tabOf(browser, user, { host: host(), ...more });
const withWorker = hosts.includes('shared-worker');
const resumes = () => metric('unisono_resumes_total');
const numbers = (page) => page.evaluate('globalThis.tab.messages.map((one) => one.seq)');

// Somebody in Node: the same SDK, in a process that nothing happens to.
async function inNode(user) {
  const { Unisono } = await import(path.join(dist, 'unisono.js'));
  const client = await new Unisono(URL_OF_SERVER).login({ user });
  assert.equal(client.host, 'single');
  return client;
}

// Every message from the first one on that a tab heard, each once, in the server's order.
function assertWhole(heardSeqs, last, who) {
  assert.ok(heardSeqs.length > 0, `${who} heard nothing`);
  const wanted = Array.from({ length: last - heardSeqs[0] + 1 }, (_, i) => heardSeqs[0] + i);
  assert.deepEqual(heardSeqs, wanted, `${who} did not hear each message once and in order`);
}

// The page with the holder, or in whose process the holder's worker is. Tabs take their turn in the order in which they came.
const holderOf = (pages) => (withWorker ? makerOf(pages) : pages[0]);

// Has a tab be in a room and watch somebody; gives what shows that it is and does still. Whoever holds the session when a page wakes knows
// nothing of either.
async function present(page, founder) {
  const [room, cat] = [await founder.createRoom({ name: 'hall' }), somebody('cat')];
  const cats = await inNode(cat);
  await founder.room(room).enter();
  // Who has a conversation with somebody may see them.
  await cats.create([await page.evaluate('globalThis.tab.client.user')]);
  await page.evaluate(async (id, user) => {
    globalThis.tab.said = [];
    globalThis.tab.client.on('roomMessage', ({ text }) => globalThis.tab.said.push(text));
    globalThis.tab.client.on('presence', ({ state }) => globalThis.tab.said.push(state));
    await globalThis.tab.client.room(id).enter();
    await globalThis.tab.client.watch(user);
  }, room.id, cat);
  const said = (word) => page.evaluate((wanted) => globalThis.tab.said.includes(wanted), word);
  return async () => {
    await until(async () => {
      await founder.room(room).send('still there');
      return said('still there');
    }, 'the tab is in its room');
    await cats.signOut();
    await until(() => said('offline'), 'the tab hears of whom it watches');
  };
}

const scenarios = {
  // kill -9 of the holder's process while facts come in and messages go out.
  deaths: () => withBrowser(async ({ browser }) => {
    const [ann, bob] = [somebody('ann'), somebody('bob')];
    const bobs = await inNode(bob);
    const pages = [];
    for (let i = 0; i < load.tabs; i++) pages.push(await tab(browser, ann));
    const place = await bobs.create([ann]);
    let isRunning = true;
    const told = [];
    let waiting = 0;
    const began = Date.now();
    const telling = (async () => {
      for (let n = 0; isRunning; n++) {
        // A machine that does not manage so many is not asked for more.
        if (waiting < UNDER_WAY) {
          waiting += 1;
          told.push(place.send(`in ${n}`).finally(() => { waiting -= 1; }));
        }
        await pause(1000 / load.inPerS);
      }
    })();
    const sendOut = (page) => page.evaluate((where, name, everyMs) => {
      globalThis.tab.sent = [];
      globalThis.tab.sending = setInterval(() => {
        const text = `out ${name} ${globalThis.tab.sent.length}`;
        globalThis.tab.sent.push(globalThis.tab.send(where, text).then((seq) => ({ text, seq }), (problem) => ({ text, problem: String(problem) })));
      }, everyMs);
    }, place.id, page.who.tab, 1000 / load.outPerS * load.tabs);
    for (const page of pages) await sendOut(page);
    const deaths = [];
    for (let n = 0; n < load.deaths; n++) {
      await pause(500);
      const page = await holderOf(pages);
      const pid = await processOf(browser, page);
      deaths.push(Date.now());
      process.kill(pid, 'SIGKILL');
      pages.splice(pages.indexOf(page), 1);
      await pause(1500);
      page.close().catch(() => {});
      const fresh = await tab(browser, ann);
      await sendOut(fresh);
      pages.push(fresh);
    }
    await pause(500);
    isRunning = false;
    await telling;
    const inPerS = Math.round(told.length / (Date.now() - began) * 1000);
    const sent = [];
    for (const page of pages) sent.push(...await within(page.evaluate('clearInterval(globalThis.tab.sending), Promise.all(globalThis.tab.sent)'), 'the answers to all sends'));
    assert.deepEqual(sent.filter((one) => one.problem), []);
    await Promise.all(told);
    const { seq: last } = await place.send('the end');
    const all = [];
    for await (const page of place.messagesIterator()) all.push(...page.messages);
    const texts = all.map((message) => message.text);
    assert.equal(new Set(texts).size, texts.length, 'a message was placed twice');
    for (const { text, seq } of sent) assert.ok(all.some((message) => message.text === text && message.seq === seq), `${text} was lost`);
    const gaps = [];
    for (const page of pages) {
      await has(page, 'the end');
      assertWhole(await numbers(page), last, `tab ${page.who.tab}`);
      const times = (await messages(page)).map((one) => one.at);
      for (const death of deaths.filter((at) => at > times[0])) {
        const after = times.find((at) => at > death + 50);
        const before = times.findLast((at) => at <= death + 50);
        gaps.push(after - Math.max(before, death));
      }
    }
    gaps.sort((a, b) => a - b);
    const at = (part) => Math.round(gaps[Math.min(gaps.length - 1, Math.floor(gaps.length * part))]);
    say({ figure: { hosts, deaths: deaths.length, p50: at(0.5), p99: at(0.99), last: Math.round(gaps.at(-1)), messages: texts.length, inPerS } });
    assert.ok(at(0.5) < load.p50Ms, `hand-overs took ${at(0.5)} ms in the median`);
    assert.ok(at(0.99) < load.p99Ms, `hand-overs took ${at(0.99)} ms at the 99th percentile`);
    await bobs.close();
  }),

  // X14: a tab that crashes disturbs nobody, and leaves the list.
  crash: () => withBrowser(async ({ browser }) => {
    const ann = somebody('ann');
    const [first, other, third] = [await tab(browser, ann), await tab(browser, ann), await tab(browser, ann)];
    const place = await group(first);
    await until(async () => (await first.evaluate('globalThis.tab.client.tabs.length')) === 3, 'all are known');
    await killPage(third);
    await until(async () => (await first.evaluate('globalThis.tab.client.tabs.length')) === 2, 'the crashed tab leaves the list', 2000);
    await send(first, place, 'on');
    await has(other, 'on');
    assert.deepEqual(await heard(other, 'disconnect'), []);
  }),

  // X60: the tab dies in which the login is under way; the others' logins do not hang.
  loginOfTheDead: () => withBrowser(async ({ browser }) => {
    const ann = somebody('ann');
    const [first, other] = [await open(browser), await open(browser)];
    const given = (page) => ({ url: page.url0, user: ann, options: { host: host() } });
    first.evaluate((options) => { globalThis.tab.login(options); }, given(first)).catch(() => {});
    const login = other.evaluate((options) => globalThis.tab.login(options), given(other));
    await killPage(first);
    assert.equal((await within(login, 'the login of the other tab')).state, 'live');
    await until(async () => (await sessions(ann)).length === 1, 'there is one session');
  }),

  // The tab with the session is frozen: another has it soon, and what the first missed it hears when it wakes.
  frozen: () => withBrowser(async ({ browser }) => {
    const [ann, bob] = [somebody('ann'), somebody('bob')];
    const bobs = await inNode(bob);
    const [first, other] = [await tab(browser, ann), await tab(browser, ann)];
    const place = await bobs.create([ann]);
    await place.send('before');
    await has(first, 'before');
    await has(other, 'before');
    const still = await present(first, bobs);
    const [loginsBefore, resumesBefore] = [await logins(), await resumes()];
    // What it wrote too late: it believes to this moment that it has the session.
    await first.evaluate((where) => { setTimeout(() => { globalThis.tab.late = globalThis.tab.send(where, 'too late'); }, 500); }, place.id);
    await freeze(first);
    const frozenAt = Date.now();
    await place.send('while it sleeps');
    await has(other, 'while it sleeps');
    assert.ok(Date.now() - frozenAt < 5000, 'the takeover took too long');
    for (let n = 0; n < 20; n++) await place.send(`${n}`);
    await pause(load.frozenMs);
    const takeovers = await resumes() - resumesBefore;
    if (hosts.length === 1) assert.equal(takeovers, withWorker ? 0 : 1, 'there is one takeover');
    await thaw(first);
    await until(() => first.evaluate('globalThis.tab.late !== undefined'), 'the late write');
    const late = await within(first.evaluate('globalThis.tab.late'), 'the place of the late write');
    const { seq } = await place.send('after');
    const placed = [];
    for await (const page of place.messagesIterator()) placed.push(...page.messages);
    assert.deepEqual(placed.filter((message) => message.text === 'too late').map((message) => message.seq), [late]);
    assert.equal(await resumes() - resumesBefore, takeovers, 'who woke took nothing back');
    for (const page of [first, other]) {
      await has(page, 'after');
      assertWhole(await numbers(page), seq, 'a tab');
    }
    await still();
    assert.equal(await logins(), loginsBefore);
    assert.equal((await sessions(ann)).length, 1);
    await bobs.close();
  }),

  // The tab with the session hangs, and no event tells of it: it is deposed, and goes on as a tab like others.
  hung: () => withBrowser(async ({ browser }) => {
    const [ann, bob] = [somebody('ann'), somebody('bob')];
    const bobs = await inNode(bob);
    const [first, other] = [await tab(browser, ann), await tab(browser, ann)];
    const place = await bobs.create([ann]);
    await place.send('before');
    await has(other, 'before');
    const hangs = first.evaluate((ms) => { for (const end = Date.now() + ms; Date.now() < end;); }, load.hangMs);
    const hungAt = Date.now();
    await place.send('while it hangs');
    await has(other, 'while it hangs');
    say({ figure: { hosts, hungMs: Date.now() - hungAt } });
    await hangs;
    await send(first, place.id, 'of the one who hung');
    const { seq } = await place.send('after');
    for (const page of [first, other]) {
      await has(page, 'after');
      assertWhole(await numbers(page), seq, 'a tab');
    }
    assert.equal((await sessions(ann)).length, 1);
    await bobs.close();
  }),

  // The page with the session goes into the back/forward cache, while others wait for its lock, and comes back from there.
  cache: () => withBrowser(async ({ browser }) => {
    const [ann, bob] = [somebody('ann'), somebody('bob')];
    const bobs = await inNode(bob);
    const [first, other] = [await tab(browser, ann), await tab(browser, ann)];
    const place = await bobs.create([ann]);
    await place.send('before');
    await has(first, 'before');
    const still = await present(first, bobs);
    const seen = [];
    bobs.on('presence', ({ state }) => { seen.push(state); });
    await bobs.watch(ann);
    await first.bringToFront();
    await first.evaluate('addEventListener("pageshow", (event) => { globalThis.wasKept = event.persisted; })');
    await first.goto(first.url().replace(/\/$/, '/away'));
    const leftAt = Date.now();
    await place.send('while it is away');
    await has(other, 'while it is away');
    assert.ok(Date.now() - leftAt < 2000, 'the takeover took too long');
    await first.evaluate('history.back()').catch(() => {});
    await until(() => first.evaluate('globalThis.wasKept').catch(() => false), 'the page comes from the cache').catch(async (problem) => {
      throw new Error(`${problem.message}: ${await first.evaluate('JSON.stringify(performance.getEntriesByType("navigation")[0].notRestoredReasons)')}`);
    });
    const { seq } = await place.send('after');
    for (const page of [first, other]) {
      await has(page, 'after');
      assertWhole(await numbers(page), seq, 'a tab');
    }
    await still();
    assert.equal((await sessions(ann)).length, 1);
    assert.deepEqual(seen.filter((state) => state !== 'online'), [], 'nobody saw the user go');
    await bobs.close();
  }),

  // X12 X13: a page that is loaded again is a new tab of the old session, and nobody sees its user go.
  reload: () => withBrowser(async ({ browser }) => {
    const [ann, bob] = [somebody('ann'), somebody('bob')];
    const bobs = await inNode(bob);
    const page = await tab(browser, ann);
    const { tab: before, session, device } = page.who;
    const place = await bobs.direct(ann);
    const seen = [];
    bobs.on('presence', ({ state }) => { seen.push(state); });
    await bobs.watch(ann);
    const loginsBefore = await logins();
    for (let n = 0; n < load.reloads; n++) {
      await page.reload();
      const who = await again(page);
      assert.deepEqual([who.session, who.device], [session, device]);
      assert.notEqual(who.tab, before);
    }
    assert.equal(await logins(), loginsBefore);
    assert.equal((await sessions(ann)).length, 1);
    assert.deepEqual(seen.filter((state) => state !== 'online'), []);
    await place.send('still there');
    await has(page, 'still there');
    await bobs.close();
  }),

  // Sends without a connection go to the disk: they outlive a reload and the browser's tab, and go once and in order.
  outbox: () => withBrowser(async ({ browser }) => {
    const ann = somebody('ann');
    const line = await proxy();
    const page = await tab(browser, ann);
    const place = await group(page);
    await page.reload();
    page.options = { ...page.options, url: line.url };
    await again(page);
    line.cut();
    await until(() => page.evaluate('!globalThis.tab.client.isLive'), 'the connection is lost');
    const texts = Array.from({ length: 5 }, (_, n) => `unsent ${n}`);
    await page.evaluate((where, all) => { for (const text of all) globalThis.tab.send(where, text).catch(() => {}); }, place, texts);
    await until(async () => (await heard(page, 'outbox')).filter((one) => one.status === 'queued').length === texts.length, 'all are on disk');
    await page.close();
    line.mend();
    const fresh = await tabOf(browser, ann, { host: host(), url: line.url });
    const node = await inNode(ann);
    const history = async () => (await node.conversation(place).history()).messages.map((message) => message.text);
    await until(async () => (await history()).length === texts.length, 'all are sent');
    assert.deepEqual(await history(), texts);
    await until(() => fresh.evaluate('globalThis.tab.client.outbox.length === 0'), 'the outbox is empty');
    await node.close();
    line.close();
  }),

  // X35 X36: all tabs hear of a loss and of each attempt alike; two that ask for one at once make one.
  network: () => withBrowser(async ({ browser }) => {
    const ann = somebody('ann');
    const line = await proxy();
    const pages = [await tab(browser, ann, { url: line.url }), await tab(browser, ann, { url: line.url })];
    line.cut();
    const attempts = async (page) => (await heard(page, 'retry')).map((one) => one.attempt);
    for (const page of pages) await until(async () => (await attempts(page)).length >= 2, 'two attempts were made');
    await until(async () => (await pages[0].evaluate('globalThis.tab.client.state')) === 'waiting', 'the next attempt is waited for');
    line.mend();
    await Promise.all(pages.map((page) => page.evaluate('globalThis.tab.client.retry()')));
    for (const page of pages) await until(async () => (await heard(page, 'reconnect')).length === 1, 'the connection is back');
    const story = async (page) => (await page.evaluate('globalThis.tab.heard')).filter((one) => ['disconnect', 'schedule', 'retry', 'reconnect'].includes(one.kind));
    const [one, other] = [await story(pages[0]), await story(pages[1])];
    assert.deepEqual(one, other);
    assert.equal(one[0].kind, 'disconnect');
    assert.equal(one.filter((each) => each.kind === 'reconnect').length, 1);
    line.close();
  }),
};

playAll(scenarios, () => undefined, { atOnce: 1, only }).then(() => process.exit(0));
