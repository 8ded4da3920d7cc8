from django.contrib.auth.management import create_permissions
from django.db import migrations

MODERATORS = (
    "rooms.moderate_rooms", "rooms.use_console", "rooms.announce", "rooms.view_room", "rooms.view_membership",
    "rooms.view_message", "rooms.view_sanction", "rooms.view_report",
)
ADMINISTRATORS = (
    *MODERATORS, "rooms.ban_users", "rooms.view_private_rooms", "rooms.export_data", "rooms.add_room",
    "rooms.change_room", "rooms.add_membership", "rooms.change_membership", "rooms.delete_membership",
    "rooms.view_invitation", "rooms.add_invitation", "rooms.change_invitation", "rooms.delete_invitation",
    "rooms.view_community", "rooms.change_community", "accounts.view_user", "accounts.add_user",
    "accounts.change_user", "accounts.delete_user", "accounts.view_session", "accounts.delete_session",
    "accounts.view_auditentry",
)
GROUPS = {"Moderators": MODERATORS, "Administrators": ADMINISTRATORS}


def make_groups(apps, schema_editor):
    """What staff usually may do: those who look after rooms, and those who look after the place."""
    Group, Permission = apps.get_model("auth", "Group"), apps.get_model("auth", "Permission")
    for label in ("accounts", "rooms"):
        config = apps.get_app_config(label)
        # Django makes them after all migrations only, unless it is asked to.
        config.models_module = True
        create_permissions(config, apps=apps, verbosity=0)
        config.models_module = None
    for name, permissions in GROUPS.items():
        group, is_new = Group.objects.get_or_create(name=name)
        if is_new:
            for permission in permissions:
                label, codename = permission.split(".")
                group.permissions.add(Permission.objects.get(content_type__app_label=label, codename=codename))


def begin_stays(apps, schema_editor):
    """Who belongs to a room now has been there since they joined."""
    Membership, Stay = apps.get_model("rooms", "Membership"), apps.get_model("rooms", "Stay")
    found = Membership.objects.select_related("user").order_by("pk").iterator(chunk_size=1000)
    stays = (
        Stay(room_id=each.room_id, user_id=each.user_id, user_name=each.user.username, joined_at=each.joined_at)
        for each in found
    )
    Stay.objects.bulk_create(stays, batch_size=500)


class Migration(migrations.Migration):
    dependencies = [
        ("rooms", "0004_moderation"),
        ("accounts", "0003_audit_and_bans"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [
        migrations.RunPython(make_groups, migrations.RunPython.noop),
        migrations.RunPython(begin_stays, migrations.RunPython.noop),
    ]
