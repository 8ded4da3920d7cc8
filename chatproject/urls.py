"""All addresses."""

from django.contrib import admin
from django.urls import include, path, register_converter
from django.views.generic import RedirectView

from accounts.urls import app_name as accounts_name
from accounts.urls import urlpatterns as accounts_urls
from chatproject.converters import TextConverter
from chatproject.health import healthz, readyz
from rooms.views import chat, coming_in, staff

register_converter(TextConverter, "text")

admin.site.site_header = "Parley"
admin.site.site_title = "Parley"
admin.site.index_title = "Rooms and people"

# Signing up is a matter of the community, and so of rooms; its address is among the others of accounts.
accounts = ([path("signup/", coming_in.sign_up, name="signup"), *accounts_urls], accounts_name)

urlpatterns = [
    path("", chat.chat, name="chat"),
    path("rooms/", chat.browse, name="browse"),
    path("rooms/<text:slug>/", chat.chat, name="room"),
    path("staff/", staff.staff, name="staff"),
    path("invite/<text:token>/", coming_in.invitation, name="invitation"),
    path("accounts/", include(accounts)),
    # One page for it: ours holds whoever tries out passwords to a rate.
    path("admin/password_change/", RedirectView.as_view(pattern_name="accounts:password")),
    # Django's way from any object to its page asks for no permission: it would tell what private rooms are
    # called, and the links of invitations.
    path("admin/r/<path:thing>", RedirectView.as_view()),
    path("admin/", admin.site.urls),
    path("favicon.ico", chat.favicon),
    path("healthz", healthz),
    path("readyz", readyz),
]
