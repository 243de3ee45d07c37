'use strict';
// Plays scenarios and tells in a line of JSON each what came of it; tests/support/node_player.py reads the lines.

const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);
const text = (problem) => String((problem && problem.stack) || problem);

// What the one who plays is told; `only` names the scenarios wanted, all where it is empty.
const table = () => JSON.parse(process.argv[2]);

// `scenarios` by name; each is given what `tools(name)` gives. Ends the process.
async function playAll(scenarios, tools, { atOnce = 1, only = [] } = {}) {
  process.on('unhandledRejection', (problem) => say({ stray: text(problem) }));
  const left = Object.keys(scenarios).filter((name) => only.length === 0 || only.includes(name));
  const all = left.length;
  await Promise.all(Array.from({ length: atOnce }, async () => {
    while (left.length > 0) {
      const name = left.shift();
      const began = Date.now();
      let problem = null;
      try {
        await scenarios[name](await tools(name));
      } catch (thrown) {
        problem = text(thrown);
      }
      say({ name, problem, ms: Date.now() - began });
    }
  }));
  say({ done: all });
}

module.exports = { playAll, say, table };
