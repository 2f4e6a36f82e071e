"""The summarisers by name."""

from __future__ import annotations

from eval.summarisers.ac_sum_gan import AcSumGan
from eval.summarisers.base import Summariser
from eval.summarisers.ca_sum import CaSum
from eval.summarisers.csnet import CsNet
from eval.summarisers.dr_dsn import DrDsn

SUMMARISERS: dict[str, type[Summariser]] = {
    "dr-dsn": DrDsn,
    "csnet": CsNet,
    "ac-sum-gan": AcSumGan,
    "ca-sum": CaSum,
}
"""Every summariser by the name that `--method` takes."""
