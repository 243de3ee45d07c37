'use strict';
// Who belongs to a conversation, and what it is.

const { assert, listen, until } = require('./kit.cjs');

const sorted = (values) => [...values].sort();

module.exports = {
  async comingAndGoing(t) {
    const [tom, jerry, mary, harry] = ['tom', 'jerry', 'mary', 'harry'].map(t.name);
    const toms = await t.here.login(tom);
    const clients = { [jerry]: await t.there.login(jerry), [mary]: await t.there.login(mary) };
    const kinds = ['membersjoined', 'membersleft', 'invited', 'kicked'];
    const told = { [tom]: listen(toms, ...kinds) };
    for (const name of Object.keys(clients)) told[name] = listen(clients[name], ...kinds);
    const chat = await toms.createConversation({ members: [jerry], unique: false });
    const [invited, there] = await told[jerry].next('invited');
    assert.equal(invited.invitedBy, tom);
    const felt = listen(there, ...kinds);
    await told[jerry].next('membersjoined');
    // Tom's client asks for the new one when it is told of it: an answer that comes later would undo what follows.
    await told[tom].next('invited');
    await told[tom].next('membersjoined');
    await chat.add([mary, harry]);
    await felt.next('membersjoined', (payload) => payload.members.includes(mary));
    assert.deepEqual(sorted(chat.members), sorted([tom, jerry, mary, harry]));
    const of = (payload) => payload.members.includes(mary);
    assert.equal((await told[mary].next('invited'))[0].invitedBy, tom);
    for (const name of [tom, jerry, mary]) assert.equal((await told[name].next('membersjoined', of))[0].invitedBy, tom);
    assert.equal(await chat.count(), 4);
    await chat.remove([mary]);
    assert.ok(!chat.members.includes(mary));
    assert.equal((await told[mary].next('kicked'))[0].kickedBy, tom);
    for (const name of [tom, jerry]) {
      const [gone] = await told[name].next('membersleft', of);
      assert.deepEqual([gone.kickedBy, gone.members], [tom, [mary]]);
    }
    assert.ok(!told[mary].heard.some((one) => one.kind === 'membersleft'));
    const marys = await clients[mary].getConversation(chat.id);
    await marys.join();
    assert.ok(marys.members.includes(mary));
    await told[jerry].next('membersjoined', of);
    await marys.quit();
    assert.ok(!marys.members.includes(mary));
    await told[jerry].next('membersleft', of);
    assert.equal(await chat.count(), 3);
  },

  async properties(t) {
    const tom = await t.here.login(t.name('tom'));
    const black = await t.there.login(t.name('black'));
    const told = listen(black, 'invited', 'membersjoined');
    const chat = await tom.createConversation({
      members: [black.id], name: 'cats', type: 'private', pinned: true, unique: false,
    });
    assert.equal(chat.name, 'cats');
    assert.deepEqual([chat.get('type'), chat.get('pinned')], ['private', true]);
    assert.deepEqual([chat.creator, chat.transient, Boolean(chat.system)], [tom.id, false, false]);
    assert.ok(chat.createdAt instanceof Date);
    // At each of them the client asks for it by itself: an answer that comes later would undo a change.
    const [, blacks] = await told.next('invited');
    await told.next('membersjoined');
    assert.equal(await black.getConversation(chat.id), blacks);
    assert.deepEqual([blacks.get('type'), blacks.get('pinned')], ['private', true]);
    blacks.name = 'clever cats';
    assert.equal(await blacks.save(), blacks);
    assert.equal(blacks.name, 'clever cats');
    await blacks.set('topic', { of: 'mice', at: 'night' }).save();
    await blacks.set('topic.of', 'dogs').save();
    // The package takes over what it is told when it is told: news of the former change may come behind this answer.
    await until(async () => {
      await chat.fetch();
      return chat.get('topic').of === 'dogs';
    }, 'the latter change is there');
    assert.deepEqual([chat.name, chat.get('pinned')], ['clever cats', true]);
    assert.ok(chat.updatedAt >= chat.createdAt);
    await blacks.mute();
    assert.equal(blacks.muted, true);
    await blacks.fetch();
    assert.ok(blacks.mutedMembers.includes(black.id));
    await blacks.unmute();
    await blacks.fetch();
    assert.ok(!(blacks.mutedMembers || []).includes(black.id));
    assert.equal(blacks.muted, false);
    const sent = await chat.send(new t.here.IM.TextMessage('last'));
    await chat.fetch();
    assert.equal(chat.lastMessageAt.getTime(), sent.timestamp.getTime());
  },

  async sameAgain(t) {
    const tom = await t.here.login(t.name('tom'));
    const with_ = (more) => tom.createConversation({ members: [t.name('jerry')], name: 'same', ...more });
    const [one, two] = [await with_({ unique: false }), await with_({ unique: false })];
    assert.notEqual(one.id, two.id);
    const [three, four] = [await with_({ unique: true }), await with_({ unique: true })];
    assert.equal(three.id, four.id);
    assert.notEqual(three.id, one.id);
    // Off where nothing is said, until 5.x turned it on.
    const [five, six] = [await with_({}), await with_({})];
    if (t.table.folder === 'v5') assert.deepEqual([five.id, six.id], [three.id, three.id]);
    else assert.equal(new Set([one, two, three, five, six].map((chat) => chat.id)).size, 5);
  },

  async chatRoom(t) {
    const [host, fan] = [await t.here.login(t.name('host')), await t.there.login(t.name('fan'))];
    const make = (name) => (t.isOld ? host.createConversation({ transient: true, name }) : host.createChatRoom({ name }));
    const [room, next] = [await make('first'), await make('second')];
    assert.equal(room.transient, true);
    assert.equal(await next.count(), 1);
    const fans = await fan.getConversation(next.id);
    const heard = listen(fan, 'message', 'membersjoined', 'invited');
    await fans.join();
    assert.equal(await next.count(), 2);
    const priority = t.here.IM.MessagePriority.HIGH;
    const score = await next.send(new t.here.IM.TextMessage('1 : 0'), { priority });
    assert.ok(score.id);
    assert.equal((await heard.next('message'))[0].text, '1 : 0');
    // Who goes to another room leaves the one before.
    const first = await fan.getConversation(room.id);
    await first.join();
    await until(async () => await next.count() === 1, 'the fan is out');
    assert.ok(!heard.heard.some((one) => one.kind !== 'message'));
    await first.quit();
  },
};
