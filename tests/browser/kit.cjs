'use strict';
// Browsers of this machine for scenarios: what is opened is real, what is hidden is really hidden, and all of it ends.

const fs = require('node:fs');
const http = require('node:http');
const https = require('node:https');
const net = require('node:net');
const os = require('node:os');
const path = require('node:path');
const puppeteer = require('puppeteer-core').default;

const { listen, pause, until, within } = require('../support/waiting.cjs');
const { say } = require('../support/playing.cjs');
const { launchWebKit: drive } = require('./webkit.cjs');

// None of the driver's own switches: they keep background tabs awake, turn the page cache off, and more.
const SWITCHES = [
  '--headless=new',
  '--disable-gpu',
  // Nothing is drawn by it: a process less to start.
  '--in-process-gpu',
  '--disable-quic',
  '--disable-background-networking',
  '--disable-breakpad',
  '--disable-client-side-phishing-detection',
  '--disable-component-update',
  '--disable-default-apps',
  '--disable-domain-reliability',
  // The last are pages for suggestions below the address: nobody sees them, and they take as much work as all the rest of a start.
  '--disable-features=MediaRouter,OptimizationHints,Translate,AutofillServerCommunication,WebUIOmniboxPopup,WebUIOmniboxAimPopup,WebUIOmniboxFullPopup',
  '--disable-search-engine-choice-screen',
  '--disable-sync',
  '--force-color-profile=srgb',
  '--metrics-recording-only',
  '--mute-audio',
  '--no-first-run',
  '--no-service-autorun',
  '--password-store=basic',
  '--use-mock-keychain',
  'about:blank',
];
const TYPES = {
  '.html': 'text/html; charset=utf-8', '.js': 'text/javascript; charset=utf-8', '.mjs': 'text/javascript; charset=utf-8',
  '.json': 'application/json', '.css': 'text/css; charset=utf-8', '.png': 'image/png', '.svg': 'image/svg+xml',
};

const onPath = (name) => process.env.PATH.split(path.delimiter).map((folder) => path.join(folder, name)).find((file) => fs.existsSync(file));

// Names outside this machine are not even looked up; anything.test is here and another site than 127.0.0.1.
function rules(hosts) {
  const own = Object.entries(hosts).map(([name, port]) => `MAP ${name} 127.0.0.1:${port}`);
  return [...own, 'MAP *.test 127.0.0.1', 'MAP * ~NOTFOUND', 'EXCLUDE 127.0.0.1', 'EXCLUDE localhost'].join(', ');
}

// A browser of its own: processes, profile, cookies. `profile` begins where an earlier browser's folder was left.
// `hosts`: names whose pages are served on a port of this machine, {'pages.test': 8080}: an origin known beforehand.
// `netLog`: a file that tells afterwards which addresses were asked. Other options are the driver's.
async function launch({ switches = [], profile, hosts = {}, netLog, ...options } = {}) {
  const folder = profile || fs.mkdtempSync(path.join(os.tmpdir(), 'profile-'));
  const args = [`--user-data-dir=${folder}`, `--host-resolver-rules=${rules(hosts)}`, ...switches, ...SWITCHES];
  // Its sandbox refuses to work for root.
  if (process.getuid() === 0) args.unshift('--no-sandbox');
  if (netLog) args.unshift(`--log-net-log=${netLog}`);
  const browser = await puppeteer.launch({
    executablePath: onPath('chromium'),
    ignoreDefaultArgs: true, args, pipe: true, defaultViewport: null, ...options,
  });
  // It leads a group of its own; whoever started us ends what is left of it.
  say({ process: browser.process().pid });
  return { browser, profile: folder };
}

// Hands a request to a server of this machine, and its answer back.
function passOn(request, response, more) {
  const { method, headers, url } = request;
  const asked = http.request({ host: '127.0.0.1', method, headers, path: url, ...more }, (answer) => {
    response.writeHead(answer.statusCode, answer.headers);
    answer.pipe(response);
  });
  asked.on('error', () => response.destroy());
  response.on('close', () => asked.destroy());
  request.pipe(asked);
}

// A way for all that a Firefox or a WebKit asks for by name: to the ports of these hosts, and nowhere else.
async function byName(hosts) {
  const portOf = (address) => hosts[new URL(address).hostname];
  const server = http.createServer((request, response) => {
    const port = portOf(request.url);
    if (port === undefined) {
      response.writeHead(502).end();
      return;
    }
    const { pathname, search } = new URL(request.url);
    passOn(request, response, { port, path: pathname + search });
  });
  server.on('connect', (request, near) => {
    const port = portOf(`http://${request.url}`);
    near.on('error', () => {});
    if (port === undefined) {
      near.end('HTTP/1.1 502 Bad Gateway\r\n\r\n');
      return;
    }
    const far = net.connect(port, '127.0.0.1', () => {
      near.write('HTTP/1.1 200 OK\r\n\r\n');
      far.pipe(near).pipe(far);
    });
    far.on('error', () => near.destroy());
    near.on('close', () => far.destroy());
  });
  await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  server.unref();
  return server.address().port;
}

// A Firefox of its own. It speaks WebDriver BiDi: no freezing, no offline mode, no CDP.
async function launchFirefox({ profile, hosts = {}, ...options } = {}) {
  const folder = profile || fs.mkdtempSync(path.join(os.tmpdir(), 'profile-'));
  const port = await byName(hosts);
  const proxied = Object.fromEntries(['http', 'ssl'].flatMap((kind) => [
    [`network.proxy.${kind}`, '127.0.0.1'], [`network.proxy.${kind}_port`, port],
  ]));
  const browser = await puppeteer.launch({
    browser: 'firefox', executablePath: onPath('firefox-esr'), headless: true, defaultViewport: null, userDataDir: folder,
    extraPrefsFirefox: {
      'network.proxy.type': 1, 'network.proxy.allow_hijacking_localhost': true, 'network.proxy.no_proxies_on': '127.0.0.1', ...proxied, 'services.settings.server': 'data:,',
    },
    ...options,
  });
  say({ process: browser.process().pid });
  return { browser, profile: folder };
}

// A WebKit of its own. It speaks classic WebDriver: what `webkit.cjs` has, and nothing else.
async function launchWebKit({ hosts = {} } = {}) {
  return { browser: await drive({ proxyPort: await byName(hosts) }) };
}

// As a crash does: all of its processes at once, without a word to anybody.
async function killBrowser(browser) {
  const gone = within(new Promise((resolve) => { browser.process().once('exit', resolve); }), 'the end of the browser');
  process.kill(-browser.process().pid, 'SIGKILL');
  await gone;
}

// The process that draws this page dies; others of its browser live on. Pages of one site may share it.
async function killPage(page) {
  const crashed = within(new Promise((resolve) => { page.once('error', resolve); }), 'the end of the page');
  const session = await page.createCDPSession();
  session.send('Page.crash').catch(() => {});
  await crashed;
}

// As a phone or a full machine does with a page that nobody looks at: nothing runs, what arrives waits or is lost.
const freeze = (page) => lifecycle(page, 'frozen');
const thaw = (page) => lifecycle(page, 'active');
async function lifecycle(page, state) {
  const session = await page.createCDPSession();
  await session.send('Page.setWebLifecycleState', { state });
  await session.detach();
}

// Serves pages on a port of its own: {'/': text or {file, headers, isAway}, '/x.js': …}; what is not named, or away just then, is not there.
async function site(pages) {
  const server = http.createServer((request, response) => {
    const { pathname } = new URL(request.url, 'http://here');
    const found = Object.hasOwn(pages, pathname) ? pages[pathname] : undefined;
    if (found === undefined || found.isAway?.()) {
      // Browsers ask for it unasked.
      response.writeHead(pathname === '/favicon.ico' ? 204 : 404).end();
      return;
    }
    const name = found.file || (path.extname(pathname) ? pathname : 'page.html');
    const type = TYPES[path.extname(name)] || 'application/octet-stream';
    // `no-store` would bar pages with sockets from the cache of those that are left.
    response.writeHead(200, { 'content-type': type, 'cache-control': 'no-cache', ...found.headers });
    response.end(found.file ? fs.readFileSync(found.file) : found);
  });
  await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  const { port } = server.address();
  return {
    port,
    origin: `http://127.0.0.1:${port}`,
    close: () => new Promise((resolve) => { server.close(resolve); server.closeAllConnections(); }),
  };
}

// A proxy that ends TLS before a server of this machine, as operators have one; `tls` is a key and a certificate.
async function front(port, tls) {
  const server = https.createServer(tls, (request, response) => {
    passOn(request, response, { port, headers: { ...request.headers, 'x-forwarded-proto': 'https' } });
  });
  server.on('upgrade', (request, near, head) => {
    const far = net.connect(port, '127.0.0.1', () => {
      const lines = [`${request.method} ${request.url} HTTP/1.1`];
      for (let at = 0; at < request.rawHeaders.length; at += 2) lines.push(`${request.rawHeaders[at]}: ${request.rawHeaders[at + 1]}`);
      far.write(`${lines.join('\r\n')}\r\n\r\n`);
      far.write(head);
      far.pipe(near).pipe(far);
    });
    for (const [one, other] of [[near, far], [far, near]]) one.on('error', () => other.destroy()).on('close', () => other.destroy());
  });
  await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  return { port: server.address().port, close: () => { server.close(); server.closeAllConnections(); } };
}

// One port that answers http and https alike, each with what a server of this machine says.
async function eitherWay(port, tls) {
  const secure = await front(port, tls);
  const server = net.createServer((near) => {
    near.on('error', () => {});
    near.once('data', (first) => {
      // A greeting of TLS begins so.
      const far = net.connect(first[0] === 0x16 ? secure.port : port, '127.0.0.1', () => {
        far.write(first);
        far.pipe(near).pipe(far);
      });
      for (const [one, other] of [[near, far], [far, near]]) one.on('error', () => other.destroy()).on('close', () => other.destroy());
    });
  });
  await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  return { port: server.address().port, close: () => { server.close(); secure.close(); } };
}

// What a page says in its console and what nobody in it caught, in order.
function hear(page) {
  const said = [];
  page.on('console', (message) => said.push(`${message.type()}: ${message.text()}`));
  page.on('pageerror', (problem) => said.push(`uncaught: ${problem.stack || problem}`));
  return said;
}

// Opens a page and waits until it is loaded. In a tab it hides the one before, in a window of its own none.
async function open(browser, address, { inWindow = false } = {}) {
  const page = await browser.newPage(inWindow ? { type: 'window' } : undefined);
  const said = hear(page);
  await page.goto(address, { waitUntil: 'load' });
  return { page, said };
}

module.exports = { eitherWay, freeze, front, hear, killBrowser, killPage, launch, launchFirefox, launchWebKit, listen, open, passOn, pause, site, thaw, until, within };
