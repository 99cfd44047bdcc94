// Sends the messages of files with simple-hl7 over one connection and prints each answer, JSON a line:
//   node send_with_simple_hl7.js PORT FILE...
'use strict'
const fs = require('fs')
const hl7 = require('simple-hl7')

const [port, ...files] = process.argv.slice(2)
const parser = new hl7.Parser({ segmentSeperator: '\r' })
let next = 0

const client = hl7.Server.createTcpClient({
  host: '127.0.0.1',
  port: Number(port),
  keepalive: true,
  callback: (error, answer) => {
    if (error) { console.error(error.message); process.exit(1) }
    const msa = answer.getSegment('MSA')
    console.log(JSON.stringify({ code: msa.getField(1), asked: msa.getField(2), text: answer.toString() }))
    // Its client forgets only after the callback that it waited for this answer.
    if (next < files.length) setImmediate(send)
    else process.exit(0)
  }
})

function send () {
  client.send(parser.parse(fs.readFileSync(files[next++], 'utf8').replace(/\r?\n/g, '\r')))
}

setTimeout(() => { console.error('no answer'); process.exit(1) }, 30000)
send()
