"""Property tests run on busy machines: no limit on the time of one example."""

from hypothesis import settings

settings.register_profile("law", deadline=None, max_examples=60)
settings.load_profile("law")
