// A sender's listener made of simple-hl7, answering in its own style (a bare ACK of version 2.3): prints its port, then each message, JSON a line.
'use strict'
const hl7 = require('simple-hl7')

const port = Number(process.argv[2])
const application = hl7.tcp()

application.use((request, response, next) => {
  console.log(JSON.stringify({ text: request.msg.toString() }))
  next()
})
application.use((request, response) => { response.end() })
application.use((error, request, response, next) => { console.error(String(error)) }) // eslint-disable-line n/handle-callback-err
application.start(port)
application.server.server.on('listening', () => console.log(JSON.stringify({ port })))
application.server.server.on('error', (error) => { console.error(error.message); process.exit(1) })
process.stdin.on('end', () => process.exit(0)).resume()
