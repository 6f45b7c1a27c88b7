'use strict'

const { testChain, testStore } = require('./support/conformance.js')

testStore('memory')
testStore('sqlite')
testStore('sqliteThatExpires')
testStore('file')
testStore('disk')

testChain('memory', 'memory')
testChain('memory', 'sqlite')
testChain('sqlite', 'memory')
testChain('memory', 'sqliteThatExpires')
testChain('sqliteThatExpires', 'memory')
testChain('memory', 'sqliteThatExpires', 'sqliteThatExpires')
testChain('memory', 'file')
testChain('memory', 'disk')
testChain('disk', 'file')
testChain('memory', 'disk', 'sqlite')
testChain('memory', 'disk', 'file')
