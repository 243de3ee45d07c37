'use strict';
// Plays all scenarios with the packages of one generation, and tells in a line of JSON each what came of it.
// node player.cjs '{"folder": "v5", "port": 8080, "noBinary": false, "only": [], "app": {…}, "signed": {…}}'

const { Device } = require('./kit.cjs');

const AT_ONCE = 6;
const table = JSON.parse(process.argv[2]);
const scenarios = Object.assign({}, ...['talking', 'belonging', 'finding', 'staying', 'asking'].map((name) => require(`./${name}.cjs`)));
const names = Object.keys(scenarios).filter((name) => table.only.length === 0 || table.only.includes(name));

const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);
process.on('unhandledRejection', (problem) => say({ stray: String((problem && problem.stack) || problem) }));
for (const level of ['warn', 'error']) console[level] = (...words) => process.stderr.write(`${words.join(' ')}\n`);

async function play(name, here, there) {
  const tools = {
    table,
    here,
    there,
    isOld: table.folder === 'v3',
    name: (user) => `${user}-${name}-${table.folder}${table.noBinary ? 't' : 'b'}`,
    device: (options) => new Device(table, options),
  };
  try {
    await scenarios[name](tools);
    say({ name, problem: null });
  } catch (problem) {
    say({ name, problem: String((problem && problem.stack) || problem) });
  }
}

async function main() {
  // Most scenarios share these two sockets, each user on them is a client of its own.
  const here = new Device(table);
  const there = new Device(table);
  const left = [...names];
  await Promise.all(Array.from({ length: AT_ONCE }, async () => {
    while (left.length > 0) await play(left.shift(), here, there);
  }));
  say({ done: names.length });
  process.exit(0);
}

main();
