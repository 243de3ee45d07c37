'use strict';
// Browsers with tabs that use the SDK as it is built, and what kills, freezes and counts them.

const fs = require('node:fs');
const path = require('node:path');

const { eitherWay, freeze, killPage, launch, launchFirefox, launchWebKit, open, pause, site, thaw, until, within } = require('./kit.cjs');
const { table } = require('../support/playing.cjs');

const { port, admin, dist, browser: kind } = table();
const URL_OF_SERVER = `http://127.0.0.1:${port}`;
const ORIGIN = 'http://pages.localhost';
const TICKS_PER_S = 100;
// A fifth of a second of a processor and more, however long it takes beside others.
const WORK = 'for (let i = 0; i < 4e8; i++);';
const WORKED_TICKS = 0.1 * TICKS_PER_S;

const LAUNCH = {
  chromium: launch,
  firefox: ({ hosts }) => launchFirefox({ hosts }),
  webkit: ({ hosts }) => launchWebKit({ hosts }),
};

// What was built into a folder, for a site.
function filesOf(folder, at) {
  return Object.fromEntries(fs.readdirSync(folder).map((name) => [`${at}${name}`, { file: path.join(folder, name) }]));
}

// A browser, and pages that are served on origins known to the server; `close` ends both.
async function browserOf({ switches = [], pages = {}, tls } = {}) {
  const files = filesOf(dist, '/');
  const served = await site({
    '/': { file: path.join(__dirname, 'tab.html') }, '/tab.js': { file: path.join(__dirname, 'tab.js') },
    '/away': '<!doctype html><title>Away</title>', ...files, ...pages,
  });
  const both = tls && await eitherWay(served.port, tls);
  const port = both ? both.port : served.port;
  const hosts = Object.fromEntries(['pages.localhost', 'other.localhost', 'plain.test'].map((name) => [name, port]));
  const { browser } = await LAUNCH[kind ?? 'chromium']({ hosts, switches });
  return { browser, close: async () => { await browser.close(); await served.close(); if (both) both.close(); } };
}

async function withBrowser(act, options) {
  const { browser, close: end } = await browserOf(options);
  try {
    await act({ browser });
  } finally {
    await end();
  }
}

let users = 0;
// Somebody whom nobody else in this play is.
const somebody = (name = 'user') => `${name}-${process.pid}-${++users}`;

// A tab whose program has not begun.
async function blank(browser, origin = ORIGIN, where = '/') {
  const { page, said } = await open(browser, `${origin}${where}`);
  await page.waitForFunction('globalThis.tab !== undefined');
  page.said = said;
  page.url0 = URL_OF_SERVER;
  return page;
}

// A tab that has logged in; `host` forces where the session is held.
async function tabOf(browser, user, { origin = ORIGIN, path: where = '/', url = URL_OF_SERVER, host, options = {}, login = {} } = {}) {
  const page = await blank(browser, origin, where);
  page.options = { url, user, options: { ...(host && { host }), ...options }, login };
  page.who = await within(page.evaluate((given) => globalThis.tab.login(given), page.options), 'a login');
  return page;
}

const again = (page) => within(page.evaluate((given) => globalThis.tab.login(given), page.options), 'a login after a reload');

// What the operator sees.
async function ask(method, where, body) {
  const answer = await fetch(`${URL_OF_SERVER}${where}`, {
    method,
    headers: { authorization: `Bearer ${admin}`, 'content-type': 'application/json' },
    ...(body && { body: JSON.stringify(body) }),
  });
  const told = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${where}: ${answer.status} ${told}`);
  return told === '' ? null : JSON.parse(told);
}
async function sessions(user) {
  return (await ask('GET', `/v1/users/${user}/sessions`)).sessions;
}

async function metric(name) {
  const lines = (await (await fetch(`${URL_OF_SERVER}/metrics`)).text()).split('\n');
  return lines.filter((line) => line === name || line.startsWith(`${name} `) || line.startsWith(`${name}{`))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
}
// Connections that are open now, and logins there ever were.
const links = () => metric('unisono_connections');
const logins = () => metric('unisono_logins_total');
const close = (...pages) => Promise.all(pages.map((page) => page.close()));

const messages = (page) => page.evaluate('globalThis.tab.messages');
const heard = (page, kind) => page.evaluate((wanted) => globalThis.tab.heard.filter((one) => one.kind === wanted), kind);
const send = (page, conversation, text) => page.evaluate((where, what) => globalThis.tab.send(where, what), conversation, text);
const group = (page, members = []) => page.evaluate((others) => globalThis.tab.client.create(others, { unique: false }).then((made) => made.id), members);
const has = (page, text) => until(() => page.evaluate((wanted) => globalThis.tab.messages.some((one) => one.text === wanted), text), `a tab has ${text}`);

// ---------------------------------------------------------------- processes

function ticks(pid) {
  try {
    const fields = fs.readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /, '').split(' ');
    return Number(fields[11]) + Number(fields[12]);
  } catch {
    return 0;
  }
}

function renderers(browser) {
  const group = browser.process().pid;
  return fs.readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map(Number).filter((pid) => {
    try {
      const [, , , of] = fs.readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^\d+ \(.*\) /, '0 ').split(' ');
      return Number(of) === group && fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('--type=renderer');
    } catch {
      return false;
    }
  });
}

// The process in which something runs: the one that works when it is told to.
async function processOf(browser, runs) {
  const before = new Map(renderers(browser).map((pid) => [pid, ticks(pid)]));
  const session = await runs.createCDPSession();
  await within(session.send('Runtime.evaluate', { expression: WORK }), 'some work');
  await session.detach();
  const [[pid, worked]] = [...before].map(([one, from]) => [one, ticks(one) - from]).sort((a, b) => b[1] - a[1]);
  if (worked < WORKED_TICKS) throw new Error('no process worked');
  return pid;
}

// The page in whose process the worker lives that has the session: who named it first made it.
async function makerOf(pages) {
  const made = [];
  for (const page of pages) for (const worker of await page.evaluate('globalThis.tab.workers')) made.push({ page, ...worker });
  const last = Math.max(...made.map((each) => each.attempt));
  return made.filter((each) => each.attempt === last).sort((one, other) => one.at - other.at)[0].page;
}

module.exports = {
  ORIGIN, URL_OF_SERVER, again, ask, browserOf, close, filesOf, freeze, group, has, heard, killPage, links, logins, makerOf, messages, metric, open: blank, pause, processOf,
  renderers, send, sessions, somebody, tabOf, thaw, until, withBrowser, within,
};
