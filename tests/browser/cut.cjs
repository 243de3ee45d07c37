'use strict';
// A line between browsers and the server that can be cut.

const net = require('node:net');
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

module.exports = { proxy };
