"""`NamedTuple` without a look at what its fields are, which takes half of the time of such a class; a start makes up to eighty.

typing compiles each annotation that is text, as all are under `from __future__ import annotations`, and keeps nothing of it.
Type checkers see typing's own; so do Pythons from 3.14 on, which keep annotations elsewhere.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING or sys.version_info >= (3, 14):
    from typing import NamedTuple as NamedTuple
else:
    from collections import namedtuple

    class _WithFields(type):
        def __new__(cls, name, bases, body):
            if not bases:
                return super().__new__(cls, name, bases, body)
            fields = body.get("__annotations__", {})
            defaults = [body.pop(field) for field in fields if field in body]
            made = namedtuple(name, fields, defaults=defaults, module=body["__module__"])
            for key, value in body.items():
                if key != "__module__":
                    setattr(made, key, value)
            return made

    class NamedTuple(metaclass=_WithFields):
        """The base of a class whose fields have names."""
