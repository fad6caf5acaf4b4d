"""What is wrong with works, events or schedules, said by field."""

from observatoire.errors import BadInput


class BadWork(BadInput):
    """A field of works, an event or a schedule cannot be used.

    Attributes
    ----------
    field : str
        Name of the field, as in the model.
    why : str
        What is wrong with it, and what was expected.
    """

    type = "bad-work"

    def __init__(self, field: str, why: str) -> None:
        super().__init__(f"{field}: {why}")
        self.field, self.why = field, why
