'use strict'

const { testChain, testStore } = require('./support/conformance.js')

testStore('memory')
testStore('sqlite')
testStore('sqliteThatExpires')
testStore('memoryHashed')
testStore('memoryCompressed')
testStore('memoryInLayers')
testStore('sqliteInLayers')

testChain('memory', 'memory')
testChain('memory', 'sqlite')
testChain('sqlite', 'memory')
testChain('memory', 'sqliteThatExpires')
testChain('memory', 'memoryCompressed', 'sqliteInLayers')
testChain('sqliteInLayers', 'memoryInLayers')
testChain('sqliteThatExpires', 'memory')
testChain('memory', 'sqliteThatExpires', 'sqliteThatExpires')
