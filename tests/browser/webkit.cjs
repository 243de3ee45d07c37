'use strict';
// A WebKit for scenarios that are written for puppeteer: as much of its Browser and Page as they use, over classic WebDriver.
// A script that waits would hold up all other tabs: each is begun, and asked for until it is done.

const { spawn } = require('node:child_process');
const { randomUUID } = require('node:crypto');
const net = require('node:net');

const { pause, until, within } = require('../support/waiting.cjs');
const { say } = require('../support/playing.cjs');

const POLL_MS = 20;
const LAUNCH_MS = 20_000;
const LAUNCHES = 3;
const COMMAND_MS = 60_000;

// There is no desktop that it could ask, and none is to be started for it.
const NO_DESKTOP = { DBUS_SESSION_BUS_ADDRESS: 'disabled:', GSETTINGS_BACKEND: 'memory', NO_AT_BRIDGE: '1' };

// Begins some work in a page, and says what came of it if that is known at once: timers of hidden tabs would come late.
const BEGIN = `
  const [key, code, done] = arguments;
  const asked = globalThis.__asked ??= new Map();
  const text = (problem) => String((problem && problem.stack && problem + '\\n' + problem.stack) || problem);
  const settle = (answer) => asked.set(key, answer);
  asked.set(key, null);
  new Promise((give) => give((0, eval)(code)))
    .then((value) => settle({ json: JSON.stringify(value) ?? null }))
    .catch((problem) => settle({ problem: text(problem) }));
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => {
    port1.close();
    const answer = asked.get(key);
    if (answer) asked.delete(key);
    done(answer);
  };
  port2.postMessage(null);`;
const ASK = `
  const [key] = arguments;
  if (!globalThis.__asked?.has(key)) return { problem: 'the page was left meanwhile' };
  const answer = globalThis.__asked.get(key);
  if (answer) globalThis.__asked.delete(key);
  return answer;`;

async function freePort() {
  const server = net.createServer();
  await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  const { port } = server.address();
  await new Promise((resolve) => { server.close(resolve); });
  return port;
}

// It leads a group of its own, which holds all that it starts; whoever started us ends what is left of it.
function started(program, words, options) {
  const child = spawn(program, words, { detached: true, stdio: 'ignore', ...options });
  child.on('error', (problem) => { throw problem; });
  say({ process: child.pid });
  return child;
}

async function ended(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => { child.once('exit', resolve); });
  process.kill(-child.pid, 'SIGKILL');
  await within(gone, `the end of ${child.spawnfile}`);
}

// A screen that nobody sees; it chooses its own number and tells it.
async function screen() {
  const child = started('Xvfb', ['-displayfd', '3', '-screen', '0', '1280x900x24', '-nolisten', 'tcp'], { stdio: ['ignore', 'ignore', 'ignore', 'pipe'] });
  const number = await within(new Promise((resolve) => {
    let told = '';
    child.stdio[3].on('data', (data) => {
      told += data;
      if (told.includes('\n')) resolve(told.trim());
    });
  }), 'a screen', LAUNCH_MS);
  return { child, name: `:${number}` };
}

async function command(address, method, body, ms = COMMAND_MS) {
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(address, { method, headers, body: body && JSON.stringify(body), signal: AbortSignal.timeout(ms) })
    .catch((problem) => { throw new Error(`${method} ${address} ${JSON.stringify(body)}`, { cause: problem }); });
  const { value } = await answer.json();
  if (!answer.ok) throw new Error(`${method} ${address}: ${value.error}: ${value.message}`);
  return value;
}

class WebKitPage {
  #browser;
  #handle;

  constructor(browser, handle) {
    this.#browser = browser;
    this.#handle = handle;
  }

  // Classic WebDriver tells of no events: neither what is said in the console nor what nobody caught.
  on() { return this; }

  goto(url) {
    return this.#do((act) => act('POST', '/url', { url }));
  }

  // `given`: an expression, or a function and what it is given. Gives what comes of it, `undefined` included.
  async evaluate(given, ...args) {
    const words = args.map((each) => (each === undefined ? 'undefined' : JSON.stringify(each)));
    const code = typeof given === 'function' ? `(${given})(${words.join(', ')})` : given;
    const key = randomUUID();
    let answer = await this.#run('async', BEGIN, [key, code]);
    while (!answer) {
      await pause(POLL_MS);
      answer = await this.#run('sync', ASK, [key]);
    }
    if (answer.problem) throw new Error(answer.problem);
    return answer.json === null ? undefined : JSON.parse(answer.json);
  }

  waitForFunction(expression) {
    return until(() => this.evaluate(expression), expression);
  }

  close() {
    return this.#do((act) => act('DELETE', '/window'));
  }

  #run(kind, script, args) {
    return this.#do((act) => act('POST', `/execute/${kind}`, { script, args }));
  }

  #do(work) {
    return this.#browser.inWindow(this.#handle, work);
  }
}

class WebKitBrowser {
  #session;
  #first;
  #processes;
  #turn = Promise.resolve();

  constructor(session, first, processes) {
    this.#session = session;
    this.#first = first;
    this.#processes = processes;
  }

  // Only a window that is there can have another opened: the first one stays, and nobody is given it.
  async newPage({ type = 'tab' } = {}) {
    const { handle } = await this.inWindow(this.#first, (act) => act('POST', '/window/new', { type }));
    return new WebKitPage(this, handle);
  }

  // A session has one window at a time that is spoken to: nobody else has a word before the work is done.
  inWindow(handle, work) {
    return this.#inTurn(async () => {
      await this.#act('POST', '/window', { handle });
      return await work((...what) => this.#act(...what));
    });
  }

  async close() {
    await this.#inTurn(() => this.#act('DELETE', ''));
    for (const each of this.#processes) await ended(each);
  }

  #act(method, where, body) {
    return command(`${this.#session}${where}`, method, body);
  }

  #inTurn(work) {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => {});
    return done;
  }
}

// Now and then the driver does not find the browser that it started, and never answers: it is begun anew then.
async function launchWebKit(options) {
  for (let left = LAUNCHES; ; left--) {
    const processes = [];
    try {
      return await launched(processes, options);
    } catch (problem) {
      for (const each of processes) await ended(each);
      if (left === 1) throw problem;
    }
  }
}

// A WebKit of its own, whose driver starts Debian's MiniBrowser. All that it asks for by name goes by way of `proxyPort`.
async function launched(processes, { proxyPort }) {
  const { child, name } = await screen();
  processes.unshift(child);
  const port = await freePort();
  const driver = started('WebKitWebDriver', [`--port=${port}`], { env: { ...process.env, ...NO_DESKTOP, DISPLAY: name } });
  processes.unshift(driver);
  const address = `http://127.0.0.1:${port}`;
  await until(() => command(`${address}/status`, 'GET').catch(() => null), 'the driver answers', LAUNCH_MS);
  const proxy = { proxyType: 'manual', httpProxy: `127.0.0.1:${proxyPort}`, sslProxy: `127.0.0.1:${proxyPort}`, noProxy: ['127.0.0.1'] };
  const { sessionId } = await command(`${address}/session`, 'POST', { capabilities: { alwaysMatch: { proxy } } }, LAUNCH_MS);
  const session = `${address}/session/${sessionId}`;
  return new WebKitBrowser(session, await command(`${session}/window`, 'GET'), processes);
}

module.exports = { launchWebKit };
