/** The live console of the staff. */
import "rooms/elements/theme_choice";
import "rooms/elements/notice_list";
import "rooms/elements/confirm_dialog";
import "rooms/elements/user_avatar";
import "rooms/elements/live_stats";
import "rooms/elements/socket_table";
import "rooms/elements/room_table";
import "rooms/elements/activity_feed";
import "rooms/elements/announce_form";
import "rooms/elements/staff_console";
