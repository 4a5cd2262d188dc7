"""HTTP/2 frames and HPACK literals as bytes (RFC 9113 section 4, RFC 7541 sections 5 and 6), with
nothing that would stop a test from writing what no sane peer writes."""

import dataclasses
import enum
import struct

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
WINDOW_BYTES = 65_535
FRAME_BYTES_MAX = 16_384
WINDOW_MAX = (1 << 31) - 1


class Type(enum.IntEnum):
    DATA = 0
    HEADERS = 1
    PRIORITY = 2
    RST_STREAM = 3
    SETTINGS = 4
    PUSH_PROMISE = 5
    PING = 6
    GOAWAY = 7
    WINDOW_UPDATE = 8
    CONTINUATION = 9


class Code(enum.IntEnum):
    NO_ERROR = 0
    PROTOCOL_ERROR = 1
    INTERNAL_ERROR = 2
    FLOW_CONTROL_ERROR = 3
    SETTINGS_TIMEOUT = 4
    STREAM_CLOSED = 5
    FRAME_SIZE_ERROR = 6
    REFUSED_STREAM = 7
    CANCEL = 8
    COMPRESSION_ERROR = 9
    CONNECT_ERROR = 10
    ENHANCE_YOUR_CALM = 11
    INADEQUATE_SECURITY = 12
    HTTP_1_1_REQUIRED = 13


class Setting(enum.IntEnum):
    HEADER_TABLE_SIZE = 1
    ENABLE_PUSH = 2
    MAX_CONCURRENT_STREAMS = 3
    INITIAL_WINDOW_SIZE = 4
    MAX_FRAME_SIZE = 5
    MAX_HEADER_LIST_SIZE = 6


END_STREAM = ACK = 0x1
END_HEADERS = 0x4
PADDED = 0x8
PRIORITY = 0x20


@dataclasses.dataclass
class Frame:
    """A received frame."""

    type: int
    flags: int
    stream: int
    payload: bytes

    @property
    def is_ack(self):
        return self.type in (Type.SETTINGS, Type.PING) and self.flags & ACK != 0

    @property
    def ends_stream(self):
        return self.type in (Type.DATA, Type.HEADERS) and self.flags & END_STREAM != 0

    @property
    def code(self):
        """The error code of RST_STREAM and GOAWAY."""
        at = 4 if self.type == Type.GOAWAY else 0
        return int.from_bytes(self.payload[at:at + 4], "big")

    @property
    def settings(self):
        return dict(struct.iter_unpack(">HI", self.payload))

    def __str__(self):
        name = Type(self.type).name if self.type in Type.__members__.values() else self.type
        extra = ""
        if self.type in (Type.RST_STREAM, Type.GOAWAY):
            extra = f" {Code(self.code).name if self.code <= 13 else self.code}"
        return f"{name}(stream {self.stream}, flags {self.flags:#x}," \
               f" {len(self.payload)} bytes){extra}"


# --- frames --------------------------------------------------------------------------------------

def frame(type, flags=0, stream=0, payload=b"", length=None):
    """Any frame; `length` overrides what the header says of the payload."""
    length = len(payload) if length is None else length
    return length.to_bytes(3, "big") + bytes([type, flags]) + struct.pack(">I", stream) + payload


def padded(payload, pad, claimed=None):
    """The payload of a PADDED frame; `claimed` overrides the pad length field."""
    return bytes([pad if claimed is None else claimed]) + payload + b"\0" * pad


def priority_fields(dependency=0, weight=16, exclusive=False):
    return struct.pack(">IB", dependency | (1 << 31 if exclusive else 0), weight - 1)


def data(stream, payload=b"", flags=0):
    return frame(Type.DATA, flags, stream, payload)


def headers(stream, block, flags=END_HEADERS):
    return frame(Type.HEADERS, flags, stream, block)


def priority(stream, dependency=0, weight=16, exclusive=False):
    return frame(Type.PRIORITY, 0, stream, priority_fields(dependency, weight, exclusive))


def rst_stream(stream, code=Code.CANCEL):
    return frame(Type.RST_STREAM, 0, stream, struct.pack(">I", code))


def settings(*pairs, flags=0, stream=0):
    return frame(
        Type.SETTINGS, flags, stream,
        b"".join(struct.pack(">HI", key, value) for key, value in pairs))


def push_promise(stream, promised, block, flags=END_HEADERS):
    return frame(Type.PUSH_PROMISE, flags, stream, struct.pack(">I", promised) + block)


def ping(payload=b"\0" * 8, flags=0, stream=0):
    return frame(Type.PING, flags, stream, payload)


def goaway(last=0, code=Code.NO_ERROR, debug=b"", stream=0):
    return frame(Type.GOAWAY, 0, stream, struct.pack(">II", last, code) + debug)


def window_update(stream, increment):
    return frame(Type.WINDOW_UPDATE, 0, stream, struct.pack(">I", increment))


def continuation(stream, block, flags=END_HEADERS):
    return frame(Type.CONTINUATION, flags, stream, block)


# --- HPACK ---------------------------------------------------------------------------------------

def integer(value, prefix_bits, first=0):
    """RFC 7541 section 5.1; `first` has the bits above the prefix."""
    limit = (1 << prefix_bits) - 1
    if value < limit:
        return bytes([first | value])
    result = bytearray([first | limit])
    value -= limit
    while value >= 128:
        result.append(value % 128 + 128)
        value //= 128
    return bytes(result) + bytes([value])


def string(value):
    """A string literal that is not Huffman-coded."""
    value = value.encode("latin-1") if isinstance(value, str) else value
    return integer(len(value), 7) + value


def literal(name, value, first=0x00):
    """A literal field with a new name: 0x00 without indexing, 0x40 with, 0x10 never indexed."""
    return bytes([first]) + string(name) + string(value)


def indexed(index):
    return integer(index, 7, 0x80)


def size_update(size):
    return integer(size, 5, 0x20)


def block(fields):
    """A field block that leaves the dynamic table alone."""
    return b"".join(literal(name, value) for name, value in fields)
