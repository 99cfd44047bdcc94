// An access token by SMART Backend Services with private_key_jwt; waits where the node can't give one yet.
import crypto from 'node:crypto'
import fs from 'node:fs'
import { setTimeout } from 'node:timers/promises'

const encode = (part) => Buffer.from(JSON.stringify(part)).toString('base64url')

export function assertion (url, client, path, algorithm) {
  const now = Math.floor(Date.now() / 1000)
  const text = encode({ alg: algorithm, typ: 'JWT', kid: client }) + '.' +
    encode({ iss: client, sub: client, aud: url, iat: now, exp: now + 200, jti: crypto.randomUUID() })
  const key = { key: fs.readFileSync(path, 'utf8'), dsaEncoding: 'ieee-p1363' }
  return text + '.' + crypto.sign('sha384', Buffer.from(text), key).toString('base64url')
}

export async function signIn (url, client, path, algorithm, scope) {
  for (let tries = 0; ; tries++) {
    const answer = await fetch(url, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        scope,
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        client_assertion: assertion(url, client, path, algorithm)
      })
    })
    if (answer.status === 200) return answer.json()
    if (answer.status !== 503 || tries > 60) throw new Error(`no token: ${answer.status} ${await answer.text()}`)
    await setTimeout(1000 * Number(answer.headers.get('retry-after') ?? 1))
  }
}
