#!/usr/bin/node
/*
 * A source in JavaScript: referral lines, the format of plugins/template, over connections.
 *
 *   REFER|id|role|referrer|npi|family|given|birth|state|postal code|diagnosis|treatment|payer|note
 *   CANCEL|id|reason
 *   ASK|id
 *
 * Each line is answered by one: OK|id|number|where it stands, NO|id|column|what to change, or LATER|id.
 */
"use strict";

const { Source, Refused, Invalid, serve, TEXT, STREAM } = require("./fascia_source.js");

const LONGEST = 8192;
const ROLES = { physician: 1, chiropractor: 2, physiotherapist: 3 };
const VERBS = { REFER: { most: 14, action: 0 }, CANCEL: { most: 3, action: 2 }, ASK: { most: 2, action: 3 } };
// What fascia calls a field, and what this format calls its column.
const COLUMN_OF = {
  sender_referral_id: "id",
  "referrer.role": "role",
  patient: "family",
  "patient.birth_date": "birth",
  "patient.address.state": "state",
  "patient.address.postal_code": "postal code",
  conditions: "diagnosis",
  procedures: "treatment",
  "coverages.payer": "payer",
};
const OK = 0, DUPLICATE = 1, NOT_FOUND = 3, BUSY = 5, FAILED = 6; // Result.Verdict
const LF = 10, CR = 13;

/* A line that can't be taken: the column, and what to change. Neither repeats what stood there. */
class Wrong extends Error {
  constructor(id, column, advice) {
    super(`NO|${id}|${column}|${advice}`);
  }
}

function textOf(payload) {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(payload);
    if (!/[\x00-\x08\x0a-\x1f\x7f]/.test(text)) return text;
  } catch (_) {
    // no UTF-8
  }
  throw new Wrong("", "line", "is no UTF-8 text, or holds a control character");
}

/* The id and the Submit of one line, or Wrong. */
function readLine(payload, sender) {
  const columns = textOf(payload).split("|");
  const [verb, id = ""] = columns;
  if (!Object.hasOwn(VERBS, verb)) throw new Wrong(id, "line", "begin it with REFER|id|..., CANCEL|id|reason or ASK|id");
  if (columns.length > VERBS[verb].most) throw new Wrong(id, "line", "has more columns than it can have");
  if (id === "") throw new Wrong("", "id", "write the referral's id in your program, without which it can't be found again");
  const referral = { sender, senderReferralId: id, original: payload, originalMediaType: "text/x-referral-line" };
  const submit = { action: VERBS[verb].action, referral };
  if (verb === "REFER") {
    Object.assign(referral, contentOf(columns));
    submit.updateIfChanged = true; // the same id with other content is a correction: there is no verb for one
  } else {
    submit.reason = columns[2] || "";
  }
  return { id, submit };
}

function contentOf(columns) {
  const [, id, role = "", name = "", npi, familyName = "", givenName = "", birthDate = "", state = "", postalCode = "", diagnosis, treatment, payer, note] = columns;
  if (!Object.hasOwn(ROLES, role)) throw new Wrong(id, "role", "write physician, chiropractor or physiotherapist");
  // location: so that what is wrong with a code can be told in the sender's own words
  return {
    referrer: { role: ROLES[role], name, identifiers: npi ? [{ type: "NPI", value: npi }] : [] },
    patient: { familyName, givenName, birthDate, address: { state, postalCode } },
    conditions: diagnosis ? [{ system: "ICD-10-CM", code: diagnosis, location: "diagnosis" }] : [],
    procedures: treatment ? [{ system: "CPT", code: treatment, location: "treatment" }] : [],
    coverages: payer ? [{ payer }] : [],
    notes: note ? [{ kind: "reason", text: note }] : [],
  };
}

function answer(id, result) {
  if (result.verdict === OK || result.verdict === DUPLICATE) return `OK|${id}|${result.referral}|${result.status ? result.status.text : ""}`;
  if (result.verdict === BUSY || result.verdict === FAILED) return `LATER|${id}`;
  const problem = result.problems.find(({ severity }) => severity === 0);
  if (problem) return `NO|${id}|${problem.location || COLUMN_OF[problem.field] || problem.field}|${problem.message}`;
  return `NO|${id}|id|${result.verdict === NOT_FOUND ? "no referral of this id is known" : "the state of the referral does not allow this"}`;
}

class Lines extends Source {
  static description = {
    name: "node-lines",
    version: "1.0",
    summary: "Referral lines, in JavaScript",
    transports: STREAM,
    options: [
      {
        type: TEXT,
        name: "sender",
        help: "What the sending program is called; referrals are known by it and their id",
        hasDefault: true,
        defaultValue: "lines",
        minimum: 1,
        maximum: 64,
      },
    ],
  };

  constructor(host, options) {
    super(host, options);
    this.sender = options.sender;
    this.open = new Map(); // token: id of the line that waits for its result
    if (this.sender.includes("|")) throw new Refused("sender holds '|', which separates columns; leave it out");
  }
  frame(buffered) {
    let start = 0;
    while (start < buffered.length && (buffered[start] === LF || buffered[start] === CR)) start++; // empty lines are noise
    const end = buffered.indexOf(LF, start);
    let size = (end < 0 ? buffered.length : end) - start;
    if (size > 0 && buffered[start + size - 1] === CR) size--;
    if (size > LONGEST) throw new Invalid(`NO||line|is longer than ${LONGEST} bytes\n`);
    return end < 0 ? start : { payloadOffset: start, payloadSize: size, total: end + 1 };
  }
  end(token, text) {
    this.host.complete(token, "Completion", { reply: Buffer.from(text.replace(/[\r\n]/g, " ") + "\n") });
  }
  deliver(token, delivery) {
    try {
      const { id, submit } = readLine(delivery.payload, this.sender);
      this.open.set(String(token), id);
      this.host.submit(token, 0, submit);
    } catch (error) {
      if (!(error instanceof Wrong)) throw error;
      this.end(token, error.message);
    }
  }
  result(token, item, result) {
    const id = this.open.get(String(token));
    this.open.delete(String(token));
    this.end(token, answer(id, result));
  }
  abandon(token) {
    this.open.delete(String(token));
  }
  refuse(token, delivery) {
    const id = Buffer.from(delivery.payload).toString().split("|")[1] || "";
    this.end(token, `NO|${id}|line|this node can't work it off; ask before it is sent again`);
  }
}

module.exports = { Lines };
if (require.main === module) serve(Lines);
