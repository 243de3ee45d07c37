'use strict';
// Their bundles for WeChat's mini programs: no window, no WebSocket, only what `wx` has. It carries text alone here.

const fs = require('node:fs');
const path = require('node:path');
const vm = require('node:vm');
const { assert, listen, within } = require('./kit.cjs');

// What mini programs are given of the world, after its documents: the one socket of old, and the tasks of later.
function makeWx({ knowsProtocols, said }) {
  const kept = new Map();
  const handlers = {};
  let latest;
  const connectSocket = ({ url, protocols, fail = () => {} }) => {
    const socket = new WebSocket(url, knowsProtocols ? protocols : undefined);
    const own = {};
    const tell = (kind, event) => [own[kind], handlers[kind]].forEach((handler) => handler && handler(event));
    socket.onopen = () => tell('open', {});
    socket.onmessage = ({ data }) => { said.push(typeof data); tell('message', { data }); };
    socket.onerror = () => { tell('error', { errMsg: 'no socket' }); fail({ errMsg: 'no socket' }); };
    socket.onclose = ({ code, reason }) => tell('close', { code, reason });
    const on = (kind) => (handler) => { own[kind] = handler; };
    latest = {
      onOpen: on('open'), onMessage: on('message'), onError: on('error'), onClose: on('close'),
      send: ({ data }) => { said.push(typeof data); socket.send(data); },
      close: () => socket.close(),
    };
    return latest;
  };
  const on = (kind) => (handler) => { handlers[kind] = handler; };
  return {
    canIUse: (what) => what === 'connectSocket.object.protocols' && knowsProtocols,
    connectSocket,
    onSocketOpen: on('open'), onSocketMessage: on('message'), onSocketError: on('error'), onSocketClose: on('close'),
    sendSocketMessage: ({ data }) => latest.send({ data }),
    closeSocket: () => latest.close(),
    getStorageSync: (key) => kept.get(key) ?? '',
    setStorageSync: (key, value) => { kept.set(key, value); },
    removeStorageSync: (key) => { kept.delete(key); },
    clearStorageSync: () => kept.clear(),
    request({ url, method, data, header, success, fail }) {
      fetch(url, { method, headers: header, body: data && JSON.stringify(data) })
        .then(async (answer) => success({ statusCode: answer.status, data: await answer.text(), header: {} }))
        .catch((problem) => fail({ errMsg: String(problem) }));
      return { abort() {} };
    },
    uploadFile() { throw new Error('nothing is uploaded here'); },
    login() { throw new Error('nobody logs in with WeChat here'); },
  };
}

function load(folder, wx) {
  const file = path.join(__dirname, folder, 'node_modules/leancloud-realtime/dist', folder === 'v5' ? 'im-weapp.js' : 'realtime.weapp.js');
  const context = vm.createContext({ wx, console, setTimeout, clearTimeout, setInterval, clearInterval });
  const module = { exports: {} };
  const run = vm.runInContext(`(function (exports, module, require, window) {${fs.readFileSync(file)}\n})`, context, { filename: file });
  run(module.exports, module, undefined, undefined);
  return module.exports;
}

module.exports = {
  async miniProgram(t) {
    const { folder, port, app } = t.table;
    const said = [];
    const AV = load(folder, makeWx({ knowsProtocols: folder === 'v5', said }));
    const socket = `ws://127.0.0.1:${port}/leancloud`;
    const where = {
      v3: { plugins: [{ name: 'where', onRealtimeCreate: (realtime) => { realtime._getEndpoints = () => Promise.resolve([socket]); } }] },
      v4: { appKey: app.key, server: `127.0.0.1:${port}`, RTMServers: socket },
      v5: { appKey: app.key, server: `http://127.0.0.1:${port}` },
    }[folder];
    const realtime = new AV.Realtime({ appId: app.id, ...where, noBinary: true });
    const tom = await within(realtime.createIMClient(t.name('tom')), 'a login in a mini program');
    const jerry = await t.there.login(t.name('jerry'));
    const [toms, jerrys] = [listen(tom, 'message'), listen(jerry, 'message')];
    const chat = await tom.createConversation({ members: [jerry.id], name: 'from my pocket', unique: false });
    await chat.send(new AV.TextMessage('耗子,起床!'));
    const [message, conversation] = await jerrys.next('message');
    assert.deepEqual([message.text, message.from, conversation.name], ['耗子,起床!', tom.id, 'from my pocket']);
    await conversation.send(new t.there.IM.TextMessage('who calls?'));
    const [answer] = await toms.next('message');
    assert.deepEqual([answer.text, answer instanceof AV.TextMessage], ['who calls?', true]);
    assert.deepEqual([...new Set(said)], ['string']);
    await tom.close();
  },
};
