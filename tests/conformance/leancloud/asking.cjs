'use strict';
// What clients of 5.x ask over HTTP: a signature for a user of the application's, roles, and what they missed.
// Those of 4.x ask only a server with TLS, those of 3.x ask nothing.

const crypto = require('node:crypto');
const { assert, bridge, listen, until } = require('./kit.cjs');

function tokenFor(user, app, secret) {
  const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const said = `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ sub: user, aud: app })}`;
  return `${said}.${crypto.createHmac('sha256', secret).update(said).digest('base64url')}`;
}

module.exports = {
  async ownUsers(t) {
    if (t.table.folder !== 'v5') return;
    const { signed, tokenSecret } = t.table;
    const device = t.device({ appId: signed.id, appKey: signed.key });
    const user = (token) => ({ id: t.name('tom'), getSessionToken: () => token });
    await assert.rejects(() => device.login(user('forged')), /the token is not valid/);
    await assert.rejects(() => device.login(user(tokenFor(t.name('tom'), 'another', tokenSecret))), /the token is not valid/);
    const tom = await device.login(user(tokenFor(t.name('tom'), signed.name, tokenSecret)));
    assert.equal(tom.id, t.name('tom'));
    await tom.close();
  },

  async roles(t) {
    if (t.table.folder !== 'v5') return;
    const [tom, jerry] = await Promise.all([t.here.login(t.name('tom')), t.there.login(t.name('jerry'))]);
    const chat = await tom.createConversation({ members: [jerry.id, t.name('mary')], unique: false });
    await chat.updateMemberRole(jerry.id, t.here.IM.ConversationMemberRole.MANAGER);
    const theirs = await jerry.getConversation(chat.id);
    const roles = Object.fromEntries((await theirs.getAllMemberInfo()).map((one) => [one.memberId, one.role]));
    assert.deepEqual(roles, { [tom.id]: 'Owner', [jerry.id]: 'Manager', [t.name('mary')]: 'Member' });
  },

  async missedNews(t) {
    if (t.table.folder !== 'v5') return;
    const tom = await t.here.login(t.name('tom'));
    const way = await bridge(t.table.port);
    const device = t.device({ port: way.port });
    const jerry = await device.login(t.name('jerry'));
    const [heard, link] = [listen(jerry, 'invited', 'kicked'), listen(device.realtime, 'disconnect')];
    const before = await tom.createConversation({ members: [jerry.id], unique: false });
    await heard.next('invited', (news) => news.invitedBy === tom.id);
    await way.cut();
    await link.next('disconnect');
    const meanwhile = await tom.createConversation({ members: [jerry.id], name: 'meanwhile', unique: false });
    await before.remove([jerry.id]);
    await way.mend();
    device.realtime.retry();
    const [, told] = await heard.next('invited', (news, conversation) => conversation.id === meanwhile.id);
    assert.equal(told.name, 'meanwhile');
    await heard.next('kicked', (news, conversation) => conversation.id === before.id);
    await until(() => heard.heard.length === 0, 'nothing was told twice');
    await jerry.close();
  },
};
