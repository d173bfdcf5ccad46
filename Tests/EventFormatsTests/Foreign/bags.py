"""Writes ROS bags of many kinds with the PyPI packages rosbags and mcap, all with the same events.

    bags.py FOLDER EVENTS.npy [EVT3.raw]

EVENTS.npy is an array with the fields t, x, y and p (`ganglion convert IN EVENTS.npy`). Every container holds them as
arrays of events, and as packets encoded as mono and libcaer; as evt3, too, with EVT3.raw, the same events in EVT 3.0
(`ganglion convert IN EVT3.raw`). Needs numpy, rosbags, mcap, lz4 and zstandard. Files of the same names are replaced.
"""
import shutil
import sys
from pathlib import Path

import numpy as np
from mcap.writer import CompressionType, IndexType
from mcap.writer import Writer as McapWriter
from rosbags.rosbag1 import Writer as Writer1
from rosbags.rosbag2 import CompressionFormat, CompressionMode, StoragePlugin
from rosbags.rosbag2 import Writer as Writer2
from rosbags.typesys import Stores, get_types_from_msg, get_typestore

ARRAYS = ("dvs_msgs", "prophesee_event_msgs", "dv_ros_msgs")
FRONT = "std_msgs/Header header\nuint32 height\nuint32 width\n"


def store(version):
    """The types of a ROS version, with those that hold events."""
    types = get_typestore(Stores.ROS1_NOETIC if version == 1 else Stores.ROS2_HUMBLE)
    time = "time" if version == 1 else "builtin_interfaces/Time"
    for package in ARRAYS:
        types.register(get_types_from_msg(f"uint16 x\nuint16 y\n{time} ts\nbool polarity\n", f"{package}/msg/Event"))
        types.register(get_types_from_msg(FRONT + f"{package}/Event[] events\n", f"{package}/msg/EventArray"))
    types.register(get_types_from_msg(
        FRONT + "uint64 seq\nuint64 time_base\nstring encoding\nbool is_bigendian\nuint8[] events\n",
        "event_camera_msgs/msg/EventPacket"))
    return types


STORES = {1: store(1), 2: store(2)}


class Messages:
    """Messages of one ROS version, serialised."""

    def __init__(self, version, sensor):
        self.version, self.types, (self.width, self.height) = version, STORES[version], sensor

    def make(self, name, **fields):
        return self.types.types[name](**fields)

    def time(self, microseconds):
        return self.make("builtin_interfaces/msg/Time", sec=int(microseconds) // 10**6,
                         nanosec=int(microseconds) % 10**6 * 1000)

    def header(self, microseconds, number):
        fields = dict(stamp=self.time(microseconds), frame_id="camera")
        return self.make("std_msgs/msg/Header", **(fields | dict(seq=number) if self.version == 1 else fields))

    def bytes(self, message, little_endian=True):
        name = message.__msgtype__
        if self.version == 1:
            return bytes(self.types.serialize_ros1(message, name))
        return bytes(self.types.serialize_cdr(message, name, little_endian=little_endian))

    def array(self, package, part, number):
        """An EventArray; its bytes are put together with numpy, as making an object for each event takes long."""
        if self.version == 1:
            empty = self.bytes(self.make(f"{package}/msg/EventArray", header=self.header(part["t"][-1], number),
                                         height=self.height, width=self.width, events=[]))
            events = np.zeros(len(part), "<u2, <u2, <u4, <u4, u1")
            for field, values in zip(events.dtype.names, (part["x"], part["y"], part["t"] // 10**6,
                                                          part["t"] % 10**6 * 1000, part["p"])):
                events[field] = values
            return empty[:-4] + len(part).to_bytes(4, "little") + events.tobytes()
        events = [self.make(f"{package}/msg/Event", x=int(e["x"]), y=int(e["y"]), ts=self.time(e["t"]),
                            polarity=bool(e["p"])) for e in part]
        return self.bytes(self.make(f"{package}/msg/EventArray", header=self.header(part["t"][-1], number),
                                    height=self.height, width=self.width, events=events))

    def packet(self, encoding, microseconds, number, data, base=0, is_bigendian=False):
        return self.bytes(self.make(
            "event_camera_msgs/msg/EventPacket", header=self.header(microseconds, number), height=self.height,
            width=self.width, seq=number, time_base=int(base), encoding=encoding, is_bigendian=is_bigendian,
            events=np.frombuffer(data, np.uint8)))


def mono(part, order="<"):
    words = (part["p"].astype("u8") << np.uint64(63) | part["y"].astype("u8") << np.uint64(48)
             | part["x"].astype("u8") << np.uint64(32) | (part["t"] - part["t"][0]).astype("u8") * np.uint64(1000))
    return words.astype(order + "u8").tobytes()


def libcaer(part):
    words = np.zeros((len(part), 2), "<u4")
    words[:, 0] = part["x"].astype("u4") << 17 | part["y"].astype("u4") << 2 | part["p"].astype("u4") << 1 | 1
    words[:, 1] = part["t"] - part["t"][0]
    return words.tobytes()


def write1(path, topics, compression=None, chunk=None):
    """A ROS 1 bag of (topic, type, [(microseconds, bytes)])."""
    path.unlink(missing_ok=True)
    writer = Writer1(path)
    if compression:
        writer.set_compression(compression)
    if chunk:
        writer.chunk_threshold = chunk
    with writer:
        write(writer, topics, STORES[1])


def write2(path, topics, storage=StoragePlugin.SQLITE3, mode=CompressionMode.NONE):
    """A ROS 2 bag in a folder."""
    shutil.rmtree(path, ignore_errors=True)
    writer = Writer2(path, version=9, storage_plugin=storage)
    writer.set_compression(mode, CompressionFormat.ZSTD)
    with writer:
        write(writer, topics, STORES[2])


def write(writer, topics, types):
    messages = []
    for topic, name, list_of_messages in topics:
        connection = writer.add_connection(topic, name, typestore=types)
        messages += [(time, len(messages) + i, connection, data) for i, (time, data) in enumerate(list_of_messages)]
    for time, _, connection, data in sorted(messages, key=lambda message: message[:2]):
        writer.write(connection, int(time) * 1000, data)


def write_mcap(path, topics, compression, chunked=True, indexed=True, version=2, chunk=65536):
    """An MCAP file by the library of its authors."""
    writer = McapWriter(
        str(path), chunk_size=chunk, compression=compression, use_chunking=chunked,
        index_types=IndexType.ALL if indexed else IndexType.NONE, use_statistics=indexed, use_summary_offsets=indexed,
        repeat_channels=indexed, repeat_schemas=indexed)
    writer.start(f"ros{version}", "bags.py")
    for topic, name, messages in topics:
        text, _ = STORES[version].generate_msgdef(name, ros_version=version)
        schema = writer.register_schema(name if version == 2 else name.replace("/msg/", "/"), f"ros{version}msg", text.encode())
        channel = writer.register_channel(topic, "cdr" if version == 2 else "ros1", schema)
        for number, (time, data) in enumerate(messages):
            writer.add_message(channel, int(time) * 1000, data, int(time) * 1000, number)
    writer.finish()


def evt3_parts(path, count):
    """The words of an EVT 3.0 file in pieces, cut wherever it comes: the decoder goes on from packet to packet."""
    data = Path(path).read_bytes()
    while data.startswith(b"%"):
        line, data = data.split(b"\n", 1)
        if line == b"% end":
            break
    size = max(len(data) // count // 2 * 2, 2)
    return [data[i:i + size] for i in range(0, len(data), size)]


def main():
    folder, events = Path(sys.argv[1]), np.load(sys.argv[2])
    folder.mkdir(exist_ok=True)
    sensor = (int(events["x"].max()) + 1, int(events["y"].max()) + 1)
    size = max(min(len(events) // 7, 20_000), 1)
    parts = [events[i:i + size] for i in range(0, len(events), size)]
    topics = {}
    for version in (1, 2):
        m = Messages(version, sensor)
        for package in ARRAYS:
            topics[version, package] = ("/events", f"{package}/msg/EventArray", [
                (p["t"][-1], m.array(package, p, i)) for i, p in enumerate(parts)])
        packets = {
            "mono": [(p["t"][-1], m.packet("mono", p["t"][-1], i, mono(p), 1000 * p["t"][0])) for i, p in enumerate(parts)],
            "mono_big": [(p["t"][-1], m.packet("mono", p["t"][-1], i, mono(p, ">"), 1000 * p["t"][0], True))
                         for i, p in enumerate(parts)],
            "libcaer": [(p["t"][-1], m.packet("libcaer", p["t"][-1], i, libcaer(p), 1000 * p["t"][0]))
                        for i, p in enumerate(parts)]}
        if len(sys.argv) > 3:
            packets["evt3"] = [(i, m.packet("evt3", i, i, data)) for i, data in enumerate(evt3_parts(sys.argv[3], len(parts)))]
        for name, messages in packets.items():
            topics[version, name] = ("/events", "event_camera_msgs/msg/EventPacket", messages)
        topics[version, "other"] = ("/temperature", "std_msgs/msg/Float32", [
            (p["t"][-1], m.bytes(m.make("std_msgs/msg/Float32", data=1.5))) for p in parts])
    kinds = [kind for version, kind in topics if version == 1 and kind != "other"]
    for kind in kinds:
        one, two = [[topics[version, kind], topics[version, "other"]] for version in (1, 2)]
        for name, compression in dict(plain=None, bz2=Writer1.CompressionFormat.BZ2, lz4=Writer1.CompressionFormat.LZ4).items():
            write1(folder / f"{kind}_{name}.bag", one, compression, 100_000)
        for mode in ("NONE", "MESSAGE", "FILE"):
            write2(folder / f"{kind}_sqlite_{mode.lower()}", two, mode=CompressionMode[mode])
        for mode in ("NONE", "STORAGE"):
            write2(folder / f"{kind}_mcap_{mode.lower()}", two, StoragePlugin.MCAP, CompressionMode[mode])
        for compression in CompressionType:
            write_mcap(folder / f"{kind}_{compression.name.lower()}.mcap", two, compression)
    write_mcap(folder / "ros1.mcap", [topics[1, "dvs_msgs"]], CompressionType.LZ4, version=1)
    write_mcap(folder / "flat.mcap", [topics[2, "dvs_msgs"]], CompressionType.NONE, chunked=False)
    write_mcap(folder / "front.mcap", [topics[2, "dvs_msgs"]], CompressionType.ZSTD, indexed=False)
    write_mcap(folder / "front_flat.mcap", [topics[2, "dvs_msgs"]], CompressionType.NONE, chunked=False, indexed=False)


if __name__ == "__main__":
    main()
