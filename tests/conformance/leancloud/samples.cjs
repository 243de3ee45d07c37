'use strict';
// Samples of the guide that no other scenario plays, as it writes them. What 4.x and 5.x no longer have is played with 3.x.

const http = require('node:http');
const crypto = require('node:crypto');
const { assert, bridge, listen, pause, until } = require('./kit.cjs');

const COMMAND_TIMEOUT_MS = 20000;

// What their package waits for an answer, made short for the command that `give` sends.
function impatiently(give) {
  const patient = globalThis.setTimeout;
  let shortened = 0;
  globalThis.setTimeout = (done, ms, ...more) => {
    shortened += ms === COMMAND_TIMEOUT_MS ? 1 : 0;
    return patient(done, ms === COMMAND_TIMEOUT_MS ? 300 : ms, ...more);
  };
  try {
    return give();
  } finally {
    globalThis.setTimeout = patient;
    assert.equal(shortened, 1);
  }
}

async function statuses(t) {
  const way = await bridge(t.table.port);
  const device = t.device({ port: way.port });
  const { MessageStatus, TextMessage } = device.IM;
  assert.deepEqual(['NONE', 'SENDING', 'SENT', 'DELIVERED', 'FAILED'].map((name) => typeof MessageStatus[name]), Array(5).fill('symbol'));
  const tom = await device.login(t.name('tom'));
  const jerry = await t.there.login(t.name('jerry'));
  const chat = await jerry.createConversation({ members: [tom.id], unique: false });
  const toms = await tom.getConversation(chat.id);
  const lost = new TextMessage('lost');
  assert.equal(lost.status, MessageStatus.NONE);
  way.swallow();
  const sending = impatiently(() => toms.send(lost));
  assert.equal(lost.status, MessageStatus.SENDING);
  await assert.rejects(() => sending, /timeout/i);
  assert.equal(lost.status, MessageStatus.FAILED);
  assert.deepEqual(await chat.queryMessages(), []);
  // The link is as good as dead: the next one is another.
  const back = listen(tom, 'disconnect', 'schedule', 'reconnect');
  await way.cut();
  await back.next('schedule');
  await way.mend();
  device.realtime.retry();
  await back.next('reconnect');
  assert.equal(await toms.send(lost), lost);
  assert.equal(lost.status, MessageStatus.SENT);
  await toms.quit();
  const refused = new TextMessage('from outside');
  await assert.rejects(() => toms.send(refused), /INVALID_MESSAGING_TARGET/);
  assert.equal(refused.status, MessageStatus.FAILED);
  assert.deepEqual((await chat.queryMessages()).map((one) => one.text), ['lost']);
  await tom.close();
  await way.cut();
}

async function typing(t) {
  const [tom, bob] = [await t.here.login(t.name('tom')), t.device()];
  const define = ({ TypedMessage, messageType, messageField }) => {
    class OperationMessage extends TypedMessage {}
    messageType(1)(OperationMessage);
    messageField('op')(OperationMessage);
    return OperationMessage;
  };
  const [OperationMessage, Known] = [define(t.here.IM), define(bob.IM)];
  bob.realtime.register(Known);
  const bobs = await bob.login(t.name('bob'));
  const heard = listen(bobs, 'message');
  const conversation = await tom.createConversation({ members: [bobs.id], unique: false });
  const message = new OperationMessage();
  message.op = 'typing';
  if (t.isOld) await conversation.send(message.setTransient(true));
  else await conversation.send(message, { transient: true });
  const [got] = await heard.next('message');
  assert.ok(got instanceof Known);
  assert.deepEqual([got.type, got.op, got.from], [Known.TYPE, 'typing', tom.id]);
  assert.deepEqual(await conversation.queryMessages(), []);
  await bobs.close();
}

async function gettersAndSetters(t) {
  const { IM, AV, rich } = t.here;
  assert.deepEqual(['TypedMessagesPlugin', 'ImageMessage'].map((name) => typeof rich[name]), ['object', 'function']);
  const tom = await t.here.login(t.name('tom'));
  const heard = listen(await t.there.login(t.name('jerry')), 'message');
  const conversation = await tom.createConversation({ members: [t.name('jerry')], unique: false });
  const text = new IM.TextMessage('one');
  assert.deepEqual([text.text, text.getText()], ['one', 'one']);
  text.text = 'two';
  text.attributes = { a: 1 };
  assert.equal(text.setText('three'), text);
  // One at a time: of a conversation new to it the package asks first, and then the next message may overtake.
  await conversation.send(text);
  const [first] = await heard.next('message');
  const file = await new AV.File('a.txt', { base64: 'YQ==' }, 'text/plain').save();
  await conversation.send(new rich.FileMessage(file).setText('a file').setAttributes({ of: 'mine' }));
  const [second] = await heard.next('message');
  await conversation.send(new rich.LocationMessage(new AV.GeoPoint(1.5, -2.5)));
  const [third] = await heard.next('message');
  assert.deepEqual([first.text, first.getText(), first.attributes, first.getAttributes()], ['three', 'three', { a: 1 }, { a: 1 }]);
  assert.deepEqual([second.text, second.attributes, second.getFile().name()], ['a file', { of: 'mine' }, 'a.txt']);
  assert.deepEqual([third.getLocation().latitude, third.getLocation().longitude], [1.5, -2.5]);
}

// The option is misspelt in the guide.
async function receiptAsWritten(t) {
  if (!t.isOld) return;
  const [tom, jerry] = [await t.here.login(t.name('tom')), await t.there.login(t.name('jerry'))];
  const conversation = await tom.createConversation({ members: [jerry.id], unique: false });
  const told = listen(conversation, 'receipt');
  const message = new t.here.IM.TextMessage('very important message');
  conversation.send(message, { reciept: true });
  const [payload] = await told.next('receipt');
  assert.equal(payload.message, message);
  assert.equal(message.status, t.here.IM.MessageStatus.DELIVERED);
  assert.ok(message.deliveredAt >= message.timestamp);
}

async function pushed(t) {
  const host = await t.here.login(t.name('tom'));
  const make = () => host.createConversation({ members: [t.name('jerry')], name: 'Tom & Jerry', unique: true });
  const conversation = await make();
  assert.equal((await make()).id, conversation.id);
  const pushData = { data: { alert: '您有一条未读的消息', category: '消息', badge: 1, sound: 'a file', 'custom-key': 'mine' } };
  const message = await conversation.send(new t.here.IM.TextMessage('耗子,今晚有比赛'), { pushData });
  assert.ok(message.id);
}

async function markedAsRead(t) {
  if (!t.isOld) return;
  const tom = await t.here.login(t.name('tom'));
  const chats = [];
  const last = {};
  for (const name of ['one', 'two', 'three']) {
    const chat = await tom.createConversation({ members: [t.name('away')], name, unique: false });
    for (const text of ['a', 'b']) last[chat.id] = await chat.send(new t.here.IM.TextMessage(text));
    chats.push(chat.id);
  }
  const away = async () => {
    const client = await t.device().login(t.name('away'));
    return [client, listen(client, 'unreadmessages')];
  };
  const [[one, ones], [two, twos]] = [await away(), await away()];
  const mine = [];
  for (let number = 0; number < chats.length; number += 1) {
    const [payload, conversation] = await ones.next('unreadmessages');
    const { id, timestamp } = last[conversation.id];
    assert.deepEqual(payload, { count: 2, lastMessageId: id, lastMessageTimestamp: timestamp });
    assert.equal(conversation.unreadMessagesCount, 2);
    await twos.next('unreadmessages', (_, { id: same }) => same === conversation.id);
    mine.push(conversation);
  }
  const [first, ...others] = mine;
  const zero = (conversation) => twos.next('unreadmessages', (payload, { id }) => id === conversation.id && payload.count === 0);
  assert.equal(await first.markAsRead(), first);
  await zero(first);
  await one.markAllAsRead(others);
  for (const conversation of others) await zero(conversation);
  assert.deepEqual(mine.map((conversation) => conversation.unreadMessagesCount), [0, 0, 0]);
  await Promise.all([one.close(), two.close()]);
}

async function pluginsOfTheGuide(t) {
  const asked = [];
  let isSure = false;
  const window = { confirm: (question) => { asked.push(question); return isSure; } };
  const confirmOnQuit = {
    name: 'leancloud-realtime-plugin-confirm-on-quit',
    onConversationCreate(conversation) {
      const originalQuit = conversation.quit;
      conversation.quit = function quit(...args) {
        if (window.confirm('leave?')) return originalQuit.apply(this, args);
        return Promise.reject(new Error('user canceled'));
      };
    },
  };
  const ensureFileId = {
    name: 'leancloud-realtime-plugin-ensure-file-id',
    beforeMessageParse(message) {
      // The guide writes `id`; what the packages cannot do without is this.
      if (message._lcfile && !message._lcfile.objId) message._lcfile.objId = 'none';
      return message;
    },
  };
  const order = [];
  const [one, two] = ['one', 'two'].map((name) => ({
    name,
    afterMessageParse: async (message) => { await pause(1); order.push(name); message.way = [...(message.way || []), name]; return message; },
  }));
  const broken = { name: 'leancloud-realtime-plugin-broken', beforeMessageParse(json) { if (json.poison) throw new Error('oh no'); return json; } };
  const device = t.device(({ IM }) => {
    class GuideMessage extends IM.TypedMessage {}
    IM.messageType(77)(GuideMessage);
    IM.messageField(['page'])(GuideMessage);
    return { plugins: [confirmOnQuit, ensureFileId, one, two, broken, { name: 'kinds', messageClasses: [GuideMessage] }], GuideMessage };
  });
  const jerry = await device.login(t.name('jerry'));
  const heard = listen(jerry, 'message');
  const tom = await t.here.login(t.name('tom'));
  const chat = await tom.createConversation({ members: [jerry.id], unique: false });
  const say = (content) => chat.send(new t.here.IM.Message(content));
  await say({ _lctype: 77, page: 3 });
  const [page, mine] = await heard.next('message');
  assert.deepEqual([page.constructor.name, page.page, page.way], ['GuideMessage', 3, ['one', 'two']]);
  assert.deepEqual(order, ['one', 'two']);
  await say({ _lctype: -6, _lctext: 'old', _lcfile: { url: 'https://x.example/old.txt', metaData: { name: 'old.txt' } } });
  const [old] = await heard.next('message');
  assert.ok(old instanceof device.rich.FileMessage);
  assert.equal(old.getFile().url(), 'https://x.example/old.txt');
  const [unrepaired] = await chat.queryMessages({ limit: 1 });
  assert.ok(!(unrepaired instanceof t.here.rich.FileMessage));
  await say({ _lctype: -1, _lctext: 'bad', poison: true });
  await assert.rejects(() => mine.queryMessages({ limit: 1 }), /oh no.*\[leancloud-realtime-plugin-broken\]/);
  await assert.rejects(() => mine.quit(), /user canceled/);
  assert.equal(await chat.count(), 2);
  isSure = true;
  await mine.quit();
  assert.equal(await chat.count(), 1);
  assert.equal(asked.length, 2);
  await jerry.close();
}

async function eventsOfConversations(t) {
  const names = Object.fromEntries(['jerry', 'bob', 'harry', 'william', 'tom', 'mary'].map((name) => [name, t.name(name)]));
  const jerry = await t.here.login(names.jerry);
  const [william, harry] = [await t.there.login(names.william), await t.there.login(names.harry)];
  const kinds = ['membersjoined', 'membersleft', 'invited', 'kicked'];
  const harrys = listen(harry, 'invited', 'membersjoined');
  const conversation = await jerry.createConversation({
    members: [names.bob, names.harry, names.william], name: '周末滑雪', location: '42.86335,140.6843287', unique: false,
  });
  assert.equal(conversation.get('location'), '42.86335,140.6843287');
  const [, theirs] = await harrys.next('invited');
  await harrys.next('membersjoined');
  const felt = { harry: listen(theirs, ...kinds), william: listen(await william.getConversation(conversation.id), ...kinds) };
  const tom = await t.there.login(names.tom);
  const joined = await (await tom.getConversation(conversation.id)).join();
  assert.equal(joined.id, conversation.id);
  assert.ok(joined.members.includes(names.tom));
  const of = (name) => (payload) => payload.members.includes(name);
  await felt.william.next('membersjoined', of(names.tom));
  await conversation.add([names.mary]);
  assert.ok(conversation.members.includes(names.mary));
  assert.equal((await felt.william.next('membersjoined', of(names.mary)))[0].invitedBy, names.jerry);
  await joined.quit();
  assert.ok(!joined.members.includes(names.tom));
  await felt.william.next('membersleft', of(names.tom));
  // Neither of the two made the conversation.
  await (await william.getConversation(conversation.id)).remove([names.harry]);
  assert.equal((await felt.harry.next('kicked'))[0].kickedBy, names.william);
  assert.equal((await felt.william.next('membersleft', of(names.harry)))[0].kickedBy, names.william);
  await until(() => !conversation.members.includes(names.harry), 'Jerry knows');
  assert.equal(await conversation.count(), 4);
  await conversation.add([names.harry]);
  assert.equal((await felt.harry.next('invited'))[0].invitedBy, names.jerry);
}

async function privateChatAgain(t) {
  const [tom, jerry] = [await t.here.login(t.name('tom')), await t.there.login(t.name('jerry'))];
  const made = await tom.createConversation({ members: [jerry.id], name: '猫和老鼠', type: 'private', unique: false });
  const wider = await tom.createConversation({ members: [jerry.id, t.name('mary')], type: 'private', unique: false });
  const found = await tom.getQuery().equalTo('type', 'private').withMembers([jerry.id], true).find();
  assert.deepEqual(found.map((one) => one.id), [made.id]);
  const ofBoth = async (client) => (await client.getQuery().withMembers([tom.id, jerry.id]).find()).map((one) => one.id);
  assert.deepEqual(await ofBoth(jerry), [made.id]);
  // What two have with each other is nobody else's to find.
  assert.deepEqual(await ofBoth(await t.there.login(t.name('harry'))), []);
  const texts = async (conversation) => (await conversation.queryMessages()).map((one) => one.text);
  await wider.send(new t.here.IM.TextMessage('with Jerry'));
  const theirs = await jerry.getConversation(wider.id);
  await theirs.quit();
  await wider.send(new t.here.IM.TextMessage('without Jerry'));
  await theirs.join();
  assert.deepEqual(await texts(theirs), ['with Jerry', 'without Jerry']);
}

async function roomOfTheGuide(t) {
  const [host, fan] = [await t.here.login(t.name('host')), await t.there.login(t.name('fan'))];
  const options = { name: '2094 世界杯决赛', members: ['broadcast'] };
  const room = await (t.isOld ? host.createConversation({ ...options, transient: true }) : host.createChatRoom(options));
  await (await fan.getConversation(room.id)).join();
  const heard = listen(fan, 'message');
  for (const name of ['HIGH', 'NORMAL', 'LOW']) {
    const message = await room.send(new t.here.IM.TextMessage(name), { priority: t.here.IM.MessagePriority[name] });
    assert.equal(message.status, t.here.IM.MessageStatus.SENT);
    assert.equal((await heard.next('message'))[0].text, name);
  }
  await (await fan.getConversation(room.id)).quit();
}

// A function of the application's own server, where LeanCloud hosted them: `AV.Cloud.rpc` calls it.
async function functions(named) {
  const server = http.createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const name = request.url.split('/').at(-1);
    const result = named[name](JSON.parse(Buffer.concat(chunks).toString() || '{}'));
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ result }));
  });
  await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  return { url: `http://127.0.0.1:${server.address().port}`, close: () => { server.close(); server.closeAllConnections(); } };
}

async function hostedSigning(t) {
  const { signed } = t.table;
  const signature = (...parts) => {
    const [timestamp, nonce] = [Math.floor(Date.now() / 1000), crypto.randomBytes(8).toString('hex')];
    const text = (words) => [signed.id, ...parts, timestamp, nonce, ...words].join(':');
    const sign = (...words) => crypto.createHmac('sha1', signed.masterKey).update(text(words)).digest('hex');
    return { timestamp, nonce, sign };
  };
  const words = { add: 'invite', remove: 'kick' };
  const asked = [];
  const host = await functions({
    sign: ({ clientId }) => {
      asked.push(['sign', clientId]);
      const { sign, ...rest } = signature(clientId, '');
      return { ...rest, signature: sign() };
    },
    'sign-conversation': ({ conversationId, clientId, targetIds, action }) => {
      asked.push([action, ...targetIds]);
      const targets = [...targetIds].sort().join(':');
      const { sign, ...rest } = conversationId ? signature(clientId, conversationId, targets) : signature(clientId, targets);
      return { ...rest, signature: words[action] || conversationId ? sign(words[action] || action) : sign() };
    },
  });
  const device = t.device({ appId: signed.id, appKey: signed.key });
  const { AV } = device;
  AV.init({ appId: signed.id, appKey: signed.key, serverURLs: { engine: host.url, api: `http://127.0.0.1:${t.table.port}` } });
  const tom = await device.login(t.name('tom'), {
    signatureFactory: (clientId) => AV.Cloud.rpc('sign', { clientId }),
    conversationSignatureFactory: (conversationId, clientId, targetIds, action) => AV.Cloud.rpc('sign-conversation', {
      conversationId, clientId, targetIds, action,
    }),
  });
  const chat = await tom.createConversation({ members: [t.name('jerry')], unique: false });
  await chat.add([t.name('mary')]);
  await chat.remove([t.name('mary')]);
  assert.deepEqual(asked[0], ['sign', tom.id]);
  assert.equal(asked.length, 4);
  assert.equal(await chat.count(), 2);
  await tom.close();
  host.close();
}

// The story of the guide: the way is open again only at the second try.
async function storyOfALoss(t) {
  const way = await bridge(t.table.port);
  const device = t.device({ port: way.port });
  const tom = await device.login(t.name('tom'));
  const told = [];
  for (const kind of ['disconnect', 'schedule', 'retry', 'reconnect']) {
    device.realtime.on(kind, (...args) => told.push(['realtime', kind, ...args]));
    tom.on(kind, (...args) => told.push(['client', kind, ...args]));
  }
  const both = (...story) => story.flatMap((one) => [['realtime', ...one], ['client', ...one]]);
  const count = (kind) => told.filter(([who, what]) => who === 'realtime' && what === kind).length;
  await way.cut();
  await until(() => count('schedule') === 2, 'the first try is in vain');
  device.realtime.retry();
  await until(() => count('schedule') === 3, 'a try by hand is in vain');
  await way.mend();
  await until(() => told.some(([who, what]) => who === 'client' && what === 'reconnect'), 'the client is back');
  assert.deepEqual(told, [
    ...both(['disconnect'], ['schedule', 0, 1000], ['retry', 0], ['schedule', 1, 2000], ['retry', 0], ['schedule', 1, 2000], ['retry', 1]),
    ['realtime', 'reconnect'],
    ['client', 'reconnect'],
  ]);
  await tom.close();
  await way.cut();
}

module.exports = {
  statuses, typing, gettersAndSetters, receiptAsWritten, pushed, markedAsRead, pluginsOfTheGuide, eventsOfConversations,
  privateChatAgain, roomOfTheGuide, hostedSigning, storyOfALoss,
};
