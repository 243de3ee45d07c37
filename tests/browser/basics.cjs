'use strict';
// What the other suites take for granted of the browsers that they open.

const assert = require('node:assert/strict');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

const { freeze, killBrowser, killPage, launch, open, pause, site, thaw, until } = require('./kit.cjs');
const { playAll, table } = require('../support/playing.cjs');

const { port, only } = table();
const TICK_MS = 20;
const PAGE = `<!doctype html><title>A page</title><p>Hello</p><script>
  var ticks = [], heard = [];
  setInterval(() => ticks.push(performance.now()), ${TICK_MS});
  for (const kind of ['visibilitychange', 'freeze', 'resume']) {
    document.addEventListener(kind, () => heard.push(kind === 'visibilitychange' ? document.visibilityState : kind));
  }
  window.addEventListener('pageshow', (event) => heard.push(event.persisted ? 'kept' : 'shown'));
</script>`;

async function ticksWithin(page, ms) {
  const before = await page.evaluate('ticks.length');
  await pause(ms);
  return await page.evaluate('ticks.length') - before;
}

async function withPages(scenario) {
  const [{ browser }, pages] = await Promise.all([launch(), site({ '/': PAGE, '/other': PAGE })]);
  try {
    await scenario(browser, pages.origin);
  } finally {
    await Promise.all([browser.close(), pages.close()]);
  }
}

const scenarios = {
  serversPage: () => withPages(async (browser) => {
    const { page } = await open(browser, `http://127.0.0.1:${port}/readyz`);
    assert.equal(JSON.parse(await page.evaluate('document.body.innerText')).is_ready, true);
  }),

  hiddenTabs: () => withPages(async (browser, origin) => {
    const { page: first } = await open(browser, origin);
    assert.equal(await first.evaluate('document.visibilityState'), 'visible');
    const { page: second } = await open(browser, origin);
    await until(() => first.evaluate('heard.includes("hidden")'), 'the first tab is hidden');
    assert.equal(await second.evaluate('document.visibilityState'), 'visible');
    const [hidden, visible] = await Promise.all([ticksWithin(first, 3000), ticksWithin(second, 3000)]);
    assert.ok(hidden <= 5, `${hidden} ticks of a hidden tab in 3 s: it is not held back`);
    assert.ok(visible > hidden, `${visible} ticks of the visible tab in 3 s`);
    await first.bringToFront();
    await until(() => first.evaluate('heard.at(-1) === "visible"'), 'the first tab is visible again');
  }),

  frozenTab: () => withPages(async (browser, origin) => {
    const { page } = await open(browser, origin);
    await open(browser, origin);
    await freeze(page);
    await pause(1500);
    await thaw(page);
    await until(() => page.evaluate('heard.includes("resume")'), 'the page goes on');
    assert.deepEqual((await page.evaluate('heard')).filter((kind) => ['freeze', 'resume'].includes(kind)), ['freeze', 'resume']);
    await until(() => page.evaluate('ticks.some((at, i) => i > 0 && at - ticks[i - 1] > 1400)'), 'the pause shows in its ticks');
  }),

  backFromTheCache: () => withPages(async (browser, origin) => {
    const { page } = await open(browser, origin);
    await page.goto(`${origin}/other`);
    await page.evaluate('history.back()');
    await until(() => page.evaluate('heard.includes("kept")').catch(() => false), 'the first page comes back from the cache');
  }),

  killedPage: () => withPages(async (browser, origin) => {
    const { page: first } = await open(browser, origin);
    const { page: second } = await open(browser, origin.replace('127.0.0.1', 'elsewhere.test'));
    await killPage(first);
    assert.equal(await second.evaluate('document.title'), 'A page');
  }),

  killedBrowser: async () => {
    const [one, other] = await Promise.all([launch(), launch()]);
    await killBrowser(one.browser);
    await until(() => { try { process.kill(-one.browser.process().pid, 0); return false; } catch { return true; } }, 'none of it runs');
    assert.equal((await other.browser.pages()).length, 1);
    const again = await launch({ profile: one.profile });
    assert.equal((await again.browser.pages()).length > 0, true);
    await Promise.all([again.browser.close(), other.browser.close()]);
  },

  ownStores: async () => {
    const pages = await site({ '/': PAGE });
    const browsers = await Promise.all([launch(), launch()]);
    const [one, other] = await Promise.all(browsers.map(({ browser }) => open(browser, pages.origin)));
    await one.page.evaluate('localStorage.setItem("who", "one")');
    assert.equal(await other.page.evaluate('localStorage.getItem("who")'), null);
    await Promise.all([...browsers.map(({ browser }) => browser.close()), pages.close()]);
  },

  pictures: () => withPages(async (browser, origin) => {
    const { page } = await open(browser, origin);
    const picture = await page.screenshot();
    assert.equal(Buffer.from(picture.slice(0, 8)).toString('latin1'), '\x89PNG\r\n\x1a\n');
  }),

  nothingOutside: async () => {
    const netLog = path.join(os.tmpdir(), 'net.json');
    const pages = await site({ '/': `${PAGE}<img src="http://far.example/x.png"><a href="http://near.example/">x</a>` });
    const { browser } = await launch({ netLog });
    await open(browser, pages.origin);
    await open(browser, pages.origin.replace('127.0.0.1', 'elsewhere.test'));
    await pause(1000);
    await Promise.all([browser.close(), pages.close()]);
    const { constants, events } = JSON.parse(fs.readFileSync(netLog, 'utf8'));
    const kind = (name) => constants.logEventTypes[name];
    const asked = (name, key) => events.filter((event) => event.type === kind(name) && event.params && event.params[key])
      .map((event) => event.params[key]);
    const connected = asked('TCP_CONNECT_ATTEMPT', 'address');
    assert.ok(connected.length > 0);
    assert.deepEqual(connected.filter((address) => !address.startsWith('127.0.0.1:')), []);
    assert.ok(kind('DNS_TRANSACTION') !== undefined && kind('HOST_RESOLVER_SYSTEM_TASK') !== undefined);
    const lookedUp = events.filter((event) => [kind('DNS_TRANSACTION'), kind('HOST_RESOLVER_SYSTEM_TASK')].includes(event.type));
    assert.deepEqual(lookedUp, []);
  },
};

playAll(scenarios, () => undefined, { atOnce: 2, only }).then(() => process.exit(0));
