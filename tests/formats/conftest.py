"""Property tests run on busy machines: no limit on the time of one example."""

from hypothesis import settings

settings.register_profile("formats", deadline=None)
settings.load_profile("formats")
