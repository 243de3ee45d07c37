'use strict';
// What tabs bear: many of them at once, nobody looking for minutes, one that hangs while others work, more to tell of than anybody hears.

const assert = require('node:assert/strict');
const { playAll, say, table } = require('../support/playing.cjs');
const {
  assertWhole, close, heard, inNode, logins, makerOf, messages, metric, numbers, open, pause, processOf, quantile, somebody, speak, speakersTo, tabOf, until, withBrowser,
  within,
} = require('./tabs.cjs');

const { hosts, only = [], load } = table();
// Whoever is hidden for longer has his timers ring once a minute (Chromium).
const INTENSIVE_MS = 300_000;
const MINUTE_MS = 60_000;
const BEAT_MS = 1000;
const HIDDEN_EVERY_MS = 2000;
// Of messages on their way to somebody who does not look: half of them, and the last.
const SOON_MS = 100;
const LATE_MS = 1500;
// Of nearly all to those beside whom a tab hangs, on a machine that this takes a core from.
const BESIDE_MS = 500;
const PATIENCE_MS = 60_000;
let next = 0;
const host = () => hosts[next++ % hosts.length];
const tab = (browser, user, more) => tabOf(browser, user, { host: host(), ...more });
const opened = () => metric('unisono_connections_opened_total');
const resumes = () => metric('unisono_resumes_total{outcome="ok"}');
const timed = () => `${Date.now()}`;
const isWhole = (page, seq) => until(() => page.evaluate((last) => globalThis.tab.messages.at(-1)?.seq >= last, seq), 'a tab has all', PATIENCE_MS);

// How long each message took that says when it was sent, of those sent between two times.
async function delays(page, from = 0, until_ = Infinity) {
  return (await messages(page)).map(({ text, at }) => ({ sent: Number(text), took: at - Number(text) }))
    .filter(({ sent }) => sent >= from && sent < until_).map(({ took }) => took);
}

// Has a tab tell its user of messages, as programs do, and read what he looks at.
const tellAndRead = (page, place) => page.evaluate(async (where) => {
  const { Notices } = await import('/unisono.notices.js');
  const { tab } = globalThis;
  tab.told = [];
  tab.sounds = [];
  tab.notices = new Notices(tab.client, (message) => { tab.told.push(message.text); });
  if (where !== null) tab.notices.look(tab.client.conversation(where));
  tab.client.on('message', async ({ text }) => { if (await tab.client.claim('sound', text)) tab.sounds.push(text); });
}, place);
const told = async (pages, what) => (await Promise.all(pages.map((page) => page.evaluate(`globalThis.tab.${what}`)))).flat();

const scenarios = {
  // 1,000 messages that would alert: each rings in one tab, also when the holder dies between two of them.
  alerts: () => withBrowser(async ({ browser }) => {
    const [ann, bob] = [somebody('ann'), somebody('bob')];
    const bobs = await inNode(bob);
    const pages = [];
    for (let n = 0; n < load.alertTabs; n++) pages.push(await tab(browser, ann));
    const place = await bobs.create([ann]);
    for (const page of pages) await tellAndRead(page, null);
    const [had, half] = [{ told: [], sounds: [] }, load.alerts / 2];
    const alert = async (from) => {
      const sent = Array.from({ length: half }, (_, n) => `${from + n}`);
      await Promise.all(sent.map((text) => place.send(text)));
      const all = async (what) => [...had[what], ...await told(pages, what)];
      for (const what of ['told', 'sounds']) {
        await until(async () => (await all(what)).length >= from + half, `all are ${what}`, PATIENCE_MS);
        await pause(load.calmMs);
        const each = await all(what);
        assert.deepEqual([each.length, new Set(each).size], [from + half, from + half], `each is ${what} once`);
      }
    };
    await alert(0);
    const page = hosts.includes('shared-worker') ? await makerOf(pages) : pages[0];
    for (const what of ['told', 'sounds']) had[what] = await told([page], what);
    process.kill(await processOf(browser, page), 'SIGKILL');
    pages.splice(pages.indexOf(page), 1);
    for (const each of pages) await until(() => each.evaluate('globalThis.tab.client.isLive'), 'a tab has a holder again');
    await alert(half);
    page.close().catch(() => {});
    await bobs.close();
  }),

  // A tab that holds nothing hangs: the others hear as soon as before, and it hears all in order when it goes on.
  blocked: () => withBrowser(async ({ browser }) => {
    const ann = somebody('ann');
    const pages = [await tab(browser, ann), await tab(browser, ann), await tab(browser, ann)];
    const bobs = await speakersTo(ann);
    const [place] = bobs.places;
    const [resumesBefore, openedBefore] = [await resumes(), await opened()];
    const speaking = speak(bobs.places, load.inPerS, timed);
    const from = Date.now();
    await pause(load.blockedMs / 2);
    const hungAt = Date.now();
    const hangs = pages[2].evaluate((ms) => { for (const end = Date.now() + ms; Date.now() < end;); }, load.blockedMs);
    await within(hangs, 'its going on', 2 * load.blockedMs + MINUTE_MS);
    const woke = Date.now();
    const inPerS = await speaking.stop();
    const { seq } = await place.send(timed());
    for (const page of pages) {
      await isWhole(page, seq);
      assertWhole(await numbers(page), seq, 'a tab');
      assert.deepEqual(await heard(page, 'startOver'), []);
    }
    const before = quantile(await delays(pages[1], from, hungAt), 0.99);
    const during = quantile(await delays(pages[1], hungAt, woke), 0.99);
    say({ figure: { scenario: 'blocked', hosts, inPerS, before, during, caughtUpMs: Date.now() - woke } });
    assert.ok(during <= Math.max(1.5 * before, BESIDE_MS), `the others heard after ${during} ms, and after ${before} ms before`);
    assert.deepEqual([await resumes(), await opened()], [resumesBefore, openedBefore], 'nobody took the session over');
    await bobs.close();
  }),

  // Fifty tabs hear all that comes, each once.
  many: () => withBrowser(async ({ browser }) => {
    const ann = somebody('ann');
    const pages = [];
    for (let n = 0; n < load.crowd; n++) pages.push(await tab(browser, ann));
    const bobs = await speakersTo(ann);
    const [place] = bobs.places;
    await place.send(timed());
    for (const page of pages) await until(async () => (await numbers(page)).length > 0, 'a tab hears the first');
    const openedBefore = await opened();
    const speaking = speak(bobs.places, load.inPerS, timed);
    await pause(load.manyMs);
    const inPerS = await speaking.stop();
    const { seq } = await place.send(timed());
    for (const page of pages) {
      await isWhole(page, seq);
      assertWhole(await numbers(page), seq, 'a tab');
      assert.deepEqual(await heard(page, 'startOver'), []);
    }
    const took = (await Promise.all(pages.map((page) => delays(page)))).flat();
    say({ figure: { scenario: 'many', hosts, tabs: pages.length, inPerS, p50: quantile(took, 0.5), p99: quantile(took, 0.99) } });
    assert.ok(inPerS >= load.inPerS * load.managedByMany, `no more than ${inPerS} messages came a second`);
    assert.equal(await opened(), openedBefore, 'one connection is enough');
    await bobs.close();
  }),

  // Nobody looks for minutes: messages come at once, the holder holds, nothing is read. Each host has a user of its own here.
  hidden: () => withBrowser(async ({ browser }) => {
    const bobs = await inNode(somebody('bob'));
    const sides = [];
    for (const kinds of Object.values(load.hosts)) {
      const ann = somebody('ann');
      const pages = [];
      for (const kind of [kinds[0], kinds.at(-1)]) pages.push(await tabOf(browser, ann, { host: kind }));
      const place = await bobs.create([ann]);
      sides.push({ pages, place });
    }
    const all = sides.flatMap(({ pages }) => pages);
    const cover = await open(browser);
    for (const { pages, place } of sides) for (const page of pages) await tellAndRead(page, place.id);
    for (const page of all) {
      await until(() => page.evaluate('document.hidden'), 'a tab is hidden');
      await page.evaluate((ms) => { globalThis.beats = []; setInterval(() => globalThis.beats.push(Date.now()), ms); }, BEAT_MS);
    }
    const before = [await opened(), await resumes(), await logins()];
    const until_ = Date.now() + load.hiddenMs;
    let count = 0;
    for (; Date.now() < until_; count++) {
      await Promise.all(sides.map(({ place }) => place.send(timed())));
      await pause(HIDDEN_EVERY_MS);
    }
    assert.deepEqual([await opened(), await resumes(), await logins()], before, 'each holder held on');
    const took = [];
    for (const { pages, place } of sides) {
      const { head, read } = await pages[0].evaluate(async (where) => {
        const conversation = globalThis.tab.client.conversation(where);
        await conversation.refresh();
        return { head: conversation.head, read: conversation.read };
      }, place.id);
      assert.equal(read, 0, 'nothing was read');
      for (const page of pages) {
        assertWhole(await numbers(page), head, 'a hidden tab');
        assert.equal((await numbers(page)).length, count);
        assert.deepEqual(await heard(page, 'disconnect'), []);
        took.push(...await delays(page));
        if (load.hiddenMs > INTENSIVE_MS + MINUTE_MS) {
          const beats = await page.evaluate((from) => globalThis.beats.filter((at) => at > from).length, until_ - MINUTE_MS);
          assert.ok(beats <= 3, `${beats} beats in the last minute: the page is not held back`);
        }
      }
      assert.equal((await told(pages, 'told')).length, count, 'each was told of once');
    }
    say({ figure: { scenario: 'hidden', ms: load.hiddenMs, messages: count, p50: quantile(took, 0.5), last: quantile(took, 1) } });
    assert.ok(quantile(took, 0.5) <= SOON_MS && quantile(took, 1) <= LATE_MS, `messages took ${quantile(took, 0.5)} ms, the last one ${quantile(took, 1)} ms`);
    const [{ pages: [page], place }] = sides;
    await page.bringToFront();
    await until(() => page.evaluate((where) => { const { read, head } = globalThis.tab.client.conversation(where); return read === head; }, place.id), 'who looks reads');
    await close(cover);
    await bobs.close();
  }),
};

playAll(scenarios, () => undefined, { only }).then(() => process.exit(0));
