import { make } from "rooms/dom";

/** Put text into the clipboard; resolves to whether that worked. */
export async function copyText(text) {
  try {
    if (!navigator.clipboard) return copyOldWay(text);
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

/** For a page without TLS, to which browsers give no clipboard. */
function copyOldWay(text) {
  const area = make("textarea", { value: text, className: "visually-hidden", readOnly: true });
  document.body.append(area);
  area.select();
  const isCopied = document.execCommand("copy");
  area.remove();
  return isCopied;
}
