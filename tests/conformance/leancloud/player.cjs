'use strict';
// Plays all scenarios with the packages of one generation.
// node player.cjs '{"folder": "v5", "port": 8080, "noBinary": false, "only": [], "app": {…}, "signed": {…}}'

const { Device } = require('./kit.cjs');
const playing = require('../../support/playing.cjs');

const AT_ONCE = 6;
const table = playing.table();
const FILES = ['talking', 'belonging', 'finding', 'staying', 'asking', 'samples', 'miniature'];
const scenarios = Object.assign({}, ...FILES.map((name) => require(`./${name}.cjs`)));

for (const level of ['warn', 'error']) console[level] = (...words) => process.stderr.write(`${words.join(' ')}\n`);

// Most scenarios share these two sockets, each user on them is a client of its own.
const here = new Device(table);
const there = new Device(table);
const tools = (name) => ({
  table,
  here,
  there,
  isOld: table.folder === 'v3',
  name: (user) => `${user}-${name}-${table.folder}${table.noBinary ? 't' : 'b'}`,
  device: (options) => new Device(table, options),
});

playing.playAll(scenarios, tools, { atOnce: AT_ONCE, only: table.only }).then(() => process.exit(0));
