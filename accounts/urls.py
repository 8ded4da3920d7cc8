from django.urls import path

from .views.guest import NameGuest
from .views.people import people
from .views.session import renew_session
from .views.sign_in import ChangePassword, LogIn, LogOut, PasswordChanged

app_name = "accounts"

urlpatterns = [
    path("login/", LogIn.as_view(), name="login"),
    path("logout/", LogOut.as_view(), name="logout"),
    path("password/", ChangePassword.as_view(), name="password"),
    path("password/done/", PasswordChanged.as_view(), name="password_done"),
    path("session/", renew_session, name="session"),
    path("guest/", NameGuest.as_view(), name="guest"),
    path("people/", people, name="people"),
]
