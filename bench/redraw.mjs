// `npm run bench:redraw`: writes Markdown and charts in docs/performance/ anew, from the figures that are stored there.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../scripts/lib/run.mjs'
import { write, writeGrowth } from './lib/write.mjs'

/** What was not measured is `NaN`, which JSON writes as `null`. */
const known = (_, value) => (value === null ? NaN : value)

const stored = (name) => JSON.parse(readFileSync(join(root, 'docs', 'performance', name), 'utf8'), known)

const written = [...write(stored('results.json')), ...writeGrowth(stored('growth.json'))]
for (const path of written) console.log(`written: ${path}`)
