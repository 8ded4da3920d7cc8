import { make } from "rooms/dom";
import { hasReacted } from "rooms/models/reactions";

const QUICK = ["👍", "❤️", "😂", "🎉", "😮", "🙏"];

/** Buttons for the `count` reactions that are used most. */
export function quickButtons(count) {
  return QUICK.slice(0, count).map((emoji) => {
    const attributes = { "aria-label": `React with ${emoji}` };
    return make("button", { type: "button", className: "quick", textContent: emoji, data: { act: "toggle", emoji }, attributes });
  });
}

/** Show which of the buttons `me` has pressed at a message. */
export function showPressed(buttons, { reactions = [] }, me) {
  for (const button of buttons) {
    const isOn = hasReacted(reactions, me, button.dataset.emoji);
    button.setAttribute("aria-pressed", String(isOn));
    button.title = isOn ? `Take ${button.dataset.emoji} away` : `React with ${button.dataset.emoji}`;
  }
}
