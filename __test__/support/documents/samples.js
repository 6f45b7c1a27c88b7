'use strict'

// The code in the documents: which blocks there are, what the compiler says of them, and which run without a server.

const { existsSync, readFileSync, readdirSync } = require('node:fs')
const { join } = require('node:path')

const ts = require('typescript')

const root = join(__dirname, '..', '..', '..')

/** Stores that need nothing but this machine. */
const embedded = new Set(['memory', 'sqlite', 'file', 'disk'])

/** The extension of a block's file, by its language. Blocks in other languages are no samples. */
const extensions = { js: '.mjs', ts: '.mts', jsx: '.jsx', tsx: '.tsx' }

/** The Markdown files that people write, relative to the root. */
function documents() {
  const docs = readdirSync(join(root, 'docs'), { recursive: true }).map((file) => `docs/${file.replaceAll('\\', '/')}`)
  const written = docs.filter((file) => file.endsWith('.md') && !file.startsWith('docs/api/'))
  return ['README.md', 'CHANGELOG.md', 'CONTRIBUTING.md', 'SECURITY.md', 'bench/README.md', 'examples/README.md', ...written.sort()]
}

/** The blocks of code in a document, or in the comments of declarations, each with the line it begins on. */
function samplesIn(document) {
  const samples = []
  let open
  for (const [index, line] of readFileSync(join(root, document), 'utf8').split('\n').entries()) {
    const fence = /^[\s*]*```(\w*)/.exec(line)
    if (fence === null) open?.lines.push(document.endsWith('.d.ts') ? line.replace(/^ *\* ?/, '') : line)
    else if (open === undefined) open = { document, language: fence[1], line: index + 2, lines: [] }
    else {
      if (Object.hasOwn(extensions, open.language)) samples.push({ ...open, text: `${open.lines.join('\n')}\n` })
      open = undefined
    }
  }
  return samples
}

// docs/api repeats the examples of index.d.ts.
const samples = [...documents(), 'index.d.ts'].flatMap(samplesIn)

const requires = ({ text }) => /\brequire\(/.test(text) && !/^import /m.test(text)

function fileOf(sample) {
  const extension = sample.language === 'js' && requires(sample) ? '.cjs' : extensions[sample.language]
  return `${sample.document.replaceAll(/\W/g, '-')}-${sample.line}${extension}`
}

/** The packages that a sample imports, without Node.js's own. */
function packagesOf({ text }) {
  const names = [...text.matchAll(/(?:from|import|require\() ?'([^'.][^']*)'/g)].map(([, name]) => name)
  return new Set(names.filter((name) => !name.startsWith('node:')))
}

/** Whether a sample is a whole program that needs RedKV and nothing else: no server, no other package. */
function isProgram(sample) {
  const packages = packagesOf(sample)
  const stores = [...sample.text.matchAll(/addStore\('(\w+)'/g)].map(([, name]) => name)
  return sample.language === 'js' && packages.has('redkv') && packages.size === 1 && stores.every((name) => embedded.has(name))
}

const settings = {
  allowJs: true,
  checkJs: true,
  emitDecoratorMetadata: true,
  esModuleInterop: true,
  experimentalDecorators: true,
  jsx: ts.JsxEmit.Preserve,
  lib: ['lib.esnext.d.ts'],
  module: ts.ModuleKind.Node16,
  moduleDetection: ts.ModuleDetectionKind.Force,
  moduleResolution: ts.ModuleResolutionKind.Node16,
  noEmit: true,
  noImplicitAny: false,
  strict: true,
  types: ['node'],
  useUnknownInCatchVariables: false,
}

/** What the compiler finds wrong with all samples, each with its place in its document. */
function compile() {
  const folder = join(root, '__test__', 'types', 'documents')
  const byFile = new Map(samples.map((sample) => [join(folder, fileOf(sample)).replaceAll('\\', '/'), sample]))
  const host = ts.createCompilerHost(settings)
  const { fileExists, readFile } = host
  host.fileExists = (name) => byFile.has(name) || fileExists(name)
  host.readFile = (name) => byFile.get(name)?.text ?? readFile(name)
  host.getSourceFile = (name, options) => {
    const text = host.readFile(name)
    return text === undefined ? undefined : ts.createSourceFile(name, text, options)
  }
  const declared = ['ambient.d.ts', 'packages.d.ts'].map((file) => join(folder, file))
  const program = ts.createProgram([...declared, ...byFile.keys()], settings, host)
  return ts.getPreEmitDiagnostics(program).map(({ file, start, messageText }) => {
    const message = ts.flattenDiagnosticMessageText(messageText, '\n')
    const sample = file && byFile.get(file.fileName)
    if (sample === undefined) return `${file?.fileName ?? ''}: ${message}`
    const { line } = file.getLineAndCharacterOfPosition(start)
    return `${sample.document}:${sample.line + line}: ${message}`
  })
}

/** The relative links of a document that lead nowhere. */
function deadLinks(document) {
  const text = readFileSync(join(root, document), 'utf8').replaceAll(/^```[^]*?^```/gm, '')
  const links = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link]) => link)
  return links.filter((link) => !/^[a-z]+:/.test(link) && !leadsSomewhere(document, link))
}

function leadsSomewhere(document, link) {
  const [path, anchor] = link.split('#')
  const file = path === '' ? join(root, document) : join(root, document, '..', path)
  return existsSync(file) && (anchor === undefined || anchorsOf(readFileSync(file, 'utf8')).has(anchor))
}

/** The anchors that GitHub gives the headings of a text. */
function anchorsOf(text) {
  const headings = [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading]) => heading)
  return new Set(headings.map((heading) => heading.toLowerCase().replaceAll(/[^\p{L}\p{N} _-]/gu, '').replaceAll(' ', '-')))
}

module.exports = { compile, deadLinks, documents, fileOf, isProgram, samples }
