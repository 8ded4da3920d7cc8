/** How the console says things: names within sentences, spans of time, sanctions. */
import { moment } from "rooms/times";

/** A name within a sentence: it cannot turn the direction of what stands around it. */
export const isolated = (name) => `\u2068${name.replace(/[\u202a-\u202e\u2066-\u2069]/gu, "")}\u2069`;

/** Until when something holds: "until it is lifted", or a time. */
export const untilWords = (until) => (until ? `until ${moment(until)}` : "until it is lifted");

/** What a sanction is: "Muted in Lobby", "Banned everywhere". */
export function sanctionWords({ kind, room }) {
  const what = kind === "ban" ? "Banned" : "Muted";
  return room ? `${what} in ${isolated(room.name)}` : `${what} everywhere`;
}

/** The browser's name out of its long description of itself. */
export function browserOf(agent) {
  const names = [["Edg", "Edge"], ["OPR", "Opera"], ["Firefox", "Firefox"], ["Chrome", "Chrome"], ["Safari", "Safari"]];
  const found = names.find(([mark]) => agent.includes(`${mark}/`));
  const system = /(Windows|Macintosh|Android|iPhone|iPad|Linux)/.exec(agent)?.[1]?.replace("Macintosh", "Mac");
  if (!found) return agent.split(" ")[0] || "Unknown browser";
  return system ? `${found[1]} on ${system}` : found[1];
}

/** Seconds of slow mode: "10 s", "5 min", "1 h". */
export function seconds(number) {
  if (number % 3_600 === 0) return `${number / 3_600} h`;
  return number % 60 === 0 ? `${number / 60} min` : `${number} s`;
}
