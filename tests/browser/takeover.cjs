'use strict';
// What tabs go through: the holder of their session dies, freezes, hangs, sleeps in the cache; nothing is lost and nothing doubled.

const assert = require('node:assert/strict');
const { playAll, say, table } = require('../support/playing.cjs');
const { proxy } = require('./cut.cjs');
const {
  again, assertWhole, browserOf, freeze, group, has, heard, inNode, killBrowser, killPage, logins, makerOf, messages, metric, numbers, open, pause, processOf,
  quantile, saidIn, send, sessions, somebody, speak, speakersTo, tabOf, thaw, until, withBrowser, within,
} = require('./tabs.cjs');

const { hosts, only = [], load } = table();
// After a thaw or a hang: what a tab whose turn it was not still does.
const AFTER_MS = 1000;
// Takes longer than a promise that waits for others: what was asked before is on its way.
const HOPS = 100;
let next = 0;
// Where they are mixed a page that has workers chooses for itself: told to have a worker alone, it deposes no tab that leads.
const host = () => {
  const one = hosts[next++ % hosts.length];
  return hosts.length > 1 && one === 'shared-worker' ? undefined : one;
};
const tab = (browser, user, more) => tabOf(browser, user, { host: host(), ...more });
const withWorker = hosts.includes('shared-worker');
const resumes = () => metric('unisono_resumes_total{outcome="ok"}');
const replaced = () => metric('unisono_connections_closed_total{code="replaced"}');

// The page with the holder, or in whose process the holder's worker is. Tabs take their turn in the order in which they came.
const holderOf = async (pages) => {
  if (!withWorker) return pages[0];
  if (hosts.length > 1) for (const page of pages) if (await page.evaluate('globalThis.tab.connections.some((one) => one.readyState === 1)')) return page;
  return makerOf(pages);
};

// Whether the first tab holds the session of all, by a connection of its own.
const leads = (page) => page.who.host === 'leader-tab';

// Greets the server anew as the holder in this page did at last, under its number; gives the code of the answer.
const greetAgain = (page) => within(page.evaluate((url) => new Promise((told) => {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/v1/connect`, 'unisono.v1+json');
  socket.onopen = () => socket.send(globalThis.tab.connections[0].greeting);
  socket.onmessage = ({ data }) => { told(JSON.parse(data).code ?? data); socket.close(); };
  socket.onclose = () => told('closed');
}), page.options.url), 'an answer to the greeting');

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
    const ann = somebody('ann');
    const pages = [];
    for (let i = 0; i < load.tabs; i++) pages.push(await tab(browser, ann));
    const bobs = await speakersTo(ann);
    const [place] = bobs.places;
    const speaking = speak(bobs.places, load.inPerS);
    const began = Date.now();
    // By the clock of a worker: timers of hidden pages ring once a second.
    const sendOut = (page) => page.evaluate((where, name, everyMs) => {
      const { tab } = globalThis;
      tab.sent = [];
      tab.sending = new Worker(URL.createObjectURL(new Blob([`setInterval(postMessage, ${everyMs}, 0)`])));
      tab.sending.onmessage = () => {
        const text = `out ${name} ${tab.sent.length}`;
        tab.sent.push(tab.send(where, text).then((seq) => ({ text, seq }), (problem) => ({ text, problem: String(problem) })));
      };
    }, place.id, page.who.tab, 1000 / load.outPerS * load.tabs);
    for (const page of pages) await sendOut(page);
    const deaths = [];
    const times = hosts.length > 1 ? load.mixedDeaths : load.deaths;
    for (let n = 0; n < times; n++) {
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
    const inPerS = await speaking.stop();
    const sent = [];
    for (const page of pages) sent.push(...await within(page.evaluate('globalThis.tab.sending.terminate(), Promise.all(globalThis.tab.sent)'), 'the answers to all sends'));
    const seconds = (Date.now() - began) / 1000;
    assert.deepEqual(sent.filter((one) => one.problem), []);
    const { seq: last } = await place.send('the end');
    const all = await saidIn(place);
    const texts = all.map((message) => message.text);
    assert.equal(new Set(texts).size, texts.length, 'a message was placed twice');
    const seqOf = new Map(all.map(({ text, seq }) => [text, seq]));
    for (const { text, seq } of sent) assert.equal(seqOf.get(text), seq, `${text} was lost`);
    const outPerS = Math.round(texts.filter((text) => text.startsWith('out ')).length / seconds);
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
    const [p50, p99] = [quantile(gaps, 0.5), quantile(gaps, 0.99)];
    say({ figure: { scenario: 'deaths', hosts, deaths: deaths.length, p50, p99, last: quantile(gaps, 1), messages: texts.length, inPerS, outPerS } });
    assert.ok(p50 < load.p50Ms, `hand-overs took ${p50} ms in the median`);
    assert.ok(p99 < load.p99Ms, `hand-overs took ${p99} ms at the 99th percentile`);
    assert.ok(inPerS >= load.inPerS * load.managed, `no more than ${inPerS} messages came a second`);
    assert.ok(outPerS >= load.outPerS * load.managed, `no more than ${outPerS} messages went a second`);
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
    assert.ok(Date.now() - frozenAt < load.followedMs, 'the takeover took too long');
    for (let n = 0; n < 20; n++) await place.send(`${n}`);
    await pause(load.frozenMs);
    const takeovers = await resumes() - resumesBefore;
    assert.equal(takeovers, leads(first) ? 1 : 0, 'there is one takeover, of a tab that leads');
    await thaw(first);
    if (leads(first)) assert.equal(await greetAgain(first), 'replaced', 'its number is refused');
    await until(() => first.evaluate('globalThis.tab.late !== undefined'), 'the late write');
    const late = await within(first.evaluate('globalThis.tab.late'), 'the place of the late write');
    const { seq } = await place.send('after');
    assert.deepEqual((await saidIn(place)).filter((message) => message.text === 'too late').map((message) => message.seq), [late]);
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

  // The tab with the session hangs, and no event tells of it: it is deposed, what it then writes as holder is refused by its number, and it
  // goes on as a tab like others.
  hung: () => withBrowser(async ({ browser }) => {
    const [ann, bob] = [somebody('ann'), somebody('bob')];
    const bobs = await inNode(bob);
    const [first, other] = [await tab(browser, ann), await tab(browser, ann)];
    const place = await bobs.create([ann]);
    await place.send('before');
    await has(other, 'before');
    const [loginsBefore, resumesBefore, replacedBefore] = [await logins(), await resumes(), await replaced()];
    const hangs = first.evaluate(async (where, ms, hops) => {
      const { tab } = globalThis;
      // It is asked for before, and comes to the holder that wakes.
      tab.late = tab.send(where, 'asked before');
      for (let n = 0; n < hops; n++) await null;
      for (const end = Date.now() + ms; Date.now() < end;);
      tab.connections.at(-1)?.send(JSON.stringify({ id: 1e6, do: { op: 'send', conversation: where, key: 'too late', content: { text: 'too late' } } }));
    }, place.id, load.hangMs, HOPS);
    const hungAt = Date.now();
    await place.send('while it hangs');
    await has(other, 'while it hangs');
    const hungMs = Date.now() - hungAt;
    say({ figure: { scenario: 'hung', hosts, hungMs } });
    await within(hangs, 'its waking', 2 * load.hangMs);
    await send(first, place.id, 'of the one who hung');
    await within(first.evaluate('globalThis.tab.late'), 'the place of what was asked before');
    await pause(AFTER_MS);
    const takeovers = leads(first) ? 1 : 0;
    assert.deepEqual([await resumes() - resumesBefore, await replaced() - replacedBefore], [takeovers, takeovers], 'there is one takeover, of a tab that leads');
    if (leads(first)) {
      assert.ok(hungMs < load.followedMs, `the takeover took ${hungMs} ms`);
      assert.equal(await first.evaluate('globalThis.tab.connections.length'), 1, 'it holds nothing again');
      assert.equal(await greetAgain(first), 'replaced', 'its number is refused');
    }
    const { seq } = await place.send('after');
    for (const page of [first, other]) {
      await has(page, 'after');
      assertWhole(await numbers(page), seq, 'a tab');
    }
    const texts = (await saidIn(place)).map((message) => message.text);
    assert.deepEqual(texts.filter((text) => text !== 'of the one who hung' && text !== 'asked before'), ['before', 'while it hangs', 'after']);
    assert.equal(texts.length, 5, 'what was asked before is placed once');
    assert.equal(await logins(), loginsBefore);
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

  // Sends without a connection go to the disk: they outlive a reload, and a browser that dies with all its tabs, and go once and in order.
  outbox: async () => {
    const ann = somebody('ann');
    const line = await proxy();
    const one = await browserOf();
    const pages = [await tab(one.browser, ann, { url: line.url }), await tab(one.browser, ann, { url: line.url })];
    const place = await group(pages[0]);
    line.cut();
    for (const page of pages) await until(() => page.evaluate('!globalThis.tab.client.isLive'), 'the connection is lost');
    const texts = Array.from({ length: 6 }, (_, n) => `unsent ${n}`);
    const queued = async (page) => (await heard(page, 'outbox')).filter((each) => each.status === 'queued').length;
    for (const [n, text] of texts.entries()) {
      await pages[n % 2].evaluate((where, what) => { globalThis.tab.send(where, what).catch(() => {}); }, place, text);
      await until(async () => await queued(pages[1]) === n + 1, 'it is on disk');
    }
    await pages[0].reload();
    await killBrowser(one.browser);
    await one.close();
    line.mend();
    const two = await browserOf({ profile: one.profile });
    const fresh = await tab(two.browser, ann, { url: line.url });
    const node = await inNode(ann);
    const history = async () => (await saidIn(node.conversation(place))).map((message) => message.text);
    await until(async () => (await history()).length === texts.length, 'all are sent');
    await until(() => fresh.evaluate('globalThis.tab.client.outbox.length === 0'), 'the outbox is empty');
    assert.deepEqual(await history(), texts);
    assert.equal(new Set(await numbers(fresh)).size, (await numbers(fresh)).length);
    await node.close();
    await two.close();
    line.close();
  },

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
