/**
 * What staff can do, as `Desk.carryOut` takes it: the question (`title`, `text`, `yes` and so on), the
 * `command` with its `payload(answer)`, the sentence `done(data)`, and `undo(data)`: the measure that takes it back.
 * Rooms and people are `{id, name}`; what the question and the answer are says `ReasonDialog.ask`.
 */
import { LASTING, REACHING_BACK, timeIn } from "rooms/models/durations";
import { isolated, sanctionWords, untilWords } from "rooms/staff/sentences";

const TOLD = "They are told this reason.";
const KEPT = "The reason is kept with what was done.";
const EVERYWHERE = "";
const everywhereOr = (rooms) => [[EVERYWHERE, "Everywhere"], ...optionsOf(rooms)];
const optionsOf = (rooms) => rooms.map(({ id, name }) => [String(id), name]);
const roomOf = (id) => (id === EVERYWHERE ? {} : { room: Number(id) });

/** Mute in `room`, or where the dialog says, which offers `rooms`. */
export const mute = (person, { room = null, rooms = [] }) => ({
  title: room ? `Mute ${isolated(person.name)} in ${isolated(room.name)}?` : `Mute ${isolated(person.name)}?`,
  text: "They can go on reading, and can neither write, edit nor react. It ends by itself.",
  yes: "Mute",
  spans: LASTING,
  help: TOLD,
  choices: room ? [] : everywhereOr(rooms),
  command: "mute_user",
  payload: ({ reason, seconds, choice }) => ({ user: person.id, reason, until: timeIn(seconds), ...(room ? { room: room.id } : roomOf(choice)) }),
  ...sanctioned(person),
});

/** Ban from `room`, or where the dialog says. Everywhere only for `mayEverywhere`. */
export const ban = (person, { room = null, rooms = [], mayEverywhere = true }) => ({
  title: room ? `Ban ${isolated(person.name)} from ${isolated(room.name)}?` : `Ban ${isolated(person.name)}?`,
  text: room
    ? "They leave the room at once, and it is as if it did not exist for them until the ban ends."
    : "All their tabs are closed at once and they cannot log in until the ban ends. In a room: they are shown out of it and cannot come back.",
  yes: "Ban",
  spans: LASTING,
  help: TOLD,
  extra: room || !mayEverywhere ? null : "Also keep guests and new accounts out from the addresses of their sessions",
  choices: room ? [] : mayEverywhere ? everywhereOr(rooms) : optionsOf(rooms),
  command: "ban_user",
  payload: ({ reason, seconds, choice, extra }) => ({
    user: person.id,
    reason,
    until: timeIn(seconds),
    ...(room ? { room: room.id } : roomOf(choice)),
    ...(extra && choice === EVERYWHERE && { addresses: true }),
  }),
  ...sanctioned(person),
});

export const banGuest = ({ sid, name }) => ({
  title: `Ban ${isolated(name)}?`,
  text: "Nobody comes in as a guest or signs up from this guest's address until the ban ends. People with an account do.",
  yes: "Ban",
  spans: LASTING,
  help: TOLD,
  command: "ban_guest",
  payload: ({ reason, seconds }) => ({ sid, reason, until: timeIn(seconds) }),
  ...sanctioned({ name }),
});

/** What is said after a mute or a ban: it can be lifted. */
function sanctioned({ name }) {
  return {
    done: ({ sanction }) => `${isolated(name)}: ${sanctionWords(sanction)}, ${untilWords(sanction.until)}.`,
    undo: ({ sanction }) => ({ command: "lift", payload: { sanction: sanction.id } }),
  };
}

export const lift = (sanction) => ({
  command: "lift",
  payload: { sanction: sanction.id },
  done: () => `Lifted: ${sanctionWords(sanction)}.`,
});

export const removeFrom = (person, room) => ({
  title: `Remove ${isolated(person.name)} from ${isolated(room.name)}?`,
  text: "They leave the room at once. Where anybody may join they can come back.",
  yes: "Remove",
  help: TOLD,
  command: "remove_member",
  payload: ({ reason }) => ({ user: person.id, room: room.id, reason }),
  done: () => `${isolated(person.name)} was removed from ${isolated(room.name)}.`,
});

/** Delete what a person wrote, in `room` or the one that the dialog says. */
export const deleteAll = (person, { room = null, rooms = [] }) => ({
  title: room
    ? `Delete what ${isolated(person.name)} wrote in ${isolated(room.name)}?`
    : `Delete what ${isolated(person.name)} wrote?`,
  text: "Their messages in this room disappear for everybody. It can be undone within a minute.",
  yes: "Delete",
  help: KEPT,
  choices: room ? [] : optionsOf(rooms),
  choicesLabel: "Room",
  spans: REACHING_BACK,
  spansLabel: "What they wrote in",
  command: "delete_messages",
  payload: ({ reason, choice, seconds }) => ({ user: person.id, room: room?.id ?? Number(choice), since: timeIn(-seconds), reason }),
  done: ({ count }) => ["Nothing was written in this time.", "1 message was deleted."][count] ?? `${count} messages were deleted.`,
  undo: undoDeletion,
});

export const deleteMessage = (message) => ({
  command: "delete_message",
  payload: { message: message.id },
  done: () => "The message was deleted.",
  undo: undoDeletion,
});

function undoDeletion({ deletion }) {
  return deletion === null ? null : { command: "undo_deletion", payload: { deletion } };
}

export const disconnectSocket = (sid) => ({
  command: "disconnect_socket",
  payload: { sid },
  done: () => "The connection was closed. It comes back by itself.",
});

export const disconnectAll = (person) => ({
  command: "disconnect_user",
  payload: { user: person.id },
  done: () => `All connections of ${isolated(person.name)} were closed. They come back by themselves.`,
});

export const signOut = (person) => ({
  title: `Sign ${isolated(person.name)} out everywhere?`,
  text: "All their sessions end at once, on every device. They can log in again.",
  yes: "Sign out",
  command: "disconnect_user",
  payload: { user: person.id, sign_out: true },
  done: () => `${isolated(person.name)} was signed out everywhere.`,
});

export const archive = (room, archived) => ({
  command: "archive_room",
  payload: { room: room.id, archived },
  done: () => `${isolated(room.name)} was ${archived ? "archived" : "restored"}.`,
  undo: () => ({ command: "archive_room", payload: { room: room.id, archived: !archived } }),
});

/** Change what `fields` names; back is what `room` says of them now. */
export const change = (room, fields) => ({
  command: "update_room",
  payload: { room: room.id, ...fields },
  done: () => `${isolated(room.name)} was changed.`,
  undo: () => ({
    command: "update_room",
    payload: { room: room.id, ...Object.fromEntries(Object.keys(fields).map((name) => [name, room[name]])) },
  }),
});

export const clear = (room) => ({
  title: `Clear ${isolated(room.name)}?`,
  text: "Everybody but its owners and moderators, and those who stand above you, leaves the room at once. What was written stays.",
  yes: "Clear the room",
  command: "clear_room",
  payload: { room: room.id },
  done: () => `${isolated(room.name)} was cleared.`,
});

const RESOLUTIONS = {
  dismiss: { name: "Dismiss", text: "Nothing is done about the message.", spans: [] },
  delete_message: { name: "Delete the message", text: "The message disappears for everybody.", spans: [] },
  mute_user: { name: "Mute the author", text: "The author cannot write in this room for that long.", spans: LASTING },
  remove_member: { name: "Remove the author", text: "The author leaves the room at once.", spans: [] },
  ban_user: { name: "Ban the author", text: "All the author's tabs are closed at once and they cannot log in for that long.", spans: LASTING },
};

/** What reports can be answered by: `[action, name]`. */
export const RESOLVING = Object.entries(RESOLUTIONS).map(([action, { name }]) => [action, name]);

export const resolve = (report, action) => ({
  title: `${RESOLUTIONS[action].name}?`,
  text: `${RESOLUTIONS[action].text} All open reports of this message are resolved.`,
  yes: RESOLUTIONS[action].name,
  spans: RESOLUTIONS[action].spans,
  isCalm: action === "dismiss",
  help: action === "dismiss" ? KEPT : "The author is told this reason.",
  command: "resolve_report",
  payload: ({ reason, seconds }) => ({ report: report.id, action, reason, ...(RESOLUTIONS[action].spans.length && { until: timeIn(seconds) }) }),
  done: () => "The report is resolved.",
});
