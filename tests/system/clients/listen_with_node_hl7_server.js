// A sender's listener made of node-hl7-server, answering in its own style: prints its port, then each message that it took, JSON a line.
'use strict'
const { Server } = require('node-hl7-server')

const port = Number(process.argv[2])
const listener = new Server({ bindAddress: '127.0.0.1' }).createInbound({ port }, async (request, response) => {
  console.log(JSON.stringify({ text: request.getMessage().toString() }))
  await response.sendResponse(process.argv[3] || 'AA')
})

listener.on('listen', () => console.log(JSON.stringify({ port })))
listener.on('error', (error) => { console.error(error.message); process.exit(1) })
process.stdin.on('end', () => process.exit(0)).resume()
