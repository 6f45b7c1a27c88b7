// How operations follow each other.

import { Meter } from './meter.mjs'

/** How much of the time a measurement takes goes before it, unmeasured. */
const warmUp = 1 / 3

/**
 * One operation after the other, with next to nothing in between: `burst` does `size` of them, and the clock is read
 * only after that.
 */
export async function tight({ millis, size, burst }) {
  const forMillis = async (duration) => {
    const end = performance.now() + duration
    let done = 0
    do {
      await burst()
      done += size
    } while (performance.now() < end)
    return done
  }
  await forMillis(millis * warmUp)
  const meter = new Meter()
  meter.start()
  const done = await forMillis(millis)
  meter.stop()
  return meter.result(done)
}

/**
 * `outstanding` operations at any time: each that is answered is followed by the next one. `start(n)` starts the
 * operation with the number `n`, and `check(n, answer)` compares.
 */
export async function closedLoop({ millis, outstanding, start, check, every = outstanding > 10 ? 16 : 1 }) {
  const clockMask = outstanding > 10 ? 255 : 15
  let next = 0
  const forMillis = async (duration) => {
    const end = performance.now() + duration
    const samples = []
    let done = 0
    let running = true
    async function worker() {
      while (running) {
        const n = next++
        const sampled = n % every === 0
        const before = sampled ? performance.now() : 0
        const answer = await start(n)
        check(n, answer)
        if (sampled) samples.push(performance.now() - before)
        if ((++done & clockMask) === 0 && performance.now() > end) running = false
      }
    }
    await Promise.all(Array.from({ length: outstanding }, worker))
    return { done, samples }
  }
  await forMillis(millis * warmUp)
  const meter = new Meter()
  meter.start()
  const { done, samples } = await forMillis(millis)
  meter.stop()
  return { ...meter.result(done, samples), started: next }
}
