"""Messages made fast, for decoders of files with hundreds of thousands of records."""

from collections.abc import Callable
from dataclasses import MISSING, field, fields, make_dataclass
from functools import partial

from .messages import Message


def drafting(
    message_class: type[Message], *given: str
) -> tuple[Callable[[], Message], Callable[..., None]]:
    """Two functions, ``blank`` and ``fill``, that make messages four times as fast.

    A frozen dataclass pays a call for every field it sets; a draft is a writable object of
    the same layout. ``draft = blank()``, then ``fill(draft, record=…, …)`` with the
    arguments of the message's constructor, then any assignments, and at last
    ``draft.__class__ = message_class`` freezes it into the message.

    Where the names of the fields ``given`` are told, ``fill`` wants their values by position,
    ``fill(draft, …, …)``, which is faster still; all others get their defaults.
    """
    types = {each.name: each.type for each in fields(message_class)}
    required = dict.fromkeys(given, MISSING)
    defaults = {each.name: each.default for each in fields(message_class)}
    twin = make_dataclass(
        "twin",
        [
            (name, types[name], field(default=default))
            for name, default in (required | defaults | required).items()
        ],
        kw_only=not given,
    )
    namespace = {
        "__slots__": (),
        # Both, for one of them frozen would slow down the other.
        "__setattr__": object.__setattr__,
        "__delattr__": object.__delattr__,
    }
    draft_class = type(f"{message_class.__name__}Draft", (message_class,), namespace)
    return partial(object.__new__, draft_class), twin.__init__
