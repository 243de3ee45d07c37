'use strict';
// Logins, what ends them, and networks that fail.

const crypto = require('node:crypto');
const { assert, bridge, listen, pause, until } = require('./kit.cjs');

module.exports = {
  async whoIsWho(t) {
    const names = [t.name('tom'), t.name('x').padEnd(64, 'x')];
    const [tom, long] = [await t.here.login(names[0]), await t.here.login(names[1])];
    assert.equal(await t.here.login(names[0]), tom);
    assert.notEqual(tom, long);
    assert.deepEqual([tom.id, long.id], names);
    await assert.rejects(() => t.here.login('x'.repeat(65)));
    await long.close();
  },

  async loggedOut(t) {
    const device = t.device();
    const tom = await device.login(t.name('tom'));
    const there = await t.there.login(t.name('jerry'));
    // Who shares no conversation is not told.
    await there.createConversation({ members: [t.name('tom')], unique: false });
    assert.deepEqual((await there.ping([t.name('tom')])), [t.name('tom')]);
    await tom.close();
    assert.deepEqual(await there.ping([t.name('tom'), t.name('jerry')]), [t.name('jerry')]);
    const again = await device.login(t.name('tom'));
    assert.notEqual(again, tom);
    assert.ok((await there.ping([t.name('tom')])).includes(t.name('tom')));
    await again.close();
  },

  async tags(t) {
    const [first, second, third] = [t.device(), t.device(), t.device()];
    // The guide has null before the tag, at which 3.5.7 itself stumbles.
    const tag = (device, name) => (t.isOld ? device.login(t.name('tom'), undefined, name) : device.login(t.name('tom'), { tag: name }));
    const web = await tag(first, 'Web');
    const told = listen(web, 'conflict');
    const mobile = await tag(second, 'Mobile');
    const mobiles = listen(mobile, 'conflict');
    const newer = await tag(third, 'Web');
    await told.next('conflict');
    await pause(100);
    assert.deepEqual(mobiles.heard, []);
    const chat = await newer.createConversation({ members: [mobile.id, t.name('jerry')], unique: false });
    const got = listen(mobile, 'message');
    await chat.send(new third.IM.TextMessage('still here'));
    assert.equal((await got.next('message'))[0].text, 'still here');
    await Promise.all([mobile.close(), newer.close()]);
  },

  async sameUserTwice(t) {
    const [one, two] = [await t.here.login(t.name('tom')), await t.there.login(t.name('tom'))];
    const [ones, twos] = [listen(one, 'message', 'conflict'), listen(two, 'message', 'conflict')];
    const chat = await one.createConversation({ members: [t.name('jerry')], unique: false });
    await chat.send(new t.here.IM.TextMessage('from one'));
    const [message, conversation] = await twos.next('message');
    assert.equal(message.text, 'from one');
    await conversation.send(new t.there.IM.TextMessage('from two'));
    assert.equal((await ones.next('message'))[0].text, 'from two');
    assert.deepEqual([...ones.heard, ...twos.heard], []);
  },

  async network(t) {
    const way = await bridge(t.table.port);
    const device = t.device({ port: way.port });
    const tom = await device.login(t.name('tom'));
    const jerry = await t.there.login(t.name('jerry'));
    const chat = await tom.createConversation({ members: [jerry.id], unique: false });
    const kinds = ['disconnect', 'schedule', 'retry', 'reconnect'];
    const [realtime, client] = [listen(device.realtime, ...kinds), listen(tom, ...kinds, 'message', 'invited')];
    await way.cut();
    await realtime.next('disconnect');
    await client.next('disconnect');
    assert.deepEqual(await realtime.next('schedule'), [0, 1000]);
    await assert.rejects(async () => chat.send(new device.IM.TextMessage('lost')));
    // By hand, before the delay is over, in vain; then with the way open again.
    device.realtime.retry();
    await realtime.next('retry');
    await realtime.next('schedule');
    const meanwhile = await jerry.createConversation({ members: [tom.id], unique: false });
    await way.mend();
    device.realtime.retry();
    await realtime.next('retry');
    await realtime.next('reconnect');
    await client.next('reconnect');
    if (t.table.folder === 'v5') {
      // From 4.x on clients ask over HTTP what they missed; 4.x does so by https alone, which is not here.
      const told = await client.next('invited', (_, conversation) => conversation.id === meanwhile.id);
      assert.equal(told[0].invitedBy, jerry.id);
    }
    const there = await jerry.getConversation(chat.id);
    await there.send(new t.there.IM.TextMessage('you are back'));
    assert.equal((await client.next('message'))[0].text, 'you are back');
    await chat.send(new device.IM.TextMessage('I am'));
    await tom.close();
    await way.cut();
  },

  // A room whose visitor lost the network has the visitor again by itself.
  async backInTheRoom(t) {
    const way = await bridge(t.table.port);
    const device = t.device({ port: way.port });
    const fan = await device.login(t.name('fan'));
    const host = await t.here.login(t.name('host'));
    const room = await (t.isOld ? host.createConversation({ transient: true, name: 'room' }) : host.createChatRoom({ name: 'room' }));
    await (await fan.getConversation(room.id)).join();
    const [realtime, heard] = [listen(device.realtime, 'disconnect', 'schedule'), listen(fan, 'message', 'reconnect')];
    await way.cut();
    await realtime.next('disconnect');
    await realtime.next('schedule');
    await room.send(new t.here.IM.TextMessage('missed'));
    await way.mend();
    device.realtime.retry();
    await heard.next('reconnect');
    await until(async () => await room.count() === 2, 'the fan is in the room again');
    await room.send(new t.here.IM.TextMessage('welcome back'));
    assert.equal((await heard.next('message'))[0].text, 'welcome back');
    assert.deepEqual(heard.heard, []);
    await fan.close();
    await way.cut();
  },

  async plugins(t) {
    const seen = [];
    const device = t.device({
      plugins: [{
        name: 'watching',
        onIMClientCreate: (client) => { seen.push(`client ${client.id}`); },
        onConversationCreate: (conversation) => { seen.push('conversation'); conversation.shout = (text) => conversation.send(new device.IM.TextMessage(text.toUpperCase())); },
        beforeMessageParse: async (json) => { await pause(1); return json; },
        afterMessageParse: (message) => { message.wasSeen = true; return message; },
      }],
    });
    const tom = await device.login(t.name('tom'));
    const heard = listen(tom, 'message');
    const chat = await tom.createConversation({ members: [t.name('jerry')], unique: false });
    const jerrys = await (await t.there.login(t.name('jerry'))).getConversation(chat.id);
    await jerrys.send(new t.there.IM.TextMessage('hello'));
    assert.equal((await heard.next('message'))[0].wasSeen, true);
    assert.equal((await chat.shout('hello')).text, 'HELLO');
    assert.deepEqual(seen.slice(0, 2), [`client ${tom.id}`, 'conversation']);
    await tom.close();
  },

  async signatures(t) {
    const { signed } = t.table;
    const sign = (...parts) => {
      const [timestamp, nonce] = [Date.now(), crypto.randomBytes(8).toString('hex')];
      const text = [signed.id, ...parts.flat(), timestamp, nonce];
      return { text, timestamp, nonce };
    };
    const hmac = (text) => crypto.createHmac('sha1', signed.masterKey).update(text.join(':')).digest('hex');
    const words = { add: 'invite', remove: 'kick', invite: 'invite', kick: 'kick' };
    const asked = [];
    const factories = {
      signatureFactory: async (clientId) => {
        const { text, ...rest } = sign(clientId, '');
        return { ...rest, signature: hmac(text) };
      },
      conversationSignatureFactory: async (conversationId, clientId, targetIds, action) => {
        asked.push(action);
        const targets = [...targetIds].sort();
        const { text, ...rest } = conversationId ? sign(clientId, conversationId, targets) : sign(clientId, targets);
        return { ...rest, signature: hmac(words[action] ? [...text, words[action]] : text) };
      },
    };
    const device = t.device({ appId: signed.id, appKey: signed.key });
    await assert.rejects(() => device.login(t.name('nobody')), /SIGNATURE_FAILED/);
    const forged = { signatureFactory: async () => ({ signature: 'x'.repeat(40), timestamp: Date.now(), nonce: 'n' }) };
    await assert.rejects(() => device.login(t.name('forger'), forged), /SIGNATURE_FAILED/);
    const throwing = { signatureFactory: async () => { throw new Error('no signer'); } };
    await assert.rejects(() => device.login(t.name('thrower'), throwing), /no signer/);
    const tom = await device.login(t.name('tom'), factories);
    const chat = await tom.createConversation({ members: [t.name('jerry')], unique: false });
    await chat.add([t.name('mary')]);
    await chat.remove([t.name('mary')]);
    assert.equal(asked[0], 'create');
    assert.equal(asked.length, 3);
    const unsigned = await device.login(t.name('jerry'), { signatureFactory: factories.signatureFactory });
    await assert.rejects(() => unsigned.createConversation({ members: [tom.id], unique: false }), /SIGNATURE_FAILED/);
    await until(() => chat.members.length === 2, 'the list is as it was');
    await Promise.all([tom.close(), unsigned.close()]);
  },
};
