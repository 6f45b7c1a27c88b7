// One measurement, in a process of its own: `node measure.mjs CLIENT OUTSTANDING MILLIS`. Prints JSON.

import { readFileSync } from 'node:fs'

import { clients } from './clients.mjs'

const KEYS = 10_000
const WARM_UP = 500
const [name, outstanding, millis] = process.argv.slice(2)

const keyOf = (n) => `bench:user:${n}`
const valueOf = (n) => `${n}:`.padEnd(100, 'x')

/** CPU of the JavaScript thread so far, in nanoseconds; NaN where the system does not tell. */
function mainThreadCpu() {
  try {
    return Number(readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'utf8').split(' ', 1)[0])
  } catch {
    return NaN
  }
}

const client = await clients[name]()
for (let start = 0; start < KEYS; start += 500) {
  await Promise.all(Array.from({ length: 500 }, (_, n) => client.set(keyOf(start + n), valueOf(start + n))))
}
const keys = Array.from({ length: KEYS }, (_, n) => keyOf(n))
const values = Array.from({ length: KEYS }, (_, n) => valueOf(n))

let done = 0
let running = true
let samples = []

/** Reads key after key, and compares every value: a wrong answer ends the run. */
async function reader(first) {
  for (let n = first; running; n = (n + 7919) % KEYS) {
    const sampled = (done & 15) === 0
    const start = sampled ? performance.now() : 0
    const value = await client.get(keys[n])
    if (value !== values[n]) throw new Error(`${name}: wrong value for ${keys[n]}`)
    if (sampled) samples.push(performance.now() - start)
    done++
    // A store in memory answers without a turn of the event loop, so the clock has to be looked at here.
    if ((done & 255) === 0 && performance.now() > end) running = false
  }
}

let end = performance.now() + WARM_UP
await Promise.all(Array.from({ length: Number(outstanding) }, (_, n) => reader(n)))

running = true
done = 0
samples = []
const cpuBefore = process.cpuUsage()
const mainBefore = mainThreadCpu()
const start = performance.now()
end = start + Number(millis)
await Promise.all(Array.from({ length: Number(outstanding) }, (_, n) => reader(n)))
const elapsed = performance.now() - start
const main = (mainThreadCpu() - mainBefore) / 1000
const { user, system } = process.cpuUsage(cpuBefore)
await client.close()

samples.sort((a, b) => a - b)
const at = (share) => (samples[Math.floor(samples.length * share)] ?? NaN) * 1000
console.log(
  JSON.stringify({
    perSecond: (done / elapsed) * 1000,
    nanos: (elapsed * 1e6) / done,
    p50: at(0.5),
    p99: at(0.99),
    mainCpu: main / done,
    totalCpu: (user + system) / done
  })
)
