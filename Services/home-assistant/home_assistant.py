"""What check-home-assistant does: home_assistant.py PROGRAM FOLDER, in a Python environment that has Home Assistant."""
import array
import asyncio
import os
import random
import shutil
import socket
import subprocess
import sys
import time
import wave

import aiohttp

program, folder = sys.argv[1:3]
here = os.path.dirname(os.path.abspath(__file__))
samples = f"{here}/../../Samples"
hass = os.path.join(os.path.dirname(sys.executable), "hass")
processes = []


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


broker_port, wake_port, home_port = free_port(), free_port(), free_port()
base = f"http://127.0.0.1:{home_port}"


def fail(what):
    print("NOT RIGHT:", what)
    print(open(f"{folder}/hass.log").read()[-3000:], file=sys.stderr)
    sys.exit(1)


def right(what):
    print("right:", what, flush=True)


def run(*command, log):
    process = subprocess.Popen(command, stdout=open(f"{folder}/{log}", "a"), stderr=subprocess.STDOUT)
    processes.append(process)
    return process


def write(name, text):
    with open(f"{folder}/{name}", "w") as file:
        file.write(text)


def start_home():
    return run(hass, "-c", f"{folder}/home", "--skip-pip", log="hass.log")


def start_daemon(sources="  den: {type: pipe, path: p, models: [digits, computer]}\n"):
    write(
        "g.yaml",
        f"models: {{digits: digits.safetensors, computer: {samples}/models/computer.safetensors}}\n"
        f"sources:\n{sources}log: warning\n"
        f"mqtt: {{host: 127.0.0.1, port: {broker_port}, name: den, interval: 2}}\n"
        f'wyoming: {{listen: "127.0.0.1:{wake_port}"}}\n',
    )
    return run(program, "serve", "--config", f"{folder}/g.yaml", "--socket", f"{folder}/s", log="ganglion.log")


async def within(seconds, ask, what):
    end, answer = time.monotonic() + seconds, None
    while time.monotonic() < end:
        try:
            if answer := await ask():
                return answer
        except aiohttp.ClientError:
            pass
        await asyncio.sleep(0.02)
    fail(what)


class Home:
    """Home Assistant over its own interfaces."""

    def __init__(self, session):
        self.session, self.headers, self.number = session, {}, 0

    async def log_in(self):
        flow = await self.post(
            "/auth/login_flow",
            {"client_id": base + "/", "handler": ["homeassistant", None], "redirect_uri": base + "/"},
        )
        step = {"client_id": base + "/", "username": "tester", "password": "tester-of-one-run"}
        done = await self.post(f"/auth/login_flow/{flow['flow_id']}", step)
        if "result" not in done:
            fail(f"nobody can log in: {done}")
        code = done["result"]
        form = {"grant_type": "authorization_code", "code": code, "client_id": base + "/"}
        async with self.session.post(base + "/auth/token", data=form) as answer:
            self.token = (await answer.json())["access_token"]
        self.headers = {"Authorization": "Bearer " + self.token}

    async def post(self, path, data):
        async with self.session.post(base + path, json=data, headers=self.headers) as answer:
            return await answer.json()

    async def add(self, handler, data):
        flow = await self.post("/api/config/config_entries/flow", {"handler": handler})
        done = await self.post(f"/api/config/config_entries/flow/{flow['flow_id']}", data)
        if done.get("type") != "create_entry":
            fail(f"{handler} cannot be set up: {done}")

    async def state(self, entity):
        async with self.session.get(f"{base}/api/states/{entity}", headers=self.headers) as answer:
            return await answer.json() if answer.status == 200 else None

    async def open(self):
        self.channel = await self.session.ws_connect(base + "/api/websocket")
        await self.channel.receive_json()
        await self.channel.send_json({"type": "auth", "access_token": self.token})
        await self.channel.receive_json()

    async def call(self, **fields):
        self.number += 1
        await self.channel.send_json({"id": self.number, **fields})
        while True:
            message = await asyncio.wait_for(self.channel.receive_json(), 30)
            if message.get("id") == self.number and message["type"] == "result":
                return message

    async def is_up(self):
        async with self.session.get(base + "/manifest.json") as answer:
            return answer.status == 200


def learn():
    """Teaches the model of digits another task, so that there is something to choose between."""
    for word in ("yes", "stop"):
        os.makedirs(f"{folder}/words/{word}")
        with wave.open(f"{samples}/recordings/commands/{word}.wav") as file:
            how, sound = file.getparams(), array.array("h", file.readframes(file.getnframes()))
        chance = random.Random(word)
        for take in range(6):
            louder = array.array("h", (int(value * (0.4 + 0.1 * take)) + chance.randint(-40, 40) for value in sound))
            with wave.open(f"{folder}/words/{word}/{take}.wav", "wb") as file:
                file.setparams(how)
                file.writeframes(louder.tobytes())
    model = f"{samples}/models/digits.safetensors"
    done = subprocess.run(
        [program, "learn", model, f"{folder}/words", "--task", "more", "-o", f"{folder}/digits.safetensors"],
        capture_output=True,
    )
    if done.returncode != 0:
        sys.exit("NOT RIGHT: no task can be learnt: " + done.stderr.decode()[-500:])


def speak(recording="digits/five-in-a-row.flac"):
    with open(f"{folder}/p", "wb") as pipe:
        pipe.write(open(f"{samples}/recordings/{recording}", "rb").read())


async def wake(home):
    """A word through the Assist pipeline, spoken at the pace of the clock."""
    await home.open()
    info = await within(20, lambda: home.call(type="wake_word/info", entity_id="wake_word.ganglion"), "no wake words")
    words = [word["id"] for word in info.get("result", {}).get("wake_words", [])]
    if words != ["computer"]:
        fail(f"wake words are {info}")
    made = await home.call(
        type="assist_pipeline/pipeline/create", name="check", language="en",
        conversation_engine="conversation.home_assistant", conversation_language="en", stt_engine="stt.none",
        stt_language="en", tts_engine=None, tts_language=None, tts_voice=None,
        wake_word_entity="wake_word.ganglion", wake_word_id="computer",
    )
    if not made["success"]:
        fail(f"no pipeline: {made}")
    home.number += 1
    await home.channel.send_json(
        {
            "id": home.number, "type": "assist_pipeline/run", "start_stage": "wake_word", "end_stage": "wake_word",
            "pipeline": made["result"]["id"], "input": {"sample_rate": 16000, "timeout": 10},
        }
    )
    with wave.open(f"{samples}/recordings/wake/computer-292e237d.wav") as file:
        audio = bytes(64000) + file.readframes(file.getnframes()) + bytes(64000)

    async def feed(handler, begin):
        for place in range(0, len(audio), 2048):
            await asyncio.sleep(max(0, begin + (place + 2048) / 32000 - time.monotonic()))
            await home.channel.send_bytes(bytes([handler]) + audio[place : place + 2048])

    begin = feeding = None
    while True:
        message = await asyncio.wait_for(home.channel.receive_json(), 30)
        if message["type"] != "event":
            if message["type"] == "result" and not message["success"]:
                fail(f"the pipeline does not run: {message}")
            continue
        event = message["event"]
        if event["type"] == "run-start":
            begin = time.monotonic()
            feeding = asyncio.create_task(feed(event["data"]["runner_data"]["stt_binary_handler_id"], begin))
        elif event["type"] == "wake_word-end":
            output = event["data"]["wake_word_output"]
            if output.get("wake_word_id") != "computer":
                fail(f"it wakes to {output}")
            late = time.monotonic() - begin - output["timestamp"] / 1000
            right(f"Assist wakes to 'computer', {late * 1000:.0f} ms after the sound in which it was recognised")
        elif event["type"] == "error":
            fail(f"the pipeline ends with {event}")
        elif event["type"] == "run-end":
            break
    feeding.cancel()


async def check():
    mosquitto = shutil.which("mosquitto")
    write("m.conf", f"user root\nlistener {broker_port} 127.0.0.1\nallow_anonymous true\n")
    run(mosquitto, "-c", f"{folder}/m.conf", log="mosquitto.log")
    os.mkfifo(f"{folder}/p")
    os.mkdir(f"{folder}/home")
    write(
        "home/configuration.yaml",
        f"homeassistant: {{name: Check, time_zone: UTC, country: GB}}\nhttp: {{server_host: 127.0.0.1, server_port: {home_port}}}\n"
        "api:\nconfig:\nwebsocket_api:\nassist_pipeline:\nlogger: {default: warning}\n",
    )
    added = subprocess.run(
        [hass, "--script", "auth", "-c", f"{folder}/home", "add", "tester", "tester-of-one-run"], capture_output=True
    )
    if added.returncode != 0:
        sys.exit("NOT RIGHT: Home Assistant takes no user: " + added.stderr.decode()[-500:])
    learn()
    daemon, running = start_daemon(), start_home()
    async with aiohttp.ClientSession() as session:
        home = Home(session)
        await within(120, home.is_up, "Home Assistant does not come up")
        await home.log_in()
        await home.add("mqtt", {"broker": "127.0.0.1", "port": broker_port})
        await home.add("wyoming", {"host": "127.0.0.1", "port": wake_port})

        async def has(entity, state, **attributes):
            found = await home.state(entity)
            if not found or (state is not None and found["state"] != state):
                return None
            return found if all(found["attributes"].get(key) == value for key, value in attributes.items()) else None

        begin = time.monotonic()
        await within(30, lambda: has("binary_sensor.den_hearing", "off"), "there is no source den")
        right(f"it finds the daemon's devices, and states {time.monotonic() - begin:.1f} s after MQTT was set up")
        for entity, state in {
            "event.den_digits": "unknown", "event.den_computer": "unknown", "binary_sensor.den_problem": "off",
            "sensor.den_state": None, "sensor.den_level": None, "sensor.den_lost": "0.0", "switch.den_mute": "off",
            "binary_sensor.ganglion_den_problem": "off", "sensor.ganglion_den_sources_running": None,
            "sensor.ganglion_den_messages_lost": "0", "sensor.model_digits_detections": "0",
            "sensor.model_computer_digest": None,
        }.items():
            await within(15, lambda: has(entity, state), f"{entity} is {await home.state(entity)}")
        right("twelve entities are there and have states")

        await asyncio.to_thread(speak)
        event = await within(10, lambda: has("event.den_digits", None, event_type="6"), "no detection comes")
        attributes = event["attributes"]
        if not (attributes["score"] > 0.9 and attributes["duration"] > 0 and attributes["start"].endswith("Z")):
            fail(f"a detection is {event}")
        await within(10, lambda: has("sensor.model_digits_detections", "4"), "the model's detections are not counted")
        right(f"detections are events, with score {attributes['score']}, start and duration; they are counted")

        await home.post("/api/services/switch/turn_on", {"entity_id": "switch.den_mute"})
        await within(5, lambda: has("switch.den_mute", "on"), "the source is not muted")
        await within(5, lambda: has("sensor.den_state", "muted"), "the source does not say that it is muted")
        await asyncio.to_thread(speak)
        # What was written last is still on its way through the pipe.
        await asyncio.sleep(2)
        await home.post("/api/services/switch/turn_off", {"entity_id": "switch.den_mute"})
        await within(5, lambda: has("switch.den_mute", "off"), "the source stays muted")
        await asyncio.to_thread(speak)
        await within(10, lambda: lost_is(home, 7.0), "what was muted does not count as lost")
        await within(10, lambda: has("sensor.model_digits_detections", "8"), "a muted source was heard")
        right("its switch mutes the source: what comes then is lost, and says so")

        await within(10, lambda: has("select.den_task_of_digits", "digits", options=["digits", "more", "infer"]), "no task")
        choice = {"entity_id": "select.den_task_of_digits", "option": "more"}
        await home.post("/api/services/select/select_option", choice)
        await within(5, lambda: has("select.den_task_of_digits", "more"), "the task is not another")
        await asyncio.to_thread(speak, "commands/yes.wav")
        await within(10, lambda: has("event.den_digits", None, event_type="yes"), "in the other task nothing is heard")
        right("its select has the model go over to another task, which hears 'yes'")

        await wake(home)

        # It comes up again and knows of no state.
        running.terminate()
        running.wait(60)
        running = start_home()
        await within(120, home.is_up, "Home Assistant does not come up again")
        await home.log_in()
        begin = time.monotonic()
        await within(30, lambda: is_known(home, "sensor.den_lost"), "no states come")
        right(f"started anew, it has states again {time.monotonic() - begin:.1f} s after it answers")

        # A source goes, another comes.
        start = "  hall: {type: pipe, path: p, models: computer}\n"
        write("g.yaml", open(f"{folder}/g.yaml").read().replace(
            "  den: {type: pipe, path: p, models: [digits, computer]}\n", start))
        daemon.send_signal(1)
        await within(20, lambda: has("binary_sensor.hall_hearing", None), "the new source is not there")

        async def is_gone():
            return await home.state("event.den_digits") is None

        await within(20, is_gone, f"the old source stays: {await home.state('event.den_digits')}")
        right("a reload brings a device and takes one away")

        begin = time.monotonic()
        daemon.kill()
        await within(10, lambda: has("event.hall_computer", "unavailable"), "killed, it is still there")
        gone = time.monotonic() - begin
        if gone > 2:
            fail(f"unavailable only after {gone:.2f} s")
        for entity in ("binary_sensor.hall_hearing", "switch.hall_mute", "binary_sensor.ganglion_den_problem"):
            await within(2, lambda: has(entity, "unavailable"), f"{entity} is there")
        right(f"kill -9: unavailable after {gone * 1000:.0f} ms, nothing stays on")


async def lost_is(home, seconds):
    found = await home.state("sensor.den_lost")
    try:
        return found and abs(float(found["state"]) - seconds) < 0.1
    except ValueError:
        return False


async def is_known(home, entity):
    found = await home.state(entity)
    return found and found["state"] not in ("unknown", "unavailable")


try:
    asyncio.run(check())
finally:
    for process in processes:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
print("Home Assistant is told what it should be.")
