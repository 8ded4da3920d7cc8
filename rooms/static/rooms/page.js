/** Pages beside the chat: log-in, sign-up and the like. */
import "rooms/elements/theme_choice";
import "rooms/elements/room_filter";
import { Tabs } from "rooms/tabs";

// The page after a log-out; others say nothing of who is there.
if ("signedOut" in document.body.dataset) new Tabs({ id: null, name: "" });
