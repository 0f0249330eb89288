"""What the environment tells a function: read once, when it starts."""

import os
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of one function, as template.yaml gives them."""

    table_name: str

    @classmethod
    def from_environment(cls) -> "Settings":
        """Read the settings.

        Raises:
            KeyError: a variable is missing; the function cannot start.
        """
        return cls(table_name=os.environ["TABLE_NAME"])
