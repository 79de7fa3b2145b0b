"""The SecY (clause 10): one machine, two data planes."""

from macsec.secy.controls import Controls, Validate
from macsec.secy.lmi import SecY
from macsec.secy.plane import Outcome
from macsec.secy.profiles import PROFILES, Profile
from macsec.secy.verdict import Verdict

__all__ = ["PROFILES", "Controls", "Outcome", "Profile", "SecY", "Validate", "Verdict"]
