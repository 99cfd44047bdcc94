// What fhir-kit-client does with a node, unchanged; prints every resource that came, JSON a line:
//   node fhir_kit.mjs BASE CLIENT KEY.pem ALGORITHM SERVICE_REQUEST.json
import assert from 'node:assert/strict'
import fs from 'node:fs'
import { CapabilityTool, Client } from 'fhir-kit-client'
import { signIn } from './fhir_sign_in.mjs'

const [base, name, key, algorithm, file] = process.argv.slice(2)
const client = new Client({ baseUrl: base })
const request = JSON.parse(fs.readFileSync(file, 'utf8'))

function got (resource) {
  console.log(JSON.stringify(resource))
  return resource
}

// What the server refused: its status and OperationOutcome.
async function refused (status, promise) {
  const error = await promise.then(() => assert.fail(`not refused with ${status}`), (failure) => failure)
  assert.equal(error.response?.status, status, `${error.message} ${JSON.stringify(error.response?.data)}`)
  assert.equal(got(error.response.data).resourceType, 'OperationOutcome')
  return error.response.data
}
const response = (resource) => Client.httpFor(resource).response

const statement = got(await client.capabilityStatement())
const tool = new CapabilityTool(statement)
assert.ok(tool.supportFor({ resourceType: 'ServiceRequest', capabilityType: 'interaction', where: { code: 'create' } }))
assert.ok(!tool.supportFor({ resourceType: 'Patient', capabilityType: 'interaction', where: { code: 'create' } }))

await refused(401, client.read({ resourceType: 'Task', id: '1' }))
const { tokenUrl } = await client.smartAuthMetadata()
const scope = 'system/ServiceRequest.crus system/Task.rus system/Patient.rs'
client.bearerToken = (await signIn(tokenUrl.href, name, key, algorithm, scope)).access_token

const condition = { headers: { 'If-None-Exist': `identifier=${request.identifier[0].system}|${request.identifier[0].value}`, Prefer: 'return=representation' } }
const made = got(await client.create({ resourceType: 'ServiceRequest', body: request, options: condition }))
assert.equal(response(made).status, 201)
assert.match(response(made).headers.get('location'), new RegExp(`^${base}/ServiceRequest/${made.id}/_history/`))
const again = got(await client.create({ resourceType: 'ServiceRequest', body: request, options: condition }))
assert.equal(response(again).status, 200)
assert.equal(again.id, made.id)

const read = got(await client.read({ resourceType: 'ServiceRequest', id: made.id }))
assert.equal(response(read).headers.get('etag'), `W/"${read.meta.versionId}"`)
assert.equal(read.identifier[0].value, request.identifier[0].value)
const version = got(await client.vread({ resourceType: 'ServiceRequest', id: made.id, version: read.meta.versionId }))
assert.deepEqual(version, read)
const history = got(await client.history({ resourceType: 'ServiceRequest', id: made.id }))
assert.equal(history.type, 'history')
assert.equal(history.entry[0].resource.meta.versionId, read.meta.versionId)
const task = got(await client.read({ resourceType: 'Task', id: made.id }))
const patient = got(await client.resolve({ reference: task.for.reference }))
assert.equal(patient.resourceType, 'Patient')
assert.equal((await client.resolve({ reference: read.subject.reference, context: read })).resourceType, 'Patient')

// Four more, to turn pages: next until there is none, and back.
for (const more of ['b', 'c', 'd', 'e']) {
  const identifier = [{ ...request.identifier[0], value: request.identifier[0].value + more }]
  await client.create({ resourceType: 'ServiceRequest', body: { ...request, identifier } })
}
let page = got(await client.search({ resourceType: 'Task', searchParams: { _count: 2 } }))
const seen = []
const sizes = []
let last
while (page) {
  seen.push(...page.entry.map((entry) => entry.resource.id))
  sizes.push(page.entry.length)
  last = page
  page = await client.nextPage({ bundle: page })
  if (page) got(page)
}
assert.deepEqual(sizes, [2, 2, 1])
assert.equal(new Set(seen).size, 5)
const back = got(await client.prevPage({ bundle: last }))
assert.deepEqual(back.entry.map((entry) => entry.resource.id), seen.slice(2, 4))
const posted = got(await client.search({ resourceType: 'Task', searchParams: { _id: made.id }, options: { postSearch: true } }))
assert.deepEqual(posted.entry.map((entry) => entry.resource.id), [made.id])
const included = got(await client.search({ resourceType: 'Task', searchParams: { _id: made.id, _include: ['Task:focus', 'Task:patient'] } }))
assert.deepEqual(included.entry.map((entry) => [entry.search.mode, entry.resource.resourceType]).sort(),
  [['include', 'Patient'], ['include', 'ServiceRequest'], ['match', 'Task']])

// A change, by its version.
const changed = { ...read, note: [{ text: 'Asks for the afternoon.' }] }
const match = (of) => ({ headers: { 'If-Match': `W/"${of}"`, Prefer: 'return=representation' } })
const updated = got(await client.update({ resourceType: 'ServiceRequest', id: made.id, body: changed, options: match(read.meta.versionId) }))
assert.equal(updated.note[0].text, 'Asks for the afternoon.')
assert.notEqual(updated.meta.versionId, read.meta.versionId)
await refused(412, client.update({ resourceType: 'ServiceRequest', id: made.id, body: changed, options: match(read.meta.versionId) }))

// JSON Patch: of a Task, to cancel; what may not change is refused.
await refused(422, client.patch({ resourceType: 'Task', id: seen[4], jsonPatch: [{ op: 'replace', path: '/intent', value: 'plan' }] }))
const cancel = [{ op: 'replace', path: '/status', value: 'cancelled' }]
const representation = { headers: { Prefer: 'return=representation' } }
const ended = got(await client.patch({ resourceType: 'Task', id: seen[4], jsonPatch: cancel, options: representation }))
assert.equal(ended.status, 'cancelled')

const identifier = [{ ...request.identifier[0], value: `${request.identifier[0].value}-t` }]
const bundle = {
  resourceType: 'Bundle',
  type: 'transaction',
  entry: [
    { fullUrl: 'urn:uuid:8c1f7bb2-0a55-4c2e-9a51-0d6b4c1d9e77', resource: { ...request, identifier }, request: { method: 'POST', url: 'ServiceRequest' } },
    { request: { method: 'GET', url: `Task/${made.id}` } }
  ]
}
const done = got(await client.transaction({ body: bundle }))
assert.equal(done.type, 'transaction-response')
assert.deepEqual(done.entry.map((entry) => entry.response.status), ['201 Created', '200 OK'])
const reads = ['Task/999999', `Patient/${made.id}`].map((url) => ({ request: { method: 'GET', url } }))
const batch = got(await client.batch({ body: { resourceType: 'Bundle', type: 'batch', entry: reads } }))
assert.deepEqual(batch.entry.map((entry) => entry.response.status), ['404 Not Found', '200 OK'])

// Who would pass is a coordinator's to ask.
await refused(403, client.operation({ name: '$match', resourceType: 'ServiceRequest', input: request }))
await refused(404, client.read({ resourceType: 'Task', id: '999999' }))
await refused(404, client.read({ resourceType: 'Medication', id: '1' }))
await refused(403, client.read({ resourceType: 'Slot', id: '1' }))
const wrong = await refused(400, client.create({ resourceType: 'ServiceRequest', body: { ...request, status: 5 } }))
assert.ok(wrong.issue.some((issue) => issue.expression?.includes('ServiceRequest.status')), JSON.stringify(wrong))
