"""QR codes of addresses, for the terminal and for the window."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from segno import QRCode

__all__ = ["QUIET_ZONE", "qr_code"]

QUIET_ZONE = 4
"""Light modules that belong around a code (ISO/IEC 18004)."""


def qr_code(text: str) -> QRCode:
    """The QR code of a text; level M: 15 % of it may be hidden or misread."""
    # Imported late: the window's first frame shows no code and shall not wait for this.
    import segno

    return segno.make(text, error="m", micro=False)
