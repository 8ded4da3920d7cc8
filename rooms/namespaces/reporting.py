"""Commands about the messages that people have pointed out."""

from __future__ import annotations

from typing import Any

from chatproject.sockets.namespace import Namespace, write
from chatproject.sockets.socket import Socket
from rooms.events.cases import report_payload
from rooms.events.payloads import message_payload
from rooms.namespaces import payloads as commands
from rooms.operations import reports


class ChatReports(Namespace):
    """In `/`: pointing out."""

    @write
    def on_report_message(self, socket: Socket, payload: commands.ReportMessage) -> dict[str, Any]:
        reports.report_message(person=socket.user, **payload.model_dump())
        return {}


class StaffReports(Namespace):
    """In `/admin`: reading and resolving."""

    def on_list_reports(self, socket: Socket, payload: commands.ListReports) -> dict[str, Any]:
        cursor = int(payload.cursor) if payload.cursor and payload.cursor.isdecimal() else None
        found, following = reports.list_reports(by=socket.user, are_open=payload.open, cursor=cursor)
        return {
            "reports": [report_payload(report) for report in found],
            "next": str(following) if following else None,
        }

    @write
    def on_read_report(self, socket: Socket, payload: commands.OneReport) -> dict[str, Any]:
        found, messages = reports.read_report(by=socket.user, report=payload.report)
        return {
            "report": report_payload(found),
            "messages": [message_payload(message) for message in messages],
        }

    @write
    def on_resolve_report(self, socket: Socket, payload: commands.ResolveReport) -> dict[str, Any]:
        resolved = reports.resolve_report(by=socket.user, **payload.model_dump())
        return {"report": report_payload(resolved)}
