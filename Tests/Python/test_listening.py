import asyncio
import os
import subprocess
import sys
import tempfile
import time
import unittest

import ganglion
from shipped import model, recorded, recording


class Listening(unittest.TestCase):
    """A real daemon, fed by a pipe."""

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.socket = os.path.join(self.folder.name, "socket")
        self.pipe = os.path.join(self.folder.name, "pipe")
        os.mkfifo(self.pipe)
        configuration = os.path.join(self.folder.name, "daemon.yaml")
        with open(configuration, "w") as file:
            file.write(
                f"models: {{digits: {model('digits')}}}\nsocket: {{path: {self.socket}}}\nlog: error\n"
                f"sources:\n  microphone: {{type: pipe, path: {self.pipe}, models: digits}}\n")  # fmt: skip
        self.command = ["ganglion", "serve", "--config", configuration]
        self.start()

    def start(self):
        self.daemon = subprocess.Popen(self.command)
        for _ in range(200):
            if os.path.exists(self.socket):
                return
            time.sleep(0.05)
        self.fail("the daemon does not listen")

    def tearDown(self):
        self.daemon.terminate()
        self.daemon.wait()
        if hasattr(self, "feeder"):
            self.feeder.kill()
            self.feeder.wait()
        self.folder.cleanup()

    def feed(self):
        with open(recording("digits/five-in-a-row.flac"), "rb") as sound:
            self.feeder = subprocess.Popen(["timeout", "60", "tee", self.pipe], stdin=sound, stdout=subprocess.DEVNULL)

    def wanted(self):
        found = recorded("digits", "five-in-a-row.flac")
        return [(result["label"], result["score"]) for result in found if result["type"] == "detection"]

    def test_detections_come_in_order(self):
        wanted = self.wanted()
        self.assertGreater(len(wanted), 1)
        found = []
        with ganglion.listen(self.socket, topics=["detection", "health"]) as listener:
            for message in listener:
                # The first message says how the source is: the subscription stands.
                if not hasattr(self, "feeder"):
                    self.feed()
                if message.type == "detection":
                    self.assertEqual((message.source, message.model), ("microphone", "digits"))
                    self.assertLess(message.t_start_us, message.t_us)
                    found.append((message.label, message.score))
                if len(found) == len(wanted):
                    break
        self.assertEqual(found, wanted)

    def test_detections_come_asynchronously(self):
        async def hear():
            found = []
            async for message in ganglion.listen(self.socket):
                if message.type == "detection":
                    found.append((message.label, message.score))
                if len(found) == len(self.wanted()):
                    return found

        async def both():
            hearing = asyncio.create_task(hear())
            await asyncio.sleep(0.5)
            self.feed()
            return await asyncio.wait_for(hearing, 60)

        self.assertEqual(asyncio.run(both()), self.wanted())

    def test_a_daemon_that_restarts_is_heard_again_and_the_loss_is_told(self):
        listener = iter(ganglion.listen(self.socket, topics=["health"]))
        kinds = []

        def restart():
            self.daemon.kill()
            self.daemon.wait()
            self.start()

        import threading

        thread = threading.Timer(0.5, restart)
        thread.start()
        for message in listener:
            kinds.append(message.type)
            if "lost" in kinds and message.type == "health":
                break
        thread.join()
        self.assertIn("lost", kinds)

    def test_losses_are_raised_where_that_is_asked_for(self):
        import threading

        thread = threading.Timer(0.5, self.daemon.kill)
        thread.start()
        with self.assertRaises(ganglion.GanglionError) as caught:
            for _ in ganglion.listen(self.socket, losses="raise"):
                pass
        self.assertEqual(caught.exception.message.type, "lost")
        thread.join()


class WithoutDaemon(unittest.TestCase):
    def test_nobody_answers(self):
        with self.assertRaisesRegex(ganglion.Unavailable, "/nowhere/socket.*ganglion serve") as caught:
            next(iter(ganglion.listen("/nowhere/socket")))
        self.assertIsInstance(caught.exception, ConnectionError)
        with self.assertRaisesRegex(ganglion.UsageError, "topic 'smell'"):
            ganglion.listen(topics=["smell"])

    def test_package_and_program_are_of_one_version(self):
        told = subprocess.run(["ganglion", "--version"], capture_output=True, text=True, check=True)
        self.assertEqual(told.stdout.strip(), ganglion.__version__)

    def test_importing_and_listening_load_neither_numpy_nor_the_library(self):
        code = "import sys, ganglion; ganglion.listen('x'); print('numpy' in sys.modules, 'ctypes' in sys.modules)"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        self.assertEqual(done.stdout, "False False\n")


if __name__ == "__main__":
    unittest.main()
