"""The routes of reports, to be put at the root."""

from starlette.convertors import Convertor, register_url_convertor
from starlette.routing import Route

from observatoire.server.reports import follow, look, send, staff

#: Bodies below these may hold a photo.
WITH_PHOTO = ("/reports", "/signaler", "/open311/", "/api/processes/submit-report/")
#: Requests below these are made in the name of their key, and counted by their network.
PATHS = ("/reports", "/open311/", "/suivi")


class VoiceConvertor(Convertor[str]):
    """The three words that residents may say of a report."""

    regex = "me-too|follow|not-fixed"

    def convert(self, value: str) -> str:
        """Return it as it is."""
        return value

    def to_string(self, value: str) -> str:
        """Return it as it is."""
        return value


register_url_convertor("voice", VoiceConvertor())


def report_routes() -> list[Route]:
    """Return the routes."""
    one = "/reports/{reference}"
    return [
        Route("/reports", send.send, methods=["POST"]),
        Route("/reports/forms", send.form_list),
        Route("/reports/near", send.nearby),
        Route("/reports/held", staff.held_photos),
        Route("/reports/open", staff.open_list),
        Route("/reports/terms", staff.terms),
        Route(one, follow.report),
        Route(one, follow.remove, methods=["DELETE"]),
        Route(f"{one}/photo", follow.picture),
        Route(f"{one}/moderation", staff.moderate, methods=["POST"]),
        Route(f"{one}/status", staff.change_status, methods=["POST"]),
        Route(f"{one}/{{kind:voice}}", follow.voice, methods=["POST"]),
        Route("/signaler", look.look, methods=["POST"]),
        Route("/suivi", follow.track, methods=["POST"]),
    ]
