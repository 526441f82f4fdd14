from config.lib.errors import Conflict


class StillInFlight(Conflict):
    """A message to this address is still being handed over. The opt-out is stored; please repeat the request."""

    code = "still_in_flight"
    status = 503
