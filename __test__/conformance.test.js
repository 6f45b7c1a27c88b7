'use strict'

const { testChain, testStore } = require('./support/conformance.js')

testStore('memory')
testStore('sqlite')
testStore('sqliteThatExpires')
testStore('memoryHashed')
testStore('memoryCompressed')
testStore('memoryInLayers')
testStore('sqliteInLayers')
testStore('sqliteBehind')
testStore('sqliteBounded')

testChain('memory', 'memory')
testChain('memory', 'sqlite')
testChain('sqlite', 'memory')
testChain('memory', 'sqliteThatExpires')
testChain('memory', 'memoryCompressed', 'sqliteInLayers')
testChain('sqliteInLayers', 'memoryInLayers')
testChain('sqliteThatExpires', 'memory')
testChain('memory', 'sqliteThatExpires', 'sqliteThatExpires')

testChain('memory', 'sqliteBehind')
testChain('memory', 'sqliteBounded')
testChain('sqliteBehind', 'memory')
testChain('memory', 'sqliteBehind', 'sqlite')
