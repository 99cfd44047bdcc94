/*
 * The frames between fascia and a source in JavaScript (fascia/v1/runner.proto).
 *
 * A source is a subclass of Source; serve() runs it until the host closes. It is called for one thing at a time, and answers by the methods of its
 * host, during the call or in a later one. What the calls mean stands in <fascia/plugin.h> and plugins/README.md: they are the same for every language.
 */
"use strict";

const fs = require("fs");
const net = require("net");
const path = require("path");
const protobuf = require("protobufjs");

const SOCKET = 3; // the host's end is there when the program starts
const LONGEST = 80 << 20;
const PROTO = [path.join(__dirname, "proto"), "/usr/share/fascia/proto", "/usr/local/share/fascia/proto"];

const root = new protobuf.Root();
// Imports that only add options, for C and for checks, say nothing here.
const SKIPPED = ["protobuf-c/protobuf-c.proto", "fascia/v1/privacy.proto"];
root.resolvePath = (_, wanted) => SKIPPED.includes(wanted) ? null : PROTO.map((place) => path.join(place, wanted)).find((file) => fs.existsSync(file)) || null;
root.loadSync("fascia/v1/runner.proto");
const types = {};
for (const name of ["ToPlugin", "FromPlugin", "Submission", "SubmissionResult", "Delivery", "Completion", "StatusNotice", "Outbound", "Answered", "Verdict"])
  types[name] = root.lookupType(`fascia.v1.${name}`);

const TEXT = 1, INTEGER = 2, BOOLEAN = 3; // of enum fascia_option_type; there are more
const STREAM = 1, FOLDER = 2; // of enum fascia_transport
const ERROR = 3; // of enum fascia_log_level

/* The options can't be used; the text is for the administrator, one line. */
class Refused extends Error {}

/* A stream that can't be framed any more. The reply is what its sender is told. */
class Invalid extends Error {
  constructor(reply) {
    super("the stream can't be framed");
    this.reply = reply;
  }
}

class Source {
  static description = { name: "", version: "", summary: "", transports: STREAM, options: [] };

  /* options: what the description lists, checked, by name. Throws Refused when they can't be used. */
  constructor(host, options) {
    this.host = host;
  }
  /* The first frame of these bytes of a stream, {payloadOffset, payloadSize, total}, or how many of them are noise that can be thrown away. */
  frame(buffered) {
    throw new Error("frame() is missing");
  }
  /* Tokens are opaque: keep them as they come, and as keys by String(token), as they exceed what a number holds. */
  deliver(token, delivery) {
    throw new Error("deliver() is missing");
  }
  /* Working this off ended the process before: look no further into it than to say so to its sender. */
  refuse(token, delivery) {
    throw new Error("refuse() is missing");
  }
  result(token, item, result) {
    throw new Error("result() is missing");
  }
  status(token, notice) {
    this.host.complete(token, "Outbound", { kind: 0 }); // NOTHING: this sender does not want it
  }
  answered(token, answered) {
    this.host.complete(token, "Verdict", { kind: 3 }); // UNRELATED
  }
  abandon(token) {}
  close() {}
}

/* What a source may ask for. */
class Host {
  constructor(channel) {
    this.channel = channel;
  }
  /* Hands over a fascia.v1.Submit of an open delivery; result() hears what became of it. */
  submit(token, item, submit) {
    this.say({ submission: { token, message: encode("Submission", { item, submit }) } });
  }
  /* Ends a token, once: a Completion of deliver() and refuse(), an Outbound of status(), a Verdict of answered(). */
  complete(token, type, ending) {
    this.say({ completion: { token, message: encode(type, ending) } });
  }
  /* A fixed word and a number: never anything that was sent. */
  log(level, event, number = 0) {
    this.say({ log: { level, event, number } });
  }
  say(body) {
    const message = encode("FromPlugin", body);
    const head = Buffer.alloc(4);
    head.writeUInt32BE(message.length);
    this.channel.write(Buffer.concat([head, message]));
  }
}

function encode(type, object) {
  return types[type].encode(types[type].fromObject(object)).finish();
}

function valueOf(option) {
  const value = option[option.value];
  if (value && value.toNumber) return value.toNumber();
  return option.value === "map" ? value.entries : option.value === "list" || option.value === "texts" ? value.items : value;
}

/* One source and its streams, from what it says of itself to its end. */
class Session {
  constructor(kind, channel) {
    this.kind = kind;
    this.host = new Host(channel);
    this.streams = new Map(); // number: what is not a whole frame yet
  }
  describe() {
    this.host.say({ described: { abiMajor: 1, abiMinor: 1, kind: 1, canRefuse: true, ...this.kind.description } });
  }
  open(message) {
    try {
      const values = message.options ? message.options.values : [];
      this.source = new this.kind(this.host, Object.fromEntries(values.map((option) => [option.name, valueOf(option)])));
      this.host.say({ opened: {} });
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      this.host.say({ opened: { refused: true, fault: error.message } });
    }
  }
  call({ entry, token, message }) {
    const source = this.source;
    switch (entry) {
      case 0:
        source.deliver(token, types.Delivery.decode(message));
        break;
      case 1: {
        const answer = types.SubmissionResult.decode(message);
        source.result(token, answer.item, answer.result);
        break;
      }
      case 2:
        source.status(token, types.StatusNotice.decode(message));
        break;
      case 3:
        source.answered(token, types.Answered.decode(message));
        break;
      case 4:
        source.abandon(token);
        break;
      case 5:
        source.refuse(token, types.Delivery.decode(message));
        break;
    }
    this.host.say({ returned: 1 });
  }
  /* More bytes of a stream; every frame that is whole now is told at once, and so is that none is. */
  feed({ stream, bytes }) {
    const told = { stream, frames: [] };
    let buffered = Buffer.concat([this.streams.get(String(stream)) || Buffer.alloc(0), bytes]);
    try {
      while (buffered.length > 0) {
        const found = this.source.frame(buffered);
        if (typeof found === "number") {
          told.skip = found;
          buffered = buffered.subarray(found);
          break;
        }
        told.frames.push(found);
        buffered = buffered.subarray(found.total);
      }
    } catch (error) {
      if (!(error instanceof Invalid)) throw error;
      told.invalid = true;
      told.reply = Buffer.from(error.reply);
    }
    this.streams.set(String(stream), Buffer.from(buffered));
    this.host.say({ frames: told });
    this.host.say({ returned: 1 });
  }
  /* False when the host closes. */
  take(message) {
    switch (message.body) {
      case "open":
        this.open(message.open);
        break;
      case "call":
        this.call(message.call);
        break;
      case "feed":
        this.feed(message.feed);
        break;
      case "forget":
        this.streams.delete(String(message.forget));
        break;
      case "close":
        this.source.close();
        return false;
    }
    return true;
  }
}

/* Nobody sees what an error would print, which may also name a patient: the log gets the line, and then the process ends. */
function fail(session, error) {
  const line = /:(\d+):\d+\)?$/m.exec(error.stack || "");
  session.host.log(ERROR, "node.exception-in-line", line ? Number(line[1]) : 0);
  session.host.channel.end(() => process.exit(1));
}

function serve(kind) {
  const channel = new net.Socket({ fd: SOCKET, readable: true, writable: true });
  const session = new Session(kind, channel);
  let held = Buffer.alloc(0);

  session.describe();
  channel.on("data", (piece) => {
    held = held.length > 0 ? Buffer.concat([held, piece]) : piece;
    try {
      while (held.length >= 4) {
        const size = held.readUInt32BE();
        if (size > LONGEST) process.exit(1);
        if (held.length < 4 + size) break;
        const message = types.ToPlugin.decode(held.subarray(4, 4 + size));
        held = held.subarray(4 + size);
        if (!session.take(message)) channel.end(() => process.exit(0));
      }
    } catch (error) {
      fail(session, error);
    }
  });
  channel.on("end", () => process.exit(0)); // the host is gone, and what it wanted with it
  channel.on("error", () => process.exit(0));
}

module.exports = { Source, Refused, Invalid, serve, TEXT, INTEGER, BOOLEAN, STREAM, FOLDER, ERROR };
