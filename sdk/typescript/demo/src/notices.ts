/** One notice per browser, not per tab: whichever tab claims a message tells of it. */

import type { Message } from "../../src/api/exports.ts";
import type { Chat } from "./chat.ts";
import { nameOf, preview } from "./words.ts";

const TONE_HZ = 660;
const TONE_S = 0.12;
const LOUDNESS = 0.05;

/** Tells of messages that nobody looks at. */
export function notices(chat: Chat): void {
  const shown = new Map<string, Notification>();
  chat.client.on("message", (message) => void tell(chat, message, shown));
  chat.client.on("read", ({ conversation }) => {
    shown.get(conversation.id)?.close();
    shown.delete(conversation.id);
  });
  chat.on(() => title(chat));
}

/** Asks once whether this page may show notices. */
export async function askPermission(): Promise<boolean> {
  if (typeof Notification === "undefined") return false;
  return (await Notification.requestPermission()) === "granted";
}

async function tell(chat: Chat, message: Message, shown: Map<string, Notification>): Promise<void> {
  const { conversation } = message;
  const wanted = conversation.level === "all" || (conversation.level === "mentions" && message.mentionsMe);
  if (message.isMine || !wanted || chat.isSeen(message)) return;
  if (!(await chat.client.claim("notice", `${conversation.id}:${message.seq}`))) return;
  // Another tab, or another device, may have shown it to its reader meanwhile.
  if (conversation.read >= message.seq) return;
  tone();
  if (typeof Notification === "undefined" || Notification.permission !== "granted") return;
  const notice = new Notification(nameOf(conversation), { body: preview(message), tag: conversation.id });
  notice.addEventListener("click", () => {
    window.focus();
    chat.open(conversation);
  });
  shown.set(conversation.id, notice);
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

function title(chat: Chat): void {
  const count = [...chat.conversations.values()].reduce((sum, { unread, isMuted }) => sum + (isMuted ? 0 : unread), 0);
  document.title = count === 0 ? "Unisono" : `(${count}) Unisono`;
}
