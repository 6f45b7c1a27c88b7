'use strict'

// What index.d.ts says, as the compiler reads it, and what an editor makes of it.

const { readFileSync } = require('node:fs')
const { join } = require('node:path')

const ts = require('typescript')

const root = join(__dirname, '..', '..')
const declarations = join(root, 'index.d.ts')

const settings = {
  lib: ['lib.esnext.d.ts'],
  module: ts.ModuleKind.Node16,
  moduleResolution: ts.ModuleResolutionKind.Node16,
  noEmit: true,
  strict: true,
  types: ['node'],
}

// Shared, so that the libraries are read once.
const documents = ts.createDocumentRegistry()
const program = ts.createProgram([declarations, join(root, 'index.d.mts')], settings)
const checker = program.getTypeChecker()

function exportedSymbols(file) {
  return checker.getExportsOfModule(checker.getSymbolAtLocation(program.getSourceFile(join(root, file))))
}

/** The names that a module gives out, sorted. */
function exportsOf(file) {
  const names = exportedSymbols(file).map((symbol) => symbol.name)
  return names.filter((name) => name !== 'prototype').sort()
}

function typeCalled(name) {
  const symbol = exportedSymbols('index.d.ts').find((exported) => exported.name === name)
  if (symbol === undefined) throw new Error(`index.d.ts has no ${name}`)
  return checker.getDeclaredTypeOfSymbol(symbol)
}

/** The members of an interface and what is said of them. */
function members(interfaceName) {
  return typeCalled(interfaceName).getProperties().map((symbol) => {
    const tag = symbol.getJsDocTags(checker).find(({ name }) => name === 'deprecated')
    return {
      name: symbol.name,
      description: ts.displayPartsToString(symbol.getDocumentationComment(checker)),
      deprecated: tag === undefined ? undefined : ts.displayPartsToString(tag.text),
    }
  })
}

/** The texts that a union of texts allows, sorted. */
function literals(unionName) {
  return typeCalled(unionName).types.map((type) => type.value).sort()
}

/** What `look` makes of a line of code that can use `redkv`, given the language service, the file and where the line begins. */
function inEditor(line, look) {
  const file = join(__dirname, 'typed.mts')
  const before = "import RedKV, { RedKVError } from 'redkv'\nconst redkv = new RedKV()\n"
  const text = before + line
  const host = {
    getCompilationSettings: () => settings,
    getScriptFileNames: () => [file],
    getScriptVersion: () => '1',
    getScriptSnapshot(name) {
      if (name === file) return ts.ScriptSnapshot.fromString(text)
      return ts.sys.fileExists(name) ? ts.ScriptSnapshot.fromString(readFileSync(name, 'utf8')) : undefined
    },
    getCurrentDirectory: () => root,
    getDefaultLibFileName: ts.getDefaultLibFilePath,
    fileExists: (name) => name === file || ts.sys.fileExists(name),
    readFile: (name) => (name === file ? text : ts.sys.readFile(name)),
    directoryExists: ts.sys.directoryExists,
    getDirectories: ts.sys.getDirectories,
  }
  const service = ts.createLanguageService(host, documents)
  try {
    return look(service, file, before.length)
  } finally {
    service.dispose()
  }
}

/** What an editor offers, sorted, at the `|` of a line of code that can use `redkv`. */
function completionsAt(line) {
  return inEditor(line.replace('|', ''), (service, file, start) => {
    const offered = service.getCompletionsAtPosition(file, start + line.indexOf('|'), undefined)
    return (offered?.entries ?? []).map((entry) => entry.name).sort()
  })
}

/** The errors of a line of code that can use `redkv`: what is underlined, and the message. */
function errorsIn(line) {
  return inEditor(line, (service, file, start) =>
    service.getSemanticDiagnostics(file).map(({ start: at, length, messageText }) => ({
      at: line.slice(at - start, at - start + length),
      message: ts.flattenDiagnosticMessageText(messageText, '\n'),
    })),
  )
}

module.exports = { completionsAt, errorsIn, exportsOf, literals, members }
