# SPDX-License-Identifier: Apache-2.0
"""Campaigns of damage by chance, a file each kind, and `make torture`, which runs all of them."""
