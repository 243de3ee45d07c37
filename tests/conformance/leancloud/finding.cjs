'use strict';
// Queries over conversations, and over what was said.

const { assert } = require('./kit.cjs');

module.exports = {
  async queries(t) {
    const tom = await t.here.login(t.name('tom'));
    const mine = t.name('topic');
    const make = (name, more, members = [t.name('bob')]) => tom.createConversation({ members, name, mine, unique: false, ...more });
    const films = await make('LeanCloud fans', { topic: 'movie', age: 17, language: '中文', about: 'first\nsecond' });
    const books = await make('Readers', { topic: 'book', age: 30, keywords: '教育,书' }, [t.name('bob'), t.name('jerry')]);
    const plays = await make('LeanCloud stage', { topic: 'play', age: 5, keywords: '教育' });
    await books.send(new t.here.IM.TextMessage('a last word'));
    const all = () => tom.getQuery().equalTo('mine', mine);
    const names = async (query) => (await query.find()).map((one) => one.name);
    const asc = (query) => query.ascending('name');
    assert.deepEqual(await names(asc(all())), ['LeanCloud fans', 'LeanCloud stage', 'Readers']);
    assert.deepEqual(await names(tom.getQuery().equalTo('objectId', films.id)), ['LeanCloud fans']);
    assert.equal((await tom.getConversation(plays.id)).name, 'LeanCloud stage');
    assert.equal((await tom.getQuery().containsMembers([tom.id]).find()).length, 3);
    assert.equal((await tom.getQuery().limit(2).containsMembers([tom.id]).find()).length, 2);
    assert.deepEqual(await names(all().equalTo('name', 'Readers')), ['Readers']);
    assert.deepEqual(await names(asc(all().contains('name', 'LeanCloud'))), ['LeanCloud fans', 'LeanCloud stage']);
    assert.deepEqual(await names(all().greaterThan('lm', new Date(Date.now() - 86400000))), ['Readers']);
    assert.deepEqual(await names(all().greaterThan('lm', new Date(Date.now() + 86400000))), []);
    assert.deepEqual(await names(all().equalTo('topic', 'movie')), ['LeanCloud fans']);
    assert.deepEqual(await names(asc(all().notEqualTo('topic', 'movie'))), ['LeanCloud stage', 'Readers']);
    assert.deepEqual(await names(all().greaterThan('age', 18)), ['Readers']);
    assert.deepEqual(await names(asc(all().lessThanOrEqualTo('age', 17))), ['LeanCloud fans', 'LeanCloud stage']);
    assert.deepEqual(await names(all().matches('language', /[\u4e00-\u9fa5]/)), ['LeanCloud fans']);
    assert.deepEqual(await names(all().matches('about', /^second$/m)), ['LeanCloud fans']);
    assert.deepEqual(await names(all().matches('about', /^second$/)), []);
    await plays.mute();
    assert.deepEqual(await names(all().equalTo('mu', tom.id)), ['LeanCloud stage']);
    assert.deepEqual(await names(all().contains('keywords', '教育').lessThan('age', 18)), ['LeanCloud stage']);
    assert.deepEqual(await names(all().withMembers([t.name('bob'), t.name('jerry')], true)), ['Readers']);
    assert.deepEqual(await names(all().addAscending('topic').addDescending('createdAt')), ['Readers', 'LeanCloud fans', 'LeanCloud stage']);
    assert.deepEqual(await names(all().descending('age').limit(1).skip(1)), ['LeanCloud fans']);
    // What is known of a conversation is kept by the client: another one knows nothing yet.
    const other = await t.there.login(t.name('bob'));
    const slim = await other.getQuery().equalTo('mine', mine).compact(true).find();
    assert.equal(slim.length, 3);
    // The client has asked for the one that has a message for bob by itself.
    assert.ok(slim.every((one) => one.id === books.id || one.members.length === 0));
    const [muted] = await other.getQuery().equalTo('objectId', plays.id).find();
    assert.deepEqual([...muted.mutedMembers], [tom.id]);
    const [full] = await other.getQuery().equalTo('objectId', books.id).withLastMessagesRefreshed(true).find();
    assert.equal(full.lastMessage.text, 'a last word');
    assert.equal(await other.getConversation(books.id), full);
  },

  async defaults(t) {
    const tom = await t.here.login(t.name('tom'));
    const made = [];
    for (let number = 0; number < 12; number += 1) {
      made.push(await tom.createConversation({ members: [t.name('bob')], name: `${number}`, unique: false }));
    }
    await made[3].send(new t.here.IM.TextMessage('newest'));
    const found = await tom.getQuery().containsMembers([tom.id]).find();
    assert.equal(found.length, 10);
    assert.equal(found[0].id, made[3].id);
    assert.equal((await tom.getQuery().limit(20).containsMembers([tom.id]).find()).length, 12);
    const topic = t.name('room');
    const options = { name: 'a room', topic };
    const room = await (t.isOld ? tom.createConversation({ transient: true, ...options }) : tom.createChatRoom(options));
    const rooms = await tom.getQuery().equalTo('topic', topic).equalTo('tr', true).find();
    assert.deepEqual(rooms.map((one) => [one.id, one.transient]), [[room.id, true]]);
  },

  async history(t) {
    const tom = await t.here.login(t.name('tom'));
    const chat = await tom.createConversation({ members: [t.name('jerry')], unique: false });
    for (let number = 1; number <= 21; number += 1) await chat.send(new t.here.IM.TextMessage(`${number}`));
    const texts = (messages) => messages.map((one) => Number(one.text));
    const range = (first, last) => Array.from({ length: last - first + 1 }, (_, n) => first + n);
    assert.deepEqual(texts(await chat.queryMessages()), range(2, 21));
    const newest = await chat.queryMessages({ limit: 10 });
    assert.deepEqual(texts(newest), range(12, 21));
    const start = t.isOld ? 'before' : 'start';
    const before = { [`${start}Time`]: newest[0].timestamp, [`${start}MessageId`]: newest[0].id };
    assert.deepEqual(texts(await chat.queryMessages({ limit: 3, ...before })), range(9, 11));
    assert.equal((await chat.queryMessages({ limit: 1000 })).length, 21);
    const pages = chat.createMessagesIterator({ limit: 10 });
    const first = await pages.next();
    assert.deepEqual([texts(first.value), first.done], [range(12, 21), false]);
    const second = await pages.next();
    assert.deepEqual([texts(second.value), second.done], [range(2, 11), false]);
    const third = await pages.next();
    assert.deepEqual([texts(third.value), third.done], [[1], true]);
  },
};
