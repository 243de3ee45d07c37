'use strict';
// LeanCloud's packages of one generation, as published, and what scenarios need around them.

const assert = require('node:assert/strict');
const net = require('node:net');
const path = require('node:path');

const { listen, pause, until, within } = require('../../support/waiting.cjs');

// Their modules remember one realtime object for each app (5.x refuses another one): another device needs its own.
function load(folder) {
  const home = path.join(__dirname, folder, 'node_modules') + path.sep;
  for (const name of Object.keys(require.cache)) {
    if (name.startsWith(home + 'leancloud-')) delete require.cache[name];
  }
  const IM = require(home + 'leancloud-realtime');
  const AV = require(home + 'leancloud-storage');
  const typed = require(home + 'leancloud-realtime-plugin-typed-messages');
  return { IM, AV, rich: typeof typed === 'function' ? typed(AV, IM) : typed };
}

// One device: packages of its own, one realtime object, one socket. Options may be made of the packages.
class Device {
  constructor(table, given = {}) {
    Object.assign(this, load(table.folder));
    const { IM, AV, rich } = this;
    const options = typeof given === 'function' ? given(this) : given;
    const { appId, appKey, plugins = [], port = table.port, noBinary = table.noBinary, ...rest } = options;
    const app = { appId: appId || table.app.id, appKey: appKey || table.app.key };
    const socket = `ws://127.0.0.1:${port}/leancloud`;
    const here = {
      v3: { plugins: [{ name: 'where', onRealtimeCreate: (realtime) => { realtime._getEndpoints = () => Promise.resolve([socket]); } }] },
      v4: { server: `127.0.0.1:${port}`, RTMServers: socket },
      v5: { server: `http://127.0.0.1:${port}` },
    }[table.folder];
    AV.init({ ...app, serverURL: `http://127.0.0.1:${port}`, serverURLs: `http://127.0.0.1:${port}` });
    this.realtime = new IM.Realtime({
      ...app, ...here, ...rest, noBinary, plugins: [...(here.plugins || []), rich.TypedMessagesPlugin, ...plugins],
    });
  }

  login(user, ...more) {
    return within(this.realtime.createIMClient(user, ...more), `the login of ${user}`);
  }
}

// A way to the server that can be cut and opened again, or swallow what clients say from now on.
async function bridge(port) {
  const open = new Set();
  const ways = new Set();
  const server = net.createServer((near) => {
    const far = net.connect(port, '127.0.0.1');
    for (const [one, other] of [[near, far], [far, near]]) {
      open.add(one);
      one.on('error', () => other.destroy());
      one.on('close', () => { open.delete(one); other.destroy(); });
      one.pipe(other);
    }
    ways.add([near, far]);
  });
  await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  const { port: own } = server.address();
  return {
    port: own,
    swallow: () => ways.forEach(([near, far]) => { near.unpipe(far); near.resume(); }),
    cut: () => new Promise((resolve) => { server.close(resolve); open.forEach((one) => one.end()); }),
    mend: () => new Promise((resolve) => { server.listen(own, '127.0.0.1', resolve); }),
  };
}

module.exports = { Device, assert, bridge, listen, pause, until, within };
