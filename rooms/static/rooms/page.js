/** Pages beside the chat: log-in, sign-up and the like. */
import "rooms/elements/theme_choice";
import "rooms/elements/room_filter";
