/** How a message is told of where nobody looks: a tone, a notice of the system, and a count in the title. */

import type { Message } from "../../src/api/exports.ts";
import type { Chat } from "./chat.ts";
import { fill, h, iconButton } from "./dom.ts";
import { preview } from "./words.ts";

const TITLE = "Unisono";
const REFUSED = "unisono-demo:no-notices";
const TONE_HZ = 660;
const TONE_S = 0.12;
const LOUDNESS = 0.05;

/** Tells of a message in this tab; gives what takes it away again. */
export function tell(chat: Chat, message: Message): () => void {
  tone();
  if (typeof Notification === "undefined" || Notification.permission !== "granted") return () => undefined;
  try {
    return show(chat, message);
  } catch {
    // On telephones only a service worker may show one, and this page has none: the tone and the count have to do.
    return () => undefined;
  }
}

function show(chat: Chat, message: Message): () => void {
  const { conversation } = message;
  const notice = new Notification(chat.called(conversation), { body: preview(message), tag: conversation.id });
  notice.addEventListener("click", () => {
    window.focus();
    chat.open(conversation);
  });
  return () => notice.close();
}

/** Asks whether notices may be shown, where that is not said yet; hidden otherwise. */
export function permission(): HTMLElement {
  const box = h("div", { class: "ask", attributes: { role: "status" } });
  const draw = (): void => {
    box.hidden = typeof Notification === "undefined" || Notification.permission !== "default" || localStorage.getItem(REFUSED) !== null;
  };
  const never = (): void => {
    localStorage.setItem(REFUSED, "1");
    draw();
  };
  const yes = h("button", { class: "small", attributes: { type: "button" }, on: { click: () => void Notification.requestPermission().then(draw) } }, "Turn on");
  fill(box, h("span", {}, "Be told of new messages?"), yes, iconButton("close", "No, thank you", never));
  draw();
  return box;
}

/** Says in the title how many messages wait. */
export function title(chat: Chat | null): void {
  const all = [...(chat?.conversations.values() ?? [])];
  const count = all.reduce((sum, { unread, isMuted }) => sum + (isMuted ? 0 : unread), 0);
  document.title = count === 0 ? TITLE : `(${count}) ${TITLE}`;
}

function tone(): void {
  try {
    const audio = new AudioContext();
    const [sound, volume] = [audio.createOscillator(), audio.createGain()];
    sound.frequency.value = TONE_HZ;
    volume.gain.value = LOUDNESS;
    sound.connect(volume).connect(audio.destination);
    sound.start();
    sound.stop(audio.currentTime + TONE_S);
    sound.addEventListener("ended", () => void audio.close());
  } catch {
    // Browsers let no page sound that nobody has touched yet.
  }
}
