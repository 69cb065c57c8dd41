"""Steps with elapsed times, on a terminal and in a log."""

import sys
import threading
import time
from contextlib import contextmanager

_STILL_RUNNING_EVERY = 30  # seconds; only where no line can be redrawn


class Progress:
    """Prints one line per finished step and, in between, what is under way.

    Steps may run in several threads at once.
    """

    def __init__(self, stream=None):
        self.stream = stream or sys.stderr
        self.started = time.monotonic()
        self._running = {}
        self._lock = threading.Lock()
        self._live = self.stream.isatty()

    @contextmanager
    def step(self, title):
        """Time the block and report it; nested and parallel steps are fine."""
        begun = time.monotonic()
        with self._lock:
            self._running[title] = begun
        ticker = self._start_ticker(title, begun)
        try:
            yield
        except BaseException:
            self._finish(title, begun, ticker, "x")
            raise
        self._finish(title, begun, ticker, "+")

    def say(self, text):
        """A line of its own."""
        with self._lock:
            self._write_line(f"  {text}")

    def _start_ticker(self, title, begun):
        done = threading.Event()
        threading.Thread(target=self._tick, args=(title, begun, done), daemon=True).start()
        return done

    def _tick(self, title, begun, done):
        pause = 0.5 if self._live else _STILL_RUNNING_EVERY
        while not done.wait(pause):
            with self._lock:
                if self._live:
                    self._redraw()
                else:
                    self._write_line(f"  . {title}: {time.monotonic() - begun:.0f} s so far")

    def _redraw(self):
        now = time.monotonic()
        running = ", ".join(
            f"{title} {now - begun:.0f} s" for title, begun in self._running.items()
        )
        self.stream.write(f"\r\x1b[K  . {running}"[:110])
        self.stream.flush()

    def _finish(self, title, begun, ticker, mark):
        ticker.set()
        with self._lock:
            self._running.pop(title, None)
            self._write_line(f"  {mark} {title} ({time.monotonic() - begun:.1f} s)")

    def _write_line(self, text):
        self.stream.write(("\r\x1b[K" if self._live else "") + text + "\n")
        self.stream.flush()


progress = Progress()
