/** Has the session's cookie renewed while a page is used; the server renews the session itself by the socket. */
import { post } from "rooms/http";

const RENEW_EVERY = 3_600_000; // milliseconds; the server does it no sooner
const LOOK_EVERY = 60_000; // milliseconds
const RENEWED = "parley.session"; // when that was, by the clock of this machine: one request for all tabs

/** Look now and then, and when `connection` comes back. */
export function keepSession(url, connection) {
  const look = () => connection.online && renew(url);
  connection.addEventListener("state", look);
  setInterval(look, LOOK_EVERY);
}

async function renew(url) {
  const last = localStorage.getItem(RENEWED);
  const age = Date.now() - Number(last);
  if (last !== null && age >= 0 && age < RENEW_EVERY) return;
  localStorage.setItem(RENEWED, Date.now()); // first, so that no other tab asks meanwhile
  if (last === null) return; // this browser is new here, and so is its cookie
  try {
    await post(url, {});
  } catch {
    // An hour later is soon enough: a cookie lasts for days.
  }
}
