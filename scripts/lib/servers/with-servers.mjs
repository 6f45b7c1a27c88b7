// Runs something while servers are up.

import { constants } from 'node:os'
import { servers } from '../../servers/list.mjs'
import { Failure, heading } from '../run.mjs'
import { ServerHost } from './server-host.mjs'

const endings = ['SIGHUP', 'SIGINT', 'SIGTERM']

/** The servers of these names, or all. */
function chosen(names) {
  if (names === undefined) return servers
  const known = servers.map((server) => server.name)
  const unknown = names.find((name) => !known.includes(name))
  if (unknown !== undefined) throw new Failure(`there is no server named ${unknown}, only ${known.join(', ')}`)
  return servers.filter((server) => names.includes(server.name))
}

/** Starts the servers that have no address in the environment; resolves with the environment for the tests. */
async function start(definitions, host, abort) {
  const env = { ...process.env }
  const starts = definitions.map(async ({ name, variable, start }) => {
    const given = env[variable]
    env[variable] = given || (await start(host))
    console.log(`${name}: ${variable}=${env[variable]}${given ? ' (from the environment)' : ''}`)
  })
  // The first failure ends the other starts, and all are waited for: what comes up meanwhile has to be stopped.
  await Promise.all(starts.map((started) => started.catch((failure) => abort.abort(failure))))
  abort.signal.throwIfAborted()
  return env
}

/**
 * Runs `work({ env, signal })` while servers are up, and stops them in every case: when it succeeds, when it fails,
 * when this process is asked to end, and when a server ends by itself, which is a failure.
 *
 * @param {{ only?: string[] }} options the names of the servers; all when left out
 * @param {(context: { env: NodeJS.ProcessEnv, signal: AbortSignal }) => Promise<T>} work ends when the signal aborts
 * @template T
 */
export async function withServers({ only }, work) {
  const definitions = chosen(only)
  const abort = new AbortController()
  const { signal } = abort
  const host = new ServerHost(signal, (failure) => abort.abort(failure))
  const interrupt = (name) => abort.abort(new Failure(`ended by ${name}`, 128 + constants.signals[name]))
  const kill = () => host.kill()
  for (const ending of endings) process.on(ending, interrupt)
  process.on('exit', kill)
  try {
    heading(`Starting ${definitions.map(({ name }) => name).join(', ')}`)
    const env = await start(definitions, host, abort)
    const result = await work({ env, signal })
    signal.throwIfAborted()
    return result
  } catch (error) {
    throw signal.aborted ? signal.reason : error
  } finally {
    await host.stop()
    process.off('exit', kill)
    for (const ending of endings) process.off(ending, interrupt)
  }
}
