// What @medplum/core does with a node, unchanged; prints every resource that came, JSON a line:
//   node fhir_medplum.mjs BASE CLIENT KEY.pem ALGORITHM SERVICE_REQUEST.json
import assert from 'node:assert/strict'
import fs from 'node:fs'
import { MedplumClient, OperationOutcomeError } from '@medplum/core'
import { signIn } from './fhir_sign_in.mjs'

const [base, name, key, algorithm, file] = process.argv.slice(2)
const root = new URL(base)
const request = JSON.parse(fs.readFileSync(file, 'utf8'))

function got (resource) {
  const plain = JSON.parse(JSON.stringify(resource))
  console.log(JSON.stringify(plain))
  return plain
}

async function refused (code, promise) {
  const error = await promise.then(() => assert.fail(`not refused as ${code}`), (failure) => failure)
  assert.ok(error instanceof OperationOutcomeError, String(error))
  assert.equal(got(error.outcome).issue[0].code, code, JSON.stringify(error.outcome))
}

const configuration = await (await fetch(`${base}/.well-known/smart-configuration`)).json()
const scope = 'system/ServiceRequest.crus system/Task.rus system/Patient.rs'
const { access_token: accessToken } = await signIn(configuration.token_endpoint, name, key, algorithm, scope)
const medplum = new MedplumClient({
  baseUrl: root.origin + '/',
  fhirUrlPath: root.pathname.slice(1) + '/',
  tokenUrl: configuration.token_endpoint,
  accessToken,
  cacheTime: 0,
  fetch
})

got(await medplum.get(medplum.fhirUrl('metadata')))
const condition = `identifier=${request.identifier[0].system}|${request.identifier[0].value}`
const made = got(await medplum.createResourceIfNoneExist(request, condition))
assert.equal(made.resourceType, 'ServiceRequest')
assert.equal(got(await medplum.createResourceIfNoneExist(request, condition)).id, made.id)

const read = got(await medplum.readResource('ServiceRequest', made.id))
assert.deepEqual(got(await medplum.readVersion('ServiceRequest', made.id, read.meta.versionId)), read)
assert.equal(got(await medplum.readHistory('ServiceRequest', made.id)).entry[0].resource.id, made.id)
const task = got(await medplum.readResource('Task', made.id))
assert.equal(got(await medplum.readReference(task.for)).resourceType, 'Patient')

for (const more of ['b', 'c', 'd', 'e']) {
  const identifier = [{ ...request.identifier[0], value: request.identifier[0].value + more }]
  got(await medplum.createResource({ ...request, identifier }))
}
const seen = []
for await (const page of medplum.searchResourcePages('Task', { _count: 2 })) {
  got(page.bundle)
  seen.push(...page.map((task) => task.id))
}
assert.equal(new Set(seen).size, 5)
const included = got(await medplum.search('Task', { _id: made.id, _include: 'Task:focus' }))
assert.deepEqual(included.entry.map((entry) => entry.resource.resourceType).sort(), ['ServiceRequest', 'Task'])

const updated = got(await medplum.updateResource({ ...read, note: [{ text: 'Asks for the afternoon.' }] }, { headers: { 'If-Match': `W/"${read.meta.versionId}"` } }))
assert.equal(updated.note[0].text, 'Asks for the afternoon.')
await refused('conflict', medplum.updateResource({ ...read, note: [{ text: 'And again.' }] }, { headers: { 'If-Match': `W/"${read.meta.versionId}"` } }))
assert.equal(got(await medplum.patchResource('Task', seen[4], [{ op: 'replace', path: '/status', value: 'cancelled' }])).status, 'cancelled')

const done = got(await medplum.executeBatch({
  resourceType: 'Bundle',
  type: 'batch',
  entry: [{ request: { method: 'GET', url: `Task/${made.id}` } }, { request: { method: 'GET', url: 'Task/999999' } }]
}))
assert.deepEqual(done.entry.map((entry) => entry.response.status), ['200 OK', '404 Not Found'])
await refused('not-found', medplum.readResource('Task', '999999'))
await refused('forbidden', medplum.readResource('Slot', '1'))
