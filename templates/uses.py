"""What upper floors show an image in, through settings.ASSET_USES: it must not be deleted under them."""

from abc import ABC, abstractmethod
from typing import ClassVar

from config.lib.registry import Registry


class AssetUse(ABC):
    """A kind of thing that may show an image. One class and one settings line."""

    kind: ClassVar[str]

    @abstractmethod
    def stands_on(self, digest: str) -> bool:
        """Whether the image with this digest is shown by one of them."""


USES: Registry[AssetUse] = Registry("ASSET_USES", AssetUse)  # type: ignore[type-abstract]
