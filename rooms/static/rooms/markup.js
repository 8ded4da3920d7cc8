/**
 * Insert a message's `html`, which the server made from its body and cleaned; the only module that inserts markup.
 * Everything else in a page is written through textContent.
 */
export function showMarkup(element, html) {
  element.innerHTML = html;
  // The server lets every link open elsewhere; one to a room of this place need not.
  for (const link of element.querySelectorAll("a[href]")) if (link.origin === location.origin) link.removeAttribute("target");
  // What scrolls by itself is reached by the keyboard too.
  for (const box of element.querySelectorAll("pre")) box.tabIndex = 0;
}
