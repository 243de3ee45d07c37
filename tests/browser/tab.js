// A program as people write them, for tabs that scenarios drive: it writes down what it hears.

import { Unisono } from '/unisono.js';

// Whoever names a worker first makes it, in its own process.
const workers = [];
globalThis.SharedWorker = class extends globalThis.SharedWorker {
  constructor(url, options) {
    workers.push({ attempt: Number(options.name.split('#').at(-1)), at: performance.timeOrigin + performance.now() });
    super(url, options);
  }
};

// Connections of a holder in this page; each knows what it was greeted with.
const connections = [];
globalThis.WebSocket = class extends globalThis.WebSocket {
  greeting = null;

  constructor(...given) {
    super(...given);
    connections.push(this);
  }

  send(frame) {
    this.greeting ??= frame;
    super.send(frame);
  }
};

const tab = {
  Unisono,
  client: null,
  messages: [],
  heard: [],
  workers,
  connections,

  async login({ url, user, options = {}, login = {} }) {
    const unisono = new Unisono(url, options);
    const hear = (kind, what) => (event) => { tab.heard.push({ kind, ...what(event) }); };
    tab.client = await unisono.login({
      user,
      handlers: {
        message: (message) => {
          const { seq, text, isMine, isFromHere } = message;
          tab.messages.push({ stream: message.conversation.id, seq, text, isMine, isFromHere, at: performance.timeOrigin + performance.now() });
        },
        closed: hear('closed', ({ code, isOwn }) => ({ code, isOwn })),
        displaced: hear('displaced', ({ newcomer }) => ({ newcomer })),
        startOver: hear('startOver', ({ first, until, reason }) => ({ first, until, reason })),
        disconnect: hear('disconnect', ({ code }) => ({ code })),
        schedule: hear('schedule', ({ attempt, delayMs }) => ({ attempt, delayMs })),
        retry: hear('retry', ({ attempt }) => ({ attempt })),
        reconnect: hear('reconnect', () => ({})),
        object: hear('object', ({ name, value, isOwn }) => ({ name, value, isOwn })),
        unread: hear('unread', ({ conversation, unread }) => ({ conversation: conversation?.id, unread })),
        outbox: hear('outbox', ({ key, status }) => ({ key, status })),
        typing: hear('typing', ({ user: who, isTyping }) => ({ who, isTyping })),
        ...login.handlers,
      },
      ...login.more,
    });
    return tab.who();
  },

  who() {
    const { tab: id, session, user, host, state, device } = tab.client;
    return { tab: id, session, user, host, state, device: device?.id };
  },

  // What went wrong, by its code, or null.
  async problem(work) {
    try {
      await work();
      return null;
    } catch (problem) {
      return problem.code || String(problem);
    }
  },

  async send(conversation, text) {
    const message = await tab.client.conversation(conversation).send(text);
    return message.seq;
  },
};

globalThis.tab = tab;
