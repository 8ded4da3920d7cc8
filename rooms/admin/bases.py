"""Django's page classes, with their models where types are checked."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin

from rooms.models import Community, Invitation, Membership, Message, Report, Revision, Room, Sanction

if TYPE_CHECKING:
    AnyPages = admin.ModelAdmin[Any]
    RoomPages = admin.ModelAdmin[Room]
    MembershipPages = admin.ModelAdmin[Membership]
    MessagePages = admin.ModelAdmin[Message]
    SanctionPages = admin.ModelAdmin[Sanction]
    ReportPages = admin.ModelAdmin[Report]
    InvitationPages = admin.ModelAdmin[Invitation]
    CommunityPages = admin.ModelAdmin[Community]
    MembershipRows = admin.TabularInline[Membership, Room]
    RevisionRows = admin.TabularInline[Revision, Message]
    RoomModelForm = forms.ModelForm[Room]
    MembershipModelForm = forms.ModelForm[Membership]
    MembershipRowsForm = forms.BaseInlineFormSet[Membership, Room, MembershipModelForm]
else:
    AnyPages = object
    RoomPages = MembershipPages = MessagePages = SanctionPages = admin.ModelAdmin
    ReportPages = InvitationPages = CommunityPages = admin.ModelAdmin
    MembershipRows = RevisionRows = admin.TabularInline
    RoomModelForm = MembershipModelForm = forms.ModelForm
    MembershipRowsForm = forms.BaseInlineFormSet
