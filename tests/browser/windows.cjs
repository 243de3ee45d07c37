'use strict';
// Windows that pages open, pages by http and https, a connection that is opened by hand, tokens of several tabs.

const assert = require('node:assert/strict');
const { createHmac } = require('node:crypto');
const { playAll, table } = require('../support/playing.cjs');
const { proxy } = require('./cut.cjs');
const { URL_OF_SERVER, browserOf, close, group, has, heard, killPage, logins, open, send, sessions, somebody, tabOf, until, within } = require('./tabs.cjs');

const { hosts, only = [], secret, tls } = table();
const host = hosts[0];
let browser;

// A window that a page opens, as its program does.
async function windowOf(page) {
  const [opened] = await Promise.all([
    new Promise((resolve) => { page.once('popup', resolve); }),
    page.evaluate(() => { globalThis.open('/', 'beside', 'width=400,height=300'); }),
  ]);
  await opened.waitForFunction('globalThis.tab !== undefined');
  return opened;
}

function tokenOf(user) {
  const parts = [{ alg: 'HS256', typ: 'JWT' }, { sub: user, exp: Math.floor(Date.now() / 1000) + 600 }];
  const signed = parts.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
}

// A tab whose token is given by a function: `gives` false, it never comes.
const withToken = (page, user, gives) => page.evaluate((given) => {
  globalThis.asked = 0;
  const token = () => {
    globalThis.asked += 1;
    return given.token ?? new Promise(() => {});
  };
  globalThis.done = new globalThis.tab.Unisono(given.url, { host: given.host }).login({ user: given.user, token }).then((client) => client.session);
  globalThis.done.catch(() => {});
}, { url: URL_OF_SERVER, user, token: gives ? tokenOf(user) : null, host });
const asked = (page) => page.evaluate('globalThis.asked');

const scenarios = {
  // M24: a window that a page opens is a tab like others: one session, the same messages, the same objects.
  windows: async () => {
    const ann = somebody('ann');
    const page = await tabOf(browser, ann, { host });
    const beside = await windowOf(page);
    const loginsBefore = await logins();
    const who = await within(beside.evaluate((given) => globalThis.tab.login(given), page.options), 'a login');
    assert.equal(who.session, page.who.session);
    assert.notEqual(who.tab, page.who.tab);
    assert.equal(await logins(), loginsBefore);
    const place = await group(beside);
    await send(beside, place, 'from the window');
    await has(page, 'from the window');
    await send(page, place, 'from the page');
    await has(beside, 'from the page');
    await page.evaluate('globalThis.tab.client.objects.set("theme", "dark")');
    await until(async () => (await heard(beside, 'object')).some((one) => one.value === 'dark'), 'the window hears of the object');
    assert.equal(await page.evaluate('globalThis.tab.client.claim("ring", "1")'), true);
    assert.equal(await beside.evaluate('globalThis.tab.client.claim("ring", "1")'), false);
    await close(page);
    await send(beside, place, 'alone');
    await has(beside, 'alone');
    await close(beside);
  },

  // T11 X56: pages that differ in nothing but http and https are strangers: two sessions, two devices.
  schemes: async () => {
    const ann = somebody('ann');
    const pages = [await tabOf(browser, ann, { host }), await tabOf(browser, ann, { host, origin: 'https://pages.localhost' })];
    assert.equal(new Set(pages.map((page) => page.who.session)).size, 2);
    const told = await sessions(ann);
    assert.deepEqual([told.length, new Set(told.map((one) => one.device)).size], [2, 2]);
    await pages[0].evaluate('globalThis.tab.client.objects.set("theme", "dark")');
    assert.equal(await pages[1].evaluate('globalThis.tab.client.objects.get("theme")'), undefined);
    await close(...pages);
  },

  // T23 T24: the connection that tabs share is no tab's to open; a tab that shares with nobody opens its own.
  byHand: async () => {
    const connect = (page) => page.evaluate('globalThis.tab.problem(() => globalThis.tab.client.connect())');
    const sharing = await tabOf(browser, somebody('ann'), { options: { sharedContext: true } });
    assert.equal(await connect(sharing), 'connection_shared');
    const line = await proxy();
    const alone = await tabOf(browser, somebody('bob'), { url: line.url, options: { sharedContext: false } });
    assert.equal(await connect(alone), null);
    line.cut();
    await until(() => alone.evaluate('globalThis.tab.client.state === "waiting"'), 'the connection is lost');
    assert.equal(await connect(alone), 'link_down');
    line.mend();
    await until(async () => await connect(alone) === null, 'it is opened by hand');
    assert.equal(await alone.evaluate('globalThis.tab.client.isLive'), true);
    line.close();
    await close(sharing, alone);
  },

  // X42: one function is asked for a token, once; if its tab dies meanwhile, that of another is.
  tokens: async () => {
    const ann = somebody('ann');
    const pages = [await open(browser), await open(browser), await open(browser)];
    const loginsBefore = await logins();
    await withToken(pages[0], ann, false);
    await until(async () => await asked(pages[0]) === 1, 'the first tab is asked');
    for (const page of pages.slice(1)) await withToken(page, ann, true);
    assert.deepEqual(await Promise.all(pages.map(asked)), [1, 0, 0]);
    await killPage(pages[0]);
    const others = pages.slice(1);
    const [one, other] = await within(Promise.all(others.map((page) => page.evaluate('globalThis.done'))), 'the logins of the others');
    assert.equal(one, other);
    assert.deepEqual((await Promise.all(others.map(asked))).sort(), [0, 1]);
    assert.equal(await logins(), loginsBefore + 1);
    await close(...others);
  },
};

(async () => {
  const { browser: made, close: end } = await browserOf({ tls, switches: ['--ignore-certificate-errors'] });
  browser = made;
  await playAll(scenarios, () => undefined, { only });
  await end();
  process.exit(0);
})();
