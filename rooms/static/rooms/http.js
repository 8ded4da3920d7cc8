/** Requests over HTTP to the pages beside the socket. */
import { Refusal } from "rooms/socket";

/** POST form fields; resolves to the JSON answer, rejects with a Refusal. */
export async function post(url, fields) {
  return answer(
    fetch(url, {
      method: "POST",
      headers: { Accept: "application/json", "X-CSRFToken": csrfToken() },
      body: new URLSearchParams(fields),
    }),
  );
}

/** GET JSON. */
export async function get(url, query = {}, signal = undefined) {
  const address = `${url}?${new URLSearchParams(query)}`;
  return answer(fetch(address, { headers: { Accept: "application/json" }, signal }));
}

/** The token of now: logging in in another tab makes a new one, and leaves the page's own out of date. */
function csrfToken() {
  const cookie = /(?:^|; )csrftoken=([^;]+)/.exec(document.cookie)?.[1];
  return cookie ?? document.querySelector("input[name=csrfmiddlewaretoken]")?.value ?? "";
}

async function answer(promise) {
  let response;
  try {
    response = await promise;
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refusal({ code: "offline" });
  }
  let data = null;
  try {
    data = await response.json();
  } catch {
    // A page instead of JSON: the status tells enough.
  }
  if (response.ok && data !== null) return data;
  throw new Refusal(data?.error ?? { code: response.status === 403 ? "forbidden" : "internal" });
}
