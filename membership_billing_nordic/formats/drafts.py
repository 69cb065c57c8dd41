"""Messages made fast, for decoders of files with hundreds of thousands of records."""

from collections.abc import Callable
from dataclasses import field, fields, make_dataclass
from functools import partial

from .messages import Message


def drafting(message_class: type[Message]) -> tuple[Callable[[], Message], Callable[..., None]]:
    """Two functions, ``blank`` and ``fill``, that make messages four times as fast.

    A frozen dataclass pays a call for every field it sets; a draft is a writable object of
    the same layout. ``draft = blank()``, then ``fill(draft, record=…, …)`` with the
    arguments of the message's constructor, then any assignments, and at last
    ``draft.__class__ = message_class`` freezes it into the message.
    """
    twin = make_dataclass(
        "twin",
        [(each.name, each.type, field(default=each.default)) for each in fields(message_class)],
        kw_only=True,
    )
    namespace = {
        "__slots__": (),
        # Both, for one of them frozen would slow down the other.
        "__setattr__": object.__setattr__,
        "__delattr__": object.__delattr__,
    }
    draft_class = type(f"{message_class.__name__}Draft", (message_class,), namespace)
    return partial(object.__new__, draft_class), twin.__init__
