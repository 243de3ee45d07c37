'use strict';
// Browsers with tabs that use the SDK as it is built, and what kills, freezes and counts them.

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');

const { wall } = require('./cut.cjs');
const { eitherWay, freeze, killBrowser, killPage, launch, launchFirefox, launchWebKit, open, pause, site, thaw, until, within } = require('./kit.cjs');
const { say, table } = require('../support/playing.cjs');

const { port, admin, dist, browser: kind, isPolling = false } = table();
const URL_OF_SERVER = `http://127.0.0.1:${port}`;
const ORIGIN = 'http://pages.localhost';
// Messages that wait to be placed, and how often it is looked whether more are due.
const UNDER_WAY = 50;
const SPEAKERS = 5;
const SPEAKING_MS = 5;
const TICKS_PER_S = 100;
const LOST_POLL_MS = 90_000;
// A fifth of a second of a processor and more, however long it takes beside others.
const WORK = 'for (let i = 0; i < 4e8; i++);';
const WORKED_TICKS = 0.1 * TICKS_PER_S;

const LAUNCH = {
  chromium: launch,
  firefox: ({ hosts }) => launchFirefox({ hosts }),
  webkit: ({ hosts }) => launchWebKit({ hosts }),
};

// By this word a worker of Firefox works: it is nobody's from outside, and which process it is in shows by that alone.
const WORKING = `;new BroadcastChannel('work').onmessage = () => { ${WORK} };`;

// What was built into a folder, for a site.
function filesOf(folder, at) {
  return Object.fromEntries(fs.readdirSync(folder).map((name) => [`${at}${name}`, { file: path.join(folder, name) }]));
}

// Where pages find the server; behind a wall where they are to poll.
let urlOfPages = URL_OF_SERVER;

// A browser, and pages that are served on origins known to the server; `close` ends both.
async function browserOf({ switches = [], pages = {}, tls, profile } = {}) {
  if (isPolling && urlOfPages === URL_OF_SERVER) urlOfPages = (await wall()).url;
  const files = filesOf(dist, '/');
  if (kind === 'firefox') for (const name of Object.keys(files)) if (/worker.*\.js$/.test(name)) files[name] = fs.readFileSync(files[name].file, 'utf8') + WORKING;
  const served = await site({
    '/': { file: path.join(__dirname, 'tab.html') }, '/tab.js': { file: path.join(__dirname, 'tab.js') },
    '/away': '<!doctype html><title>Away</title>', ...files, ...pages,
  });
  const both = tls && await eitherWay(served.port, tls);
  const port = both ? both.port : served.port;
  const hosts = Object.fromEntries(['pages.localhost', 'other.localhost', 'plain.test'].map((name) => [name, port]));
  const launched = await LAUNCH[kind ?? 'chromium']({ hosts, switches, profile });
  const { browser } = launched;
  const close = async () => {
    // What was killed needs no closing.
    if (browser.connected !== false) await browser.close();
    await served.close();
    if (both) both.close();
    if (isPolling && !await isPolled()) say({ stray: 'the pages did not poll' });
  };
  return { browser, profile: launched.profile, close };
}

// No connection was opened by WebSocket, and some were by polling.
async function isPolled() {
  const opened = (door) => metric(`unisono_connections_opened_total{door="${door}"}`);
  return await opened('longpoll') > 0 && await opened('websocket') === 0;
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
  page.url0 = urlOfPages;
  return page;
}

// A tab that has logged in; `host` forces where the session is held.
async function tabOf(browser, user, { origin = ORIGIN, path: where = '/', url = urlOfPages, host, options = {}, login = {} } = {}) {
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
// Connections that are open now, and logins there ever were that let somebody in.
const links = () => metric('unisono_connections');
const logins = () => metric('unisono_logins_total{outcome="ok"}');
// Of one who polled and is gone nobody tells the server.
const nobody = () => until(async () => await links() === 0, 'nobody is connected', isPolling ? LOST_POLL_MS : undefined);
const close = (...pages) => Promise.all(pages.map((page) => page.close()));

const messages = (page) => page.evaluate('globalThis.tab.messages');
const heard = (page, kind) => page.evaluate((wanted) => globalThis.tab.heard.filter((one) => one.kind === wanted), kind);
const send = (page, conversation, text) => page.evaluate((where, what) => globalThis.tab.send(where, what), conversation, text);
const group = (page, members = []) => page.evaluate((others) => globalThis.tab.client.create(others, { unique: false }).then((made) => made.id), members);
const has = (page, text) => until(() => page.evaluate((wanted) => globalThis.tab.messages.some((one) => one.text === wanted), text), `a tab has ${text}`);

const numbers = (page) => page.evaluate('globalThis.tab.messages.map((one) => one.seq)');

// Every message from the first one on that a tab heard, each once, in the server's order.
function assertWhole(heardSeqs, last, who) {
  assert.ok(heardSeqs.length > 0, `${who} heard nothing`);
  const wanted = Array.from({ length: last - heardSeqs[0] + 1 }, (_, i) => heardSeqs[0] + i);
  assert.deepEqual(heardSeqs, wanted, `${who} did not hear each message once and in order`);
}

// ---------------------------------------------------------------- who speaks to them

// Somebody in Node: the same SDK, in a process that nothing happens to.
async function inNode(user) {
  const { Unisono } = await import(path.join(dist, 'unisono.js'));
  const client = await new Unisono(URL_OF_SERVER).login({ user });
  assert.equal(client.host, 'single');
  return client;
}

// People in Node who speak with a user in one place: of each one message at a time is on its way, so that one alone says less.
async function speakersTo(user) {
  const people = await Promise.all(Array.from({ length: SPEAKERS }, () => inNode(somebody('bob'))));
  const [first, ...others] = people;
  const place = await first.create([user, ...others.map((one) => one.user)]);
  return { places: [place, ...others.map((one) => one.conversation(place.id))], close: () => Promise.all(people.map((one) => one.close())) };
}

// Has them say so much a second, on time; of a machine that does not manage so much no more is asked. `stop` gives how much it was.
function speak(places, perS, textOf = (n) => `in ${n}`) {
  const [began, placed] = [Date.now(), []];
  let isRunning = true;
  let waiting = 0;
  const speaking = (async () => {
    for (; isRunning; await pause(SPEAKING_MS)) {
      while (waiting < UNDER_WAY && placed.length < (Date.now() - began) / 1000 * perS) {
        waiting += 1;
        placed.push(places[placed.length % places.length].send(textOf(placed.length)).finally(() => { waiting -= 1; }));
      }
    }
  })();
  return {
    stop: async () => {
      isRunning = false;
      await speaking;
      const took = (Date.now() - began) / 1000;
      await Promise.all(placed);
      return Math.round(placed.length / took);
    },
  };
}

// All that was said in a place, oldest first.
async function saidIn(place) {
  const all = [];
  for await (const page of place.messagesIterator()) all.push(...page.messages);
  return all.sort((one, other) => one.seq - other.seq);
}

// The part of numbers below which so many of them are.
function quantile(values, part) {
  const sorted = [...values].sort((one, other) => one - other);
  return Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))]);
}

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
      return Number(of) === group && fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(kind === 'firefox' ? '-contentproc' : '--type=renderer');
    } catch {
      return false;
    }
  });
}

async function work(runs) {
  if (kind === 'firefox') return runs.evaluate(WORK);
  const session = await runs.createCDPSession();
  await session.send('Runtime.evaluate', { expression: WORK });
  return session.detach();
}

// The process in which something runs: the one that works when it is told to.
async function processOf(browser, runs) {
  const before = new Map(renderers(browser).map((pid) => [pid, ticks(pid)]));
  await within(work(runs), 'some work');
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
  ORIGIN, URL_OF_SERVER, again, ask, assertWhole, browserOf, close, filesOf, freeze, group, has, heard, inNode, killBrowser, killPage, links, logins, makerOf, messages,
  metric, nobody, numbers, open: blank, pause, processOf, quantile, saidIn, send, sessions, somebody, speak, speakersTo, tabOf, thaw, until, withBrowser, within,
};
