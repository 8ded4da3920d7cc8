/** The chat page. */
import "rooms/elements/user_avatar";
import "rooms/elements/theme_choice";
import "rooms/elements/emoji_picker";
import "rooms/elements/confirm_dialog";
import "rooms/elements/notice_list";
import "rooms/elements/connection_line";
import "rooms/elements/room_list";
import "rooms/elements/room_header";
import "rooms/elements/room_timeline";
import "rooms/elements/typing_line";
import "rooms/elements/message_composer";
import "rooms/elements/people_panel";
import "rooms/elements/room_creator";
import "rooms/elements/room_settings";
import "rooms/elements/chat_app";
