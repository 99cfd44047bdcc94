// Sends the messages of files with node-hl7-client over one connection and prints each answer, JSON a line:
//   node send_with_node_hl7_client.js PORT FILE...
'use strict'
const fs = require('fs')
const { Client, Message } = require('node-hl7-client')

const [port, ...files] = process.argv.slice(2)
const client = new Client({ host: '127.0.0.1' })
const texts = files.map((file) => fs.readFileSync(file, 'utf8'))
let next = 0

const connection = client.createConnection({ port: Number(port), waitAck: true, maxConnectionAttempts: 1 }, async (answer) => {
  const message = answer.getMessage()
  console.log(JSON.stringify({
    code: message.get('MSA.1').toString(), asked: message.get('MSA.2').toString(), id: message.get('MSH.10').toString(), text: message.toString()
  }))
  if (next < texts.length) await send()
  else { await connection.close(); process.exit(0) }
})

async function send () {
  await connection.sendMessage(new Message({ text: texts[next++].replace(/\r?\n|\r$/g, (end) => end === '\r' ? '' : '\r') }))
}

connection.on('error', (error) => { console.error(error.message); process.exit(1) })
client.on('error', (error) => { console.error(error.message); process.exit(1) })
setTimeout(() => { console.error('no answer'); process.exit(1) }, 30000)
connection.on('connect', () => { send().catch((error) => { console.error(error.message); process.exit(1) }) })
