# SPDX-License-Identifier: Apache-2.0
"""What Timesketch's importer client would send of a JSONL or CSV file: `record_timesketch.py FILE` prints it, an event a
line. The client's own code reads and changes the events; only the last step, the upload, prints instead. No server."""
import json
import sys
from types import SimpleNamespace
from typing import Any

from timesketch_import_client.importer import ImportStreamer


class Recorder(ImportStreamer):
    """A streamer that has no server."""

    def _upload_data_buffer(self, end_stream: bool, data_lines: list | None = None, retry_count: int = 0) -> None:
        show(data_lines or self._data_lines)

    def _upload_data_frame(self, data_frame: Any, end_stream: bool, retry_count: int = 0) -> None:
        lines = data_frame.to_json(orient="records", lines=True).splitlines()
        show([json.loads(line) for line in lines])


def show(events: list[dict]) -> None:
    """Print events. Empty cells of a CSV, which are null by now, are left out."""
    for event in events:
        print(json.dumps({key: value for key, value in event.items() if value is not None}, sort_keys=True))


def main() -> None:
    """Read the file that the command line names."""
    streamer = Recorder()
    streamer.set_sketch(SimpleNamespace(api=SimpleNamespace(api_root=""), id=1))
    streamer.add_file(sys.argv[1])
    streamer.close()


if __name__ == "__main__":
    main()
