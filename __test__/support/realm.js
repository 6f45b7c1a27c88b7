'use strict'

const { readFileSync } = require('node:fs')
const { createRequire } = require('node:module')
const { dirname } = require('node:path')
const vm = require('node:vm')

/**
 * RedKV loaded as test runners do it that give each file globals of its own (Jest does): its JavaScript runs in `context`,
 * where `Uint8Array`, `URL` and `Promise` are other classes than those of Node.js; the addon and the modules of Node.js
 * are the usual ones.
 */
function loadInto(context) {
  const loaded = new Map()
  const load = (path) => {
    if (path.endsWith('.node')) return require(path)
    if (!loaded.has(path)) {
      const module = { exports: {} }
      loaded.set(path, module)
      const real = createRequire(path)
      const inside = (name) => (name.startsWith('.') ? load(real.resolve(name)) : real(name))
      const wrapper = `(function (exports, require, module, __filename, __dirname) {${readFileSync(path, 'utf8')}\n})`
      vm.runInContext(wrapper, context, { filename: path })(module.exports, inside, module, path, dirname(path))
    }
    return loaded.get(path).exports
  }
  return load(require.resolve('../..'))
}

/** Globals of their own, with those of Node.js that every such test runner hands over. */
function freshContext() {
  return vm.createContext({ Buffer, process, console, queueMicrotask, setTimeout, clearTimeout })
}

module.exports = { freshContext, loadInto }
