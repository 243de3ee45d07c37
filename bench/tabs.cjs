'use strict';
// What tabs of a browser cost, and how soon they hear: a line of JSON for each reading that bench/browser.py asks for.

const fs = require('node:fs');
const path = require('node:path');

const { say, table } = require('../tests/support/playing.cjs');
const { URL_OF_SERVER, close, has, open, pause, somebody, tabOf, until, withBrowser, within } = require('../tests/browser/tabs.cjs');

const { dist, host, tabs, pings, everyMs, burst, underWay } = table();
const TICK_US = 10_000;
const now = () => performance.timeOrigin + performance.now();
const options = host === 'single' ? { options: { sharing: 'off' } } : { host };

function at(times, part) {
  const sorted = [...times].sort((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))];
}

// The CPU time of all processes of a browser.
function cpuUs(browser) {
  const leader = browser.process().pid;
  let ticks = 0;
  for (const name of fs.readdirSync('/proc').filter((each) => /^\d+$/.test(each))) {
    try {
      const fields = fs.readFileSync(`/proc/${name}/stat`, 'utf8').replace(/^.*\) /, '').split(' ');
      if (Number(fields[2]) === leader) ticks += Number(fields[11]) + Number(fields[12]);
    } catch { /* It ended meanwhile. */ }
  }
  return ticks * TICK_US;
}

async function heapOf(target) {
  const session = await target.createCDPSession();
  await session.send('HeapProfiler.enable');
  await session.send('HeapProfiler.collectGarbage');
  const { usedSize } = await session.send('Runtime.getHeapUsage');
  await session.detach();
  return usedSize;
}

// How soon a message reaches a tab, and how soon its own is placed: one at a time.
async function soon(bobs, place, page) {
  await page.evaluate('globalThis.tab.messages.length = 0');
  for (let n = 0; n < pings; n++) {
    place.send(`${now()}`).catch((problem) => say({ problem: String(problem) }));
    await pause(everyMs);
  }
  await until(() => page.evaluate((wanted) => globalThis.tab.messages.length >= wanted, pings), 'all are heard');
  const heard = await page.evaluate('globalThis.tab.messages.map(({ text, at }) => at - Number(text))');
  const sent = await page.evaluate(async (where, count, pauseMs) => {
    const took = [];
    for (let n = 0; n < count; n++) {
      const begun = performance.now();
      await globalThis.tab.send(where, 'x');
      took.push(performance.now() - begun);
      await new Promise((resolve) => { setTimeout(resolve, pauseMs); });
    }
    return took;
  }, place.id, pings, everyMs);
  return { heard_p50_ms: at(heard, 0.5), heard_p99_ms: at(heard, 0.99), sent_p50_ms: at(sent, 0.5), sent_p99_ms: at(sent, 0.99) };
}

// Somebody who speaks as fast as the server listens: many sends under way, none waits for the one before.
async function speaker(user) {
  const socket = new WebSocket(`${URL_OF_SERVER.replace('http', 'ws')}/v1/connect`, 'unisono.v1+json');
  let last = 0;
  const asked = new Map();
  const ask = (what) => new Promise((resolve, reject) => {
    asked.set(++last, { resolve, reject });
    socket.send(JSON.stringify({ id: last, do: what }));
  });
  socket.onmessage = ({ data }) => {
    const frame = JSON.parse(data);
    const { resolve, reject } = asked.get(frame.re) || {};
    if (frame.is === 'reply') resolve?.(frame.answer);
    else if (frame.is === 'error') reject?.(new Error(data));
  };
  await new Promise((resolve, reject) => { Object.assign(socket, { onopen: resolve, onerror: reject }); });
  await ask({ op: 'login', login: `speaker-${user}`, user, device: { id: 'speaker', platform: 'web' } });
  const say = (conversation, n) => ask({ op: 'send', conversation, key: `many-${n}`, content: { text: `many ${n}` } });
  return { say, close: () => socket.close() };
}

// How many messages a second reach every tab, and what CPU time a browser takes for each in each tab.
async function many(browser, bob, place, pages) {
  const speaking = await speaker(bob);
  for (const page of pages) await page.evaluate('globalThis.tab.messages.length = 0');
  const began = now();
  const before = cpuUs(browser);
  let left = burst;
  await Promise.all(Array.from({ length: underWay }, async () => {
    while (left > 0) await speaking.say(place.id, left--);
  }));
  speaking.close();
  const ends = [];
  for (const page of pages) {
    await until(() => page.evaluate((wanted) => globalThis.tab.messages.length >= wanted, burst), 'all are heard', 60_000);
    ends.push(await page.evaluate('globalThis.tab.messages.at(-1).at'));
  }
  return { per_s: burst / (Math.max(...ends) - began) * 1000, cpu_us: (cpuUs(browser) - before) / burst / pages.length };
}

async function memory(browser, pages, empty) {
  let used = 0;
  for (const page of pages) used += await heapOf(page);
  const worker = browser.targets().find((target) => target.type() === 'shared_worker');
  return { tab_kib: (used / pages.length - await heapOf(empty)) / 1024, holder_kib: worker ? await heapOf(worker) / 1024 : 0 };
}

async function measure({ browser }) {
  const [ann, bob] = [somebody('ann'), somebody('bob')];
  const { Unisono } = await import(path.join(dist, 'unisono.js'));
  const bobs = await new Unisono(URL_OF_SERVER).login({ user: bob });
  const empty = await open(browser);
  const pages = [];
  for (let n = 0; n < tabs; n++) pages.push(await tabOf(browser, ann, options));
  const place = await bobs.create([ann]);
  await place.send('0');
  for (const page of pages) await has(page, '0');
  const kept = await memory(browser, pages, empty);
  // Where one tab has the session of all, another one is measured.
  const reading = { ...await soon(bobs, place, pages.at(-1)), ...await many(browser, bob, place, pages), ...kept };
  say({ reading });
  await close(...pages);
  await bobs.close();
}

within(withBrowser(measure), 'the measuring', 240_000).then(() => process.exit(0), (problem) => {
  say({ problem: String(problem && problem.stack) });
  process.exit(1);
});
