'use strict';
// LeanCloud's published bundles in pages of another origin than the server, as the guide for version 3 loads them.
// Functions given to `evaluate` run in the page: AV is what the script tags left there.

const assert = require('node:assert/strict');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

const { freeze, front, killPage, launch, launchFirefox, open, pause, site, thaw, until } = require('./kit.cjs');
const { playAll, table } = require('../support/playing.cjs');

const { port, folder, app, tls, browser: kind, only } = table();
const PACKAGES = path.join(__dirname, '..', 'conformance', 'leancloud', folder, 'node_modules');
const BUNDLES = [
  'leancloud-storage/dist/av.js',
  `leancloud-realtime/dist/${folder === 'v5' ? 'im-browser.js' : 'realtime.browser.js'}`,
  'leancloud-realtime-plugin-typed-messages/dist/typed-messages.js',
];
const PAGE = `<!doctype html><meta charset="utf-8"><title>A chat</title>
<input type="file" id="photoFileUpload">
${BUNDLES.map((bundle) => `<script src="/${bundle}"></script>`).join('\n')}`;
// The server takes this origin, and no other beside its own.
const ORIGIN = 'http://pages.test';
const STRANGERS = 'http://strangers.test';
const WIDTH = 3;
// Three pixels wide, two high.
const PICTURE = Buffer.from(
  '89504e470d0a1a0a0000000d49484452000000030000000208020000001216f14d0000001049444154789c63f8cfc000410c70160041d2'
  + '05fb87f0b9480000000049454e44ae426082', 'hex');
const isOld = folder === 'v3';

// In the page: what the guide does first, and notes of what happens afterwards.
async function begin({ port, folder, app, user, more }) {
  AV.init({ appId: app.id, appKey: app.key, serverURLs: `http://127.0.0.1:${port}` });
  const socket = `ws://127.0.0.1:${port}/leancloud`;
  const where = {
    // It knows LeanCloud's own router alone.
    v3: { plugins: [{ name: 'where', onRealtimeCreate(realtime) { realtime._getEndpoints = () => Promise.resolve([socket]); } }] },
    v4: { appKey: app.key, server: `127.0.0.1:${port}`, RTMServers: socket },
    v5: { appKey: app.key, server: `http://127.0.0.1:${port}` },
  }[folder];
  window.got = [];
  window.events = [];
  window.realtime = new AV.Realtime({
    appId: app.id, ...where, ...more, plugins: [...(where.plugins || []), AV.TypedMessagesPlugin, ...(window.plugins || [])],
  });
  for (const kind of ['disconnect', 'offline', 'online', 'retry', 'schedule', 'reconnect']) realtime.on(kind, () => events.push(kind));
  window.client = await realtime.createIMClient(user);
  client.on('reconnect', () => events.push('here again'));
  client.on('message', (message, conversation) => got.push({ message, conversation }));
  return client.id;
}

const login = (page, user, more = {}) => page.evaluate(begin, { port, folder, app, user, more });

const lastIs = (page, text) => until(
  () => page.evaluate((wanted) => got.length > 0 && got.at(-1).message.text === wanted, text), `${text} arrives`,
);

// One browser for all; each scenario has a context of its own in it, as a private window has, and may lend windows.
const all = Promise.resolve().then(async () => {
  const pages = await site({ '/': PAGE, ...Object.fromEntries(BUNDLES.map((one) => [`/${one}`, { file: path.join(PACKAGES, one) }])) });
  const proxy = await front(port, tls);
  // LeanCloud's own names, as a network would have them that leads them here.
  const names = ['chat.test', 'app-router.leancloud.cn', 'router-g0-push.leancloud.cn'].map((name) => [name, proxy.port]);
  const hosts = { 'pages.test': pages.port, 'strangers.test': pages.port, ...Object.fromEntries(names) };
  if (kind === 'firefox') return (await launchFirefox({ hosts, acceptInsecureCerts: true })).browser;
  return (await launch({ hosts, switches: ['--ignore-certificate-errors'] })).browser;
});

async function withPages(scenario) {
  const context = await (await all).createBrowserContext();
  const opened = [];
  const show = async (origin = ORIGIN) => {
    opened.push(await open(context, origin, { inWindow: true }));
    return opened.at(-1).page;
  };
  try {
    await scenario(show);
    // Firefox tells a socket that was refused in the same way as what nobody caught.
    const uncaught = (line) => line.startsWith('uncaught') && !line.includes('establish a connection');
    assert.deepEqual(opened.flatMap(({ said }) => said.filter(uncaught)), []);
  } finally {
    await context.close();
  }
}

// Tom and Jerry, each logged in on a page of their own, and a conversation of Tom's in the page of Tom.
const withTwo = (name, scenario, more = {}) => withPages(async (show) => {
  const [tom, jerry] = [await show(), await show()];
  const names = [`tom-${name}-${folder}`, `jerry-${name}-${folder}`];
  assert.deepEqual(await Promise.all([login(tom, names[0], more), login(jerry, names[1], more)]), names);
  const id = await tom.evaluate(async (members) => {
    window.conversation = await client.createConversation({ members, name: 'Tom & Jerry', unique: false });
    return conversation.id;
  }, [names[1]]);
  await scenario({ tom, jerry, names, id, show });
});

async function talk({ tom, jerry, names, id }) {
  await jerry.evaluate(() => {
    client.on('message', (message, conversation) => { conversation.send(new AV.TextMessage(`heard: ${message.text}`)); });
  });
  const status = await tom.evaluate(async () => {
    const message = await conversation.send(new AV.TextMessage('耗子,起床!'));
    return message.status === AV.MessageStatus.SENT;
  });
  assert.equal(status, true);
  await lastIs(tom, 'heard: 耗子,起床!');
  const arrived = await jerry.evaluate(() => {
    const { message, conversation } = got[0];
    return [message.text, message.from, conversation.id, message instanceof AV.TextMessage];
  });
  assert.deepEqual(arrived, ['耗子,起床!', names[0], id, true]);
}

const scenarios = {
  namespace: () => withPages(async (show) => {
    const page = await show();
    const exported = (name) => Object.keys(require(path.join(PACKAGES, name)));
    const names = [...exported('leancloud-realtime'), ...(isOld ? [] : exported('leancloud-realtime-plugin-typed-messages'))];
    const more = ['Realtime', 'TextMessage', 'TypedMessage', 'messageType', 'messageField', 'TypedMessagesPlugin', 'ImageMessage',
      'AudioMessage', 'VideoMessage', 'FileMessage', 'LocationMessage', 'File', 'GeoPoint'];
    const lacking = (wanted) => page.evaluate((all) => all.filter((name) => AV[name] === undefined), wanted);
    assert.deepEqual(await lacking([...names, ...more].filter((name) => !['default', 'shared', 'setAdapters'].includes(name))), []);
  }),

  talk: () => withTwo('talk', talk),

  textFrames: () => withTwo('text', talk, { noBinary: true }),

  chosenPicture: () => withTwo('picture', async ({ tom, jerry }) => {
    const file = path.join(os.tmpdir(), `avatar-${process.pid}.png`);
    fs.writeFileSync(file, PICTURE);
    await (await tom.$('#photoFileUpload')).uploadFile(file);
    const sent = await tom.evaluate(async () => {
      const control = document.getElementById('photoFileUpload');
      const chosen = new AV.File('avatar.png', control.files[0]);
      await chosen.save();
      const message = new AV.ImageMessage(chosen);
      message.setText('发自我的小米');
      message.setAttributes({ location: '旧金山' });
      await conversation.send(message);
      return { url: chosen.url(), status: message.status === AV.MessageStatus.SENT };
    });
    assert.equal(sent.status, true);
    await lastIs(jerry, '发自我的小米');
    const shown = await jerry.evaluate(async () => {
      const { message } = got.at(-1);
      const received = message.getFile();
      const image = document.body.appendChild(new Image());
      image.src = received.url();
      await image.decode();
      const bytes = await (await fetch(received.url())).arrayBuffer();
      return {
        isImage: message instanceof AV.ImageMessage && message.type === AV.ImageMessage.TYPE,
        attributes: message.getAttributes(),
        url: received.url(),
        // Their storage package notes the size by now, width and height as ever by hand alone.
        measures: ['size', 'width', 'height'].map((name) => received.metaData(name) ?? null),
        width: image.naturalWidth,
        length: bytes.byteLength,
      };
    });
    assert.deepEqual(shown, {
      isImage: true, attributes: { location: '旧金山' }, url: sent.url, measures: [PICTURE.length, null, null], width: WIDTH, length: PICTURE.length,
    });
    const far = 'http://pages.example/6c10e6053c739ed0ce676a0aff15cf1c.gif';
    await tom.evaluate(async (url) => {
      const linked = new AV.File.withURL('萌妹子', url);
      await linked.save();
      const message = new AV.ImageMessage(linked);
      message.setText('萌妹子一枚');
      await conversation.send(message);
    }, far);
    await lastIs(jerry, '萌妹子一枚');
    assert.equal(await jerry.evaluate(() => got.at(-1).message.getFile().url()), far);
  }),

  // A page that is loaded again knows nothing of before, and finds it all on the server.
  reloaded: () => withTwo('reload', async ({ tom, jerry, names, id }) => {
    await tom.evaluate(() => conversation.send(new AV.TextMessage('remember me')));
    await lastIs(jerry, 'remember me');
    await jerry.reload();
    const kept = await jerry.evaluate(async () => ({
      databases: (await indexedDB.databases()).length,
      texts: JSON.stringify({ ...localStorage, ...sessionStorage }),
    }));
    assert.equal(kept.databases, 0);
    assert.ok(!kept.texts.includes(id) && !kept.texts.includes('remember me'), kept.texts);
    await tom.evaluate(async () => { conversation.name = 'changed meanwhile'; await conversation.save(); });
    await login(jerry, names[1]);
    const again = await jerry.evaluate(async (wanted) => {
      const found = await client.getConversation(wanted);
      return [found.name, (await found.queryMessages()).map((one) => one.text)];
    }, id);
    assert.deepEqual(again, ['changed meanwhile', ['remember me']]);
  }),

  // The plug-in of the guide that asks before somebody leaves.
  confirmOnQuit: () => withPages(async (show) => {
    const page = await show();
    const asked = [];
    let isSure = false;
    page.on('dialog', (dialog) => {
      asked.push(dialog.message());
      if (isSure) dialog.accept(); else dialog.dismiss();
    });
    await page.evaluate(() => {
      window.plugins = [{
        name: 'leancloud-realtime-plugin-confirm-on-quit',
        onConversationCreate: function onConversationCreate(conversation) {
          const originalQuit = conversation.quit;
          conversation.quit = function quit() {
            const confirmed = window.confirm('退出会话?退出后将无法收到消息。');
            if (confirmed) return originalQuit.apply(this, arguments);
            return Promise.reject(new Error('user canceled'));
          };
        },
      }];
    });
    await login(page, `tom-quit-${folder}`);
    const quit = () => page.evaluate(async () => {
      window.chat = window.chat || await client.createConversation({ members: ['jerry', client.id], unique: false });
      const answer = await chat.quit().then(() => 'out', (problem) => problem.message);
      return [answer, (await client.getConversation(chat.id)).members.includes(client.id)];
    });
    assert.deepEqual(await quit(), ['user canceled', true]);
    isSure = true;
    assert.deepEqual(await quit(), ['out', false]);
    assert.deepEqual(asked, Array(2).fill('退出会话?退出后将无法收到消息。'));
  }),

  // A page that nobody looks at is frozen, and thawed when somebody does. The browser has cut its socket then; it is told how
  // much waits for it, and reads all of it, in order.
  frozen: () => withTwo('frozen', async ({ tom, jerry, id }) => {
    // What it was asking when it froze, its package waits for in vain for 20 s: it has the conversation before.
    await tom.evaluate(() => conversation.send(new AV.TextMessage('hello')));
    await lastIs(jerry, 'hello');
    await jerry.evaluate(() => got[0].conversation.read());
    await freeze(jerry);
    const texts = Array.from({ length: 20 }, (_, number) => `${number}`);
    await tom.evaluate(async (all) => { for (const text of all) await conversation.send(new AV.TextMessage(text)); }, texts);
    await pause(1000);
    await thaw(jerry);
    await until(() => jerry.evaluate(() => events.includes('here again')), 'the page is back');
    const count = () => jerry.evaluate(async (wanted) => (await client.getConversation(wanted)).unreadMessagesCount, id);
    await until(async () => await count() >= texts.length, 'all of them wait');
    const missed = await jerry.evaluate(async (wanted) => {
      const found = await client.getConversation(wanted);
      return (await found.queryMessages({ limit: 20 })).map((one) => one.text);
    }, id);
    assert.deepEqual(missed, texts);
    await tom.evaluate(() => conversation.send(new AV.TextMessage('and one more')));
    await lastIs(jerry, 'and one more');
  }),

  // A page whose process dies says nothing to anybody; whoever opens it again reads what came meanwhile.
  crashed: () => withTwo('crashed', async ({ tom, jerry, names, id, show }) => {
    await killPage(jerry);
    await tom.evaluate(() => conversation.send(new AV.TextMessage('are you there?')));
    const again = await show();
    assert.equal(await login(again, names[1]), names[1]);
    const waiting = () => again.evaluate(async (wanted) => (await client.getConversation(wanted)).unreadMessagesCount, id);
    await until(async () => await waiting() === 1, 'one message waits');
    const missed = await again.evaluate(async (wanted) => {
      const found = await client.getConversation(wanted);
      const texts = (await found.queryMessages()).map((one) => one.text);
      await found.read();
      return [texts, found.unreadMessagesCount];
    }, id);
    assert.deepEqual(missed, [['are you there?'], 0]);
  }),

  offline: () => withTwo('offline', async ({ tom, jerry }) => {
    await tom.evaluate(() => conversation.send(new AV.TextMessage('hello')));
    await lastIs(jerry, 'hello');
    await jerry.setOfflineMode(true);
    await until(() => jerry.evaluate(() => events.includes('offline') && events.includes('disconnect')), 'the page knows');
    assert.equal(await jerry.evaluate(async () => {
      try {
        await got[0].conversation.send(new AV.TextMessage('lost'));
        return 'sent';
      } catch {
        return 'failed';
      }
    }), 'failed');
    await tom.evaluate(() => conversation.send(new AV.TextMessage('while you were away')));
    await jerry.setOfflineMode(false);
    await until(() => jerry.evaluate(() => events.includes('online') && events.includes('here again')), 'the page is back');
    await tom.evaluate(() => conversation.send(new AV.TextMessage('welcome back')));
    await lastIs(jerry, 'welcome back');
  }),

  // As the guides of the three write it and no more: where the server is, 3.x asks names of LeanCloud's, 4.x and 5.x the server.
  asItStands: () => withPages(async (show) => {
    const [tom, jerry] = [await show(), await show()];
    const names = [`tom-stands-${folder}`, `jerry-stands-${folder}`];
    const start = (page, user) => page.evaluate(async ({ app, folder, user }) => {
      AV.init({ appId: app.id, appKey: app.key, serverURLs: 'https://chat.test' });
      const more = {
        v3: { region: 'cn' },
        v4: { appKey: app.key, server: 'chat.test' },
        v5: { appKey: app.key, server: 'https://chat.test' },
      }[folder];
      window.realtime = new AV.Realtime({ appId: app.id, ...more, plugins: [AV.TypedMessagesPlugin] });
      window.client = await realtime.createIMClient(user);
      window.got = [];
      window.told = [];
      client.on('message', (message) => got.push({ message }));
      client.on('invited', (payload, conversation) => told.push(conversation.name));
      client.on('disconnect', () => told.push('away'));
      client.on('reconnect', () => told.push('here again'));
    }, { app, folder, user });
    await Promise.all([start(tom, names[0]), start(jerry, names[1])]);
    const begin = (name) => tom.evaluate(async ({ members, name }) => {
      window.conversation = await client.createConversation({ members, name, unique: false });
      await conversation.send(new AV.TextMessage(`in ${name}`));
    }, { members: [names[1]], name });
    await begin('the first');
    await lastIs(jerry, 'in the first');
    await jerry.setOfflineMode(true);
    await until(() => jerry.evaluate(() => told.includes('away')), 'the page is offline');
    await begin('the second');
    await jerry.setOfflineMode(false);
    await until(() => jerry.evaluate(() => told.includes('here again')), 'the page is back');
    // From 4.x on they ask over HTTP what they missed, by TLS alone.
    if (!isOld) await until(() => jerry.evaluate(() => told.includes('the second')), 'the page knows of the second');
    await begin('the third');
    await lastIs(jerry, 'in the third');
  }),

  // Pages that the server was not told of cannot use its sockets; what it answers over HTTP any page may read, with a key.
  foreignPages: () => withPages(async (show) => {
    const tried = async (page) => page.evaluate(async (address) => new Promise((resolve) => {
      const socket = new WebSocket(address, 'lc.protobuf2.3');
      socket.onopen = () => { socket.close(); resolve('open'); };
      socket.onerror = () => resolve('refused');
    }), `ws://127.0.0.1:${port}/leancloud`);
    assert.equal(await tried(await show()), 'open');
    assert.equal(await tried(await show(STRANGERS)), 'refused');
  }),
};

playAll(scenarios, () => undefined, { atOnce: 2, only }).then(async () => {
  await (await all).close();
  process.exit(0);
});
