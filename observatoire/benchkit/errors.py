"""What can be wrong with somebody's model."""

from observatoire.errors import ObsError


class BadModel(ObsError):
    """The estimator cannot be loaded, raises, or gives what is no forecast."""

    type, status, exit_code = "bad-model", 422, 65
