'use strict';
// How scenarios in Node wait: for as long as needed, never for ever.

const PATIENCE_MS = 15000;

const pause = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

function within(promise, what, ms = PATIENCE_MS) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`waited in vain for ${what}`)), ms);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

// What happened to somebody, in order; `next` gives what comes of a kind, whether it was there before or is to come.
function listen(emitter, ...kinds) {
  const heard = [];
  const waiting = [];
  for (const kind of kinds) {
    emitter.on(kind, (...args) => {
      const at = waiting.findIndex((one) => one.kind === kind && one.fits(...args));
      if (at >= 0) waiting.splice(at, 1)[0].resolve(args);
      else heard.push({ kind, args });
    });
  }
  return {
    heard,
    next(kind, fits = () => true) {
      const at = heard.findIndex((one) => one.kind === kind && fits(...one.args));
      if (at >= 0) return Promise.resolve(heard.splice(at, 1)[0].args);
      return within(new Promise((resolve) => { waiting.push({ kind, fits, resolve }); }), `${kind}`);
    },
  };
}

// Where nothing is told when something becomes true.
async function until(is, what, ms = PATIENCE_MS) {
  const end = Date.now() + ms;
  for (;;) {
    const value = await is();
    if (value) return value;
    if (Date.now() > end) throw new Error(`waited in vain until ${what}`);
    await pause(20);
  }
}

module.exports = { listen, pause, until, within };
