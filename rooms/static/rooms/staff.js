/** The live console of the staff. */
import "rooms/elements/theme_choice";
import "rooms/elements/notice_list";
import "rooms/elements/confirm_dialog";
import "rooms/elements/reason_dialog";
import "rooms/elements/user_avatar";
import "rooms/staff/live_stats";
import "rooms/staff/live_charts";
import "rooms/staff/people_section";
import "rooms/staff/room_section";
import "rooms/staff/activity_feed";
import "rooms/staff/report_section";
import "rooms/staff/announce_form";
import "rooms/staff/console";
