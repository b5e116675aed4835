// What must load before anything shows stays small: a control room may sit behind a thin line.
import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'

const LIMIT_KB = 120
const root = new URL('../../src/leyden/web/static/', import.meta.url)
const page = readFileSync(new URL('index.html', root), 'utf8')
const first = [...page.matchAll(/(?:src|href)="([^"]+\.js)"/g)].map((m) => m[1])
const kb = first.map((file) => gzipSync(readFileSync(new URL(file, root))).length / 1024)
const total = kb.reduce((a, b) => a + b, 0)
console.log(`first load: ${first.map((file, i) => `${file} ${kb[i].toFixed(1)} KB`).join(', ')}; ${total.toFixed(1)} of ${LIMIT_KB} KB gzipped`)
if (!first.length || total > LIMIT_KB) process.exit(1)
