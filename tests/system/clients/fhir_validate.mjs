// Reads FHIR R4 resources, JSON a line, and prints for each what is wrong with it, a list of texts: by @solarahealth/fhir-r4 (shapes, required elements,
// types of values, required value sets), by fhir (the definitions' own cardinalities, types and value sets), and by what both let pass: R4 has no empty
// object, array or text, and no null.
import { createRequire } from 'node:module'
import readline from 'node:readline'

const require = createRequire(import.meta.url)
const schemas = require('@solarahealth/fhir-r4')
const { Fhir } = require('fhir')
const definitions = new Fhir()

function shape (resource) {
  const create = schemas[`create${resource.resourceType}Schema`]
  if (!create) return [`there is no resource ${resource.resourceType}`]
  const result = create().safeParse(resource)
  return result.success ? [] : result.error.issues.map((issue) => `${resource.resourceType}.${issue.path.join('.')}: ${issue.message}`)
}

function defined (resource) {
  return definitions.validate(resource, { errorOnUnexpected: true }).messages
    .filter((message) => message.severity === 'error' || message.severity === 'fatal')
    .map((message) => `${message.location}: ${message.message}`)
}

function empty (value, path) {
  if (value === null) return [`${path}: null`]
  if (value === '') return [`${path}: an empty text`]
  if (typeof value !== 'object') return []
  const inside = Object.entries(value)
  if (inside.length === 0) return [`${path}: an empty ${Array.isArray(value) ? 'list' : 'object'}`]
  return inside.flatMap(([name, part]) => empty(part, `${path}.${name}`))
}

// The resources inside are looked at by themselves: neither validator goes into them.
function problems (resource) {
  const inside = [...(resource.contained ?? []),
    ...(resource.entry ?? []).flatMap((entry) => [entry.resource, entry.response?.outcome].filter(Boolean)),
    ...(resource.parameter ?? []).map((parameter) => parameter.resource).filter(Boolean)]
  return [...shape(resource), ...defined(resource), ...inside.flatMap(problems)]
}

for await (const line of readline.createInterface({ input: process.stdin })) {
  const resource = JSON.parse(line)
  console.log(JSON.stringify([...problems(resource), ...empty(resource, resource.resourceType)]))
}
