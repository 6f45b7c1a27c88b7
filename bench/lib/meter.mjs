// Time and CPU of what is measured. A meter can be started and stopped many times; it adds up.

import { readFileSync, readdirSync } from 'node:fs'

/** CPU of one thread so far in nanoseconds; NaN where the system does not tell. */
function threadCpu(task) {
  try {
    return Number(readFileSync(`${task}/schedstat`, 'utf8').split(' ', 1)[0])
  } catch {
    return NaN
  }
}

/** CPU of the JavaScript thread so far. */
const mainCpu = () => threadCpu(`/proc/self/task/${process.pid}`)

/** CPU of this process so far, all threads. */
function totalCpu() {
  const { user, system } = process.cpuUsage()
  return (user + system) * 1000
}

/** CPU of the server so far, all threads; NaN when it does not run on this machine. */
function serverCpu() {
  const pid = process.env.REDKV_BENCH_SERVER_PID
  if (!pid) return NaN
  const tasks = `/proc/${pid}/task`
  return readdirSync(tasks).reduce((sum, task) => sum + threadCpu(`${tasks}/${task}`), 0)
}

const clocks = { time: () => performance.now() * 1e6, mainCpu, totalCpu, serverCpu }

export class Meter {
  #spent = { time: 0, mainCpu: 0, totalCpu: 0, serverCpu: 0 }
  #started

  start() {
    this.#started = Object.fromEntries(Object.entries(clocks).map(([name, read]) => [name, read()]))
  }

  stop() {
    for (const [name, read] of Object.entries(clocks)) this.#spent[name] += read() - this.#started[name]
  }

  /** Milliseconds that it ran. */
  get millis() {
    return this.#spent.time / 1e6
  }

  /** What it comes to for each of `done` operations: nanoseconds, and operations in a second. */
  result(done, samples = []) {
    const { time, ...cpu } = this.#spent
    const each = Object.fromEntries(Object.entries(cpu).map(([name, nanos]) => [name, nanos / done]))
    return { perSecond: (done / time) * 1e9, nanos: time / done, ...each, ...percentiles(samples) }
  }
}

/** p50 and p99 of samples in milliseconds, in nanoseconds. */
function percentiles(samples) {
  if (samples.length === 0) return {}
  const sorted = Float64Array.from(samples).sort()
  const at = (share) => sorted[Math.floor(sorted.length * share)] * 1e6
  return { p50: at(0.5), p99: at(0.99) }
}
