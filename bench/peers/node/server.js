// Socket.IO on Node with better-sqlite3: each message is stored, durably, before anybody hears of it.

import { createServer } from "node:http";
import Database from "better-sqlite3";
import { Server } from "socket.io";

const database = new Database(process.env.DATABASE);
database.pragma("journal_mode = WAL");
database.pragma("synchronous = FULL");
database.exec(`
  CREATE TABLE room (id INTEGER PRIMARY KEY, last_seq INTEGER NOT NULL DEFAULT 0);
  CREATE TABLE message (
    id INTEGER PRIMARY KEY,
    room INTEGER NOT NULL REFERENCES room (id),
    seq INTEGER NOT NULL,
    client_id TEXT NOT NULL,
    author INTEGER NOT NULL,
    body TEXT NOT NULL,
    html TEXT NOT NULL,
    created_at TEXT NOT NULL,
    UNIQUE (room, seq),
    UNIQUE (author, client_id)
  );
`);

const openRoom = database.prepare("INSERT INTO room (id) VALUES (?) ON CONFLICT DO NOTHING");
const raiseCounter = database
  .prepare("UPDATE room SET last_seq = last_seq + 1 WHERE id = ? RETURNING last_seq")
  .pluck();
const insertMessage = database.prepare(`
  INSERT INTO message (room, seq, client_id, author, body, html, created_at)
  VALUES (@room, @seq, @client_id, @author, @body, @html, @created_at)
`);

const store = database.transaction((message) => {
  const seq = raiseCounter.get(message.room);
  const { lastInsertRowid } = insertMessage.run({ ...message, seq });
  return { id: lastInsertRowid, seq };
});

const ESCAPES = { "&": "&amp;", "<": "&lt;", ">": "&gt;" };
const escape = (text) => text.replace(/[&<>]/g, (character) => ESCAPES[character]);

function post(person, room, { client_id, body }) {
  const html = `<p>${escape(body)}</p>\n`;
  const created_at = new Date().toISOString();
  const { id, seq } = store.immediate({ room, client_id, author: person, body, html, created_at });
  return {
    id,
    room,
    seq,
    version: seq,
    client_id,
    author: {
      id: person,
      name: `person${person}`,
      avatar: { colour: person % 12, url: null },
      guest: false,
    },
    body,
    html,
    created_at,
    edited_at: null,
    deleted_at: null,
    reply_to: null,
    mentions: [],
    reactions: [],
    attachments: [],
  };
}

const http = createServer();
const io = new Server(http, {
  transports: ["websocket"],
  perMessageDeflate: false,
  serveClient: false,
});

// As Socket.IO's documentation advises: the request of the handshake is not kept for each socket.
io.engine.on("connection", (connection) => {
  connection.request = null;
});

io.on("connection", (socket) => {
  const { room, person } = socket.handshake.auth;
  const channel = `room:${room}`;
  openRoom.run(room);
  socket.join(channel);
  socket.on("post_message", (payload, acknowledge) => {
    const message = post(person, room, payload);
    acknowledge({ ok: true, data: { message } });
    socket.to(channel).emit("message_posted", { room, version: message.version, message });
  });
});

http.listen(Number(process.env.PORT), "127.0.0.1");
