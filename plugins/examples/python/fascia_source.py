"""The frames between fascia and a source in Python (fascia/v1/runner.proto).

A source is a subclass of Source; serve() runs it until the host closes. It is called for one thing at a time, and answers by the methods of its
host, during the call or in a later one. What the calls mean stands in <fascia/plugin.h> and plugins/README.md: they are the same for every language.
"""
import socket
import struct
import sys
import typing

from fascia.v1 import plugin_pb2, runner_pb2

SOCKET = 3  # the host's end is there when the program starts
LONGEST = 80 << 20
TEXT, INTEGER, BOOLEAN = 1, 2, 3  # of enum fascia_option_type; there are more
STREAM, FOLDER = 1, 2  # of enum fascia_transport
ERROR = 3  # of enum fascia_log_level


class Refused(Exception):
    """The options can't be used; the text is for the administrator, one line."""


class Invalid(Exception):
    """A stream that can't be framed any more. The bytes are what its sender is told."""


class Frame(typing.NamedTuple):
    payload_offset: int
    payload_size: int
    total: int  # of the bytes that were shown, noise before the frame included


class Source:
    NAME, VERSION, SUMMARY = "", "", ""
    TRANSPORTS = STREAM
    OPTIONS = ()  # of runner_pb2.PluginOption

    def __init__(self, host, options):
        """options: what OPTIONS describes, checked, by name. Refused when they can't be used."""
        self.host = host

    def frame(self, buffered):
        """The first Frame of these bytes of a stream, or how many of them are noise that can be thrown away (an int)."""
        raise NotImplementedError

    def deliver(self, token, delivery):
        raise NotImplementedError

    def refuse(self, token, delivery):
        """Working this off ended the process before: look no further into it than to say so to its sender."""
        raise NotImplementedError

    def result(self, token, item, result):
        raise NotImplementedError

    def status(self, token, notice):
        self.host.complete(token, plugin_pb2.Outbound(kind=plugin_pb2.Outbound.NOTHING))

    def answered(self, token, answered):
        self.host.complete(token, plugin_pb2.Verdict(kind=plugin_pb2.Verdict.UNRELATED))

    def abandon(self, token):
        raise NotImplementedError

    def close(self):
        pass


class Host:
    """What a source may ask for. All of it is said when the source has returned from what it was called for."""

    def __init__(self, channel):
        self.channel = channel
        self.waiting = bytearray()

    def submit(self, token, item, submit):
        """Hands over a fascia.v1.Submit of an open delivery; result() hears what became of it."""
        message = plugin_pb2.Submission(item=item, submit=submit).SerializeToString()
        self.say(submission=runner_pb2.PluginBytes(token=token, message=message))

    def complete(self, token, ending):
        """Ends a token, once: a Completion of deliver() and refuse(), an Outbound of status(), a Verdict of answered()."""
        self.say(completion=runner_pb2.PluginBytes(token=token, message=ending.SerializeToString()))

    def log(self, level, event, number=0):
        """A fixed word and a number: never anything that was sent."""
        self.say(log=runner_pb2.PluginLog(level=level, event=event, number=number))

    def say(self, **body):
        message = runner_pb2.FromPlugin(**body).SerializeToString()
        self.waiting += struct.pack(">I", len(message)) + message

    def flush(self):
        self.channel.sendall(self.waiting)
        self.waiting.clear()


def value_of(option):
    kind = option.WhichOneof("value")
    value = getattr(option, kind)
    return dict(value.entries) if kind == "map" else list(value.items) if kind in ("list", "texts") else value


class Session:
    """One source and its streams, from what it says of itself to its end."""

    def __init__(self, kind, channel):
        self.kind, self.host = kind, Host(channel)
        self.source = None
        self.streams = {}  # number: what is not a whole frame yet

    def describe(self):
        self.host.say(described=runner_pb2.PluginDescription(
            abi_major=1, abi_minor=1, kind=1, transports=self.kind.TRANSPORTS, name=self.kind.NAME, version=self.kind.VERSION,
            summary=self.kind.SUMMARY, options=self.kind.OPTIONS, can_refuse=True))

    def open(self, message):
        try:
            self.source = self.kind(self.host, {option.name: value_of(option) for option in message.options.values})
            self.host.say(opened=runner_pb2.PluginOpened())
        except Refused as refused:
            self.host.say(opened=runner_pb2.PluginOpened(refused=True, fault=str(refused)))

    def call(self, message):
        source, token, entry = self.source, message.token, message.entry
        if entry == runner_pb2.PluginCall.DELIVER:
            source.deliver(token, plugin_pb2.Delivery.FromString(message.message))
        elif entry == runner_pb2.PluginCall.REFUSE:
            source.refuse(token, plugin_pb2.Delivery.FromString(message.message))
        elif entry == runner_pb2.PluginCall.RESULT:
            answer = plugin_pb2.SubmissionResult.FromString(message.message)
            source.result(token, answer.item, answer.result)
        elif entry == runner_pb2.PluginCall.STATUS:
            source.status(token, plugin_pb2.StatusNotice.FromString(message.message))
        elif entry == runner_pb2.PluginCall.ANSWERED:
            source.answered(token, plugin_pb2.Answered.FromString(message.message))
        elif entry == runner_pb2.PluginCall.ABANDON:
            source.abandon(token)
        self.host.say(returned=1)

    def feed(self, message):
        """More bytes of a stream; every frame that is whole now is told at once, and so is that none is."""
        buffered = self.streams.get(message.stream, b"") + message.bytes
        told = runner_pb2.StreamFrames(stream=message.stream)
        try:
            while buffered:
                found = self.source.frame(buffered)
                if isinstance(found, int):
                    told.skip, buffered = found, buffered[found:]
                    break
                told.frames.add(**found._asdict())
                buffered = buffered[found.total:]
        except Invalid as invalid:
            told.invalid, told.reply = True, invalid.args[0]
        self.streams[message.stream] = buffered
        self.host.say(frames=told)
        self.host.say(returned=1)

    def take(self, message):
        """False when the host closes."""
        body = message.WhichOneof("body")
        if body == "open":
            self.open(message.open)
        elif body == "call":
            self.call(message.call)
        elif body == "feed":
            self.feed(message.feed)
        elif body == "forget":
            self.streams.pop(message.forget, None)
        elif body == "close":
            self.source.close()
        return body != "close"


def read(channel, size):
    """None at the end of the stream: the host is gone, and what it wanted with it."""
    read_so_far = bytearray()
    while len(read_so_far) < size:
        piece = channel.recv(min(size - len(read_so_far), 1 << 20))
        if not piece:
            return None
        read_so_far += piece
    return bytes(read_so_far)


def serve(kind):
    with socket.socket(fileno=SOCKET) as channel:
        session = Session(kind, channel)
        session.describe()
        session.host.flush()
        try:
            while (head := read(channel, 4)) is not None:
                size, = struct.unpack(">I", head)
                message = read(channel, size) if size <= LONGEST else None
                if message is None or not session.take(runner_pb2.ToPlugin.FromString(message)):
                    break
                session.host.flush()
        except Exception as error:  # nobody sees what it would print, which may also name a patient: the log gets the line
            while error.__traceback__.tb_next is not None:
                error.__traceback__ = error.__traceback__.tb_next
            session.host.log(ERROR, "python.exception-in-line", error.__traceback__.tb_lineno)
            session.host.flush()
            sys.exit(1)
        session.host.flush()
