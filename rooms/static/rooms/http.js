/** Requests over HTTP to the pages beside the socket. */
import { Refusal } from "rooms/socket";

/** POST form fields; resolves to the JSON answer, rejects with a Refusal. */
export async function post(url, fields) {
  const token = document.querySelector("input[name=csrfmiddlewaretoken]")?.value ?? "";
  return answer(
    fetch(url, {
      method: "POST",
      headers: { Accept: "application/json", "X-CSRFToken": token },
      body: new URLSearchParams(fields),
    }),
  );
}

/** GET JSON. */
export async function get(url, query = {}, signal = undefined) {
  const address = `${url}?${new URLSearchParams(query)}`;
  return answer(fetch(address, { headers: { Accept: "application/json" }, signal }));
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
