'use strict';
// Lines between browsers and the server: one that can be cut, and one that lets no WebSocket through.

const http = require('node:http');
const net = require('node:net');
const { passOn } = require('./kit.cjs');
const { table } = require('../support/playing.cjs');

async function proxy() {
  const { port } = table();
  const pairs = new Set();
  let isOpen = true;
  const server = net.createServer((inner) => {
    if (!isOpen) return inner.destroy();
    const outer = net.connect(port, '127.0.0.1');
    pairs.add(inner).add(outer);
    for (const [one, other] of [[inner, outer], [outer, inner]]) {
      one.pipe(other);
      one.on('error', () => other.destroy()).on('close', () => other.destroy());
    }
    return undefined;
  });
  await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    cut: () => { isOpen = false; for (const each of pairs) each.destroy(); pairs.clear(); },
    mend: () => { isOpen = true; },
    close: () => { for (const each of pairs) each.destroy(); server.close(); },
  };
}

// As some companies have one: requests go through, a WebSocket never does.
async function wall() {
  const { port } = table();
  const server = http.createServer((request, response) => passOn(request, response, { port }));
  server.on('upgrade', (_, near) => near.end('HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n'));
  await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  server.unref();
  return { url: `http://127.0.0.1:${server.address().port}` };
}

module.exports = { proxy, wall };
