// The two catalogues must have the same keys with the same {places}, none missing in the source and none left over.
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

const read = (name) => JSON.parse(readFileSync(new URL(`../src/messages/${name}.json`, import.meta.url), 'utf8'))
const [en, zh] = [read('en'), read('zh')]
const places = (text) => [...text.matchAll(/\{(\w+)\}/g)].map((m) => m[1]).sort().join()
const errors = []

for (const key of new Set([...Object.keys(en), ...Object.keys(zh)])) {
  if (!(key in en) || !(key in zh)) errors.push(`${key}: only in ${key in en ? 'en' : 'zh'}.json`)
  else if (places(en[key]) !== places(zh[key])) errors.push(`${key}: the places in {} differ`)
}

const sources = (dir) => readdirSync(dir, { withFileTypes: true }).flatMap((entry) =>
  entry.isDirectory() ? sources(join(dir, entry.name)) : /\.(ts|vue)$/.test(entry.name) ? [readFileSync(join(dir, entry.name), 'utf8')] : [])
const text = sources(new URL('../src', import.meta.url).pathname).join('\n')
// A template such as `kind-${kind}` uses every key that begins so.
const prefixes = [...text.matchAll(/[`']([a-z]+(?:-[a-z]+)*-)\$\{/g)].map((m) => m[1])
for (const key of Object.keys(en))
  if (!text.includes(`'${key}'`) && !prefixes.some((p) => key.startsWith(p))) errors.push(`${key}: nobody uses it`)

if (errors.length) {
  console.error(errors.map((e) => `messages: ${e}`).join('\n'))
  process.exit(1)
}
console.log(`messages: ${Object.keys(en).length} keys in two languages`)
