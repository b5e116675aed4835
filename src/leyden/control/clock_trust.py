"""Who decides by the clock rests while nobody knows whether the clock is right."""

from leyden.model.proposal import Proposal, Want
from leyden.model.reason import Reason
from leyden.model.site import BATTERIES
from leyden.model.words import Words


class ClockNotTrusted(Reason, frozen=True):
    """The computer's clock jumped; the alarm about it is the runtime's."""

    sentence = Words("时钟跳变,按时间的控制暂停", "the clock jumped: what goes by the clock rests")


NOT_TRUSTED: Proposal = (Want(BATTERIES, ClockNotTrusted()),)
"""A step in the trail that asks for nothing."""
