'use strict';
// The demo page as people use it: by what can be seen and pressed.

const assert = require('node:assert/strict');

const { launch, open, pause, until } = require('./kit.cjs');
const { playAll, table } = require('../support/playing.cjs');

const { port, only = [] } = table();
const ORIGIN = `http://127.0.0.1:${port}/`;

const text = (page, selector) => page.evaluate((at) => document.querySelector(at)?.innerText ?? '', selector);
const shows = (page, selector, words) => until(async () => (await text(page, selector)).includes(words), `${selector} shows “${words}”`);
const press = (page, title) => page.click(`button[title="${title}"]`);

async function enter(page, name) {
  await page.waitForSelector('input[name=user]');
  await page.type('input[name=user]', name);
  await page.click('button.primary');
  await shows(page, '.state', 'connected');
}

async function begin(page, kind, { users, name }) {
  await press(page, 'New conversation');
  await page.waitForSelector('dialog select');
  await page.select('dialog select', kind);
  if (users) await page.type('dialog input[name=users]', users);
  if (name) await page.type('dialog input[name=name]', name);
  await page.click('dialog .primary');
  await page.waitForSelector('.composer textarea');
}

async function say(page, words) {
  await page.type('.composer textarea', words);
  await page.keyboard.press('Enter');
}

async function choose(page, name) {
  await until(
    () => page.evaluate((wanted) => {
      const found = [...document.querySelectorAll('.conversation')].find((each) => (each.querySelector('.name > span') ?? each.querySelector('.name')).textContent === wanted);
      found?.click();
      return found !== undefined;
    }, name),
    `${name} is in the list`,
  );
}

// What a browser of another make could send.
const sends = (page, user, url) => page.evaluate(async (to, address) => {
  const { File, Unisono } = await import('/sdk/unisono.js');
  const client = await new Unisono(location.origin).login({ user: localStorage.getItem('unisono-demo:user') });
  await (await client.direct(to)).send(new File({ file: { url: address, name: 'prize.txt' } }));
  await client.close();
}, user, url);

// What the page would show and sound, which no test could see or hear.
function countNotices() {
  window.noticed = [];
  window.tones = 0;
  window.AudioContext = class {
    constructor() {
      window.tones += 1;
      throw new Error('no sound here');
    }
  };
  window.Notification = class {
    static permission = 'granted';

    constructor(title, { body }) {
      this.notice = { title, body, isOpen: true };
      window.noticed.push(this.notice);
    }

    addEventListener() {}

    close() {
      this.notice.isOpen = false;
    }
  };
}

async function faultless(page, broken) {
  page.on('pageerror', (problem) => broken.push(String(problem)));
  page.on('console', (said) => said.type() === 'error' && broken.push(said.text()));
}

// A camera and a microphone that are not there, and a way for media on this machine alone.
const MEDIA = ['--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream', '--allow-loopback-in-peer-connection'];

// How far the picture of the other end is: what plays goes on.
const picture = (page) => page.evaluate(() => {
  const video = document.querySelector('.call video.theirs');
  return { frames: video?.getVideoPlaybackQuality().totalVideoFrames ?? 0, at: video?.currentTime ?? 0, width: video?.videoWidth ?? 0 };
});

async function moves(page) {
  await until(async () => (await picture(page)).frames > 5, 'the other end is seen');
  const before = await picture(page);
  assert.ok(before.width > 0);
  await until(async () => {
    const now = await picture(page);
    return now.frames > before.frames + 5 && now.at > before.at;
  }, 'the picture moves');
}

const pressAny = (page, selector, words) => until(() => page.evaluate((at, wanted) => {
  const found = [...document.querySelectorAll(at)].find((each) => each.innerText === wanted);
  found?.click();
  return found !== undefined;
}, selector, words), `the button “${words}”`);

// Of an open menu.
const pick = (page, words) => until(() => page.evaluate((wanted) => {
  const found = [...document.querySelectorAll('.choices button')].find((each) => each.innerText.startsWith(wanted));
  found?.click();
  return found !== undefined;
}, words), `“${words}” in the menu`);

const pressIn = (page, words) => until(() => page.evaluate((wanted) => {
  const found = [...document.querySelectorAll('.call button')].find((each) => each.innerText === wanted);
  found?.click();
  return found !== undefined;
}, words), `the button “${words}”`);

// Counts what is asked of the camera and the microphone, and what is open of them.
function countMedia() {
  const { mediaDevices } = navigator;
  const [ask, tracks] = [mediaDevices.getUserMedia.bind(mediaDevices), []];
  window.asked = 0;
  window.liveTracks = () => tracks.filter(({ readyState }) => readyState === 'live').length;
  mediaDevices.getUserMedia = async (wish) => {
    window.asked += 1;
    const stream = await ask(wish);
    tracks.push(...stream.getTracks());
    return stream;
  };
}

const opened = (page) => page.evaluate(() => ({ asked: window.asked, live: window.liveTracks() }));

// Who calls hears why it came to nothing, and has the microphone closed.
async function declined(vera, walt) {
  await vera.bringToFront();
  await press(vera, 'Call');
  await shows(walt, '.call', 'vera calls');
  await walt.bringToFront();
  await pressIn(walt, 'Decline');
  await shows(vera, '.call', 'walt does not take the call');
  assert.equal((await opened(vera)).live, 0);
}

// A tab that is closed leaves its call, though its session goes on in another.
async function closedTab(vera, walt) {
  await vera.bringToFront();
  await press(vera, 'Call');
  await shows(walt, '.call', 'vera calls');
  await walt.bringToFront();
  await pressIn(walt, 'Answer');
  await shows(vera, '.call', 'connected');
  const before = Date.now();
  await walt.close();
  await shows(vera, '.call', 'walt hung up');
  assert.ok(Date.now() - before < 10_000);
}

// Those that no scenario uses now. Two scenarios never share one: the focus of one would go to the other.
const idle = [];

// Browsers with storage, workers and windows that nobody else shares. To launch each by itself would take much longer.
async function withBrowsers(count, scenario) {
  const browser = idle.pop() ?? (await launch()).browser;
  const browsers = await Promise.all(Array.from({ length: count }, () => browser.createBrowserContext()));
  try {
    await scenario(browsers);
  } finally {
    await Promise.all(browsers.map((each) => each.close()));
    idle.push(browser);
  }
}

const withPeople = (names, scenario) => withBrowsers(names.length, async (browsers) => {
  const broken = [];
  const pages = [];
  for (const [at, name] of names.entries()) {
    const { page } = await open(browsers[at], ORIGIN);
    faultless(page, broken);
    await enter(page, name);
    pages.push(page);
  }
  await scenario(pages, browsers);
  assert.deepEqual(broken, []);
});

const example = async (browser, name) => (await open(browser, `${ORIGIN}examples/${name}.html`)).page;

async function talk(page, user, other) {
  await page.evaluate((me, them) => Object.assign(document.querySelector('#user'), { value: me }) && Object.assign(document.querySelector('#other'), { value: them }), user, other);
  await page.click('#login .primary');
  await page.waitForSelector('#text', { visible: true });
}

async function write(page, words) {
  await page.bringToFront();
  await page.type('#text', words);
  await page.keyboard.press('Enter');
}

const scenarios = {
  twoTalk: () => withPeople(['ann', 'bob'], async ([ann, bob]) => {
    await begin(ann, '0', { users: 'bob' });
    await say(ann, 'Lunch at https://example.org ?');
    await shows(bob, '.conversations', 'Lunch at');
    await shows(bob, '.conversation .badge', '1');
    await shows(ann, '.ticks', '✓✓');
    await choose(bob, 'ann');
    await shows(bob, '.messages', 'Lunch at');
    assert.equal(await bob.evaluate(() => document.querySelector('.bubble a').getAttribute('href')), 'https://example.org');
    await bob.bringToFront();
    await until(async () => !(await bob.$('.conversation .badge:not(:empty)')), 'what is read is unread no more');
    await until(() => ann.$('.ticks.read'), 'the sender sees that it was read');
    await bob.type('.composer textarea', 'Ye');
    await shows(ann, '.title', 'bob is writing');
    await say(bob, 's');
    await shows(ann, '.messages', 'Yes');
    // What happens beside it leaves an open menu, the focus and what is selected alone.
    await ann.evaluate(() => document.querySelector('.theirs button[aria-label=React]').click());
    await ann.evaluate(() => {
      getSelection().selectAllChildren(document.querySelector('.mine p'));
      document.querySelector('.conversation').focus();
    });
    await say(bob, 'At noon');
    await shows(ann, '.messages', 'At noon');
    const left = await ann.evaluate(() => [document.querySelectorAll('.menu.open').length, getSelection().toString(), document.activeElement.matches('.conversation')]);
    assert.deepEqual(left, [1, 'Lunch at https://example.org ?', true]);
    await ann.evaluate(() => document.querySelector('.theirs .menu button').click());
    await shows(bob, '.chip', '👍 1');
    // A half-written text is there again after an edit.
    await bob.type('.composer textarea', 'half a');
    await bob.evaluate(() => document.querySelector('.mine button[aria-label=Edit]').click());
    await say(bob, ', gladly');
    assert.equal(await bob.evaluate(() => document.querySelector('.composer textarea').value), 'half a');
    await shows(ann, '.theirs', 'Yes, gladly');
    await shows(ann, '.theirs footer', 'edited');
    await bob.evaluate(() => document.querySelector('.mine button[aria-label^="Take back"]').click());
    await shows(ann, '.theirs', 'Message taken back');
    await sends(bob, 'ann', 'javascript:void(document.title = "owned")');
    await shows(ann, '.messages', 'a link that leads nowhere');
    assert.equal(await ann.$('a[href^=javascript]'), null);
  }),

  // D6: three devices with five tabs, and another person. One tells; all of them know when it is read on one.
  notices: () => withBrowsers(4, async ([phone, laptop, desk, browser]) => {
    const { page: ned } = await open(browser, ORIGIN);
    await enter(ned, 'ned');
    const tabs = [];
    for (const device of [phone, phone, laptop, laptop, desk]) {
      const page = await device.newPage();
      await page.evaluateOnNewDocument(countNotices);
      // Each browser takes its own window for the one in front.
      if (device !== desk) await page.evaluateOnNewDocument(() => { document.hasFocus = () => false; });
      await page.goto(ORIGIN);
      if (device === tabs.at(-1)?.device) await shows(page, '.state', 'connected');
      else await enter(page, 'mia');
      tabs.push({ device, page });
    }
    const pages = tabs.map(({ page }) => page);
    await begin(ned, '0', { users: 'mia' });
    const all = async () => (await Promise.all(pages.map((page) => page.evaluate(() => window.noticed)))).flat();
    const shown = async () => (await all()).filter(({ isOpen }) => isOpen).length;
    const tones = async () => (await Promise.all(pages.map((page) => page.evaluate(() => window.tones)))).reduce((one, other) => one + other);
    await say(ned, 'Are you there?');
    for (const page of pages) await shows(page, '.conversation .badge', '1');
    await until(async () => (await shown()) === 1, 'a notice');
    // Longer than any of them waits for another.
    await pause(1200);
    assert.deepEqual((await all()).map(({ title, body }) => [title, body]), [['ned', 'Are you there?']]);
    assert.equal(await tones(), 1);
    const reader = pages.at(-1);
    await reader.bringToFront();
    await choose(reader, 'ned');
    await until(() => ned.$('.ticks.read'), 'it was read');
    await until(async () => (await shown()) === 0, 'no notice is left of what was read', 2000);
    await say(ned, 'Good.');
    await shows(reader, '.messages', 'Good.');
    for (const page of pages) await until(async () => !(await page.$('.conversation .badge:not(:empty)')), 'it is read in all of them');
    assert.deepEqual([(await all()).length, await tones()], [1, 1]);
  }),

  // One person's two devices: what is done on one is so on the other.
  arranged: () => withPeople(['uma', 'uma', 'vic'], async ([uma, other, vic]) => {
    await press(vic, 'Contacts');
    await vic.type('input[name=contact]', 'uma');
    await vic.type('input[name=words]', 'We met in Rome');
    await vic.keyboard.press('Enter');
    await shows(vic, '.drawer', 'You have asked');
    for (const page of [uma, other]) await shows(page, '.counted .badge', '1');
    await uma.bringToFront();
    await press(uma, 'Contacts');
    await shows(uma, '.drawer', '“We met in Rome”');
    await pressAny(uma, '.drawer button', 'Accept');
    await until(() => uma.$('.drawer button[aria-label="What to do with vic"]'), 'vic is a contact');
    await uma.click('button[aria-label="What to do with vic"]');
    await pick(uma, 'Note a name');
    await uma.type('dialog input', 'Victoria');
    await uma.keyboard.press('Enter');
    await shows(uma, '.drawer', 'Victoria');
    await uma.click('.who');
    await shows(uma, '.title', 'Victoria');
    await uma.keyboard.press('Escape');
    // A text that is begun on one device goes on on the other.
    await uma.type('.composer textarea', 'Back to R');
    await until(() => other.$('.conversation'), 'it is in the list of the other device');
    await shows(other, '.preview.draft', 'Back to R');
    await other.bringToFront();
    await choose(other, 'Victoria');
    await say(other, 'ome?');
    await shows(vic, '.conversations', 'Back to Rome?');
    await until(() => uma.evaluate(() => document.querySelector('.composer textarea').value === ''), 'it is sent, on both');
    await uma.bringToFront();
    for (const words of ['Pin to the top', 'Silence', 'Labels']) {
      await press(uma, 'More of this chat');
      await pick(uma, words);
      if (words === 'Silence') await pick(uma, 'For an hour');
    }
    await uma.type('dialog input[name=label]', 'Friends');
    await uma.keyboard.press('Enter');
    await until(() => other.evaluate(() => document.querySelector('.conversation .name').textContent === 'Victoria, pinned, silent'), 'it is pinned and silent there');
    await shows(other, '.labels', 'Friends');
    await press(other, 'More');
    await pick(other, 'Silence all');
    await pick(other, 'For good');
    await shows(uma, '.sidebar', 'All chats are silent');
    await pressAny(uma, '.ask button', 'Sound again');
    await until(() => other.evaluate(() => !document.querySelector('.sidebar').innerText.includes('All chats are silent')), 'they sound again');
    await say(uma, 'A slip');
    for (const page of [other, vic]) await shows(page, '.conversations', 'A slip');
    await until(() => uma.evaluate(() => {
      const found = [...document.querySelectorAll('.mine')].find((each) => each.innerText.includes('A slip'))?.querySelector('button[title="Delete for me"]');
      found?.click();
      return found !== undefined && found !== null;
    }), 'the message may be deleted');
    await uma.waitForSelector('dialog .primary');
    await uma.click('dialog .primary');
    for (const page of [uma, other]) await until(async () => !(await text(page, '.messages')).includes('A slip'), 'it is gone for me');
    assert.ok((await text(vic, '.conversations')).includes('A slip'));
    // Whom I block says nothing to me.
    await press(uma, 'More of this chat');
    await pick(uma, 'Block vic');
    await uma.click('dialog .primary');
    await press(other, 'Contacts');
    await shows(other, '.drawer', 'Blocked');
    await vic.bringToFront();
    await choose(vic, 'uma');
    await say(vic, 'Hello?');
    await until(() => vic.$('.composer .problem:not(:empty)'), 'vic cannot write');
    await pressAny(other, '.drawer button', 'Unblock');
    await until(() => other.evaluate(() => !document.querySelector('.drawer').innerText.includes('Blocked')), 'nobody is blocked');
    // It is gone from both, until something is said in it; what was said is gone for good.
    await uma.bringToFront();
    await press(uma, 'More of this chat');
    await pick(uma, 'Delete chat');
    await uma.click('dialog input');
    await uma.click('dialog .primary');
    for (const page of [uma, other]) await until(async () => !(await text(page, '.conversations')).includes('Victoria'), 'it is in no list');
    await vic.evaluate(() => { document.querySelector('.composer textarea').value = ''; });
    await say(vic, 'Again?');
    for (const page of [uma, other]) await shows(page, '.conversations', 'Again?');
    await choose(uma, 'Victoria');
    await shows(uma, '.messages', 'Again?');
    assert.equal((await text(uma, '.messages')).includes('Back to Rome?'), false);
    // Logged out from the tree of the other device: that is the session of the one, and nothing of it is left.
    await other.bringToFront();
    await press(other, 'My devices and tabs');
    await until(async () => (await other.$$('.tree > li')).length === 2, 'both devices are in the tree');
    await pressAny(other, '.tree button', 'Log out');
    await uma.waitForSelector('input[name=user]');
    await until(async () => (await other.$$('.tree > li')).length === 1, 'one is left');
    await shows(other, '.state', 'connected');
  }),

  // Without a pointer, in the dark, with a look at what happens.
  byKeyboard: () => withPeople(['xia'], async ([xia]) => {
    await xia.bringToFront();
    await xia.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: 'dark' }]);
    const [, green] = await xia.evaluate(() => getComputedStyle(document.body).backgroundColor.match(/\d+/g).map(Number));
    assert.ok(green < 64, 'it is dark');
    const focused = () => xia.evaluate(() => document.activeElement.title || document.activeElement.ariaLabel || document.activeElement.innerText);
    const tab = async () => {
      await xia.keyboard.press('Tab');
      return focused();
    };
    await xia.evaluate(() => document.querySelector('.ask:not([hidden]) button[title]')?.click());
    const stops = [];
    for (let at = 0; at < 6; at++) stops.push(await tab());
    assert.deepEqual(stops, ['connected', 'New conversation', 'Contacts', 'My devices and tabs', 'More', 'Search conversations and messages']);
    await xia.evaluate(() => document.querySelector('button[title="New conversation"]').focus());
    await xia.keyboard.press('Enter');
    await xia.waitForSelector('dialog');
    await xia.keyboard.press('Escape');
    await until(async () => !(await xia.$('dialog')) && (await focused()) === 'New conversation', 'the focus is back');
    await xia.keyboard.press('Enter');
    await xia.waitForSelector('dialog select');
    await xia.keyboard.press('Tab');
    await xia.keyboard.type('yan');
    await xia.keyboard.press('Enter');
    await xia.waitForSelector('.composer textarea');
    // Where there is no pointer the field does not take the focus by itself: on a telephone that would bring its keys up.
    await xia.focus('.composer textarea');
    await xia.keyboard.type('Typed');
    await xia.keyboard.press('Enter');
    await shows(xia, '.messages', 'Typed');
    // By arrows to the menu of the chat in the list, and back.
    await xia.evaluate(() => document.querySelector('.search').focus());
    await xia.keyboard.press('ArrowDown');
    await xia.keyboard.press('ArrowRight');
    assert.equal(await xia.evaluate(() => document.activeElement.ariaLabel), 'More of yan');
    await xia.keyboard.press('Enter');
    await until(async () => (await focused()) === 'Pin to the top', 'the menu');
    await xia.keyboard.press('ArrowUp');
    assert.equal(await focused(), 'Delete chat…');
    await xia.keyboard.press('Escape');
    await until(async () => !(await xia.$('.choices')), 'the menu is gone');
    assert.equal(await xia.evaluate(() => document.activeElement.ariaLabel), 'More of yan');
    await press(xia, 'More');
    await xia.keyboard.press('End');
    await xia.keyboard.press('ArrowUp');
    await xia.keyboard.press('Enter');
    await shows(xia, '.drawer .facts', 'a shared worker');
    await shows(xia, '.places', 'yan c/');
    await shows(xia, '.places', 'My own u/xia');
    await shows(xia, '.log', 'message');
    await xia.keyboard.press('Escape');
    assert.equal(await xia.evaluate(() => document.querySelector('.drawer').hidden), true);
  }),

  anotherTab: () => withPeople(['cat'], async ([first], [browser]) => {
    await begin(first, '1', { users: 'dan, eve', name: 'Lunch club' });
    await say(first, 'Welcome');
    const { page: second } = await open(browser, ORIGIN);
    await shows(second, '.state', 'connected');
    assert.equal(await second.$('input[name=user]'), null);
    await choose(second, 'Lunch club');
    await shows(second, '.messages', 'Welcome');
    await say(second, 'From the other tab');
    await shows(first, '.messages', 'From the other tab');
    // Nothing can be pressed in a hidden tab.
    await first.bringToFront();
    const inFocus = () => first.evaluate(() => [document.activeElement.closest('.drawer') !== null, document.activeElement.title]);
    await press(first, 'My devices and tabs');
    assert.deepEqual(await inFocus(), [true, 'Close']);
    await first.keyboard.press('Escape');
    assert.deepEqual(await inFocus(), [false, 'My devices and tabs']);
    await press(first, 'My devices and tabs');
    await until(async () => (await first.$$('.tree > li > ul > li > ul > li')).length === 2, 'both tabs are in the tree');
    await first.evaluate(() => [...document.querySelectorAll('.tree button')].find((each) => each.innerText === 'Close').click());
    await shows(second, '.moment', 'Logged out elsewhere');
    await until(async () => (await first.$$('.tree > li > ul > li > ul > li')).length === 1, 'one tab is left');
    await shows(first, '.state', 'connected');
    // The session is whose it was: this tab goes on without being asked who it is.
    await second.bringToFront();
    await second.click('.moment .primary');
    await shows(second, '.messages', 'From the other tab');
  }),

  room: () => withPeople(['fay', 'gil'], async ([fay, gil]) => {
    await begin(fay, '2', { name: 'Lobby' });
    await say(fay, 'Anybody here?');
    await gil.reload();
    await shows(gil, '.state', 'connected');
    await choose(gil, 'Lobby');
    await shows(gil, '.messages', 'Anybody here?');
    await say(gil, 'I am');
    await shows(fay, '.messages', 'I am');
    await press(fay, 'People and settings');
    await shows(fay, '.drawer', '2 people are here');
  }),

  found: () => withPeople(['hal'], async ([hal]) => {
    await begin(hal, '1', { users: 'ivy', name: 'Recipes' });
    await say(hal, 'Saffron risotto');
    await until(async () => {
      await hal.evaluate(() => { document.querySelector('.search').value = ''; });
      await hal.type('.search', 'risotto');
      return hal.waitForFunction(() => document.querySelector('.conversations').innerText.includes('Saffron'), { timeout: 1000 }).then(() => true, () => false);
    }, 'what was said is found');
  }),

  narrow: () => withPeople(['jim'], async ([jim]) => {
    await begin(jim, '0', { users: 'kim' });
    await jim.setViewport({ width: 390, height: 780 });
    const shown = (selector) => jim.evaluate((at) => document.querySelector(at).offsetParent !== null, selector);
    assert.deepEqual([await shown('.sidebar'), await shown('.conversation-pane')], [false, true]);
    await press(jim, 'Back to all chats');
    assert.deepEqual([await shown('.sidebar'), await shown('.conversation-pane')], [true, false]);
    assert.equal(await jim.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true);
  }),

  threeTabs: () => withBrowsers(1, async ([browser]) => {
    const figures = (page) => page.evaluate(() => ['count', 'tabs'].map((id) => document.getElementById(id).textContent).join());
    const show = (page, wanted) => until(async () => (await figures(page)) === wanted, `connections and tabs: ${wanted}`);
    const first = await example(browser, 'tabs');
    await first.click('#browser');
    await show(first, '1,1');
    const second = await example(browser, 'tabs');
    await second.click('#browser');
    await show(second, '1,2');
    const third = await example(browser, 'tabs');
    await third.click('#android');
    await show(third, '2,1');
    for (const page of [first, second]) await show(page, '2,2');
  }),

  objects: () => withBrowsers(1, async ([browser]) => {
    const pages = [await example(browser, 'objects'), await example(browser, 'objects')];
    for (const page of pages) {
      await page.bringToFront();
      await page.click('#login .primary');
      await shows(page, '#log', 'This is tab');
    }
    const [first, second] = pages;
    await second.click('#form .primary');
    await shows(second, '#log', 'profile is {"first":"Ann","second":"in Oslo"}, set by this tab');
    await shows(first, '#log', 'profile is {"first":"Ann","second":"in Oslo"}, set by tab');
    await second.click('#function');
    await shows(second, '#problem', 'profile is no data');
    await first.bringToFront();
    await first.click('#get');
    await shows(first, '#log', 'profile has {"first":"Ann","second":"in Oslo"}');
  }),

  poppedOut: () => withBrowsers(2, async ([browser, others]) => {
    const page = await example(browser, 'popup');
    await talk(page, 'pia', 'quin');
    await write(page, 'Hello');
    await shows(page, '#messages', 'pia: Hello');
    const appeared = browser.waitForTarget((target) => target.url().includes('other=quin'));
    await page.click('#out');
    const popup = await (await appeared).page();
    await page.waitForSelector('ul.pages');
    await shows(popup, '#messages', 'pia: Hello');
    const quin = await example(others, 'popup');
    await talk(quin, 'quin', 'pia');
    await shows(quin, '#messages', 'pia: Hello');
    await write(quin, 'Where are you?');
    await shows(popup, '#messages', 'quin: Where are you?');
    await popup.bringToFront();
    await write(popup, 'Out here');
    await shows(quin, '#messages', 'pia: Out here');
  }),

  // Who was here is not asked again, only because the server cannot be reached for a while.
  unreachable: () => withPeople(['sam'], async ([sam]) => {
    await sam.evaluateOnNewDocument(() => {
      window.isCut = true;
      delete window.SharedWorker;
      const [Socket, ask] = [window.WebSocket, window.fetch];
      window.WebSocket = function Cut(...words) {
        if (window.isCut) throw new TypeError('cut');
        return new Socket(...words);
      };
      window.fetch = (...words) => (window.isCut ? Promise.reject(new TypeError('cut')) : ask(...words));
    });
    await sam.goto(`${ORIGIN}?again`);
    await shows(sam, '.moment', 'The server cannot be reached now');
    await sam.evaluate(() => { window.isCut = false; });
    await shows(sam, '.state', 'connected');
  }),

  // Two browsers: what one shows left the other through the connection of their own.
  videoCall: async () => {
    const [one, other] = await Promise.all([launch({ switches: MEDIA }), launch({ switches: MEDIA })]);
    try {
      const broken = [];
      const pages = [];
      for (const [browser, name] of [[one.browser, 'vera'], [other.browser, 'walt'], [other.browser, null]]) {
        const { page } = await open(browser, ORIGIN);
        faultless(page, broken);
        await page.evaluate(countMedia);
        if (name !== null) await enter(page, name);
        else await shows(page, '.state', 'connected');
        pages.push(page);
      }
      const [vera, walt, second] = pages;
      await begin(vera, '0', { users: 'walt' });
      await vera.bringToFront();
      // Two presses are one call, and one camera.
      await vera.evaluate(() => { for (const each of [1, 2]) document.querySelector('button[title="Video call"]').click(each); });
      for (const page of [walt, second]) await shows(page, '.call', 'vera calls');
      await walt.bringToFront();
      await pressIn(walt, 'Answer');
      for (const page of [vera, walt]) await shows(page, '.call', 'connected');
      await shows(second, '.call', 'in another tab');
      await Promise.all([moves(vera), moves(walt)]);
      assert.deepEqual([await opened(vera), await opened(walt)], [{ asked: 1, live: 2 }, { asked: 1, live: 2 }]);
      await pressIn(walt, 'Hang up');
      await shows(vera, '.call', 'walt hung up');
      await until(() => second.evaluate(() => document.querySelector('.call').hidden), 'the other tab shows no call');
      for (const page of [vera, walt]) assert.equal((await opened(page)).live, 0);
      await declined(vera, walt);
      await closedTab(vera, walt);
      assert.deepEqual(broken, []);
    } finally {
      await Promise.all([one.browser.close(), other.browser.close()]);
    }
  },

  signedOut: () => withPeople(['lea'], async ([lea], [browser]) => {
    const { page: other } = await open(browser, ORIGIN);
    await shows(other, '.state', 'connected');
    await lea.bringToFront();
    await press(lea, 'My devices and tabs');
    await until(() => lea.$('.actions button'), 'the buttons');
    await lea.evaluate(() => [...document.querySelectorAll('.actions button')].find((each) => each.innerText === 'Sign out').click());
    await lea.waitForSelector('dialog .primary');
    await lea.click('dialog .primary');
    for (const page of [lea, other]) await page.waitForSelector('input[name=user]');
    assert.deepEqual(await lea.evaluate(() => [location.hash, document.title, localStorage.getItem('unisono-demo:user')]), ['', 'Unisono', null]);
    await other.reload();
    await other.waitForSelector('input[name=user]');
  }),
};

playAll(scenarios, () => undefined, { atOnce: 2, only }).finally(() => Promise.all(idle.map((browser) => browser.close())));
