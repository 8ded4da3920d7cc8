/**
 * Who the pages of this browser are for. A socket keeps the cookie it was opened with, so a page has to know when
 * another one was signed in or out. Fires `other` when one is for somebody else.
 */
export class Tabs extends EventTarget {
  #channel = new BroadcastChannel("parley.person");
  #own = null;

  constructor(person) {
    super();
    this.#channel.addEventListener("message", ({ data }) => {
      if (data !== this.#own) this.dispatchEvent(new Event("other"));
    });
    this.is(person);
  }

  /** This page is for `person` from now on; the others are told if that is news. */
  is({ id, name }) {
    const own = id === null ? `guest ${name}` : `person ${id}`;
    if (own === this.#own) return;
    this.#own = own;
    this.#channel.postMessage(own);
  }
}
