'use strict'

// What is run under every Node.js: how operations are called, on one remote store and through a whole chain.

const { testCalling, testChain, testStoreObject } = require('../support/conformance.js')

testCalling('redis')
testCalling('memory', 'redis', 'dynamodbThatExpires')

testStoreObject('redis')
testChain('memory', 'redis', 'dynamodb')
