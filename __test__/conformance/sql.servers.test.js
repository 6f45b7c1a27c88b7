'use strict'

const { testChain, testStore } = require('../support/conformance.js')

testStore('postgres')
testStore('mysql')
testStore('mysqlThatKeepsForEver')

testChain('mysql', 'postgres')
testChain('memory', 'postgres')
testChain('memory', 'redis', 'postgres')
testChain('sqlite', 'redis')
testChain('sqlite', 'redis', 'memory')
testChain('disk', 'redis')
