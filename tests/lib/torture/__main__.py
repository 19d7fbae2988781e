# SPDX-License-Identifier: Apache-2.0
"""make torture: SEED, SHARE of a full campaign, and LAYERTIME, the program."""
import sys

from lib.torture.campaign import main

sys.exit(main())
