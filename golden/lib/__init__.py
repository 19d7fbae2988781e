# SPDX-License-Identifier: Apache-2.0
"""What golden/run.py is made of: the text form of a disk, the maker of images, the cases, the sums of the sample."""
